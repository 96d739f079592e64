"""A fresh server: a process of its own, on a free port, on a database that nobody needs later."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

START_WITHIN_SECONDS = 60
STOP_WITHIN_SECONDS = 30
_ADDRESS = re.compile(r"^\s*API\s+(http\S+)/api/v1", re.MULTILINE)


class DidNotStart(Exception):
    """The server ended, or said nothing in time; the message holds what it wrote."""


@frozen(kw_only=True)
class FreshServer:
    """A running server, and the environment of commands that are to see the same database."""

    url: str
    environment: Mapping[str, str]
    directory: Path


@frozen(kw_only=True)
class RunningServer:
    """A server's process, and where it answers."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path


@contextmanager
def fresh_server() -> Iterator[FreshServer]:
    """Start a server and stop it at the end of the block; nothing of it stays."""
    with tempfile.TemporaryDirectory(prefix="tuition_demo_") as name:
        directory = Path(name)
        environment = clean_environment(f"sqlite:///{directory / 'demo.db'}")
        with running_server(environment, directory) as server:
            yield FreshServer(url=server.url, environment=environment, directory=directory)


def clean_environment(database_url: str) -> dict[str, str]:
    """Return this environment without what configures an installation, but for a database."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TUITION_", "STRIPE_"))
    }
    return {**kept, "TUITION_DATABASE_URL": database_url, "TUITION_LOG_LEVEL": "warning"}


@contextmanager
def running_server(
    environment: Mapping[str, str], directory: Path, *arguments: str
) -> Iterator[RunningServer]:
    """Run `tuition serve` in a directory, and end it with the block. Raises `DidNotStart`."""
    log = directory / f"server-{time.monotonic_ns()}.log"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command("serve", "--port", "0", *arguments),
            env=dict(environment),
            cwd=directory,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield RunningServer(url=_address(process, log), process=process, log=log)
    finally:
        process.terminate()
        process.wait(STOP_WITHIN_SECONDS)


def command(*arguments: str) -> list[str]:
    """Return the command line that runs a command of ours with this very Python."""
    return [sys.executable, "-m", "entrypoints.cli", *arguments]


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + START_WITHIN_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if found := _ADDRESS.search(log.read_text()):
            return found[1]
        time.sleep(0.02)
    raise DidNotStart(f"The server did not start:\n{log.read_text()}")
