"""Every test of this folder runs on every storage. None is ever left out."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from adapters.memory import memory_storage
from application.ports.storage import Storage
from tests.contract.storage.keeping import keep
from tests.contract.storage.school import GIG, PEOPLE
from tests.contract.storage.sql_harness import (
    CountingIds,
    postgres,
    postgresql_dsn,
    postgresql_storage,
    sqlite_storage,
)

__all__ = ["postgres", "postgresql_dsn"]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Lend an empty storage."""
    opened: AbstractContextManager[Storage]
    if request.param == "memory":
        opened = nullcontext(memory_storage(CountingIds()))
    elif request.param == "sqlite":
        opened = sqlite_storage(tmp_path / "contract.db")
    else:
        opened = postgresql_storage(request.getfixturevalue("postgresql_dsn"))
    with opened as storage:
        yield storage


@pytest.fixture
def school(storage: Storage) -> Storage:
    """Lend a storage that knows the people that everything else is about, and a gig."""
    keep(storage, *PEOPLE, GIG)
    return storage
