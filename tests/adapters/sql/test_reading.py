"""Reading costs what is read, and not what there is."""

import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest
from attrs import frozen
from sqlalchemy import Select, event, text

from adapters.sql.database import Database
from adapters.sql.repositories.lessons import (
    AFTER_AWAITING_GATEWAY_FEE,
    AWAITING_GATEWAY_FEE,
    OVERLAPPING,
)
from adapters.sql.storage import SqlReader, SqlUnitOfWork
from adapters.sql.views import SqlViews, selections
from adapters.sql.views.due import NEXT_PAYOUT
from adapters.sql.views.paging import Selection
from application.ports.records import DeliveryState
from application.ports.storage import (
    AuditFilter,
    BookingFilter,
    DeliveryFilter,
    EarningFilter,
    GigFilter,
    PageRequest,
    PaymentFilter,
    PayoutFilter,
    Position,
    RefundFilter,
    UserFilter,
)
from domain.bookings import BookingStatus, PaymentState
from domain.earnings import PayoutStatus
from domain.ids import BookingId, PaymentId, UserId
from domain.payments import PaymentStatus
from domain.people import Role
from domain.refunds import RefundStatus
from domain.time import period_of
from tests.adapters.sql.filled import ROWS, fill, made_at, student, teacher
from tests.contract.storage.sql_harness import CountingIds

# One worker for all: a database is filled once, not once a worker.
pytestmark = pytest.mark.xdist_group("reading")


@pytest.fixture(scope="module")
def filled(database: Database) -> Database:
    """Lend a database with rows of every kind."""
    fill(database)
    return database


@frozen
class Listing:
    """A view, a filter of it, and the index that bounds and orders what it selects."""

    view: str
    where: Any
    index: str

    def __str__(self) -> str:
        fields = (
            (field.name, getattr(self.where, field.name))
            for field in attrs.fields(type(self.where))
        )
        wanted = (f"{name}={value}" for name, value in fields if isinstance(value, str | bool))
        return f"{self.view} {' '.join(wanted)}".strip()

    @property
    def selection(self) -> Selection:
        """Return what the filter selects."""
        select: Callable[[Any], Selection] = getattr(selections, f"select_{self.view}")
        return select(self.where)


STUDENT, TEACHER = UserId(student(7)), UserId(teacher(7))

LISTINGS = (
    Listing("users", UserFilter(), "ix_users_page"),
    Listing("users", UserFilter(role=Role.STUDENT), "ix_users_role"),
    Listing("gigs", GigFilter(), "ix_gigs_active"),
    Listing("gigs", GigFilter(active_only=False), "ix_gigs_page"),
    Listing("gigs", GigFilter(active_only=False, teacher_id=TEACHER), "ix_gig_teachers_page"),
    Listing("bookings", BookingFilter(), "ix_bookings_page"),
    Listing("bookings", BookingFilter(student_id=STUDENT), "ix_bookings_student"),
    Listing("bookings", BookingFilter(teacher_id=TEACHER), "ix_booking_teachers_page"),
    Listing("bookings", BookingFilter(status=BookingStatus.EXPIRED), "ix_bookings_status"),
    Listing(
        "bookings", BookingFilter(payment_status=PaymentState.PAID), "ix_bookings_payment_status"
    ),
    Listing("payments", PaymentFilter(), "ix_payments_page"),
    Listing("payments", PaymentFilter(student_id=STUDENT), "ix_payments_student"),
    Listing("payments", PaymentFilter(teacher_id=TEACHER), "ix_payment_teachers_page"),
    Listing("payments", PaymentFilter(booking_id=BookingId("bk_00400")), "ix_payments_booking"),
    Listing("payments", PaymentFilter(status=PaymentStatus.PENDING), "ix_payments_status"),
    Listing("refunds", RefundFilter(), "ix_refunds_page"),
    Listing("refunds", RefundFilter(student_id=STUDENT), "ix_refunds_student"),
    Listing("refunds", RefundFilter(teacher_id=TEACHER), "ix_refund_teachers_page"),
    Listing("refunds", RefundFilter(payment_id=PaymentId("pay_00400")), "ix_refunds_payment"),
    Listing("refunds", RefundFilter(status=RefundStatus.RESERVED), "ix_refunds_"),
    Listing("payouts", PayoutFilter(), "ix_payouts_page"),
    Listing("payouts", PayoutFilter(teacher_id=TEACHER), "ix_payouts_teacher"),
    Listing("payouts", PayoutFilter(status=PayoutStatus.FAILED), "ix_payouts_status"),
    Listing("earnings", EarningFilter(teacher_id=TEACHER), "ix_earning_lines_page"),
    Listing("audit", AuditFilter(), "ix_audit_log_page"),
    Listing("audit", AuditFilter(actor_id=TEACHER), "ix_audit_log_actor"),
    Listing("audit", AuditFilter(subject="pay_7"), "ix_audit_log_subject"),
    Listing("audit", AuditFilter(action="action_7"), "ix_audit_log_action"),
    Listing("deliveries", DeliveryFilter(), "ix_deliveries_page"),
    Listing("deliveries", DeliveryFilter(state=DeliveryState.IGNORED), "ix_deliveries_state"),
    Listing("deliveries", DeliveryFilter(type="type_7"), "ix_deliveries_type"),
)


