"""Put a payment world together."""

from hashlib import sha256

from attrs import frozen

from adapters.fake.chronicle import Chronicle
from adapters.fake.controls import FakeBrowser, FakeFaults, FakeOutside, FakeTime
from adapters.fake.deliveries import FakeDeliveries
from adapters.fake.effects import EFFECTS
from adapters.fake.gateway import FakeCards, FakeCustomers, FakePayments, FakeRefunds
from adapters.fake.payouts import FakeAccounts, FakeBooks, FakeTransfers
from adapters.fake.records import World
from adapters.fake.store import Rows, Store
from adapters.fake.tide import WorldTide
from adapters.fake.turn import API_VERSION, Turn
from adapters.fake.webhooks import FakeWebhooks
from adapters.fake.wire import Wire
from application.ports.clock import Clock, WallClock
from application.ports.gateway import Gateway, GatewayProfile
from application.ports.ids import Randomness
from application.ports.test_mode import GatewayControls
from domain.time import EPOCH

DEFAULT_SECRET = "whsec_test"  # noqa: S105 - it guards nothing but play money.


@frozen(kw_only=True)
class FakeWorld:
    """A payment world: the port, the controls of test mode, and the truth for tests."""

    gateway: Gateway
    controls: GatewayControls
    outside: FakeOutside
    """The same as among the controls, with rarer things that tests need."""
    deliveries: FakeDeliveries
    """The same queue as among the controls, with ways to repeat and reorder."""
    chronicle: Chronicle
    store: Store

    def close(self) -> None:
        """Let the store's connection go."""
        self.store.close()


def fake_gateway(
    store: Store,
    *,
    clock: Clock,
    wall_clock: WallClock,
    randomness: Randomness,
    webhook_secrets: tuple[str, ...] = (DEFAULT_SECRET,),
) -> FakeWorld:
    """Open the world in a store, or begin one.

    Business time comes from `clock`; keys, signatures and slowness go by `wall_clock`. Deliveries
    are signed with the first secret, and all are accepted.
    """
    salt = sha256(randomness.secret().encode()).hexdigest()[:10]
    store.write(lambda rows: _begin(rows, salt))
    tide = WorldTide(EFFECTS)
    wire = Wire(store=store, clock=clock, wall_clock=wall_clock, tide=tide)
    outside, deliveries = FakeOutside(wire), FakeDeliveries(wire, webhook_secrets[0])
    return FakeWorld(
        gateway=_gateway(wire, FakeWebhooks(wall_clock, webhook_secrets)),
        controls=GatewayControls(
            browser=FakeBrowser(wire),
            outside=outside,
            faults=FakeFaults(wire),
            time=FakeTime(wire, tide),
            deliveries=deliveries,
        ),
        outside=outside,
        deliveries=deliveries,
        chronicle=Chronicle(wire),
        store=store,
    )


def _begin(rows: Rows, salt: str) -> None:
    turn = Turn(rows, EPOCH)
    if turn.find(World, "world") is None:
        turn.save(World(salt=salt))


def _gateway(wire: Wire, webhooks: FakeWebhooks) -> Gateway:
    return Gateway(
        profile=GatewayProfile(
            name="fake",
            livemode=False,
            test_cards_allowed=True,
            publishable_key="pk_test_fake",
            api_version=API_VERSION,
        ),
        payments=FakePayments(wire),
        refunds=FakeRefunds(wire),
        customers=FakeCustomers(wire),
        cards=FakeCards(wire),
        transfers=FakeTransfers(wire),
        accounts=FakeAccounts(wire),
        books=FakeBooks(wire),
        webhooks=webhooks,
    )
