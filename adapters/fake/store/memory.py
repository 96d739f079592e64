"""A world in this process, for tests: nothing lasts, and no other process can share it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from threading import Lock

from attrs import define, field

from adapters.fake.store.rows import NO_LIMIT, R, Row, Rows


@define
class _MemoryRows:
    """Rows in dicts, with an undo log: what each row was before the transaction touched it."""

    _by_kind: dict[str, dict[str, Row]] = field(factory=lambda: defaultdict(dict))
    _by_parent: dict[tuple[str, str], dict[str, Row]] = field(factory=lambda: defaultdict(dict))
    _due: dict[str, dict[str, Row]] = field(factory=lambda: defaultdict(dict))
    _before: dict[tuple[str, str], Row | None] = field(factory=dict)

    def get(self, kind: str, id_: str) -> bytes | None:
        row = self._by_kind[kind].get(id_)
        return row.body if row else None

    def put(self, row: Row) -> None:
        self._remember(row.kind, row.id)
        self._place(row)

    def delete(self, kind: str, id_: str) -> None:
        self._remember(kind, id_)
        self._remove(kind, id_)

    def newest(
        self,
        kind: str,
        *,
        parent: str | None = None,
        before: int = NO_LIMIT,
        limit: int = NO_LIMIT,
    ) -> list[bytes]:
        among = self._by_kind[kind] if parent is None else self._by_parent[(kind, parent)]
        rows = sorted((row for row in among.values() if row.seq < before), key=lambda row: -row.seq)
        return [row.body for row in rows[:limit]]

    def due(self, kind: str, at: int, *, limit: int = NO_LIMIT) -> list[bytes]:
        rows = [row for row in self._due[kind].values() if row.due is not None and row.due <= at]
        rows.sort(key=lambda row: (row.due or 0, row.seq))
        return [row.body for row in rows[:limit]]

    def earliest_due(self, kinds: Iterable[str]) -> int | None:
        waiting = [row.due for kind in kinds for row in self._due[kind].values()]
        return min((due for due in waiting if due is not None), default=None)

    def begin(self) -> None:
        self._before = {}

    def undo(self) -> None:
        for (kind, id_), row in self._before.items():
            if row is None:
                self._remove(kind, id_)
            else:
                self._place(row)

    def _remember(self, kind: str, id_: str) -> None:
        self._before.setdefault((kind, id_), self._by_kind[kind].get(id_))

    def _remove(self, kind: str, id_: str) -> None:
        row = self._by_kind[kind].pop(id_, None)
        self._due[kind].pop(id_, None)
        if row is not None and row.parent is not None:
            self._by_parent[(kind, row.parent)].pop(id_, None)

    def _place(self, row: Row) -> None:
        old = self._by_kind[row.kind].get(row.id)
        if old is not None and old.parent not in (None, row.parent):
            self._remove(row.kind, row.id)
        self._by_kind[row.kind][row.id] = row
        if row.parent is not None:
            self._by_parent[(row.kind, row.parent)][row.id] = row
        if row.due is None:
            self._due[row.kind].pop(row.id, None)
        else:
            self._due[row.kind][row.id] = row


@define
class MemoryStore:
    """Keep the world in this process."""

    _rows: _MemoryRows = field(factory=_MemoryRows)
    _lock: Lock = field(factory=Lock)

    def write(self, work: Callable[[Rows], R]) -> R:
        """Run `work` alone; undo what it put when it raises."""
        with self._lock:
            self._rows.begin()
            try:
                return work(self._rows)
            except BaseException:
                self._rows.undo()
                raise

    def read(self, work: Callable[[Rows], R]) -> R:
        """Run `work` alone; it changes nothing."""
        with self._lock:
            return work(self._rows)

    def close(self) -> None:
        """Do nothing: the world lives as long as this object."""
