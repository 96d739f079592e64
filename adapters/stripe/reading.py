"""Read Stripe's objects into the port's values."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

import stripe

from adapters.stripe.amounts import from_wire
from adapters.stripe_facts import advice_for
from application.ports.gateway import (
    BalanceTransaction,
    GatewayAccount,
    GatewayCard,
    GatewayCustomer,
    GatewayFailure,
    GatewayPayment,
    GatewayPaymentStatus,
    GatewayRefund,
    GatewayRefundStatus,
    GatewayRefused,
    GatewayTransfer,
)

T = TypeVar("T", bound=stripe.StripeObject)

OPERATION = "tuition_operation"
"""The metadata key under which everything we make carries the operation that made it."""

_PAYMENT_STATUSES = {
    "requires_payment_method": GatewayPaymentStatus.NEEDS_METHOD,
    "requires_confirmation": GatewayPaymentStatus.NEEDS_CONFIRMATION,
    "requires_action": GatewayPaymentStatus.NEEDS_ACTION,
    "requires_capture": GatewayPaymentStatus.PROCESSING,
    "processing": GatewayPaymentStatus.PROCESSING,
    "succeeded": GatewayPaymentStatus.SUCCEEDED,
    "canceled": GatewayPaymentStatus.CANCELED,
}

_REFUND_STATUSES = {
    "pending": GatewayRefundStatus.PENDING,
    "requires_action": GatewayRefundStatus.PENDING,
    "succeeded": GatewayRefundStatus.SUCCEEDED,
    "failed": GatewayRefundStatus.FAILED,
    "canceled": GatewayRefundStatus.FAILED,
}

_KINDS = {
    "charge": "charge",
    "charge_failure": "charge",
    "refund": "refund",
    "partial_capture_reversal": "refund",
    "refund_failure": "refund_failure",
    "transfer": "transfer",
    "transfer_reversal": "transfer_reversal",
    "dispute": "dispute",
    "dispute_reversal": "dispute",
    "payout": "payout",
    "payout_reversal": "payout",
}
"""Stripe's reporting categories, which say what a movement is whatever method was paid with."""


def instant_of(seconds: int) -> datetime:
    """Read a Unix time."""
    return datetime.fromtimestamp(seconds, UTC)


def id_of(reference: str | stripe.StripeObject | None) -> str | None:
    """Return the id behind a field that is an id, or the object itself where it was expanded."""
    if reference is None or isinstance(reference, str):
        return reference
    return str(reference["id"])


def expanded(reference: str | T | None, kind: type[T]) -> T | None:
    """Return the object behind a field, if it was expanded."""
    return reference if isinstance(reference, kind) else None


def metadata_of(metadata: stripe.StripeObject | None) -> Mapping[str, str]:
    """Return an object's metadata as a plain mapping."""
    return {} if metadata is None else metadata.to_dict()


def payment_of(intent: stripe.PaymentIntent) -> GatewayPayment:
    """Read a PaymentIntent, whose latest charge is expanded or no more than an id."""
    charge = expanded(intent.latest_charge, stripe.Charge)
    metadata = metadata_of(intent.metadata)
    transaction = None if charge is None else charge.balance_transaction
    settled = expanded(transaction, stripe.BalanceTransaction)
    method, brand, last4 = _method_of(intent, charge)
    return GatewayPayment(
        id=intent.id,
        status=_PAYMENT_STATUSES[intent.status],
        amount=from_wire(intent.amount, intent.currency),
        currency=intent.currency,
        captured=from_wire(intent.amount_received, intent.currency),
        refunded=0 if charge is None else from_wire(charge.amount_refunded, intent.currency),
        customer=id_of(intent.customer),
        client_secret=intent.client_secret,
        method_type=method,
        payment_method=id_of(intent.payment_method),
        card_brand=brand,
        card_last4=last4,
        charge=id_of(intent.latest_charge),
        receipt_url=None if charge is None else charge.receipt_url,
        failure=_failure_of(intent),
        balance_transaction=None if settled is None else transaction_of(settled),
        operation=metadata.get(OPERATION),
        metadata=metadata,
        created_at=instant_of(intent.created),
    )


def _method_of(
    intent: stripe.PaymentIntent, charge: stripe.Charge | None
) -> tuple[str | None, str | None, str | None]:
    if charge is not None and charge.payment_method_details is not None:
        details = charge.payment_method_details
        card = details.card if "card" in details else None
        return (details.type, *((None, None) if card is None else (card.brand, card.last4)))
    error = intent.last_payment_error
    if error is None or "payment_method" not in error or error.payment_method is None:
        return None, None, None
    # The answer to a declined try does not expand the charge, but it brings the method.
    failed = error.payment_method
    used = failed.card if "card" in failed else None
    return (failed.type, *((None, None) if used is None else (used.brand, used.last4)))


