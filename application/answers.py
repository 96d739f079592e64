"""The answer to a request, committed with the last unit of the command that earns it.

An entrypoint opens a `Slot` around a command. The handler's last unit calls `answered(unit,
result)`: the slot renders the result from what that unit sees and, when the request carries an
idempotency key, stores the very bytes in the same transaction. So a crash can never separate the
effect from the answer. A handler that begins an operation binds it to the key (`bind`), and asks
for it first (`bound`), so that a retry after a crash carries on instead of beginning anew.

A request that outlives the lease of its key may find that a twin has taken the key over. Then the
answer is the twin's to give: `answered` and `bind` raise `KeyInUse`, which rolls the unit back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from attrs import define, evolve

from application.idempotency import KeyInUse
from application.ports.records import Answer, IdempotencyRecord
from application.ports.storage import Unit, Views
from domain.ids import OperationId

R = TypeVar("R")


@define
class Slot:
    """Where the answer of one request goes. `present` renders a result from the unit's views."""

    present: Callable[[Views, Any], Answer]
    record: IdempotencyRecord | None = None
    answer: Answer | None = None
    is_taken_over: bool = False
    """Whether a twin holds the key now, and answers for both."""


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
        record = None if slot.record is None else _current(unit, slot, slot.record)
        slot.answer = slot.present(unit.views, result)
        if record is not None:
            unit.idempotency.update(evolve(record, answer=slot.answer))
    return result


def bind(unit: Unit, step: str, operation: OperationId) -> None:
    """Tie an operation to the request's idempotency key, in the unit that records the operation."""
    slot = _slot.get()
    if slot is None or slot.record is None:
        return
    record = _current(unit, slot, slot.record)
    slot.record = evolve(record, operations={**record.operations, step: operation})
    unit.idempotency.update(slot.record)


def bound(step: str) -> OperationId | None:
    """Return the operation that an earlier run of this same request began, if any."""
    slot = _slot.get()
    if slot is None or slot.record is None:
        return None
    operation = slot.record.operations.get(step)
    return None if operation is None else OperationId(operation)


def _current(unit: Unit, slot: Slot, record: IdempotencyRecord) -> IdempotencyRecord:
    stored = unit.idempotency.find(record.scope, record.key)
    if stored is None or not stored.is_held_by(record):
        slot.is_taken_over = True
        raise KeyInUse("Another request with this key has taken over.")
    return stored
