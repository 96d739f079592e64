"""What repositories have in common."""

from collections.abc import Iterable, Sequence
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from attrs import define, field
from sqlalchemy import Executable, insert

from adapters.sql.mapper import Mapper, Row, saved
from adapters.sql.rows.records import event_to_row
from adapters.sql.tables import outbox
from adapters.sql.transaction import Transaction
from application.ports.ids import Ids
from domain.errors import NotFound, StaleWrite
from domain.events import Event


class Aggregate(Protocol):
    """What can be saved."""

    @property
    def version(self) -> int: ...
    @property
    def events(self) -> tuple[Event, ...]: ...


A = TypeVar("A", bound=Aggregate)
Id_contra = TypeVar("Id_contra", contravariant=True)

APPEND_EVENTS = insert(outbox)


@define
class Events:
    """Write events to the outbox."""

    _transaction: Transaction
    _ids: Ids

    def append(self, events: Iterable[Event]) -> None:
        """Put new events behind those that wait."""
        self._transaction.run_many(
            APPEND_EVENTS, [event_to_row(self._ids.new("message"), event) for event in events]
        )


@define
class SqlRepository(Generic[A, Id_contra]):
    """Aggregates of one kind, by id."""

    _mapper: Mapper[A]
    _transaction: Transaction
    _events: Events
    _read: dict[str, A] = field(factory=dict, init=False)
    """Values as they were last read or written in this unit."""

    def get(self, id: Id_contra) -> A:
        """Return the value, locked until the unit ends. Raises `NotFound`."""
        row = self._transaction.one(self._mapper.by_id_locked, wanted_id=id)
        if row is None:
            raise NotFound(self._mapper.what)
        return self._value(row)

    def find(self, id: Id_contra) -> A | None:
        """Return the value without locking it, or None."""
        return self._first(self._mapper.by_id, wanted_id=id)

    def save(self, value: A) -> A:
        """Write the value and its events. Raises `StaleWrite`."""
        row = self._mapper.to_row(value)
        key, version = row[self._mapper.id.name], value.version + 1
        row["version"] = version
        if value.version == 0:
            if not self._transaction.run(self._mapper.insert, row):
                self._refuse(value)
            self._inserted(value)
        else:
            del row[self._mapper.id.name]
            where = {"wanted_id": key, "read_version": value.version}
            if not self._transaction.run(self._mapper.update, row | where):
                raise StaleWrite(f"{self._mapper.what} was changed by another.")
            self._updated(self._read.get(key), value)
        self._events.append(value.events)
        self._read[key] = written = saved(value, version)
        return written

    def _refuse(self, value: A) -> NoReturn:  # noqa: ARG002 - some look at it
        """Say why the value could not be inserted."""
        raise StaleWrite(f"{self._mapper.what} was made by another.")

    def _inserted(self, value: A) -> None:
        """Write what lies beside a new row."""

    def _updated(self, before: A | None, value: A) -> None:
        """Rewrite what lies beside a row; `before` is what this unit last saw of it."""

    def _value(self, row: Row) -> A:
        value = self._mapper.from_row(row)
        self._read[getattr(row, self._mapper.id.name)] = value
        return value

    def _first(self, statement: Executable, **values: Any) -> A | None:
        row = self._transaction.one(statement, **values)
        return None if row is None else self._value(row)

    def _all(self, statement: Executable, **values: Any) -> tuple[A, ...]:
        rows: Sequence[Row] = self._transaction.all(statement, **values)
        return tuple(self._value(row) for row in rows)
