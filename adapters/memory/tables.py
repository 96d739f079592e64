"""Tables in memory, and drafts of them: what one unit has changed, laid over what is committed.

A unit never touches a table, it writes into its draft; committing puts the draft's few rows in, and
rolling back is to forget it. Values are frozen, so nothing is ever copied.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from heapq import merge
from operator import itemgetter
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")
SortKey = tuple[datetime, Any]
"""An instant, and the row's id to break ties."""
Groups = Mapping[str, Callable[[Row], Iterable[Hashable]]]
Orders = Mapping[str, Callable[[Row], SortKey | None]]

_instant = itemgetter(0)


class Table(Generic[Row]):
    """Committed rows by id, with the indexes that its queries need.

    `groups` name, by index, the values under which a row is found; those named in `unique` hold one
    row at most. `orders` give, by index, the place of a row, or None to leave it out.
    """

    def __init__(
        self,
        identify: Callable[[Row], Hashable],
        *,
        groups: Groups[Row] | None = None,
        orders: Orders[Row] | None = None,
        unique: tuple[str, ...] = (),
    ) -> None:
        self.identify = identify
        self.unique = unique
        self.group_of = dict(groups or {})
        self.place_in = dict(orders or {})
        self.rows: dict[Hashable, Row] = {}
        self.grouped: dict[str, dict[Hashable, dict[Hashable, None]]] = {
            name: {} for name in self.group_of
        }
        self.ordered: dict[str, list[SortKey]] = {name: [] for name in self.place_in}

    def put(self, row: Row) -> None:
        """Insert a row, or overwrite the one with its id."""
        key = self.identify(row)
        old = self.rows.get(key)
        self.rows[key] = row
        for name, values_of in self.group_of.items():
            self._regroup(name, key, values_of(old) if old is not None else (), values_of(row))
        for name, place_of in self.place_in.items():
            self._reorder(name, place_of(old) if old is not None else None, place_of(row))

    def drop(self, key: Hashable) -> None:
        """Forget a row; nothing happens when there is none."""
        old = self.rows.pop(key, None)
        if old is None:
            return
        for name, values_of in self.group_of.items():
            self._regroup(name, key, values_of(old), ())
        for name, place_of in self.place_in.items():
            self._reorder(name, place_of(old), None)

    def _regroup(
        self, name: str, key: Hashable, old: Iterable[Hashable], new: Iterable[Hashable]
    ) -> None:
        before, after = tuple(old), tuple(new)
        if before == after:
            return
        index = self.grouped[name]
        for value in before:
            members = index[value]
            members.pop(key, None)
            if not members:
                del index[value]
        for value in after:
            index.setdefault(value, {})[key] = None

    def _reorder(self, name: str, old: SortKey | None, new: SortKey | None) -> None:
        if old == new:
            return
        index = self.ordered[name]
        if old is not None:
            del index[bisect_left(index, old)]
        if new is not None:
            insort(index, new)


class Drafts:
    """The drafts of one unit, each begun when its table is first needed."""

    def __init__(self) -> None:
        self._drafts: dict[Table[Any], Draft[Any]] = {}

    def of(self, table: Table[Row]) -> "Draft[Row]":
        """Return this unit's draft of a table."""
        draft = self._drafts.get(table)
        if draft is None:
            draft = self._drafts[table] = Draft(table)
        return draft

    def commit(self) -> None:
        """Make everything that was drafted the tables'."""
        for draft in self._drafts.values():
            draft.commit()


class Draft(Generic[Row]):
    """A table as one unit sees it: the committed rows under the ones that it has changed."""

    def __init__(self, table: Table[Row]) -> None:
        self._table = table
        self._changed: dict[Hashable, Row | None] = {}

    def find(self, key: Hashable) -> Row | None:
        """Return the row of an id, or None."""
        if key in self._changed:
            return self._changed[key]
        return self._table.rows.get(key)

    def stored(self, row: Row) -> Row | None:
        """Return the row that has this one's id, or None."""
        return self.find(self._table.identify(row))

    def clash(self, row: Row) -> str | None:
        """Name a unique group in which another row is where this one would be."""
        key = self._table.identify(row)
        for group in self._table.unique:
            for value in self._table.group_of[group](row):
                if any(self._table.identify(other) != key for other in self.of(group, value)):
                    return group
        return None

    def put(self, row: Row) -> None:
        """Write a row."""
        self._changed[self._table.identify(row)] = row

    def drop(self, key: Hashable) -> None:
        """Forget a row."""
        self._changed[key] = None

    def commit(self) -> None:
        """Make what was drafted the table's."""
        for key, row in self._changed.items():
            if row is None:
                self._table.drop(key)
            else:
                self._table.put(row)

    def rows(self) -> Iterator[Row]:
        """Go through all rows in the order of their insertion."""
        for key, row in self._table.rows.items():
            if key not in self._changed:
                yield row
            elif (changed := self._changed[key]) is not None:
                yield changed
        for key, fresh in self._changed.items():
            if fresh is not None and key not in self._table.rows:
                yield fresh

    def of(self, group: str, value: Hashable) -> list[Row]:
        """Return the rows of a group, in no order."""
        table, changed = self._table, self._changed
        committed = [
            table.rows[key] for key in table.grouped[group].get(value, ()) if key not in changed
        ]
        values_of = table.group_of[group]
        drafted = [row for row in changed.values() if row is not None and value in values_of(row)]
        return committed + drafted

    def one_of(self, group: str, value: Hashable) -> Row | None:
        """Return the row of a group that holds one at most."""
        rows = self.of(group, value)
        return rows[0] if rows else None

    def ascending(
        self, order: str, *, after: datetime | None = None, through: datetime | None = None
    ) -> Iterator[Row]:
        """Go through the rows whose instant is later than `after`, and no later than `through`."""
        index = self._table.ordered[order]
        first = 0 if after is None else bisect_right(index, after, key=_instant)
        end = len(index) if through is None else bisect_right(index, through, key=_instant)
        drafted = sorted(
            place
            for place in self._places(order)
            if (after is None or place[0] > after) and (through is None or place[0] <= through)
        )
        committed = (index[at] for at in range(first, end))
        return self._in_order(order, merge(committed, drafted))

    def descending(self, order: str, before: SortKey | None = None) -> Iterator[Row]:
        """Go through the rows that lie before a place, last to first."""
        index = self._table.ordered[order]
        end = len(index) if before is None else bisect_left(index, before)
        committed = (index[at] for at in range(end - 1, -1, -1))
        drafted = sorted(
            (place for place in self._places(order) if before is None or place < before),
            reverse=True,
        )
        return self._in_order(order, merge(committed, drafted, reverse=True))

    def _places(self, order: str) -> Iterator[SortKey]:
        place_of = self._table.place_in[order]
        for row in self._changed.values():
            if row is not None and (place := place_of(row)) is not None:
                yield place

    def _in_order(self, order: str, places: Iterable[SortKey]) -> Iterator[Row]:
        """Resolve places to rows; a changed row's committed place counts no more."""
        place_of = self._table.place_in[order]
        seen: SortKey | None = None
        for place in places:
            row = self.find(place[-1])
            if row is not None and place != seen and place_of(row) == place:
                seen = place
                yield row
