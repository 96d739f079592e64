"""Rows on their way into a database, and what every fact needs: an entry, an effect, an id."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field
from sqlalchemy import Connection, Table, insert

from adapters.sql import tables
from adapters.sql.rows.ledger import line_rows
from adapters.sql.rows.records import operation_to_row
from application.effects import EffectKind
from application.ports.records import OperationState
from application.sealing import GENESIS, seal
from domain.ledger import Entry
from tests.builders import NOW, an_operation

ROWS_AT_A_TIME = 20_000


FIRST_TERM, PEOPLE = "01kb", "01ka"


def name(prefix: str, number: int, marker: str = PEOPLE) -> str:
    """Return an id of ours, as wide as a real one and rising with time."""
    return f"{prefix}_{marker}{number:08x}qrstvwxyzqrstv"


@define
class Rows:
    """Rows on their way into their tables."""

    connection: Connection
    waiting: dict[Table, list[dict[str, Any]]] = field(factory=lambda: defaultdict(list))
    count: int = 0

    def add(self, table: Table, *rows: dict[str, Any]) -> None:
        """Take rows, and write what waits when it is much."""
        self.waiting[table].extend(rows)
        self.count += len(rows)
        if self.count >= ROWS_AT_A_TIME:
            self.flush()

    def flush(self) -> None:
        """Write what waits, what is pointed at first."""
        for table in tables.metadata.sorted_tables:
            if rows := self.waiting.pop(table, None):
                self.connection.execute(insert(table), rows)
        self.count = 0


@define
class Writing:
    """Writes down, in the order of time, what one term of a school brings."""

    rows: Rows
    seq: int = 0
    previous: str = GENESIS
    marker: str = FIRST_TERM
    offset: int = 0
    """In rounds: when the term begins."""

    def id(self, prefix: str, number: int) -> str:
        """Return an id of this term."""
        return name(prefix, number, self.marker)

    def post(self, entry: Entry | None) -> None:
        """Append an entry, sealed."""
        if entry is None:
            return
        self.seq += 1
        self.previous = seal(self.previous, entry)
        self.rows.add(
            tables.ledger_entries,
            {
                "seq": self.seq,
                "key": entry.key,
                "kind": entry.kind,
                "at": entry.at,
                "position": self.seq,
                "seal": self.previous,
            },
        )
        self.rows.add(tables.ledger_lines, *line_rows(entry, self.seq))

    def did(self, kind: EffectKind, subject: str, result: str, at: datetime, id_: str) -> None:
        """Note an effect on the gateway that is done."""
        operation = an_operation(
            id_,
            kind=kind,
            subject=subject,
            state=OperationState.DONE,
            result=result,
            created_at=at,
            updated_at=at,
            version=2,
        )
        self.rows.add(tables.operations, operation_to_row(operation))

    def at(self, now: int) -> datetime:
        """Return when a round begins."""
        return NOW + timedelta(hours=2 * (self.offset + now))
