"""Objects as Stripe writes them, with the members that matter: what events carry."""

from collections.abc import Mapping
from datetime import datetime

from adapters.fake.records import Account, Charge, Method, Payment, Refund, Setup, Transfer
from application.ports.gateway import GatewayFailure, GatewayPaymentStatus

STRIPE_STATUS: Mapping[GatewayPaymentStatus, str] = {
    GatewayPaymentStatus.NEEDS_METHOD: "requires_payment_method",
    GatewayPaymentStatus.NEEDS_CONFIRMATION: "requires_confirmation",
    GatewayPaymentStatus.NEEDS_ACTION: "requires_action",
    GatewayPaymentStatus.PROCESSING: "processing",
    GatewayPaymentStatus.SUCCEEDED: "succeeded",
    GatewayPaymentStatus.CANCELED: "canceled",
}

Shape = dict[str, object]


def _base(object_: str, id_: str, created_at: datetime) -> Shape:
    return {
        "id": id_,
        "object": object_,
        "created": int(created_at.timestamp()),
        "livemode": False,
    }


def error_shape(failure: GatewayFailure | None, *, type_: str = "card_error") -> Shape | None:
    """Write why a try failed, as `last_payment_error` has it."""
    if failure is None:
        return None
    return {
        "type": type_,
        "code": failure.code,
        "decline_code": failure.decline_code,
        "advice_code": failure.advice,
        "message": failure.message,
    }


def payment_shape(payment: Payment) -> Shape:
    """Write a PaymentIntent."""
    succeeded = payment.status is GatewayPaymentStatus.SUCCEEDED
    return {
        **_base("payment_intent", payment.id, payment.created_at),
        "status": STRIPE_STATUS[payment.status],
        "amount": payment.amount,
        "amount_received": payment.amount if succeeded else 0,
        "currency": payment.currency,
        "customer": payment.customer,
        "description": payment.description,
        "transfer_group": payment.transfer_group,
        "payment_method": payment.method,
        "latest_charge": payment.charge,
        "last_payment_error": error_shape(payment.failure),
        "metadata": dict(payment.metadata),
    }


def charge_shape(charge: Charge, payment: Payment) -> Shape:
    """Write a Charge."""
    return {
        **_base("charge", charge.id, charge.created_at),
        "status": charge.status,
        "amount": charge.amount,
        "amount_captured": charge.amount if charge.status == "succeeded" else 0,
        "amount_refunded": charge.refunded,
        "refunded": charge.refunded == charge.amount,
        "currency": charge.currency,
        "customer": charge.customer,
        "payment_intent": charge.payment,
        "payment_method": charge.method,
        "balance_transaction": charge.movement,
        "metadata": dict(payment.metadata),
    }


def refund_shape(refund: Refund) -> Shape:
    """Write a Refund."""
    return {
        **_base("refund", refund.id, refund.created_at),
        "status": refund.status,
        "amount": refund.amount,
        "currency": refund.currency,
        "charge": refund.charge,
        "payment_intent": refund.payment,
        "failure_reason": refund.failure_reason,
        "metadata": dict(refund.metadata),
    }


def setup_shape(setup: Setup, failure: GatewayFailure | None = None) -> Shape:
    """Write a SetupIntent."""
    return {
        **_base("setup_intent", setup.id, setup.created_at),
        "status": setup.status,
        "customer": setup.customer,
        "payment_method": setup.method,
        "last_setup_error": error_shape(failure),
        "metadata": {},
    }


def method_shape(method: Method, created_at: datetime) -> Shape:
    """Write a PaymentMethod."""
    card = {
        "brand": method.brand,
        "last4": method.last4,
        "exp_month": method.exp_month,
        "exp_year": method.exp_year,
        "country": method.country,
    }
    return {
        **_base("payment_method", method.id, created_at),
        "type": method.type,
        "customer": method.customer,
        method.type: card if method.type == "card" else {"last4": method.last4},
        "metadata": {},
    }


def transfer_shape(transfer: Transfer) -> Shape:
    """Write a Transfer."""
    return {
        **_base("transfer", transfer.id, transfer.created_at),
        "amount": transfer.amount,
        "amount_reversed": transfer.reversed,
        "reversed": transfer.reversed == transfer.amount,
        "currency": transfer.currency,
        "destination": transfer.account,
        "source_transaction": transfer.source_charge,
        "transfer_group": transfer.transfer_group,
        "metadata": dict(transfer.metadata),
    }


def account_shape(account: Account) -> Shape:
    """Write a connected Account."""
    capability = "active" if account.enabled else "inactive"
    return {
        "id": account.id,
        "object": "account",
        "created": int(account.created_at.timestamp()),
        "email": account.email,
        "charges_enabled": account.enabled,
        "payouts_enabled": account.enabled,
        "details_submitted": account.enabled,
        "capabilities": {"transfers": capability, "card_payments": capability},
        "metadata": dict(account.metadata),
    }
