"""An open transaction: the one place where statements meet the driver."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Connection, Executable

from adapters.sql.mapper import Row

ROWS_AT_A_TIME = 500
"""How many rows of a stream are in memory at once."""

VALUES_AT_A_TIME = 2_000
"""How many values a statement looks up at once; SQLite takes 32,766."""


def bunches(values: Sequence[str], size: int = VALUES_AT_A_TIME) -> Iterator[Sequence[str]]:
    """Cut values into bunches that one statement can look up."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


@frozen
class Transaction:
    """Run statements on a connection.

    Whatever reads or writes goes through here, so that how statements are compiled and run can
    change without touching a repository.
    """

    _connection: Connection
    is_postgresql: bool

    def one(self, statement: Executable, **values: object) -> Row | None:
        """Return the first row, or None."""
        return self._connection.execute(statement, values).first()

    def only(self, statement: Executable, **values: object) -> Row:
        """Return the one row that there is."""
        return self._connection.execute(statement, values).one()

    def all(self, statement: Executable, **values: object) -> Sequence[Row]:
        """Return every row."""
        return self._connection.execute(statement, values).all()

    def value(self, statement: Executable, **values: object) -> Any:
        """Return the first column of the first row, or None."""
        return self._connection.execute(statement, values).scalar()

    def run(self, statement: Executable, values: Mapping[str, Any]) -> int:
        """Change rows; return how many."""
        result = self._connection.execute(
            statement, values, execution_options={"preserve_rowcount": True}
        )
        return result.rowcount

    def run_many(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each of these; do nothing for none."""
        if rows:
            self._connection.execute(statement, rows)

    def stream(self, statement: Executable, **values: object) -> Iterator[Row]:
        """Return rows while they come, a few at a time, in bounded memory."""
        # Closed as soon as nobody asks for more: PostgreSQL keeps a cursor open until then.
        with self._connection.execute(
            statement, values, execution_options={"yield_per": ROWS_AT_A_TIME}
        ) as rows:
            yield from rows
