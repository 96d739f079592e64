"""People, sessions, cards and gigs."""

from collections.abc import Sequence
from typing import NoReturn

from sqlalchemy import bindparam, delete, insert, select

from adapters.sql.mapper import locked
from adapters.sql.repositories.base import SqlRepository
from adapters.sql.rows.people import email_key
from adapters.sql.tables import cards, gig_teachers, sessions, users
from domain.cards import SavedCard
from domain.gigs import Gig
from domain.ids import CardId, GigId, UserId
from domain.people import EmailTaken, Session, User

USER_BY_EMAIL = select(users).where(users.c.email_key == bindparam("key"))
OTHER_WITH_EMAIL = select(users.c.id).where(
    users.c.email_key == bindparam("key"), users.c.id != bindparam("id")
)
USER_BY_CUSTOMER = select(users).where(users.c.gateway_customer_id == bindparam("customer"))
CALENDARS = locked(
    select(users.c.id).where(users.c.id.in_(bindparam("people", expanding=True))).order_by("id")
)

SESSION_BY_HASH = locked(select(sessions).where(sessions.c.token_hash == bindparam("hash")))
SESSIONS_OF_FAMILY = locked(
    select(sessions).where(sessions.c.family == bindparam("family")).order_by("created_at", "id")
)

CARDS_OF_STUDENT = locked(
    select(cards)
    .where(cards.c.student_id == bindparam("student"), cards.c.removed_at.is_(None))
    .order_by(cards.c.created_at.desc(), cards.c.id.desc())
)
CARD_BY_GATEWAY_ID = select(cards).where(cards.c.gateway_id == bindparam("gateway"))

ADD_GIG_TEACHERS = insert(gig_teachers)
DROP_GIG_TEACHERS = delete(gig_teachers).where(gig_teachers.c.gig_id == bindparam("gig"))


class SqlUsers(SqlRepository[User, UserId]):
    """People."""

    def save(self, value: User) -> User:
        """Write the user. Raises `StaleWrite` and `EmailTaken`."""
        if value.version and self._has_another_the_email(value):
            self._refuse(value)
        return super().save(value)

    def by_email(self, email: str) -> User | None:
        """Return the user with this address, in any case of letters."""
        return self._first(USER_BY_EMAIL, key=email_key(email))

    def by_gateway_customer(self, customer_id: str) -> User | None:
        """Return the user that a gateway's customer stands for."""
        return self._first(USER_BY_CUSTOMER, customer=customer_id)

    def lock_calendars(self, people: Sequence[UserId]) -> None:
        """Lock these people's calendars until the unit ends, in the order of their ids."""
        if self._transaction.is_postgresql and people:
            self._transaction.all(CALENDARS, people=list(people))

    def _refuse(self, value: User) -> NoReturn:
        if self._has_another_the_email(value):
            raise EmailTaken("Somebody has registered with this address.")
        super()._refuse(value)

    def _has_another_the_email(self, user: User) -> bool:
        key = email_key(user.email)
        return self._transaction.one(OTHER_WITH_EMAIL, key=key, id=user.id) is not None


class SqlSessions(SqlRepository[Session, str]):
    """Refresh tokens."""

    def by_token_hash(self, token_hash: str) -> Session | None:
        """Return the session of a token's hash, locked until the unit ends."""
        return self._first(SESSION_BY_HASH, hash=token_hash)

    def of_family(self, family: str) -> tuple[Session, ...]:
        """Return the sessions of a family, locked until the unit ends."""
        return self._all(SESSIONS_OF_FAMILY, family=family)


class SqlCards(SqlRepository[SavedCard, CardId]):
    """Cards on file."""

    def of_student(self, student: UserId) -> tuple[SavedCard, ...]:
        """Return a student's cards that are not removed, newest first; locked."""
        return self._all(CARDS_OF_STUDENT, student=student)

    def by_gateway_id(self, gateway_id: str) -> SavedCard | None:
        """Return the card behind a gateway's id, without locking it; a removed one too."""
        return self._first(CARD_BY_GATEWAY_ID, gateway=gateway_id)


class SqlGigs(SqlRepository[Gig, GigId]):
    """Offers."""

    def _inserted(self, value: Gig) -> None:
        rows = [
            {
                "gig_id": value.id,
                "teacher_id": teaching.teacher_id,
                "created_at": value.created_at,
            }
            for teaching in value.teachers
        ]
        self._transaction.run_many(ADD_GIG_TEACHERS, rows)

    def _updated(self, before: Gig | None, value: Gig) -> None:
        if before is None or before.teachers != value.teachers:
            self._transaction.run(DROP_GIG_TEACHERS, {"gig": value.id})
            self._inserted(value)
