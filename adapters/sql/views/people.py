"""What belongs to people, to read."""

from collections.abc import Iterable, Mapping

from attrs import frozen
from sqlalchemy import bindparam, select

from adapters.sql.repositories.earnings import BALANCES_OF_TEACHER, UNPAID_LINES
from adapters.sql.rows.earnings import ACCOUNTS, BALANCES, LINES
from adapters.sql.rows.people import CARDS
from adapters.sql.tables import cards, users
from adapters.sql.transaction import Transaction
from domain.cards import SavedCard
from domain.earnings import EarningLine, TeacherAccount, TeacherBalance
from domain.ids import CardId, UserId
from domain.money import Currency

EMAILS = select(users.c.id, users.c.email).where(users.c.id.in_(bindparam("users", expanding=True)))
LISTED_CARDS = (
    select(cards)
    .where(
        cards.c.student_id == bindparam("student"), cards.c.removed_at.is_(None), cards.c.is_listed
    )
    .order_by(cards.c.created_at.desc(), cards.c.id.desc())
)


@frozen
class SqlPeopleViews:
    """Addresses, cards, accounts, balances and statements."""

    _transaction: Transaction

    def emails(self, users: Iterable[UserId]) -> Mapping[UserId, str]:
        """Return the addresses of these users."""
        rows = self._transaction.all(EMAILS, users=sorted(set(users)))
        return {UserId(row.id): row.email for row in rows}

    def cards(self, student: UserId) -> tuple[SavedCard, ...]:
        """Return a student's listed cards, newest first."""
        rows = self._transaction.all(LISTED_CARDS, student=student)
        return tuple(CARDS.from_row(row) for row in rows)

    def card(self, id: CardId) -> SavedCard | None:
        """Return a card, a removed one too."""
        row = self._transaction.one(CARDS.by_id, wanted_id=id)
        return None if row is None else CARDS.from_row(row)

    def account(self, teacher: UserId) -> TeacherAccount | None:
        """Return a teacher's connected account."""
        row = self._transaction.one(ACCOUNTS.by_id, wanted_id=teacher)
        return None if row is None else ACCOUNTS.from_row(row)

    def balances(self, teacher: UserId) -> tuple[TeacherBalance, ...]:
        """Return a teacher's balances, by currency code."""
        rows = self._transaction.all(BALANCES_OF_TEACHER, teacher=teacher)
        return tuple(BALANCES.from_row(row) for row in rows)

    def unpaid_lines(self, teacher: UserId, currency: Currency) -> tuple[EarningLine, ...]:
        """Return the teacher's lines that no payout carries, oldest first."""
        rows = self._transaction.all(UNPAID_LINES, teacher=teacher, currency=currency.code)
        return tuple(LINES.from_row(row) for row in rows)
