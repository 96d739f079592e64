"""What a refund does to the books, to the cent: each setting, each stage, each fault."""

import pytest

from application.commands import Actor
from application.earnings import RequestPayout
from application.ports.test_mode import FaultKind
from domain.gigs import Teaching
from domain.policies import Fault
from tests.builders import dollars
from tests.market import Lesson, Market, the_id

GATEWAY_FEE = 248
"""What the gateway keeps of 75.00."""


def school(setting: str = "proportional") -> tuple[Market, Lesson, Actor]:
    market = Market(settings={"TUITION_FEE_ON_REFUND": setting})
    return market, market.paid_lesson(), market.admin()


def before_the_end(share: int, fee: int, cash: int, goodwill: int = 0) -> dict[str, int]:
    books = {
        "cash:gateway": cash,
        "processing": GATEWAY_FEE,
        "pending:booking,tina": -share,
        "fee_deferred:booking": -fee,
        "goodwill": goodwill,
    }
    return {account: amount for account, amount in books.items() if amount}


def after_the_end(share: int, fee: int, cash: int, goodwill: int = 0) -> dict[str, int]:
    books = {
        "cash:gateway": cash,
        "processing": GATEWAY_FEE,
        "payable:tina": -share,
        "fee": -fee,
        "goodwill": goodwill,
    }
    return {account: amount for account, amount in books.items() if amount}


SETTINGS = [
    # setting, refunded, what remains of share and fee, goodwill
    ("proportional", "10.00", 5525, 975, 0),
    ("proportional", "0.01", 6374, 1125, 0),
    ("proportional", "75.00", 0, 0, 0),
    ("kept", "10.00", 5375, 1125, 0),
    ("kept", "70.00", 0, 500, 0),
    ("kept", "75.00", 0, 0, 0),
    ("kept:30", "10.00", 5480, 1020, 0),
    ("kept:30", "0.03", 6372, 1125, 0),
    ("absorbed", "10.00", 6375, 125, 0),
    ("absorbed", "20.00", 6375, 0, 875),
    ("absorbed", "75.00", 6375, 0, 6375),
]


@pytest.mark.parametrize(("setting", "amount", "share", "fee", "goodwill"), SETTINGS)
def test_every_setting_to_the_cent_before_the_end(
    setting: str, amount: str, share: int, fee: int, goodwill: int
) -> None:
    market, lesson, admin = school(setting)
    market.refund(admin, lesson.payment, amount)
    cash = 7252 - int(amount.replace(".", ""))
    assert market.books() == before_the_end(share, fee, cash, goodwill)


@pytest.mark.parametrize(("setting", "amount", "share", "fee", "goodwill"), SETTINGS)
def test_every_setting_to_the_cent_after_the_end(
    setting: str, amount: str, share: int, fee: int, goodwill: int
) -> None:
    market, lesson, admin = school(setting)
    market.complete(lesson.teacher, lesson.booking)
    market.refund(admin, lesson.payment, amount)
    cash = 7252 - int(amount.replace(".", ""))
    assert market.books() == after_the_end(share, fee, cash, goodwill)


@pytest.mark.parametrize(("setting", "amount", "share", "fee", "goodwill"), SETTINGS)
def test_a_refund_before_the_end_leaves_the_same_as_one_after_it(
    setting: str, amount: str, share: int, fee: int, goodwill: int
) -> None:
    market, lesson, admin = school(setting)
    market.refund(admin, lesson.payment, amount)
    market.advance(days=4)
    cash = 7252 - int(amount.replace(".", ""))
    assert market.books() == after_the_end(share, fee, cash, goodwill)


@pytest.mark.parametrize(
    ("fault", "keeps", "setting", "share", "fee", "goodwill"),
    [
        # The teacher's fault is borne in proportion, whatever the setting.
        (Fault.TEACHER, None, "absorbed", 4675, 825, 0),
        (Fault.TEACHER, True, "kept", 4675, 825, 0),
        # The platform's is too, unless the operator lets the teacher keep the share.
        (Fault.PLATFORM, None, "kept", 4675, 825, 0),
        (Fault.PLATFORM, False, "kept", 4675, 825, 0),
        (Fault.PLATFORM, True, "proportional", 6375, 0, 875),
        # What is the student's or nobody's follows the setting.
        (Fault.STUDENT, None, "proportional", 4675, 825, 0),
        (Fault.STUDENT, True, "kept", 4375, 1125, 0),
        (Fault.STUDENT, None, "absorbed", 6375, 0, 875),
        (Fault.NONE, None, "kept:30", 4585, 915, 0),
        (None, None, "kept", 4375, 1125, 0),
    ],
)
@pytest.mark.parametrize("is_over", [False, True])
def test_who_bears_twenty_by_fault(  # noqa: PLR0917 - each is a column of the table
    fault: Fault | None,
    keeps: bool | None,
    setting: str,
    share: int,
    fee: int,
    goodwill: int,
    is_over: bool,
) -> None:
    market, lesson, admin = school(setting)
    if is_over:
        market.complete(lesson.teacher, lesson.booking)
    market.refund(admin, lesson.payment, "20.00", fault=fault, teacher_keeps=keeps)
    books = after_the_end if is_over else before_the_end
    assert market.books() == books(share, fee, 5252, goodwill)


