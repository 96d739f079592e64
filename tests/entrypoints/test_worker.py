import threading
from collections.abc import Callable
from datetime import timedelta

import structlog
from structlog.testing import capture_logs

from adapters.clock import ManualClock
from entrypoints.worker import BackgroundWorker, Task, Worker
from tests.builders import NOW

LOG: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("worker")


class Pile:
    """Some work: each call does one of it."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        done = min(self.left, 1)
        self.left -= done
        return done


def a_worker(*tasks: Task, clock: ManualClock | None = None) -> Worker:
    return Worker(tasks=tasks, wall=clock or ManualClock(NOW), log=LOG, pause_seconds=0.001)


def failing(times: int, then: Callable[[], int]) -> Callable[[], int]:
    left = [times]

    def run() -> int:
        if left[0]:
            left[0] -= 1
            raise RuntimeError("out of order")
        return then()

    return run


def test_it_works_until_nothing_is_left() -> None:
    one, other = Pile(3), Pile(1)
    worker = a_worker(Task(name="one", run=one), Task(name="other", run=other))
    assert worker.until_idle() == 4
    assert (one.left, other.left) == (0, 0)


def test_work_that_other_work_makes_is_done_too() -> None:
    second = Pile(0)

    def first() -> int:
        if second.calls:
            return 0
        second.left = 2
        return 1

    worker = a_worker(Task(name="second", run=second), Task(name="first", run=first))
    worker.until_idle()
    assert second.left == 0


def test_a_failing_task_does_not_stop_the_others() -> None:
    pile = Pile(2)
    broken = failing(99, Pile(0))
    worker = a_worker(Task(name="broken", run=broken), Task(name="pile", run=pile))
    with capture_logs() as logs:
        assert worker.until_idle() == 2
    failed = [entry["task"] for entry in logs if entry["log_level"] == "error"]
    assert set(failed) == {"broken"}


def test_a_failing_task_backs_off_and_recovers() -> None:
    clock = ManualClock(NOW)
    pile = Pile(1)
    worker = a_worker(Task(name="shaky", run=failing(2, pile)), clock=clock)
    with capture_logs() as logs:
        worker.round()
        worker.round()
        assert pile.calls == 0
        clock.advance(timedelta(seconds=1))
        worker.round()
        clock.advance(timedelta(seconds=1))
        assert worker.round() == 0, "the second pause is longer"
        clock.advance(timedelta(seconds=1))
        assert worker.round() == 1
    told = [entry for entry in logs if entry["log_level"] != "debug"]
    assert [entry.get("retry_in") for entry in told] == [1.0, 2.0, None]
    assert told[-1]["event"] == "worker.task_recovered"


def test_a_task_that_rests_is_not_asked_again_at_once() -> None:
    clock = ManualClock(NOW)
    pile = Pile(0)
    worker = a_worker(Task(name="rare", run=pile, rest_seconds=60), clock=clock)
    worker.round()
    worker.round()
    assert pile.calls == 1
    clock.advance(timedelta(seconds=60))
    worker.round()
    assert pile.calls == 2


def test_who_must_know_that_nothing_is_left_asks_resting_tasks_too() -> None:
    pile = Pile(0)
    worker = a_worker(Task(name="rare", run=pile, rest_seconds=3600))
    worker.round()
    pile.left = 1
    assert worker.until_idle() == 1


def test_a_task_that_is_never_idle_does_not_hang_it() -> None:
    worker = a_worker(Task(name="restless", run=lambda: 1))
    with capture_logs() as logs:
        worker.until_idle()
    assert logs[-1]["event"] == "worker.never_idle"


def test_in_the_background_it_finishes_what_it_has_in_hand() -> None:
    begun, may_finish, finished = threading.Event(), threading.Event(), threading.Event()

    def unit() -> int:
        begun.set()
        may_finish.wait(5)
        finished.set()
        return 1

    after = Pile(1)
    background = BackgroundWorker(
        a_worker(Task(name="unit", run=unit), Task(name="after", run=after))
    )
    background.start()
    assert begun.wait(5)
    background.worker.stop()
    may_finish.set()
    assert background.stop()
    assert finished.is_set()
    assert after.calls == 0, "nothing new is begun after it was asked to stop"


def test_an_idle_worker_is_woken() -> None:
    worked = threading.Event()
    pile = Pile(0)

    def run() -> int:
        done = pile()
        if done:
            worked.set()
        return done

    worker = Worker(
        tasks=[Task(name="pile", run=run)], wall=ManualClock(NOW), log=LOG, pause_seconds=60
    )
    background = BackgroundWorker(worker)
    background.start()
    pile.left = 1
    worker.wake()
    assert worked.wait(5)
    assert background.stop()
