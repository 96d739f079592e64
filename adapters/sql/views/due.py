"""What waits to be done, and since when."""

from datetime import datetime

from attrs import frozen
from sqlalchemy import bindparam, exists, func, select

from adapters.sql.repositories.earnings import LINES_OF_PAYOUT
from adapters.sql.repositories.records import OPEN_STATES
from adapters.sql.rows.earnings import LINES
from adapters.sql.rows.payments import PAYMENTS
from adapters.sql.tables import (
    bookings,
    deliveries,
    earning_lines,
    ledger_entries,
    ledger_lines,
    operations,
    outbox,
    payments,
    teacher_balances,
)
from adapters.sql.transaction import Transaction
from application.ports.records import DeliveryState
from application.ports.storage import Health
from domain.earnings import PAYOUT_EVERY, EarningLine
from domain.ids import BookingId, PayoutId
from domain.ledger import SUSPENSE
from domain.payments import Payment

NEXT_DEADLINE = select(func.min(bookings.c.next_due_at)).where(
    bookings.c.next_due_at > bindparam("after")
)
NEXT_AVAILABLE = select(func.min(earning_lines.c.available_at)).where(
    earning_lines.c.payout_id.is_(None),
    earning_lines.c.available_at.is_not(None),
    earning_lines.c.available_at > bindparam("after"),
)
NEXT_PAYOUT = (
    select(teacher_balances.c.last_payout_at)
    .where(
        teacher_balances.c.last_payout_at > bindparam("since"),
        exists().where(
            earning_lines.c.teacher_id == teacher_balances.c.teacher_id,
            earning_lines.c.currency == teacher_balances.c.currency,
            earning_lines.c.payout_id.is_(None),
            earning_lines.c.available_at <= bindparam("after"),
        ),
    )
    .order_by(teacher_balances.c.last_payout_at)
    .limit(1)
)
"""The last payout that the next one is to follow; not before `since`, of what is available."""

PAYMENTS_BY_STATUS = (
    select(payments.c.status, func.count().label("number"))
    .group_by(payments.c.status)
    .order_by(payments.c.status)
)
OPEN_OPERATIONS = select(
    func.count().label("number"), func.min(operations.c.created_at).label("oldest_at")
).where(operations.c.state.in_(OPEN_STATES))
WAITING_DELIVERIES = select(
    func.count().label("number"), func.min(deliveries.c.received_at).label("oldest_at")
).where(deliveries.c.state == DeliveryState.RECEIVED)
WAITING_MESSAGES = select(
    func.count().label("number"), func.min(outbox.c.at).label("oldest_at")
).where(~outbox.c.is_done)
SUSPENSE_BY_CURRENCY = (
    select(ledger_lines.c.currency, func.sum(ledger_lines.c.amount).label("balance"))
    .where(ledger_lines.c.account == str(SUSPENSE))
    .group_by(ledger_lines.c.currency)
    .having(func.sum(ledger_lines.c.amount) != 0)
    .order_by(ledger_lines.c.currency)
)
UNSEALED_ENTRIES = (
    select(func.count()).select_from(ledger_entries).where(ledger_entries.c.position.is_(None))
)
NEWEST_PAYMENT = (
    select(payments)
    .where(payments.c.booking_id == bindparam("booking"))
    .order_by(payments.c.created_at.desc(), payments.c.id.desc())
    .limit(1)
)


@frozen
class SqlDueViews:
    """Deadlines, and the figures that an operator watches."""

    _transaction: Transaction

    def next_at(self, after: datetime) -> datetime | None:
        """Return the earliest instant after `after` at which something is due."""
        instants = (
            self._transaction.value(NEXT_DEADLINE, after=after),
            self._transaction.value(NEXT_AVAILABLE, after=after),
            self._next_payout_at(after),
        )
        return min((instant for instant in instants if instant is not None), default=None)

    def _next_payout_at(self, after: datetime) -> datetime | None:
        since = after - PAYOUT_EVERY
        row = self._transaction.one(NEXT_PAYOUT, since=since, after=after)
        return None if row is None else row.last_payout_at + PAYOUT_EVERY

    def health(self) -> Health:
        """Return what an operator watches."""
        open_operations = self._transaction.only(OPEN_OPERATIONS)
        waiting = self._transaction.only(WAITING_DELIVERIES)
        messages = self._transaction.only(WAITING_MESSAGES)
        return Health(
            payments_by_status={
                row.status: row.number for row in self._transaction.all(PAYMENTS_BY_STATUS)
            },
            open_operations=open_operations.number,
            oldest_open_operation_at=open_operations.oldest_at,
            waiting_deliveries=waiting.number,
            oldest_waiting_delivery_at=waiting.oldest_at,
            waiting_messages=messages.number,
            oldest_waiting_message_at=messages.oldest_at,
            suspense_by_currency={
                row.currency: int(row.balance)
                for row in self._transaction.all(SUSPENSE_BY_CURRENCY)
            },
            unsealed_entries=self._transaction.value(UNSEALED_ENTRIES),
        )

    def lines_of_payout(self, payout: PayoutId) -> tuple[EarningLine, ...]:
        """Return the lines that a payout carries, oldest first."""
        rows = self._transaction.all(LINES_OF_PAYOUT, payout=payout)
        return tuple(LINES.from_row(row) for row in rows)

    def payment_of_booking(self, booking: BookingId) -> Payment | None:
        """Return the booking's newest payment."""
        row = self._transaction.one(NEWEST_PAYMENT, booking=booking)
        return None if row is None else PAYMENTS.from_row(row)
