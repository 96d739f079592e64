from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import structlog

from adapters.sql import migrate
from tests.contract.storage.sql_harness import empty, postgres, postgresql_dsn
from tests.races.arena import Arena, new_file

__all__ = ["postgres", "postgresql_dsn"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Log nothing: what is told is told by the asserts."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


# One server for all races: tests of a group run in one process.
POSTGRESQL = pytest.param(
    "postgresql", marks=(pytest.mark.postgres, pytest.mark.xdist_group("races_on_postgresql"))
)


@pytest.fixture(params=["sqlite", POSTGRESQL])
def arena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Arena]:
    """Lend a market in an empty database that threads share."""
    if request.param == "sqlite":
        url = new_file(tmp_path)
    else:
        url = request.getfixturevalue("postgresql_dsn")
        migrate(url)
        empty(url)
        with psycopg.connect(url) as connection:
            connection.execute("DROP SCHEMA IF EXISTS fake_gateway CASCADE")
    with Arena(url) as arena, closing(arena.world):
        yield arena
