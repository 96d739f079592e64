"""How a database gets to the schema that this version needs."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from adapters.sql.engines import open_database
from adapters.sql.errors import in_our_words

HEAD = "0005"
"""The newest revision, known without Alembic: importing that takes longer than all the rest."""

LOCK = 0x7475_6974_696F_6E
"""An arbitrary number by which processes that migrate the same PostgreSQL exclude each other."""


def migrate(url: str) -> None:
    """Bring a database to the newest schema; quick when it is there already.

    All that is missing is done in one transaction. Several processes may do so at once: one works,
    the others wait and find it done. Raises `StorageUnavailable`.
    """
    database = open_database(url)
    try:
        with in_our_words():
            if revision_of(database.reader) == HEAD:
                return
            with database.turns, database.writer.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                if _revision(connection) != HEAD:
                    _upgrade(connection)
    finally:
        database.close()


def revision_of(engine: Engine) -> str | None:
    """Return the revision that a database is at; None for an empty one."""
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
