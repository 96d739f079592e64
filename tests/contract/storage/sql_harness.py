"""Fresh storages in SQLite and PostgreSQL, for the contract suite and whoever else wants one.

The schema has foreign keys, checked when a unit commits: within a unit, the order of saving does
not matter, but whom and what a value points at has to exist by its end. What breaks one raises
`BrokenInvariant`.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
from attrs import define, field

from adapters.sql import migrate, sql_storage
from application.ports.storage import Storage
from domain.ids import PREFIXES
from tests.postgres import postgres, postgresql_dsn

__all__ = ["CountingIds", "postgres", "postgresql_dsn", "postgresql_storage", "sqlite_storage"]


@define
class CountingIds:
    """Ids in the order of minting, the same on each run."""

    _numbers: Iterator[int] = field(factory=lambda: count(1))

    def new(self, kind: str) -> str:
        """Return the kind's prefix and the next number, as wide as a real id."""
        return f"{PREFIXES[kind]}_{next(self._numbers):026d}"


@contextlib.contextmanager
def sqlite_storage(path: Path) -> Iterator[Storage]:
    """Lend an empty storage in a new file at `path`."""
    path.write_bytes(_migrated_file())
    storage = sql_storage(f"sqlite:///{path}", CountingIds())
    try:
        yield storage
    finally:
        storage.close()


@contextlib.contextmanager
def postgresql_storage(dsn: str) -> Iterator[Storage]:
    """Lend an empty storage in the database at `dsn`; whatever was in there is gone."""
    migrate(dsn)
    empty(dsn)
    storage = sql_storage(dsn, CountingIds())
    try:
        yield storage
    finally:
        storage.close()


def empty(dsn: str) -> None:
    """Remove every row of a migrated PostgreSQL database."""
    with psycopg.connect(dsn) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        tables = ", ".join(name for (name,) in names)
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE".encode())


@cache
def _migrated_file() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        template = Path(directory) / "template.db"
        migrate(f"sqlite:///{template}")
        return template.read_bytes()
