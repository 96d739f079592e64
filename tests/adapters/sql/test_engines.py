"""Connections are what durability and time need them to be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.sql.database import Database
from adapters.sql.engines import open_database, parse
from tests.contract.storage.sql_harness import postgresql_storage, sqlite_storage


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """Lend a SQLite database."""
    database = open_database(f"sqlite:///{tmp_path / 'file.db'}")
    yield database
    database.close()


@pytest.fixture
def postgresql(postgresql_dsn: str) -> Iterator[Database]:
    """Lend a PostgreSQL database."""
    database = open_database(postgresql_dsn)
    yield database
    database.close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("foreign_keys", 1),
        ("busy_timeout", 5000),
        ("query_only", 0),
        ("wal_autocheckpoint", 4000),
    ],
)
def test_sqlite_writes_durably(sqlite: Database, pragma: str, value: object) -> None:
    with sqlite.writer.connect() as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value


@pytest.mark.parametrize(("pragma", "value"), [("query_only", 1), ("busy_timeout", 5000)])
def test_sqlite_readers_only_read(sqlite: Database, pragma: str, value: object) -> None:
    with sqlite.reader.connect() as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value


def test_a_writing_unit_has_the_lock_from_its_first_statement(sqlite: Database) -> None:
    begun: list[str] = []
    with sqlite.writer.connect() as connection:
        connection.connection.set_trace_callback(begun.append)
        connection.execute(text("SELECT 1"))
    assert begun[0] == "BEGIN IMMEDIATE"


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TimeZone", "UTC"),
        ("transaction_isolation", "read committed"),
        ("transaction_read_only", "off"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "1min"),
    ],
)
def test_postgresql_units_are_set_up(postgresql: Database, setting: str, value: str) -> None:
    with postgresql.writer.connect() as connection:
        assert connection.scalar(text(f"SHOW {setting}")) == value


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("setting", "value"),
    [("transaction_isolation", "repeatable read"), ("transaction_read_only", "on")],
)
def test_postgresql_queries_see_one_snapshot(
    postgresql: Database, setting: str, value: str
) -> None:
    with postgresql.reader.connect() as connection:
        assert connection.scalar(text(f"SHOW {setting}")) == value


@pytest.mark.postgres
def test_a_unit_after_a_query_may_write(postgresql: Database) -> None:
    with postgresql.reader.connect() as connection:
        connection.execute(text("SELECT 1"))
    with postgresql.writer.connect() as connection:
        assert connection.scalar(text("SHOW transaction_read_only")) == "off"


@pytest.mark.postgres
def test_options_of_the_url_come_after_ours(postgresql_dsn: str) -> None:
    database = open_database(f"{postgresql_dsn}?options=-c%20lock_timeout%3D123ms")
    try:
        with database.writer.connect() as connection:
            assert connection.scalar(text("SHOW lock_timeout")) == "123ms"
            assert connection.scalar(text("SHOW TimeZone")) == "UTC"
    finally:
        database.close()


@pytest.mark.parametrize(
    "url", ["mysql://user:s3cret@host/db", "s3cret", "", "sqlite://", "postgresql+asyncpg://s3cret"]
)
def test_another_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="a database URL is") as refused:
        parse(url)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_postgresql_is_known_by_both_its_names(scheme: str) -> None:
    assert parse(f"{scheme}://user:pw@host/db").drivername == "postgresql+psycopg"


def test_a_fresh_sqlite_storage_answers_a_ping(tmp_path: Path) -> None:
    with sqlite_storage(tmp_path / "file.db") as storage:
        storage.ping()


@pytest.mark.postgres
def test_a_fresh_postgresql_storage_answers_a_ping(postgresql_dsn: str) -> None:
    with postgresql_storage(postgresql_dsn) as storage:
        storage.ping()
