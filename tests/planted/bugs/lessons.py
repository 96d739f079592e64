"""Mistakes with lessons: two at once, for nothing, at the wrong price."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve

from application.accounting import Accounting
from application.bookings import AcceptReschedule, ProposeReschedule, rescheduling
from application.bookings import booking as booking_a_lesson
from application.bookings.booking import BookGig, BookGigHandler
from application.commands import Actor
from application.ports.storage import Unit
from domain.bookings import Booking, BookingStatus, SlotTaken
from domain.events import BookingCompleted
from domain.ids import UserId
from domain.payments import Payment, Stage
from domain.policies import CancellationPolicy, Outcome, Tier
from domain.time import Period, period_of
from entrypoints.http.controllers import bookings
from entrypoints.simulation.client import Asked
from tests.domain import test_policies, test_time
from tests.http.test_slow_twins import SleepyMarket
from tests.market import Market
from tests.planted.catalogue import planted
from tests.planted.layers import CrashPoints, One, Overtaken, Proof, Race
from tests.planted.planting import Mistake, does_nothing, instead
from tests.races import test_races_for_lessons


def two_students_who_want_one_slot(market: SleepyMarket) -> tuple[Asked, Asked]:
    starts_at = market.clock.now() + timedelta(days=2)
    body = {"gig_id": market.gig(market.teacher()), "starts_at": starts_at, "duration_minutes": 60}
    return (
        Asked(actor=market.student(), endpoint=bookings.book, body=body),
        Asked(actor=market.student("sue"), endpoint=bookings.book, body=body),
    )


def two_lessons_that_are_moved_to_one_time(market: Market) -> None:
    teacher = market.teacher()
    gig, now = market.gig(teacher), market.clock.now()
    student, other = market.student(), market.student("sue")
    moved = market.book(student, gig, starts_at=now + timedelta(days=2))
    market.pay(student, moved)
    market.pay(other, market.book(other, gig, starts_at=now + timedelta(days=3)))
    propose = ProposeReschedule(booking_id=moved, starts_at=now + timedelta(days=3))
    market.do(propose, teacher)
    with suppress(SlotTaken):
        market.do(AcceptReschedule(booking_id=moved), student)


@planted(
    stands_for="I10; periods are half-open",
    caught_by=One(test_time.test_touching_periods_do_not_overlap),
    says="AssertionError|ExceptionGroup",
)
def lessons_that_touch_overlap() -> Iterator[None]:
    def closed(_: Mistake, self: Period, other: Period) -> bool:
        return self.start <= other.end and other.start <= self.end

    with instead(Period, "overlaps", closed):
        yield


@planted(
    stands_for="I10; concurrent requests: check-then-insert",
    caught_by=Overtaken(two_students_who_want_one_slot),
    says="I10",
)
def the_slot_is_looked_at_in_another_unit_than_the_one_that_books() -> Iterator[None]:
    def looks_first(right: Mistake, self: BookGigHandler, command: BookGig, actor: Actor) -> Any:
        def look(unit: Unit) -> None:
            gig = unit.gigs.get(command.gig_id)
            people = (*(each.teacher_id for each in gig.teachers), UserId(actor.user_id or ""))
            wanted = period_of(command.starts_at, command.minutes)
            for other in unit.bookings.overlapping(people, wanted):
                if other.status.holds_its_slot and other.period.overlaps(wanted):
                    raise SlotTaken("This time is taken.")

        self.work(look)
        return right(self, command, actor)

    with (
        instead(BookGigHandler, "__call__", looks_first),
        instead(booking_a_lesson, "must_be_free", does_nothing),
    ):
        yield


@planted(
    stands_for="I10; groups up to capacity",
    caught_by=Race(test_races_for_lessons.test_a_group_takes_as_many_as_it_seats),
    says="'ok': 4",
)
def a_group_takes_one_more_than_it_seats() -> Iterator[None]:
    def squeezes(right: Mistake, wanted: Booking, capacity: int, others: Any) -> None:
        right(wanted, capacity + (capacity > 1), others)

    with instead(booking_a_lesson, "must_be_free", squeezes):
        yield


@planted(
    stands_for="I10; a lesson is moved to where somebody else is",
    caught_by=Proof(two_lessons_that_are_moved_to_one_time),
    says="I10",
)
def a_lesson_is_moved_without_a_look_at_the_slot() -> Iterator[None]:
    with instead(rescheduling, "must_be_free", does_nothing):
        yield


@planted(
    stands_for="I10; an abandoned payment whose lesson is free",
    caught_by=CrashPoints("expiring_unpaid"),
    says="took place, and is unpaid",
)
def the_worker_completes_what_nobody_paid() -> Iterator[None]:
    def completes(right: Mistake, self: Booking, *, at: datetime) -> Any:
        moved: Booking = right(self, at=at)
        if self.status is not BookingStatus.CONFIRMED or moved.status is not BookingStatus.EXPIRED:
            return moved
        return evolve(
            moved,
            status=BookingStatus.COMPLETED,
            outcome=Outcome.COMPLETED,
            events=(*self.events, BookingCompleted(booking=self.id, at=at)),
        )

    with instead(Booking, "on_deadline", completes):
        yield


@planted(
    stands_for="I9; a lesson ends and its money stays pending",
    caught_by=CrashPoints("completing_a_lesson"),
    says="lesson_ended",
)
def a_lesson_that_ends_leaves_its_money_where_it_is() -> Iterator[None]:
    def only_says_so(
        _: Mistake, __: Accounting, unit: Unit, booking: Booking, payment: Payment, at: datetime
    ) -> Payment:
        return payment.placed(Stage.EARNED) if payment.stage is Stage.PENDING else payment

    with instead(Accounting, "lesson_ended", only_says_so):
        yield


@planted(
    stands_for="I7; nothing is kept beyond the policy: the exact boundary is generous",
    caught_by=One(
        test_policies.test_the_first_tier_whose_notice_is_kept_wins_the_boundary_included,
        case=("moderate", timedelta(hours=24), 100),
    ),
    says="AssertionError",
)
def notice_to_the_minute_is_too_late() -> Iterator[None]:
    def stricter(
        right: Mistake, self: CancellationPolicy, start: datetime, at: datetime
    ) -> Tier | None:
        tiers = (evolve(each, notice_minutes=each.notice_minutes + 1) for each in self.tiers)
        tier: Tier | None = right(evolve(self, tiers=tuple(tiers)), start, at)
        return tier

    with instead(CancellationPolicy, "tier_at", stricter):
        yield
