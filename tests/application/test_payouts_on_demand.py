"""Payouts on demand: who may ask, and what can go wrong."""

from datetime import timedelta
from typing import Any

import pytest

from application.commands import Command
from application.earnings import (
    CreateOnboardingLink,
    GetPayout,
    ListPayouts,
    RequestPayout,
)
from application.effects import EffectKind, GatewayDeclined
from application.ports.gateway import GatewayRefused
from application.ports.storage import PageRequest, PayoutFilter
from application.ports.test_mode import FaultKind
from application.upkeep import PayTeachers
from domain.earnings import (
    AccountNotReady,
    EarningState,
    NothingToPayOut,
    PayoutMethod,
    PayoutStatus,
)
from domain.errors import Forbidden, InvalidField, NotFound
from domain.ids import PayoutId, UserId
from tests.application.effect_scenes import refusing
from tests.application.interrupted import Fragile
from tests.application.post import deliver, told
from tests.application.wages import (
    ALL,
    SHARE,
    available_lesson,
    drain,
    is_clean,
    line_states,
    payouts,
    standing,
)
from tests.market import Market, the_id

# --- On demand -----------------------------------------------------------------------------------


def test_a_teacher_asks_for_a_payout() -> None:
    market = Market()
    lesson = available_lesson(market)

    id_ = market.do(RequestPayout(), lesson.teacher)

    payout = market.do(GetPayout(payout_id=id_), lesson.teacher)
    assert (payout.method, payout.status) == (PayoutMethod.STRIPE, PayoutStatus.PAID)
    assert is_clean(market)


def test_what_is_pending_cannot_be_asked_for() -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.enable_account(lesson.teacher)
    market.complete(lesson.teacher, lesson.booking)

    with pytest.raises(NothingToPayOut):
        market.do(RequestPayout(), lesson.teacher)


def test_a_currency_in_which_nothing_was_earned_has_nothing_to_pay_out() -> None:
    market = Market()
    lesson = available_lesson(market)

    with pytest.raises(NothingToPayOut):
        market.do(RequestPayout(currency="eur"), lesson.teacher)
    with pytest.raises(InvalidField):
        market.do(RequestPayout(currency="xxx"), lesson.teacher)


@pytest.mark.parametrize("is_onboarding", [False, True])
def test_an_account_that_is_not_ready_leaves_the_money_available(is_onboarding: bool) -> None:
    market = Market()
    lesson = available_lesson(market, has_account=False)
    if is_onboarding:
        market.do(CreateOnboardingLink(return_url="https://school.test"), lesson.teacher)

    with pytest.raises(AccountNotReady):
        market.do(RequestPayout(), lesson.teacher)
    assert market.do(PayTeachers()) == 0
    assert standing(market, lesson.teacher) == {"available": SHARE}


def test_a_payout_is_asked_for_by_its_teacher_or_staff_alone() -> None:
    market = Market()
    lesson = available_lesson(market)
    other = market.teacher("tom")

    with pytest.raises(Forbidden):
        market.do(RequestPayout(), lesson.student)
    with pytest.raises(NotFound):
        market.do(RequestPayout(teacher_id=the_id(lesson.teacher)), other)
    with pytest.raises(NotFound):
        market.do(RequestPayout(teacher_id=UserId("usr_absent")), market.admin())


def test_a_refused_transfer_makes_the_money_available_again_and_tells_staff() -> None:
    market = Market()
    lesson = available_lesson(market)
    drain(market)

    with pytest.raises(GatewayDeclined):
        market.do(RequestPayout(), lesson.teacher)

    (payout,) = payouts(market, lesson.teacher)
    assert (payout.status, payout.failure_reason) == (PayoutStatus.FAILED, "balance_insufficient")
    assert standing(market, lesson.teacher) == {"available": SHARE}
    assert line_states(market, lesson.teacher) == [EarningState.AVAILABLE]
    market.settle()
    assert "payout_failed" in market.staff.topics
    assert [one.status for one in payouts(market, lesson.teacher)] == [PayoutStatus.FAILED]


