"""Payments and refunds, as clients see them."""

from collections.abc import Callable, Mapping, Sequence

from application.commands import Actor
from application.payments import OpenedPayment
from application.ports.storage import Views
from domain.errors import NotFound
from domain.ids import PaymentId, RefundId, UserId
from domain.payments import Payment
from domain.refunds import Refund
from entrypoints.http.endpoints import Reply
from entrypoints.http.schemas import bookings
from entrypoints.http.schemas import payments as schema

Emails = Mapping[UserId, str]


def payments(actor: Actor) -> Callable[[Views, Sequence[Payment]], Sequence[schema.Payment]]:
    """Show payments to somebody: their people's addresses are read once for all of them."""

    def show(views: Views, values: Sequence[Payment]) -> Sequence[schema.Payment]:
        people = {person for value in values for person in _people(value)}
        emails = views.people.emails(sorted(people))
        return [payment(value, emails, actor) for value in values]

    return show


def payment(value: Payment, emails: Emails, actor: Actor) -> schema.Payment:
    """Show a payment; its secret is for the payer alone, while it is of use."""
    is_payer = actor.user_id == value.student_id
    failure = value.failure
    return schema.Payment(
        id=value.id,
        booking_id=value.booking_id,
        purchase_id=None,
        student_id=value.student_id,
        student_email=emails.get(value.student_id),
        teachers=tuple(
            schema.PaidTeacher(
                teacher_id=share.teacher_id,
                teacher_email=emails.get(share.teacher_id),
                payout_amount=str(share.agreed),
                refunded_amount=str(share.reversed),
            )
            for share in value.shares
        ),
        amount=str(value.amount),
        list_amount=str(value.list_amount),
        discount_amount=str(value.discount),
        currency=value.amount.currency.code,
        platform_fee_percentage=value.terms.fees.percentage,
        platform_fee_amount=str(value.fee),
        teacher_payout_amount=str(value.teachers_total),
        refunded_amount=str(value.refunded),
        refundable_amount=str(value.refundable),
        status=value.status,
        payment_method_type=value.used.method_type,
        card_brand=value.used.brand,
        card_last4=value.used.last4,
        receipt_url=value.receipt_url,
        failure_code=failure.code if failure else None,
        failure_message=failure.message if failure else None,
        client_secret=value.client_secret if is_payer and value.status.is_live else None,
        stripe_payment_intent_id=value.gateway_id,
        stripe_charge_id=value.charge_id,
        metadata={"payment_id": value.id, "booking_id": value.booking_id or ""},
        created_at=value.created_at,
        paid_at=value.paid_at,
        refunded_at=value.refunded_at,
    )


def payment_now(actor: Actor) -> Callable[[Views, Payment], Reply]:
    """Answer with a payment that was read."""
    return lambda views, value: Reply(200, payments(actor)(views, [value])[0])


def payment_by_id(actor: Actor) -> Callable[[Views, PaymentId], Reply]:
    """Answer with the payment of an id."""
    return lambda views, payment_id: Reply(200, _shown(views, payment_id, actor))


def payment_opened(actor: Actor) -> Callable[[Views, OpenedPayment], Reply]:
    """Answer with a payment that was tried: 201 if it is new, 202 while nobody knows."""

    def show(views: Views, opened: OpenedPayment) -> Reply:
        status = 202 if opened.is_unknown else 201 if opened.is_new else 200
        return Reply(status, _shown(views, opened.payment_id, actor))

    return show


def intent_opened(actor: Actor) -> Callable[[Views, OpenedPayment], Reply]:
    """Answer with what the browser needs to pay; with the payment (202) while that is missing."""

    def show(views: Views, opened: OpenedPayment) -> Reply:
        value = _found(views, opened.payment_id)
        if opened.is_unknown or value.gateway_id is None or value.client_secret is None:
            return Reply(202, _shown(views, opened.payment_id, actor))
        intent = schema.PaymentIntent(
            client_secret=value.client_secret,
            payment_intent_id=value.gateway_id,
            payment_id=value.id,
            amount=str(value.amount),
            currency=value.amount.currency.code,
        )
        return Reply(201 if opened.is_new else 200, intent)

    return show


def refund(value: Refund, teachers: Sequence[UserId]) -> schema.Refund:
    """Show a refund; `teachers` are those of its payment, in order."""
    return schema.Refund(
        id=value.id,
        payment_id=value.payment_id,
        booking_id=value.booking_id,
        student_id=value.student_id,
        amount=str(value.amount),
        currency=value.amount.currency.code,
        reason=value.reason,
        fault=value.fault,
        status=value.status,
        platform_fee_amount=str(value.legs.fee),
        teachers=tuple(
            bookings.TeacherAmount(teacher_id=teacher, amount=str(leg))
            for teacher, leg in zip(teachers, value.legs.teachers, strict=False)
        ),
        failure_reason=value.failure_reason,
        is_owed=value.is_owed,
        settles=value.settles,
        stripe_refund_id=value.gateway_id,
        created_at=value.created_at,
    )


def refunds(views: Views, values: Sequence[Refund]) -> Sequence[schema.Refund]:
    """Show refunds, with the teachers of their payments."""
    wanted = {value.payment_id for value in values}
    found = {payment_id: _found(views, payment_id) for payment_id in wanted}
    return [refund(value, _teachers(found[value.payment_id])) for value in values]


def refund_now(views: Views, value: Refund) -> Reply:
    """Answer with a refund that was read."""
    return Reply(200, refunds(views, [value])[0])


def refund_by_id(status: int, views: Views, id: RefundId) -> Reply:
    """Answer with the refund of an id."""
    return Reply(status, refunds(views, [_found_refund(views, id)])[0])


def refunded(actor: Actor) -> Callable[[Views, RefundId], Reply]:
    """Answer with what goes back, and the payment after it; 202 while nobody knows."""

    def show(views: Views, id: RefundId) -> Reply:
        value = _found_refund(views, id)
        is_sent = value.gateway_id is not None
        shown = schema.Refunded(
            message="The refund is on its way." if is_sent else "The refund is being sent.",
            refund_id=value.id,
            amount=str(value.amount),
            currency=value.amount.currency.code,
            payment=_shown(views, value.payment_id, actor),
        )
        return Reply(201 if is_sent else 202, shown)

    return show


def _shown(views: Views, id: PaymentId, actor: Actor) -> schema.Payment:
    return payments(actor)(views, [_found(views, id)])[0]


def _found(views: Views, id: PaymentId) -> Payment:
    found = views.payments.find(id)
    if found is None:
        raise NotFound("This payment")
    return found


def _found_refund(views: Views, id: RefundId) -> Refund:
    found = views.refunds.find(id)
    if found is None:
        raise NotFound("This refund")
    return found


def _people(value: Payment) -> tuple[UserId, ...]:
    return (value.student_id, *_teachers(value))


def _teachers(value: Payment) -> tuple[UserId, ...]:
    return tuple(share.teacher_id for share in value.shares)
