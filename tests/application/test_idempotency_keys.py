"""Idempotency keys: what is remembered, released, taken over and forgotten."""

from datetime import timedelta
from typing import Any

import pytest

from application.answers import Slot, answered, answering, bind, bound
from application.idempotency import Idempotency, KeyInUse, KeyReusedForAnotherRequest
from application.ports.records import IdempotencyRecord, OperationState
from application.ports.storage import Storage, Unit
from application.ports.test_mode import FaultKind
from application.refunds import RefundPayment
from application.upkeep import PruneKeys
from domain.errors import Forbidden, GatewayUnavailable
from domain.ids import OperationId
from tests.application.door import SCOPE, Door, keys_of, shown
from tests.builders import an_answer, an_operation
from tests.market import Market

# --- Refusals and releases -----------------------------------------------------------------------


def test_a_refusal_by_rule_is_remembered() -> None:
    keys = keys_of(Market())
    record = keys.begin(SCOPE, "k", "1")

    keys.refused(record, an_answer(409, b"no"))

    assert keys.begin(SCOPE, "k", "1").answer == an_answer(409, b"no")


def test_an_answer_that_was_given_is_not_overwritten_by_a_late_refusal() -> None:
    keys = keys_of(Market())
    record = keys.begin(SCOPE, "k", "1")
    keys.refused(record, an_answer(201, b"yes"))

    with pytest.raises(KeyInUse):
        keys.refused(record, an_answer(409, b"no"))
    keys.release(record)

    assert keys.begin(SCOPE, "k", "1").answer == an_answer(201, b"yes")


def test_a_released_key_can_be_used_anew_even_with_another_body() -> None:
    keys = keys_of(Market())
    record = keys.begin(SCOPE, "k", "1")

    keys.release(record)

    assert keys.begin(SCOPE, "k", "2").answer is None


def test_a_key_that_is_gone_is_neither_released_nor_answered_any_more() -> None:
    keys = keys_of(Market())
    record = keys.begin(SCOPE, "k", "1")
    keys.release(record)

    keys.release(record)
    with pytest.raises(KeyInUse):
        keys.refused(record, an_answer())

    assert keys.begin(SCOPE, "k", "1").answer is None


def test_a_key_that_has_begun_an_operation_is_kept_and_can_be_retried_at_once() -> None:
    market = Market()
    keys = keys_of(market)
    record = keys.begin(SCOPE, "k", "1")
    begin_operation(market.storage, record, OperationState.INTENT)

    keys.release(record)

    with pytest.raises(KeyReusedForAnotherRequest):
        keys.begin(SCOPE, "k", "2")
    assert dict(keys.begin(SCOPE, "k", "1").operations) == {"refund": "op_1"}


def test_a_key_whose_operation_was_refused_is_forgotten_when_it_is_released() -> None:
    market = Market()
    keys = keys_of(market)
    record = keys.begin(SCOPE, "k", "1")
    begin_operation(market.storage, record, OperationState.REFUSED)

    keys.release(record)

    assert dict(keys.begin(SCOPE, "k", "2").operations) == {}


def begin_operation(storage: Storage, record: IdempotencyRecord, state: OperationState) -> None:
    """Bind an operation in a state to a key."""

    def decide(unit: Unit) -> None:
        unit.operations.save(an_operation("op_1", state=state))
        bind(unit, "refund", OperationId("op_1"))

    with answering(Slot(present=shown, record=record)):
        storage.work(decide)


def test_a_gateway_that_was_busy_leaves_a_key_that_begins_anew() -> None:
    market = Market()
    lesson, admin = market.paid_lesson(), market.admin()
    door = Door(market)
    command = RefundPayment(payment_id=lesson.payment)
    market.fault("create_refund", FaultKind.RATE_LIMITED, times=3)
    with pytest.raises(GatewayUnavailable):
        door.request(command, admin)
    record = door.record()
    assert record is not None
    door.keys.release(record)

    door.request(command, admin)

    assert [refund.status for refund in market.refunds()] == ["failed", "succeeded"]


# --- Forgetting ----------------------------------------------------------------------------------


def test_keys_are_kept_for_two_days() -> None:
    market = Market()
    keys = keys_of(market)
    keys.begin(SCOPE, "old", "1")
    market.wall.advance(timedelta(hours=24))
    keys.begin(SCOPE, "new", "1")

    market.wall.advance(timedelta(hours=24))
    assert market.do(PruneKeys()) == 0
    market.wall.advance(timedelta(seconds=1))
    assert market.do(PruneKeys()) == 1
    assert keys.begin(SCOPE, "old", "2").answer is None


def test_nobody_else_prunes_keys() -> None:
    market = Market()

    with pytest.raises(Forbidden):
        market.do(PruneKeys(), market.admin())


# --- Taken over ----------------------------------------------------------------------------------


def test_who_was_taken_over_and_wakes_cannot_answer_again() -> None:
    market = Market()
    keys = keys_of(market)
    slept = Slot(present=shown, record=keys.begin(SCOPE, "k", "1"))
    market.wall.advance(timedelta(minutes=1))
    keys.refused(keys.begin(SCOPE, "k", "1"), an_answer())

    with answering(slept), pytest.raises(KeyInUse):
        market.storage.work(lambda unit: answered(unit, "late"))
    with answering(slept), pytest.raises(KeyInUse):
        market.storage.work(lambda unit: bind(unit, "refund", OperationId("op_1")))


def test_a_key_that_its_twin_dropped_meanwhile_is_in_use_for_now() -> None:
    market = Market()
    keys = Idempotency(drops_between(market), market.wall)

    with pytest.raises(KeyInUse):
        keys.begin(SCOPE, "k", "1")


def drops_between(market: Market) -> Any:
    """Return units in which a key is there when it is inserted, and gone when it is looked for."""

    def work(decide: Any) -> Any:
        def without(unit: Unit) -> Any:
            return decide(_Dropped(unit))

        return market.storage.work(without)

    return work


class _Dropped:
    """A unit whose table of keys loses a row between two statements."""

    def __init__(self, unit: Unit) -> None:
        self.idempotency = self
        self._unit = unit

    def insert(self, _: IdempotencyRecord) -> bool:
        return False

    def find(self, scope: str, key: str) -> IdempotencyRecord | None:
        return self._unit.idempotency.find(scope, key)


def test_what_is_answered_and_bound_outside_a_request_goes_nowhere() -> None:
    market = Market()

    assert market.storage.work(lambda unit: answered(unit, 17)) == 17
    market.storage.work(lambda unit: bind(unit, "refund", OperationId("op_1")))
    assert bound("refund") is None