def _plan(database: Database, statement: Select[Any], **values: object) -> str:
    with database.reader.connect() as connection:
        prefix = "EXPLAIN QUERY PLAN "
        if connection.dialect.name == "postgresql":
            prefix = "EXPLAIN "
            # Of so few rows it may well sort some: what is asked is whether it can do without.
            for way in ("seqscan", "bitmapscan", "sort"):
                connection.execute(text(f"SET LOCAL enable_{way} = off"))
        with _noted(database) as statements:
            connection.execute(statement, values).close()
        sql, parameters = statements[0]
        explained = connection.exec_driver_sql(prefix + sql, parameters)
        return "\n".join(str(row[-1]) for row in explained)


@pytest.mark.parametrize("listing", LISTINGS, ids=str)
def test_a_page_deep_in_a_list_is_one_range_of_an_index(filled: Database, listing: Listing) -> None:
    after = Position(made_at(ROWS // 3), "~")
    plan = _plan(filled, listing.selection.page(PageRequest(limit=10, after=after)))
    # PostgreSQL walks the index of the whole list where a filter leaves little out.
    is_postgresql = filled.reader.dialect.name == "postgresql"
    assert listing.index in plan or (is_postgresql and "_page on" in plan), plan
    for whole in ("SCAN", "TEMP B-TREE", "Seq Scan", "Sort"):
        assert whole not in plan, plan


@pytest.mark.parametrize("listing", LISTINGS, ids=str)
def test_a_page_is_read_with_one_query_whatever_its_size(
    filled: Database, listing: Listing
) -> None:
    for limit in (1, 40):
        with _noted(filled) as statements:
            SqlReader(filled)(_list(listing, limit))
        assert len(statements) == 1, statements


def test_an_aggregate_is_read_with_one_query(filled: Database) -> None:
    work = SqlUnitOfWork(filled, CountingIds())
    with _noted(filled) as statements:
        work(lambda unit: unit.payments.get(PaymentId("pay_00400")))
    assert len(statements) == 1, statements


def test_a_calendar_is_looked_up_by_ranges_of_indexes(filled: Database) -> None:
    period = period_of(made_at(ROWS), 60)
    plan = _plan(filled, OVERLAPPING.params(people=[STUDENT], start=period.start, end=period.end))
    for whole in ("SCAN bookings", "SCAN booking_teachers", "Seq Scan"):
        assert whole not in plan, plan


def test_the_next_payout_is_looked_for_from_the_earliest_on(filled: Database) -> None:
    plan = _plan(filled, NEXT_PAYOUT, since=made_at(-ROWS), after=made_at(ROWS))
    assert "ix_teacher_balances_last_payout" in plan, plan
    assert "ix_earning_lines_" in plan, plan
    for whole in ("SCAN earning_lines", "TEMP B-TREE", "Seq Scan", "Sort"):
        assert whole not in plan, plan


def test_payments_that_wait_for_their_fee_are_one_range_of_an_index(filled: Database) -> None:
    plans = (
        _plan(filled, AWAITING_GATEWAY_FEE, limit=10),
        _plan(filled, AFTER_AWAITING_GATEWAY_FEE, passed="pay_00400", limit=10),
    )
    for plan in plans:
        assert "ix_payments_awaiting_gateway_fee" in plan, plan
        for whole in ("TEMP B-TREE", "Seq Scan", "Sort"):
            assert whole not in plan, plan


def test_a_stream_holds_a_few_rows_at_a_time(filled: Database) -> None:
    def peak_of(query: Callable[[SqlViews], object]) -> int:
        def traced(views: Any) -> int:
            tracemalloc.start()
            try:
                query(views)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        return SqlReader(filled)(traced)

    streamed = peak_of(lambda views: deque(views.everything.payments(), maxlen=0))
    at_once = peak_of(lambda views: list(views.everything.payments()))
    assert streamed < at_once / 2


def test_a_stream_may_be_left_before_its_end(filled: Database) -> None:
    first = SqlReader(filled)(lambda views: next(views.books.entries()))
    assert first.entry.key == "bank_payout:00000"
    SqlReader(filled)(lambda views: views.due.health())


def _list(listing: Listing, limit: int) -> Callable[[Any], None]:
    def query(views: Any) -> None:
        page = getattr(views, listing.view).list(listing.where, PageRequest(limit=limit))
        assert page.items

    return query


@contextmanager
def _noted(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Note each statement that reaches a driver, and its parameters."""
    statements: list[tuple[str, Any]] = []

    def note(*details: Any) -> None:
        sql, parameters = details[2:4]
        if not sql.startswith("BEGIN"):
            statements.append((sql, parameters))

    # What happens to an engine's variant with other options happens to the engine as well.
    engines = {engine.pool: engine for engine in (database.reader, database.writer)}.values()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
