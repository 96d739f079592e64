"""A page of a student's payments, the first and a deep one, in a small table and in a large one."""

import sqlite3
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from adapters.sql import migrate, sql_storage
from application.ports.storage import PageRequest, PaymentFilter, Position, Unit, Views
from domain.ids import UserId
from tests.bench.measuring import Result, summed, timed
from tests.builders import a_booking, a_gig, a_payment, a_student, a_teacher, after
from tests.contract.storage.sql_harness import CountingIds

SMALL, LARGE = 10_000, 200_000
TRIES = 300
STUDENT = UserId("usr_student")


def measured(directory: Path) -> list[Result]:
    """Measure both tables."""
    return [result for rows in (SMALL, LARGE) for result in _in_table_of(directory, rows)]


def _in_table_of(directory: Path, rows: int) -> list[Result]:
    path = directory / f"{rows}.db"
    url = f"sqlite:///{path}"
    migrate(url)
    storage = sql_storage(url, CountingIds())

    def begin(unit: Unit) -> None:
        for user in (a_student(), a_teacher()):
            unit.users.save(user)
        unit.gigs.save(a_gig())
        unit.bookings.save(a_booking())
        unit.payments.save(a_payment())

    storage.work(begin)
    _multiply(path, rows)
    where = PaymentFilter(student_id=STUDENT)
    results = []
    for name, depth in (("first page", 0), ("deep page", rows // 2)):
        at = after(seconds=rows - depth + 1)
        page = PageRequest(limit=50, after=Position(at, "pay_z"))

        def query(views: Views, page: PageRequest = page) -> object:
            return views.payments.list(where, page)

        seconds, took = timed([partial(storage.read, query)] * TRIES)
        results.append(summed(f"50 payments, {name}", f"{rows:,} rows", seconds, took))
    storage.close()
    return results


def _multiply(path: Path, rows: int) -> None:
    """Copy the one payment there is; SQL is faster than our own way of saving."""
    connection = sqlite3.connect(path)
    cursor = connection.execute("SELECT * FROM payments")
    names = [column[0] for column in cursor.description]
    values = dict(zip(names, cursor.fetchone(), strict=True))
    began = after()
    marks = ", ".join("?" * len(names))
    connection.executemany(
        f"INSERT INTO payments VALUES ({marks})",
        (
            [
                {
                    **values,
                    "id": f"pay_{number:026d}",
                    "gateway_id": None,
                    "charge_id": None,
                    "created_at": _text(began + timedelta(seconds=number)),
                }[name]
                for name in names
            ]
            for number in range(1, rows)
        ),
    )
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()


def _text(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")[:26] + "Z"