def test_parts_are_borne_over_the_remainders_and_the_last_one_sweeps() -> None:
    market, lesson, admin = school()
    for amount in ("0.01", "0.01", "33.33", "0.02", "41.63"):
        market.refund(admin, lesson.payment, amount)
    assert market.books() == {"cash:gateway": -GATEWAY_FEE, "processing": GATEWAY_FEE}
    payment = market.payment(lesson.payment)
    assert payment.fee_remaining == payment.shares[0].remaining == dollars(0)


def test_two_teachers_bear_a_refund_by_their_shares() -> None:
    market = Market()
    student, tina, tom, admin = (
        market.student(),
        market.teacher(),
        market.teacher("tom"),
        market.admin(),
    )
    both = (Teaching(the_id(tina), 2), Teaching(the_id(tom), 1))
    booking = market.book(student, market.gig(tina, teachers=both))
    payment = market.pay(student, booking)
    market.complete(tina, booking)
    market.refund(admin, payment, "10.00")
    assert market.books() == {
        "cash:gateway": 6252,
        "processing": GATEWAY_FEE,
        "payable:tina": -(4250 - 567),
        "payable:tom": -(2125 - 283),
        "fee": -(1125 - 150),
    }


def test_a_refund_under_way_lies_in_refunding() -> None:
    market, lesson, admin = school()
    market.fault("create_refund", FaultKind.REFUND_PENDS)
    market.refund(admin, lesson.payment, "10.00")
    assert market.books() == {
        **before_the_end(5525, 975, 7252),
        "refunding:refund": -1000,
    }


# --- After the payout ----------------------------------------------------------------------------


def paid_out() -> tuple[Market, Lesson, Actor]:
    market, lesson, admin = school()
    market.enable_account(lesson.teacher)
    market.complete(lesson.teacher, lesson.booking)
    market.advance(days=8)
    assert market.standing(lesson.teacher).paid == dollars(6375)
    return market, lesson, admin


def test_a_refund_after_the_payout_becomes_the_teachers_debt() -> None:
    market, lesson, admin = paid_out()
    market.refund(admin, lesson.payment, "10.00")
    assert market.books() == {
        "cash:gateway": 7252 - 6375 - 1000,
        "processing": GATEWAY_FEE,
        "receivable:tina": 850,
        "fee": -(1125 - 150),
    }
    standing = market.standing(lesson.teacher)
    assert (standing.debt, standing.available) == (dollars(850), dollars(0))


def test_a_debt_is_netted_with_the_next_lesson() -> None:
    market, lesson, admin = paid_out()
    market.refund(admin, lesson.payment, "10.00")
    booking = market.book(lesson.student, lesson.gig)
    market.pay(lesson.student, booking)
    market.complete(lesson.teacher, booking)
    assert market.standing(lesson.teacher).debt == dollars(0)
    assert market.books()["payable:tina"] == -(6375 - 850)
    market.advance(days=8)
    assert market.standing(lesson.teacher).paid == dollars(6375 + 6375 - 850)
    assert "receivable:tina" not in market.books()


def test_what_is_not_paid_out_yet_is_taken_before_a_debt_is_made() -> None:
    market, lesson, admin = paid_out()
    booking = market.book(lesson.student, lesson.gig, minutes=15)
    market.pay(lesson.student, booking)
    market.complete(lesson.teacher, booking)
    earned = -market.books()["payable:tina"]
    market.refund(admin, lesson.payment)
    books = market.books()
    assert books["receivable:tina"] == 6375 - earned
    assert "payable:tina" not in books


