"""Paying in the browser: begun here, confirmed there, told by webhook or by asking."""

from datetime import timedelta

import pytest
from attrs import evolve

from application.bookings import CancelBooking
from application.commands import Actor
from application.customers import CardDeclined
from application.effects import EffectKind, GatewayDeclined, OperationUnderWay
from application.payments import (
    ConfirmPayment,
    CreatePaymentIntent,
    GetPayment,
    ListPayments,
    OpenedPayment,
    ProcessPayment,
)
from application.ports.storage import PageRequest, PaymentFilter
from application.ports.test_mode import FaultKind
from domain.bookings import BookingAlreadyPaid, BookingNotConfirmed, BookingStatus, PaymentState
from domain.errors import Forbidden, GatewayUnavailable, NotAuthenticated, NotFound
from domain.ids import BookingId, PaymentId
from domain.money import Money
from domain.payments import AmountTooLarge, AmountTooSmall, PaymentStatus, Stage
from tests.application.interleaving import between
from tests.builders import after, dollars
from tests.market import Market

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


def begin(market: Market, actor: Actor, booking: BookingId) -> OpenedPayment:
    return market.do(CreatePaymentIntent(booking_id=booking), actor)


def in_browser(market: Market, payment: PaymentId, token: str) -> str:
    gateway_id = market.payment(payment).gateway_id
    assert gateway_id is not None
    return market.world.controls.browser.confirm(gateway_id, token).status


def at_gateway(market: Market) -> list[str]:
    return [str(payment.status) for payment in market.world.chronicle.payments()]


# --- Beginning -----------------------------------------------------------------------------------


def test_a_payment_is_begun_at_the_gateway_for_the_bookings_price(
    market: Market, student: Actor, booking: BookingId
) -> None:
    opened = begin(market, student, booking)
    assert opened.is_new
    payment = market.payment(opened.payment_id)
    assert (payment.status, payment.amount, payment.fee) == (
        PaymentStatus.PENDING,
        dollars(7500),
        dollars(1125),
    )
    assert payment.client_secret
    (made,) = market.world.chronicle.payments()
    assert (made.amount, made.currency, made.id) == (7500, "usd", payment.gateway_id)
    assert market.booking(booking).payment_status is PaymentState.PENDING
    assert market.books() == {}


def test_a_second_create_returns_the_live_payment(
    market: Market, student: Actor, booking: BookingId
) -> None:
    first = begin(market, student, booking)
    second = begin(market, student, booking)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.payment_id == second.payment_id
    assert len(at_gateway(market)) == 1


def test_the_live_payment_is_returned_after_a_decline_too(
    market: Market, student: Actor, booking: BookingId
) -> None:
    declined = market.pay(student, booking, "pm_card_chargeDeclined")
    assert begin(market, student, booking).payment_id == declined
    assert len(at_gateway(market)) == 1


def test_staff_may_begin_a_payment_for_the_student(market: Market, booking: BookingId) -> None:
    opened = begin(market, market.admin(), booking)
    assert market.payment(opened.payment_id).student_id == market.booking(booking).student_id


def test_the_teacher_cannot_pay_nor_anybody_who_is_not_known(
    market: Market, teacher: Actor, booking: BookingId
) -> None:
    with pytest.raises(Forbidden):
        begin(market, teacher, booking)
    with pytest.raises(NotAuthenticated):
        begin(market, Actor(), booking)


def test_other_peoples_bookings_look_absent(
    market: Market, student: Actor, booking: BookingId
) -> None:
    other = market.student("olga")
    with pytest.raises(NotFound) as theirs:
        begin(market, other, booking)
    with pytest.raises(NotFound) as absent:
        begin(market, other, BookingId("bk_nothing"))
    assert str(theirs.value) == str(absent.value)


def test_a_paid_booking_is_not_paid_again(
    market: Market, student: Actor, booking: BookingId
) -> None:
    market.pay(student, booking)
    with pytest.raises(BookingAlreadyPaid):
        begin(market, student, booking)


