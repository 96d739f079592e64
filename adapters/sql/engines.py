"""Connections to both databases, set up so that what is answered is durable."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from adapters.sql.database import Database
from adapters.sql.turns import FileTurns, NoTurns

BUSY_TIMEOUT_SECONDS = 5
CONNECT_TIMEOUT_SECONDS = 5
POOL_TIMEOUT_SECONDS = 10
LOCK_TIMEOUT = "10s"
IDLE_IN_TRANSACTION_TIMEOUT = "60s"

POSTGRESQL_CONNECTIONS = 4
"""About twice the cores: more lost 30 % in measurements."""
POSTGRESQL_EXTRA_CONNECTIONS = 4
"""For queries inside queries: verification streams one table while it reads others."""
SQLITE_READERS = 4

# WAL lets readers go on while one writes. FULL, because NORMAL can forget, when power fails, what
# was answered before. The sizes are those that paid when they were measured.
SQLITE_PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    f"busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}",
    "mmap_size = 268435456",
    "temp_store = MEMORY",
)
SQLITE_WRITER_PRAGMAS = (
    "journal_mode = WAL",
    *SQLITE_PRAGMAS,
    "cache_size = -65536",
    "wal_autocheckpoint = 4000",
)
SQLITE_READER_PRAGMAS = (*SQLITE_PRAGMAS, "cache_size = -16384", "query_only = ON")


def parse(url: str) -> URL:
    """Read a database's URL. Raises `ValueError` without repeating it: it may hold a password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is not None and parsed.drivername in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed is not None and parsed.drivername == "sqlite" and parsed.database:
        return parsed
    raise ValueError("a database URL is sqlite:///file.db or postgresql://user:password@host/name")


def sqlite_path(url: URL) -> Path:
    """Return the file of a SQLite database."""
    return Path(str(url.database)).resolve()


def open_database(url: str) -> Database:
    """Return the database behind a URL; nothing is connected until it is needed."""
    parsed = parse(url)
    if parsed.drivername == "sqlite":
        return _sqlite(parsed)
    return _postgresql(parsed)


def _sqlite(url: URL) -> Database:
    return Database(
        writer=sqlite_engine(url, SQLITE_WRITER_PRAGMAS, begin="BEGIN IMMEDIATE", connections=1),
        reader=sqlite_engine(url, SQLITE_READER_PRAGMAS, begin="BEGIN", connections=SQLITE_READERS),
        turns=FileTurns(sqlite_path(url)),
    )


def sqlite_engine(url: URL, pragmas: tuple[str, ...], *, begin: str, connections: int) -> Engine:
    """Return an engine on a SQLite file that begins its transactions itself."""
    engine = create_engine(
        url,
        json_serializer=_json,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        pool_size=connections,
        max_overflow=0 if connections == 1 else connections * 2,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_use_lifo=True,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        # Or else the driver would begin transactions as it sees fit, and late.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql(url: URL) -> Database:
    engine = postgresql_engine(url)
    return Database(
        writer=engine,
        reader=engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ),
        turns=NoTurns(),
    )


def postgresql_engine(url: URL) -> Engine:
    """Return an engine on a PostgreSQL database."""
    settings = {
        "TimeZone": "UTC",
        "lock_timeout": LOCK_TIMEOUT,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT,
    }
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    theirs = url.query.get("options", "")
    connect_args: dict[str, Any] = {
        "options": f"{ours} {theirs if isinstance(theirs, str) else ' '.join(theirs)}".strip(),
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "prepare_threshold": 0,
        "application_name": "tuition",
    }
    return create_engine(
        url.difference_update_query(("options",)),
        json_serializer=_json,
        connect_args=connect_args,
        isolation_level="READ COMMITTED",
        pool_size=POSTGRESQL_CONNECTIONS,
        max_overflow=POSTGRESQL_EXTRA_CONNECTIONS,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_use_lifo=True,
    )


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
