"""The world in a table: what SQLite and PostgreSQL have in common."""

from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, ClassVar, Protocol

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

    begin_write: ClassVar[str]
    begin_read: ClassVar[str]
    errors: ClassVar[tuple[type[Exception], ...]]

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
class _Line:
    """A connection that threads take turns on."""

    _driver: Driver
    _lock: Lock = field(factory=Lock)

    def transact(self, work: Callable[[Rows], R], *, alone: bool) -> R:
        driver = self._driver
        with self._lock:
            try:
                driver.fetch(driver.begin_write if alone else driver.begin_read)
                try:
                    result = work(_SqlRows(self._driver.fetch))
                except BaseException:
                    self._driver.fetch("ROLLBACK")
                    raise
                self._driver.fetch("COMMIT")
            except self._driver.errors as error:
                # Its transaction may be half open: the next one starts on a connection of its own.
                self._driver.close()
                raise StoreAway(f"The fake gateway's store failed: {error}") from error
            return result

    def close(self) -> None:
        with self._lock:
            self._driver.close()


class SqlStore:
    """Keep the world in a table; readers have a connection that no writer holds up."""

    def __init__(self, driver: Callable[[], Driver]) -> None:
        self._writer, self._reader = _Line(driver()), _Line(driver())

    def write(self, work: Callable[[Rows], R]) -> R:
        """Run `work` alone, across processes too, and commit."""
        return self._writer.transact(work, alone=True)

    def read(self, work: Callable[[Rows], R]) -> R:
        """Run `work` on one snapshot."""
        return self._reader.transact(work, alone=False)

    def close(self) -> None:
        """Close the connections."""
        self._writer.close()
        self._reader.close()