def _failure_of(intent: stripe.PaymentIntent) -> GatewayFailure | None:
    error = intent.last_payment_error
    if error is None:
        return None
    code = _optional(error, "code") or "card_declined"
    decline_code = _optional(error, "decline_code")
    return GatewayFailure(
        code=code,
        message=_optional(error, "message") or "The payment failed.",
        decline_code=decline_code,
        advice=advice_on(code, decline_code, _optional(error, "advice_code")),
    )


def advice_on(code: str, decline_code: str | None, given: str | None) -> str | None:
    """Say what the payer should do: what Stripe advises, else what its table of declines does.

    A bank that wants the payer present is no sign of a bad card, whatever else is advised.
    """
    if "authentication_required" in (code, decline_code):
        return None
    return given or advice_for(code, decline_code)


def _optional(of: stripe.StripeObject, name: str) -> str | None:
    # Inside an error Stripe leaves out what is null, unlike everywhere else.
    return of[name] if name in of else None  # noqa: SIM401 - a StripeObject has no get().


def transaction_of(movement: stripe.BalanceTransaction) -> BalanceTransaction:
    """Read a balance transaction."""
    amount = from_wire(movement.amount, movement.currency)
    fee = from_wire(movement.fee, movement.currency)
    return BalanceTransaction(
        id=movement.id,
        kind=_KINDS.get(movement.reporting_category, "other"),
        amount=amount,
        fee=fee,
        net=amount - fee,
        currency=movement.currency,
        created_at=instant_of(movement.created),
        available_at=instant_of(movement.available_on),
        source=id_of(movement.source),
    )


def refund_of(refund: stripe.Refund) -> GatewayRefund:
    """Read a refund."""
    status = refund.status or "succeeded"
    reason = refund.failure_reason if "failure_reason" in refund else None
    return GatewayRefund(
        id=refund.id,
        payment=id_of(refund.payment_intent),
        charge=id_of(refund.charge),
        amount=from_wire(refund.amount, refund.currency),
        currency=refund.currency,
        status=_REFUND_STATUSES[status],
        failure_reason="canceled" if status == "canceled" else reason,
        operation=metadata_of(refund.metadata).get(OPERATION),
        created_at=instant_of(refund.created),
    )


def customer_of(customer: stripe.Customer) -> GatewayCustomer:
    """Read a customer; a deleted one has nothing but its id."""
    if "deleted" in customer:
        return GatewayCustomer(id=customer.id, deleted=True)
    settings = customer.invoice_settings
    return GatewayCustomer(
        id=customer.id,
        default_card=None if settings is None else id_of(settings.default_payment_method),
        operation=metadata_of(customer.metadata).get(OPERATION),
    )


def card_of(method: stripe.PaymentMethod) -> GatewayCard:
    """Read a card. Raises `GatewayRefused` for another kind of payment method."""
    card = method.card if "card" in method else None
    if card is None:
        raise GatewayRefused(f"{method.id} is no card.", code="not_a_card", param="payment_method")
    return GatewayCard(
        id=method.id,
        brand=card.brand,
        last4=card.last4,
        exp_month=card.exp_month,
        exp_year=card.exp_year,
        country=card.country,
        customer=id_of(method.customer),
    )


def transfer_of(transfer: stripe.Transfer) -> GatewayTransfer:
    """Read a transfer."""
    return GatewayTransfer(
        id=transfer.id,
        account=id_of(transfer.destination) or "",
        amount=from_wire(transfer.amount, transfer.currency),
        reversed=from_wire(transfer.amount_reversed, transfer.currency),
        currency=transfer.currency,
        operation=metadata_of(transfer.metadata).get(OPERATION),
        created_at=instant_of(transfer.created),
    )


def account_of(account: stripe.Account) -> GatewayAccount:
    """Read a connected account."""
    granted = account.capabilities
    transfers = granted["transfers"] if granted is not None and "transfers" in granted else None
    return GatewayAccount(
        id=account.id,
        charges_enabled=bool(account.charges_enabled),
        payouts_enabled=bool(account.payouts_enabled),
        transfers_enabled=transfers == "active",
        details_submitted=bool(account.details_submitted),
        operation=metadata_of(account.metadata).get(OPERATION),
    )
