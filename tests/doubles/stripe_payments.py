"""How payments go in the double of Stripe: tries, declines, 3-D Secure, delayed methods."""

from typing import Any

from adapters.stripe_facts import FEE_BASIS_POINTS, CardBehaviour, wire_exponent
from domain.money import half_up
from tests.doubles.stripe_methods import decline
from tests.doubles.stripe_shapes import Json, make
from tests.doubles.stripe_store import Refused, StripeStore

_ONCE = "pm_card_authenticationRequiredOnSetup"
"""Its bank wants its owner once, when it is set up for later; the others want them every time."""

_DONE = ("succeeded", "canceled", "processing")
_SHARED = ("brand", "last4", "exp_month", "exp_year", "country", "funding", "bank_name")


def confirm(store: StripeStore, intent: Json, method: Json, *, off_session: bool = False) -> None:
    """Try an intent with a payment method. Raises `Refused` when it is declined."""
    if intent["status"] in _DONE:
        raise unexpected_state(intent, "confirm")
    _usable(store, intent, method)
    card = store.published[method["id"]]
    intent.update(payment_method=method["id"], last_payment_error=None, next_action=None)
    asks = card.behaviour.asks_for_action
    if asks and card.token == _ONCE and method["id"] in store.set_up:
        asks = False
    if asks and not off_session:
        _ask_for_action(store, intent)
    elif asks:
        _fail(store, intent, decline(card, payer_away=True))
    elif card.behaviour in (CardBehaviour.DECLINES, CardBehaviour.DECLINES_LATER):
        _fail(store, intent, decline(card))
    elif card.behaviour.is_delayed:
        _process(store, intent)
    else:
        succeed(store, intent)


def _usable(store: StripeStore, intent: Json, method: Json) -> None:
    if method["customer"] not in (None, intent["customer"]):
        raise Refused(
            400,
            f"The PaymentMethod {method['id']} does not belong to the Customer you supplied "
            f"{intent['customer']}. Please use this PaymentMethod with the Customer that it "
            "belongs to instead.",
            param="payment_method",
        )
    if method["customer"] is None and method["id"] in store.used_up:
        raise Refused(
            400,
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment, or was detached from a Customer, and may not be used again.",
            code="payment_method_unexpected_state",
            param="payment_method",
        )


def unexpected_state(intent: Json, verb: str) -> Refused:
    """Say that an intent is past what was asked."""
    return Refused(
        400,
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


def _ask_for_action(store: StripeStore, intent: Json) -> None:
    intent["status"] = "requires_action"
    intent["next_action"] = make_action()
    store.tell("payment_intent.requires_action", intent)


def make_action() -> Json:
    """Return what Stripe.js turns into a 3-D Secure challenge."""
    blank = make("payment_intent", id="pi_blank", next_action={"type": "use_stripe_sdk"})
    action: Json = blank["next_action"]
    action["use_stripe_sdk"] = {"type": "three_d_secure_redirect"}
    return action


def _fail(store: StripeStore, intent: Json, error: Json) -> None:
    charge = _charge(
        store,
        intent,
        status="failed",
        paid=False,
        captured=False,
        failure_code=error["code"],
        failure_message=error["message"],
    )
    told = {**error, "charge": charge["id"]}
    fail_with(store, intent, {name: value for name, value in told.items() if value is not None})
    store.tell("charge.failed", charge)
    raise Refused(402, **told, payment_intent=intent)


def fail_with(store: StripeStore, intent: Json, error: Json) -> None:
    """Send an intent back to want another payment method."""
    method = store.things[intent["payment_method"]]
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error={**error, "payment_method": method},
    )
    store.tell("payment_intent.payment_failed", intent)


def _process(store: StripeStore, intent: Json) -> None:
    _charge(store, intent, status="pending", paid=False, captured=True)
    intent["status"] = "processing"
    store.tell("payment_intent.processing", intent)


def succeed(store: StripeStore, intent: Json) -> None:
    """Let an intent succeed: charge, fee, events."""
    card = store.published[intent["payment_method"]]
    charge = _charge(
        store,
        intent,
        status="succeeded",
        paid=True,
        captured=True,
        amount_captured=intent["amount"],
        receipt_url="https://pay.stripe.com/receipts/payment/wire",
    )
    intent.update(status="succeeded", amount_received=intent["amount"], next_action=None)
    if not store.settles_late:
        settle(store, charge)
    _keep_or_use_up(store, intent)
    store.tell("charge.succeeded", charge)
    store.tell("payment_intent.succeeded", intent)
    if card.behaviour is CardBehaviour.DISPUTED:
        _dispute(store, charge)


def _keep_or_use_up(store: StripeStore, intent: Json) -> None:
    method = store.things[intent["payment_method"]]
    if intent["setup_future_usage"]:
        store.set_up.add(method["id"])
    if method["customer"] is None and intent["setup_future_usage"] and intent["customer"]:
        method["customer"] = intent["customer"]
        store.tell("payment_method.attached", method)
    elif method["customer"] is None:
        store.used_up.add(method["id"])


def _charge(store: StripeStore, intent: Json, **members: Any) -> Json:
    method = store.things[intent["payment_method"]]
    kind = method["type"]
    details = {name: value for name, value in method[kind].items() if name in _SHARED}
    pending = intent["latest_charge"] if intent["status"] == "processing" else None
    if pending is not None:
        charge = store.things[pending]
        charge.update(members)
    else:
        charge = store.add(
            "charge",
            "ch",
            amount=intent["amount"],
            currency=intent["currency"],
            customer=intent["customer"],
            description=intent["description"],
            metadata=dict(intent["metadata"]),
            payment_intent=intent["id"],
            payment_method=method["id"],
            payment_method_details={"type": kind, kind: details},
            transfer_group=intent["transfer_group"],
            **members,
        )
    intent["latest_charge"] = charge["id"]
    return charge


def settle(store: StripeStore, charge: Json) -> None:
    """Give a succeeded charge its balance transaction."""
    card = store.published[charge["payment_method"]]
    currency = charge["currency"]
    movement = store.move(
        "charge" if card.method_type == "card" else "payment",
        charge["amount"],
        currency,
        charge["id"],
        fee=_fee(charge["amount"], currency),
        category="charge",
        pending_days=0 if card.token == "pm_card_bypassPending" else 2,
    )
    charge["balance_transaction"] = movement["id"]


def _fee(amount: int, currency: str) -> int:
    fixed = 3 * int(10 ** wire_exponent(currency)) // 10
    return min(amount, half_up(amount * FEE_BASIS_POINTS, 10_000) + fixed)


def _dispute(store: StripeStore, charge: Json) -> None:
    charge["disputed"] = True
    dispute = store.add(
        "dispute",
        "dp",
        amount=charge["amount"],
        currency=charge["currency"],
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        reason="fraudulent",
        status="needs_response",
    )
    movement = store.move(
        "adjustment", -charge["amount"], charge["currency"], dispute["id"], fee=1500,
        category="dispute",
    )  # fmt: skip
    dispute["balance_transactions"] = [movement]
    store.tell("charge.dispute.created", dispute)
    store.tell("charge.dispute.funds_withdrawn", dispute)
