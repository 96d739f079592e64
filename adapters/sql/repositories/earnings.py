"""Connected accounts, balances, lines of statements, payouts."""

from collections.abc import Iterable
from datetime import datetime

from attrs import define
from sqlalchemy import Text, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert as insert_into

from adapters.sql.mapper import locked, saved
from adapters.sql.repositories.base import Events, SqlRepository
from adapters.sql.rows.earnings import BALANCES
from adapters.sql.tables import earning_lines, payouts, teacher_accounts, teacher_balances
from adapters.sql.transaction import Transaction
from domain.earnings import EarningLine, Payout, TeacherAccount, TeacherBalance
from domain.errors import StaleWrite
from domain.ids import EarningId, PaymentId, PayoutId, UserId
from domain.money import Currency, currency

ACCOUNT_BY_GATEWAY_ID = locked(
    select(teacher_accounts).where(teacher_accounts.c.gateway_id == bindparam("gateway"))
)

BALANCE = locked(
    select(teacher_balances).where(
        teacher_balances.c.teacher_id == bindparam("teacher"),
        teacher_balances.c.currency == bindparam("currency"),
    )
)
BALANCES_OF_TEACHER = (
    select(teacher_balances)
    .where(teacher_balances.c.teacher_id == bindparam("teacher"))
    .order_by(teacher_balances.c.currency)
)
_put = insert_into(teacher_balances)
PUT_BALANCE = _put.on_conflict_do_update(
    index_elements=["teacher_id", "currency"],
    set_={
        column.name: _put.excluded[column.name]
        for column in teacher_balances.columns
        if not column.primary_key
    },
    where=teacher_balances.c.version == _put.excluded.version - 1,
)
LOCK_BY_NAME = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))
"""Lock a name until the transaction ends, where there is no row to lock (PostgreSQL only)."""

_oldest_first = (earning_lines.c.at, earning_lines.c.id)
LINES_OF_PAYMENT = (
    select(earning_lines)
    .where(earning_lines.c.payment_id == bindparam("payment"))
    .order_by(*_oldest_first)
)
UNPAID_LINES = (
    select(earning_lines)
    .where(
        earning_lines.c.teacher_id == bindparam("teacher"),
        earning_lines.c.currency == bindparam("currency"),
        earning_lines.c.payout_id.is_(None),
    )
    .order_by(*_oldest_first)
)
LINES_OF_PAYOUT = (
    select(earning_lines)
    .where(earning_lines.c.payout_id == bindparam("payout"))
    .order_by(*_oldest_first)
)
READY = (
    select(earning_lines.c.teacher_id, earning_lines.c.currency)
    .where(
        earning_lines.c.payout_id.is_(None),
        earning_lines.c.available_at.is_not(None),
        earning_lines.c.available_at <= bindparam("at"),
        tuple_(earning_lines.c.teacher_id, earning_lines.c.currency)
        > tuple_(bindparam("teacher", type_=Text), bindparam("currency", type_=Text)),
    )
    .distinct()
    .order_by(earning_lines.c.teacher_id, earning_lines.c.currency)
    .limit(bindparam("limit"))
)

PAYOUT_BY_GATEWAY_ID = select(payouts).where(payouts.c.gateway_id == bindparam("gateway"))


class SqlAccounts(SqlRepository[TeacherAccount, UserId]):
    """Connected accounts, one a teacher at most."""

    def by_gateway_id(self, gateway_id: str) -> TeacherAccount | None:
        """Return the account behind a gateway's id, locked until the unit ends."""
        return self._first(ACCOUNT_BY_GATEWAY_ID, gateway=gateway_id)


@define
class SqlBalances:
    """Teachers' stored balances."""

    _transaction: Transaction
    _events: Events

    def get(self, teacher: UserId, currency: Currency) -> TeacherBalance:
        """Return the balance, locked until the unit ends; an empty one if there is none.

        Where there is no row to lock yet, its name is locked: whoever else asks for the same
        balance waits until it is there, or until it is given up.
        """
        found = self._find(teacher, currency)
        if found is None and self._transaction.is_postgresql:
            self._transaction.one(LOCK_BY_NAME, name=f"balance:{teacher}:{currency}")
            found = self._find(teacher, currency)
        return found or TeacherBalance.empty(teacher, currency)

    def save(self, value: TeacherBalance) -> TeacherBalance:
        """Write the balance. Raises `StaleWrite`."""
        version = value.version + 1
        row = BALANCES.to_row(value) | {"version": version}
        if not self._transaction.run(PUT_BALANCE, row):
            raise StaleWrite(f"{BALANCES.what} was changed by another.")
        self._events.append(value.events)
        return saved(value, version)

    def of_teacher(self, teacher: UserId) -> tuple[TeacherBalance, ...]:
        """Return a teacher's balances without locking, by currency code."""
        rows = self._transaction.all(BALANCES_OF_TEACHER, teacher=teacher)
        return tuple(BALANCES.from_row(row) for row in rows)

    def _find(self, teacher: UserId, currency: Currency) -> TeacherBalance | None:
        row = self._transaction.one(BALANCE, teacher=teacher, currency=currency.code)
        return None if row is None else BALANCES.from_row(row)


class SqlEarnings(SqlRepository[EarningLine, EarningId]):
    """Lines of teachers' statements."""

    def save_all(self, lines: Iterable[EarningLine]) -> None:
        """Insert new lines (version 0) and update changed ones. Raises `StaleWrite`."""
        for line in lines:
            self.save(line)

    def of_payment(self, payment: PaymentId) -> tuple[EarningLine, ...]:
        """Return a payment's lines, oldest first."""
        return self._all(LINES_OF_PAYMENT, payment=payment)

    def unpaid(self, teacher: UserId, currency: Currency) -> tuple[EarningLine, ...]:
        """Return the lines that no payout carries, oldest first."""
        return self._all(UNPAID_LINES, teacher=teacher, currency=currency.code)

    def of_payout(self, payout: PayoutId) -> tuple[EarningLine, ...]:
        """Return the lines that a payout carries, oldest first."""
        return self._all(LINES_OF_PAYOUT, payout=payout)

    def ready(
        self, at: datetime, limit: int, after: tuple[UserId, str] | None = None
    ) -> tuple[tuple[UserId, Currency], ...]:
        """Return teachers and currencies that have lines without a payout which are available."""
        teacher, code = after or ("", "")
        rows = self._transaction.all(READY, at=at, limit=limit, teacher=teacher, currency=code)
        return tuple((UserId(row.teacher_id), currency(row.currency)) for row in rows)


class SqlPayouts(SqlRepository[Payout, PayoutId]):
    """Payouts."""

    def by_gateway_id(self, gateway_id: str) -> Payout | None:
        """Return the payout behind a transfer's id, without locking it."""
        return self._first(PAYOUT_BY_GATEWAY_ID, gateway=gateway_id)
