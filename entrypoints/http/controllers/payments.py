"""Payments: in the browser, from the server, and giving money back."""

from functools import partial
from typing import Any

from application.customers import CardDeclined, NoPaymentMethod, PaymentMethodInvalid
from application.effects import GatewayDeclined
from application.payments import (
    ConfirmPayment,
    CreatePaymentIntent,
    GetPayment,
    ListPayments,
    PaymentInProgress,
    ProcessPayment,
)
from application.ports.storage import PaymentFilter, RefundFilter
from application.refunds import (
    GetRefund,
    ListRefunds,
    MarkOwedPaid,
    RefundPayment,
    RetryOwedRefund,
)
from domain.bookings import BookingAlreadyPaid, BookingNotConfirmed, OwnGig, SlotTaken
from domain.gigs import GigNotBookable
from domain.ids import BookingId, GigId, PaymentId, RefundId, UserId
from domain.payments import (
    AmountTooLarge,
    AmountTooSmall,
    PaymentDisputed,
    PaymentStateConflict,
    RefundExceedsRefundable,
)
from domain.refunds import RefundNotOwed
from entrypoints.http import limits
from entrypoints.http.endpoints import Call, Do, Resource
from entrypoints.http.paging import created_in, page_of
from entrypoints.http.policies import ADMIN, KNOWN, STUDENT, STUDENT_OR_ADMIN
from entrypoints.http.presenters import payments as present
from entrypoints.http.presenters.common import pages_with
from entrypoints.http.reading import in_utc
from entrypoints.http.schemas import payments as schema
from entrypoints.http.schemas.common import Page

payments = Resource("/payments", tag="Payments")
refunds = Resource("/refunds", tag="Refunds")

_AWAY = ("gateway_unavailable", "operation_under_way")
_NOT_PAYABLE = (
    BookingNotConfirmed,
    BookingAlreadyPaid,
    AmountTooSmall,
    AmountTooLarge,
    GatewayDeclined,
)


@payments.post(
    "/create-payment-intent",
    who=STUDENT_OR_ADMIN,
    limits=limits.PAY,
    answers={200: schema.PaymentIntent, 201: schema.PaymentIntent, 202: schema.Payment},
    refuses=_NOT_PAYABLE,
    problems=("not_found", *_AWAY),
)
def create_payment_intent(body: schema.BookingToPay, call: Call) -> Do[Any]:
    """Begin a payment that the browser confirms.

    Hand `client_secret` to Stripe.js. While a booking has a live payment, that one is answered
    (200). 202 answers the payment while nobody knows whether the gateway took it: ask again then.
    """
    command = CreatePaymentIntent(booking_id=BookingId(body.booking_id))
    return Do(command, present.intent_opened(call.actor))


@payments.post(
    "/confirm-payment",
    who=STUDENT_OR_ADMIN,
    limits=limits.PAY,
    answers={200: schema.Payment},
    problems=("not_found", *_AWAY),
)
def confirm_payment(body: schema.PaymentToConfirm, call: Call) -> Do[Any]:
    """Book what the gateway says of a payment, now, without waiting for its webhook."""
    command = ConfirmPayment(payment_id=PaymentId(body.payment_id))
    return Do(command, present.payment_by_id(call.actor))


@payments.post(
    "/process-payment",
    who=STUDENT,
    limits=limits.PAY,
    answers={200: schema.Payment, 201: schema.Payment, 202: schema.Payment},
    refuses=(
        *_NOT_PAYABLE,
        CardDeclined,
        NoPaymentMethod,
        PaymentMethodInvalid,
        PaymentInProgress,
        PaymentStateConflict,
        SlotTaken,
        GigNotBookable,
        OwnGig,
    ),
    problems=("not_found", *_AWAY),
    example={
        "booking_id": "bk_01jqz8t3v5m7n9p1r3s5t7v9x1",
        "payment_method_id": "card_01jqz8t3v5m7n9p1r3s5t7v9x1",
    },
)
def process_payment(body: schema.PaymentToProcess, call: Call) -> Do[Any]:
    """Charge a card from the server.

    For a booking, or to book an instant gig and pay in one call. A payment that `requires_action`
    carries the `client_secret` with which the browser passes 3-D Secure. 202 answers a payment
    whose outcome is not known yet.
    """
    command = ProcessPayment(
        booking_id=None if body.booking_id is None else BookingId(body.booking_id),
        gig_id=None if body.gig_id is None else GigId(body.gig_id),
        starts_at=None if body.starts_at is None else in_utc(body.starts_at, "starts_at"),
        minutes=body.duration_minutes,
        payment_method_id=body.payment_method_id,
    )
    return Do(command, present.payment_opened(call.actor))


