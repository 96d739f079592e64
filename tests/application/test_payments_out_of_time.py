"""Money that comes late, for something that is over, or in an amount that nobody asked for."""

from datetime import timedelta

import pytest
from attrs import evolve

from adapters.fake.records import Movement
from adapters.fake.records import Payment as GatewayPayment
from adapters.fake.turn import Turn
from application.bookings import CancelBooking
from application.commands import Actor
from application.payments import ConfirmPayment, CreatePaymentIntent, ProcessPayment
from application.ports.test_mode import FaultKind
from domain.bookings import BookingStatus, PaymentState
from domain.errors import NotFound
from domain.gigs import Confirmation
from domain.ids import BookingId, PaymentId
from domain.payments import PaymentStatus, Stage
from domain.policies import Fault
from domain.refunds import RefundCause, RefundStatus
from tests.builders import after, dollars
from tests.market import Market

PAID = {
    "cash:gateway": 7252,
    "processing": 248,
    "pending:booking,tina": -6375,
    "fee_deferred:booking": -1125,
}
SENT_BACK = {"cash:gateway": -248, "processing": 248}


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def student(market: Market) -> Actor:
    return market.student()


@pytest.fixture
def booking(market: Market, student: Actor) -> BookingId:
    return market.book(student, market.gig(market.teacher()))


def begin(market: Market, student: Actor, booking: BookingId) -> PaymentId:
    return market.do(CreatePaymentIntent(booking_id=booking), student).payment_id


def pay_unseen(market: Market, payment: PaymentId) -> None:
    """Pay in the browser, and let no webhook arrive yet."""
    market.world.controls.browser.confirm(market.payment(payment).gateway_id or "", "pm_card_visa")


def expire_unseen(market: Market, booking: BookingId) -> None:
    """Let the window pass, and the booking expire before the gateway was told of it."""
    due = market.booking(booking).payment_due_at
    assert due is not None
    market.clock.move_to(due)
    market.fault("cancel_payment", FaultKind.LOST_REQUEST)
    # The bookings' turn comes before that of what is sent to the gateway.
    assert market.installation.worker.tasks[2].run() == 1
    assert market.booking(booking).status is BookingStatus.EXPIRED


# --- Late ----------------------------------------------------------------------------------------


