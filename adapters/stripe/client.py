"""Stripe's client, and the whole gateway around it."""

import logging

import stripe
from attrs import field, frozen

from adapters.stripe.accounts import StripeAccounts
from adapters.stripe.books import StripeBooks
from adapters.stripe.cards import StripeCards
from adapters.stripe.customers import StripeCustomers
from adapters.stripe.payments import StripePayments
from adapters.stripe.refunds import StripeRefunds
from adapters.stripe.transfers import StripeTransfers
from adapters.stripe.webhooks import StripeWebhooks
from application.ports.gateway import Gateway, GatewayProfile

API_VERSION = "2026-10-28.endive"
"""The version that the SDK's types describe. An account may stand on another; we always ask so."""

TIMEOUT_SECONDS = (3.0, 7.0)
"""To connect, and for each read: together no more than ten seconds, far less than a lease."""


@frozen(kw_only=True)
class StripeSettings:
    """What it takes to talk to Stripe.

    `return_url` is where a payer would land after a bank's page. `api_base` and `http_client`
    replace the network in tests.
    """

    secret_key: str = field(repr=False)
    publishable_key: str
    webhook_secrets: tuple[str, ...] = field(repr=False)
    return_url: str
    api_base: str | None = None
    http_client: stripe.HTTPClient | None = field(default=None, repr=False)

    @property
    def livemode(self) -> bool:
        """Tell whether the key moves real money."""
        return self.secret_key.startswith(("sk_live_", "rk_live_"))


def stripe_client(settings: StripeSettings) -> stripe.StripeClient:
    """Make the one client of a process; it is safe to share among threads."""
    stripe.set_app_info("tuition")
    # Below this level the SDK writes out parameters and answers: client secrets, payers' addresses.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    return stripe.StripeClient(
        settings.secret_key,
        stripe_version=API_VERSION,
        base_addresses={} if settings.api_base is None else {"api": settings.api_base},
        # A try of ours is one request with our own key; what follows is decided by the operation.
        max_network_retries=0,
        http_client=settings.http_client or stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
    )


def stripe_gateway(settings: StripeSettings) -> Gateway:
    """Build the whole gateway on Stripe."""
    client = stripe_client(settings)
    return Gateway(
        profile=GatewayProfile(
            name="stripe",
            livemode=settings.livemode,
            test_cards_allowed=not settings.livemode,
            publishable_key=settings.publishable_key,
            api_version=API_VERSION,
        ),
        payments=StripePayments(client, settings.return_url),
        refunds=StripeRefunds(client),
        customers=StripeCustomers(client),
        cards=StripeCards(client),
        transfers=StripeTransfers(client),
        accounts=StripeAccounts(client),
        books=StripeBooks(client),
        webhooks=StripeWebhooks(settings.webhook_secrets),
    )
