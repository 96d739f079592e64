"""Payments and refunds."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from domain.payments import PaymentStatus
from domain.policies import Fault
from domain.refunds import RefundStatus
from entrypoints.http.schemas.bookings import AmountText, CurrencyText, TeacherAmount
from entrypoints.http.schemas.common import (
    Amount,
    CurrencyCode,
    Id,
    Input,
    Instant,
    ListQuery,
    Minutes,
    Output,
    Percentage,
    Reason,
)

MethodId = Annotated[
    str,
    Meta(
        max_length=255,
        description="One of our card ids, or a fresh `pm_…` of the gateway's.",
        examples=["card_01jqz8t3v5m7n9p1r3s5t7v9x1"],
    ),
]


class BookingToPay(Input, frozen=True, kw_only=True):
    """What is to be paid in the browser."""

    booking_id: Id


class PaymentIntent(Output, frozen=True, kw_only=True):
    """What Stripe.js needs to take the payment."""

    client_secret: str
    payment_intent_id: str
    payment_id: Id
    amount: Amount
    currency: CurrencyCode


class PaymentToConfirm(Input, frozen=True, kw_only=True):
    """Which payment the browser has confirmed."""

    payment_id: Id


class PaymentToProcess(Input, frozen=True, kw_only=True):
    """What is to be paid from the server, and with which card; the default one if none is named.

    Give `booking_id`, or else `gig_id`, `starts_at` and `duration_minutes` to book an instant gig
    and pay for it in one call.
    """

    booking_id: Id | None = None
    gig_id: Id | None = None
    starts_at: Instant | None = None
    duration_minutes: Minutes | None = None
    payment_method_id: MethodId | None = None


class PaidTeacher(Output, frozen=True, kw_only=True):
    """A teacher's part of a payment."""

    teacher_id: Id
    teacher_email: str | None
    payout_amount: Amount
    refunded_amount: Amount


class Payment(Output, frozen=True, kw_only=True):
    """The money of one booking, from the first try to the last refund.

    `platform_fee_amount` and `payout_amount` are what was agreed; what was taken back of them
    stands in the refunds and in `refunded_amount`.
    """

    id: Id
    booking_id: Id | None
    purchase_id: Id | None
    student_id: Id
    student_email: str | None
    teachers: tuple[PaidTeacher, ...]
    amount: Amount
    list_amount: Amount
    discount_amount: Amount
    currency: CurrencyCode
    platform_fee_percentage: Percentage
    platform_fee_amount: Amount
    teacher_payout_amount: Amount
    refunded_amount: Amount
    refundable_amount: Amount
    status: PaymentStatus
    payment_method_type: str | None
    card_brand: str | None
    card_last4: str | None
    receipt_url: str | None
    failure_code: str | None
    failure_message: str | None
    client_secret: Annotated[
        str | None, Meta(description="For the payer, while the payment can still be confirmed.")
    ]
    stripe_payment_intent_id: str | None
    stripe_charge_id: str | None
    metadata: Mapping[str, str]
    created_at: Instant
    paid_at: Instant | None
    refunded_at: Instant | None


class PaymentQuery(ListQuery, frozen=True, kw_only=True):
    """Which payments to list."""

    status: PaymentStatus | None = None
    booking_id: Id | None = None
    teacher_id: Id | None = None
    student_id: Id | None = None
    currency: CurrencyText | None = None
    payment_method_type: Annotated[str, Meta(max_length=50)] | None = None
    q: (
        Annotated[str, Meta(max_length=255, description="An id, ours or Stripe's, or an e-mail.")]
        | None
    ) = None


class NewRefund(Input, frozen=True, kw_only=True):
    """What is to go back; all that can, if no amount is named."""

    amount: AmountText | None = None
    reason: Reason
    fault: Fault | None = None
    teacher_keeps: bool | None = None


class Refunded(Output, frozen=True, kw_only=True):
    """What goes back, and the payment after it."""

    message: str
    refund_id: Id
    amount: Amount
    currency: CurrencyCode
    payment: Payment


class Refund(Output, frozen=True, kw_only=True):
    """One amount going back to the payer of a payment."""

    id: Id
    payment_id: Id
    booking_id: Id | None
    student_id: Id
    amount: Amount
    currency: CurrencyCode
    reason: str
    fault: Fault
    status: RefundStatus
    platform_fee_amount: Amount
    teachers: tuple[TeacherAmount, ...]
    failure_reason: str | None
    is_owed: Annotated[bool, Meta(description="The bank sent it back: the student waits for it.")]
    settles: Annotated[Id | None, Meta(description="The refund that this one makes good.")]
    stripe_refund_id: str | None
    created_at: Instant


class RefundQuery(ListQuery, frozen=True, kw_only=True):
    """Which refunds to list."""

    payment_id: Id | None = None
    student_id: Id | None = None
    teacher_id: Id | None = None
    status: RefundStatus | None = None


class Reference(Input, frozen=True, kw_only=True):
    """How it was paid by hand."""

    reference: Annotated[str, Meta(min_length=1, max_length=200)]
