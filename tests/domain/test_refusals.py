"""What a refusal tells: its kind, the field that it is about, and a sentence for people."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from domain.bookings import (
    Booking,
    BookingAlreadyPaid,
    BookingNotCancellable,
    BookingNotConfirmed,
    BookingNotEnded,
    BookingNotPaid,
    BookingRules,
    BookingStatus,
    NoShowOutOfTime,
    NotAwaitingConfirmation,
    OwnGig,
    Party,
    PaymentState,
    RescheduleNotPossible,
    SlotTaken,
    must_be_free,
)
from domain.earnings import PayoutStateConflict, PayoutStatus
from domain.errors import CurrencyMismatch, DomainError, InvalidField
from domain.fees import FeeOnRefund
from domain.gigs import Gig, GigNotBookable, Teaching
from domain.ids import BookingId, RefundId, UserId
from domain.money import MAX_MINOR, Money, currency
from domain.payments import PaymentDisputed, PaymentStateConflict, RefundExceedsRefundable
from domain.people import email_address
from domain.policies import CancellationPolicy
from domain.refunds import RefundNotOwed
from tests.builders import (
    EUR,
    LESSON_AT,
    NOW,
    STUDENT,
    TEACHER,
    USD,
    a_booking,
    a_fee_schedule,
    a_gig,
    a_paid_payment,
    a_payment,
    a_payout,
    a_refund,
    a_teacher,
    after,
    dollars,
    teachings,
)

RULES = BookingRules()
ENDS_AT = LESSON_AT + timedelta(hours=1)
Call = Callable[[], object]


def request(gig: Gig, *, minutes: int = 60, by: str = STUDENT, at: datetime = LESSON_AT) -> Booking:
    return Booking.request(
        id=BookingId("bk_1"),
        gig=gig,
        student_id=UserId(by),
        starts_at=at,
        minutes=minutes,
        fees=a_fee_schedule(),
        fee_on_refund=FeeOnRefund(),
        rules=RULES,
        at=NOW,
    )


def booking(status: BookingStatus = BookingStatus.CONFIRMED, *, paid: bool = True) -> Booking:
    state = PaymentState.PAID if paid else PaymentState.UNPAID
    return a_booking(status=status, payment_status=state)


def no_show(of: Booking, *, hours: float = 1) -> Booking:
    at = LESSON_AT + timedelta(hours=hours)
    return of.report_no_show(Party.STUDENT, by=Party.TEACHER, at=at)


def proposed() -> Booking:
    return booking().propose_reschedule(after(days=9), by=Party.STUDENT, at=NOW)


# --- One field -----------------------------------------------------------------------------------

FIELDS: dict[str, tuple[Call, str, str]] = {
    "no teachers": (lambda: a_gig(teachers=()), "teachers", "invalid"),
    "a teacher twice": (lambda: a_gig(teachers=teachings("a", "a")), "teachers", "invalid"),
    "no weight": (lambda: a_gig(teachers=(Teaching(TEACHER, 0),)), "teachers", "invalid"),
    "a negative rate": (lambda: a_gig(hourly_rate=dollars(-1)), "hourly_rate", "invalid"),
    "no seats": (lambda: a_gig(capacity=0), "capacity", "invalid"),
    "a short lesson": (lambda: request(a_gig(), minutes=1), "duration_minutes", "invalid"),
    "a lesson that began": (lambda: request(a_gig(), at=NOW), "starts_at", "in_the_past"),
    "a far lesson": (lambda: request(a_gig(), at=after(days=999)), "starts_at", "too_far_ahead"),
    "no move": (
        lambda: booking().propose_reschedule(LESSON_AT, by=Party.STUDENT, at=NOW),
        "starts_at",
        "invalid",
    ),
    "a schedule": (lambda: a_fee_schedule(-1), "fee_basis_points", "invalid"),
    "a teacher's fee": (lambda: a_teacher().with_fee(-1), "fee_basis_points", "invalid"),
    "a kept share": (lambda: FeeOnRefund(kept_percent=101), "fee_on_refund", "invalid"),
    "a fee's rule": (lambda: FeeOnRefund.parse("all"), "fee_on_refund", "invalid"),
    "no tiers": (lambda: CancellationPolicy("none", ()), "cancellation_policy", "invalid"),
    "a policy": (lambda: CancellationPolicy.parse("?"), "cancellation_policy", "invalid"),
    "an address": (lambda: email_address("?"), "email", "invalid"),
    "an address of nobody": (
        lambda: email_address("ada@example.com", allows_reserved=False),
        "email",
        "reserved_domain",
    ),
    "a currency": (lambda: currency("doge"), "currency", "unknown_currency"),
    "no amount": (lambda: Money.parse("?", USD), "amount", "invalid"),
    "a large amount": (lambda: Money(MAX_MINOR + 1, USD), "amount", "too_large"),
    "a large difference": (lambda: Money(-MAX_MINOR - 1, USD), "amount", "too_large"),
    "a large price": (
        lambda: Money.parse("10000000000000.00", USD, field="price"),
        "price",
        "too_large",
    ),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_client_learns_which_field_is_wrong_and_how(name: str) -> None:
    call, field, code = FIELDS[name]

    with pytest.raises(InvalidField) as caught:
        call()

    assert (caught.value.field, caught.value.field_code) == (field, code)
    assert_a_sentence(caught.value)


# --- A rule --------------------------------------------------------------------------------------

S = BookingStatus
RULED_OUT: dict[str, tuple[Call, type[DomainError], str]] = {
    "own gig": (lambda: request(a_gig(), by=TEACHER), OwnGig, ""),
    "a gig that is away": (lambda: request(a_gig(is_active=False)), GigNotBookable, ""),
    "paid twice": (lambda: booking().must_be_payable(), BookingAlreadyPaid, ""),
    "paid too early": (
        lambda: booking(S.REQUESTED, paid=False).must_be_payable(),
        BookingNotConfirmed,
        "requested",
    ),
    "confirmed twice": (
        lambda: booking().confirm(rules=RULES, at=NOW),
        NotAwaitingConfirmation,
        "confirmed",
    ),
    "confirmed late": (
        lambda: booking(S.REQUESTED).confirm(rules=RULES, at=after(hours=48)),
        NotAwaitingConfirmation,
        "lapsed",
    ),
    "declined late": (lambda: booking().decline(at=NOW), NotAwaitingConfirmation, "confirmed"),
    "cancelled when over": (
        lambda: booking().must_be_cancellable_by(Party.STUDENT, ENDS_AT),
        BookingNotCancellable,
        "it is over",
    ),
    "cancelled twice": (
        lambda: booking(S.CANCELLED).must_be_cancellable_by(Party.STUDENT, NOW),
        BookingNotCancellable,
        "it is cancelled",
    ),
    "completed unasked": (
        lambda: booking(S.REQUESTED).complete(at=ENDS_AT),
        BookingNotConfirmed,
        "requested",
    ),
    "completed early": (lambda: booking().complete(at=LESSON_AT), BookingNotEnded, ""),
    "completed unpaid": (lambda: booking(paid=False).complete(at=ENDS_AT), BookingNotPaid, ""),
    "absent unasked": (lambda: no_show(booking(S.REQUESTED)), BookingNotConfirmed, "requested"),
    "absent so soon": (lambda: no_show(booking(), hours=0), NoShowOutOfTime, ""),
    "absent unpaid": (lambda: no_show(booking(paid=False)), BookingNotPaid, ""),
    "moved late": (
        lambda: booking().propose_reschedule(after(days=9), by=Party.STUDENT, at=LESSON_AT),
        RescheduleNotPossible,
        "",
    ),
    "no proposal to accept": (
        lambda: booking().accept_reschedule(by=Party.TEACHER, at=NOW),
        RescheduleNotPossible,
        "no proposal",
    ),
    "own proposal": (
        lambda: proposed().accept_reschedule(by=Party.STUDENT, at=NOW),
        RescheduleNotPossible,
        "other side",
    ),
    "no proposal to decline": (
        lambda: booking().decline_reschedule(at=NOW),
        RescheduleNotPossible,
        "no proposal",
    ),
    "a slot": (
        lambda: must_be_free(booking(), 1, [a_booking("bk_2", student_id="usr_2")]),
        SlotTaken,
        "time is taken",
    ),
    "a seat": (
        lambda: must_be_free(
            booking(), 2, [a_booking(f"bk_{n}", student_id=f"usr_{n}") for n in (2, 3)]
        ),
        SlotTaken,
        "seats",
    ),
    "tried again": (lambda: a_paid_payment().tried_again(at=NOW), PaymentStateConflict, "succeed"),
    "called off": (lambda: a_paid_payment().begin_cancel(at=NOW), PaymentStateConflict, "succeed"),
    "disputed": (
        lambda: a_paid_payment(is_disputed=True).must_be_refundable(dollars(1)),
        PaymentDisputed,
        "",
    ),
    "refunded unpaid": (
        lambda: a_payment().must_be_refundable(dollars(1)),
        PaymentStateConflict,
        "pending",
    ),
    "refunded again": (
        lambda: a_paid_payment(refunded=dollars(10_000)).must_be_refundable(dollars(1)),
        RefundExceedsRefundable,
        "Nothing is left",
    ),
    "refunded too much": (
        lambda: a_paid_payment().must_be_refundable(dollars(10_001)),
        RefundExceedsRefundable,
        "100.00 usd can be refunded, not 100.01",
    ),
    "not owed": (lambda: a_refund().settled(at=NOW), RefundNotOwed, ""),
    "not to be settled": (
        lambda: a_refund().settling(id=RefundId("re_2"), requested_by=None, at=NOW),
        RefundNotOwed,
        "",
    ),
    "paid out": (
        lambda: a_payout(status=PayoutStatus.PAID).paid(at=NOW),
        PayoutStateConflict,
        "paid",
    ),
    "mixed": (lambda: dollars(1) + Money(1, EUR), CurrencyMismatch, "usd and eur"),
}


@pytest.mark.parametrize("name", RULED_OUT)
def test_a_client_learns_which_rule_is_in_the_way(name: str) -> None:
    call, kind, told = RULED_OUT[name]

    with pytest.raises(DomainError) as caught:
        call()

    assert type(caught.value) is kind
    assert told in caught.value.detail
    assert_a_sentence(caught.value)


def assert_a_sentence(error: DomainError) -> None:
    assert str(error).endswith(".")
    assert error.detail == str(error)


def test_what_nothing_is_left_of_says_so_in_figures() -> None:
    with pytest.raises(RefundExceedsRefundable) as caught:
        a_paid_payment(refunded=dollars(10_000)).must_be_refundable(dollars(1))

    assert caught.value.extra == {"refundable_amount": "0.00"}
