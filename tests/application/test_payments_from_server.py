"""Charging a card from the server: on file, by default, fresh; and booking in the same call."""

from datetime import timedelta

import pytest

from application.answers import Slot, answering
from application.bookings import CancelBooking
from application.cards import AddCard
from application.commands import Actor
from application.customers import (
    CardAuthenticationRequired,
    CardDeclined,
    NoPaymentMethod,
    PaymentMethodInvalid,
)
from application.effects import EffectKind, GatewayDeclined, OperationUnderWay
from application.idempotency import Idempotency
from application.payments import CreatePaymentIntent, OpenedPayment, ProcessPayment
from application.ports.records import Answer
from application.ports.test_mode import FaultKind
from domain.bookings import (
    BookingAlreadyPaid,
    BookingNotConfirmed,
    BookingStatus,
    PaymentState,
    SlotTaken,
)
from domain.errors import Forbidden, GatewayUnavailable, InvalidField, NotFound
from domain.gigs import Confirmation
from domain.ids import BookingId, GigId
from domain.payments import AmountTooLarge, PaymentStatus
from tests.application.interleaving import between
from tests.builders import after
from tests.market import Market, the_id

PAID = {
    "cash:gateway": 7252,
    "processing": 248,
    "pending:booking,tina": -6375,
    "fee_deferred:booking": -1125,
}


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def student(market: Market) -> Actor:
    return market.student()


@pytest.fixture
def teacher(market: Market) -> Actor:
    return market.teacher()


@pytest.fixture
def booking(market: Market, student: Actor, teacher: Actor) -> BookingId:
    return market.book(student, market.gig(teacher))


def charge(
    market: Market, student: Actor, booking: BookingId, card: str | None = None
) -> OpenedPayment:
    return market.do(ProcessPayment(booking_id=booking, payment_method_id=card), student)


def on_file(market: Market, student: Actor, token: str = "pm_card_visa") -> str:
    return market.do(AddCard(payment_method_id=token), student).card_id


def at_gateway(market: Market) -> list[str]:
    return [str(payment.status) for payment in market.world.chronicle.payments()]


# --- Which card ----------------------------------------------------------------------------------


def test_a_card_on_file_is_charged(market: Market, student: Actor, booking: BookingId) -> None:
    card = on_file(market, student, "pm_card_mastercard")
    opened = charge(market, student, booking, card)
    payment = market.payment(opened.payment_id)
    assert opened.is_new
    assert (payment.status, payment.used.brand) == (PaymentStatus.SUCCEEDED, "mastercard")
    assert market.booking(booking).payment_status is PaymentState.PAID
    assert market.books() == PAID


def test_the_default_card_is_charged_when_none_is_named(
    market: Market, student: Actor, booking: BookingId
) -> None:
    on_file(market, student)
    on_file(market, student, "pm_card_mastercard")
    opened = charge(market, student, booking)
    assert market.payment(opened.payment_id).used.brand == "visa"


def test_a_fresh_card_is_attached_and_saved_first(
    market: Market, student: Actor, booking: BookingId
) -> None:
    charge(market, student, booking, "pm_card_amex")
    again = market.book(student, market.booking(booking).gig_id, starts_at=after(days=5))
    opened = charge(market, student, again)
    assert market.payment(opened.payment_id).used.brand == "amex"


def test_a_card_that_is_not_kept_serves_for_one_payment(
    market: Market, student: Actor, booking: BookingId
) -> None:
    added = market.do(AddCard(payment_method_id="pm_card_visa", listed=False), student)
    charge(market, student, booking, added.card_id)
    again = market.book(student, market.booking(booking).gig_id, starts_at=after(days=5))
    with pytest.raises(NotFound):
        charge(market, student, again, added.card_id)


def test_without_any_card_one_has_to_be_named(
    market: Market, student: Actor, booking: BookingId
) -> None:
    with pytest.raises(NoPaymentMethod):
        charge(market, student, booking)
    assert market.payments() == ()


def test_another_students_card_is_absent(
    market: Market, student: Actor, booking: BookingId
) -> None:
    theirs = on_file(market, market.student("olga"))
    for card in (theirs, "card_nothing"):
        with pytest.raises(NotFound):
            charge(market, student, booking, card)


