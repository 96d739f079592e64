"""Who gets what if a booking ends in this way now."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from domain.bookings import Booking, PaymentState, outcome_of_cancelling
from domain.bookings import Party as Side
from domain.fees import FeeBearing, FeeOnRefund
from domain.gigs import Teaching
from domain.ids import BookingId, PaymentId, RefundId, UserId
from domain.money import Money, total
from domain.payments import Payment, PaymentStatus, Stage
from domain.policies import FAULT_OF, PRESETS, Fault, Outcome
from domain.quotes import Quote, due_back, executed, quote
from domain.refunds import Refund, RefundCause
from tests.builders import LESSON_AT, NOW, USD, a_booking, a_fee_schedule, after, dollars, terms
from tests.strategies import fees_on_refund, policies

EARLY = LESSON_AT - timedelta(hours=24)
LATE = LESSON_AT - timedelta(hours=18)
TOO_LATE = LESSON_AT - timedelta(hours=1)
KEEPS_OTHERS = {Outcome.COMPLETED, Outcome.STUDENT_NO_SHOW}


def lesson(
    price: int = 7_500, *, discount: int = 0, weights: tuple[int, ...] = (1,), **of_terms: object
) -> tuple[Booking, Payment]:
    """Return a paid booking and its payment."""
    agreed = terms(**of_terms)
    taught_by = tuple(Teaching(UserId(f"usr_{n}"), weight) for n, weight in enumerate(weights))
    booking = a_booking(
        price=dollars(price + discount), terms=agreed, payment_status=PaymentState.PAID
    )
    payment = Payment.open(
        id=PaymentId("pay_1"),
        booking_id=BookingId("bk_1"),
        student_id=booking.student_id,
        amount=dollars(price),
        discount=dollars(discount),
        terms=agreed,
        teachers=taught_by,
        at=NOW,
    )
    paid = evolve(
        payment,
        status=PaymentStatus.SUCCEEDED,
        captured=payment.amount,
        stage=Stage.PENDING,
        charge_id="ch_1",
    )
    return evolve(booking, teachers=taught_by), paid


def shown(of: Quote) -> tuple[str, list[str], str]:
    return str(of.student), [str(amount) for _, amount in of.teachers], str(of.platform)


@pytest.mark.parametrize(
    ("outcome", "at", "percent", "expected"),
    [
        (Outcome.COMPLETED, LATE, 0, ("0.00", ["63.75"], "11.25")),
        (Outcome.STUDENT_NO_SHOW, LATE, 0, ("0.00", ["63.75"], "11.25")),
        (Outcome.CANCELLED_BY_STUDENT, EARLY, 100, ("75.00", ["0.00"], "0.00")),
        (Outcome.CANCELLED_BY_STUDENT, LATE, 50, ("37.50", ["31.88"], "5.62")),
        (Outcome.CANCELLED_BY_STUDENT, TOO_LATE, 0, ("0.00", ["63.75"], "11.25")),
        (Outcome.CANCELLED_BY_TEACHER, TOO_LATE, 100, ("75.00", ["0.00"], "0.00")),
        (Outcome.TEACHER_NO_SHOW, TOO_LATE, 100, ("75.00", ["0.00"], "0.00")),
        (Outcome.CANCELLED_BY_PLATFORM, TOO_LATE, 100, ("75.00", ["0.00"], "0.00")),
        (Outcome.DECLINED, TOO_LATE, 100, ("75.00", ["0.00"], "0.00")),
        (Outcome.EXPIRED, TOO_LATE, 100, ("75.00", ["0.00"], "0.00")),
    ],
)
def test_the_table_of_outcomes(
    outcome: Outcome, at: datetime, percent: int, expected: object
) -> None:
    found = quote(*lesson(), outcome, at)

    assert shown(found) == expected
    assert found.refund_percent == percent
    assert found.outcome is outcome


def test_a_late_cancellation_can_leave_the_fee_with_the_platform() -> None:
    kept = FeeOnRefund(FeeBearing.KEPT)

    found = quote(*lesson(fee_on_refund=kept), Outcome.CANCELLED_BY_STUDENT, LATE)

    assert shown(found) == ("37.50", ["26.25"], "11.25")


def test_a_promotion_that_the_platform_funds_still_bears_its_part() -> None:
    found = quote(*lesson(6_000, discount=1_500), Outcome.COMPLETED, LATE)

    assert shown(found) == ("0.00", ["63.75"], "11.25")
    assert found.promotion == dollars(1_500)


def test_a_teacher_still_earns_when_a_promotion_pays_for_all_of_it() -> None:
    found = quote(*lesson(0, discount=7_500), Outcome.COMPLETED, LATE)

    assert shown(found) == ("0.00", ["63.75"], "11.25")
    assert found.promotion == dollars(7_500)


def test_a_half_is_rounded_up_for_the_student() -> None:
    assert due_back(*lesson(7_501), Outcome.CANCELLED_BY_STUDENT, LATE) == dollars(3_751)


def test_what_went_back_before_counts() -> None:
    booking, payment = lesson(10_000)
    refund, payment = reserve(payment, 3_000)

    assert due_back(booking, payment, Outcome.CANCELLED_BY_STUDENT, LATE) == dollars(2_000)
    assert due_back(booking, payment, Outcome.CANCELLED_BY_STUDENT, TOO_LATE) == dollars(0)
    assert due_back(booking, payment, Outcome.CANCELLED_BY_TEACHER, LATE) == dollars(7_000)
    assert refund.amount == dollars(3_000)


def test_nothing_goes_back_while_a_dispute_is_open() -> None:
    booking, payment = lesson()

    found = due_back(
        booking, evolve(payment, is_disputed=True), Outcome.CANCELLED_BY_TEACHER, EARLY
    )

    assert found == dollars(0)


def test_a_quote_is_in_steps_that_the_gateway_can_send() -> None:
    booking, payment = lesson(7_501)
    cancel = Outcome.CANCELLED_BY_STUDENT

    assert quote(booking, payment, cancel, LATE).student == dollars(3_751)
    assert quote(booking, payment, cancel, LATE, step=100).student == dollars(3_800)


def test_what_a_dispute_took_is_paid_no_more() -> None:
    booking, payment = lesson(10_000)
    less = evolve(payment, lost=dollars(2_000))

    found = quote(booking, less, Outcome.COMPLETED, LATE)

    assert shown(found) == ("0.00", ["85.00"], "15.00")
    assert found.promotion == dollars(2_000)
    refund, left = reserve(less, 4_000)
    assert left.refundable == dollars(4_000)
    assert executed(booking, left, refund).promotion == dollars(1_000)


# --- Before payment ------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", sorted(KEEPS_OTHERS))
def test_before_payment_a_lesson_that_takes_place_is_quoted_on_its_price(outcome: Outcome) -> None:
    booking, _ = lesson()

    found = quote(booking, None, outcome, NOW)

    assert shown(found) == ("0.00", ["63.75"], "11.25")
    assert found.promotion == dollars(0)


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - KEEPS_OTHERS))
def test_before_payment_nothing_moves_otherwise(outcome: Outcome) -> None:
    booking, payment = lesson()
    unpaid = evolve(payment, stage=Stage.UNFUNDED, captured=dollars(0))

    for of in (None, unpaid):
        assert shown(quote(booking, of, outcome, NOW)) == ("0.00", ["0.00"], "0.00")


def test_a_quote_is_good_until_the_policys_next_boundary() -> None:
    cancel = Outcome.CANCELLED_BY_STUDENT

    assert quote(*lesson(), cancel, NOW).valid_until == EARLY
    assert quote(*lesson(), cancel, LATE).valid_until == LESSON_AT - timedelta(hours=12)
    assert quote(*lesson(), cancel, TOO_LATE).valid_until == LESSON_AT + timedelta(hours=1)
    assert quote(*lesson(), Outcome.COMPLETED, NOW).valid_until is None


def test_notice_counts_from_the_earlier_start_after_a_move_inside_the_window() -> None:
    booking, payment = lesson()
    moved = evolve(booking, period=booking.period.moved_to(after(days=30)), notice_from=LESSON_AT)

    assert quote(moved, payment, Outcome.CANCELLED_BY_STUDENT, LATE).refund_percent == 50


# --- What always holds ---------------------------------------------------------------------------


def reserve(payment: Payment, minor: int, fault: Fault = Fault.NONE) -> tuple[Refund, Payment]:
    return Refund.reserve(
        id=RefundId("re_1"),
        payment=payment,
        amount=dollars(minor),
        reason="",
        fault=fault,
        cause=RefundCause.CANCELLATION,
        requested_by=None,
        at=NOW,
    )


@st.composite
def lessons(draw: st.DrawFn) -> tuple[Booking, Payment]:
    """Draw paid lessons, some of them refunded in part before."""
    booking, payment = lesson(
        draw(st.integers(1, 10**6)),
        discount=draw(st.integers(0, 10**5)),
        weights=tuple(draw(st.lists(st.integers(1, 1_000), min_size=1, max_size=5))),
        fees=a_fee_schedule(draw(st.integers(0, 10_000))),
        fee_on_refund=draw(fees_on_refund()),
        policy=draw(policies() | st.sampled_from(sorted(PRESETS.values(), key=str))),
    )
    before = draw(st.integers(0, payment.amount.minor))
    if before:
        fault = draw(st.sampled_from([Fault.NONE, Fault.TEACHER]))
        _, payment = reserve(payment, before, fault)
    return booking, payment


instants = st.timedeltas(timedelta(days=-2), timedelta(days=40)).map(lambda t: LESSON_AT - t)


@given(lessons(), st.sampled_from(Outcome), instants)
def test_the_sides_of_a_quote_sum_to_what_is_paid(
    case: tuple[Booking, Payment], outcome: Outcome, at: datetime
) -> None:
    booking, payment = case

    found = quote(booking, payment, outcome, at)

    teachers = total((amount for _, amount in found.teachers), USD)
    still_paid = payment.captured - payment.given_back
    assert found.student + teachers + found.platform - found.promotion == still_paid
    assert min(found.student, found.promotion, *(part for _, part in found.teachers)) >= dollars(0)
    if payment.terms.fee_on_refund.bearing is not FeeBearing.ABSORBED:
        assert found.platform >= dollars(0)


@given(lessons(), st.sampled_from(Side), instants)
def test_execution_does_exactly_what_the_quote_said(
    case: tuple[Booking, Payment], by: Side, at: datetime
) -> None:
    booking, payment = case
    outcome = outcome_of_cancelling(by)
    said = quote(booking, payment, outcome, at)

    if not said.student:
        assert [part for _, part in said.teachers] == [s.remaining for s in payment.shares]
        return
    refund, left = Refund.reserve(
        id=RefundId("re_1"),
        payment=payment,
        amount=said.student,
        reason="",
        fault=FAULT_OF[outcome],
        cause=RefundCause.CANCELLATION,
        requested_by=None,
        at=at,
    )

    assert [part for _, part in said.teachers] == [share.remaining for share in left.shares]
    assert executed(evolve(booking, outcome=outcome), left, refund) == said


@given(lessons(), instants, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_waiting_never_makes_a_cancellation_cheaper(
    case: tuple[Booking, Payment], at: datetime, wait: timedelta
) -> None:
    soon = due_back(*case, Outcome.CANCELLED_BY_STUDENT, at)
    later = due_back(*case, Outcome.CANCELLED_BY_STUDENT, at + wait)

    assert later <= soon


def test_money_that_nobody_has_is_no_quote_of_another_currency() -> None:
    booking, _ = lesson()

    assert quote(booking, None, Outcome.EXPIRED, NOW).student == Money.zero(USD)
