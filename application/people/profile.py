"""What people see and change of themselves."""

from attrs import frozen

from application.answers import answered
from application.bus import handles
from application.commands import Actor, Command
from application.people.registering import NAME_LENGTH
from application.ports.storage import Reader, Unit, UnitOfWork
from application.texts import one_line
from domain.errors import NotAuthenticated
from domain.ids import UserId
from domain.people import User


@frozen(kw_only=True)
class GetMe(Command[User]):
    """See who one is."""


@handles(GetMe)
@frozen
class GetMeHandler:
    read: Reader

    def __call__(self, command: GetMe, actor: Actor) -> User:  # noqa: ARG002 - it has no fields
        me = actor.must_be_known()
        user = self.read(lambda views: views.users.find(me))
        if user is None:
            raise NotAuthenticated("Log in first.")
        return user


@frozen(kw_only=True)
class Rename(Command[UserId]):
    """Change one's name."""

    name: str


@handles(Rename)
@frozen
class RenameHandler:
    work: UnitOfWork

    def __call__(self, command: Rename, actor: Actor) -> UserId:
        me = actor.must_be_known()
        name = one_line("name", command.name, longest=NAME_LENGTH)

        def decide(unit: Unit) -> UserId:
            unit.users.save(unit.users.get(me).renamed(name))
            return answered(unit, me)

        return self.work(decide)
