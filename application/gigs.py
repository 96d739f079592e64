"""What teachers offer: publishing and changing gigs, and looking at them."""

from collections.abc import Mapping

from attrs import evolve, field, frozen

from application.answers import answered
from application.bus import handles
from application.commands import Actor, Command
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.storage import GigFilter, Page, PageRequest, Reader, Unit, UnitOfWork
from application.rules import PlatformRules
from application.staff import audited
from application.texts import one_line, prose
from domain.errors import InvalidField, NotFound
from domain.gigs import Confirmation, Gig, Teaching
from domain.ids import GigId, UserId
from domain.money import Currency, Money
from domain.people import Role
from domain.policies import CancellationPolicy


@frozen(kw_only=True)
class PublishGig(Command[GigId]):
    """Offer lessons. Without `teachers` the one who publishes teaches alone.

    `hourly_rate` is a decimal string with the currency's digits. `cancellation_policy` is the name
    of a preset, or tiers such as `1440:100,720:50`; None takes the platform's.
    """

    title: str
    hourly_rate: str
    description: str = ""
    currency: str | None = None
    capacity: int = 1
    confirmation: Confirmation = Confirmation.TEACHER
    cancellation_policy: str | None = None
    accepts_hours: bool = True
    teachers: tuple[Teaching, ...] | None = None
    is_active: bool = True


@handles(PublishGig)
@frozen
class PublishGigHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids
    rules: PlatformRules

    def __call__(self, command: PublishGig, actor: Actor) -> GigId:
        me = actor.must_be(Role.TEACHER, Role.ADMIN)
        now = self.clock.now()
        gig = Gig(
            id=GigId(self.ids.new("gig")),
            teachers=_teachers(command, actor, me),
            title=one_line("title", command.title),
            description=prose("description", command.description),
            hourly_rate=_rate(self.rules, command.hourly_rate, self._currency(command)),
            capacity=command.capacity,
            confirmation=command.confirmation,
            policy=_policy(self.rules, command.cancellation_policy),
            minimum_minutes=self.rules.minimum_lesson_minutes,
            maximum_minutes=self.rules.maximum_lesson_minutes,
            accepts_hours=command.accepts_hours,
            is_active=command.is_active,
            created_at=now,
            updated_at=now,
        )

        def decide(unit: Unit) -> GigId:
            _must_be_taught_well(unit, gig, actor)
            unit.gigs.save(gig)
            if actor.is_admin:
                _noted(unit, self.ids, actor, action="gig_published", before=None, after=gig)
            return answered(unit, gig.id)

        return self.work(decide)

    def _currency(self, command: PublishGig) -> Currency:
        if command.currency is None:
            return self.rules.currencies[0]
        return self.rules.currency(command.currency)


@frozen(kw_only=True)
class ChangeGig(Command[GigId]):
    """Change an offer; what is None stays. Bookings made before keep their terms."""

    gig_id: GigId
    title: str | None = None
    hourly_rate: str | None = None
    description: str | None = None
    currency: str | None = None
    capacity: int | None = None
    confirmation: Confirmation | None = None
    cancellation_policy: str | None = None
    accepts_hours: bool | None = None
    teachers: tuple[Teaching, ...] | None = None
    is_active: bool | None = None


@handles(ChangeGig)
@frozen
class ChangeGigHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids
    rules: PlatformRules

    def __call__(self, command: ChangeGig, actor: Actor) -> GigId:
        actor.must_be(Role.TEACHER, Role.ADMIN)
        now = self.clock.now()

        def decide(unit: Unit) -> GigId:
            gig = unit.gigs.get(command.gig_id)
            if not (actor.is_admin or gig.is_taught_by(actor.user_id)):
                raise NotFound("This gig")
            changed = gig.changed(at=now, **self._changes(command, gig))
            _must_be_taught_well(unit, changed, actor)
            unit.gigs.save(changed)
            if actor.is_admin:
                _noted(unit, self.ids, actor, action="gig_changed", before=gig, after=changed)
            return answered(unit, gig.id)

        return self.work(decide)

    def _changes(self, command: ChangeGig, gig: Gig) -> dict[str, object]:
        wanted: dict[str, object] = {
            "hourly_rate": self._new_rate(command, gig),
            "capacity": command.capacity,
            "confirmation": command.confirmation,
            "accepts_hours": command.accepts_hours,
            "teachers": command.teachers,
            "is_active": command.is_active,
        }
        if command.title is not None:
            wanted["title"] = one_line("title", command.title)
        if command.description is not None:
            wanted["description"] = prose("description", command.description)
        if command.cancellation_policy is not None:
            wanted["policy"] = _policy(self.rules, command.cancellation_policy)
        return {name: value for name, value in wanted.items() if value is not None}

    def _new_rate(self, command: ChangeGig, gig: Gig) -> Money | None:
        of = gig.hourly_rate.currency
        if command.currency is not None and command.currency != of.code:
            of = self.rules.currency(command.currency)
            if command.hourly_rate is None:
                raise InvalidField("hourly_rate", "Give the rate in that currency too.", "missing")
        if command.hourly_rate is None:
            return None
        return _rate(self.rules, command.hourly_rate, of)


