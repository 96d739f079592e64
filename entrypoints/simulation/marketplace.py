"""A whole marketplace in one thread's worth of time: processes, payment world, clock, chance.

Everything that could be otherwise comes from one seeded `Random`, and everything waits in one
scheduler; so the same seed tells the same story.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from attrs import define, field

from adapters.alerts import KeptAlerts
from adapters.clock import ManualClock
from adapters.fake import FakeWorld, Store, fake_gateway
from adapters.ids import SeededIds, SeededRandomness
from application.ports.storage import Storage
from entrypoints.settings import Settings
from entrypoints.simulation.diary import Diary
from entrypoints.simulation.invariants import INVARIANTS
from entrypoints.simulation.scheduling import Scheduler, Task
from entrypoints.simulation.trouble import Troubles
from entrypoints.simulation.truth import CalmStore, FollowedStore, Truth
from entrypoints.simulation.witness import Witness

T = TypeVar("T")


@define(eq=False)
class SimulatedClock(ManualClock):
    """A clock that everybody shares; to sleep is to let others go on until it has moved."""

    market: "Marketplace"
    at: datetime

    def __attrs_post_init__(self) -> None:
        super().__init__(self.at)

    def sleep(self, seconds: float) -> None:
        """Let others go on until so much time has passed."""
        self.market.sleep(seconds)


@define(eq=False)
class Marketplace:
    """What all processes and people share."""

    seed: int
    settings: Settings
    begins_at: datetime
    open_storage: Callable[["Marketplace"], Storage]
    store: Store
    chance: Random = field(init=False)
    scheduler: Scheduler = field(factory=Scheduler)
    diary: Diary = field(factory=Diary)
    troubles: Troubles = field(factory=Troubles)
    alerts: KeptAlerts = field(factory=KeptAlerts)
    truth: Truth = field(factory=Truth)
    witness: Witness = field(init=False)
    clock: SimulatedClock = field(init=False)
    ids: SeededIds = field(init=False)
    randomness: SeededRandomness = field(init=False)
    storage: Storage = field(init=False)
    world: FakeWorld = field(init=False)
    calm_world: FakeWorld = field(init=False)
    """The same world for those who only compare: no fault strikes them."""
    under_way: list[Task] = field(factory=list)
    _wakes_at: dict[int, datetime] = field(factory=dict)
    _turns_left: int = 0

    def __attrs_post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - repeatable on purpose
        self.witness = Witness(self.truth, INVARIANTS)
        self.clock = SimulatedClock(self, self.begins_at)
        self.ids = SeededIds(self.clock, self.seed)
        self.randomness = SeededRandomness(self.seed)
        self.storage = self.open_storage(self)
        self.world = self._world(FollowedStore(self.store, self.truth))
        self.calm_world = self._world(CalmStore(FollowedStore(self.store, self.truth)))

    def _world(self, store: Store) -> FakeWorld:
        return fake_gateway(
            store,
            clock=self.clock,
            wall_clock=self.clock,
            randomness=self.randomness,
            webhook_secrets=self.settings.webhook_secrets,
        )

    # --- Chance ----------------------------------------------------------------------------

    def happens(self, probability: float) -> bool:
        """Tell whether something happens this time."""
        return self.chance.random() < probability

    def one_of(self, things: Sequence[T]) -> T | None:
        """Choose one, if there is any."""
        return self.chance.choice(things) if things else None

    # --- Tasks -----------------------------------------------------------------------------

    def begin(self, name: str, run: Callable[[], object]) -> Task:
        """Put a task under way."""
        task = self.scheduler.start(name, run)
        self.under_way.append(task)
        return task

    def pass_by(self, point: str) -> None:
        """Come by a point at which another task may go on."""
        task = self.scheduler.current
        self.diary.note(task.name if task else "the world", point, self.clock.now())
        self._turns_left -= 1
        if self._turns_left <= 0:
            self.scheduler.pause()

    def sleep(self, seconds: float) -> None:
        """Let others go on until so much time has passed."""
        task, until = self.scheduler.current, self.clock.now() + timedelta(seconds=seconds)
        if task is None:
            self.clock.move_to(until)
            return
        self._wakes_at[id(task)] = until
        while self.clock.now() < until and not task.is_dropped:
            self.scheduler.pause()
        self._wakes_at.pop(id(task), None)

    def turn(self) -> bool:
        """Let one task go on for a few points; False when all of them sleep."""
        now = self.clock.now()
        awake = [task for task in self.under_way if self._wakes_at.get(id(task), now) <= now]
        if not awake:
            return False
        task = self.chance.choice(awake)
        self._turns_left = self.chance.choice((1, 1, 2, 3, 6))
        self.scheduler.go_on(task)
        if task.has_ended:
            self.under_way.remove(task)
        self.witness.world_moved()
        return True

    def wake_the_first(self) -> None:
        """Move time to where the first sleeper wakes."""
        first = min((self._wakes_at[id(task)] for task in self.under_way), default=None)
        if first is not None:
            self.clock.move_to(first)

    def finish_tasks(self) -> None:
        """Let everything that is under way come to its end."""
        while self.under_way:
            if not self.turn():
                self.wake_the_first()

    def close(self) -> None:
        """Drop what is under way, and let everything go."""
        self.scheduler.close()
        self.world.close()
        self.storage.close()
