"""Run a scenario, kill its process at a point, start another, and see that all is whole."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from attrs import define, field, frozen

from entrypoints.simulation.scheduling import Killed
from tests.crash.points import Point, Process
from tests.crash.requests import Later, Request
from tests.crash.scenarios import Arrange
from tests.crash.stage import Scene, Stage, Step
from tests.crash.whole import Tally, must_be_whole, tally_of

REQUESTS = (Request, Later)


class Client(StrEnum):
    """What the sender of a request does whose answer did not come."""

    ASKS_AGAIN = "asks again at once"
    ASKS_LATER = "asks after the worker has cleared up"
    ASKS_ONCE_TOLD = "asks after the gateway's webhooks came"
    GIVES_UP = "gives up"


@frozen(kw_only=True)
class Kill:
    """Where the first process dies, and where the one after it, if anywhere."""

    at: int | None = None
    then_at: int | None = None
    client: Client = Client.ASKS_AGAIN


@define
class Run:
    """One telling of a scenario."""

    arrange: Arrange
    stage: Stage
    kill: Kill = field(factory=Kill)
    processes: list[Process] = field(factory=list)
    gave_up: bool = False
    client_was_hit: bool = False
    """Whether a process died of a request, and not of the worker's own doing."""
    refusals: tuple[str, ...] = ()
    """The codes of the requests that were refused in the end."""
    came_to: Tally = field(factory=Tally)
    made: Mapping[str, int] = field(factory=dict)
    """How many bookings, payments … there are in the end."""

    def tell(self) -> "Run":
        """Play it to the end, and check what must hold."""
        scene = self.arrange(self.stage)
        self._start(self.kill.at)
        for step in scene.steps:
            if not (self.gave_up and isinstance(step, REQUESTS)):
                self._take(step)
        self._survive(self.stage.recover)
        self.stage.start_process(Process())
        self._check(scene)
        return self

    @property
    def points(self) -> tuple[Point, ...]:
        """Return the points that the first process came by."""
        return tuple(self.processes[0].seen)

    def _start(self, kill_at: int | None) -> None:
        process = Process(kill_at)
        self.processes.append(process)
        self.stage.start_process(process)

    def _restart(self) -> None:
        self._start(self.kill.then_at if len(self.processes) == 1 else None)

    def _take(self, step: Step) -> None:
        """Take a step; when the process dies of it, do as the client does."""
        while True:
            try:
                step()
            except Killed:
                self._restart()
                self.client_was_hit |= isinstance(step, REQUESTS)
                self._before_asking_again()
                if self.kill.client is Client.GIVES_UP and isinstance(step, REQUESTS):
                    self.gave_up = True
                    return
            else:
                return

    def _before_asking_again(self) -> None:
        match self.kill.client:
            case Client.ASKS_LATER | Client.GIVES_UP:
                self._survive(self.stage.recover)
            case Client.ASKS_ONCE_TOLD:
                self._survive(self.stage.hear)
            case Client.ASKS_AGAIN:
                pass

    def _survive(self, step: Step) -> None:
        while True:
            try:
                step()
            except Killed:
                self._restart()
            else:
                return

    def _check(self, scene: Scene) -> None:
        must_be_whole(self.stage)
        self.came_to = tally_of(self.stage)
        self.made = dict(self.stage.points.histories.made)
        if scene.comes_to is not None and not self.gave_up:
            assert self.came_to == scene.comes_to
        requests = [step for step in scene.steps if isinstance(step, REQUESTS)]
        for request in requests:
            request.repeat()
            request.alter()
            request.repeat()
        must_be_whole(self.stage)
        assert tally_of(self.stage) == self.came_to
        refusals = (request.refusal for request in requests)
        if self.kill.client is not Client.ASKS_AGAIN:
            refusals = (each for each in refusals if each != scene.may_be_forestalled_by)
        self.refusals = tuple(each for each in refusals if each)


def points_of(arrange: Arrange) -> tuple[Point, ...]:
    """Return where the process that tells a scenario can die, in order."""
    return Run(arrange, Stage()).tell().points


@contextmanager
def told(what: object) -> Iterator[None]:
    """Say which kill an error came of."""
    try:
        yield
    except BaseException as error:
        error.add_note(str(what))
        raise
