"""The endpoints of the double of Stripe: payments and refunds, and how endpoints are made."""

from collections.abc import Callable, Iterable

from attrs import frozen

from adapters.stripe_facts import (
    CHARGEABLE_CURRENCIES,
    MINIMUM_CHARGES,
    WIRE_THREE_DECIMAL,
    WIRE_WHOLE_BY_HUNDRED,
)
from tests.doubles import stripe_methods, stripe_payments, stripe_refunds
from tests.doubles.stripe_shapes import Json
from tests.doubles.stripe_store import Refused, StripeStore


@frozen
class Form:
    """The parameters of one request, still as strings."""

    params: Json

    def text(self, name: str) -> str | None:
        """Return a string, or None where it is absent."""
        value = self.params.get(name)
        return None if value is None else str(value)

    def integer(self, name: str) -> int | None:
        """Return a number, or None where it is absent."""
        value = self.text(name)
        return None if value is None else int(value)

    def flag(self, name: str) -> bool:
        """Return whether a boolean is there and true."""
        return self.text(name) == "true"

    def mapping(self, name: str) -> Json:
        """Return a nested mapping, empty where it is absent."""
        value = self.params.get(name)
        return dict(value) if isinstance(value, dict) else {}

    def needed(self, name: str) -> str:
        """Return a string; one that is absent is refused."""
        value = self.text(name)
        if value is None:
            raise Refused(
                400, f"Missing required param: {name}.", code="parameter_missing", param=name
            )
        return value


Endpoint = Callable[..., Json]
ENDPOINTS: dict[tuple[str, str], Endpoint] = {}


def endpoint(verb: str, template: str) -> Callable[[Endpoint], Endpoint]:
    """Register what answers a verb and a path, named as in the SDK."""

    def register(answer: Endpoint) -> Endpoint:
        ENDPOINTS[verb, template] = answer
        return answer

    return register


def page(things: Iterable[Json], form: Form, url: str) -> Json:
    """Return one page of a list, newest first."""
    created = form.mapping("created")
    found = [
        thing
        for thing in things
        if int(created.get("gte", 0)) <= thing["created"] <= int(created.get("lte", 2**40))
    ]
    if (after := form.text("starting_after")) is not None:
        found = found[[thing["id"] for thing in found].index(after) + 1 :]
    limit = form.integer("limit") or 10
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": found[:limit]}


def check_amount(amount: int, currency: str) -> None:
    """Refuse an amount that Stripe would not take."""
    if currency not in CHARGEABLE_CURRENCIES:
        raise Refused(400, f"Invalid currency: {currency}.", param="currency")
    step = 10 if currency in WIRE_THREE_DECIMAL else 1
    if amount < 1 or amount % (100 if currency in WIRE_WHOLE_BY_HUNDRED else step):
        raise Refused(400, "Invalid integer", code="parameter_invalid_integer", param="amount")


# --- Payments -----------------------------------------------------------------------------------


@endpoint("post", "/v1/payment_intents")
def create_payment_intent(store: StripeStore, form: Form) -> Json:
    currency, amount = form.needed("currency"), int(form.needed("amount"))
    check_amount(amount, currency)
    if amount < MINIMUM_CHARGES.get(currency, 1):
        raise Refused(
            400, "Amount must convert to at least 50 cents.", code="amount_too_small",
            param="amount",
        )  # fmt: skip
    if (customer := form.text("customer")) is not None:
        store.get("customer", customer, param="customer")
    _check_confirmation(form, confirm=form.flag("confirm"), redirects=_redirects(form))
    method = _method(store, form)
    intent = store.add(
        "payment_intent",
        "pi",
        amount=amount,
        currency=currency,
        customer=customer,
        description=form.text("description"),
        metadata=form.mapping("metadata"),
        payment_method=None if method is None else method["id"],
        setup_future_usage=form.text("setup_future_usage"),
        transfer_group=form.text("transfer_group"),
        capture_method="automatic_async",
        confirmation_method="automatic",
        automatic_payment_methods={
            "enabled": form.mapping("automatic_payment_methods").get("enabled") == "true",
            "allow_redirects": "always" if _redirects(form) else "never",
        },
        payment_method_types=["card", "us_bank_account"],
        status="requires_confirmation" if method else "requires_payment_method",
    )
    intent["client_secret"] = f"{intent['id']}_secret_wire"
    store.tell("payment_intent.created", intent)
    if form.flag("confirm") and method is not None:
        stripe_payments.confirm(store, intent, method, off_session=form.flag("off_session"))
    return intent


