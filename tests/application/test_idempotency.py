"""Idempotency keys: the same request again gets the same answer, and one effect."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from application.answers import Slot, answered, answering, bind, bound
from application.commands import Actor, Command
from application.idempotency import Idempotency, KeyInUse, KeyReusedForAnotherRequest
from application.ports.records import Answer, IdempotencyRecord, OperationState
from application.ports.storage import Storage, Unit, Views
from application.ports.test_mode import FaultKind
from application.refunds import RefundPayment
from application.upkeep import PruneKeys
from domain.errors import BrokenInvariant, Forbidden, GatewayUnavailable
from domain.ids import OperationId
from entrypoints.composition.assembly import idempotency
from tests.application.effect_scenes import SCENES
from tests.application.interrupted import Fragile
from tests.builders import an_answer, an_operation
from tests.market import Market

SCOPE = "sam POST /somewhere"
BY_REQUEST = sorted(
    kind for kind, scene in SCENES.items() if not scene.for_worker and kind != "card.detach"
)
"""Kinds that a POST performs itself; a card is removed by DELETE, which takes no key."""


class Door:
    """What stands before the bus: a request with a key in, an answer out."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.keys: Idempotency = idempotency(market.installation.pieces)

    def request(self, command: Command[Any], actor: Actor, *, key: str = "k") -> Answer:
        """Carry a request out, or answer what was answered."""
        record = self.keys.begin(SCOPE, key, sha256(repr(command).encode()).hexdigest())
        if record.answer is not None:
            return record.answer
        slot = Slot(present=shown, record=record)
        with answering(slot):
            self.market.do(command, actor)
        assert slot.answer is not None
        return slot.answer

    def record(self, key: str = "k") -> IdempotencyRecord | None:
        """Return what is kept of a key."""
        return self.market.storage.work(lambda unit: unit.idempotency.find(SCOPE, key))


def shown(_: Views, result: object) -> Answer:
    """Render a result."""
    return Answer(status=201, body=repr(result).encode())


def keys_of(market: Market) -> Idempotency:
    """Return what keeps the keys of a market."""
    return idempotency(market.installation.pieces)


# --- The same again ------------------------------------------------------------------------------


def test_the_same_request_again_gets_the_same_bytes_and_has_no_second_effect() -> None:
    market = Market()
    lesson, admin = market.paid_lesson(), market.admin()
    door = Door(market)
    command = RefundPayment(payment_id=lesson.payment, amount="10.00")

    first = door.request(command, admin)
    second = door.request(command, admin)

    assert first == second
    assert len(market.refunds()) == 1


def test_another_key_is_another_request() -> None:
    market = Market()
    lesson, admin = market.paid_lesson(), market.admin()
    door = Door(market)
    command = RefundPayment(payment_id=lesson.payment, amount="10.00")

    assert door.request(command, admin) != door.request(command, admin, key="other")
    assert len(market.refunds()) == 2


def test_the_same_key_with_another_body_is_refused_and_has_no_effect() -> None:
    market = Market()
    lesson, admin = market.paid_lesson(), market.admin()
    door = Door(market)
    door.request(RefundPayment(payment_id=lesson.payment, amount="10.00"), admin)

    with pytest.raises(KeyReusedForAnotherRequest):
        door.request(RefundPayment(payment_id=lesson.payment, amount="20.00"), admin)
    assert len(market.refunds()) == 1


def test_the_same_key_elsewhere_is_another_key() -> None:
    keys = keys_of(Market())

    assert keys.begin("sam POST /a", "k", "1").answer is None
    assert keys.begin("sam POST /b", "k", "2").answer is None
    assert keys.begin("tom POST /a", "k", "3").answer is None


