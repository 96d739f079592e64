"""Where a story is kept: in memory, for speed, or in SQLite files, as in earnest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import assert_never

from adapters.fake import MemoryStore, Store, open_store
from adapters.memory import memory_storage
from application.ports.storage import Storage
from entrypoints.simulation.marketplace import Marketplace
from entrypoints.simulation.outcome import StorageName

Open = Callable[[Marketplace], Storage]

_TEMPLATES: dict[str, bytes] = {}


@contextmanager
def opened(name: StorageName) -> Iterator[tuple[Open, Store]]:
    """Lend what opens a storage, and a store for the payment world beside it."""
    match name:
        case "memory":
            yield lambda market: memory_storage(market.ids), MemoryStore()
        case "sqlite":
            with TemporaryDirectory(prefix="tuition-simulation-") as directory:
                yield _sqlite(Path(directory))
        case _:
            assert_never(name)


def _sqlite(directory: Path) -> tuple[Open, Store]:
    from adapters.sql import sql_storage

    path = directory / "simulated.db"
    path.write_bytes(_empty_database())
    url = f"sqlite:///{path}"
    return lambda market: sql_storage(url, market.ids), open_store(url)


def _empty_database() -> bytes:
    """Return an SQLite file with nothing in it but the schema, which takes a while to make."""
    if "empty" not in _TEMPLATES:
        from adapters.sql import migrate

        with TemporaryDirectory(prefix="tuition-simulation-") as directory:
            path = Path(directory) / "empty.db"
            migrate(f"sqlite:///{path}")
            copyfile(path, path.with_suffix(".copy"))
            _TEMPLATES["empty"] = path.with_suffix(".copy").read_bytes()
    return _TEMPLATES["empty"]