def test_a_refunded_booking_is_not_paid_again(market: Market) -> None:
    lesson = market.paid_lesson()
    market.refund(lesson.student, lesson.payment)
    with pytest.raises(BookingAlreadyPaid):
        begin(market, lesson.student, lesson.booking)


def test_a_cancelled_booking_is_not_paid(
    market: Market, student: Actor, booking: BookingId
) -> None:
    market.cancel(student, booking)
    with pytest.raises(BookingNotConfirmed):
        begin(market, student, booking)


def test_a_free_booking_is_not_paid(market: Market, student: Actor, teacher: Actor) -> None:
    free = market.book(student, market.gig(teacher, hourly_rate="0.00"))
    with pytest.raises(BookingAlreadyPaid):
        begin(market, student, free)


@pytest.mark.parametrize(
    ("currency", "least", "too_little"),
    [("usd", "0.50", "0.49"), ("eur", "0.50", "0.49"), ("jpy", "50", "49")],
)
def test_a_payment_is_at_least_what_the_gateway_charges(
    currency: str, least: str, too_little: str
) -> None:
    market = Market()
    student, teacher = market.student(), market.teacher()
    small = market.book(student, market.gig(teacher, hourly_rate=too_little, currency=currency))
    with pytest.raises(AmountTooSmall):
        begin(market, student, small)
    enough = market.gig(teacher, hourly_rate=least, currency=currency)
    begin(market, student, market.book(student, enough, starts_at=after(days=4)))


def test_a_payment_is_at_most_ten_thousand(market: Market, student: Actor, teacher: Actor) -> None:
    most = market.book(student, market.gig(teacher, hourly_rate="10000.00"))
    assert begin(market, student, most).is_new
    more = market.gig(teacher, hourly_rate="10000.01")
    with pytest.raises(AmountTooLarge):
        begin(market, student, market.book(student, more, starts_at=after(days=4)))


def test_the_student_has_one_customer_at_the_gateway(
    market: Market, student: Actor, teacher: Actor, booking: BookingId
) -> None:
    begin(market, student, booking)
    begin(market, student, market.book(student, market.gig(teacher), starts_at=after(days=4)))
    customers = {payment.customer for payment in market.world.chronicle.payments()}
    assert len(customers) == 1


# --- Confirmed in the browser --------------------------------------------------------------------


