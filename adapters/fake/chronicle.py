"""The truth about the world, to compare our books with."""

from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

from attrs import frozen

from adapters.fake.records import (
    OPERATION,
    Account,
    Call,
    Customer,
    Event,
    Payment,
    Record,
    Refund,
    Transfer,
)
from adapters.fake.turn import Turn
from adapters.fake.wire import Wire

T = TypeVar("T", bound=Record)
Made = Customer | Account | Payment | Refund | Transfer


@frozen
class Chronicle:
    """What happened, oldest first. No fault strikes these readings."""

    _wire: Wire

    def calls(self) -> list[Call]:
        """Return the log: calls that may change something, and looks that a fault struck."""
        return self._all(Call)

    def events(self) -> list[Event]:
        """Return everything that was ever told."""
        return self._all(Event)

    def payments(self) -> list[Payment]:
        """Return the payments."""
        return self._all(Payment)

    def refunds(self) -> list[Refund]:
        """Return the refunds."""
        return self._all(Refund)

    def transfers(self) -> list[Transfer]:
        """Return the transfers."""
        return self._all(Transfer)

    def made_by(self, operation: str) -> list[str]:
        """Return the ids of all that an operation made; more than one is a double effect."""
        return [record.id for record in self._made() if record.metadata.get(OPERATION) == operation]

    def made_by_each(self) -> Counter[str]:
        """Count for each operation what it made."""
        return Counter(
            record.metadata[OPERATION] for record in self._made() if OPERATION in record.metadata
        )

    def _made(self) -> list[Made]:
        def find(turn: Turn) -> Iterator[Made]:
            kinds: tuple[type[Made], ...] = (Customer, Account, Payment, Refund, Transfer)
            for of in kinds:
                yield from turn.newest(of)

        return self._wire.control(lambda turn: list(find(turn)))

    def _all(self, of: type[T]) -> list[T]:
        return self._wire.control(lambda turn: list(turn.newest(of)))[::-1]
