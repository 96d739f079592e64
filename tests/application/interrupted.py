"""A process that dies at a chosen moment: around the commits of an effect on the gateway.

    fragile = Fragile()
    market = Market(storage=fragile.storage)
    with fragile.dying_after_planning(EffectKind.CREATE_REFUND):
        market.do(RefundPayment(payment_id=payment), student)

Killing before the call is killing after its intent was committed, and killing after the call is
killing before its outcome is; so the storage is all that has to be fragile.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from attrs import evolve

from adapters.clock import ManualClock
from adapters.ids import SeededIds
from adapters.memory import memory_storage
from application.effects import EffectKind
from application.ports.records import Operation, OperationState
from application.ports.storage import Storage, Unit
from tests.builders import NOW

R = TypeVar("R")


class Killed(BaseException):
    """The process is gone. No `except Exception` sees it."""


class Fragile:
    """A storage in memory whose caller can be killed before or after a unit."""

    def __init__(self, storage: Storage | None = None) -> None:
        self._whole = storage or memory_storage(SeededIds(ManualClock(NOW), seed=1))
        self.storage = evolve(self._whole, work=self._work)
        self._kind: EffectKind | None = None
        self._books_too = False

    def _work(self, decide: Callable[[Unit], R]) -> R:
        if self._kind is not None and self._books_too and self._is_planned(self._kind):
            raise Killed
        result = self._whole.work(decide)
        if self._kind is not None and not self._books_too and self._is_planned(self._kind):
            raise Killed
        return result

    def _is_planned(self, kind: EffectKind) -> bool:
        return any(
            operation.kind == kind and operation.state is OperationState.INTENT
            for operation in self.operations()
        )

    def operations(self) -> list[Operation]:
        """Return every operation there is, oldest first."""
        found = self._whole.read(lambda views: list(views.everything.operations()))
        return sorted(found, key=lambda operation: operation.id)

    @contextmanager
    def dying_after_planning(self, kind: EffectKind) -> Iterator[None]:
        """Die when an operation of a kind has been recorded, before it is sent."""
        with self._dying(kind, books_too=False):
            yield

    @contextmanager
    def dying_before_booking(self, kind: EffectKind) -> Iterator[None]:
        """Die when an operation of a kind has been sent, before its outcome is booked."""
        with self._dying(kind, books_too=True):
            yield

    @contextmanager
    def _dying(self, kind: EffectKind, *, books_too: bool) -> Iterator[None]:
        self._kind, self._books_too = kind, books_too
        try:
            with pytest.raises(Killed):
                yield
        finally:
            self._kind = None
