"""Something else happens between recording an effect and sending it: another request, say.

interrupted = between(EffectKind.CREATE_PAYMENT)
market = Market(storage=interrupted.storage)
interrupted.act = lambda: market.do(CancelBooking(booking_id=booking, reason=""), student)
market.do(CreatePaymentIntent(booking_id=booking), student)
"""

from collections.abc import Callable
from typing import TypeVar

from attrs import define, evolve, field

from adapters.clock import ManualClock
from adapters.ids import SeededIds
from adapters.memory import memory_storage
from application.effects import EffectKind
from application.ports.records import OperationState
from application.ports.storage import Storage, Unit
from tests.builders import NOW

R = TypeVar("R")


@define
class Interrupted:
    """A storage that lets `act` happen, once, when an operation of a kind has been recorded."""

    kind: EffectKind
    act: Callable[[], object] | None = None
    _whole: Storage = field(factory=lambda: memory_storage(SeededIds(ManualClock(NOW), seed=1)))

    @property
    def storage(self) -> Storage:
        """Return the storage to use."""
        return evolve(self._whole, work=self._work)

    def _work(self, decide: Callable[[Unit], R]) -> R:
        result = self._whole.work(decide)
        act = self.act
        if act is not None and self._is_recorded():
            self.act = None
            act()
        return result

    def _is_recorded(self) -> bool:
        return self._whole.read(
            lambda views: any(
                operation.kind == self.kind and operation.state is OperationState.INTENT
                for operation in views.everything.operations()
            )
        )


def between(kind: EffectKind) -> Interrupted:
    """Return a storage to interrupt after an operation of this kind was recorded."""
    return Interrupted(kind)