@payments.get("", who=KNOWN, answers={200: Page[schema.Payment]})
def list_payments(query: schema.PaymentQuery, call: Call) -> Do[Any]:
    """List the payments that one made or received; staff sees all."""
    where = PaymentFilter(
        student_id=_user(query.student_id),
        teacher_id=_user(query.teacher_id),
        booking_id=None if query.booking_id is None else BookingId(query.booking_id),
        status=query.status,
        currency=query.currency,
        method_type=query.payment_method_type,
        q=query.q or None,
        created=created_in(query),
    )
    show = pages_with(present.payments(call.actor))
    return Do(ListPayments(where=where, page=page_of(query)), show)


@payments.get("/{payment_id}", who=KNOWN, answers={200: schema.Payment})
def show_payment(payment_id: str, call: Call) -> Do[Any]:
    """Show a payment."""
    return Do(GetPayment(payment_id=PaymentId(payment_id)), present.payment_now(call.actor))


@payments.post(
    "/{payment_id}/refund",
    who=KNOWN,
    answers={201: schema.Refunded, 202: schema.Refunded},
    refuses=(
        RefundExceedsRefundable,
        PaymentDisputed,
        PaymentStateConflict,
        GatewayDeclined,
    ),
    problems=_AWAY,
)
def refund_payment(payment_id: str, body: schema.NewRefund, call: Call) -> Do[Any]:
    """Give money back: all that is refundable, or an amount.

    Staff may give back what is left of any payment, a teacher of those they receive, a student what
    the policy's quote gives now. 202 answers a refund that is not known to have reached the gateway
    yet; it is reserved, and goes out by itself.
    """
    command = RefundPayment(
        payment_id=PaymentId(payment_id),
        amount=body.amount,
        reason=body.reason,
        fault=body.fault,
        teacher_keeps=body.teacher_keeps,
    )
    return Do(command, present.refunded(call.actor))


@refunds.get("", who=KNOWN, answers={200: Page[schema.Refund]})
def list_refunds(query: schema.RefundQuery) -> Do[Any]:
    """List the refunds of payments that one made or received; staff sees all."""
    where = RefundFilter(
        student_id=_user(query.student_id),
        teacher_id=_user(query.teacher_id),
        payment_id=None if query.payment_id is None else PaymentId(query.payment_id),
        status=query.status,
        created=created_in(query),
    )
    return Do(ListRefunds(where=where, page=page_of(query)), pages_with(present.refunds))


@refunds.get("/{refund_id}", who=KNOWN, answers={200: schema.Refund})
def show_refund(refund_id: str) -> Do[Any]:
    """Show a refund."""
    return Do(GetRefund(refund_id=RefundId(refund_id)), present.refund_now)


@refunds.post(
    "/{refund_id}/retry",
    who=ADMIN,
    answers={201: schema.Refund},
    refuses=(RefundNotOwed, GatewayDeclined, PaymentDisputed),
    problems=_AWAY,
)
def retry_refund(refund_id: str) -> Do[Any]:
    """Send a refund that the bank returned once more; the new refund is answered."""
    command = RetryOwedRefund(refund_id=RefundId(refund_id))
    return Do(command, partial(present.refund_by_id, 201))


@refunds.post(
    "/{refund_id}/mark-paid",
    who=ADMIN,
    answers={200: schema.Refund},
    refuses=(RefundNotOwed,),
)
def mark_refund_paid(refund_id: str, body: schema.Reference) -> Do[Any]:
    """Record that a refund that the bank returned was paid by hand."""
    command = MarkOwedPaid(refund_id=RefundId(refund_id), reference=body.reference)
    return Do(command, partial(present.refund_by_id, 200))


def _user(id: str | None) -> UserId | None:
    return None if id is None else UserId(id)
