"""What the worker does: each command does a batch, may be run twice, and tells how much it did."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from application import upkeep
from application.bus import HANDLERS
from application.commands import SYSTEM, Command
from application.payments import CreatePaymentIntent
from application.ports.test_mode import FaultKind
from application.reactions import Reactions
from application.upkeep import (
    AdvanceBookings,
    BookGatewayFees,
    DispatchOutbox,
    NextDue,
    PayTeachers,
    ProcessInbox,
    PruneKeys,
    RecoverOperations,
    SealLedger,
)
from domain.bookings import BookingStatus
from domain.errors import Forbidden
from domain.events import StaffAlerted
from domain.ids import PaymentId
from domain.payments import PaymentStatus
from entrypoints.composition.assembly import assemble
from entrypoints.composition.duties import UPKEEP
from tests.application.post import deliver, told
from tests.builders import NOW, after
from tests.market import Market, ToldStaff

COMMANDS = tuple(command for command in HANDLERS if command.__module__ == upkeep.__name__)
"""Every command of the worker's, found by inspection."""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_a_command_of_the_workers_is_nobody_elses(command: type[Command[Any]]) -> None:
    market = Market()

    for actor in (market.student(), market.teacher(), market.admin()):
        with pytest.raises(Forbidden):
            market.do(command(), actor)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_a_market_where_nothing_is_due_leaves_nothing_to_do(command: type[Command[Any]]) -> None:
    market = Market()

    assert not market.do(command())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_a_command_that_is_run_again_does_nothing_more(command: type[Command[Any]]) -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.enable_account(lesson.teacher)
    market.complete(lesson.teacher, lesson.booking)
    market.clock.advance(timedelta(days=10))
    market.settle()
    books = market.balances()

    assert not market.do(command())
    assert market.balances() == books


# --- Bookings ------------------------------------------------------------------------------------


def test_due_bookings_are_advanced_a_batch_at_a_time() -> None:
    market = Market()
    student, gig = market.student(), market.gig(market.teacher())
    booked = [market.book(student, gig, starts_at=after(days=day)) for day in (2, 3, 4)]
    market.clock.advance(timedelta(hours=1))

    assert [market.do(AdvanceBookings(limit=2)) for _ in range(3)] == [2, 1, 0]
    assert {market.booking(one).status for one in booked} == {BookingStatus.EXPIRED}


# --- The inbox and operations --------------------------------------------------------------------


def test_waiting_deliveries_are_applied_a_batch_at_a_time() -> None:
    market = Market()
    student, gig = market.student(), market.gig(market.teacher())
    market.fault("payment", FaultKind.LOST_REQUEST, times=3)
    for day in (2, 3, 4):
        booking = market.book(student, gig, starts_at=after(days=day))
        opened = market.do(CreatePaymentIntent(booking_id=booking), student)
        gateway_id = market.payment(opened.payment_id).gateway_id
        assert gateway_id is not None
        market.world.controls.browser.confirm(gateway_id, "pm_card_visa")
    for event in told(market, "payment_intent.succeeded"):
        deliver(market, event)
    market.wall.advance(timedelta(seconds=2))

    assert [market.do(ProcessInbox(limit=2)) for _ in range(3)] == [2, 1, 0]
    assert {one.status for one in market.payments()} == {PaymentStatus.SUCCEEDED}


def test_operations_are_recovered_a_bounded_number_at_a_time() -> None:
    market = Market()
    student, gig = market.student(), market.gig(market.teacher())
    for day in (2, 3, 4):
        booking = market.book(student, gig, starts_at=after(days=day))
        market.do(CreatePaymentIntent(booking_id=booking), student)
    market.clock.advance(timedelta(hours=1))
    market.do(AdvanceBookings())

    assert [market.do(RecoverOperations(limit=2)) for _ in range(3)] == [2, 1, 0]
    assert {one.status for one in market.payments()} == {PaymentStatus.CANCELED}


def test_an_operation_that_keeps_failing_does_not_keep_the_worker_busy() -> None:
    market = Market()
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    market.do(CreatePaymentIntent(booking_id=booking), student)
    market.fault("cancel_payment", FaultKind.LOCKED, times=None)
    market.clock.advance(timedelta(hours=1))
    market.do(AdvanceBookings())

    assert [market.do(RecoverOperations()) for _ in range(2)] == [0, 0]
    market.world.controls.faults.clear_faults()
    market.wall.advance(timedelta(minutes=1))
    assert market.do(RecoverOperations()) == 1


# --- The gateway's fee ---------------------------------------------------------------------------


def test_a_fee_that_was_not_known_at_success_is_booked_when_it_is() -> None:
    market = Market()
    market.fault("confirm_in_browser", FaultKind.LATE_SETTLEMENT, delay_seconds=3600)
    lesson = market.paid_lesson()
    assert market.do(BookGatewayFees()) == 0
    assert not market.payment(lesson.payment).gateway_fee_booked

    market.clock.advance(timedelta(hours=2))

    assert market.do(BookGatewayFees()) == 1
    assert market.payment(lesson.payment).gateway_fee_booked
    assert market.books()["processing"] == 248
    assert market.do(BookGatewayFees()) == 0


