"""Tasks that take turns: one runs at a time, and whoever drives decides which one goes on.

    scheduler = Scheduler()
    task = scheduler.start("sam pays", pay)
    scheduler.go_on(task)        # runs until it calls scheduler.pause(), or to its end

Use cases are plain functions, so a task is a thread; but it runs only between `go_on` and its next
`pause`, and nobody else runs meanwhile. So everything that happens follows from the order in which
tasks go on. Nothing may be held at a pause that another task could wait for.
"""

from collections.abc import Callable
from contextvars import Context
from threading import Lock, Thread

from attrs import define, field


class Killed(BaseException):
    """The process is gone. No `except Exception` may catch it."""


class Dropped(Killed):
    """The whole simulation is over."""


@define(eq=False)
class Task:
    """Something under way. `error` is what it ended with, if it ended badly."""

    name: str
    run: Callable[[], object]
    has_ended: bool = False
    is_dropped: bool = False
    error: BaseException | None = None
    lane: "_Lane | None" = field(default=None, repr=False)


@define(eq=False)
class Scheduler:
    """Start tasks, and let them go on one at a time."""

    _idle: list["_Lane"] = field(factory=list)
    _lanes: list["_Lane"] = field(factory=list)
    _unended: dict[int, Task] = field(factory=dict)
    current: Task | None = None
    """The task that runs now."""

    def start(self, name: str, run: Callable[[], object]) -> Task:
        """Make a task; it does nothing until it is let go on."""
        task = Task(name, run)
        self._unended[id(task)] = task
        return task

    def go_on(self, task: Task) -> None:
        """Let a task run until it pauses or ends; raises what it ended with, but for `Killed`."""
        before, self.current = self.current, task
        lane = task.lane = task.lane or self._free_lane()
        lane.let_go_on(task)
        self.current = before
        if not task.has_ended:
            return
        del self._unended[id(task)]
        self._idle.append(lane)
        if task.error is not None and not isinstance(task.error, Killed):
            raise task.error

    def pause(self) -> None:
        """Stop the task that calls this until it is let go on; raises `Dropped` if it never is."""
        task = self.current
        if task is None or task.lane is None:
            return  # Whoever drives has no turns to wait for.
        if not task.is_dropped:
            task.lane.wait()
        if task.is_dropped:
            raise Dropped

    def close(self) -> None:
        """Drop every task that has not ended, and let the threads go."""
        for task in tuple(self._unended.values()):
            task.is_dropped = True
            if task.lane is None:
                continue
            while not task.has_ended:
                self.go_on(task)
        self._unended.clear()
        for lane in self._lanes:
            lane.end()
        self._lanes.clear()
        self._idle.clear()

    def _free_lane(self) -> "_Lane":
        if self._idle:
            return self._idle.pop()
        self._lanes.append(_Lane())
        return self._lanes[-1]


class _Lane:
    """A thread that runs one task after another. Two locks pass the turn to and fro."""

    def __init__(self) -> None:
        self._turn, self._back = Lock(), Lock()
        self._turn.acquire()
        self._back.acquire()
        self._task: Task | None = None
        self._thread = Thread(target=self._live, name="simulated", daemon=True)
        self._thread.start()

    def let_go_on(self, task: Task) -> None:
        """Give the turn away, and wait for it."""
        self._task = task
        self._turn.release()
        self._back.acquire()

    def wait(self) -> None:
        """Give the turn back, and wait for the next one."""
        self._back.release()
        self._turn.acquire()

    def end(self) -> None:
        """Let the thread end."""
        self._task = None
        self._turn.release()
        self._thread.join()

    def _live(self) -> None:
        while True:
            self._turn.acquire()
            task = self._task
            if task is None:
                return
            try:
                # A context of its own, as each request of a server has.
                Context().run(task.run)
            except BaseException as error:  # noqa: BLE001 - handed to whoever drives
                task.error = error
            task.has_ended = True
            self._back.release()
