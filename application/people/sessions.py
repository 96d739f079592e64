"""Logging in, staying so, and logging out."""

import hashlib
from datetime import timedelta

from attrs import evolve, field, frozen

from application.answers import answered
from application.bus import handles
from application.commands import Actor, Command
from application.ports.clock import WallClock
from application.ports.ids import Ids, Randomness
from application.ports.storage import Unit, UnitOfWork
from application.ports.tokens import Passwords, Tokens
from domain.errors import BrokenInvariant, InvalidField, NotAuthenticated, TokenExpired
from domain.ids import SessionId, UserId
from domain.people import Session, User, email_address

SESSION_LASTS = timedelta(days=30)
"""How long a refresh token is good for; using it makes the next one."""


def authenticated(
    tokens: Tokens, token: str, *, address: str = "", request_id: str | None = None
) -> Actor:
    """Return who bears an access token. Raises `TokenExpired` or `NotAuthenticated`."""
    claims = tokens.read(token)
    return Actor(user_id=claims.user_id, role=claims.role, address=address, request_id=request_id)


@frozen(kw_only=True)
class LoggedIn:
    """A user with a fresh pair of tokens. The refresh token is nowhere kept, only its hash."""

    user: User
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_seconds: int


@frozen
class Sessions:
    """Make sessions and find them by their tokens. All of it is on the wall clock."""

    tokens: Tokens
    randomness: Randomness
    ids: Ids
    wall: WallClock

    def logged_in(self, user: User, refresh_token: str) -> LoggedIn:
        """Return the user's fresh pair."""
        access = self.tokens.issue(user.id, user.role)
        return LoggedIn(
            user=user,
            access_token=access.text,
            refresh_token=refresh_token,
            expires_in_seconds=access.expires_in_seconds,
        )

    def begun(self, user_id: UserId, refresh_token: str, family: str | None = None) -> Session:
        """Return the session of a fresh token; without a family, the first of a new one."""
        now = self.wall.now()
        session_id = SessionId(self.ids.new("session"))
        return Session(
            id=session_id,
            family=family or session_id,
            user_id=user_id,
            token_hash=token_hash(refresh_token),
            created_at=now,
            expires_at=now + SESSION_LASTS,
        )

    def revoke_family(self, unit: Unit, family: str) -> None:
        """Revoke whatever of a family is not revoked yet."""
        now = self.wall.now()
        for session in unit.sessions.of_family(family):
            if session.revoked_at is None:
                unit.sessions.save(evolve(session, revoked_at=now))


def token_hash(token: str) -> str:
    """Return the SHA-256 of a token, in hex. Tokens hold 256 random bits: no salt is needed."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


@frozen(kw_only=True)
class LogIn(Command[LoggedIn]):
    """Prove who you are, and get a pair of tokens."""

    email: str
    password: str = field(repr=False)


@handles(LogIn)
@frozen
class LogInHandler:
    work: UnitOfWork
    passwords: Passwords
    sessions: Sessions

    def __call__(self, command: LogIn, actor: Actor) -> LoggedIn:  # noqa: ARG002 - anybody may
        user = self._claimed(command.email)
        # An unknown address is checked against a hash too, so that the time taken tells nothing.
        is_right = self.passwords.verify(user.password_hash if user else None, command.password)
        if user is None or not is_right:
            raise NotAuthenticated("The e-mail address or the password is wrong.")
        outdated = self.passwords.is_outdated(user.password_hash)
        fresh_hash = self.passwords.hash(command.password) if outdated else user.password_hash
        refresh_token = self.sessions.randomness.secret()
        session = self.sessions.begun(user.id, refresh_token)
        result = self.sessions.logged_in(user, refresh_token)

        def decide(unit: Unit) -> LoggedIn:
            if outdated:
                unit.users.save(evolve(unit.users.get(user.id), password_hash=fresh_hash))
            unit.sessions.save(session)
            return answered(unit, result)

        return self.work(decide)

    def _claimed(self, email: str) -> User | None:
        try:
            address = email_address(email)
        except InvalidField:
            address = "nobody@invalid.invalid"  # Looked up all the same, for the same time.
        return self.work(lambda unit: unit.users.by_email(address))


@frozen(kw_only=True)
class RefreshSession(Command[LoggedIn]):
    """Exchange a refresh token for the next pair; the token is good for this once."""

    refresh_token: str = field(repr=False)


@handles(RefreshSession)
@frozen
class RefreshSessionHandler:
    work: UnitOfWork
    sessions: Sessions

    def __call__(self, command: RefreshSession, actor: Actor) -> LoggedIn:  # noqa: ARG002 - anybody
        fresh_token = self.sessions.randomness.secret()
        hashed = token_hash(command.refresh_token)

        def decide(unit: Unit) -> LoggedIn | NotAuthenticated:
            return self._rotate(unit, hashed, fresh_token)

        # A refusal is returned, not raised, so that what it revoked is committed.
        result = self.work(decide)
        if isinstance(result, NotAuthenticated):
            raise result
        return result

    def _rotate(self, unit: Unit, hashed: str, fresh_token: str) -> LoggedIn | NotAuthenticated:
        session = unit.sessions.by_token_hash(hashed)
        if session is None or session.revoked_at is not None:
            return NotAuthenticated("This refresh token is not valid. Log in again.")
        user = unit.users.find(session.user_id)
        if user is None:
            raise BrokenInvariant(f"{session.id} belongs to nobody")
        now = self.sessions.wall.now()
        if session.used_at is not None:
            # Two have the token, and one of them is a thief: neither goes on.
            self.sessions.revoke_family(unit, session.family)
            return NotAuthenticated("This refresh token was used before. Log in again.")
        if session.expires_at <= now:
            return TokenExpired("The session has expired. Log in again.")
        unit.sessions.save(evolve(session, used_at=now))
        unit.sessions.save(self.sessions.begun(user.id, fresh_token, session.family))
        return answered(unit, self.sessions.logged_in(user, fresh_token))


@frozen(kw_only=True)
class LogOut(Command[None]):
    """End the session that a refresh token belongs to; an unknown token is no error."""

    refresh_token: str = field(repr=False)


@handles(LogOut)
@frozen
class LogOutHandler:
    work: UnitOfWork
    sessions: Sessions

    def __call__(self, command: LogOut, actor: Actor) -> None:  # noqa: ARG002 - who has the token
        hashed = token_hash(command.refresh_token)

        def decide(unit: Unit) -> None:
            session = unit.sessions.by_token_hash(hashed)
            if session is not None:
                self.sessions.revoke_family(unit, session.family)
            answered(unit, None)

        self.work(decide)
