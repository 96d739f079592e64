"""Payment methods in the double of Stripe: test tokens, attaching, what a decline says."""

from adapters.stripe_facts import CARDS_BY_TOKEN, PublishedCard, advice_for, decline_message
from tests.doubles.stripe_shapes import Json
from tests.doubles.stripe_store import Refused, StripeStore


def method_for(store: StripeStore, given: str, *, param: str | None) -> Json:
    """Return a payment method; a test token becomes a new one with an id of its own."""
    card = CARDS_BY_TOKEN.get(given)
    if card is None:
        return store.get("payment_method", given, param=param)
    method = store.add("payment_method", "pm", type=card.method_type, **_details(card))
    store.published[method["id"]] = card
    return method


def _details(card: PublishedCard) -> Json:
    if card.method_type != "card":
        return {card.method_type: {"last4": card.last4, "bank_name": "STRIPE TEST BANK"}}
    return {
        "card": {
            "brand": card.brand,
            "last4": card.last4,
            "exp_month": 11,
            "exp_year": 2034,
            "country": card.country,
            "funding": "credit",
        }
    }


def attach(store: StripeStore, method: Json, customer: str) -> Json:
    """Attach a payment method to a customer."""
    if method["customer"] == customer:
        return method
    if method["customer"] is not None or method["id"] in store.used_up:
        raise Refused(
            400,
            "The payment method you provided has already been attached to a customer."
            if method["customer"]
            else "This PaymentMethod was previously used without being attached to a Customer or "
            "was detached from a Customer, and may not be used again.",
            code="payment_method_unexpected_state",
            param="payment_method",
        )
    card = store.published[method["id"]]
    if not card.behaviour.attaches:
        raise Refused(402, **decline(card))
    method["customer"] = customer
    store.tell("payment_method.attached", method)
    return method


def detach(store: StripeStore, method: Json) -> Json:
    """Detach a payment method for good."""
    customer = method["customer"]
    if customer is None:
        raise Refused(
            400,
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible.",
            code="payment_method_unexpected_state",
            param="payment_method",
        )
    method["customer"] = None
    store.used_up.add(method["id"])
    settings = store.things[customer]["invoice_settings"]
    if settings["default_payment_method"] == method["id"]:
        settings["default_payment_method"] = None
    store.tell("payment_method.detached", method, {"customer": customer})
    return method


def decline(card: PublishedCard, *, payer_away: bool = False) -> Json:
    """Return what stands in the error when a card declines."""
    code, decline_code = card.code or "card_declined", card.decline_code
    if payer_away:
        code = decline_code = "authentication_required"
    advice = advice_for(code, decline_code)
    return {
        "type": "card_error",
        "code": code,
        "decline_code": decline_code,
        "message": decline_message(code, decline_code),
        # "Use another card" is our own advice; Stripe gives three others.
        "advice_code": advice if advice != "use_another_card" else None,
    }