def test_a_failed_payout_is_tried_again_by_the_worker_the_next_day() -> None:
    market = Market()
    lesson = available_lesson(market)
    handler = refusing(market, RequestPayout, EffectKind.CREATE_TRANSFER, GatewayRefused("No."))
    with pytest.raises(GatewayDeclined):
        handler(RequestPayout(), lesson.teacher)

    assert market.do(PayTeachers()) == 0
    market.clock.advance(timedelta(days=1))
    assert market.do(PayTeachers()) == 1
    assert standing(market, lesson.teacher) == {"paid": SHARE}
    assert is_clean(market)


def test_a_busy_gateway_leaves_the_payout_to_the_worker() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.fault("create_transfer", FaultKind.RATE_LIMITED, times=3)

    id_ = market.do(RequestPayout(), lesson.teacher)

    assert market.do(GetPayout(payout_id=id_), lesson.teacher).status is PayoutStatus.IN_TRANSIT
    assert standing(market, lesson.teacher) == {"in_transit": SHARE}
    market.wall.advance(timedelta(minutes=2))
    assert is_clean(market)
    assert standing(market, lesson.teacher) == {"paid": SHARE}
    assert market.staff.topics == []
    assert len(market.world.chronicle.transfers()) == 1


def test_a_transfer_whose_outcome_is_unknown_is_in_transit_until_it_is_known() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.fault("create_transfer", FaultKind.ERROR_LATER)

    id_ = market.do(RequestPayout(), lesson.teacher)

    assert market.do(GetPayout(payout_id=id_), lesson.teacher).status is PayoutStatus.IN_TRANSIT
    assert standing(market, lesson.teacher) == {"in_transit": SHARE}
    assert line_states(market, lesson.teacher) == [EarningState.IN_TRANSIT]
    market.clock.advance(timedelta(minutes=2))
    market.wall.advance(timedelta(minutes=2))
    market.settle()
    assert standing(market, lesson.teacher) == {"paid": SHARE}
    assert is_clean(market)


def test_the_transfers_webhook_may_tell_first() -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    lesson = available_lesson(market)
    with fragile.dying_before_booking(EffectKind.CREATE_TRANSFER):
        market.do(RequestPayout(), lesson.teacher)

    deliver(market, told(market, "transfer.created")[0])
    assert standing(market, lesson.teacher) == {"paid": SHARE}
    market.wall.advance(timedelta(minutes=2))

    assert is_clean(market)
    assert len(market.world.chronicle.transfers()) == 1


# --- Looking -------------------------------------------------------------------------------------


def test_a_teacher_sees_their_own_payouts_and_staff_all() -> None:
    market = Market()
    lesson, admin = available_lesson(market), market.admin()
    other = market.teacher("tom")
    id_ = market.do(RequestPayout(), lesson.teacher)

    assert [one.id for one in payouts(market, lesson.teacher)] == [id_]
    assert [one.id for one in payouts(market, admin)] == [id_]
    assert payouts(market, other) == ()
    with pytest.raises(NotFound):
        market.do(GetPayout(payout_id=id_), other)
    with pytest.raises(NotFound):
        market.do(GetPayout(payout_id=PayoutId("po_absent")), admin)
    looks: tuple[Command[Any], ...] = (
        ListPayouts(where=ALL, page=PageRequest()),
        GetPayout(payout_id=id_),
    )
    for look in looks:
        with pytest.raises(Forbidden):
            market.do(look, lesson.student)


def test_payouts_are_found_by_their_status() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.do(RequestPayout(), lesson.teacher)

    def found(status: str) -> int:
        page = market.do(
            ListPayouts(where=PayoutFilter(status=status), page=PageRequest()), lesson.teacher
        )
        return len(page.items)

    assert (found("paid"), found("failed")) == (1, 0)
