"""Operations: who may send, and for how long."""

from datetime import datetime, timedelta

import pytest

from application.ports.records import (
    Operation,
    OperationState,
)
from application.ports.storage import Storage
from domain.errors import StaleWrite
from tests.builders import (
    NOW,
    after,
    an_operation,
)
from tests.contract.storage.keeping import ids_of, keep, keep_one

A_MOMENT = timedelta(microseconds=1)


def claim(storage: Storage, at: datetime = NOW, limit: int = 10) -> tuple[Operation, ...]:
    until = at + timedelta(minutes=5)
    return storage.work(lambda unit: unit.operations.claim_due(at, until, limit))


def test_operations_about_one_thing_are_oldest_first(storage: Storage) -> None:
    keep(
        storage,
        an_operation("op_3", created_at=after(hours=2)),
        an_operation("op_1", created_at=after(hours=1)),
        an_operation("op_2", created_at=after(hours=1)),
        an_operation("op_4", subject="pay_2"),
    )
    found = storage.work(lambda unit: unit.operations.of_subject("pay_1"))
    assert ids_of(found) == ["op_1", "op_2", "op_3"]


def test_an_operation_is_claimed_with_a_higher_fence_and_a_new_lease(storage: Storage) -> None:
    keep(storage, an_operation("op_1", lease_until=NOW, fence=3))
    (claimed,) = claim(storage)
    assert (claimed.fence, claimed.lease_until) == (4, after(minutes=5))
    assert storage.work(lambda unit: unit.operations.get(claimed.id)) == claimed


def test_a_claimed_operation_can_be_saved(storage: Storage) -> None:
    keep(storage, an_operation("op_1", lease_until=NOW))
    (claimed,) = claim(storage)
    keep(storage, claimed.moved(OperationState.DONE, at=NOW, result="pi_1"))
    assert storage.work(lambda unit: unit.operations.get(claimed.id)).result == "pi_1"


def test_one_who_held_the_lease_before_cannot_save_any_more(storage: Storage) -> None:
    before = keep_one(storage, an_operation("op_1", lease_until=NOW))
    claim(storage)
    with pytest.raises(StaleWrite):
        keep(storage, before.moved(OperationState.DONE, at=NOW))


def test_an_operation_is_not_claimed_while_its_lease_runs(storage: Storage) -> None:
    keep(storage, an_operation("op_1", lease_until=after(minutes=1)))
    assert claim(storage, after(minutes=1) - A_MOMENT) == ()
    assert ids_of(claim(storage, after(minutes=1))) == ["op_1"]


def test_an_operation_is_not_claimed_twice(storage: Storage) -> None:
    keep(storage, an_operation("op_1", lease_until=NOW))
    assert len(claim(storage)) == 1
    assert claim(storage) == ()
    assert ids_of(claim(storage, after(minutes=5))) == ["op_1"]


@pytest.mark.parametrize("state", OperationState)
def test_only_open_operations_are_claimed(storage: Storage, state: OperationState) -> None:
    keep(storage, an_operation("op_1", lease_until=NOW, state=state))
    assert len(claim(storage)) == (1 if state.is_open else 0)


def test_the_longest_free_operations_are_claimed_first_and_no_more_than_asked_for(
    storage: Storage,
) -> None:
    keep(
        storage,
        an_operation("op_1", lease_until=after(minutes=-1)),
        an_operation("op_2", lease_until=after(minutes=-3)),
        an_operation("op_3", lease_until=after(minutes=-2)),
    )
    assert sorted(ids_of(claim(storage, limit=2))) == ["op_2", "op_3"]
    assert ids_of(claim(storage, limit=2)) == ["op_1"]
