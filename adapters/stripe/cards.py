"""Cards on file: PaymentMethods of type card."""

import stripe
from attrs import frozen
from stripe.params import (
    CustomerPaymentMethodListParams,
    PaymentMethodAttachParams,
    SetupIntentCreateParams,
)

from adapters.stripe.errors import asking_stripe
from adapters.stripe.ids import in_path
from adapters.stripe.paging import PAGE, walk
from adapters.stripe.reading import card_of
from application.ports.gateway import GatewayCard, GatewaySetup, OutcomeUnknown


@frozen
class StripeCards:
    """A `CardsGateway`."""

    _client: stripe.StripeClient

    def card(self, card: str) -> GatewayCard:
        """Read a card."""
        with asking_stripe():
            return card_of(self._client.v1.payment_methods.retrieve(in_path(card)))

    def attach_card(self, card: str, *, customer: str, key: str) -> GatewayCard:
        """Attach a card to a customer."""
        params: PaymentMethodAttachParams = {"customer": customer}
        with asking_stripe():
            return card_of(
                self._client.v1.payment_methods.attach(
                    in_path(card), params, {"idempotency_key": key}
                )
            )

    def detach_card(self, card: str, *, key: str) -> GatewayCard:
        """Detach a card for good."""
        with asking_stripe():
            return card_of(
                self._client.v1.payment_methods.detach(
                    in_path(card), options={"idempotency_key": key}
                )
            )

    def cards_of(self, customer: str) -> tuple[GatewayCard, ...]:
        """List a customer's cards, newest first."""
        params: CustomerPaymentMethodListParams = {"type": "card", "limit": PAGE}
        with asking_stripe():
            page = self._client.v1.customers.payment_methods.list(in_path(customer), params)
        return tuple(card_of(method) for method in walk(page))

    def set_up_card(self, customer: str) -> GatewaySetup:
        """Begin to add a card in the browser, for payments with the payer away."""
        params: SetupIntentCreateParams = {
            "customer": customer,
            "usage": "off_session",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        with asking_stripe():
            setup = self._client.v1.setup_intents.create(params)
        if setup.client_secret is None:
            raise OutcomeUnknown(f"Stripe gave no client secret for {setup.id}.")
        return GatewaySetup(id=setup.id, client_secret=setup.client_secret)
