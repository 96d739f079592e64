"""An installation whose every byte lies in one directory, to be searched."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from adapters.fake import open_store
from tests.contract.storage.sql_harness import sqlite_storage
from tests.http.shop import Shop


@contextmanager
def a_shop_on_disk(directory: Path) -> Iterator[Shop]:
    """Lend a shop whose database and gateway are files of a directory."""
    database = directory / "tuition.db"
    with sqlite_storage(database) as storage:
        world_store = open_store(f"sqlite:///{database}")
        with Shop(storage=storage, world_store=world_store) as shop:
            yield shop


def bytes_in(directory: Path) -> bytes:
    """Return every byte of every file: pages that are free again and journals included."""
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


def rows_in(directory: Path) -> Mapping[str, list[Any]]:
    """Return every row of every table of every database, by file and table."""
    found: dict[str, list[Any]] = {}
    for path in sorted(directory.glob("tuition.db*")):
        if path.suffix in {".db", ".gateway"}:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                for (table,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
                ).fetchall():
                    rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()
                    found[f"{path.name}: {table}"] = sorted(rows, key=repr)
    return found
