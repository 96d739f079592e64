"""Server and worker processes on one database: each is killed, and another takes its place.

Each runs the command line from its first line on, but for imports, which were done before it was
forked.
"""

import os
import random
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Condition

from attrs import define, field

from entrypoints.cli import main
from tests.e2e.processes import PATIENCE_SECONDS, Place, answers
from tests.forks import FORKS

STARTS_WITHIN_SECONDS = 180
"""A machine may be slow, and requests that nobody waits for any more are carried out first."""

# Below the ports that systems hand out, so that nobody takes one while its server is dead.
PORTS = range(20_000, 30_000)


@define
class Shots:
    """The moments at which requests leave their senders, for whoever wants to hit one."""

    _counts: dict[str, int] = field(factory=dict)
    _changed: Condition = field(factory=Condition)

    def sending(self, url: str) -> None:
        """Tell that a request is on its way to a server."""
        with self._changed:
            self._counts[url] = self._counts.get(url, 0) + 1
            self._changed.notify_all()

    def wait_for_next(self, url: str, seconds: float) -> bool:
        """Wait until another request is on its way there; tell whether there was one in time."""
        with self._changed:
            before = self._counts.get(url, 0)
            return self._changed.wait_for(lambda: self._counts.get(url, 0) > before, seconds)


def _become(
    arguments: Sequence[str], environment: Mapping[str, str], directory: Path, log: Path
) -> None:
    """Be a process of the command line from here on."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    with log.open("a") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.exit(main(arguments))


@define
class Member:
    """A place among the processes, and whoever holds it now. Only servers have a URL."""

    name: str
    place: Place
    arguments: tuple[str, ...]
    url: str | None = None
    deaths: int = 0
    _process: ForkServerProcess | None = None

    @property
    def log(self) -> Path:
        """Return where its processes write."""
        return self.place.directory / f"{self.name}.log"

    def start(self) -> None:
        """Start a process; it is not waited for."""
        self._process = FORKS.Process(
            target=_become,
            args=(self.arguments, self.place.environment, self.place.directory, self.log),
            daemon=True,
        )
        self._process.start()

    def kill(self) -> None:
        """Kill it with a signal that it cannot catch."""
        assert self._process is not None
        assert self._process.is_alive(), f"{self.name} ended by itself: {self.last_words()}"
        self._process.kill()
        self._process.join(PATIENCE_SECONDS)
        self._process.close()
        self._process = None
        self.deaths += 1

    def stop(self) -> None:
        """End it, if there is one, as hard."""
        if self._process is not None:
            self._process.kill()
            self._process.join(PATIENCE_SECONDS)

    def until_ready(self) -> None:
        """Wait until a server answers; a worker tells nobody when it is ready."""
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while self.url is not None and not answers(self.url):
            assert time.monotonic() < deadline, f"{self.name} never started: {self.last_words()}"
            time.sleep(0.02)

    def last_words(self) -> str:
        """Return the end of what its processes wrote."""
        return self.log.read_text()[-3000:]


@define
class Fleet:
    """All processes that work on one database."""

    members: Sequence[Member]
    shots: Shots = field(factory=Shots)

    @property
    def urls(self) -> tuple[str, ...]:
        """Return where servers answer, or will again."""
        return tuple(each.url for each in self.members if each.url is not None)

    def start(self) -> None:
        """Start them all, one after the other: the first has a database to make."""
        for member in self.members:
            member.start()
            member.until_ready()

    def stop(self) -> None:
        """Kill them all, once more."""
        for member in self.members:
            member.stop()


@contextmanager
def fleet(place: Place, *, servers: int, workers: int) -> Iterator[Fleet]:
    """Run servers and workers of their own; without any, the servers have theirs inside."""
    inside = ("--no-worker",) if workers else ()
    members = [_server(place, f"server{number}", inside) for number in range(servers)]
    members += [
        Member(name=f"worker{number}", place=place, arguments=("worker",))
        for number in range(workers)
    ]
    running = Fleet(members)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def _server(place: Place, name: str, more: tuple[str, ...]) -> Member:
    port = _free_port()
    return Member(
        name=name,
        place=place,
        arguments=("serve", "--port", str(port), *more),
        url=f"http://127.0.0.1:{port}",
    )


def _free_port() -> int:
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