def test_a_gateway_that_cannot_be_asked_for_its_fee_is_asked_again() -> None:
    market = Market()
    market.fault("confirm_in_browser", FaultKind.LATE_SETTLEMENT, delay_seconds=3600)
    market.paid_lesson()
    market.clock.advance(timedelta(hours=2))
    market.fault("charge_transaction", FaultKind.RATE_LIMITED)

    assert [market.do(BookGatewayFees()) for _ in range(2)] == [0, 1]


def test_charges_that_never_settle_do_not_hold_up_later_ones() -> None:
    market = Market()
    student, gig = market.student(), market.gig(market.teacher())

    def paid(day: int, delay_seconds: int) -> PaymentId:
        kind = FaultKind.LATE_SETTLEMENT
        market.fault("confirm_in_browser", kind, delay_seconds=delay_seconds)
        return market.pay(student, market.book(student, gig, starts_at=after(days=day)))

    never = [paid(day, 10**9) for day in (2, 3)]
    soon = paid(4, 3600)
    market.clock.advance(timedelta(hours=2))

    assert market.do(BookGatewayFees(limit=1)) == 1
    assert market.payment(soon).gateway_fee_booked
    assert not any(market.payment(one).gateway_fee_booked for one in never)


def test_a_fee_is_booked_once_by_however_many_workers() -> None:
    market = Market()
    market.fault("confirm_in_browser", FaultKind.LATE_SETTLEMENT, delay_seconds=3600)
    lesson = market.paid_lesson()
    market.clock.advance(timedelta(hours=2))
    handler: Any = assemble(market.installation.pieces)[BookGatewayFees]
    charge = market.payment(lesson.payment).charge_id
    settled = market.world.gateway.books.charge_transaction(charge or "")
    market.do(BookGatewayFees())

    late = market.storage.work(lambda unit: handler._settle(unit, lesson.payment, settled))

    assert late is False
    assert market.books()["processing"] == 248


# --- The outbox ----------------------------------------------------------------------------------


def test_an_event_reaches_its_reaction() -> None:
    market = Market()
    alert_in_outbox(market, "suspense")

    assert market.do(DispatchOutbox()) >= 1

    assert market.staff.topics == ["suspense"]


def alert_in_outbox(market: Market, *topics: str) -> None:
    """Save something with alerts among its events."""
    teacher = market.teacher()
    alerts = tuple(StaffAlerted(topic=topic, subject="x", detail="d", at=NOW) for topic in topics)
    market.storage.work(
        lambda unit: unit.users.save(
            evolve(unit.users.get(teacher.user_id), events=alerts)  # type: ignore[arg-type]
        )
    )


def test_events_are_handed_over_in_order_and_a_batch_at_a_time() -> None:
    market = Market()
    market.do(DispatchOutbox())
    alert_in_outbox(market, "one", "two", "three")

    market.do(DispatchOutbox(limit=2))
    first = list(market.staff.topics)
    market.do(DispatchOutbox(limit=10))

    assert len(first) < 3
    assert market.staff.topics == ["one", "two", "three"]
    assert market.do(DispatchOutbox()) == 0


def test_an_event_whose_reaction_died_is_handed_over_again() -> None:
    market = Market()
    alert_in_outbox(market, "one", "two")
    handler: Any = assemble(market.installation.pieces)[DispatchOutbox]

    class Dying(ToldStaff):
        def alert(self, topic: str, subject: str, detail: str) -> None:
            super().alert(topic, subject, detail)
            if topic == "two":
                raise ConnectionError("mail server away")

    dying = Dying()
    with pytest.raises(ConnectionError):
        evolve(handler, reactions=Reactions(dying))(DispatchOutbox(), SYSTEM)
    market.do(DispatchOutbox())

    assert dying.topics == ["one", "two"]
    assert market.staff.topics == ["one", "two"]


# --- What is due next ----------------------------------------------------------------------------


def test_nothing_is_due_where_nothing_was_booked() -> None:
    assert Market().do(NextDue()) is None


def test_the_next_thing_due_is_a_bookings_deadline_then_money_that_becomes_available() -> None:
    market = Market()
    lesson = market.paid_lesson()
    end = market.booking(lesson.booking).period.end
    assert market.do(NextDue()) == end + timedelta(hours=24)

    market.complete(lesson.teacher, lesson.booking)

    assert market.do(NextDue()) == end + timedelta(hours=48)
    market.advance(days=3)
    assert market.do(NextDue()) is None


def test_every_command_of_the_worker_is_among_its_duties() -> None:
    duties = {type(command) for command, _ in UPKEEP}

    assert duties | {NextDue} == set(COMMANDS)
    assert {PayTeachers, PruneKeys, SealLedger} <= duties
