"""What staff see of people, and decide about them."""

from attrs import field, frozen

from application.answers import answered
from application.bus import handles
from application.commands import Actor, Command
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.storage import (
    Page,
    PageRequest,
    PaymentFilter,
    Reader,
    Unit,
    UnitOfWork,
    UserFilter,
    Views,
)
from application.staff import audited
from domain.errors import InvalidField, NotFound
from domain.ids import UserId
from domain.money import Currency, Money
from domain.payments import Payment
from domain.people import Role, User

_PAGE_OF_PAYMENTS = 200


@frozen(kw_only=True)
class ListUsers(Command[Page[User]]):
    """Look through people, newest first."""

    where: UserFilter = field(factory=UserFilter)
    page: PageRequest = field(factory=PageRequest)


@handles(ListUsers)
@frozen
class ListUsersHandler:
    read: Reader

    def __call__(self, command: ListUsers, actor: Actor) -> Page[User]:
        actor.must_be(Role.ADMIN)
        return self.read(lambda views: views.users.list(command.where, command.page))


@frozen(kw_only=True)
class PaymentTotals:
    """What somebody has paid (or, a teacher, what was paid for their lessons) in one currency."""

    currency: Currency
    count: int
    paid: Money
    refunded: Money


@frozen(kw_only=True)
class UserWithTotals:
    """A user and their captured payments, by currency code."""

    user: User
    totals: tuple[PaymentTotals, ...]


@frozen(kw_only=True)
class GetUser(Command[UserWithTotals]):
    """See somebody, with what they have paid."""

    user_id: UserId


@handles(GetUser)
@frozen
class GetUserHandler:
    read: Reader

    def __call__(self, command: GetUser, actor: Actor) -> UserWithTotals:
        actor.must_be(Role.ADMIN)
        return self.read(lambda views: with_totals(views, command.user_id))


def with_totals(views: Views, user_id: UserId) -> UserWithTotals:
    """Return a user with the totals of their payments. Raises `NotFound`."""
    user = views.users.find(user_id)
    if user is None:
        raise NotFound("This user")
    where = (
        PaymentFilter(teacher_id=user.id)
        if user.role is Role.TEACHER
        else PaymentFilter(student_id=user.id)
    )
    totals: dict[str, PaymentTotals] = {}
    page = PageRequest(limit=_PAGE_OF_PAYMENTS)
    while True:
        found = views.payments.list(where, page)
        for payment in found.items:
            if payment.status.has_succeeded:
                totals[payment.amount.currency.code] = _counted(totals, payment)
        if found.next is None:
            break
        page = PageRequest(limit=_PAGE_OF_PAYMENTS, after=found.next)
    return UserWithTotals(user=user, totals=tuple(totals[code] for code in sorted(totals)))


def _counted(totals: dict[str, PaymentTotals], payment: Payment) -> PaymentTotals:
    of = payment.amount.currency
    zero = Money.zero(of)
    so_far = totals.get(of.code, PaymentTotals(currency=of, count=0, paid=zero, refunded=zero))
    return PaymentTotals(
        currency=of,
        count=so_far.count + 1,
        paid=so_far.paid + payment.captured,
        refunded=so_far.refunded + payment.refunded,
    )


@frozen(kw_only=True)
class SetTeacherFee(Command[UserId]):
    """Override the fee rate of what a teacher's gigs earn from now on; None takes it back."""

    user_id: UserId
    basis_points: int | None


@handles(SetTeacherFee)
@frozen
class SetTeacherFeeHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids

    def __call__(self, command: SetTeacherFee, actor: Actor) -> UserId:
        actor.must_be(Role.ADMIN)
        now = self.clock.now()

        def decide(unit: Unit) -> UserId:
            teacher = unit.users.get(command.user_id)
            if teacher.role is not Role.TEACHER:
                raise InvalidField("fee_basis_points", "Only a teacher has a fee rate.")
            changed = unit.users.save(teacher.with_fee(command.basis_points))
            audited(
                unit,
                self.ids,
                actor,
                action="teacher_fee_set",
                subject=teacher.id,
                before=_rate(teacher),
                after=_rate(changed),
                at=now,
            )
            return answered(unit, teacher.id)

        return self.work(decide)


def _rate(teacher: User) -> dict[str, str]:
    if teacher.fee_basis_points is None:
        return {}
    return {"fee_basis_points": str(teacher.fee_basis_points)}
