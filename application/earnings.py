"""What teachers earn: the statement, the connected account, and payouts."""

from attrs import field, frozen

from application.answers import answered, bind, bound
from application.bus import handles
from application.commands import Actor, Command
from application.customers import Planned
from application.effects import Effects, GatewayDeclined, Plans
from application.payout_booking import PayoutBooking
from application.ports.clock import Clock
from application.ports.gateway import (
    Gateway,
    GatewayBusy,
    GatewayRefused,
    NewAccount,
    OutcomeUnknown,
)
from application.ports.ids import Ids
from application.ports.records import Operation, OperationState
from application.ports.storage import (
    Created,
    EarningFilter,
    Page,
    PageRequest,
    PayoutFilter,
    Reader,
    Unit,
    UnitOfWork,
    Views,
)
from application.rules import PlatformRules
from application.staff import audited
from domain.earnings import (
    EarningLine,
    EarningState,
    Payout,
    PayoutMethod,
    PayoutStateConflict,
    PayoutStatus,
    Standing,
    TeacherAccount,
    standing,
    state_of,
)
from domain.errors import Forbidden, GatewayUnavailable, InvalidField, NotFound
from domain.ids import PayoutId, UserId
from domain.money import Currency, currency
from domain.people import Role


def teacher_of(actor: Actor, teacher_id: UserId | None) -> UserId:
    """Return whose money it is about: one's own, or any teacher's for staff."""
    own = actor.must_be(Role.TEACHER, Role.ADMIN)
    if actor.role is Role.TEACHER:
        if teacher_id not in {None, own}:
            raise NotFound("This teacher")
        return own
    if teacher_id is None:
        raise InvalidField("teacher_id", "Name the teacher.", "required")
    return teacher_id


def _must_teach(views: Views, teacher: UserId) -> None:
    user = views.users.find(teacher)
    if user is None or user.role is not Role.TEACHER:
        raise NotFound("This teacher")


# --- The statement -------------------------------------------------------------------------------


@frozen(kw_only=True)
class GetEarnings(Command[tuple[Standing, ...]]):
    """Sum a teacher's money up, one sum a currency."""

    teacher_id: UserId | None = None


@handles(GetEarnings)
@frozen
class GetEarningsHandler:
    read: Reader
    clock: Clock

    def __call__(self, command: GetEarnings, actor: Actor) -> tuple[Standing, ...]:
        teacher = teacher_of(actor, command.teacher_id)
        now = self.clock.now()

        def query(views: Views) -> tuple[Standing, ...]:
            _must_teach(views, teacher)
            return tuple(
                standing(balance, views.people.unpaid_lines(teacher, balance.currency), now)
                for balance in views.people.balances(teacher)
            )

        return self.read(query)


@frozen(kw_only=True)
class StatementLine:
    """A line of the statement, where it stands, and the payout that carries it."""

    line: EarningLine
    state: EarningState
    payout: Payout | None


@frozen(kw_only=True)
class ListEarningLines(Command[Page[StatementLine]]):
    """Look through a teacher's statement, newest first."""

    teacher_id: UserId | None = None
    currency: str | None = None
    created: Created = field(factory=Created)
    page: PageRequest = field(factory=PageRequest)


@handles(ListEarningLines)
@frozen
class ListEarningLinesHandler:
    read: Reader
    clock: Clock

    def __call__(self, command: ListEarningLines, actor: Actor) -> Page[StatementLine]:
        teacher = teacher_of(actor, command.teacher_id)
        where = EarningFilter(
            teacher_id=teacher, currency=command.currency, created=command.created
        )
        now = self.clock.now()

        def query(views: Views) -> Page[StatementLine]:
            _must_teach(views, teacher)
            page = views.earnings.list(where, command.page)
            balances = {one.currency: one for one in views.people.balances(teacher)}
            carried = {line.payout_id for line in page.items if line.payout_id}
            payouts = {one: views.payouts.find(one) for one in sorted(carried)}
            lines = []
            for line in page.items:
                payout = payouts.get(line.payout_id) if line.payout_id else None
                state = state_of(line, payout, balances[line.amount.currency], now)
                lines.append(StatementLine(line=line, state=state, payout=payout))
            return Page(items=tuple(lines), next=page.next)

        return self.read(query)


# --- The connected account -----------------------------------------------------------------------


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
        account = unit.accounts.find(teacher)
        if account is not None and account.gateway_id is not None:
            return account.gateway_id
        if account is None:
            now = self.clock.now()
            unit.accounts.save(TeacherAccount(teacher_id=teacher, created_at=now, updated_at=now))
        for operation in unit.operations.of_subject(teacher):
            if operation.kind == "account.create" and operation.state.is_open:
                return operation
        request = NewAccount(operation="", teacher=teacher, email=user.email)
        return Planned(self.plans.plan(unit, "account.create", teacher, request))


# --- Payouts -------------------------------------------------------------------------------------


@frozen(kw_only=True)
class RequestPayout(Command[PayoutId]):
    """Pay out all that is available in one currency.

    Staff may name the teacher, and pay by hand (`method` manual) where there is no account.
    """

    teacher_id: UserId | None = None
    currency: str | None = None
    method: PayoutMethod | None = None
    reference: str | None = None


