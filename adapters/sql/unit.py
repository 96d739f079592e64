"""A unit of work's repositories and views, made when they are first asked for."""

from functools import cached_property

from adapters.sql.repositories.base import Events
from adapters.sql.repositories.earnings import SqlAccounts, SqlBalances, SqlEarnings, SqlPayouts
from adapters.sql.repositories.ledger import SqlLedger
from adapters.sql.repositories.lessons import SqlBookings, SqlPayments, SqlRefunds
from adapters.sql.repositories.people import SqlCards, SqlGigs, SqlSessions, SqlUsers
from adapters.sql.repositories.records import (
    SqlAuditLog,
    SqlIdempotencyKeys,
    SqlInbox,
    SqlOperations,
    SqlOutbox,
    SqlSettings,
)
from adapters.sql.rows.bookings import BOOKINGS
from adapters.sql.rows.earnings import ACCOUNTS, LINES, PAYOUTS
from adapters.sql.rows.gigs import GIGS
from adapters.sql.rows.payments import PAYMENTS
from adapters.sql.rows.people import CARDS, SESSIONS, USERS
from adapters.sql.rows.records import DELIVERIES, OPERATIONS
from adapters.sql.rows.refunds import REFUNDS
from adapters.sql.transaction import Transaction
from adapters.sql.views import SqlViews
from application.ports.ids import Ids


class SqlUnit:
    """An open unit of work in one transaction."""

    def __init__(self, transaction: Transaction, ids: Ids) -> None:
        self._transaction = transaction
        self._events = Events(transaction, ids)

    @cached_property
    def users(self) -> SqlUsers:
        return SqlUsers(USERS, self._transaction, self._events)

    @cached_property
    def sessions(self) -> SqlSessions:
        return SqlSessions(SESSIONS, self._transaction, self._events)

    @cached_property
    def gigs(self) -> SqlGigs:
        return SqlGigs(GIGS, self._transaction, self._events)

    @cached_property
    def bookings(self) -> SqlBookings:
        return SqlBookings(BOOKINGS, self._transaction, self._events)

    @cached_property
    def payments(self) -> SqlPayments:
        return SqlPayments(PAYMENTS, self._transaction, self._events)

    @cached_property
    def refunds(self) -> SqlRefunds:
        return SqlRefunds(REFUNDS, self._transaction, self._events)

    @cached_property
    def cards(self) -> SqlCards:
        return SqlCards(CARDS, self._transaction, self._events)

    @cached_property
    def accounts(self) -> SqlAccounts:
        return SqlAccounts(ACCOUNTS, self._transaction, self._events)

    @cached_property
    def balances(self) -> SqlBalances:
        return SqlBalances(self._transaction, self._events)

    @cached_property
    def earnings(self) -> SqlEarnings:
        return SqlEarnings(LINES, self._transaction, self._events)

    @cached_property
    def payouts(self) -> SqlPayouts:
        return SqlPayouts(PAYOUTS, self._transaction, self._events)

    @cached_property
    def operations(self) -> SqlOperations:
        return SqlOperations(OPERATIONS, self._transaction, self._events)

    @cached_property
    def inbox(self) -> SqlInbox:
        return SqlInbox(DELIVERIES, self._transaction, self._events)

    @cached_property
    def outbox(self) -> SqlOutbox:
        return SqlOutbox(self._transaction)

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self._transaction)

    @cached_property
    def idempotency(self) -> SqlIdempotencyKeys:
        return SqlIdempotencyKeys(self._transaction)

    @cached_property
    def audit(self) -> SqlAuditLog:
        return SqlAuditLog(self._transaction)

    @cached_property
    def settings(self) -> SqlSettings:
        return SqlSettings(self._transaction)

    @cached_property
    def views(self) -> SqlViews:
        return SqlViews(self._transaction)
