"""What a refund after the payout does, and the account that payouts go to."""

from datetime import timedelta

import pytest

from application.earnings import (
    CreateOnboardingLink,
    GetTeacherAccount,
)
from application.effects import EffectKind, GatewayDeclined
from application.ports.gateway import GatewayRefused
from application.ports.test_mode import FaultKind
from domain.earnings import EarningKind, EarningState
from domain.errors import Forbidden, GatewayUnavailable
from tests.application.effect_scenes import refusing
from tests.application.interrupted import Fragile
from tests.application.statements import SHARE, earnings, lines, minors, release, states
from tests.market import Lesson, Market

# --- Debt ----------------------------------------------------------------------------------------


def paid_out_lesson(market: Market) -> Lesson:
    """Let a lesson be taught, and its money reach the teacher."""
    lesson = market.paid_lesson()
    market.enable_account(lesson.teacher)
    release(market, lesson)
    assert minors(earnings(market, lesson.teacher)) == {"paid": SHARE}
    return lesson


def test_a_refund_after_the_payout_becomes_the_teachers_debt() -> None:
    market = Market()
    lesson = paid_out_lesson(market)

    market.refund(market.admin(), lesson.payment)

    assert minors(earnings(market, lesson.teacher)) == {"paid": SHARE, "debt": SHARE}
    assert states(market, lesson.teacher) == [EarningState.PAID, EarningState.DEBT]
    assert market.books()["receivable:tina"] == SHARE
    assert market.installation.verification().run().is_clean


def test_later_earnings_settle_the_debt_before_anything_is_payable() -> None:
    market = Market()
    lesson = paid_out_lesson(market)
    market.refund(market.admin(), lesson.payment)

    for expected in ({"debt": 0, "payable": 0}, {"debt": 0, "payable": SHARE}):
        booking = market.book(lesson.student, lesson.gig)
        market.pay(lesson.student, booking)
        market.complete(lesson.teacher, booking)
        books = market.books()
        assert books.get("receivable:tina", 0) == expected["debt"]
        assert -books.get("payable:tina", 0) == expected["payable"]
    market.advance(days=10)

    assert minors(earnings(market, lesson.teacher)) == {"paid": 2 * SHARE}
    assert market.installation.verification().run().is_clean


def test_payable_and_debt_are_never_both_there() -> None:
    market = Market()
    lesson = paid_out_lesson(market)
    booking = market.book(lesson.student, lesson.gig)
    market.pay(lesson.student, booking)
    market.complete(lesson.teacher, booking)

    market.refund(market.admin(), lesson.payment)

    books = market.books()
    assert books.get("payable:tina", 0) * books.get("receivable:tina", 0) == 0
    assert market.installation.verification().run().is_clean


def test_a_refund_that_fails_gives_the_teacher_back_what_it_took() -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.complete(lesson.teacher, lesson.booking)
    market.fault("create_refund", FaultKind.REFUND_FAILS)

    market.refund(market.admin(), lesson.payment, "25.00")
    market.settle()

    kinds = [line.line.kind for line in lines(market, lesson.teacher)]
    assert kinds == [EarningKind.LESSON, EarningKind.REFUND, EarningKind.REFUND_FAILED]
    assert minors(earnings(market, lesson.teacher)) == {"pending": SHARE}
    assert market.installation.verification().run().is_clean


# --- The connected account -----------------------------------------------------------------------


def test_a_teacher_without_an_account_is_told_so() -> None:
    market = Market()

    assert market.do(GetTeacherAccount(), market.teacher()).status == "none"


def test_onboarding_makes_the_account_once_and_returns_a_link_each_time() -> None:
    market = Market()
    teacher = market.teacher()

    first = market.do(CreateOnboardingLink(return_url="https://school.test/a"), teacher)
    second = market.do(CreateOnboardingLink(return_url="https://school.test/b"), teacher)

    account = market.do(GetTeacherAccount(), teacher)
    assert account.gateway_id is not None
    assert account.gateway_id in first
    assert account.gateway_id in second
    assert account.status == "onboarding"


def test_an_account_is_enabled_when_the_gateway_says_so() -> None:
    market = Market()
    teacher = market.teacher(has_account=True)

    account = market.do(GetTeacherAccount(), teacher)

    assert (account.status, account.is_ready) == ("enabled", True)


def test_only_teachers_have_accounts() -> None:
    market = Market()

    for actor in (market.student(), market.admin()):
        with pytest.raises(Forbidden):
            market.do(CreateOnboardingLink(return_url="https://school.test"), actor)
        with pytest.raises(Forbidden):
            market.do(GetTeacherAccount(), actor)


@pytest.mark.parametrize("is_sent", [False, True])
def test_onboarding_that_died_is_carried_on_without_a_second_account(is_sent: bool) -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    teacher = market.teacher()
    dying = fragile.dying_before_booking if is_sent else fragile.dying_after_planning
    with dying(EffectKind.CREATE_ACCOUNT):
        market.do(CreateOnboardingLink(return_url="https://school.test"), teacher)
    market.wall.advance(timedelta(minutes=2))

    url = market.do(CreateOnboardingLink(return_url="https://school.test"), teacher)

    (operation,) = fragile.operations()
    (made,) = market.world.chronicle.made_by(operation.id)
    assert made in url


def test_an_account_that_stays_unknown_is_unavailable_for_now() -> None:
    market = Market()
    teacher = market.teacher()
    market.fault("create_account", FaultKind.ERROR_LATER)

    with pytest.raises(GatewayUnavailable):
        market.do(CreateOnboardingLink(return_url="https://school.test"), teacher)


def test_an_account_that_the_gateway_refuses_is_declined() -> None:
    market = Market()
    teacher = market.teacher()
    handler = refusing(
        market, CreateOnboardingLink, EffectKind.CREATE_ACCOUNT, GatewayRefused("No.")
    )

    with pytest.raises(GatewayDeclined):
        handler(CreateOnboardingLink(return_url="https://school.test"), teacher)


def test_a_link_that_the_gateway_does_not_give_is_unavailable() -> None:
    market = Market()
    teacher = market.teacher()
    market.fault("onboarding_link", FaultKind.LOST_REQUEST)

    with pytest.raises(GatewayUnavailable):
        market.do(CreateOnboardingLink(return_url="https://school.test"), teacher)