def test_a_key_whose_first_request_is_under_way_is_in_use() -> None:
    market = Market()
    keys = keys_of(market)
    keys.begin(SCOPE, "k", "1")

    with pytest.raises(KeyInUse):
        keys.begin(SCOPE, "k", "1")
    market.wall.advance(timedelta(seconds=59))
    with pytest.raises(KeyInUse):
        keys.begin(SCOPE, "k", "1")
    market.wall.advance(timedelta(seconds=1))
    assert keys.begin(SCOPE, "k", "1").answer is None


def test_who_takes_a_dead_requests_key_over_holds_it() -> None:
    market = Market()
    keys = keys_of(market)
    keys.begin(SCOPE, "k", "1")
    market.wall.advance(timedelta(minutes=1))
    keys.begin(SCOPE, "k", "1")

    with pytest.raises(KeyInUse):
        keys.begin(SCOPE, "k", "1")


# --- After a crash -------------------------------------------------------------------------------


def retried(kind: str, *, is_sent: bool) -> tuple[Market, Fragile, Answer, Answer]:
    """Let a request die around its call, then retry it with its key, twice."""
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    command, actor = SCENES[kind].play(market)
    door = Door(market)
    dying = fragile.dying_before_booking if is_sent else fragile.dying_after_planning
    with dying(kind):
        door.request(command, actor)
    market.wall.advance(timedelta(minutes=2))
    return market, fragile, door.request(command, actor), door.request(command, actor)


@pytest.mark.parametrize("is_sent", [False, True], ids=["before_the_call", "after_the_call"])
@pytest.mark.parametrize("kind", BY_REQUEST)
def test_a_retry_after_a_crash_carries_on_with_the_operation_that_was_begun(
    kind: str, is_sent: bool
) -> None:
    market, fragile, first, second = retried(kind, is_sent=is_sent)

    operations = [one for one in fragile.operations() if one.kind == kind]
    assert operations[-1].state is OperationState.DONE
    assert len(market.world.chronicle.made_by(operations[-1].id)) <= 1
    assert first == second
    market.settle()
    assert market.installation.verification().run().is_clean


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_retry_after_a_crash_makes_no_second_refund(is_sent: bool) -> None:
    market, _, first, _ = retried("refund.create", is_sent=is_sent)

    (refund,) = market.refunds()
    assert repr(refund.id).encode() == first.body
    assert len(market.world.chronicle.refunds()) == 1


def test_a_retry_after_the_worker_was_faster_answers_what_was_done() -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    command, actor = SCENES["refund.create"].play(market)
    door = Door(market)
    with fragile.dying_after_planning("refund.create"):
        door.request(command, actor)
    market.wall.advance(timedelta(minutes=2))
    market.settle()

    answer = door.request(command, actor)

    (refund,) = market.refunds()
    assert answer.body == repr(refund.id).encode()
    assert refund.status == "succeeded"


def test_the_answer_is_committed_with_the_effect_so_that_no_crash_parts_them() -> None:
    market = Market()
    lesson, admin = market.paid_lesson(), market.admin()
    door = Door(market)
    market.fault("create_refund", FaultKind.LOST_REQUEST, times=None)

    unknown = door.request(RefundPayment(payment_id=lesson.payment), admin)

    record = door.record()
    assert record is not None
    assert record.answer == unknown


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

    keys.refused(record, an_answer(409, b"no"))
    keys.release(record)

    assert keys.begin(SCOPE, "k", "1").answer == an_answer(201, b"yes")


def test_a_released_key_can_be_used_anew_even_with_another_body() -> None:
    keys = keys_of(Market())
    record = keys.begin(SCOPE, "k", "1")

    keys.release(record)

    assert keys.begin(SCOPE, "k", "2").answer is None


def test_releasing_or_refusing_a_key_that_is_gone_does_nothing() -> None:
    keys = keys_of(Market())
    record = keys.begin(SCOPE, "k", "1")
    keys.release(record)

    keys.release(record)
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

    with answering(slept), pytest.raises(BrokenInvariant):
        market.storage.work(lambda unit: answered(unit, "late"))
    with answering(slept), pytest.raises(BrokenInvariant):
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
