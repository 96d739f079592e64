"""A whole installation: everything that an entrypoint needs, ready to be driven."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Self

from attrs import field, frozen

from application import upkeep
from application.bus import Bus, bus_of
from application.commands import SYSTEM
from application.verification import Verification
from entrypoints.composition.around import CommandFigures, watching
from entrypoints.composition.assembly import assemble, idempotency
from entrypoints.composition.duties import duties
from entrypoints.composition.pieces import NOTICE_SECONDS, Overrides, Pieces, gather
from entrypoints.http.card_numbers import holds_card_number
from entrypoints.http.services import HttpSettings, Services, TestMode
from entrypoints.logs import logger
from entrypoints.settings import GatewayKind, Settings
from entrypoints.test_clock import TestClock
from entrypoints.worker import Worker

THREADS_WITH_FAKE = 8
THREADS_WITH_STRIPE = 24
"""A command waits for Stripe about half a second, and holds no connection meanwhile."""


@frozen(kw_only=True)
class Installation:
    """What `compose` made. Use it as a context manager, or call `close`."""

    pieces: Pieces
    bus: Bus
    worker: Worker
    test_clock: TestClock | None
    figures: CommandFigures
    _on_close: ExitStack = field(repr=False)

    @property
    def settings(self) -> Settings:
        """Return what it was composed from."""
        return self.pieces.settings

    def verification(self) -> Verification:
        """Return what proves the books. Only a gateway of our own is asked for every payment."""
        return Verification(
            read=self.pieces.storage.read,
            gateway=self.pieces.gateway,
            wall=self.pieces.wall,
            each_at_gateway=self.pieces.controls is not None,
            limits=self.pieces.limits,
            holds_card_number=holds_card_number,
        )

    def services(self) -> Services:
        """Return what the HTTP layer is given."""
        pieces, settings = self.pieces, self.settings
        stripe = settings.gateway is GatewayKind.STRIPE
        executor = ThreadPoolExecutor(
            THREADS_WITH_STRIPE if stripe else THREADS_WITH_FAKE, thread_name_prefix="command"
        )
        self._on_close.callback(executor.shutdown)
        return Services(
            bus=self.bus,
            idempotency=idempotency(pieces),
            read=pieces.storage.read,
            rate_limits=pieces.storage.rate_limits,
            tokens=pieces.tokens,
            clock=pieces.clock,
            wall=pieces.wall,
            ids=pieces.ids,
            executor=executor,
            profile=pieces.gateway.profile,
            settings=HttpSettings(
                environment=str(settings.environment),
                public_url=settings.public_url,
                cors_origins=settings.cors_origins,
                return_urls=settings.return_urls,
                rate_limits=settings.rate_limits,
            ),
            test_mode=self._test_mode(),
            wake_worker=self.worker.wake,
            registries=(self.figures.registry,),
            ready_checks={"database": pieces.storage.ping},
        )

    def _test_mode(self) -> TestMode | None:
        if self.pieces.controls is None or self.test_clock is None:
            return None
        return TestMode(controls=self.pieces.controls, advance_clock=self.test_clock.advance)

    def close(self) -> None:
        """Let go of everything."""
        self._on_close.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def compose(settings: Settings, overrides: Overrides | None = None) -> Installation:
    """Build an installation. Raises `MissingPiece` for what cannot be assembled.

    The database has to be there, and its schema: see the command line's `migrate`.
    """
    with ExitStack() as on_failure:
        pieces = gather(settings, overrides or Overrides(), on_failure)
        figures = CommandFigures()
        bus = bus_of(assemble(pieces), watching(figures, logger("bus")))
        worker = Worker(
            tasks=duties(bus, pieces.clock, pieces.controls),
            wall=pieces.wall,
            log=logger("worker"),
        )
        return Installation(
            pieces=pieces,
            bus=bus,
            worker=worker,
            test_clock=_test_clock(pieces, bus, worker),
            figures=figures,
            on_close=on_failure.pop_all(),
        )


def _test_clock(pieces: Pieces, bus: Bus, worker: Worker) -> TestClock | None:
    if pieces.movable_clock is None or pieces.controls is None:
        return None
    return TestClock(
        clock=pieces.movable_clock,
        worker=worker,
        world=pieces.controls.time,
        next_due=lambda: bus.handle(upkeep.NextDue(), SYSTEM),
        is_busy_elsewhere=_busy(pieces),
        wall=pieces.wall,
        notice_seconds=NOTICE_SECONDS if pieces.is_shared else 0.0,
    )


def _busy(pieces: Pieces) -> Callable[[], bool]:
    def is_busy() -> bool:
        if not pieces.is_shared:
            return False
        health = pieces.storage.read(lambda views: views.due.health())
        return bool(health.open_operations or health.waiting_deliveries or health.waiting_messages)

    return is_busy
