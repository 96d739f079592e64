"""As many payments as one wants: a term of a school, copied in SQL, and one that goes on."""

import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from attrs import evolve, frozen
from sqlalchemy import JSON, Column, Connection, Text, insert, text

from adapters.sql import tables
from adapters.sql.database import Database
from adapters.sql.transaction import Transaction
from adapters.sql.types import Instant
from adapters.sql.views.books import SqlBooks
from application.ports.storage import SealedEntry
from application.sealing import seal
from domain.money import Money
from tests.bench.writing import FIRST_TERM, Rows, Writing
from tests.bench.years import School, rounds

TERM = 5_000
"""How many lessons a term has; the last one has as many, of which most lie ahead."""

COPIED = (
    tables.bookings,
    tables.booking_teachers,
    tables.payments,
    tables.payment_teachers,
    tables.refunds,
    tables.operations,
    tables.deliveries,
    tables.outbox,
    tables.payouts,
    tables.earning_lines,
    tables.ledger_lines,
)
_LETTERS = "0123456789" + string.ascii_lowercase


def markers() -> Iterator[str]:
    """Return what ids of the next terms have where those of the first have `FIRST_TERM`."""
    for first in "mnpqrstvwxyz":
        yield from (f"01{first}{second}" for second in _LETTERS)


@frozen
class _Copies:
    """Copies the first term."""

    connection: Connection
    term: int
    entries: Sequence[SealedEntry]

    def begin(self) -> None:
        """Set the first term's rows aside."""
        for table in COPIED:
            self._run(f"CREATE TEMPORARY TABLE first_{table.name} AS SELECT * FROM {table.name}")

    def add(self, marker: str, number: int, previous: str) -> str:
        """Write the term again, later and under other ids; return the last seal."""
        seconds = number * rounds(self.term) * 2 * 3600
        count = len(self.entries)
        rows = []
        for place, first in enumerate(self.entries, start=1):
            entry = SealedEntry(
                key=first.key.replace(FIRST_TERM, marker),
                kind=first.kind,
                at=first.at + timedelta(seconds=seconds),
                written=tuple(
                    (account.replace(FIRST_TERM, marker), code, amount)
                    for account, code, amount in first.written
                ),
            )
            previous = seal(previous, entry)
            seq = number * count + place
            head = {"seq": seq, "key": entry.key, "kind": entry.kind, "at": entry.at}
            rows.append(head | {"position": seq, "seal": previous})
        self.connection.execute(insert(tables.ledger_entries), rows)
        for table in COPIED:
            columns = [column for column in table.columns if str(column) != "outbox.seq"]
            names = ", ".join(f'"{column.name}"' for column in columns)
            values = ", ".join(
                self._value(each, marker, seconds, number * count) for each in columns
            )
            self._run(f"INSERT INTO {table.name} ({names}) SELECT {values} FROM first_{table.name}")
        return previous

    def _value(self, column: Column[object], marker: str, seconds: int, entries: int) -> str:
        name = f'"{column.name}"'
        is_postgresql = self.connection.dialect.name == "postgresql"
        if str(column) == "ledger_lines.entry_seq":
            return f"{name} + {entries}"
        if isinstance(column.type, Instant):
            if is_postgresql:
                return f"{name} + interval '{seconds} seconds'"
            moved = f"substr({name}, 1, 19), '+{seconds} seconds'"
            return f"strftime('%Y-%m-%dT%H:%M:%S', {moved}) || substr({name}, 20)"
        if isinstance(column.type, JSON) and is_postgresql:
            return f"replace({name}::text, '{FIRST_TERM}', '{marker}')::json"
        if isinstance(column.type, JSON | Text):
            return f"replace({name}, '{FIRST_TERM}', '{marker}')"
        return name

    def _run(self, statement: str) -> None:
        self.connection.exec_driver_sql(statement)


def fill(database: Database, payments: int, *, term: int = TERM) -> int:
    """Write so many payments, two terms of them or more; return the gateway's balance."""
    copies = payments // term - 2
    with database.writer.connect() as connection, _quickly(connection):
        school = School(Writing(Rows(connection)))
        school.found()
        school.term(term, is_over=True)
        is_postgresql = connection.dialect.name == "postgresql"
        books = SqlBooks(Transaction(connection, is_postgresql=is_postgresql))
        copying = _Copies(connection, term, tuple(books.entries()))
        copying.begin()
        connection.commit()
        for number, marker in zip(range(1, copies + 1), markers(), strict=False):
            school.out.previous = copying.add(marker, number, school.out.previous)
            connection.commit()
        _go_on(school, term, copies)
        connection.commit()
    with database.writer.begin() as connection:
        connection.execute(text("ANALYZE"))
    return school.cash


@contextmanager
def _quickly(connection: Connection) -> Iterator[None]:
    """Let SQLite wait for no disk, look nothing up, and make its indexes at the end, at once."""
    if connection.dialect.name != "sqlite":
        yield
        return
    run = connection.exec_driver_sql
    run("COMMIT")
    for pragma in ("synchronous = OFF", "foreign_keys = OFF"):
        run(f"PRAGMA {pragma}")
    run("BEGIN IMMEDIATE")
    found = run("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    indexes = found.all()
    for name, _ in indexes:
        run(f"DROP INDEX {name}")
    yield
    for _, statement in indexes:
        run(statement)
    connection.commit()
    run("COMMIT")
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        run(f"PRAGMA {pragma}")
    run("BEGIN IMMEDIATE")


def _go_on(school: School, term: int, copies: int) -> None:
    """Let another term begin after all those that are over, with what they have left."""
    school.cash *= copies + 1
    school.out.seq *= copies + 1
    school.out.offset = (copies + 1) * rounds(term)
    school.out.marker = "01zz"
    for teacher, balance in school.balances.items():
        paid = Money(balance.paid.minor * (copies + 1), balance.currency)
        school.balances[teacher] = evolve(balance, paid=paid)
    school.term(term, is_over=False)
    school.close()
