"""The answer to a request, committed with the last unit of the command that earns it.

An entrypoint opens a `Slot` around a command. The handler's last unit calls `answered(unit,
result)`: the slot renders the result from what that unit sees and, when the request carries an
idempotency key, stores the very bytes in the same transaction. So a crash can never separate the
effect from the answer. A handler that begins an operation binds it to the key (`bind`), and asks
for it first (`bound`), so that a retry after a crash carries on instead of beginning anew.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from attrs import define, evolve

from application.ports.records import Answer, IdempotencyRecord
from application.ports.storage import Unit, Views
from domain.errors import BrokenInvariant
from domain.ids import OperationId

R = TypeVar("R")


@define
class Slot:
    """Where the answer of one request goes. `present` renders a result from the unit's views."""

    present: Callable[[Views, Any], Answer]
    record: IdempotencyRecord | None = None
    answer: Answer | None = None


_slot: ContextVar[Slot | None] = ContextVar("answer_slot", default=None)


@contextmanager
def answering(slot: Slot) -> Iterator[Slot]:
    """Direct the answers of this context into a slot."""
    token = _slot.set(slot)
    try:
        yield slot
    finally:
        _slot.reset(token)


def answered(unit: Unit, result: R) -> R:
    """Render the answer in this unit, and store it with it; return the result itself."""
    slot = _slot.get()
    if slot is not None:
        slot.answer = slot.present(unit.views, result)
        if slot.record is not None:
            unit.idempotency.update(evolve(_current(unit, slot.record), answer=slot.answer))
    return result


def bind(unit: Unit, step: str, operation: OperationId) -> None:
    """Tie an operation to the request's idempotency key, in the unit that records the operation."""
    slot = _slot.get()
    if slot is None or slot.record is None:
        return
    record = _current(unit, slot.record)
    slot.record = evolve(record, operations={**record.operations, step: operation})
    unit.idempotency.update(slot.record)


def bound(step: str) -> OperationId | None:
    """Return the operation that an earlier run of this same request began, if any."""
    slot = _slot.get()
    if slot is None or slot.record is None:
        return None
    operation = slot.record.operations.get(step)
    return None if operation is None else OperationId(operation)


def _current(unit: Unit, record: IdempotencyRecord) -> IdempotencyRecord:
    stored = unit.idempotency.find(record.scope, record.key)
    if stored is None or stored.answer is not None:
        raise BrokenInvariant(f"the idempotency key of {record.scope} was taken over by another")
    return stored