def test_a_payment_method_of_another_customer_or_of_nobody_is_refused(
    market: Market, student: Actor, booking: BookingId
) -> None:
    other = market.student("olga")
    on_file(market, other)
    cards = market.storage.read(lambda views: views.people.cards(the_id(other)))
    for token in (cards[0].gateway_id, "pm_nothing"):
        with pytest.raises(PaymentMethodInvalid):
            charge(market, student, booking, token)
    assert market.payments() == ()


# --- Declines ------------------------------------------------------------------------------------


def test_a_card_that_declines_says_why_and_names_the_payment(
    market: Market, student: Actor, booking: BookingId
) -> None:
    card = on_file(market, student, "pm_card_chargeCustomerFail")
    with pytest.raises(CardDeclined) as refused:
        charge(market, student, booking, card)
    (payment,) = market.payments()
    assert refused.value.extra == {
        "decline_code": "generic_decline",
        "advice": "try_again_later",
        "payment_id": payment.id,
    }
    assert (payment.status, payment.attempt) == (PaymentStatus.FAILED, 1)
    assert market.booking(booking).payment_status is PaymentState.FAILED
    assert market.books() == {}


def test_a_card_that_cannot_even_be_attached_begins_no_payment(
    market: Market, student: Actor, booking: BookingId
) -> None:
    with pytest.raises(CardDeclined) as refused:
        charge(market, student, booking, "pm_card_chargeDeclinedInsufficientFunds")
    assert refused.value.extra["decline_code"] == "insufficient_funds"
    assert refused.value.extra["payment_id"] is None
    assert market.payments() == ()
    assert market.booking(booking).payment_status is PaymentState.UNPAID


def test_another_card_after_a_decline_is_another_try_of_the_same_payment(
    market: Market, student: Actor, booking: BookingId
) -> None:
    with pytest.raises(CardDeclined):
        charge(market, student, booking, on_file(market, student, "pm_card_chargeCustomerFail"))
    opened = charge(market, student, booking, "pm_card_visa")
    payment = market.payment(opened.payment_id)
    assert not opened.is_new
    assert (payment.status, payment.attempt, payment.failure) == (PaymentStatus.SUCCEEDED, 2, None)
    assert len(at_gateway(market)) == 1
    assert market.books() == PAID


def test_each_decline_counts_as_a_try(market: Market, student: Actor, booking: BookingId) -> None:
    card = on_file(market, student, "pm_card_chargeCustomerFail")
    for attempt in (1, 2, 3):
        with pytest.raises(CardDeclined):
            charge(market, student, booking, card)
        market.settle()
        assert market.payments()[0].attempt == attempt


def test_the_browser_may_finish_what_the_server_could_not(
    market: Market, student: Actor, booking: BookingId
) -> None:
    with pytest.raises(CardDeclined):
        charge(market, student, booking, on_file(market, student, "pm_card_chargeCustomerFail"))
    payment = market.pay(student, booking)
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED
    assert market.books() == PAID


def test_the_server_may_finish_what_the_browser_began(
    market: Market, student: Actor, booking: BookingId
) -> None:
    begun = market.do(CreatePaymentIntent(booking_id=booking), student)
    opened = charge(market, student, booking, "pm_card_visa")
    assert opened.payment_id == begun.payment_id
    assert market.books() == PAID


# --- 3-D Secure ----------------------------------------------------------------------------------


def test_a_card_that_asks_for_the_cardholder_leaves_the_payment_waiting(
    market: Market, student: Actor, booking: BookingId
) -> None:
    opened = charge(market, student, booking, "pm_card_authenticationRequired")
    payment = market.payment(opened.payment_id)
    assert payment.status is PaymentStatus.REQUIRES_ACTION
    assert payment.client_secret
    market.world.controls.browser.authenticate(payment.gateway_id or "", "succeed")
    market.settle()
    assert market.books() == PAID


def test_another_card_may_be_charged_while_a_challenge_waits(
    market: Market, student: Actor, booking: BookingId
) -> None:
    first = charge(market, student, booking, "pm_card_authenticationRequired")
    second = charge(market, student, booking, "pm_card_visa")
    assert first.payment_id == second.payment_id
    payment = market.payment(second.payment_id)
    assert (payment.status, payment.attempt) == (PaymentStatus.SUCCEEDED, 2)


