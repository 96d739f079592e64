from collections.abc import Callable
from datetime import datetime

import pytest
import structlog

from adapters.clock import ManualClock
from domain.errors import InvalidField
from entrypoints.test_clock import TestClock
from entrypoints.worker import Task, Worker
from tests.builders import NOW, after


class Agenda:
    """Things that are due at instants, and when each was done."""

    def __init__(self, clock: ManualClock, *due: datetime) -> None:
        self.clock = clock
        self.due = sorted(due)
        self.done: list[tuple[datetime, datetime]] = []
        self.follows: dict[datetime, datetime] = {}

    def work(self) -> int:
        now = self.clock.now()
        ready = [at for at in self.due if at <= now]
        for at in ready:
            self.due.remove(at)
            self.done.append((at, now))
            if at in self.follows:
                self.due.append(self.follows[at])
        return len(ready)

    def next_due(self) -> datetime | None:
        return min((at for at in self.due if at > self.clock.now()), default=None)


class NoWorld:
    def next_due(self, now: datetime) -> datetime | None:
        return None

    def run_due(self, now: datetime) -> int:
        return 0


def a_test_clock(
    agenda: Agenda, *, is_busy_elsewhere: Callable[[], bool] = lambda: False
) -> TestClock:
    log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("worker")
    clock = agenda.clock
    worker = Worker(tasks=[Task(name="agenda", run=agenda.work)], wall=clock, log=log)
    return TestClock(
        clock=clock,
        worker=worker,
        world=NoWorld(),
        next_due=agenda.next_due,
        is_busy_elsewhere=is_busy_elsewhere,
        wall=clock,
    )


def test_each_due_instant_is_visited_in_its_order() -> None:
    agenda = Agenda(ManualClock(NOW), after(hours=5), after(hours=1), after(hours=3))
    assert a_test_clock(agenda).advance(4 * 3600) == after(hours=4)
    assert agenda.done == [(after(hours=1),) * 2, (after(hours=3),) * 2]


def test_what_an_instant_sets_off_happens_on_the_way() -> None:
    agenda = Agenda(ManualClock(NOW), after(hours=1))
    agenda.follows = {after(hours=1): after(hours=2), after(hours=2): after(hours=9)}
    a_test_clock(agenda).advance(8 * 3600)
    assert [at for at, _ in agenda.done] == [after(hours=1), after(hours=2)]
    assert agenda.due == [after(hours=9)]


def test_what_is_due_now_is_done_without_going_anywhere() -> None:
    agenda = Agenda(ManualClock(NOW), NOW)
    assert a_test_clock(agenda).advance(0) == NOW
    assert agenda.done == [(NOW, NOW)]


def test_what_is_overdue_and_cannot_be_done_does_not_stop_time() -> None:
    agenda = Agenda(ManualClock(NOW))
    clock = a_test_clock(agenda)
    clock.next_due = lambda: after(hours=-1)
    assert clock.advance(3600) == after(hours=1)


@pytest.mark.parametrize("seconds", [-1, 10 * 366 * 86_400])
def test_time_goes_forward_and_not_absurdly_far(seconds: int) -> None:
    with pytest.raises(InvalidField):
        a_test_clock(Agenda(ManualClock(NOW))).advance(seconds)


def test_what_another_process_has_in_hand_is_waited_for() -> None:
    answers = iter([True, True, False])
    clock = a_test_clock(Agenda(ManualClock(NOW)), is_busy_elsewhere=lambda: next(answers, False))
    clock.advance(60)
    assert next(answers, None) is None


def test_what_another_process_never_finishes_is_not_waited_for_for_ever() -> None:
    wall = ManualClock(NOW)
    clock = a_test_clock(Agenda(ManualClock(NOW), after(hours=1)), is_busy_elsewhere=lambda: True)
    clock.wall = wall
    clock.advance(7200)
    assert wall.now() < after(seconds=3)
