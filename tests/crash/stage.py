"""A market whose process can be killed and started anew over the same database and gateway."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
from attrs import define, evolve

from application.commands import Actor
from application.ports.records import Answer
from application.ports.storage import Storage
from domain.ids import BookingId
from domain.payments import Payment
from entrypoints.composition import Overrides, compose
from entrypoints.composition.pieces import FakeGateway
from entrypoints.http.endpoints import Endpoint
from entrypoints.simulation.client import PASSING_CODES, Asked, Body, Client, client_of, code_of
from entrypoints.simulation.ports import watched_gateway, watched_storage
from entrypoints.worker import Worker
from tests.crash.points import Points, Process
from tests.crash.whole import Tally, is_at_rest
from tests.market import Market

PATIENCE = 12
"""How often a client asks again, and how often a worker waits, before a test gives up."""

Step = Callable[[], object]
"""Something that happens in a scenario; after a kill it is done again."""


class Stage(Market):
    """A market with a mortal process.

    What a process holds is its worker's standings; all else is frozen. So another process is made
    of the same handlers, unless `is_thorough`: then everything is composed anew.
    """

    def __init__(self, storage: Storage | None = None, *, is_thorough: bool = False) -> None:
        self.is_thorough = is_thorough
        self.points = Points()
        super().__init__(storage, settings={"TUITION_RATE_LIMITS": "off"})
        self.client: Client = client_of(self.installation)

    def overrides(self) -> Overrides:
        """Return adapters that let a process die."""
        gateway = watched_gateway(self.world.gateway, self.points)
        return evolve(
            super().overrides(),
            storage=watched_storage(self.storage, self.points),
            gateway=FakeGateway(gateway=gateway, controls=self.world.controls),
        )

    def start_process(self, process: Process) -> None:
        """Forget what is volatile, and start a process that dies where it says."""
        self.points.process = Process()
        if self.is_thorough:
            self.installation = compose(self.settings, self.overrides())
        else:
            worker = self.installation.worker
            fresh = Worker(tasks=worker.tasks, wall=worker.wall, log=worker.log)
            self.installation = evolve(self.installation, worker=fresh)
        self.client = client_of(self.installation)
        self.points.process = process

    def request(
        self, actor: Actor, endpoint: Endpoint, body: Body | None = None, **path: str
    ) -> "Request":
        """Return a request with a key of its own, as a step."""
        key = f"key-{self.ids.new('message')}" if endpoint.takes_key else None
        asked = Asked(actor=actor, endpoint=endpoint, body=body or {}, path=path, key=key)
        return Request(self, asked)

    def recover(self) -> None:
        """Let leases run out and the worker finish what can be finished, several times over."""
        for _ in range(PATIENCE):
            self.settle()
            self.wall.advance(timedelta(seconds=100))
            self.settle()
            if is_at_rest(self):
                return

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
class Request:
    """A request that its sender repeats, with the same key, until it has an answer."""

    stage: Stage
    asked: Asked
    answer: Answer | None = None

    def __call__(self) -> Answer:
        """Send it, and again while it is said to be under way."""
        for _ in range(PATIENCE):
            answer = self.stage.client.send(self.asked)
            if code_of(answer) not in PASSING_CODES:
                self._must_be_what_it_was(answer)
                return answer
            self.stage.wall.advance(timedelta(seconds=31))
        raise AssertionError(f"{self.asked.url} is never answered")

    def repeat(self) -> None:
        """Send it once more, if it was answered: a key makes the same bytes of it."""
        if self.answer is not None and self.asked.key is not None:
            assert self.stage.client.send(self.asked) == self.answer, self.asked.url

    @property
    def refusal(self) -> str:
        """Return the code with which it was refused, if it was.

        Without a key nobody can tell that it was done before: such a refusal counts for nothing.
        """
        return code_of(self.answer) if self.answer is not None and self.asked.key else ""

    def result(self) -> Any:
        """Return what was answered, read as JSON."""
        assert self.answer is not None
        return msgspec.json.decode(self.answer.body)

    def _must_be_what_it_was(self, answer: Answer) -> None:
        if self.asked.key is not None and self.answer is not None:
            assert answer == self.answer, self.asked.url
        self.answer = answer


@define
class Later:
    """A request that can be told only when an earlier one was answered."""

    make: Callable[[], Request]
    made: Request | None = None

    def __call__(self) -> Answer:
        """Tell it, the first time, and send it."""
        self.made = self.made or self.make()
        return self.made()

    @property
    def refusal(self) -> str:
        """Return the code with which it was refused, if it was."""
        return self.made.refusal if self.made is not None else ""

    def repeat(self) -> None:
        """Send it once more, if it was answered."""
        if self.made is not None:
            self.made.repeat()


@define
class Scene:
    """What a scenario has arranged: its steps, and what they come to when all are done."""

    steps: tuple[Step, ...]
    comes_to: Tally
    may_be_forestalled_by: str | None = None
    """The code of a refusal that is right when the worker did it by itself meanwhile."""