def test_a_webhook_alone_books_the_payment(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = market.payment(market.pay(student, booking))
    assert (payment.status, payment.stage) == (PaymentStatus.SUCCEEDED, Stage.PENDING)
    assert (payment.used.brand, payment.used.last4) == ("visa", "4242")
    assert payment.paid_at is not None
    assert market.booking(booking).payment_status is PaymentState.PAID
    assert market.books() == PAID


def test_asking_alone_books_the_payment(market: Market, student: Actor, booking: BookingId) -> None:
    opened = begin(market, student, booking)
    in_browser(market, opened.payment_id, "pm_card_visa")
    assert market.booking(booking).payment_status is PaymentState.PENDING
    market.do(ConfirmPayment(payment_id=opened.payment_id), student)
    assert market.booking(booking).payment_status is PaymentState.PAID
    assert market.books() == PAID


def test_both_ways_and_again_book_it_once(
    market: Market, student: Actor, booking: BookingId
) -> None:
    opened = begin(market, student, booking)
    in_browser(market, opened.payment_id, "pm_card_visa")
    for _ in range(2):
        market.do(ConfirmPayment(payment_id=opened.payment_id), student)
        for event in market.world.chronicle.events():
            market.world.deliveries.send_again(event.id)
            market.world.deliveries.tell_again(event.id)
        market.settle()
    assert market.books() == PAID


def test_asking_before_anything_was_paid_changes_nothing(
    market: Market, student: Actor, booking: BookingId
) -> None:
    opened = begin(market, student, booking)
    assert market.do(ConfirmPayment(payment_id=opened.payment_id), student) == opened.payment_id
    assert market.payment(opened.payment_id).status is PaymentStatus.PENDING


def test_asking_about_others_payments_finds_nothing(
    market: Market, student: Actor, teacher: Actor, booking: BookingId
) -> None:
    opened = begin(market, student, booking)
    for payment in (opened.payment_id, PaymentId("pay_nothing")):
        with pytest.raises(NotFound):
            market.do(ConfirmPayment(payment_id=payment), market.student(f"olga{payment[4]}"))
    with pytest.raises(Forbidden):
        market.do(ConfirmPayment(payment_id=opened.payment_id), teacher)


def test_asking_while_the_gateway_is_away_says_so(
    market: Market, student: Actor, booking: BookingId
) -> None:
    opened = begin(market, student, booking)
    market.fault("payment", FaultKind.LOST_REQUEST)
    with pytest.raises(GatewayUnavailable):
        market.do(ConfirmPayment(payment_id=opened.payment_id), student)


def test_a_declined_card_can_be_followed_by_another_on_the_same_intent(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = market.pay(student, booking, "pm_card_chargeDeclinedInsufficientFunds")
    failed = market.payment(payment)
    assert failed.failure is not None
    assert (failed.status, failed.attempt, failed.failure.decline_code) == (
        PaymentStatus.FAILED,
        1,
        "insufficient_funds",
    )
    assert market.booking(booking).payment_status is PaymentState.FAILED
    assert market.pay(student, booking) == payment
    paid = market.payment(payment)
    assert (paid.status, paid.attempt, paid.failure) == (PaymentStatus.SUCCEEDED, 2, None)
    assert market.books() == PAID


def test_a_decline_that_is_told_late_does_not_undo_the_success(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = market.pay(student, booking, "pm_card_chargeDeclined")
    market.pay(student, booking)
    told = [
        event for event in market.world.chronicle.events() if event.type.endswith("payment_failed")
    ]
    market.world.deliveries.tell_again(told[0].id)
    market.settle()
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED


# --- 3-D Secure ----------------------------------------------------------------------------------


def challenged(market: Market, student: Actor, booking: BookingId) -> PaymentId:
    payment = market.pay(student, booking, "pm_card_authenticationRequired")
    assert market.payment(payment).status is PaymentStatus.REQUIRES_ACTION
    assert market.booking(booking).payment_status is PaymentState.PENDING
    return payment


def test_a_payer_who_passes_the_challenge_has_paid(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = challenged(market, student, booking)
    market.world.controls.browser.authenticate(market.payment(payment).gateway_id or "", "succeed")
    market.settle()
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED
    assert market.books() == PAID


def test_a_payer_who_fails_the_challenge_can_try_again(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = challenged(market, student, booking)
    market.world.controls.browser.authenticate(market.payment(payment).gateway_id or "", "fail")
    market.settle()
    failed = market.payment(payment)
    assert failed.failure is not None
    assert (failed.status, failed.failure.code) == (
        PaymentStatus.FAILED,
        "payment_intent_authentication_failure",
    )
    assert market.pay(student, booking) == payment
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED


def test_a_challenge_that_nobody_answers_ends_with_the_window(
    market: Market, student: Actor, booking: BookingId
) -> None:
    payment = challenged(market, student, booking)
    market.advance(minutes=15)
    assert market.booking(booking).status is BookingStatus.EXPIRED
    assert market.payment(payment).status is PaymentStatus.CANCELED
    assert at_gateway(market) == ["canceled"]


# --- Delayed methods -----------------------------------------------------------------------------


def test_a_bank_debit_is_processing_for_days_and_then_paid(
    market: Market, student: Actor, teacher: Actor
) -> None:
    booking = market.book(student, market.gig(teacher), starts_at=after(days=10))
    payment = market.pay(student, booking, "pm_usBankAccount_success")
    assert market.payment(payment).status is PaymentStatus.PROCESSING
    assert market.books() == {}
    market.advance(days=3)
    assert market.payment(payment).status is PaymentStatus.PROCESSING
    market.advance(days=1)
    paid = market.payment(payment)
    assert (paid.status, paid.used.method_type) == (PaymentStatus.SUCCEEDED, "us_bank_account")
    assert market.books() == PAID


def test_a_bank_debit_within_its_window_that_fails_leaves_time_to_pay_otherwise(
    market: Market, student: Actor, teacher: Actor
) -> None:
    booking = market.book(student, market.gig(teacher), starts_at=after(days=10))
    payment = market.pay(student, booking, "pm_usBankAccount_insufficientFunds")
    market.world.controls.time.run_due(after(days=4))  # told at once, before the window is over
    market.do(ConfirmPayment(payment_id=payment), student)
    failed = market.payment(payment)
    assert failed.failure is not None
    assert (failed.status, failed.failure.decline_code) == (
        PaymentStatus.FAILED,
        "insufficient_funds",
    )
    market.pay(student, booking)
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED


def test_a_late_processing_after_the_success_changes_nothing(
    market: Market, student: Actor, teacher: Actor
) -> None:
    booking = market.book(student, market.gig(teacher), starts_at=after(days=10))
    payment = market.pay(student, booking, "pm_usBankAccount_success")
    market.advance(days=4)
    before = market.payment(payment)
    for event in market.world.chronicle.events():
        market.world.deliveries.send_again(event.id)
    market.settle()
    assert evolve(market.payment(payment), version=before.version) == before


def test_a_payment_that_is_processing_cannot_be_charged_by_another_card(
    market: Market, student: Actor, teacher: Actor
) -> None:
    booking = market.book(student, market.gig(teacher), starts_at=after(days=10))
    market.pay(student, booking, "pm_usBankAccount_success")
    with pytest.raises(Exception, match="still working"):
        market.do(ProcessPayment(booking_id=booking, payment_method_id="pm_card_visa"), student)


# --- When the gateway stumbles -------------------------------------------------------------------


def test_a_busy_gateway_is_told_and_the_same_payment_begun_again(
    market: Market, student: Actor, booking: BookingId
) -> None:
    market.fault("create_payment", FaultKind.RATE_LIMITED, times=3)
    with pytest.raises(GatewayUnavailable):
        begin(market, student, booking)
    (unsent,) = market.payments()
    assert (unsent.status, unsent.gateway_id) == (PaymentStatus.PENDING, None)
    opened = begin(market, student, booking)
    assert opened.payment_id == unsent.id
    assert len(at_gateway(market)) == 1


def test_asking_about_a_payment_that_was_never_sent_changes_nothing(
    market: Market, student: Actor, booking: BookingId
) -> None:
    market.fault("create_payment", FaultKind.RATE_LIMITED, times=3)
    with pytest.raises(GatewayUnavailable):
        begin(market, student, booking)
    (unsent,) = market.payments()
    market.do(ConfirmPayment(payment_id=unsent.id), student)
    assert market.payment(unsent.id) == unsent


def test_a_lost_answer_makes_no_second_payment(
    market: Market, student: Actor, booking: BookingId
) -> None:
    market.fault("create_payment", FaultKind.LOST_ANSWER)
    opened = begin(market, student, booking)
    assert not opened.is_unknown
    assert market.payment(opened.payment_id).client_secret
    assert at_gateway(market) == ["requires_payment_method"] or len(at_gateway(market)) == 1


def test_an_unknown_answer_is_found_out_by_the_worker(
    market: Market, student: Actor, booking: BookingId
) -> None:
    market.fault("create_payment", FaultKind.LOST_ANSWER)
    market.fault("find_payment", FaultKind.LOST_REQUEST)
    opened = begin(market, student, booking)
    assert opened.is_unknown
    assert market.payment(opened.payment_id).gateway_id is None
    market.wall.advance(timedelta(minutes=1))
    market.settle()
    assert market.payment(opened.payment_id).gateway_id is not None
    assert len(at_gateway(market)) == 1


def test_a_gateway_that_refuses_the_payment_says_no_more_than_that(
    market: Market, student: Actor, booking: BookingId
) -> None:
    begin(market, student, booking)
    (made,) = market.world.chronicle.payments()
    market.world.outside.delete_customer(made.customer)
    market.cancel(student, booking)
    again = market.book(student, market.booking(booking).gig_id)
    with pytest.raises(GatewayDeclined):
        begin(market, student, again)
    (refused,) = [one for one in market.payments() if one.booking_id == again]
    assert refused.status is PaymentStatus.FAILED
    market.advance(minutes=15)
    assert market.payment(refused.id).status is PaymentStatus.CANCELED


def test_two_requests_at_a_time_begin_one_payment() -> None:
    interrupted = between(EffectKind.CREATE_PAYMENT)
    market = Market(storage=interrupted.storage)
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    seen: list[OpenedPayment | str] = []

    def twin() -> None:
        try:
            seen.append(begin(market, student, booking))
        except OperationUnderWay as waiting:
            seen.append(waiting.code)

    interrupted.act = twin
    opened = begin(market, student, booking)
    assert seen == ["operation_under_way"]
    assert begin(market, student, booking).payment_id == opened.payment_id
    assert len(at_gateway(market)) == 1


def test_a_cancellation_while_the_payment_is_being_begun_cancels_it() -> None:
    interrupted = between(EffectKind.CREATE_PAYMENT)
    market = Market(storage=interrupted.storage)
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    interrupted.act = lambda: market.do(CancelBooking(booking_id=booking, reason=""), student)
    opened = begin(market, student, booking)
    market.settle()
    assert market.payment(opened.payment_id).status is PaymentStatus.CANCELED
    assert at_gateway(market) == ["canceled"]
    assert market.books() == {}


def test_a_cancellation_before_a_payment_reached_a_busy_gateway_drops_it() -> None:
    interrupted = between(EffectKind.CREATE_PAYMENT)
    market = Market(storage=interrupted.storage)
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    interrupted.act = lambda: market.do(CancelBooking(booking_id=booking, reason=""), student)
    market.fault("create_payment", FaultKind.RATE_LIMITED, times=3)
    with pytest.raises(GatewayUnavailable):
        begin(market, student, booking)
    assert [payment.status for payment in market.payments()] == [PaymentStatus.CANCELED]
    assert at_gateway(market) == []


# --- Looking -------------------------------------------------------------------------------------


def test_a_payment_exists_for_payer_receiver_and_staff_only(market: Market) -> None:
    lesson = market.paid_lesson()
    for actor in (lesson.student, lesson.teacher, market.admin()):
        assert market.do(GetPayment(payment_id=lesson.payment), actor).id == lesson.payment
    for stranger in (market.student("olga"), market.teacher("tom")):
        with pytest.raises(NotFound):
            market.do(GetPayment(payment_id=lesson.payment), stranger)


def test_everybody_lists_their_own_payments(market: Market) -> None:
    lesson = market.paid_lesson()
    everything = ListPayments(where=PaymentFilter(), page=PageRequest())
    for actor, count in (
        (lesson.student, 1),
        (lesson.teacher, 1),
        (market.admin(), 1),
        (market.student("olga"), 0),
        (market.teacher("tom"), 0),
    ):
        assert len(market.do(everything, actor).items) == count


def test_a_declined_card_is_no_success_in_any_currency(market: Market, student: Actor) -> None:
    gig = market.gig(market.teacher("tom"), hourly_rate="5000", currency="jpy")
    booking = market.book(student, gig)
    with pytest.raises(CardDeclined):
        market.do(
            ProcessPayment(booking_id=booking, payment_method_id="pm_card_chargeCustomerFail"),
            student,
        )
    (failed,) = market.payments()
    assert failed.amount == Money(5000, failed.amount.currency)
    assert failed.status is PaymentStatus.FAILED
