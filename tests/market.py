"""A whole installation for tests of use cases: real handlers, real adapters, still clocks.

    market = Market()
    lesson = market.paid_lesson()
    market.advance(days=3)

Storage and gateway can be swapped; by default both are in memory. Everything is driven through the
one door (`market.do`), and time moves only by `advance`, which lets the worker do all that is due.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from attrs import frozen

from adapters.clock import ManualClock
from adapters.fake import FakeWorld, fake_gateway, open_store
from adapters.fake.store import Store
from adapters.ids import SeededIds, SeededRandomness
from adapters.memory import memory_storage
from adapters.passwords import Argon2Passwords
from application.bookings import BookGig, CancelBooking, CompleteBooking, ConfirmBooking
from application.commands import SYSTEM, Actor, Command
from application.earnings import CreateOnboardingLink
from application.gigs import PublishGig
from application.payments import CreatePaymentIntent
from application.people import EnsureAdmin, Register
from application.ports.storage import Storage
from application.ports.test_mode import Fault, FaultKind
from application.refunds import RefundPayment
from domain.bookings import Booking
from domain.earnings import Standing, standing
from domain.gigs import Confirmation
from domain.ids import BookingId, GigId, PaymentId, RefundId, UserId
from domain.payments import Payment
from domain.people import Role
from domain.quotes import Quote
from domain.refunds import Refund
from entrypoints.composition import Installation, Overrides, compose
from entrypoints.composition.pieces import FakeGateway
from entrypoints.settings import load_settings
from tests.builders import NOW

R = TypeVar("R")

PASSWORD = "lots of practice"

_OWNERS = re.compile(r"\b(bk|ch|re|po|op)_\w+")
_OWNER_NAMES = {"bk": "booking", "ch": "charge", "re": "refund", "po": "payout", "op": "operation"}


@frozen(kw_only=True)
class Lesson:
    """A booking, its people, and what pays for it."""

    student: Actor
    teacher: Actor
    gig: GigId
    booking: BookingId
    payment: PaymentId


class ToldStaff:
    """Keep what staff were told, to look at."""

    def __init__(self) -> None:
        self.topics: list[str] = []

    def alert(self, topic: str, subject: str, detail: str) -> None:
        """Note the topic."""
        self.topics.append(topic)


class Market:
    """A platform with a payment world, and shorthands for what its people do."""

    def __init__(
        self,
        storage: Storage | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        world_store: Store | None = None,
        wall: ManualClock | None = None,
    ) -> None:
        self.clock = ManualClock(NOW)
        self.wall = wall or ManualClock(NOW)
        self.ids = SeededIds(self.wall)
        self.randomness = SeededRandomness()
        self.staff = ToldStaff()
        self.names: dict[str, str] = {}
        self.storage = storage or memory_storage(self.ids)
        self.world: FakeWorld = fake_gateway(
            world_store or open_store("memory://"),
            clock=self.clock,
            wall_clock=self.wall,
            randomness=self.randomness,
        )
        self.settings = load_settings({"TUITION_DATABASE_URL": "memory://", **(settings or {})})
        self.installation: Installation = self.composed()

    def composed(self) -> Installation:
        """Put everything together, from the settings and what is used instead of the world."""
        return compose(self.settings, self.overrides())

    def overrides(self) -> Overrides:
        """Return what the installation uses instead of the world outside."""
        return Overrides(
            storage=self.storage,
            gateway=FakeGateway(gateway=self.world.gateway, controls=self.world.controls),
            wall=self.wall,
            clock=self.clock,
            ids=self.ids,
            randomness=self.randomness,
            passwords=Argon2Passwords(memory_kib=8, rounds=1),
            alerts=self.staff,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.installation.close()

    def do(self, command: Command[R], actor: Actor = SYSTEM) -> R:
        """Carry a command out."""
        return self.installation.bus.handle(command, actor)

    def settle(self) -> None:
        """Let the worker do all that can be done now, the gateway's webhooks included."""
        self.wall.advance(timedelta(seconds=1))
        self.installation.worker.until_idle()

    def advance(self, **by: float) -> None:
        """Let business time pass, and all that falls due on the way happen."""
        self.wall.advance(timedelta(seconds=1))
        clock = self.installation.test_clock
        assert clock is not None
        clock.advance(int(timedelta(**by).total_seconds()))

    # --- People --------------------------------------------------------------------------------

    def register(self, name: str, role: Role) -> Actor:
        """Register somebody."""
        user = self.do(
            Register(email=f"{name}@school.test", password=PASSWORD, name=name, role=role),
            Actor(),
        )
        self.names[user] = name
        return Actor(user_id=user, role=role)

    def student(self, name: str = "sam") -> Actor:
        """Register a student."""
        return self.register(name, Role.STUDENT)

    def teacher(self, name: str = "tina", *, has_account: bool = False) -> Actor:
        """Register a teacher, with a connected account that can receive transfers if so asked."""
        teacher = self.register(name, Role.TEACHER)
        if has_account:
            self.enable_account(teacher)
        return teacher

    def enable_account(self, teacher: Actor) -> None:
        """Let a teacher finish onboarding at the gateway."""
        self.do(CreateOnboardingLink(return_url="https://school.test/done"), teacher)
        account = self.storage.read(lambda views: views.people.account(the_id(teacher)))
        assert account is not None
        assert account.gateway_id is not None
        self.world.controls.outside.enable_account(account.gateway_id)
        self.settle()

    def admin(self, name: str = "ann") -> Actor:
        """Make a member of staff."""
        made = self.do(EnsureAdmin(email=f"{name}@school.test", password=PASSWORD, name=name))
        return Actor(user_id=made.user_id, role=Role.ADMIN)

    # --- Lessons -------------------------------------------------------------------------------

    def gig(self, teacher: Actor, **changes: Any) -> GigId:
        """Publish a gig at 75.00 usd an hour that is booked at once."""
        wanted: dict[str, Any] = {
            "title": "Spanish",
            "description": "Conversation",
            "hourly_rate": "75.00",
            "currency": "usd",
            "confirmation": Confirmation.INSTANT,
            **changes,
        }
        return self.do(PublishGig(**wanted), teacher)

    def book(
        self, student: Actor, gig: GigId, *, starts_at: datetime | None = None, minutes: int = 60
    ) -> BookingId:
        """Book a gig, by default for the day after tomorrow."""
        start = starts_at or self.clock.now() + timedelta(days=2)
        return self.do(BookGig(gig_id=gig, starts_at=start, minutes=minutes), student)

    def pay(self, student: Actor, booking: BookingId, token: str = "pm_card_visa") -> PaymentId:
        """Pay in the browser, and let the webhook arrive."""
        opened = self.do(CreatePaymentIntent(booking_id=booking), student)
        gateway_id = self.payment(opened.payment_id).gateway_id
        assert gateway_id is not None
        self.world.controls.browser.confirm(gateway_id, token)
        self.settle()
        return opened.payment_id

    def confirm(self, teacher: Actor, booking: BookingId) -> None:
        """Agree to a request."""
        self.do(ConfirmBooking(booking_id=booking), teacher)

    def complete(self, teacher: Actor, booking: BookingId) -> None:
        """Wait for the lesson's end, and say that it took place."""
        end = self.booking(booking).period.end
        self.advance(seconds=(end - self.clock.now()).total_seconds())
        self.do(CompleteBooking(booking_id=booking), teacher)

    def paid_lesson(self, token: str = "pm_card_visa", **gig: Any) -> Lesson:
        """Let Sam book and pay an hour of Tina's: 75.00, of which 11.25 is the fee."""
        student, teacher = self.student(), self.teacher()
        offer = self.gig(teacher, **gig)
        booking = self.book(student, offer)
        if self.booking(booking).answer_due_at is not None:
            self.confirm(teacher, booking)
        payment = self.pay(student, booking, token)
        return Lesson(student=student, teacher=teacher, gig=offer, booking=booking, payment=payment)

    def cancel(self, actor: Actor, booking: BookingId) -> Quote:
        """Call a lesson off, and let the worker do what follows."""
        done = self.do(CancelBooking(booking_id=booking, reason="Ill"), actor)
        self.settle()
        return done.quote

    def refund(
        self, actor: Actor, payment: PaymentId, amount: str | None = None, **more: Any
    ) -> RefundId:
        """Give back some of a payment, or all that may be given back."""
        command = RefundPayment(payment_id=payment, amount=amount, reason="Sorry", **more)
        return self.do(command, actor)

    def fault(self, method: str, kind: FaultKind, **more: Any) -> None:
        """Let the gateway go wrong once, or as it is told."""
        self.world.controls.faults.add_fault(Fault(method=method, kind=kind, **more))

    # --- Looking -------------------------------------------------------------------------------

    def booking(self, id: BookingId) -> Booking:
        """Return a booking as it is."""
        found = self.storage.read(lambda views: views.bookings.find(id))
        assert found is not None
        return found

    def payment(self, id: PaymentId) -> Payment:
        """Return a payment as it is."""
        found = self.storage.read(lambda views: views.payments.find(id))
        assert found is not None
        return found

    def refund_of(self, id: RefundId) -> Refund:
        """Return a refund as it is."""
        found = self.storage.read(lambda views: views.refunds.find(id))
        assert found is not None
        return found

    def refunds(self) -> tuple[Refund, ...]:
        """Return every refund, oldest first."""
        found = self.storage.read(lambda views: tuple(views.everything.refunds()))
        return tuple(sorted(found, key=lambda refund: (refund.created_at, refund.id)))

    def payments(self) -> tuple[Payment, ...]:
        """Return every payment, oldest first."""
        found = self.storage.read(lambda views: tuple(views.everything.payments()))
        return tuple(sorted(found, key=lambda payment: (payment.created_at, payment.id)))

    def standing(self, teacher: Actor) -> Standing:
        """Return a teacher's money in their only currency."""

        def query(views: Any) -> Standing:
            (balance,) = views.people.balances(the_id(teacher))
            lines = views.people.unpaid_lines(balance.teacher_id, balance.currency)
            return standing(balance, lines, self.clock.now())

        return self.storage.read(query)

    def balances(self) -> dict[str, int]:
        """Return every account's balance that is not zero, by name; in minor units, debit +."""
        return self.storage.read(
            lambda views: {
                account: amount for account, _, amount in views.books.balances() if amount
            }
        )

    def books(self) -> dict[str, int]:
        """Return the same with names for ids: `pending:booking,tina`. What is alike is summed."""
        sums: Counter[str] = Counter()
        for account, amount in self.balances().items():
            named = _OWNERS.sub(lambda found: _OWNER_NAMES[found[1]], account)
            for user, name in self.names.items():
                named = named.replace(user, name)
            sums[named] += amount
        return {account: amount for account, amount in sums.items() if amount}


def the_id(actor: Actor) -> UserId:
    """Return the id of somebody who has one."""
    assert actor.user_id is not None
    return actor.user_id
