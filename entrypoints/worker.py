"""The background loop: what is due is done, once, by however many workers there are.

A task is one upkeep command, or one of the fake gateway's duties; it returns how many things it
did. Workers never hand work to one another: each claims what it does in the database, so that any
number of them, in any number of processes, is safe.
"""

from collections.abc import Callable, Sequence
from threading import Event, RLock, Thread

import structlog
from attrs import define, field, frozen

from application.ports.clock import WallClock

PAUSE_SECONDS = 0.5
"""How long an idle worker waits, unless it is woken."""

FIRST_BACK_OFF_SECONDS = 1.0
LONGEST_BACK_OFF_SECONDS = 60.0

MOST_ROUNDS = 1_000
"""When a worker is called idle although a task still claims to have done something."""


@frozen(kw_only=True)
class Task:
    """Something to be done again and again; `run` returns how many things it did, 0 when idle.

    After a round without work it rests for `rest_seconds`, unless the worker has to be thorough.
    """

    name: str
    run: Callable[[], int]
    rest_seconds: float = 0.0


@define
class _Standing:
    """How a task fares: from when it may run again, by the wall clock's seconds."""

    failures: int = 0
    not_before: float = 0.0


@define
class Worker:
    """Run tasks in turn. A failing one is logged and backs off; it never stops the others."""

    tasks: Sequence[Task]
    wall: WallClock
    log: structlog.stdlib.BoundLogger
    pause_seconds: float = PAUSE_SECONDS
    _bell: Event = field(factory=Event, init=False)
    _stopping: Event = field(factory=Event, init=False)
    _turn: RLock = field(factory=RLock, init=False)
    _standings: dict[str, _Standing] = field(factory=dict, init=False)

    def wake(self) -> None:
        """Let an idle worker look again at once."""
        self._bell.set()

    def stop(self) -> None:
        """Ask the loop to end when the unit in hand is finished."""
        self._stopping.set()
        self._bell.set()

    def run(self) -> None:
        """Work until `stop` is called."""
        self.log.info("worker.started", tasks=len(self.tasks))
        while not self._stopping.is_set():
            if not self.round():
                self._bell.wait(self.pause_seconds)
            self._bell.clear()
        self.log.info("worker.stopped")

    def round(self, *, thorough: bool = False) -> int:
        """Run each task once that may run; return how many things were done.

        `thorough` runs those too that rest or back off.
        """
        done = 0
        with self._turn:
            for task in self.tasks:
                if self._stopping.is_set():
                    break
                done += self._run(task, thorough=thorough)
        return done

    def until_idle(self) -> int:
        """Work until nothing is left to do now; return how many things were done."""
        done = 0
        with self._turn:
            for _ in range(MOST_ROUNDS):
                more = self.round(thorough=True)
                if not more:
                    return done
                done += more
        self.log.warning("worker.never_idle", rounds=MOST_ROUNDS)
        return done

    def alone(self) -> RLock:
        """Return the lock that keeps the background loop from beginning another round."""
        return self._turn

    def _run(self, task: Task, *, thorough: bool) -> int:
        standing = self._standings.setdefault(task.name, _Standing())
        now = self.wall.now().timestamp()
        if standing.not_before > now and not thorough:
            return 0
        try:
            done = task.run()
        except Exception:
            pause = min(FIRST_BACK_OFF_SECONDS * 2**standing.failures, LONGEST_BACK_OFF_SECONDS)
            standing.failures += 1
            standing.not_before = now + pause
            self.log.exception(
                "worker.task_failed", task=task.name, failures=standing.failures, retry_in=pause
            )
            return 0
        if standing.failures:
            self.log.info("worker.task_recovered", task=task.name, failures=standing.failures)
        standing.failures = 0
        standing.not_before = 0.0 if done else now + task.rest_seconds
        if done:
            self.log.debug("worker.worked", task=task.name, done=done)
        return done


@define
class BackgroundWorker:
    """A worker in a thread of its own, beside a server."""

    worker: Worker
    _thread: Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin."""
        self._thread = Thread(target=self.worker.run, name="worker", daemon=True)
        self._thread.start()

    def stop(self, timeout_seconds: float = 15.0) -> bool:
        """Finish the unit in hand and end; tell whether it did in time."""
        self.worker.stop()
        if self._thread is None:
            return True
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()
