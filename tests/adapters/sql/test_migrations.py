"""From nothing to the newest schema, once, however many try."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, text

from adapters.sql import migrations
from adapters.sql.database import Database
from adapters.sql.engines import open_database
from adapters.sql.migrations import HEAD, migrate, revision_of
from adapters.sql.tables import metadata, settings


@pytest.fixture
def fresh(empty_url: str) -> Iterator[Database]:
    """Lend an empty database, opened."""
    database = open_database(empty_url)
    yield database
    database.close()


def test_the_newest_revision_is_the_one_that_is_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_an_empty_database_gets_every_table(empty_url: str, fresh: Database) -> None:
    migrate(empty_url)
    with fresh.reader.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_an_empty_database_has_no_revision(fresh: Database) -> None:
    assert revision_of(fresh.reader) is None


def test_a_migrated_database_is_at_the_newest_revision(empty_url: str, fresh: Database) -> None:
    migrate(empty_url)
    assert revision_of(fresh.reader) == HEAD


def test_to_migrate_again_leaves_everything_as_it_is(empty_url: str, fresh: Database) -> None:
    migrate(empty_url)
    with fresh.writer.begin() as connection:
        connection.execute(insert(settings), {"name": "kept", "value": "yes"})
    migrate(empty_url)
    with fresh.reader.connect() as connection:
        assert connection.execute(settings.select()).one() == ("kept", "yes")


def test_nothing_is_to_be_done_without_alembic(empty_url: str, fresh: Database) -> None:
    migrate(empty_url)
    with fresh.writer.begin() as connection:
        connection.execute(text("DROP TABLE audit_log"))
    migrate(empty_url)
    with fresh.reader.connect() as connection:
        assert not inspect(connection).has_table("audit_log")


def test_the_schema_is_what_the_statements_expect(empty_url: str, fresh: Database) -> None:
    migrate(empty_url)
    with fresh.writer.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_the_schema_has_the_constraints_and_indexes_that_the_tables_declare(
    empty_url: str, fresh: Database
) -> None:
    migrate(empty_url)
    with fresh.writer.begin() as connection:
        migrated = _definitions(connection)
    with fresh.writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("CREATE SCHEMA declared"))
            connection.execute(text("SET LOCAL search_path TO declared"))
        else:
            for table in reversed(metadata.sorted_tables):
                table.drop(connection)
        metadata.create_all(connection)
        declared = _definitions(connection)
    assert declared == migrated


def _definitions(connection: Connection) -> set[str]:
    """Return every table's parts in the words of the database's own catalogue."""
    if connection.dialect.name == "sqlite":
        created = connection.scalars(
            text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'")
        )
        return {
            f"{sql.split('(')[0]} {line.strip().rstrip(',')}"
            for sql in created
            for line in sql.splitlines()
        }
    found = connection.scalars(
        text(
            """
            SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
            FROM pg_constraint
            WHERE connamespace = current_schema()::regnamespace AND conname NOT LIKE 'alembic%'
            UNION ALL
            SELECT replace(indexdef, schemaname || '.', '') FROM pg_indexes
            WHERE schemaname = current_schema() AND tablename <> 'alembic_version'
            UNION ALL
            SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable
            FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name <> 'alembic_version'
            """
        )
    )
    return set(found)


@pytest.mark.slow
def test_several_processes_may_migrate_at_once(empty_url: str, fresh: Database) -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, mp_context=spawn) as processes:
        assert list(processes.map(migrate, [empty_url] * 3)) == [None] * 3
    assert revision_of(fresh.reader) == HEAD