def _redirects(form: Form) -> bool:
    return form.mapping("automatic_payment_methods").get("allow_redirects") != "never"


def _method(store: StripeStore, form: Form) -> Json | None:
    given = form.text("payment_method")
    if given is None:
        return None
    return stripe_methods.method_for(store, given, param="payment_method")


def _check_confirmation(form: Form, *, confirm: bool, redirects: bool) -> None:
    if not confirm:
        if form.flag("off_session") or form.text("return_url"):
            raise Refused(400, "This parameter can only be used with confirm=true.")
        return
    if form.flag("off_session") and form.text("setup_future_usage"):
        raise Refused(
            400, "You cannot set `setup_future_usage` on an off-session payment.",
            param="setup_future_usage",
        )  # fmt: skip
    if redirects and form.text("return_url") is None:
        raise Refused(
            400,
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. "
            "Because some of these payment methods might redirect your customer off of your page, "
            "you must provide a `return_url`.",
            param="return_url",
        )


@endpoint("post", "/v1/payment_intents/{intent}/confirm")
def confirm_payment_intent(store: StripeStore, form: Form, id: str) -> Json:
    intent = store.get("payment_intent", id)
    redirects = intent["automatic_payment_methods"]["allow_redirects"] == "always"
    _check_confirmation(form, confirm=True, redirects=redirects)
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise stripe_payments.unexpected_state(intent, "confirm")
    method = _method(store, form)
    if method is None:
        raise Refused(400, "You cannot confirm without a payment method.", param="payment_method")
    if usage := form.text("setup_future_usage"):
        intent["setup_future_usage"] = usage
    stripe_payments.confirm(store, intent, method, off_session=form.flag("off_session"))
    return intent


@endpoint("post", "/v1/payment_intents/{intent}/cancel")
def cancel_payment_intent(store: StripeStore, form: Form, id: str) -> Json:
    intent = store.get("payment_intent", id)
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise stripe_payments.unexpected_state(intent, "cancel")
    intent.update(status="canceled", canceled_at=store.now(), next_action=None)
    store.tell("payment_intent.canceled", intent)
    return intent


@endpoint("get", "/v1/payment_intents/{intent}")
def retrieve_payment_intent(store: StripeStore, form: Form, id: str) -> Json:
    return store.get("payment_intent", id)


@endpoint("get", "/v1/payment_intents")
def list_payment_intents(store: StripeStore, form: Form) -> Json:
    customer = form.text("customer")
    found = (
        intent
        for intent in store.all("payment_intent")
        if customer is None or intent["customer"] == customer
    )
    return page(found, form, "/v1/payment_intents")


@endpoint("get", "/v1/charges/{charge}")
def retrieve_charge(store: StripeStore, form: Form, id: str) -> Json:
    return store.get("charge", id)


# --- Refunds ------------------------------------------------------------------------------------


@endpoint("post", "/v1/refunds")
def create_refund(store: StripeStore, form: Form) -> Json:
    intent = store.get("payment_intent", form.needed("payment_intent"), param="payment_intent")
    amount = form.integer("amount")
    if amount is not None:
        check_amount(amount, intent["currency"])
    return stripe_refunds.refund(store, intent, amount, form.mapping("metadata"))


@endpoint("get", "/v1/refunds/{refund}")
def retrieve_refund(store: StripeStore, form: Form, id: str) -> Json:
    return store.get("refund", id)


@endpoint("get", "/v1/refunds")
def list_refunds(store: StripeStore, form: Form) -> Json:
    intent = form.text("payment_intent")
    found = (
        refund
        for refund in store.all("refund")
        if intent is None or refund["payment_intent"] == intent
    )
    return page(found, form, "/v1/refunds")
