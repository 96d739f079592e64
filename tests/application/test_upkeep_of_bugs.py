"""What cannot be done does not hold up the rest of what the worker does."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import define, evolve, field

from application.bookings import CompleteBooking
from application.commands import SYSTEM
from application.effects import EffectKind
from application.payments import CreatePaymentIntent
from application.upkeep import (
    AdvanceBookings,
    DispatchOutbox,
    PayTeachers,
    ProcessInbox,
    ProcessInboxHandler,
    RecoverOperations,
)
from domain.bookings import BookingStatus
from domain.earnings import PayoutStateConflict
from domain.errors import BrokenInvariant
from domain.ids import PayoutId
from domain.payments import PaymentStatus
from entrypoints.composition.assembly import assemble
from tests.application.effect_scenes import Stage
from tests.builders import a_delivery, after, an_entry
from tests.market import Market

# --- What cannot be done must not hold up the rest -----------------------------------------------


def test_a_booking_that_cannot_be_advanced_does_not_hold_up_the_others() -> None:
    market = Market()
    lesson = market.paid_lesson()
    other = market.book(lesson.student, lesson.gig, starts_at=after(days=20))
    market.storage.work(lambda unit: unit.ledger.post(an_entry(f"lesson_ended:{lesson.payment}")))
    market.clock.advance(timedelta(days=9))

    for _ in range(2):
        with pytest.raises(BrokenInvariant):
            market.do(AdvanceBookings(limit=2))

    assert market.booking(lesson.booking).status is BookingStatus.CONFIRMED
    assert market.booking(other).status is BookingStatus.EXPIRED


def test_a_teacher_who_cannot_be_paid_for_a_bug_does_not_hold_up_the_others() -> None:
    market = Market()
    student = market.student()
    teachers = [market.teacher(name, has_account=True) for name in ("ta", "tb", "tc")]
    lessons = [
        market.book(student, market.gig(one), starts_at=after(days=day))
        for day, one in enumerate(teachers, start=2)
    ]
    for lesson in lessons:
        market.pay(student, lesson)
    market.clock.advance(timedelta(days=9))  # the worker does not see this, and pays nobody
    for teacher, lesson in zip(teachers, lessons, strict=True):
        market.do(CompleteBooking(booking_id=lesson), teacher)
    handler: Any = assemble(market.installation.pieces)[PayTeachers]
    reserve = handler.payouts.reserve

    class Broken:
        def reserve(self, unit: Any, teacher: Any, *more: Any) -> Any:
            if teacher == teachers[1].user_id:
                raise BrokenInvariant("a bug")
            return reserve(unit, teacher, *more)

    with pytest.raises(BrokenInvariant):
        evolve(handler, payouts=Broken())(PayTeachers(limit=1), SYSTEM)

    assert len(market.world.chronicle.transfers()) == 2


def transfer_for_a_failed_payout() -> Stage:
    """Have a transfer to send whose payout was given up meanwhile, as only a bug would."""
    stage = Stage(EffectKind.CREATE_TRANSFER)
    handler: Any = assemble(stage.market.installation.pieces)[PayTeachers]
    payout = PayoutId(stage.operation.subject)
    stage.market.storage.work(lambda unit: handler.payouts.failed(unit, payout, "by hand"))
    return stage


def test_an_operation_that_cannot_be_booked_does_not_hold_up_the_others() -> None:
    stage = transfer_for_a_failed_payout()
    market = stage.market
    student = market.student("tom")
    booking = market.book(student, market.gig(market.teacher("tim")))
    market.do(CreatePaymentIntent(booking_id=booking), student)
    market.wall.move_to(stage.operation.lease_until)
    market.clock.advance(timedelta(hours=1))
    market.do(AdvanceBookings())

    with pytest.raises(PayoutStateConflict):
        market.do(RecoverOperations())

    assert market.payments()[-1].status is PaymentStatus.CANCELED


def test_staff_are_told_once_of_an_operation_that_could_not_be_booked_eight_times() -> None:
    stage = transfer_for_a_failed_payout()
    told_at = []
    for _ in range(10):
        with pytest.raises(PayoutStateConflict):
            stage.recover()
        stage.market.do(DispatchOutbox())
        told_at.append(stage.market.staff.topics.count("stuck_operation"))

    assert told_at == [0] * 7 + [1] * 3
    assert stage.times_done() == 1


# --- A delivery that breaks the worker -----------------------------------------------------------


@define
class Breaking:
    """Break at one delivery in a way that nobody foresaw."""

    at: str | None
    done: list[str] = field(factory=list)

    def process(self, id: str) -> bool:
        """Apply a delivery."""
        if id == self.at:
            raise ZeroDivisionError
        self.done.append(id)
        return True


def inbox_of(market: Market, processing: Breaking) -> ProcessInboxHandler:
    handler: Any = assemble(market.installation.pieces)[ProcessInbox]
    broken: ProcessInboxHandler = evolve(handler, processing=processing)
    return broken


def test_a_delivery_that_breaks_the_worker_does_not_hold_up_the_others() -> None:
    market = Market()
    market.storage.work(lambda unit: unit.inbox.receive(a_delivery("evt_1")))
    market.storage.work(
        lambda unit: unit.inbox.receive(a_delivery("evt_2", next_try_at=after(seconds=1)))
    )
    market.wall.advance(timedelta(seconds=5))
    breaking = Breaking(at="evt_1")
    handler = inbox_of(market, breaking)
    with pytest.raises(ZeroDivisionError):
        handler(ProcessInbox(), SYSTEM)

    handler(ProcessInbox(), SYSTEM)

    assert breaking.done == ["evt_2"]


def test_a_delivery_that_broke_the_worker_is_tried_again() -> None:
    market = Market()
    market.storage.work(lambda unit: unit.inbox.receive(a_delivery("evt_1")))
    with pytest.raises(ZeroDivisionError):
        inbox_of(market, Breaking(at="evt_1"))(ProcessInbox(), SYSTEM)
    market.wall.advance(timedelta(minutes=2))

    mended = Breaking(at=None)
    inbox_of(market, mended)(ProcessInbox(), SYSTEM)

    assert mended.done == ["evt_1"]
