from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from entrypoints.simulation.scheduling import Killed, Scheduler, Task

who: ContextVar[str] = ContextVar("who")


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()


def counting(scheduler: Scheduler, name: str, told: list[str], *, to: int = 2) -> Task:
    def count() -> None:
        who.set(name)
        for number in range(to):
            told.append(f"{name}{number}")
            scheduler.pause()
            assert who.get() == name

    return scheduler.start(name, count)


def test_tasks_go_on_in_the_order_in_which_they_are_let(scheduler: Scheduler) -> None:
    told: list[str] = []
    one, other = counting(scheduler, "a", told), counting(scheduler, "b", told)
    for task in (one, one, other, one, other, other):
        scheduler.go_on(task)
    assert told == ["a0", "a1", "b0", "b1"]
    assert one.has_ended
    assert other.has_ended


def test_a_task_does_nothing_before_it_is_let(scheduler: Scheduler) -> None:
    told: list[str] = []
    counting(scheduler, "a", told)
    assert told == []


def test_what_a_task_ends_with_reaches_whoever_drives(scheduler: Scheduler) -> None:
    def breaks() -> None:
        scheduler.pause()
        raise LookupError("a bug")

    task = scheduler.start("breaks", breaks)
    scheduler.go_on(task)
    with pytest.raises(LookupError):
        scheduler.go_on(task)


def test_a_killed_task_just_ends(scheduler: Scheduler) -> None:
    def dies() -> None:
        raise Killed

    task = scheduler.start("dies", dies)
    scheduler.go_on(task)
    assert isinstance(task.error, Killed)


def test_a_task_may_let_another_one_go_on(scheduler: Scheduler) -> None:
    told: list[str] = []
    inner = counting(scheduler, "b", told, to=1)

    def drives() -> None:
        scheduler.go_on(inner)
        told.append("a")
        scheduler.pause()
        scheduler.go_on(inner)

    outer = scheduler.start("a", drives)
    scheduler.go_on(outer)
    scheduler.go_on(outer)
    assert told == ["b0", "a"]
    assert inner.has_ended
    assert outer.has_ended


def test_closing_drops_what_is_under_way_and_lets_it_clean_up() -> None:
    scheduler, told = Scheduler(), list[str]()

    def never_ends() -> None:
        try:
            while True:
                scheduler.pause()
        finally:
            scheduler_is_gone = True
            told.append(f"cleaned up {scheduler_is_gone}")

    scheduler.go_on(scheduler.start("never ends", never_ends))
    scheduler.start("never begins", lambda: told.append("begun"))
    scheduler.close()
    assert told == ["cleaned up True"]


def test_a_pause_of_whoever_drives_is_none(scheduler: Scheduler) -> None:
    scheduler.pause()
    assert scheduler.current is None
