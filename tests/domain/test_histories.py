"""Every step is dated, and its event is told after those before it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from domain.bookings import BookingRules, BookingStatus, Party, PaymentState
from domain.earnings import PayoutStatus
from domain.events import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingRequested,
    BookingRescheduled,
    BookingReseated,
    Event,
    NoShowReported,
    PaymentCanceled,
    PaymentFailed,
    PaymentSucceeded,
    PayoutFailed,
    PayoutPaid,
    RefundFailed,
    RefundSucceeded,
    RescheduleProposed,
)
from domain.payments import Failure, Observation, PaymentStatus
from domain.refunds import RefundStatus, no_legs
from tests.builders import (
    LESSON_AT,
    NOW,
    a_booking,
    a_gig,
    a_paid_payment,
    a_payment,
    a_payout,
    a_refund,
    after,
    dollars,
)

AT = after(hours=1)
ENDS_AT = LESSON_AT + timedelta(hours=1)
LATER = after(days=9)
BEFORE = BookingRequested(booking="bk_0", at=NOW)
DECLINED = Failure(code="card_declined", message="Your card was declined.")

B = BookingStatus
P = PaymentStatus
PAID = a_booking(payment_status=PaymentState.PAID)
PROPOSED = evolve(PAID.propose_reschedule(LATER, by=Party.STUDENT, at=NOW), events=())
CANCELING = a_payment(status=P.CANCELING)
PENDING_REFUND = a_refund(status=RefundStatus.PENDING)


def seen(status: PaymentStatus, captured: int = 0, failure: Failure | None = None) -> Observation:
    return Observation(
        status=status,
        captured=dollars(captured),
        gateway_id="pi_1",
        failure=failure,
        read_at=AT,
    )


TOLD: dict[str, tuple[Any, Callable[[Any, datetime], Any], Event]] = {
    "confirm": (
        a_booking(status=B.REQUESTED),
        lambda it, at: it.confirm(rules=BookingRules(), at=at),
        BookingConfirmed(booking="bk_1", at=AT),
    ),
    "decline": (
        a_booking(status=B.REQUESTED),
        lambda it, at: it.decline(at=at),
        BookingDeclined(booking="bk_1", at=AT),
    ),
    "cancel": (
        a_booking(),
        lambda it, at: it.cancel(by=Party.TEACHER, reason="ill", at=at),
        BookingCancelled(booking="bk_1", by="teacher", reason="ill", at=AT),
    ),
    "complete": (
        PAID,
        lambda it, at: it.complete(at=at),
        BookingCompleted(booking="bk_1", at=ENDS_AT),
    ),
    "report the student": (
        PAID,
        lambda it, at: it.report_no_show(Party.STUDENT, by=Party.TEACHER, at=at),
        NoShowReported(booking="bk_1", absent="student", at=ENDS_AT),
    ),
    "report the teacher": (
        PAID,
        lambda it, at: it.report_no_show(Party.TEACHER, by=Party.STUDENT, at=at),
        NoShowReported(booking="bk_1", absent="teacher", at=ENDS_AT),
    ),
    "expire": (
        a_booking(),
        lambda it, at: it.on_deadline(at=at),
        BookingExpired(booking="bk_1", at=after(hours=24)),
    ),
    "complete itself": (
        PAID,
        lambda it, at: it.on_deadline(at=at),
        BookingCompleted(booking="bk_1", at=LATER),
    ),
    "call what was refunded off": (
        a_booking(payment_status=PaymentState.REFUNDED),
        lambda it, at: it.on_deadline(at=at),
        BookingCancelled(booking="bk_1", by="platform", reason="refunded in full", at=LATER),
    ),
    "reseat": (
        a_booking(status=B.EXPIRED),
        lambda it, at: it.reseat(at=at),
        BookingReseated(booking="bk_1", at=AT),
    ),
    "propose": (
        a_booking(),
        lambda it, at: it.propose_reschedule(LATER, by=Party.TEACHER, at=at),
        RescheduleProposed(booking="bk_1", by="teacher", at=AT),
    ),
    "accept": (
        PROPOSED,
        lambda it, at: it.accept_reschedule(by=Party.TEACHER, at=at),
        BookingRescheduled(booking="bk_1", at=AT),
    ),
    "succeed": (
        a_payment(),
        lambda it, _: it.observe(seen(P.SUCCEEDED, 10_000)),
        PaymentSucceeded(payment="pay_1", at=AT),
    ),
    "fail": (
        a_payment(),
        lambda it, _: it.observe(seen(P.FAILED, failure=DECLINED)),
        PaymentFailed(payment="pay_1", code="card_declined", at=AT),
    ),
    "end canceled": (
        a_payment(),
        lambda it, _: it.observe(seen(P.CANCELED)),
        PaymentCanceled(payment="pay_1", at=AT),
    ),
    "fail a try": (
        a_payment(),
        lambda it, at: it.try_failed(DECLINED, at=at),
        PaymentFailed(payment="pay_1", code="card_declined", at=AT),
    ),
    "take a wrong amount": (
        a_payment(),
        lambda it, _: it.mischarged(seen(P.SUCCEEDED, 1), DECLINED),
        PaymentFailed(payment="pay_1", code="card_declined", at=AT),
    ),
    "take a wrong amount when called off": (
        CANCELING,
        lambda it, _: it.mischarged(seen(P.SUCCEEDED, 1), DECLINED),
        PaymentCanceled(payment="pay_1", at=AT),
    ),
    "drop": (
        CANCELING,
        lambda it, at: it.never_sent(at=at),
        PaymentCanceled(payment="pay_1", at=AT),
    ),
    "give back": (
        PENDING_REFUND,
        lambda it, at: it.succeeded(at=at),
        RefundSucceeded(refund="re_1", payment="pay_1", at=AT),
    ),
    "give back in vain": (
        PENDING_REFUND,
        lambda it, at: it.failed("declined", at=at),
        RefundFailed(refund="re_1", payment="pay_1", after_success=False, reason="declined", at=AT),
    ),
    "pay out": (
        a_payout(),
        lambda it, at: it.paid(at=at),
        PayoutPaid(payout="po_1", at=AT),
    ),
    "pay out in vain": (
        a_payout(status=PayoutStatus.PENDING),
        lambda it, at: it.failed("account_closed", at=at),
        PayoutFailed(payout="po_1", reason="account_closed", at=AT),
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_step_is_told_after_what_happened_before(name: str) -> None:
    before, take, event = TOLD[name]

    moved = take(evolve(before, events=(BEFORE,)), event.at)

    assert moved.events == (BEFORE, event)
    assert moved.updated_at == event.at


UNTOLD: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "decline a proposal": (PROPOSED, lambda it: it.decline_reschedule(at=AT)),
    "show a payment": (a_booking(), lambda it: it.paid_as(PaymentState.PENDING, at=AT)),
    "change a gig": (a_gig(), lambda it: it.changed(at=AT)),
    "step": (a_payment(), lambda it: it.observe(seen(P.PROCESSING))),
    "try again": (a_payment(), lambda it: it.tried_again(at=AT)),
    "drop a try": (a_payment(status=P.PROCESSING), lambda it: it.try_dropped(at=AT)),
    "call off": (a_payment(), lambda it: it.begin_cancel(at=AT)),
    "count a refund": (
        a_paid_payment(reserved=dollars(100)),
        lambda it: it.refund_accepted(dollars(100), at=AT),
    ),
    "release a refund": (
        a_paid_payment(reserved=dollars(100)),
        lambda it: it.refund_released(
            dollars(100), no_legs(dollars(0), 1), was_accepted=False, at=AT
        ),
    ),
    "send a refund": (a_refund(), lambda it: it.accepted("re_gateway", at=AT)),
    "settle": (a_refund(is_owed=True), lambda it: it.settled(at=AT)),
    "take a payout back": (a_payout(), lambda it: it.reversed_up_to(dollars(100), at=AT)[0]),
}


@pytest.mark.parametrize("name", UNTOLD)
def test_a_step_that_is_no_news_is_dated_as_well(name: str) -> None:
    before, take = UNTOLD[name]

    moved = take(evolve(before, events=(BEFORE,)))

    assert moved.events == (BEFORE,)
    assert moved.updated_at == AT
