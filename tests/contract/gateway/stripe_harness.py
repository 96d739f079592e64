"""The gateway contract's harness on Stripe: the real adapter and SDK, and a double of Stripe."""

from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.stripe.client import StripeSettings, stripe_gateway
from adapters.stripe.webhooks import StripeWebhooks
from application.ports.gateway import Gateway, WebhookDecoder
from tests.contract.gateway.harness import SECRET, Delivered
from tests.doubles.stripe_wire import SECRET_KEY, InProcess, StripeWire
from tests.doubles.stripe_world import Deliveries, StripeNetwork, StripeWorld


class StripeHarness:
    """A `GatewayHarness` for Stripe."""

    def __init__(self) -> None:
        self.wire = StripeWire()
        self._gateway = stripe_gateway(
            StripeSettings(
                secret_key=SECRET_KEY,
                publishable_key="pk_test_wire",
                webhook_secrets=(SECRET,),
                return_url="https://tuition.example/return",
                http_client=InProcess(self.wire),
            )
        )
        self._world = StripeWorld(self.wire.store)
        self._network = StripeNetwork(self.wire)
        self._deliveries = Deliveries(self.wire.store)

    @property
    def gateway(self) -> Gateway:
        """The adapter under test."""
        return self._gateway

    @property
    def world(self) -> StripeWorld:
        """What happens outside of us."""
        return self._world

    @property
    def network(self) -> StripeNetwork:
        """What goes wrong between the two."""
        return self._network

    def wall_now(self) -> datetime:
        """Return real time: the SDK reads the system's clock to judge a signature's age."""
        return datetime.now(UTC)

    def deliveries(self) -> Sequence[Delivered]:
        """Return the events since it was last asked."""
        return [Delivered(body, sign) for body, sign in self._deliveries.take(SECRET)]

    def decoder(self, *secrets: str) -> WebhookDecoder:
        """Return a decoder with other secrets."""
        return StripeWebhooks(secrets)
