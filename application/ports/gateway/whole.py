"""A gateway with all of its roles, and what clients may know of it."""

from attrs import frozen

from application.ports.gateway.roles import (
    AccountsGateway,
    CardsGateway,
    CustomersGateway,
    GatewayBooks,
    PaymentsGateway,
    RefundsGateway,
    TransfersGateway,
    WebhookDecoder,
)


@frozen(kw_only=True)
class GatewayProfile:
    """What clients may know of the gateway that is plugged in."""

    name: str
    """`stripe` or `fake`."""
    livemode: bool
    test_cards_allowed: bool
    publishable_key: str
    api_version: str


@frozen(kw_only=True)
class Gateway:
    """A payment gateway whole, split by role."""

    profile: GatewayProfile
    payments: PaymentsGateway
    refunds: RefundsGateway
    customers: CustomersGateway
    cards: CardsGateway
    transfers: TransfersGateway
    accounts: AccountsGateway
    books: GatewayBooks
    webhooks: WebhookDecoder
