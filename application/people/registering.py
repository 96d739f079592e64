"""Opening an account, and making members of staff."""

from attrs import field, frozen

from application.answers import answered
from application.bus import handles
from application.commands import Actor, Command
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.storage import Unit, UnitOfWork
from application.ports.tokens import Passwords
from application.rules import PlatformRules
from application.staff import audited
from application.texts import one_line
from domain.errors import Forbidden, InvalidField
from domain.ids import UserId
from domain.people import EmailTaken, Role, User, email_address

NAME_LENGTH = 150
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200


@frozen(kw_only=True)
class Register(Command[UserId]):
    """Open an account as a student or a teacher."""

    email: str
    password: str = field(repr=False)
    name: str
    role: Role


@handles(Register)
@frozen
class RegisterHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids
    passwords: Passwords
    rules: PlatformRules

    def __call__(self, command: Register, actor: Actor) -> UserId:  # noqa: ARG002 - anybody may
        if command.role not in {Role.STUDENT, Role.TEACHER}:
            raise InvalidField("role", "Register as a student or as a teacher.")
        email = email_address(command.email, allows_reserved=self.rules.allows_reserved_domains)
        user = User(
            id=UserId(self.ids.new("user")),
            email=email,
            name=one_line("name", command.name, longest=NAME_LENGTH),
            role=command.role,
            password_hash=self.passwords.hash(_good_password(command.password)),
            created_at=self.clock.now(),
        )
        return self.work(lambda unit: answered(unit, _added(unit, user).id))


@frozen(kw_only=True)
class EnsuredAdmin:
    """An admin who is there now, and whether they were not before."""

    user_id: UserId
    is_new: bool


@frozen(kw_only=True)
class EnsureAdmin(Command[EnsuredAdmin]):
    """Make a member of staff, from the command line or the settings; not over HTTP.

    One who is there already stays as they are, password included. Raises `EmailTaken` when the
    address is a student's or a teacher's: nobody is promoted by accident.
    """

    email: str
    password: str = field(repr=False)
    name: str = "Admin"


@handles(EnsureAdmin)
@frozen
class EnsureAdminHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids
    passwords: Passwords

    def __call__(self, command: EnsureAdmin, actor: Actor) -> EnsuredAdmin:
        if not actor.is_system:
            raise Forbidden
        email = email_address(command.email)
        known = self._known(email)
        if known is not None:
            return known
        user = User(
            id=UserId(self.ids.new("user")),
            email=email,
            name=one_line("name", command.name, longest=NAME_LENGTH),
            role=Role.ADMIN,
            password_hash=self.passwords.hash(_good_password(command.password)),
            created_at=self.clock.now(),
        )
        try:
            self.work(lambda unit: self._add(unit, user, actor))
        except EmailTaken:
            # Another process that starts at the same moment was faster.
            known = self._known(email)
            if known is None:
                raise
            return known
        return EnsuredAdmin(user_id=user.id, is_new=True)

    def _known(self, email: str) -> EnsuredAdmin | None:
        user = self.work(lambda unit: unit.users.by_email(email))
        if user is None:
            return None
        if user.role is not Role.ADMIN:
            raise EmailTaken("This address belongs to somebody who is not staff.")
        return EnsuredAdmin(user_id=user.id, is_new=False)

    def _add(self, unit: Unit, user: User, actor: Actor) -> None:
        _added(unit, user)
        audited(
            unit,
            self.ids,
            actor,
            action="admin_created",
            subject=user.id,
            before={},
            after={"email": user.email},
            at=user.created_at,
        )


def _good_password(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidField(
            "password", f"A password has at least {SHORTEST_PASSWORD} characters.", "too_short"
        )
    if len(password) > LONGEST_PASSWORD:
        raise InvalidField(
            "password", f"A password has at most {LONGEST_PASSWORD} characters.", "too_long"
        )
    return password


def _added(unit: Unit, user: User) -> User:
    if unit.users.by_email(user.email) is not None:
        raise EmailTaken("Somebody has registered with this address.")
    return unit.users.save(user)
