"""What the payment world really did, followed as it is written: the judge of our books.

No fault strikes here, and nothing is asked for: whatever the fake gateway commits to its store is
seen on the way.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from attrs import define, field, frozen

from adapters.fake.records import (
    OPERATION,
    Account,
    Balance,
    Call,
    Charge,
    Customer,
    Movement,
    Payment,
    Record,
    Refund,
    Transfer,
    WaitingFault,
)
from adapters.fake.store import Rows, Store
from adapters.fake.store.rows import Row
from application.ports.gateway import GatewayPaymentStatus

R = TypeVar("R")

FOLLOWED: tuple[type[Record], ...] = (
    *(Customer, Account, Payment, Charge, Refund, Transfer, Balance, Movement, Call),
)
_DECODERS = {kind.KIND: msgspec.json.Decoder(kind) for kind in FOLLOWED}


@define
class Truth:
    """The latest record of everything, by kind and id, and how often each operation had effect."""

    records: Mapping[str, dict[str, Any]] = field(
        factory=lambda: {kind.KIND: {} for kind in FOLLOWED}
    )
    made_by: Counter[str] = field(factory=Counter)
    made: list[Record] = field(factory=list)
    """What was made since somebody looked last."""
    changed: list[Record] = field(factory=list)
    """What was made or changed since then."""

    def take(self, record: Record) -> None:
        """Take in what was committed."""
        known = self.records[record.KIND]
        operation = getattr(record, "metadata", {}).get(OPERATION)
        if record.id not in known:
            self.made.append(record)
            if operation is not None:
                self.made_by[operation] += 1
        known[record.id] = record
        self.changed.append(record)

    def look_away(self) -> None:
        """Begin to note anew what is made and changed."""
        self.made.clear()
        self.changed.clear()

    def payment(self, id: str) -> Payment | None:
        """Return a payment."""
        return self.records[Payment.KIND].get(id)

    def refund(self, id: str) -> Refund | None:
        """Return a refund."""
        return self.records[Refund.KIND].get(id)

    def transfer(self, id: str) -> Transfer | None:
        """Return a transfer."""
        return self.records[Transfer.KIND].get(id)

    def all(self, kind: type[Record]) -> list[Any]:
        """Return everything of a kind, oldest first."""
        return list(self.records[kind.KIND].values())

    def all_payments(self, status: GatewayPaymentStatus) -> list[Payment]:
        """Return the payments in a status, oldest first."""
        return [payment for payment in self.all(Payment) if payment.status is status]

    def all_transfers(self) -> list[Transfer]:
        """Return the transfers, oldest first."""
        return self.all(Transfer)

    def movement(self, id: str) -> Movement | None:
        """Return a movement of the balance."""
        return self.records[Movement.KIND].get(id)

    def moved(self, kind: str, source: str | None) -> int:
        """Return what movements of a kind, of one source, come to."""
        movements: list[Movement] = self.all(Movement)
        return sum(each.net for each in movements if (each.kind, each.source) == (kind, source))

    def balances(self) -> dict[str, int]:
        """Return what the gateway holds for us, by currency; those of nothing are left out."""
        return {each.id: each.total for each in self.all(Balance) if each.total}


@frozen
class _FollowedRows:
    """The rows of one transaction, with a list of what it puts."""

    _rows: Rows
    _put: list[Row]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def put(self, row: Row) -> None:
        """Insert a row or replace it."""
        if row.kind in _DECODERS:
            self._put.append(row)
        self._rows.put(row)


@frozen
class FollowedStore:
    """A store whose commits are taken in as they happen."""

    _store: Store
    _truth: Truth

    def write(self, work: Callable[[Rows], R]) -> R:
        """Run `work` alone and commit; roll back when it raises."""
        put: list[Row] = []

        def follow(rows: Rows) -> R:
            put.clear()
            return work(_FollowedRows(rows, put))

        result = self._store.write(follow)
        for row in put:
            self._truth.take(_DECODERS[row.kind].decode(row.body))
        return result

    def read(self, work: Callable[[Rows], R]) -> R:
        """Run `work`, which changes nothing."""
        return self._store.read(work)

    def close(self) -> None:
        """Let the store go."""
        self._store.close()


@frozen
class _CalmRows:
    """Rows among which no fault waits."""

    _rows: Rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def newest(self, kind: str, **how: Any) -> list[bytes]:
        """Return bodies, newest first."""
        return [] if kind == WaitingFault.KIND else self._rows.newest(kind, **how)


@frozen
class CalmStore:
    """The same world, seen by somebody whom no fault strikes."""

    _store: Store

    def write(self, work: Callable[[Rows], R]) -> R:
        """Run `work` alone and commit."""
        return self._store.write(lambda rows: work(_CalmRows(rows)))

    def read(self, work: Callable[[Rows], R]) -> R:
        """Run `work`, which changes nothing."""
        return self._store.read(lambda rows: work(_CalmRows(rows)))

    def close(self) -> None:
        """Leave it open."""
