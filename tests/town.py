"""A small world for tests that drive the real use cases: an installation, and people who use it.

The clock stands still until it is moved; passwords are hashed cheaply; everything else is what runs
in development, the fake gateway and its signed deliveries included.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from attrs import frozen

from adapters.alerts import KeptAlerts
from adapters.clock import ManualClock
from adapters.fake import MemoryStore, Store, fake_gateway
from adapters.ids import SeededIds, SeededRandomness
from adapters.memory import memory_storage
from adapters.passwords import Argon2Passwords
from application.bookings import BookGig, CancelBooking, CompleteBooking
from application.commands import SYSTEM, Actor
from application.earnings import CreateOnboardingLink
from application.gigs import PublishGig
from application.payments import CreatePaymentIntent
from application.people import EnsureAdmin, Register
from application.ports.storage import Storage
from domain.bookings import Booking
from domain.gigs import Confirmation
from domain.ids import BookingId, GigId, PaymentId, UserId
from domain.payments import Payment
from domain.people import Role
from entrypoints.composition import Installation, Overrides, compose
from entrypoints.composition.pieces import FakeGateway
from entrypoints.settings import load_settings
from tests.builders import NOW, after

PASSWORD = "correct horse battery"


@frozen(kw_only=True)
class Town:
    """An installation with a teacher, a student, a member of staff, and a gig at 100.00 an hour."""

    installation: Installation
    clock: ManualClock
    alerts: KeptAlerts
    teacher: Actor
    student: Actor
    admin: Actor
    gig: GigId

    def settle(self) -> None:
        """Let everything happen that is due now."""
        self.installation.worker.until_idle()

    def pass_time(self, **by: float) -> datetime:
        """Go forward, and let happen what falls due on the way."""
        clock = self.installation.test_clock
        assert clock is not None
        return clock.advance(int(timedelta(**by).total_seconds()))

    def book(self, starts_at: datetime | None = None, minutes: int = 60) -> BookingId:
        """Book the gig as the student."""
        starts_at = starts_at or self.clock.now() + timedelta(days=3)
        return self.installation.bus.handle(
            BookGig(gig_id=self.gig, starts_at=starts_at, minutes=minutes), self.student
        )

    def pay(self, booking: BookingId, card: str = "pm_card_visa") -> PaymentId:
        """Pay in the browser, and let the webhook come."""
        bus = self.installation.bus
        opened = bus.handle(CreatePaymentIntent(booking_id=booking), self.student)
        gateway_id = self.payment(opened.payment_id).gateway_id
        assert gateway_id is not None
        controls = self.installation.pieces.controls
        assert controls is not None
        controls.browser.confirm(gateway_id, card)
        self.settle()
        return opened.payment_id

    def complete(self, booking: BookingId) -> None:
        """Say as the teacher that the lesson took place."""
        self.installation.bus.handle(CompleteBooking(booking_id=booking), self.teacher)

    def cancel(self, booking: BookingId, by: Actor | None = None) -> None:
        """Call it off, as the student unless somebody else is named."""
        command = CancelBooking(booking_id=booking, reason="Something came up.")
        self.installation.bus.handle(command, by or self.student)
        self.settle()

    def payment(self, id: PaymentId) -> Payment:
        """Look a payment up."""
        found = self.installation.pieces.storage.read(lambda views: views.payments.find(id))
        assert found is not None
        return found

    def booking(self, id: BookingId) -> Booking:
        """Look a booking up."""
        found = self.installation.pieces.storage.read(lambda views: views.bookings.find(id))
        assert found is not None
        return found


@contextmanager
def a_town(storage: Storage | None = None, store: Store | None = None) -> Iterator[Town]:
    """Found a town on a storage, in memory unless another is given."""
    clock, randomness, alerts = ManualClock(NOW), SeededRandomness(1), KeptAlerts()
    ids = SeededIds(clock, 1)
    world = fake_gateway(
        store or MemoryStore(), clock=clock, wall_clock=clock, randomness=randomness
    )
    settings = load_settings({"TUITION_DATABASE_URL": "memory://"}, None)
    overrides = Overrides(
        storage=storage or memory_storage(ids),
        gateway=FakeGateway(gateway=world.gateway, controls=world.controls),
        wall=clock,
        clock=clock,
        ids=ids,
        randomness=randomness,
        passwords=Argon2Passwords(memory_kib=8, rounds=1),
        alerts=alerts,
    )
    with compose(settings, overrides) as installation:
        yield _with_people(installation, clock, alerts)


def _with_people(installation: Installation, clock: ManualClock, alerts: KeptAlerts) -> Town:
    bus = installation.bus

    def join(name: str, role: Role) -> Actor:
        user_id = bus.handle(
            Register(email=f"{name}@example.com", password=PASSWORD, name=name.title(), role=role),
            Actor(),
        )
        return Actor(user_id=user_id, role=role)

    teacher, student = join("teacher", Role.TEACHER), join("student", Role.STUDENT)
    admin = bus.handle(EnsureAdmin(email="admin@example.com", password=PASSWORD), SYSTEM)
    bus.handle(CreateOnboardingLink(return_url="http://127.0.0.1:8000"), teacher)
    account = installation.pieces.storage.read(
        lambda views: views.people.account(UserId(str(teacher.user_id)))
    )
    controls = installation.pieces.controls
    assert controls is not None
    assert account is not None
    assert account.gateway_id is not None
    controls.outside.enable_account(account.gateway_id)
    gig = bus.handle(
        PublishGig(title="Piano", hourly_rate="100.00", confirmation=Confirmation.INSTANT), teacher
    )
    installation.worker.until_idle()
    return Town(
        installation=installation,
        clock=clock,
        alerts=alerts,
        teacher=teacher,
        student=student,
        admin=Actor(user_id=admin.user_id, role=Role.ADMIN),
        gig=gig,
    )


__all__ = ["PASSWORD", "Town", "a_town", "after"]
