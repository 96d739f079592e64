"""Find the world that belongs to a database."""

from functools import partial
from pathlib import Path

from adapters.fake.store.memory import MemoryStore
from adapters.fake.store.rows import Store
from adapters.fake.store.sql import SqlStore
from adapters.fake.store.sqlite import SqliteDriver


def open_store(database_url: str) -> Store:
    """Open the world beside the application's database.

    `sqlite:///tuition.db` has its world in `tuition.db.gateway`, `postgresql://…` in the schema
    `fake_gateway`, `memory://` in this process. Raises `ValueError` for any other scheme.
    """
    scheme, _, rest = database_url.partition("://")
    backend, _, _ = scheme.partition("+")  # A driver may be named: postgresql+psycopg.
    if backend == "memory":
        return MemoryStore()
    if backend == "sqlite":
        path = rest.removeprefix("/").partition("?")[0]
        if path in ("", ":memory:"):
            return MemoryStore()
        return SqlStore(partial(SqliteDriver, Path(f"{path}.gateway")))
    if backend in ("postgresql", "postgres"):
        # Imported where it is needed: the driver takes a tenth of a second to load.
        from adapters.fake.store.postgresql import PostgresqlDriver

        return SqlStore(partial(PostgresqlDriver, f"postgresql://{rest}"))
    raise ValueError(f"no fake gateway for a database of the kind {backend!r}")
