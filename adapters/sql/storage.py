"""The storage whole, on SQLite or PostgreSQL."""

from collections.abc import Callable
from typing import TypeVar

from attrs import frozen
from sqlalchemy import select, text

from adapters.sql.database import Database
from adapters.sql.engines import open_database
from adapters.sql.rate_limits import SqlRateLimits
from adapters.sql.unit import SqlUnit
from adapters.sql.views import SqlViews
from application.ports.ids import Ids
from application.ports.open_units import inside_a_unit
from application.ports.storage import Storage, Unit, Views

R = TypeVar("R")

PING = select(text("1"))


@frozen
class SqlUnitOfWork:
    """Run decisions in transactions."""

    _database: Database
    _ids: Ids

    def __call__(self, decide: Callable[[Unit], R]) -> R:
        """Open a unit, decide, commit; or roll back when it raises."""
        with inside_a_unit():
            return self._database.write(lambda transaction: decide(SqlUnit(transaction, self._ids)))


@frozen
class SqlReader:
    """Run queries on what is committed."""

    _database: Database

    def __call__(self, query: Callable[[Views], R]) -> R:
        """Return what the query returns. What it streams has to be read to the end within it."""
        return self._database.read(lambda transaction: query(SqlViews(transaction)))


def sql_storage(url: str, ids: Ids) -> Storage:
    """Return the storage behind `sqlite:///file.db` or `postgresql://user:password@host/name`.

    Nothing is connected until it is needed. The schema has to be there: see `migrate`. Raises
    `ValueError` for another URL, without repeating it.
    """
    database = open_database(url)
    return Storage(
        work=SqlUnitOfWork(database, ids),
        read=SqlReader(database),
        rate_limits=SqlRateLimits(database),
        ping=lambda: database.read(lambda transaction: transaction.value(PING)),
        close=database.close,
    )
