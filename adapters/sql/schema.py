"""Whether a database has the schema that this version needs, asked without Alembic."""

from adapters.sql.engines import open_database, parse, sqlite_path
from adapters.sql.errors import in_our_words
from adapters.sql.migrations import HEAD, revision_of


def is_absent(url: str) -> bool:
    """Tell whether there is no such SQLite file, which to connect would make, and leave empty."""
    parsed = parse(url)
    return parsed.drivername == "sqlite" and not sqlite_path(parsed).exists()


def is_current(url: str) -> bool:
    """Tell whether nothing is left to migrate. Raises `StorageUnavailable`."""
    database = open_database(url)
    try:
        with in_our_words():
            return revision_of(database.reader) == HEAD
    finally:
        database.close()
