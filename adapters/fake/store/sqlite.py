"""The world in a SQLite file, shared by the processes of one machine."""

import contextlib
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import define

from adapters.fake.store.sql import INDEXES

BUSY_TIMEOUT_SECONDS = 10

TABLE = """
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, parent TEXT, due INTEGER,
    body BLOB NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID
"""


@define
class SqliteDriver:
    """One connection to the file.

    Write-ahead logging lets readers go on while another process writes; `synchronous=FULL` because
    a payment that the caller saw succeed must not be forgotten by the world when power fails.
    """

    _path: Path
    _connection: sqlite3.Connection | None = None
    begin_write: ClassVar[str] = "BEGIN IMMEDIATE"
    begin_read: ClassVar[str] = "BEGIN"
    errors: ClassVar[tuple[type[Exception], ...]] = (sqlite3.Error,)

    def fetch(self, sql: str, values: tuple[object, ...] = ()) -> Sequence[Sequence[Any]]:
        """Run a statement and return its rows."""
        if self._connection is None:
            self._connection = self._open()
        return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(connection.close)
            _use_write_ahead_log(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in (TABLE, *INDEXES):
                connection.execute(statement)
            connection.execute("COMMIT")
            on_failure.pop_all()
        return connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # Two processes that open a new file at once collide here, and SQLite does not wait for this
    # lock by itself.
    for pause_seconds in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            time.sleep(pause_seconds)
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")
