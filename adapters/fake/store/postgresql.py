"""The world in a schema of its own in PostgreSQL, shared by any number of processes."""

import contextlib
from collections.abc import Sequence
from typing import Any, ClassVar

import psycopg
from attrs import define

from adapters.fake.store.sql import INDEXES

LOCK = 0x7475_6974  # An arbitrary number that names the world's lock in the whole database.

SCHEMA = (
    "CREATE SCHEMA IF NOT EXISTS fake_gateway",
    "SET search_path TO fake_gateway",
    """
CREATE TABLE IF NOT EXISTS objects (
    kind text NOT NULL, id text NOT NULL, seq bigint NOT NULL, parent text, due bigint,
    body bytea NOT NULL, PRIMARY KEY (kind, id)
)
""",
    *INDEXES,
)


@define
class PostgresqlDriver:
    """One connection to the database; writers take turns by a lock that a commit frees."""

    _url: str
    _connection: psycopg.Connection[tuple[Any, ...]] | None = None
    begin_write: ClassVar[str] = f"BEGIN; SELECT pg_advisory_xact_lock({LOCK})"
    begin_read: ClassVar[str] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    errors: ClassVar[tuple[type[Exception], ...]] = (psycopg.Error,)

    def fetch(self, sql: str, values: tuple[object, ...] = ()) -> Sequence[Sequence[Any]]:
        """Run a statement and return its rows, if it has any."""
        if self._connection is None:
            self._connection = self._open()
        cursor = self._connection.execute(sql.replace("?", "%s").encode(), values or None)
        return cursor.fetchall() if cursor.description else ()

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        connection = psycopg.connect(self._url, autocommit=True)
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(connection.close)
            connection.execute(self.begin_write.encode())
            for statement in SCHEMA:
                connection.execute(statement.encode())
            connection.execute("COMMIT")
            # A rolled back transaction would take the search path with it: set it once more.
            connection.execute("SET search_path TO fake_gateway")
            on_failure.pop_all()
        return connection
