"""Verification reads in bunches: its memory is bounded, and so is the number of its statements."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from attrs import frozen
from sqlalchemy import event

from adapters.clock import ManualClock
from adapters.sql.database import Database
from adapters.sql.engines import open_database
from adapters.sql.migrations import migrate
from adapters.sql.storage import SqlReader
from application.verification import Progress, Report, Verification, no_progress
from entrypoints.http.card_numbers import holds_card_number
from tests.bench.terms import fill
from tests.bench.vault import a_vault
from tests.builders import NOW

# One worker for all: the databases are filled once.
pytestmark = pytest.mark.xdist_group("verifying")

TERM = 400
FEW, MANY = 3 * TERM, 6 * TERM
MORE_BYTES = 500_000
"""From 1,200 to 3,200 payments it was 90,000 more, of five million, when it was measured."""
STATEMENTS_A_PAYMENT = 0.05


@frozen
class Filled:
    """A database with a past, and what the gateway holds of it."""

    database: Database
    cash: int

    def prove(self, progress: Progress = no_progress) -> Report:
        """Verify it."""
        return Verification(
            read=SqlReader(self.database),
            gateway=a_vault({"usd": self.cash}),
            wall=ManualClock(NOW),
            holds_card_number=holds_card_number,
        ).run(progress)


@frozen
class Proof:
    """What a verification of a database said, and how many statements it took."""

    filled: Filled
    report: Report
    statements: int


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Proof]]:
    """Prove a long past and a short one; as much is open in either."""
    made = {}
    for payments in (FEW, MANY):
        url = f"sqlite:///{tmp_path_factory.mktemp('years') / f'{payments}.db'}"
        migrate(url)
        database = open_database(url)
        filled = Filled(database, fill(database, payments, term=TERM))
        with _counted(database) as statements:
            report = filled.prove()
        made[payments] = Proof(filled, report, len(statements))
    yield made
    for each in made.values():
        each.filled.database.close()


def test_a_long_past_is_proved_whole(proofs: dict[int, Proof]) -> None:
    report, cash = proofs[MANY].report, proofs[MANY].filled.cash
    assert report.findings == ()
    assert report.seen["payments"] == report.seen["bookings"] == MANY
    assert report.seen["refunds"] > MANY / 10
    assert report.seen["payouts"] > 100
    assert report.balances["books"] == report.balances["gateway"] == {"usd": cash}


def test_memory_does_not_grow_with_the_past(proofs: dict[int, Proof]) -> None:
    few, many = (_peak_bytes(proofs[payments].filled) for payments in (FEW, MANY))
    assert many - few < MORE_BYTES, f"{few:,} bytes at {FEW:,}, {many:,} at {MANY:,}"


def _peak_bytes(filled: Filled) -> int:
    tracemalloc.start()
    try:
        filled.prove()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_number_of_statements_is_a_small_part_of_that_of_payments(
    proofs: dict[int, Proof],
) -> None:
    few, many = proofs[FEW].statements, proofs[MANY].statements
    # What is read once does not hide what is read for each.
    assert many - few < STATEMENTS_A_PAYMENT * (MANY - FEW), (few, many)
    assert few < 150


def test_nothing_waits_for_a_verification_to_end(proofs: dict[int, Proof]) -> None:
    filled, told = proofs[FEW].filled, list[int]()

    def write(what: str, seen: int, _: int | None) -> None:
        if what == "bookings" and not told:
            with filled.database.writer.begin() as connection:
                connection.exec_driver_sql("UPDATE users SET version = version + 1")
            told.append(seen)

    assert filled.prove(write).is_clean
    assert told == [500]


@contextmanager
def _counted(database: Database) -> Iterator[list[str]]:
    """Note each statement of a reader."""
    statements: list[str] = []

    def note(*details: object) -> None:
        statements.append(str(details[2]))

    event.listen(database.reader, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.reader, "before_cursor_execute", note)