@frozen(kw_only=True)
class GetGig(Command[Gig]):
    """Look at an offer; a withdrawn one exists for its teachers and staff only."""

    gig_id: GigId


@handles(GetGig)
@frozen
class GetGigHandler:
    read: Reader

    def __call__(self, command: GetGig, actor: Actor) -> Gig:
        gig = self.read(lambda views: views.gigs.find(command.gig_id))
        hidden = gig is None or not (
            gig.is_active or actor.sees_everything or gig.is_taught_by(actor.user_id)
        )
        if gig is None or hidden:
            raise NotFound("This gig")
        return gig


@frozen(kw_only=True)
class ListGigs(Command[Page[Gig]]):
    """Look through offers, newest first.

    `where.active_only` may be false for staff, and for teachers who list their own; it is ignored,
    and only active ones are listed, for anybody else.
    """

    where: GigFilter = field(factory=GigFilter)
    page: PageRequest = field(factory=PageRequest)


@handles(ListGigs)
@frozen
class ListGigsHandler:
    read: Reader

    def __call__(self, command: ListGigs, actor: Actor) -> Page[Gig]:
        where = command.where
        is_own = where.teacher_id is not None and where.teacher_id == actor.user_id
        if not (where.active_only or actor.sees_everything or is_own):
            where = evolve(where, active_only=True)
        return self.read(lambda views: views.gigs.list(where, command.page))


# --- What a gig may be ---------------------------------------------------------------------------


def _teachers(command: PublishGig, actor: Actor, me: UserId) -> tuple[Teaching, ...]:
    if command.teachers is not None:
        return command.teachers
    if actor.is_admin:
        raise InvalidField("teachers", "Name who teaches it.", "missing")
    return (Teaching(me),)


def _rate(rules: PlatformRules, text: str, of: Currency) -> Money:
    rate = Money.parse(text, of, field="hourly_rate")
    largest = rules.largest_hourly_rate(of)
    if rate > largest:
        raise InvalidField("hourly_rate", f"An hour costs at most {largest} {of}.", "too_large")
    return rate


def _policy(rules: PlatformRules, text: str | None) -> CancellationPolicy:
    if text is None or text == rules.policy.name:
        return rules.policy
    return CancellationPolicy.parse(one_line("cancellation_policy", text))


def _must_be_taught_well(unit: Unit, gig: Gig, actor: Actor) -> None:
    """Refuse teachers who are none, and a teacher's gig that they do not teach themselves."""
    for teaching in gig.teachers:
        teacher = unit.users.find(teaching.teacher_id)
        if teacher is None or teacher.role is not Role.TEACHER:
            raise InvalidField("teachers", "Only teachers teach a gig.", "no_teacher")
    if not (actor.is_admin or gig.is_taught_by(actor.user_id)):
        raise InvalidField("teachers", "You teach your own gigs.", "not_yourself")


def _noted(
    unit: Unit, ids: Ids, actor: Actor, *, action: str, before: Gig | None, after: Gig
) -> None:
    old = {} if before is None else _facts(before)
    new = _facts(after)
    changed = [name for name in new if old.get(name) != new[name]]
    audited(
        unit,
        ids,
        actor,
        action=action,
        subject=after.id,
        before={name: old[name] for name in changed if name in old},
        after={name: new[name] for name in changed},
        at=after.updated_at,
    )


def _facts(gig: Gig) -> Mapping[str, str]:
    return {
        "title": gig.title,
        "description": gig.description,
        "hourly_rate": f"{gig.hourly_rate} {gig.hourly_rate.currency}",
        "capacity": str(gig.capacity),
        "confirmation": str(gig.confirmation),
        "cancellation_policy": gig.policy.name,
        "accepts_hours": str(gig.accepts_hours).lower(),
        "teachers": ", ".join(f"{each.teacher_id}:{each.weight}" for each in gig.teachers),
        "is_active": str(gig.is_active).lower(),
    }
