"""The connected account that a teacher is paid to."""

from attrs import frozen

from application.answers import answered
from application.bus import handles
from application.commands import Actor, Command
from application.customers import Planned
from application.effects import EffectKind, Effects, GatewayDeclined, Plans
from application.ports.clock import Clock
from application.ports.gateway import (
    Gateway,
    GatewayBusy,
    GatewayRefused,
    NewAccount,
    OutcomeUnknown,
)
from application.ports.records import Operation, OperationState
from application.ports.storage import (
    Reader,
    Unit,
    UnitOfWork,
)
from domain.earnings import (
    TeacherAccount,
)
from domain.errors import GatewayUnavailable
from domain.ids import UserId
from domain.people import Role


@frozen(kw_only=True)
class GetTeacherAccount(Command[TeacherAccount]):
    """Look one's connected account up."""


@handles(GetTeacherAccount)
@frozen
class GetTeacherAccountHandler:
    read: Reader
    clock: Clock

    def __call__(self, _: GetTeacherAccount, actor: Actor) -> TeacherAccount:
        teacher = actor.must_be(Role.TEACHER)
        account = self.read(lambda views: views.people.account(teacher))
        now = self.clock.now()
        return account or TeacherAccount(teacher_id=teacher, created_at=now, updated_at=now)


@frozen(kw_only=True)
class CreateOnboardingLink(Command[str]):
    """Return a URL where the teacher tells the gateway who they are; make the account first."""

    return_url: str


@handles(CreateOnboardingLink)
@frozen
class CreateOnboardingLinkHandler:
    work: UnitOfWork
    clock: Clock
    gateway: Gateway
    plans: Plans
    effects: Effects

    def __call__(self, command: CreateOnboardingLink, actor: Actor) -> str:
        teacher = actor.must_be(Role.TEACHER)
        account = self._account_of(teacher)
        try:
            url = self.gateway.accounts.onboarding_link(account, return_url=command.return_url)
        except (GatewayBusy, OutcomeUnknown, GatewayRefused) as error:
            raise GatewayUnavailable("The payment gateway did not answer.") from error
        return self.work(lambda unit: answered(unit, url))

    def _account_of(self, teacher: UserId) -> str:
        begun = self.work(lambda unit: self._begin(unit, teacher))
        if isinstance(begun, str):
            return begun
        if isinstance(begun, Planned):
            done = self.effects.perform(begun.operation)
        else:
            done = self.effects.join(begun.id)
        if done.state is OperationState.REFUSED:
            raise GatewayDeclined("The payment gateway refused to make an account.")
        if done.result is None:
            raise GatewayUnavailable("The payment gateway did not answer. Try again soon.")
        return done.result

    def _begin(self, unit: Unit, teacher: UserId) -> str | Operation | Planned:
        # The user's row stands for the account while there is none, so that two first requests
        # do not make two.
        user = unit.users.get(teacher)
        if unit.accounts.find(teacher) is None:
            now = self.clock.now()
            unit.accounts.save(TeacherAccount(teacher_id=teacher, created_at=now, updated_at=now))
        # Locked before the operations are looked at: one that ends now has told the account, or
        # is still seen as open.
        account = unit.accounts.get(teacher)
        if account.gateway_id is not None:
            return account.gateway_id
        for operation in unit.operations.of_subject(teacher):
            if operation.kind == EffectKind.CREATE_ACCOUNT and operation.state.is_open:
                return operation
        request = NewAccount(operation="", teacher=teacher, email=user.email)
        return Planned(self.plans.plan(unit, EffectKind.CREATE_ACCOUNT, teacher, request))