def test_a_late_success_takes_the_slot_again_if_it_is_free(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = begin(market, student, booking)
    expire_unseen(market, booking)
    assert market.payment(payment).status is PaymentStatus.CANCELING
    pay_unseen(market, payment)
    market.settle()
    seated = market.booking(booking)
    assert (seated.status, seated.outcome, seated.payment_status) == (
        BookingStatus.CONFIRMED,
        None,
        PaymentState.PAID,
    )
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED
    assert market.books() == PAID
    market.advance(days=4)
    assert market.booking(booking).status is BookingStatus.COMPLETED


def test_a_late_success_goes_back_if_the_slot_was_given_to_another(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = begin(market, student, booking)
    expire_unseen(market, booking)
    gig, start = market.booking(booking).gig_id, market.booking(booking).period.start
    other = market.book(market.student("olga"), gig, starts_at=start)
    pay_unseen(market, payment)
    market.settle()
    assert market.booking(booking).status is BookingStatus.EXPIRED
    assert market.booking(booking).payment_status is PaymentState.REFUNDED
    assert market.booking(other).status is BookingStatus.CONFIRMED
    (refund,) = market.refunds()
    assert (refund.cause, refund.fault, refund.status) == (
        RefundCause.LATE_PAYMENT,
        Fault.NONE,
        RefundStatus.SUCCEEDED,
    )
    assert refund.legs.suspense == dollars(7500)
    assert market.books() == SENT_BACK


def test_a_late_success_goes_back_if_the_student_is_elsewhere_by_now(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = begin(market, student, booking)
    expire_unseen(market, booking)
    start = market.booking(booking).period.start
    market.book(student, market.gig(market.teacher("tom")), starts_at=start)
    pay_unseen(market, payment)
    market.settle()
    assert market.payment(payment).status is PaymentStatus.REFUNDED
    assert market.books() == SENT_BACK


def test_a_late_success_goes_back_once_the_lesson_would_have_begun(
    market: Market, student: Actor
) -> None:
    gig = market.gig(market.teacher())
    booking = market.book(student, gig, starts_at=after(minutes=10))
    payment = begin(market, student, booking)
    expire_unseen(market, booking)
    pay_unseen(market, payment)
    market.settle()
    assert market.booking(booking).status is BookingStatus.EXPIRED
    assert market.books() == SENT_BACK


def test_a_late_success_takes_a_seat_of_a_group_that_is_not_full(market: Market) -> None:
    sam, olga = market.student(), market.student("olga")
    gig = market.gig(market.teacher(), capacity=2)
    booking = market.book(sam, gig)
    payment = begin(market, sam, booking)
    expire_unseen(market, booking)
    market.book(olga, gig, starts_at=market.booking(booking).period.start)
    pay_unseen(market, payment)
    market.settle()
    assert market.booking(booking).status is BookingStatus.CONFIRMED


def test_a_success_after_the_payment_was_canceled_here_follows_the_same_rule(
    market: Market, student: Actor, booking: BookingId
) -> None:
    market.fault("create_payment", FaultKind.ERROR_LATER, delay_seconds=3600)
    market.fault("create_payment", FaultKind.LOST_REQUEST)
    opened = market.do(CreatePaymentIntent(booking_id=booking), student)
    market.advance(hours=2)
    market.wall.advance(timedelta(hours=1))
    market.settle()
    assert market.booking(booking).status is BookingStatus.EXPIRED
    assert market.payment(opened.payment_id).status is PaymentStatus.CANCELED
    assert market.books() == {}


def test_a_success_that_comes_after_a_cancellation_always_goes_back(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = begin(market, student, booking)
    pay_unseen(market, payment)
    market.do(CancelBooking(booking_id=booking, reason="Ill"), student)
    assert market.payment(payment).status is PaymentStatus.CANCELING
    market.settle()
    assert market.booking(booking).status is BookingStatus.CANCELLED
    assert market.payment(payment).status is PaymentStatus.REFUNDED
    assert market.payment(payment).stage is Stage.SUSPENSE
    assert market.books() == SENT_BACK


def test_a_bank_debit_of_a_cancelled_lesson_goes_back_when_it_arrives(
    market: Market, student: Actor
) -> None:
    booking = market.book(student, market.gig(market.teacher()), starts_at=after(days=10))
    payment = market.pay(student, booking, "pm_usBankAccount_success")
    market.cancel(student, booking)
    assert market.payment(payment).status is PaymentStatus.CANCELING
    market.advance(days=5)
    assert market.payment(payment).status is PaymentStatus.REFUNDED
    assert len(market.refunds()) == 1
    books = market.books()
    assert books.keys() == {"cash:gateway", "processing"}


def test_a_bank_debit_of_a_cancelled_lesson_that_fails_is_canceled(
    market: Market, student: Actor
) -> None:
    booking = market.book(student, market.gig(market.teacher()), starts_at=after(days=10))
    payment = market.pay(student, booking, "pm_usBankAccount_insufficientFunds")
    market.cancel(student, booking)
    market.advance(days=5)
    assert market.payment(payment).status is PaymentStatus.CANCELED
    assert [one.status for one in market.world.chronicle.payments()] == ["canceled"]
    assert market.books() == {}


def test_a_late_payment_that_cannot_go_back_stays_in_suspense_and_staff_are_told(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = begin(market, student, booking)
    pay_unseen(market, payment)
    market.do(CancelBooking(booking_id=booking, reason="Ill"), student)
    market.fault("create_refund", FaultKind.REFUND_FAILS)
    market.settle()
    (refund,) = market.refunds()
    assert refund.status is RefundStatus.FAILED
    assert "refund_failed" in market.staff.topics
    assert market.books() == {"cash:gateway": 7252, "processing": 248, "suspense": -7500}
    market.refund(market.admin(), payment)
    market.settle()
    assert market.books() == SENT_BACK


def test_a_rebooking_after_an_expiry_is_not_paid_by_the_old_payment(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = begin(market, student, booking)
    expire_unseen(market, booking)
    gig, start = market.booking(booking).gig_id, market.booking(booking).period.start
    again = market.book(student, gig, starts_at=start)
    pay_unseen(market, payment)
    market.settle()
    assert market.booking(again).payment_status is PaymentState.UNPAID
    assert market.payment(payment).status is PaymentStatus.REFUNDED


# --- An amount that nobody asked for -------------------------------------------------------------


def alter(market: Market, payment: PaymentId, amount: int) -> None:
    """Let the gateway charge another amount than it was asked to."""
    gateway_id = market.payment(payment).gateway_id or ""
    wire = market.world.deliveries._wire
    wire.control(
        lambda turn: turn.save(evolve(turn.get(GatewayPayment, gateway_id), amount=amount))
    )


@pytest.mark.parametrize("amount", [7499, 7501, 100])
def test_another_amount_goes_to_suspense_and_staff_are_told(
    market: Market, student: Actor, booking: BookingId, amount: int
) -> None:
    payment = begin(market, student, booking)
    alter(market, payment, amount)
    pay_unseen(market, payment)
    market.settle()
    failed = market.payment(payment)
    assert failed.failure is not None
    assert (failed.status, failed.failure.code) == (PaymentStatus.FAILED, "amount_mismatch")
    assert failed.captured == dollars(0)
    assert market.booking(booking).payment_status is PaymentState.FAILED
    books = market.books()
    assert books.pop("suspense") == -amount
    assert books.keys() == {"cash:gateway", "processing"}
    assert market.staff.topics == ["suspense"]
    assert market.installation.verification().run().findings == ()


def test_another_amount_is_booked_once_however_often_it_is_told(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = begin(market, student, booking)
    alter(market, payment, 100)
    pay_unseen(market, payment)
    for _ in range(2):
        market.do(ConfirmPayment(payment_id=payment), student)
        for event in market.world.chronicle.events():
            market.world.deliveries.tell_again(event.id)
        market.settle()
    assert market.books()["suspense"] == -100
    assert market.staff.topics == ["suspense"]


def test_another_amount_for_a_cancelled_lesson_is_booked_once_too(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = begin(market, student, booking)
    alter(market, payment, 100)
    pay_unseen(market, payment)
    market.do(CancelBooking(booking_id=booking, reason=""), student)
    market.settle()
    for event in market.world.chronicle.events():
        market.world.deliveries.tell_again(event.id)
    market.wall.advance(timedelta(minutes=5))
    market.settle()
    assert market.books()["suspense"] == -100
    assert market.staff.topics == ["suspense"]
    waiting = market.storage.read(lambda views: views.due.health())
    assert (waiting.waiting_deliveries, waiting.open_operations) == (0, 0)


def test_another_amount_is_not_charged_again_by_another_try(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = begin(market, student, booking)
    alter(market, payment, 100)
    pay_unseen(market, payment)
    market.settle()
    with pytest.raises(Exception, match="refused"):
        market.do(ProcessPayment(booking_id=booking, payment_method_id="pm_card_visa"), student)
    for event in market.world.chronicle.events():
        market.world.deliveries.tell_again(event.id)
    market.settle()
    assert market.books()["suspense"] == -100
    assert market.staff.topics == ["suspense"]
    market.advance(minutes=15)
    assert market.booking(booking).status is BookingStatus.EXPIRED
    waiting = market.storage.read(lambda views: views.due.health())
    assert (waiting.waiting_deliveries, waiting.open_operations) == (0, 0)


# --- No-shows and payments that are not there yet ------------------------------------------------


def test_a_confirmed_request_that_is_paid_in_time_stays(market: Market, student: Actor) -> None:
    teacher = market.teacher()
    gig = market.gig(teacher, confirmation=Confirmation.TEACHER)
    booking = market.book(student, gig)
    market.confirm(teacher, booking)
    market.advance(hours=23)
    market.pay(student, booking)
    market.advance(hours=2)
    assert market.booking(booking).status is BookingStatus.CONFIRMED


# --- A gateway that knows other things than we do ------------------------------------------------


def test_a_payment_that_the_gateway_forgot_is_told_as_absent(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = begin(market, student, booking)
    gateway_id = market.payment(payment).gateway_id or ""
    wire = market.world.deliveries._wire
    wire.control(lambda turn: turn.delete(turn.get(GatewayPayment, gateway_id)))
    with pytest.raises(NotFound):
        market.do(ConfirmPayment(payment_id=payment), student)


def test_funds_that_the_gateway_converts_do_not_clear_the_charge(
    market: Market, student: Actor, booking: BookingId
) -> None:
    market.fault("confirm_in_browser", FaultKind.LATE_SETTLEMENT, delay_seconds=60)
    payment = market.pay(student, booking)
    market.world.controls.time.run_due(after(minutes=2))
    wire = market.world.deliveries._wire

    def convert(turn: Turn) -> None:
        (movement,) = turn.newest(Movement)
        turn.save(evolve(movement, currency="eur"))

    wire.control(convert)
    market.advance(minutes=5)
    assert market.payment(payment).gateway_fee_booked
    assert market.books()["clearing:charge"] == 7500
    assert "cash:gateway" not in market.books()
