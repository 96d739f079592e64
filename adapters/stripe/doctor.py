"""Whether a Stripe account is ready for us: what an operator would look up in the dashboard."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import stripe
from attrs import field, frozen
from stripe.params import WebhookEndpointCreateParams, WebhookEndpointListParams

from adapters.stripe.client import StripeSettings, stripe_client
from adapters.stripe.errors import asking_stripe
from adapters.stripe.paging import PAGE, walk

_OURS = "tuition_endpoint"

# Written out whole, so that the type checker knows each event and the version. What has no meaning
# to this version is recorded and ignored, so that an endpoint need not be changed for a later one.
_ACCOUNT_ENDPOINT: WebhookEndpointCreateParams = {
    "url": "",
    "enabled_events": [
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.canceled",
        "payment_intent.amount_capturable_updated",
        "charge.refunded",
        "charge.updated",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice.finalized",
        "invoice.voided",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "setup_intent.succeeded",
        "setup_intent.setup_failed",
        "payment_method.attached",
        "payment_method.detached",
        "payment_method.updated",
        "payment_method.automatically_updated",
        "transfer.created",
        "transfer.reversed",
        "payout.paid",
        "payout.failed",
    ],
    "api_version": "2026-10-28.endive",
    "connect": False,
    "description": "Tuition",
    "metadata": {_OURS: "account"},
}
_CONNECT_ENDPOINT: WebhookEndpointCreateParams = {
    "url": "",
    "enabled_events": ["account.updated"],
    "api_version": "2026-10-28.endive",
    "connect": True,
    "description": "Tuition, teachers' accounts",
    "metadata": {_OURS: "connect"},
}

ACCOUNT_EVENTS: tuple[str, ...] = tuple(_ACCOUNT_ENDPOINT["enabled_events"])
"""What happens in the platform's own account."""

CONNECT_EVENTS: tuple[str, ...] = tuple(_CONNECT_ENDPOINT["enabled_events"])
"""What happens in teachers' accounts; Stripe tells these to an endpoint of its own."""


@frozen(kw_only=True)
class AccountState:
    """What the key belongs to, and what that may do."""

    id: str
    country: str | None
    charges_enabled: bool
    payouts_enabled: bool
    may_transfer: bool
    """Whether the account may send money to teachers' accounts."""
    answered_at: datetime | None
    """Stripe's own time."""


@frozen(kw_only=True)
class EndpointState:
    """A webhook endpoint at our address."""

    id: str
    is_enabled: bool
    api_version: str | None
    events: frozenset[str]


@frozen(kw_only=True)
class NewEndpoint:
    """An endpoint that was registered; Stripe tells its secret this once."""

    id: str
    secret: str = field(repr=False)


@frozen
class StripeDoctor:
    """Look at an account, and register what is missing there. Raises the gateway port's errors."""

    _client: stripe.StripeClient

    def account(self) -> AccountState:
        """Read the account that the key belongs to."""
        with asking_stripe():
            account = self._client.v1.accounts.retrieve_current()
        can = account.capabilities
        return AccountState(
            id=account.id,
            country=account.country,
            charges_enabled=bool(account.charges_enabled),
            payouts_enabled=bool(account.payouts_enabled),
            may_transfer=can is not None and getattr(can, "transfers", None) == "active",
            answered_at=_date_of(account),
        )

    def endpoints(self, url: str) -> tuple[EndpointState, ...]:
        """Return the endpoints that deliver to an address."""
        params: WebhookEndpointListParams = {"limit": PAGE}
        with asking_stripe():
            page = self._client.v1.webhook_endpoints.list(params)
        return tuple(
            EndpointState(
                id=endpoint.id,
                is_enabled=endpoint.status == "enabled",
                api_version=endpoint.api_version,
                events=frozenset(endpoint.enabled_events),
            )
            for endpoint in walk(page)
            if endpoint.url.rstrip("/") == url
        )

    def register(self, url: str, *, connect: bool) -> NewEndpoint:
        """Register an endpoint for one's own account, or for those of teachers."""
        params = (_CONNECT_ENDPOINT if connect else _ACCOUNT_ENDPOINT).copy()
        params["url"] = url
        with asking_stripe():
            made = self._client.v1.webhook_endpoints.create(params)
        return NewEndpoint(id=made.id, secret=made.secret or "")


def stripe_doctor(settings: StripeSettings) -> StripeDoctor:
    """Build a doctor on the same client as the gateway's."""
    return StripeDoctor(stripe_client(settings))


def _date_of(answer: stripe.Account) -> datetime | None:
    response = answer.last_response
    told = None if response is None else response.headers.get("date")
    return None if told is None else parsedate_to_datetime(told)
