"""What the HTTP layer is given: the composition root fills this in."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime

from attrs import field, frozen
from prometheus_client import CollectorRegistry

from application.bus import Bus
from application.idempotency import Idempotency
from application.ports.clock import Clock, WallClock
from application.ports.gateway import GatewayProfile
from application.ports.ids import Ids
from application.ports.storage import RateLimits, Reader
from application.ports.test_mode import GatewayControls
from application.ports.tokens import Tokens


@frozen(kw_only=True)
class HttpSettings:
    """What of the settings concerns HTTP.

    `twin_wait_seconds` is how long a request waits for a twin with the same idempotency key.
    """

    environment: str = "development"
    version: str = "1"
    public_url: str | None = None
    cors_origins: tuple[str, ...] = ()
    return_urls: tuple[str, ...] = ()
    rate_limits: bool = True
    twin_wait_seconds: float = 10.0


@frozen(kw_only=True)
class TestMode:
    """What the `/test` routes drive; a real gateway has none of it.

    `advance_clock` moves business time by so many seconds, runs what falls due on the way, and
    returns what time it is then.
    """

    __test__ = False

    controls: GatewayControls
    advance_clock: Callable[[int], datetime]


def _nothing() -> None:
    """Do nothing."""


@frozen(kw_only=True)
class Services:
    """Everything that a request may need.

    `executor` runs the commands: handlers never block the event loop. `wake_worker` tells the
    worker that something is due now. `registries` hold figures that `/metrics` shows besides its
    own. `ready_checks` raise when what they are named after is away.
    """

    bus: Bus
    idempotency: Idempotency
    read: Reader
    rate_limits: RateLimits
    tokens: Tokens
    clock: Clock
    wall: WallClock
    ids: Ids
    executor: Executor
    profile: GatewayProfile
    settings: HttpSettings = field(factory=HttpSettings)
    test_mode: TestMode | None = None
    wake_worker: Callable[[], None] = _nothing
    registries: tuple[CollectorRegistry, ...] = ()
    ready_checks: Mapping[str, Callable[[], None]] = field(factory=dict)
    on_startup: tuple[Callable[[], None], ...] = ()
    on_shutdown: tuple[Callable[[], None], ...] = ()
