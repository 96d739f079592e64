"""What the drivers say, in the words of the domain. Codes are read, never texts."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import BrokenInvariant, StaleWrite, StorageUnavailable

_UNIQUE = {"23505", sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
_LOST_A_RACE = {"40001", "40P01"}  # Serialization failure, deadlock.
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BAD_FILE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class OutcomeUnknown(StorageUnavailable):
    """The connection broke while the transaction was committed: it may have happened."""


def code_of(error: DBAPIError) -> str | int | None:
    """Return PostgreSQL's SQLSTATE, or SQLite's extended result code."""
    cause: Any = error.orig
    code: str | int | None = getattr(cause, "sqlstate", None)
    return code if code is not None else getattr(cause, "sqlite_errorcode", None)


def is_lost(error: DBAPIError) -> bool:
    """Tell whether the connection is gone, rather than the statement refused."""
    return error.connection_invalidated


def may_work_again(error: Exception) -> bool:
    """Tell whether the same unit, begun anew, may succeed."""
    if isinstance(error, StaleWrite):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = code_of(error)
    # A unique constraint means that another was quicker: begun anew, the unit sees what they wrote.
    return is_lost(error) or code in _UNIQUE | _LOST_A_RACE or _primary(code) in _LOCKED


@contextlib.contextmanager
def in_our_words() -> Iterator[None]:
    """Raise what the domain knows in place of what the drivers raise."""
    try:
        yield
    except PoolTimeout as error:
        raise StorageUnavailable("All connections to the database are in use.") from error
    except IntegrityError as error:
        if code_of(error) in _UNIQUE:
            raise StaleWrite("Another has written the same at the same time.") from error
        raise BrokenInvariant(f"the database refuses a contradiction: {error.orig}") from error
    except (OperationalError, InterfaceError) as error:
        raise StorageUnavailable("The database is not available at the moment.") from error
    except DatabaseError as error:
        if _primary(code_of(error)) in _BAD_FILE:
            raise StorageUnavailable("The database's file is damaged.") from error
        raise


def _primary(code: str | int | None) -> str | int | None:
    # The lowest byte of SQLite's extended codes says what kind of error it is.
    return code & 0xFF if isinstance(code, int) else code
