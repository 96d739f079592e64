"""A market in which several things happen at once, one turn at a time.

A turn ends before the next unit of work and before the next call of the gateway, looks included:
between two turns something was committed, done at the gateway, or learned. Each turn takes a
millisecond of both clocks.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from attrs import define, evolve, field

from adapters.clock import ManualClock
from application.ports.gateway import GatewayRefused
from application.ports.records import Answer
from domain.errors import DomainError
from entrypoints.composition import Overrides
from entrypoints.composition.pieces import FakeGateway
from entrypoints.simulation.client import code_of
from entrypoints.simulation.ports import Change, watched_gateway, watched_storage
from entrypoints.simulation.scheduling import Scheduler, Task
from tests.crash.stage import Stage
from tests.interleavings.schedules import Trace, Turn
from tests.market import Market

A_TURN = timedelta(milliseconds=1)
MOST_TURNS = 2_000
"""When tasks are said never to end."""

Action = Callable[[], object]


@define(eq=False)
class Errand:
    """Something that is under way, and what came of it: a code, or nothing where all went well."""

    letter: str
    name: str
    action: Action
    task: Task = field(init=False)
    has_acted: bool = False
    sleeps_for: float = 0.0
    answer: Answer | None = None
    code: str = ""

    def run(self) -> None:
        """Do it; a refusal is an outcome, anything else that is raised is a bug."""
        try:
            result = self.action()
        except DomainError as error:
            self.code = error.code
        except GatewayRefused as refused:
            self.code = refused.code
        else:
            self.answer = result if isinstance(result, Answer) else None
            self.code = code_of(self.answer) if self.answer is not None else ""


@define
class Crossing:
    """Errands that take turns. It watches their ports, and is the clock by which they sleep."""

    wall: ManualClock
    clock: ManualClock
    scheduler: Scheduler = field(factory=Scheduler)
    errands: tuple[Errand, ...] = ()
    told: list[str] = field(factory=list)
    """What happened, a line for each step."""

    def play(self, actions: Sequence[tuple[str, Action]], word: str) -> Trace:
        """Let some actions take turns as a word says, then each for as long as it can."""
        self.told.clear()
        self.errands = tuple(
            self._errand(chr(ord("a") + number), name, action)
            for number, (name, action) in enumerate(actions)
        )
        trace: list[Turn] = []
        while able := self._able():
            letters = "".join(errand.letter for errand in able)
            wanted = word[len(trace)] if len(trace) < len(word) else _last(trace)
            taken = next((each for each in able if each.letter == wanted), able[0])
            trace.append(Turn(taken.letter, letters))
            self._let(taken)
            assert len(trace) < MOST_TURNS, "the tasks never end"
        return tuple(trace)

    def end_turn(self) -> None:
        """End the turn of whoever calls this: they have done something that others can see."""
        errand = self._current()
        if errand is not None:
            errand.has_acted = False
            self.scheduler.pause()

    def _before_a_step(self) -> None:
        """End the turn of whoever is about to take a step, unless it is the first of the turn."""
        errand = self._current()
        if errand is None:
            return
        if errand.has_acted:
            self.scheduler.pause()
        errand.has_acted = True

    # --- Turns ---------------------------------------------------------------------------------

    def _errand(self, letter: str, name: str, action: Action) -> Errand:
        errand = Errand(letter, name, action)
        errand.task = self.scheduler.start(name, errand.run)
        return errand

    def _able(self) -> list[Errand]:
        """Return those who can go on; sleepers only when nobody else can, and after their sleep."""
        left = [errand for errand in self.errands if not errand.task.has_ended]
        awake = [errand for errand in left if not errand.sleeps_for]
        if awake or not left:
            return awake
        self.wall.sleep(min(errand.sleeps_for for errand in left))
        return left

    def _let(self, errand: Errand) -> None:
        self.wall.advance(A_TURN)
        self.clock.advance(A_TURN)
        # Whoever sleeps is waiting for the others: look again once one of them has done something.
        for each in self.errands:
            each.sleeps_for = 0.0
        self.scheduler.go_on(errand.task)

    def _current(self) -> Errand | None:
        task = self.scheduler.current
        return next((errand for errand in self.errands if errand.task is task), None)

    def _tell(self, what: str) -> None:
        errand = self._current()
        if errand is not None:
            self.told.append(f"{errand.letter} ({errand.name}) {what}")

    # --- The clock by which they sleep ---------------------------------------------------------

    def now(self) -> datetime:
        """Return the instant."""
        return self.wall.now()

    def sleep(self, seconds: float) -> None:
        """Let others go on."""
        errand = self._current()
        if errand is None:
            self.wall.sleep(seconds)
            return
        errand.sleeps_for = seconds
        self.end_turn()

    # --- What watches their ports --------------------------------------------------------------

    def before_unit(self) -> None:
        """End the turn."""
        self._before_a_step()

    def before_commit(self, changes: Sequence[Change]) -> None:
        """Go on: locks are held."""

    def after_commit(self, changes: Sequence[Change]) -> None:
        """Tell what was committed."""
        self._tell(f"commits {', '.join(dict.fromkeys(each.repository for each in changes))}")

    def before_read(self) -> None:
        """Go on: a query belongs to what is done next."""

    def before_call(self, method: str, *, has_effect: bool) -> None:
        """End the turn."""
        self._before_a_step()

    def after_call(self, method: str, *, has_effect: bool) -> None:
        """Tell what was called."""
        self._tell(f"{'calls' if has_effect else 'looks at'} {method}")


def _last(trace: Sequence[Turn]) -> str:
    return trace[-1].taken if trace else ""


class CrossingStage(Stage):
    """A market whose errands take turns. Nobody dies here."""

    crossing: Crossing

    def overrides(self) -> Overrides:
        """Return adapters that end a turn where one ends."""
        self.crossing = Crossing(self.wall, self.clock)
        gateway = watched_gateway(self.world.gateway, self.crossing)
        return evolve(
            Market.overrides(self),
            storage=watched_storage(self.storage, self.crossing),
            gateway=FakeGateway(gateway=gateway, controls=self.world.controls),
            wall=self.crossing,
        )

    def close(self) -> None:
        """Let the threads of the tasks go."""
        self.crossing.scheduler.close()
        self.installation.close()
