"""The endpoints of the double of Stripe that an operator's setup uses: own account, webhooks."""

from tests.doubles.stripe_routes import Form, endpoint, page
from tests.doubles.stripe_shapes import Json
from tests.doubles.stripe_store import StripeStore

OWN_ACCOUNT = "acct_wireplatform"


@endpoint("get", "/v1/account")
def retrieve_current_account(store: StripeStore, form: Form) -> Json:
    known = store.things.get(OWN_ACCOUNT)
    if known is None:
        known = store.add(
            "account",
            "acct",
            id=OWN_ACCOUNT,
            country="US",
            type="standard",
            capabilities={"card_payments": "active", "transfers": "active"},
            charges_enabled=True,
            payouts_enabled=True,
            details_submitted=True,
        )
    return known


@endpoint("get", "/v1/webhook_endpoints")
def list_webhook_endpoints(store: StripeStore, form: Form) -> Json:
    return page(store.all("webhook_endpoint"), form, "/v1/webhook_endpoints")


@endpoint("post", "/v1/webhook_endpoints")
def create_webhook_endpoint(store: StripeStore, form: Form) -> Json:
    made = store.add(
        "webhook_endpoint",
        "we",
        url=form.needed("url"),
        api_version=form.text("api_version"),
        enabled_events=list(form.mapping("enabled_events").values()),
        description=form.text("description"),
        metadata=form.mapping("metadata"),
        status="enabled",
    )
    # The secret is told at creation and never again.
    return {**made, "secret": f"whsec_wire{made['id'][-8:]}"}