def test_a_bank_that_wants_the_cardholder_present_is_told_apart(
    market: Market, student: Actor, booking: BookingId
) -> None:
    market.fault("create_payment", FaultKind.DECLINED, decline_code="authentication_required")
    with pytest.raises(CardDeclined) as refused:
        charge(market, student, booking, on_file(market, student))
    assert refused.value.extra["decline_code"] == "authentication_required"
    assert not isinstance(refused.value, CardAuthenticationRequired)


# --- Guards --------------------------------------------------------------------------------------


def test_only_a_student_pays_and_only_their_own(
    market: Market, student: Actor, teacher: Actor, booking: BookingId
) -> None:
    on_file(market, student)
    for somebody in (teacher, market.admin()):
        with pytest.raises(Forbidden):
            charge(market, somebody, booking)
    olga = market.student("olga")
    on_file(market, olga)
    with pytest.raises(NotFound):
        charge(market, olga, booking)


def test_a_paid_or_unconfirmed_booking_is_refused_before_a_card_is_touched(
    market: Market, student: Actor, teacher: Actor, booking: BookingId
) -> None:
    charge(market, student, booking, "pm_card_visa")
    with pytest.raises(BookingAlreadyPaid):
        charge(market, student, booking, "pm_card_amex")
    gig = market.gig(teacher, confirmation=Confirmation.TEACHER)
    requested = market.book(student, gig, starts_at=after(days=5))
    with pytest.raises(BookingNotConfirmed):
        charge(market, student, requested, "pm_card_amex")
    cards = market.storage.read(lambda views: views.people.cards(the_id(student)))
    assert [card.brand for card in cards] == ["visa"]


def test_a_payment_names_either_a_booking_or_a_gig_with_a_time(
    market: Market, student: Actor, booking: BookingId
) -> None:
    gig = market.booking(booking).gig_id
    for command, missing in (
        (ProcessPayment(), "booking_id"),
        (ProcessPayment(booking_id=booking, gig_id=gig), "booking_id"),
        (ProcessPayment(gig_id=gig, minutes=60), "starts_at"),
        (ProcessPayment(gig_id=gig, starts_at=after(days=3)), "duration_minutes"),
    ):
        with pytest.raises(InvalidField) as refused:
            market.do(command, student)
        assert refused.value.field == missing


# --- Booking and paying in one call --------------------------------------------------------------


def in_one_call(
    market: Market, student: Actor, gig: GigId, card: str | None = "pm_card_visa", minutes: int = 60
) -> OpenedPayment:
    command = ProcessPayment(
        gig_id=gig, starts_at=after(days=3), minutes=minutes, payment_method_id=card
    )
    return market.do(command, student)


def test_an_instant_gig_is_booked_and_paid_in_one_call(
    market: Market, student: Actor, teacher: Actor
) -> None:
    opened = in_one_call(market, student, market.gig(teacher))
    payment = market.payment(opened.payment_id)
    assert payment.booking_id is not None
    booking = market.booking(payment.booking_id)
    assert (booking.status, booking.payment_status) == (BookingStatus.CONFIRMED, PaymentState.PAID)
    assert market.books() == PAID


def test_when_the_card_declines_the_slot_is_kept_for_another_try(
    market: Market, student: Actor, teacher: Actor
) -> None:
    with pytest.raises(CardDeclined) as refused:
        in_one_call(market, student, market.gig(teacher), "pm_card_chargeCustomerFail")
    payment = market.payment(refused.value.extra["payment_id"])  # type: ignore[arg-type]
    assert payment.booking_id is not None
    assert market.booking(payment.booking_id).payment_due_at == after(minutes=15)
    charge(market, student, payment.booking_id, "pm_card_visa")
    assert market.books() == PAID


def test_a_gig_whose_teacher_confirms_is_booked_first_and_paid_later(
    market: Market, student: Actor, teacher: Actor
) -> None:
    gig = market.gig(teacher, confirmation=Confirmation.TEACHER)
    with pytest.raises(BookingNotConfirmed):
        in_one_call(market, student, gig)


