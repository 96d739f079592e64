"""Run a scenario, kill its process at a point, start another, and see that all is whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import count

from attrs import define, field, frozen

from entrypoints.simulation.scheduling import Killed
from tests.crash.points import Process
from tests.crash.scenarios import Arrange
from tests.crash.stage import Later, Request, Scene, Stage, Step
from tests.crash.whole import must_be_whole, tally_of

NewStage = Callable[[], Stage]
REQUESTS = (Request, Later)


class Client(StrEnum):
    """What the sender of a request does whose answer did not come."""

    ASKS_AGAIN = "asks again at once"
    ASKS_LATER = "asks after the worker has cleared up"
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
                if self.kill.client is not Client.ASKS_AGAIN:
                    self._survive(self.stage.recover)
                if self.kill.client is Client.GIVES_UP and isinstance(step, REQUESTS):
                    self.gave_up = True
                    return
            else:
                return

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
        if not self.gave_up:
            assert tally_of(self.stage) == scene.comes_to
        requests = [step for step in scene.steps if isinstance(step, REQUESTS)]
        for request in requests:
            request.repeat()
            request.repeat()
        must_be_whole(self.stage)
        refusals = (request.refusal for request in requests)
        if self.kill.client is not Client.ASKS_AGAIN:
            refusals = (each for each in refusals if each != scene.may_be_forestalled_by)
        self.refusals = tuple(each for each in refusals if each)


def try_all(arrange: Arrange, new_stage: NewStage, *, every: int = 1) -> int:
    """Kill at each point in turn (or every so many-th); return how many there were.

    Where a request was hit, its client asks again at once, or later, or never.
    """
    unharmed = Run(arrange, new_stage()).tell()
    names = unharmed.processes[0].seen
    assert names
    for at in range(0, len(names), every):
        for client in Client:
            with _told(f"killed {names[at]} ({at}); the client {client}"):
                run = Run(arrange, new_stage(), Kill(at=at, client=client)).tell()
                assert run.processes[0].is_dead
                assert run.gave_up or run.refusals == unharmed.refusals
            if not run.client_was_hit:
                break
    return len(names)


def try_pairs(
    arrange: Arrange, new_stage: NewStage, wanted: Callable[[str], bool], *, every: int = 1
) -> int:
    """Kill at the wanted points, and the recovery at its own; return how many pairs.

    With `every` above 1 the recovery is killed at every so many-th point, beginning at another
    one for each first kill.
    """
    tried = 0
    names = Run(arrange, new_stage()).tell().processes[0].seen
    for at in (at for at, name in enumerate(names) if wanted(name)):
        for then_at in count(at % every, every):
            kill = Kill(at=at, then_at=then_at, client=Client.ASKS_LATER)
            with _told(f"killed {names[at]} ({at}), then at {then_at} of its recovery"):
                run = Run(arrange, new_stage(), kill).tell()
            if not run.processes[1].is_dead:
                break
            tried += 1
    return tried


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        error.add_note(what)
        raise
