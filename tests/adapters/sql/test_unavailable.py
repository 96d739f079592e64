"""When the database is away, or breaks off, everybody is told so and nothing is half done."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from adapters.sql import sql_storage
from adapters.sql.database import Database
from adapters.sql.engines import open_database
from adapters.sql.errors import OutcomeUnknown
from adapters.sql.migrations import migrate
from adapters.sql.storage import SqlUnitOfWork
from application.ports.storage import Storage, Unit
from domain.errors import BrokenInvariant, StorageUnavailable
from tests.builders import NOW, STUDENT, a_booking, a_session, a_student
from tests.contract.storage.keeping import keep
from tests.contract.storage.sql_harness import (
    CountingIds,
    postgresql_storage,
    sqlite_storage,
)
from tests.postgres import crash, postgres_server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Lend an empty storage on either database."""
    if request.param == "sqlite":
        with sqlite_storage(tmp_path / "file.db") as storage:
            yield storage
    else:
        with postgresql_storage(request.getfixturevalue("postgresql_dsn")) as storage:
            yield storage


def _terminate_all(dsn: str) -> None:
    """Cut every connection of ours, as a failover does."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'tuition'"
        )


def test_what_points_at_nothing_is_refused_whole(storage: Storage) -> None:
    with pytest.raises(BrokenInvariant):
        keep(storage, a_student(), a_booking(gig_id="gig_absent"))
    assert storage.read(lambda views: views.users.find(STUDENT)) is None


def test_within_a_unit_what_is_pointed_at_may_be_saved_last(storage: Storage) -> None:
    def decide(unit: Unit) -> None:
        unit.sessions.save(a_session())
        unit.users.save(a_student())

    storage.work(decide)
    assert storage.read(lambda views: views.users.find(STUDENT)) is not None


@pytest.mark.postgres
@pytest.mark.slow
def test_a_server_that_crashed_is_unavailable() -> None:
    with postgres_server() as server:
        url = server.new_database()
        migrate(url)
        storage = sql_storage(url, CountingIds())
        try:
            storage.ping()
            crash(server)
            for attempt in (
                storage.ping,
                lambda: storage.read(lambda views: views.users.find(STUDENT)),
                lambda: keep(storage, a_student()),
                lambda: storage.rate_limits.hit("a", limit=1, window_seconds=1, at=NOW),
                lambda: migrate(url),
            ):
                with pytest.raises(StorageUnavailable):
                    attempt()
        finally:
            storage.close()


@pytest.mark.postgres
def test_a_password_is_in_no_message() -> None:
    storage = sql_storage("postgresql://user:s3cret@127.0.0.1:1/db", CountingIds())
    with pytest.raises(StorageUnavailable) as error:
        storage.ping()
    assert "s3cret" not in "".join(traceback.format_exception(error.value))


@pytest.mark.postgres
def test_connections_that_died_idle_are_replaced(postgresql_dsn: str) -> None:
    with postgresql_storage(postgresql_dsn) as storage:
        storage.ping()
        _terminate_all(postgresql_dsn)
        storage.ping()
        _terminate_all(postgresql_dsn)
        keep(storage, a_student())


@pytest.mark.postgres
def test_a_unit_whose_connection_breaks_before_the_commit_begins_anew(
    postgresql_dsn: str,
) -> None:
    tries: list[int] = []

    def decide(unit: Unit) -> None:
        tries.append(1)
        unit.users.save(a_student())
        if len(tries) == 1:
            _terminate_all(postgresql_dsn)
        unit.users.by_email("nobody@example.com")

    with postgresql_storage(postgresql_dsn) as storage:
        storage.work(decide)
    assert len(tries) == 2


@pytest.mark.postgres
def test_a_unit_whose_connection_breaks_in_the_commit_is_not_begun_anew(
    postgresql_dsn: str,
) -> None:
    tries: list[int] = []

    def decide(unit: Unit) -> None:
        tries.append(1)
        unit.users.save(a_student())
        _terminate_all(postgresql_dsn)

    with postgresql_storage(postgresql_dsn) as storage, pytest.raises(OutcomeUnknown):
        storage.work(decide)
    assert len(tries) == 1


@pytest.mark.postgres
def test_who_waits_too_long_for_a_lock_is_told_so(postgresql_dsn: str) -> None:
    impatient = sql_storage(f"{postgresql_dsn}?options=-c%20lock_timeout%3D20ms", CountingIds())
    with postgresql_storage(postgresql_dsn) as storage:
        keep(storage, a_student())
        with psycopg.connect(postgresql_dsn) as other:
            other.execute("SELECT id FROM users FOR UPDATE")
            with pytest.raises(StorageUnavailable):
                impatient.work(lambda unit: unit.users.get(STUDENT))
    impatient.close()


@pytest.mark.postgres
def test_more_units_than_connections_are_told_so(postgresql_dsn: str) -> None:
    database = open_database(postgresql_dsn)
    database.reader.pool._timeout = 0.01  # type: ignore[attr-defined]
    held = [database.reader.connect() for _ in range(8)]
    try:
        with pytest.raises(StorageUnavailable):
            database.read(lambda transaction: transaction.value(text("SELECT 1")))
    finally:
        for connection in held:
            connection.close()
        database.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Database]:
    """Lend a SQLite database whose disk is almost full."""
    url = f"sqlite:///{tmp_path / 'file.db'}"
    migrate(url)
    database = open_database(url)
    with database.writer.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages + 8}"))
    yield database
    database.close()


def test_a_full_disk_refuses_the_whole_unit(small: Database) -> None:
    work = SqlUnitOfWork(small, CountingIds())

    def decide(unit: Unit) -> None:
        for number in range(1000):
            unit.users.save(a_student(f"usr_{number}"))

    with pytest.raises(StorageUnavailable):
        work(decide)
    work(lambda unit: unit.users.save(a_student()))
    assert (
        small.read(lambda transaction: transaction.value(text("SELECT count(*) FROM users"))) == 1
    )


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file.db").write_bytes(b"not a database at all" * 100)
    storage = sql_storage(f"sqlite:///{tmp_path / 'file.db'}", CountingIds())
    with pytest.raises(StorageUnavailable):
        storage.ping()
    with pytest.raises(StorageUnavailable):
        storage.work(lambda unit: unit.users.find(STUDENT))
    storage.close()


def test_a_folder_that_is_absent_is_unavailable(tmp_path: Path) -> None:
    storage = sql_storage(f"sqlite:///{tmp_path / 'absent' / 'file.db'}", CountingIds())
    with pytest.raises(StorageUnavailable):
        storage.ping()
    with pytest.raises(StorageUnavailable):
        keep(storage, a_student())
    storage.close()
