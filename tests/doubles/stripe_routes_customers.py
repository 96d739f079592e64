"""The endpoints of the double of Stripe: customers and their cards."""

from typing import Any

from tests.doubles import stripe_methods
from tests.doubles.stripe_routes import Form, endpoint, page
from tests.doubles.stripe_shapes import Json
from tests.doubles.stripe_store import Refused, StripeStore


@endpoint("post", "/v1/customers")
def create_customer(store: StripeStore, form: Form) -> Json:
    return store.add(
        "customer",
        "cus",
        email=form.text("email"),
        name=form.text("name"),
        metadata=form.mapping("metadata"),
        invoice_settings={"default_payment_method": None},
    )


@endpoint("get", "/v1/customers")
def list_customers(store: StripeStore, form: Form) -> Json:
    email = form.text("email")
    found = (
        customer
        for customer in store.all("customer")
        if email is None or customer.get("email") == email
    )
    return page(found, form, "/v1/customers")


@endpoint("get", "/v1/customers/{customer}")
def retrieve_customer(store: StripeStore, form: Form, id: str) -> Json:
    return store.get("customer", id)


@endpoint("post", "/v1/customers/{customer}")
def update_customer(store: StripeStore, form: Form, id: str) -> Json:
    customer = store.get("customer", id)
    settings: Any = form.mapping("invoice_settings")
    if "default_payment_method" in settings:
        given = settings["default_payment_method"]
        owner = store.get("payment_method", given, param="payment_method") if given else None
        if owner is not None and owner["customer"] != id:
            raise Refused(
                400,
                f"The customer does not have a payment method with the ID {given}.",
                code="resource_missing",
                param="invoice_settings[default_payment_method]",
            )
        customer["invoice_settings"]["default_payment_method"] = given or None
    store.tell("customer.updated", customer)
    return customer


@endpoint("get", "/v1/customers/{customer}/payment_methods")
def list_customer_payment_methods(store: StripeStore, form: Form, id: str) -> Json:
    store.get("customer", id)
    kind = form.text("type")
    found = (
        method
        for method in store.all("payment_method")
        if method["customer"] == id and kind in (None, method["type"])
    )
    return page(found, form, f"/v1/customers/{id}/payment_methods")


@endpoint("get", "/v1/payment_methods/{payment_method}")
def retrieve_payment_method(store: StripeStore, form: Form, id: str) -> Json:
    return stripe_methods.method_for(store, id, param=None)


@endpoint("post", "/v1/payment_methods/{payment_method}/attach")
def attach_payment_method(store: StripeStore, form: Form, id: str) -> Json:
    customer = form.needed("customer")
    store.get("customer", customer, param="customer")
    method = stripe_methods.method_for(store, id, param=None)
    return stripe_methods.attach(store, method, customer)


@endpoint("post", "/v1/payment_methods/{payment_method}/detach")
def detach_payment_method(store: StripeStore, form: Form, id: str) -> Json:
    return stripe_methods.detach(store, store.get("payment_method", id))


@endpoint("post", "/v1/setup_intents")
def create_setup_intent(store: StripeStore, form: Form) -> Json:
    if (customer := form.text("customer")) is not None:
        store.get("customer", customer, param="customer")
    setup = store.add(
        "setup_intent",
        "seti",
        customer=customer,
        usage=form.text("usage") or "off_session",
        status="requires_payment_method",
        payment_method_types=["card"],
    )
    setup["client_secret"] = f"{setup['id']}_secret_wire"
    store.tell("setup_intent.created", setup)
    return setup


@endpoint("post", "/v1/billing_portal/sessions")
def create_portal_session(store: StripeStore, form: Form) -> Json:
    customer = form.needed("customer")
    store.get("customer", customer, param="customer")
    session = store.add(
        "billing_portal.session", "bps", customer=customer, return_url=form.text("return_url")
    )
    session["url"] = f"https://billing.stripe.com/p/session/{session['id']}"
    return session
