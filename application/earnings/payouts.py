"""Paying out: on demand, by hand, and looking at what was paid."""

from attrs import frozen

from application.answers import answered, bind, bound
from application.bus import handles
from application.commands import Actor, Command
from application.earnings.statement import must_teach, teacher_of
from application.effects import Effects, GatewayDeclined
from application.payout_booking import PayoutBooking
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.records import Operation, OperationState
from application.ports.storage import (
    Page,
    PageRequest,
    PayoutFilter,
    Reader,
    Unit,
    UnitOfWork,
)
from application.rules import PlatformRules
from application.staff import audited
from domain.earnings import (
    Payout,
    PayoutMethod,
    PayoutStateConflict,
    PayoutStatus,
)
from domain.errors import Forbidden, NotFound
from domain.ids import PayoutId, UserId
from domain.money import Currency, currency
from domain.people import Role


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
            must_teach(unit.views, teacher)
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
            done = self.effects.patiently(operation, then=then)
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
