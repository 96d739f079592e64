"""The read side: statements that answer views, past the repositories."""

from functools import cached_property

from sqlalchemy import bindparam, select

from adapters.sql.rows.bookings import BOOKINGS
from adapters.sql.rows.earnings import LINES, PAYOUTS
from adapters.sql.rows.gigs import GIGS
from adapters.sql.rows.payments import PAYMENTS
from adapters.sql.rows.people import USERS
from adapters.sql.rows.records import DELIVERIES, audit_from_row
from adapters.sql.rows.refunds import REFUNDS
from adapters.sql.tables import audit_log
from adapters.sql.transaction import Transaction
from adapters.sql.views import selections
from adapters.sql.views.belongings import SqlBelongings
from adapters.sql.views.books import SqlBooks
from adapters.sql.views.corners import SqlCorners
from adapters.sql.views.due import SqlDueViews
from adapters.sql.views.everything import SqlEverything
from adapters.sql.views.paging import SqlView, view_of
from adapters.sql.views.people import SqlPeopleViews
from adapters.sql.views.under_way import SqlUnderWay
from application.ports.records import AuditEntry, Delivery
from application.ports.storage import (
    AuditFilter,
    BookingFilter,
    DeliveryFilter,
    EarningFilter,
    GigFilter,
    PaymentFilter,
    PayoutFilter,
    Position,
    RefundFilter,
    UserFilter,
)
from domain.bookings import Booking
from domain.earnings import EarningLine, Payout
from domain.gigs import Gig
from domain.payments import Payment
from domain.people import User
from domain.refunds import Refund

AUDIT_BY_ID = select(audit_log).where(audit_log.c.id == bindparam("wanted_id"))


def _created(
    value: User | Gig | Booking | Payment | Refund | Payout | AuditEntry,
) -> Position:
    return Position(value.created_at, value.id)


class SqlViews:
    """Every view, over one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @cached_property
    def users(self) -> SqlView[User, UserFilter]:
        return view_of(self._transaction, USERS, selections.select_users, _created)

    @cached_property
    def gigs(self) -> SqlView[Gig, GigFilter]:
        return view_of(self._transaction, GIGS, selections.select_gigs, _created)

    @cached_property
    def bookings(self) -> SqlView[Booking, BookingFilter]:
        return view_of(self._transaction, BOOKINGS, selections.select_bookings, _created)

    @cached_property
    def payments(self) -> SqlView[Payment, PaymentFilter]:
        return view_of(self._transaction, PAYMENTS, selections.select_payments, _created)

    @cached_property
    def refunds(self) -> SqlView[Refund, RefundFilter]:
        return view_of(self._transaction, REFUNDS, selections.select_refunds, _created)

    @cached_property
    def payouts(self) -> SqlView[Payout, PayoutFilter]:
        return view_of(self._transaction, PAYOUTS, selections.select_payouts, _created)

    @cached_property
    def earnings(self) -> SqlView[EarningLine, EarningFilter]:
        return view_of(
            self._transaction,
            LINES,
            selections.select_earnings,
            lambda line: Position(line.at, line.id),
        )

    @cached_property
    def audit(self) -> SqlView[AuditEntry, AuditFilter]:
        return SqlView(
            self._transaction, AUDIT_BY_ID, selections.select_audit, audit_from_row, _created
        )

    @cached_property
    def deliveries(self) -> SqlView[Delivery, DeliveryFilter]:
        return view_of(
            self._transaction,
            DELIVERIES,
            selections.select_deliveries,
            lambda delivery: Position(delivery.received_at, delivery.id),
        )

    @cached_property
    def books(self) -> SqlBooks:
        return SqlBooks(self._transaction)

    @cached_property
    def everything(self) -> SqlEverything:
        return SqlEverything(self._transaction)

    @cached_property
    def belongings(self) -> SqlBelongings:
        return SqlBelongings(self._transaction)

    @cached_property
    def under_way(self) -> SqlUnderWay:
        return SqlUnderWay(self._transaction)

    @cached_property
    def corners(self) -> SqlCorners:
        return SqlCorners(self._transaction)

    @cached_property
    def people(self) -> SqlPeopleViews:
        return SqlPeopleViews(self._transaction)

    @cached_property
    def due(self) -> SqlDueViews:
        return SqlDueViews(self._transaction)
