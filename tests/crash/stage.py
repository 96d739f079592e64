"""A market whose process can be killed and started anew over the same database and gateway."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from attrs import define, evolve

from application.commands import Actor
from application.ports.storage import Storage
from domain.ids import BookingId
from domain.payments import Payment
from entrypoints.composition import Installation, Overrides, compose
from entrypoints.composition.duties import deliver
from entrypoints.composition.pieces import FakeGateway
from entrypoints.http.endpoints import Endpoint
from entrypoints.simulation.client import Asked, Body, Client, client_of
from entrypoints.simulation.ports import watched_gateway, watched_storage
from entrypoints.worker import Worker
from tests.crash.leading import SETTINGS, playing
from tests.crash.points import Points, Process, telling_effects
from tests.crash.requests import Request
from tests.crash.whole import Tally, is_at_rest
from tests.market import Market

Step = Callable[[], object]
"""Something that happens in a scenario; after a kill it is done again."""

Reopen = Callable[["Stage"], Storage]
"""Opens the database that a process finds when it starts, wherever that is."""

PATIENCE = 12
"""How often a client asks again, and how often a worker waits, before a test gives up."""

KEYS_ARE_FORGOTTEN_AFTER = timedelta(hours=27)
"""When what a cached 500 answers for ever can be begun anew, under another key."""


class Stage(Market):
    """A market with a mortal process.

    What a process holds is its worker's standings; all else is frozen. So another process is made
    of the same handlers, which all stages share. But with `reopen` a process shares nothing with
    the one before: its database is opened anew, and everything is composed anew.
    """

    def __init__(self, reopen: Reopen | None = None) -> None:
        self.points = Points()
        self.reopen = reopen
        self.business_passes = timedelta(0)
        """How much business time passes whenever somebody waits; scenarios say when it does."""
        self.outlasts_keys = False
        """Whether people and the worker soon wait until the gateway has forgotten its keys."""
        super().__init__(settings=SETTINGS)
        self.start_process(Process())

    def composed(self) -> Installation:
        """Return what all stages share: `start_process` composes anew where nothing is shared."""
        return playing().installation

    def overrides(self) -> Overrides:
        """Return adapters that let a process die."""
        gateway = watched_gateway(self.world.gateway, self.points)
        return evolve(
            super().overrides(),
            storage=watched_storage(self.storage, self.points),
            gateway=FakeGateway(
                gateway=telling_effects(gateway, self.points), controls=self.world.controls
            ),
        )

    def start_process(self, process: Process) -> None:
        """Forget what is volatile, and start a process that dies where it says."""
        self.points.process = Process()
        if self.reopen is not None:
            self.storage.close()
            self.storage = self.reopen(self)
            self.installation = compose(self.settings, self.overrides())
            self.client: Client = client_of(self.installation)
        else:
            shared = playing()
            shared.ports = self.overrides()
            worker = shared.installation.worker
            fresh = Worker(tasks=worker.tasks, wall=worker.wall, log=worker.log)
            self.installation = evolve(shared.installation, worker=fresh)
            self.client = shared.client
        self.points.process = process

    def leave(self) -> None:
        """Close the database that the last process opened."""
        self.storage.close()

    def request(
        self, actor: Actor, endpoint: Endpoint, body: Body | None = None, **path: str
    ) -> Request:
        """Return a request with a key of its own, as a step."""
        key = f"key-{self.ids.new('message')}" if endpoint.takes_key else None
        asked = Asked(actor=actor, endpoint=endpoint, body=body or {}, path=path, key=key)
        return Request(self, asked)

    def waits(self) -> Iterator[None]:
        """Let a client wait, again and again, until it loses patience."""
        for pause in self._pauses(timedelta(seconds=31)):
            yield
            self._wait(pause)

    def hear(self) -> None:
        """Let the gateway's webhooks arrive, and nothing else happen."""
        deliver(self.installation.bus, self.world.controls)

    def recover(self) -> None:
        """Let leases run out and the worker finish what can be finished, several times over."""
        for pause in self._pauses(timedelta(seconds=100)):
            self.settle()
            self._wait(pause)
            self.settle()
            if is_at_rest(self):
                return

    def _pauses(self, usual: timedelta) -> tuple[timedelta, ...]:
        if self.outlasts_keys:
            # First until a request that died is let go of: its key is leased for a minute.
            return (usual, usual, usual, KEYS_ARE_FORGOTTEN_AFTER, *[usual] * PATIENCE)
        return (usual,) * PATIENCE

    def _wait(self, pause: timedelta) -> None:
        if pause == KEYS_ARE_FORGOTTEN_AFTER:
            self.outlasts_keys = False  # Once: the key that follows is to be used in its time.
        self.wall.advance(pause)
        self.clock.advance(self.business_passes)

    # --- Looking -------------------------------------------------------------------------------

    def payment_of(self, booking: BookingId) -> Payment:
        """Return a booking's newest payment."""
        found = self.storage.read(lambda views: views.due.payment_of_booking(booking))
        assert found is not None
        return found

    def intent_of(self, booking: BookingId) -> str | None:
        """Return the gateway's id of a booking's newest payment, if there is one."""
        found = self.storage.read(lambda views: views.due.payment_of_booking(booking))
        return found.gateway_id if found else None


@define
class Scene:
    """What a scenario has arranged: its steps, and what they come to when all are done."""

    steps: tuple[Step, ...]
    comes_to: Tally | None
    """What the gateway did in the end; None where it is what it did in a run without a kill."""
    may_be_forestalled_by: str | None = None
    """The code of a refusal that is right when the worker did it by itself meanwhile."""
