"""Move business time on, and let everything happen on the way that would have happened.

Each due instant is visited in its order, so that what a lesson's end sets off (release, payout,
transfer, its webhook) has the instants that it would have had.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import define

from application.ports.clock import WallClock
from application.ports.test_mode import MovableClock, WorldTime
from domain.errors import InvalidField
from entrypoints.worker import Worker

MOST_STEPS = 10_000
"""How many instants one advance visits; beyond that it leaps."""

FARTHEST = timedelta(days=5 * 366)
ELSEWHERE_SECONDS = 2.0
"""How long an advance waits for what a worker of another process has in hand."""


@define
class TestClock:
    """The clock of the test mode, for the whole system."""

    __test__ = False  # The name is no test's.

    clock: MovableClock
    worker: Worker
    world: WorldTime
    next_due: Callable[[], datetime | None]
    """When something of ours is due next, after now."""
    is_busy_elsewhere: Callable[[], bool]
    """Whether an operation is under way in another process."""
    wall: WallClock
    notice_seconds: float = 0.0
    """How long other processes may take to see that time has moved."""

    def now(self) -> datetime:
        """Return the current instant of business time."""
        return self.clock.now()

    def advance(self, seconds: int) -> datetime:
        """Go forward by so much, run all that falls due, and return what time it is then.

        Raises `InvalidField` for a negative or absurdly long time.
        """
        if not 0 <= seconds <= FARTHEST.total_seconds():
            raise InvalidField("advance_seconds", "Go forward, by five years at most.")
        with self.worker.alone():
            target = self.clock.now() + timedelta(seconds=seconds)
            patience = self.wall.now() + timedelta(seconds=ELSEWHERE_SECONDS)
            self._settle(patience)
            for _ in range(MOST_STEPS):
                due = self._next()
                if due is None or due > target:
                    break
                self.clock.move_to(due)
                self._settle(patience)
            self.clock.move_to(target)
            self._settle(patience)
        if self.notice_seconds:
            self.wall.sleep(self.notice_seconds)
        return self.clock.now()

    def _next(self) -> datetime | None:
        now = self.clock.now()
        # What is overdue was tried just now and could not be done: it is no reason to stand still.
        instants = (self.next_due(), self.world.next_due(now))
        return min((due for due in instants if due is not None and due > now), default=None)

    def _settle(self, patience: datetime) -> None:
        self.worker.until_idle()
        while self.wall.now() < patience and self.is_busy_elsewhere():
            self.wall.sleep(0.02)
            self.worker.until_idle()
