"""How values of one kind lie in their table, and the statements that move them."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from attrs import evolve, frozen
from sqlalchemy import Column, Insert, Select, Table, Update, bindparam, select
from sqlalchemy.dialects.postgresql import insert as insert_into

T = TypeVar("T")

Row = Any
"""A row of a result: its columns are attributes, of the types that the table declares."""


@frozen(kw_only=True)
class Mapper(Generic[T]):
    """A table, what turns values into rows and back, and the statements on it.

    The statements are made once. SQLAlchemy's work on each costs more than the database's, so that
    they can be compiled once, too.
    """

    what: str
    table: Table
    id: Column[Any]
    to_row: Callable[[T], dict[str, Any]]
    from_row: Callable[[Row], T]
    by_id: Select[Any]
    by_id_locked: Select[Any]
    insert: Insert
    update: Update


def mapper(
    what: str,
    table: Table,
    to_row: Callable[[T], dict[str, Any]],
    from_row: Callable[[Row], T],
) -> Mapper[T]:
    """Make the mapper of a table whose first primary column is the id of its values."""
    key: Column[Any] = next(iter(table.primary_key))
    by_id = select(table).where(key == bindparam("wanted_id"))
    return Mapper(
        what=what,
        table=table,
        id=key,
        to_row=to_row,
        from_row=from_row,
        by_id=by_id,
        by_id_locked=locked(by_id),
        insert=insert_if_absent(table),
        update=table.update().where(
            key == bindparam("wanted_id"), table.c.version == bindparam("read_version")
        ),
    )


def locked(statement: Select[Any]) -> Select[Any]:
    """Lock the rows until the transaction ends.

    FOR NO KEY UPDATE excludes others that lock or change the rows, but not the checks of foreign
    keys, so that a booking can be inserted while its student's calendar is locked by another.
    SQLite has no row locks and needs none: a unit has the database to itself.
    """
    return statement.with_for_update(key_share=True)


def claimed(statement: Select[Any]) -> Select[Any]:
    """Lock the rows that nobody else has locked, and leave the others out."""
    return statement.with_for_update(key_share=True, skip_locked=True)


def insert_if_absent(table: Table) -> Insert:
    """Insert a row; count none when it would break a unique constraint.

    No error is raised, because on PostgreSQL an error ends the transaction. The construct is
    PostgreSQL's, but SQLite's compiler writes it as well.
    """
    return insert_into(table).on_conflict_do_nothing()


def saved(value: T, version: int) -> T:
    """Return the value as it is after saving."""
    changed: Any = value
    return evolve(changed, version=version, events=())  # type: ignore[no-any-return]
