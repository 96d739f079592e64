"""Who is there in a development run, so that the first request has somebody to make it."""

from contextlib import suppress

from attrs import frozen

from application.commands import SYSTEM, Actor
from application.earnings import CreateOnboardingLink
from application.gigs import PublishGig
from application.people import EnsureAdmin, Register
from application.ports.storage import GigFilter, PageRequest, Unit
from application.ports.test_mode import GatewayControls
from application.rules import PlatformRules
from domain.gigs import Confirmation
from domain.money import Money
from domain.people import EmailTaken, Role, User
from entrypoints.composition import Installation

PASSWORD = "tuition-demo-1"  # noqa: S105 - printed at every start of a development run
ADMIN = "admin@tuition.test"
TEACHER = "teacher@tuition.test"
STUDENT = "student@tuition.test"
GIG_TITLE = "Piano lessons"

_GIG_RATE_MINOR = 4000
"""40.00 where there are cents, and a price that can be charged in currencies without them."""

_DONE = "demo_people"


@frozen(kw_only=True)
class Person:
    """Somebody of the demonstration."""

    email: str
    does: str


PEOPLE = (
    Person(email=ADMIN, does="staff: sees everything, refunds, pays out"),
    Person(email=TEACHER, does="teaches"),
    Person(email=STUDENT, does="books and pays"),
)


def gig_rate(rules: PlatformRules) -> Money:
    """Return what an hour costs, in the platform's first currency."""
    return Money(_GIG_RATE_MINOR, rules.currencies[0])


def welcome_demo_people(installation: Installation) -> None:
    """Make the demonstration's people and a gig, once for a database.

    With the fake gateway the teacher has an account too. Stripe is not asked for one: whether it
    answers, and whether Connect is on, must not decide about a start.
    """
    work = installation.pieces.storage.work
    if work(lambda unit: unit.settings.get(_DONE)):
        return
    bus = installation.bus
    bus.handle(EnsureAdmin(email=ADMIN, password=PASSWORD, name="Ada Admin"), SYSTEM)
    teacher = _person(installation, TEACHER, "Theo Teacher", Role.TEACHER)
    _person(installation, STUDENT, "Sana Student", Role.STUDENT)
    controls = installation.pieces.controls
    if controls is not None:
        _open_account(installation, controls, teacher)
    _publish(installation, teacher)
    work(lambda unit: unit.settings.put(_DONE, "welcome"))
    installation.worker.until_idle()


def _person(installation: Installation, email: str, name: str, role: Role) -> User:
    # Somebody is there already when an earlier start was cut off between this and the end.
    with suppress(EmailTaken):
        installation.bus.handle(
            Register(email=email, password=PASSWORD, name=name, role=role), Actor()
        )
    return installation.pieces.storage.work(lambda unit: _by_email(unit, email))


def _by_email(unit: Unit, email: str) -> User:
    found = unit.users.by_email(email)
    if found is None:
        raise RuntimeError(f"{email} was registered a moment ago, and is gone")
    return found


def _open_account(installation: Installation, controls: GatewayControls, teacher: User) -> None:
    actor = Actor(user_id=teacher.id, role=teacher.role)
    back = installation.settings.return_urls[0]
    installation.bus.handle(CreateOnboardingLink(return_url=back), actor)
    account = installation.pieces.storage.read(lambda views: views.people.account(teacher.id))
    if account is not None and account.gateway_id is not None:
        controls.outside.enable_account(account.gateway_id)


def _publish(installation: Installation, teacher: User) -> None:
    theirs = GigFilter(teacher_id=teacher.id)
    read = installation.pieces.storage.read
    if read(lambda views: views.gigs.list(theirs, PageRequest(limit=1))).items:
        return
    installation.bus.handle(
        PublishGig(
            title=GIG_TITLE,
            description="Scales, and a tune by the end of the lesson.",
            hourly_rate=str(gig_rate(installation.settings.rules)),
            confirmation=Confirmation.INSTANT,
        ),
        Actor(user_id=teacher.id, role=teacher.role),
    )
