"""Idempotency keys: the same request again gets the same answer, and one effect."""

from datetime import timedelta

import pytest

from application.effects import EffectKind
from application.idempotency import KeyInUse, KeyReusedForAnotherRequest
from application.ports.records import Answer, OperationState
from application.ports.test_mode import FaultKind
from application.refunds import RefundPayment
from tests.application.door import BY_REQUEST, SCOPE, Door, keys_of
from tests.application.effect_scenes import SCENES
from tests.application.interrupted import Fragile
from tests.market import Market

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


def retried(kind: EffectKind, *, is_sent: bool) -> tuple[Market, Fragile, Answer, Answer]:
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
    kind: EffectKind, is_sent: bool
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
    market, _, first, _ = retried(EffectKind.CREATE_REFUND, is_sent=is_sent)

    (refund,) = market.refunds()
    assert repr(refund.id).encode() == first.body
    assert len(market.world.chronicle.refunds()) == 1


def test_a_retry_after_the_worker_was_faster_answers_what_was_done() -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    command, actor = SCENES[EffectKind.CREATE_REFUND].play(market)
    door = Door(market)
    with fragile.dying_after_planning(EffectKind.CREATE_REFUND):
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