def test_a_gig_that_is_withdrawn_cannot_be_paid(
    market: Market, student: Actor, teacher: Actor
) -> None:
    for gig in (market.gig(teacher, is_active=False), GigId("gig_nothing")):
        with pytest.raises(NotFound):
            in_one_call(market, student, gig)


def test_a_taken_slot_takes_no_money(market: Market, student: Actor, teacher: Actor) -> None:
    gig = market.gig(teacher)
    market.book(market.student("olga"), gig, starts_at=after(days=3))
    with pytest.raises(SlotTaken):
        in_one_call(market, student, gig)
    assert market.payments() == ()


def test_what_cannot_be_charged_is_not_booked_either(
    market: Market, student: Actor, teacher: Actor
) -> None:
    gig = market.gig(teacher, hourly_rate="9000.00")
    with pytest.raises(AmountTooLarge):
        in_one_call(market, student, gig, minutes=120)
    market.book(market.student("olga"), gig, starts_at=after(days=3))


# --- Twins, and a gateway that stumbles ----------------------------------------------------------


def test_a_twin_call_charges_nothing_more() -> None:
    interrupted = between(EffectKind.CREATE_PAYMENT)
    market = Market(storage=interrupted.storage)
    student = market.student()
    card = on_file(market, student)
    booking = market.book(student, market.gig(market.teacher()))
    seen: list[str] = []

    def twin() -> None:
        with pytest.raises(OperationUnderWay) as waiting:
            charge(market, student, booking, card)
        seen.append(waiting.value.code)

    interrupted.act = twin
    charge(market, student, booking, card)
    with pytest.raises(BookingAlreadyPaid):
        charge(market, student, booking, card)
    assert seen == ["operation_under_way"]
    assert market.books() == PAID


def test_a_twin_of_booking_and_paying_books_and_charges_nothing_more(
    market: Market, student: Actor, teacher: Actor
) -> None:
    gig = market.gig(teacher)
    in_one_call(market, student, gig)
    with pytest.raises(SlotTaken):
        in_one_call(market, student, gig)
    assert market.books() == PAID


def test_a_lost_answer_charges_once(market: Market, student: Actor, booking: BookingId) -> None:
    on_file(market, student)
    market.fault("create_payment", FaultKind.LOST_ANSWER)
    opened = charge(market, student, booking)
    assert not opened.is_unknown
    assert at_gateway(market) == ["succeeded"]
    assert market.books() == PAID


def test_an_unknown_outcome_shows_as_processing_until_the_worker_knows(
    market: Market, student: Actor, booking: BookingId
) -> None:
    on_file(market, student)
    market.fault("create_payment", FaultKind.LOST_REQUEST, times=2)
    opened = charge(market, student, booking)
    assert opened.is_unknown
    assert market.payment(opened.payment_id).status is PaymentStatus.PROCESSING
    assert market.booking(booking).payment_status is PaymentState.PENDING
    market.wall.advance(timedelta(minutes=2))
    market.settle()
    assert at_gateway(market) == ["succeeded"]
    assert market.books() == PAID


def test_an_unknown_outcome_suspends_the_payment_window(
    market: Market, student: Actor, booking: BookingId
) -> None:
    on_file(market, student)
    market.fault("create_payment", FaultKind.LOST_REQUEST, times=2)
    charge(market, student, booking)
    market.clock.advance(timedelta(hours=1))
    market.wall.advance(timedelta(minutes=2))
    market.settle()
    assert market.booking(booking).status is BookingStatus.CONFIRMED
    assert market.books() == PAID


def test_a_busy_gateway_charges_nothing_and_the_try_can_be_repeated(
    market: Market, student: Actor, booking: BookingId
) -> None:
    on_file(market, student)
    market.fault("create_payment", FaultKind.RATE_LIMITED, times=3)
    with pytest.raises(GatewayUnavailable):
        charge(market, student, booking)
    (dropped,) = market.payments()
    assert dropped.status is PaymentStatus.PENDING
    assert not market.booking(booking).payment_is_processing
    assert charge(market, student, booking).payment_id == dropped.id
    assert market.books() == PAID