@handles(RequestPayout)
@frozen
class RequestPayoutHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids
    rules: PlatformRules
    payouts: PayoutBooking
    effects: Effects

    def __call__(self, command: RequestPayout, actor: Actor) -> PayoutId:
        teacher = teacher_of(actor, command.teacher_id)
        if actor.role is Role.TEACHER and command.method is PayoutMethod.MANUAL:
            raise Forbidden("Only staff pay by hand.")
        begun = bound("payout")
        if begun is not None:
            return self._send(self.work(lambda unit: unit.operations.get(begun)), is_ours=False)

        def decide(unit: Unit) -> tuple[PayoutId, Operation | None]:
            _must_teach(unit.views, teacher)
            payout, operation = self.payouts.reserve(
                unit,
                teacher,
                self._currency(command),
                self._method(unit, teacher, actor, command.method),
                reference=command.reference,
            )
            self._audit(unit, actor, payout)
            if operation is None:
                return answered(unit, payout.id), None
            bind(unit, "payout", operation.id)
            return payout.id, operation

        payout, operation = self.work(decide)
        return payout if operation is None else self._send(operation, is_ours=True)

    def _send(self, operation: Operation, *, is_ours: bool) -> PayoutId:
        payout = PayoutId(operation.subject)

        def then(unit: Unit, _: Operation) -> PayoutId:
            return answered(unit, payout)

        if is_ours:
            done = self.effects.perform(operation, then=then)
        else:
            done = self.effects.join(operation.id, then=then)
        if done.state is OperationState.REFUSED:
            raise GatewayDeclined("The payment gateway refused this transfer.", payout_id=payout)
        return payout

    def _currency(self, command: RequestPayout) -> Currency:
        if command.currency is None:
            return self.rules.currencies[0]
        return currency(command.currency)

    @staticmethod
    def _method(
        unit: Unit, teacher: UserId, actor: Actor, wanted: PayoutMethod | None
    ) -> PayoutMethod:
        """Send it, unless staff says otherwise or the teacher has nowhere to send it to."""
        if wanted is not None or not actor.is_admin:
            return wanted or PayoutMethod.STRIPE
        account = unit.accounts.find(teacher)
        return PayoutMethod.STRIPE if account and account.is_ready else PayoutMethod.MANUAL

    def _audit(self, unit: Unit, actor: Actor, payout: Payout) -> None:
        if actor.is_admin:
            audited(
                unit,
                self.ids,
                actor,
                action="payout.create",
                subject=payout.id,
                before={},
                after={"amount": str(payout.amount), "method": payout.method},
                at=self.clock.now(),
            )


@frozen(kw_only=True)
class MarkPayoutPaid(Command[PayoutId]):
    """Record that a payout by hand was made."""

    payout_id: PayoutId
    reference: str


@handles(MarkPayoutPaid)
@frozen
class MarkPayoutPaidHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids
    payouts: PayoutBooking

    def __call__(self, command: MarkPayoutPaid, actor: Actor) -> PayoutId:
        actor.must_be(Role.ADMIN)

        def decide(unit: Unit) -> PayoutId:
            payout = unit.payouts.get(command.payout_id)
            if (
                payout.method is not PayoutMethod.MANUAL
                or payout.status is not PayoutStatus.PENDING
            ):
                raise PayoutStateConflict("Only a payout by hand that is pending is marked paid.")
            done = self.payouts.done(unit, payout.id, reference=command.reference)
            audited(
                unit,
                self.ids,
                actor,
                action="payout.mark_paid",
                subject=payout.id,
                before={"status": payout.status},
                after={"status": done.status, "reference": command.reference},
                at=self.clock.now(),
            )
            return answered(unit, payout.id)

        return self.work(decide)


@frozen(kw_only=True)
class GetPayout(Command[Payout]):
    """Look one payout up."""

    payout_id: PayoutId


@handles(GetPayout)
@frozen
class GetPayoutHandler:
    read: Reader

    def __call__(self, command: GetPayout, actor: Actor) -> Payout:
        own = actor.must_be(Role.TEACHER, Role.ADMIN)
        payout = self.read(lambda views: views.payouts.find(command.payout_id))
        if payout is None or not (actor.is_admin or payout.teacher_id == own):
            raise NotFound("This payout")
        return payout


@frozen(kw_only=True)
class ListPayouts(Command[Page[Payout]]):
    """Look through payouts: one's own, or all for staff."""

    where: PayoutFilter
    page: PageRequest


@handles(ListPayouts)
@frozen
class ListPayoutsHandler:
    read: Reader

    def __call__(self, command: ListPayouts, actor: Actor) -> Page[Payout]:
        own = actor.must_be(Role.TEACHER, Role.ADMIN)
        where = command.where
        if actor.role is Role.TEACHER:
            where = PayoutFilter(teacher_id=own, status=where.status, created=where.created)
        return self.read(lambda views: views.payouts.list(where, command.page))
