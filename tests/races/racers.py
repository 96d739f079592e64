"""Processes that race: each has an installation of its own on the same SQLite file."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Barrier
from typing import Any

import structlog
from attrs import field, frozen

from application.commands import Actor
from application.ports.records import Answer
from entrypoints.http.controllers import bookings, cards, earnings, payments
from entrypoints.http.endpoints import every
from entrypoints.simulation.client import Asked, Body
from tests.forks import FORKS
from tests.races.arena import START_WITHIN_SECONDS, Arena

ENDPOINTS = {each.name: each for each in every((bookings, cards, earnings, payments))}
END_WITHIN_SECONDS = 60


@frozen(kw_only=True)
class Order:
    """What a process is to do: send a request, or work until nothing is left (`endpoint` None)."""

    actor: Actor = field(factory=Actor)
    endpoint: str | None = None
    body: Body = field(factory=dict)
    path: dict[str, str] = field(factory=dict)
    key: str | None = None

    def carry_out(self, arena: Arena) -> Answer | None:
        """Do it, and return the answer if there is one."""
        if self.endpoint is None:
            arena.installation.worker.until_idle()
            return None
        return arena.client.send(
            Asked(
                actor=self.actor,
                endpoint=ENDPOINTS[self.endpoint],
                body=self.body,
                path=self.path,
                key=self.key,
            )
        )


@frozen(kw_only=True)
class Start:
    """A race: which database, what time it is there, and what this process is to do."""

    url: str
    wall: datetime
    clock: datetime
    order: Order


def _run(line: Connection, barrier: Barrier) -> None:
    """Race until told to stop; errors go to the other end as they are."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    start = line.recv()
    while start is not None:
        with Arena(start.url) as arena, closing(arena.world):
            while start is not None and start.url == arena.url:
                arena.wall.move_to(start.wall)
                arena.clock.move_to(start.clock)
                barrier.wait(START_WITHIN_SECONDS)
                line.send(start.order.carry_out(arena))
                start = line.recv()


@frozen
class Racers:
    """Processes that wait for a start."""

    lines: Sequence[Any]

    def race(self, arena: Arena, *orders: Order) -> list[Answer]:
        """Let each process carry one order out, all at once; return the answers."""
        assert len(orders) == len(self.lines)
        for line, order in zip(self.lines, orders, strict=True):
            now = arena.wall.now()
            line.send(Start(url=arena.url, wall=now, clock=arena.clock.now(), order=order))
        answers = []
        for line in self.lines:
            assert line.poll(END_WITHIN_SECONDS), "a process does not answer"
            answers.append(line.recv())
        return [each for each in answers if each is not None]


@contextmanager
def racers(count: int) -> Iterator[Racers]:
    """Start some processes, and end them with the block."""
    barrier = FORKS.Barrier(count)
    lines, processes = [], list[ForkServerProcess]()
    for _ in range(count):
        ours, theirs = FORKS.Pipe()
        process = FORKS.Process(target=_run, args=(theirs, barrier), daemon=True)
        process.start()
        theirs.close()
        lines.append(ours)
        processes.append(process)
    try:
        yield Racers(lines)
        for line in lines:
            line.send(None)
        for process in processes:
            process.join(END_WITHIN_SECONDS)
    finally:
        for process in processes:
            process.terminate()
            process.join(END_WITHIN_SECONDS)
