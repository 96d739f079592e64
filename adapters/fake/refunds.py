"""Refunds: made, pending, failed before and after they succeeded."""

from datetime import datetime, timedelta

from attrs import evolve

from adapters.fake.movements import move
from adapters.fake.records import OPERATION, Charge, Method, Payment, Refund
from adapters.fake.shapes import charge_shape, refund_shape
from adapters.fake.turn import Turn, second
from adapters.fake.views import refund_view
from adapters.stripe_facts import CardBehaviour, charge_limit
from application.ports.gateway import (
    GatewayPaymentStatus,
    GatewayRefund,
    GatewayRefundStatus,
    GatewayRefused,
    NewRefund,
)
from application.ports.test_mode import FaultKind

PENDING_FOR = timedelta(days=1)
"""How long a refund to `pm_card_pendingRefund` is pending."""

FAILS_AFTER = timedelta(days=14)
"""How long after its success a refund to `pm_card_refundFail` is returned by the bank."""

S = GatewayRefundStatus
_Course = tuple[S, S | None, datetime | None]
"""How a refund begins, what it becomes, and when."""


def create_refund(turn: Turn, params: NewRefund) -> GatewayRefund:
    """Do `create_refund`."""
    metadata = {**params.metadata, OPERATION: params.operation}
    payment = turn.get(Payment, params.payment, param="payment_intent")
    if params.currency != payment.currency:
        raise GatewayRefused(
            "The refund's currency is not the payment's.",
            code="currency_mismatch",
            param="currency",
        )
    return refund_view(refund_payment(turn, payment, params.amount, metadata))


def refund_payment(turn: Turn, payment: Payment, amount: int, metadata: dict[str, str]) -> Refund:
    """Give back some of a payment; raises `GatewayRefused` when that is more than is left."""
    charge = _refundable_charge(turn, payment, amount)
    status, next_status, due = _course(turn, charge)
    id_, seq = turn.mint("re")
    refund = turn.did(
        Refund(
            id=id_,
            seq=seq,
            payment=payment.id,
            charge=charge.id,
            amount=amount,
            currency=charge.currency,
            status=S.PENDING if status is S.FAILED else status,
            next_status=next_status,
            due=due,
            metadata=metadata,
            created_at=second(turn.now),
        )
    )
    charge = turn.did(evolve(charge, refunded=charge.refunded + amount))
    move(turn, "refund", -amount, charge.currency, source=refund.id)
    turn.tell("refund.created", refund_shape(refund))
    turn.tell("charge.refunded", charge_shape(charge, payment))
    return fail(turn, refund, "declined") if status is S.FAILED else refund


def _refundable_charge(turn: Turn, payment: Payment, amount: int) -> Charge:
    if payment.status is not GatewayPaymentStatus.SUCCEEDED or payment.charge is None:
        raise GatewayRefused(
            f"This PaymentIntent ({payment.id}) does not have a successful charge to refund.",
            code="payment_intent_unexpected_state",
        )
    charge = turn.get(Charge, payment.charge)
    left = charge.amount - charge.refunded
    if left == 0:
        raise GatewayRefused(
            f"Charge {charge.id} has already been refunded.", code="charge_already_refunded"
        )
    if not 0 < amount <= left:
        raise GatewayRefused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).",
            param="amount",
        )
    step = charge_limit(charge.currency).step
    if amount % step:
        raise GatewayRefused(
            f"Amount must be a multiple of {step}.",
            code="parameter_invalid_integer",
            param="amount",
        )
    return charge


def _course(turn: Turn, charge: Charge) -> _Course:
    pends = turn.bent_by(FaultKind.REFUND_PENDS)
    if pends is not None:
        delay = timedelta(seconds=pends.delay_seconds)
        return S.PENDING, S.SUCCEEDED, turn.now + delay if delay else None
    fails = turn.bent_by(FaultKind.REFUND_FAILS)
    if fails is not None:
        delay = timedelta(seconds=fails.delay_seconds)
        return (S.PENDING, S.FAILED, turn.now + delay) if delay else (S.FAILED, None, None)
    behaviour = turn.get(Method, charge.method).behaviour
    if behaviour is CardBehaviour.REFUND_PENDS:
        return S.PENDING, S.SUCCEEDED, turn.now + PENDING_FOR
    if behaviour is CardBehaviour.REFUND_FAILS:
        return S.SUCCEEDED, S.FAILED, turn.now + FAILS_AFTER
    return S.SUCCEEDED, None, None


def end_waiting(turn: Turn, refund: Refund) -> None:
    """Let a refund become what it was to become."""
    if refund.next_status is S.SUCCEEDED:
        succeed(turn, refund)
    elif refund.next_status is S.FAILED:
        fail(turn, refund, "lost_or_stolen_card")


def succeed(turn: Turn, refund: Refund) -> Refund:
    """Let a pending refund succeed."""
    if refund.status is not S.PENDING:
        raise _unexpected_state(refund)
    done = turn.did(evolve(refund, status=S.SUCCEEDED, next_status=None, due=None))
    turn.tell("refund.updated", refund_shape(done))
    return done


def fail(turn: Turn, refund: Refund, reason: str) -> Refund:
    """Let a refund fail: the money is back with us, and the charge can be refunded again."""
    if refund.status is S.FAILED:
        raise _unexpected_state(refund)
    charge = turn.get(Charge, refund.charge)
    turn.did(evolve(charge, refunded=charge.refunded - refund.amount))
    move(turn, "refund_failure", refund.amount, refund.currency, source=refund.id)
    failed = turn.did(
        evolve(refund, status=S.FAILED, failure_reason=reason, next_status=None, due=None)
    )
    turn.tell("refund.updated", refund_shape(failed))
    turn.tell("refund.failed", refund_shape(failed))
    return failed


def _unexpected_state(refund: Refund) -> GatewayRefused:
    return GatewayRefused(
        f"This refund has a status of {refund.status}.", code="refund_unexpected_state"
    )
