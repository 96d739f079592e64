"""The ports, filled in: one typed function a port, so that mypy checks what punq cannot.

Everything that is not deterministic is among the `Overrides`, so that a test or a simulator can own
it: storage, gateway, both clocks, ids, randomness, password hashing.
"""

from contextlib import ExitStack
from datetime import timedelta

from attrs import frozen

from application.ports.alerts import Alerts
from application.ports.clock import Clock, WallClock
from application.ports.gateway import ChargeLimits, Gateway
from application.ports.ids import Ids, Randomness
from application.ports.storage import Storage, Unit
from application.ports.test_mode import GatewayControls, MovableClock
from application.ports.tokens import Passwords, Tokens
from application.rules import PlatformRules
from entrypoints.composition.offset import KeptOffset
from entrypoints.settings import GatewayKind, Settings

JWT_SECRET = "jwt_secret"  # noqa: S105 - the name of a setting, not its value
FAKE_PUBLISHABLE_KEY = "pk_test_missing"

NOTICE_SECONDS = 0.1
"""How long a process may go by an offset of the test clock that another has moved."""


@frozen(kw_only=True)
class FakeGateway:
    """A gateway whose outside world is ours to move."""

    gateway: Gateway
    controls: GatewayControls


@frozen(kw_only=True)
class Overrides:
    """What to use instead of what the settings ask for. A test clock needs a movable `clock`."""

    storage: Storage | None = None
    gateway: FakeGateway | Gateway | None = None
    wall: WallClock | None = None
    clock: MovableClock | None = None
    ids: Ids | None = None
    randomness: Randomness | None = None
    passwords: Passwords | None = None
    alerts: Alerts | None = None


@frozen(kw_only=True)
class Pieces:
    """Every port of an installation, filled in."""

    settings: Settings
    storage: Storage
    gateway: Gateway
    controls: GatewayControls | None
    limits: ChargeLimits
    wall: WallClock
    clock: Clock
    movable_clock: MovableClock | None
    ids: Ids
    randomness: Randomness
    tokens: Tokens
    passwords: Passwords
    alerts: Alerts
    rules: PlatformRules
    is_shared: bool
    """Whether other processes may work on the same database."""


def gather(settings: Settings, overrides: Overrides, on_close: ExitStack) -> Pieces:
    """Fill every port in. What has to be closed is put on `on_close`."""
    wall = overrides.wall or _wall()
    ids = overrides.ids or _ids(wall)
    randomness = overrides.randomness or _randomness()
    storage = overrides.storage or _storage(settings, ids)
    on_close.callback(storage.close)
    movable = overrides.clock or _movable_clock(settings, storage, wall)
    clock: Clock = movable or wall
    gateway, controls = _given(overrides) or _built(settings, clock, wall, randomness, on_close)
    return Pieces(
        settings=settings,
        storage=storage,
        gateway=gateway,
        controls=controls,
        limits=_limits(),
        wall=wall,
        clock=clock,
        movable_clock=movable,
        ids=ids,
        randomness=randomness,
        tokens=_tokens(settings, storage, wall, randomness),
        passwords=overrides.passwords or _passwords(),
        alerts=overrides.alerts or _alerts(),
        rules=settings.rules,
        is_shared=overrides.storage is None and not settings.database_url.startswith("memory:"),
    )


def _wall() -> WallClock:
    from adapters.clock import SystemClock

    return SystemClock()


def _ids(wall: WallClock) -> Ids:
    from adapters.ids import UlidIds

    return UlidIds(wall)


def _randomness() -> Randomness:
    from adapters.ids import SystemRandomness

    return SystemRandomness()


def _storage(settings: Settings, ids: Ids) -> Storage:
    if settings.database_url.startswith("memory:"):
        from adapters.memory import memory_storage

        return memory_storage(ids)
    from adapters.sql import sql_storage

    return sql_storage(settings.database_url, ids)


def _movable_clock(settings: Settings, storage: Storage, wall: WallClock) -> MovableClock | None:
    """Return the test mode's clock; business time is real time where money is."""
    if not settings.is_test_mode:
        return None
    from adapters.clock import OffsetClock

    offset = KeptOffset(storage.work, fresh_for=timedelta(seconds=NOTICE_SECONDS), wall=wall)
    return OffsetClock(wall, offset.read, offset.keep)


def _given(overrides: Overrides) -> tuple[Gateway, GatewayControls | None] | None:
    if isinstance(overrides.gateway, FakeGateway):
        return overrides.gateway.gateway, overrides.gateway.controls
    return None if overrides.gateway is None else (overrides.gateway, None)


def _built(
    settings: Settings,
    clock: Clock,
    wall: WallClock,
    randomness: Randomness,
    on_close: ExitStack,
) -> tuple[Gateway, GatewayControls | None]:
    if settings.gateway is GatewayKind.STRIPE:
        return _stripe(settings), None
    from adapters.fake import fake_gateway, open_store

    store = open_store(settings.database_url)
    world = fake_gateway(
        store,
        clock=clock,
        wall_clock=wall,
        randomness=randomness,
        webhook_secrets=settings.webhook_secrets,
    )
    on_close.callback(world.close)
    return world.gateway, world.controls


def _stripe(settings: Settings) -> Gateway:
    from adapters.stripe.client import StripeSettings, stripe_gateway

    return stripe_gateway(
        StripeSettings(
            secret_key=settings.stripe_secret_key or "",
            publishable_key=settings.stripe_publishable_key or FAKE_PUBLISHABLE_KEY,
            webhook_secrets=settings.webhook_secrets,
            return_url=settings.return_urls[0],
        )
    )


def _limits() -> ChargeLimits:
    from adapters.stripe_facts import charge_limit

    return charge_limit


def _tokens(
    settings: Settings, storage: Storage, wall: WallClock, randomness: Randomness
) -> Tokens:
    from adapters.tokens import JwtTokens, key_of

    secret = settings.jwt_secret or _kept_secret(storage, randomness)
    return JwtTokens(key=key_of(secret), wall=wall, randomness=randomness)


def _kept_secret(storage: Storage, randomness: Randomness) -> str:
    """Return the secret of this installation, made once and kept in its database."""
    fresh = randomness.secret()

    def keep(unit: Unit) -> str:
        stored = unit.settings.get(JWT_SECRET)
        if stored is None:
            unit.settings.put(JWT_SECRET, fresh)
        return stored or fresh

    return storage.work(keep)


def _passwords() -> Passwords:
    from adapters.passwords import Argon2Passwords

    return Argon2Passwords()


def _alerts() -> Alerts:
    from adapters.alerts import LoggedAlerts

    return LoggedAlerts()