def test_a_refund_that_fails_after_the_payout_lowers_the_debt_again() -> None:
    market, lesson, admin = paid_out()
    before = market.books()
    market.fault("create_refund", FaultKind.REFUND_FAILS, delay_seconds=3600)
    market.refund(admin, lesson.payment, "10.00")
    assert market.books()["receivable:tina"] == 850
    market.advance(hours=2)
    assert market.books() == before


def test_a_refund_under_way_while_the_money_is_in_flight_is_debt() -> None:
    market, lesson, admin = school()
    market.enable_account(lesson.teacher)
    market.complete(lesson.teacher, lesson.booking)
    market.fault("create_transfer", FaultKind.LOST_REQUEST, times=None)
    market.advance(days=8)
    assert market.books()["in_flight:payout"] == -6375
    market.refund(admin, lesson.payment, "10.00")
    assert market.books()["receivable:tina"] == 850


# --- Failed at another stage than it was reserved at ---------------------------------------------


def test_what_was_taken_before_the_end_and_fails_after_it_goes_to_who_earned_it() -> None:
    market, lesson, admin = school()
    market.fault("create_refund", FaultKind.REFUND_FAILS, delay_seconds=3 * 86400)
    market.refund(admin, lesson.payment, "10.00")
    assert market.books()["pending:booking,tina"] == -5525
    market.complete(lesson.teacher, lesson.booking)
    assert market.books()["payable:tina"] == -5525
    market.advance(days=2)
    assert market.books() == after_the_end(6375, 1125, 7252)
    market.advance(days=5)
    assert market.standing(lesson.teacher).available == dollars(6375)


def test_what_was_taken_before_the_end_and_fails_after_the_payout_is_paid_out_next() -> None:
    market, lesson, admin = school()
    market.enable_account(lesson.teacher)
    market.fault("create_refund", FaultKind.REFUND_FAILS, delay_seconds=20 * 86400)
    market.refund(admin, lesson.payment, "20.00")
    market.complete(lesson.teacher, lesson.booking)
    market.advance(days=10)
    assert market.standing(lesson.teacher).paid == dollars(4675)
    market.advance(days=15)
    assert market.standing(lesson.teacher).paid == dollars(6375)
    assert market.books() == {
        "cash:gateway": 7252 - 6375,
        "processing": GATEWAY_FEE,
        "fee": -1125,
    }


def test_a_cancellations_refund_that_fails_gives_the_teacher_the_money_at_their_stage() -> None:
    market, lesson, _ = school()
    market.fault("create_refund", FaultKind.REFUND_FAILS)
    market.cancel(lesson.student, lesson.booking)
    assert market.books() == after_the_end(6375, 1125, 7252)
    assert market.staff.topics == ["refund_failed"]


def test_a_partial_refund_by_goodwill_leaves_the_rest_refundable() -> None:
    market, lesson, admin = school("absorbed")
    market.refund(admin, lesson.payment, "20.00")
    market.refund(admin, lesson.payment, "55.00", fault=Fault.TEACHER)
    payment = market.payment(lesson.payment)
    assert payment.refundable == dollars(0)
    assert market.books() == before_the_end(6375 - 5500, 0, -GATEWAY_FEE, 875)


def test_a_payout_by_hand_takes_what_remains_after_a_refund() -> None:
    market, lesson, admin = school()
    market.complete(lesson.teacher, lesson.booking)
    market.refund(admin, lesson.payment, "10.00")
    market.advance(days=8)
    market.do(RequestPayout(teacher_id=the_id(lesson.teacher), reference="SEPA 1"), admin)
    assert market.books()["in_flight:payout"] == -5525


# --- Fees that leave a side nothing --------------------------------------------------------------


@pytest.mark.parametrize("setting", ["proportional", "kept", "kept:30", "absorbed"])
@pytest.mark.parametrize("basis_points", ["0", "10000"])
def test_a_side_that_gets_nothing_bears_nothing(setting: str, basis_points: str) -> None:
    market = Market(
        settings={"TUITION_FEE_ON_REFUND": setting, "TUITION_FEE_BASIS_POINTS": basis_points}
    )
    lesson = market.paid_lesson()
    admin = market.admin()
    market.refund(admin, lesson.payment, "25.00")
    market.refund(admin, lesson.payment)
    books = market.books()
    expected = {"cash:gateway": -GATEWAY_FEE, "processing": GATEWAY_FEE}
    if (setting, basis_points) == ("absorbed", "0"):
        expected |= {"goodwill": 7500, "pending:booking,tina": -7500}
    assert books == expected