def test_when_the_browser_was_faster_the_success_is_the_answer() -> None:
    interrupted = between(EffectKind.CONFIRM_PAYMENT)
    market = Market(storage=interrupted.storage)
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    begun = market.do(CreatePaymentIntent(booking_id=booking), student)
    gateway_id = market.payment(begun.payment_id).gateway_id or ""
    interrupted.act = lambda: market.world.controls.browser.confirm(gateway_id, "pm_card_visa")
    opened = charge(market, student, booking, "pm_card_amex")
    assert market.payment(opened.payment_id).used.brand == "visa"
    assert market.books() == PAID


def test_a_try_that_the_gateway_refuses_is_a_failure_that_can_be_repeated(
    market: Market, student: Actor, booking: BookingId
) -> None:
    begun = market.do(CreatePaymentIntent(booking_id=booking), student)
    card = on_file(market, student)
    (made,) = market.storage.read(lambda views: views.people.cards(the_id(student)))
    market.world.outside.detach_card(made.gateway_id)  # and its webhook did not arrive yet
    with pytest.raises(GatewayDeclined):
        charge(market, student, booking, card)
    assert market.payment(begun.payment_id).status is PaymentStatus.FAILED
    charge(market, student, booking, "pm_card_amex")
    assert market.books() == PAID


def test_a_new_payment_that_the_gateway_refuses_is_a_failure_too(
    market: Market, student: Actor, booking: BookingId
) -> None:
    card = on_file(market, student)
    (made,) = market.storage.read(lambda views: views.people.cards(the_id(student)))
    market.world.outside.detach_card(made.gateway_id)
    with pytest.raises(GatewayDeclined):
        charge(market, student, booking, card)
    assert market.payments()[0].status is PaymentStatus.FAILED


def test_a_cancellation_while_the_card_is_charged_sends_the_money_back() -> None:
    interrupted = between(EffectKind.CREATE_PAYMENT)
    market = Market(storage=interrupted.storage)
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    interrupted.act = lambda: market.do(CancelBooking(booking_id=booking, reason=""), student)
    charge(market, student, booking, on_file(market, student))
    market.settle()
    (refund,) = market.refunds()
    assert refund.cause == "late_payment"
    assert market.payments()[0].status is PaymentStatus.REFUNDED
    assert market.books() == {"cash:gateway": -248, "processing": 248}


def test_a_charge_that_was_cut_off_is_carried_on_under_its_key(
    market: Market, student: Actor, booking: BookingId
) -> None:
    on_file(market, student)
    keys = Idempotency(market.storage.work, market.wall)
    command = ProcessPayment(booking_id=booking)
    market.fault("create_payment", FaultKind.LOST_ANSWER)

    def present(*_: object) -> Answer:
        raise ConnectionResetError

    with (
        answering(Slot(present, keys.begin("sam", "key-1", "body"))),
        pytest.raises(ConnectionResetError),
    ):
        market.do(command, student)
    market.wall.advance(timedelta(minutes=2))
    slot = Slot(lambda *_: Answer(status=201, body=b"paid"), keys.begin("sam", "key-1", "body"))
    with answering(slot):
        market.do(command, student)
    assert slot.answer is not None
    assert at_gateway(market) == ["succeeded"]
    assert market.books() == PAID
    assert keys.begin("sam", "key-1", "body").answer == slot.answer


def test_a_begun_payment_that_was_cut_off_is_carried_on_under_its_key(
    market: Market, student: Actor, booking: BookingId
) -> None:
    keys = Idempotency(market.storage.work, market.wall)
    command = CreatePaymentIntent(booking_id=booking)

    def present(*_: object) -> Answer:
        raise ConnectionResetError

    with (
        answering(Slot(present, keys.begin("sam", "key-1", "body"))),
        pytest.raises(ConnectionResetError),
    ):
        market.do(command, student)
    market.wall.advance(timedelta(minutes=2))
    slot = Slot(lambda *_: Answer(status=201, body=b"begun"), keys.begin("sam", "key-1", "body"))
    with answering(slot):
        assert market.do(command, student).is_new
    assert len(at_gateway(market)) == 1
