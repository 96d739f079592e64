"""The world in a table: what SQLite and PostgreSQL have in common."""

from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, Protocol

from attrs import define, field

from adapters.fake.store.rows import NO_LIMIT, R, Row, Rows, StoreAway

GET = "SELECT body FROM objects WHERE kind = ? AND id = ?"
PUT = """
INSERT INTO objects (kind, id, seq, parent, due, body) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, id) DO UPDATE
SET seq = excluded.seq, parent = excluded.parent, due = excluded.due, body = excluded.body
"""
DELETE = "DELETE FROM objects WHERE kind = ? AND id = ?"
NEWEST = "SELECT body FROM objects WHERE kind = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
NEWEST_OF_PARENT = """
SELECT body FROM objects WHERE kind = ? AND parent = ? AND seq < ? ORDER BY seq DESC LIMIT ?
"""
DUE = "SELECT body FROM objects WHERE kind = ? AND due <= ? ORDER BY due, seq LIMIT ?"
EARLIEST_DUE = "SELECT min(due) FROM objects WHERE kind = ? AND due IS NOT NULL"

INDEXES = (
    "CREATE INDEX IF NOT EXISTS objects_by_age ON objects (kind, seq)",
    "CREATE INDEX IF NOT EXISTS objects_by_parent ON objects (kind, parent, seq)",
    "CREATE INDEX IF NOT EXISTS objects_by_due ON objects (kind, due) WHERE due IS NOT NULL",
)

Fetch = Callable[[str, tuple[object, ...]], Sequence[Sequence[Any]]]


class Driver(Protocol):
    """A database driver: one connection, opened when it is first needed."""

    begin_write: str
    begin_read: str
    errors: tuple[type[Exception], ...]

    def fetch(self, sql: str, values: tuple[object, ...] = ()) -> Sequence[Sequence[Any]]:
        """Run a statement with `?` placeholders and return its rows, if it has any."""
        ...

    def close(self) -> None:
        """Close the connection; the next statement opens another."""
        ...


@define
class _SqlRows:
    """Rows of the table, within one transaction."""

    _fetch: Fetch

    def get(self, kind: str, id_: str) -> bytes | None:
        found = self._fetch(GET, (kind, id_))
        return bytes(found[0][0]) if found else None

    def put(self, row: Row) -> None:
        self._fetch(PUT, (row.kind, row.id, row.seq, row.parent, row.due, row.body))

    def delete(self, kind: str, id_: str) -> None:
        self._fetch(DELETE, (kind, id_))

    def newest(
        self,
        kind: str,
        *,
        parent: str | None = None,
        before: int = NO_LIMIT,
        limit: int = NO_LIMIT,
    ) -> list[bytes]:
        if parent is None:
            found = self._fetch(NEWEST, (kind, before, limit))
        else:
            found = self._fetch(NEWEST_OF_PARENT, (kind, parent, before, limit))
        return [bytes(body) for (body,) in found]

    def due(self, kind: str, at: int, *, limit: int = NO_LIMIT) -> list[bytes]:
        return [bytes(body) for (body,) in self._fetch(DUE, (kind, at, limit))]

    def earliest_due(self, kinds: Iterable[str]) -> int | None:
        found = [self._fetch(EARLIEST_DUE, (kind,))[0][0] for kind in kinds]
        return min((int(due) for due in found if due is not None), default=None)


@define
class SqlStore:
    """Keep the world in a table; threads take turns on one connection."""

    _driver: Driver
    _lock: Lock = field(factory=Lock)

    def write(self, work: Callable[[Rows], R]) -> R:
        """Run `work` alone, across processes too, and commit."""
        return self._transact(self._driver.begin_write, work)

    def read(self, work: Callable[[Rows], R]) -> R:
        """Run `work` on one snapshot."""
        return self._transact(self._driver.begin_read, work)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._driver.close()

    def _transact(self, begin: str, work: Callable[[Rows], R]) -> R:
        with self._lock:
            try:
                self._driver.fetch(begin)
                try:
                    result = work(_SqlRows(self._driver.fetch))
                except BaseException:
                    self._driver.fetch("ROLLBACK")
                    raise
                self._driver.fetch("COMMIT")
            except self._driver.errors as error:
                # Its transaction may be half open: the next one starts on a connection of its own.
                self._driver.close()
                raise StoreAway(f"the fake gateway's store failed: {error}") from error
            return result
