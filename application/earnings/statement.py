"""A teacher's statement: what was earned, and where it stands."""

from attrs import field, frozen

from application.bus import handles
from application.commands import Actor, Command
from application.ports.clock import Clock
from application.ports.storage import (
    Created,
    EarningFilter,
    Page,
    PageRequest,
    Reader,
    Views,
)
from domain.earnings import (
    EarningLine,
    EarningState,
    Payout,
    Standing,
    standing,
    state_of,
)
from domain.errors import InvalidField, NotFound
from domain.ids import UserId
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


def must_teach(views: Views, teacher: UserId) -> None:
    user = views.users.find(teacher)
    if user is None or user.role is not Role.TEACHER:
        raise NotFound("This teacher")


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
            must_teach(views, teacher)
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
            must_teach(views, teacher)
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
