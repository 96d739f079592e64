from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Place
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    return Place.at(tmp_path)


@pytest.fixture
def postgresql_place(tmp_path: Path, postgres: PostgresServer) -> Iterator[Place]:
    with postgres.database() as url:
        yield Place.at(tmp_path, url)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)],
)
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found
