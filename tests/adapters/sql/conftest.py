"""Empty, migrated databases of both kinds, below the storage."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sql.database import Database
from adapters.sql.engines import open_database
from adapters.sql.migrations import migrate
from tests.contract.storage.sql_harness import postgres, postgresql_dsn
from tests.postgres import PostgresServer

__all__ = ["postgres", "postgresql_dsn"]

BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Lend the URL of a database without a schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database() as url:
            yield url


@pytest.fixture(scope="module", params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Lend the URL of a migrated database that the tests of a module share."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'shared.db'}"
        migrate(url)
        yield url
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database() as url:
            migrate(url)
            yield url


@pytest.fixture(scope="module")
def database(url: str) -> Iterator[Database]:
    """Lend the migrated database that the tests of a module share."""
    database = open_database(url)
    yield database
    database.close()
