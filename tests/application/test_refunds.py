"""Giving money back: who may, how much, and what the gateway makes of it."""

from datetime import timedelta

import pytest

from application.answers import Slot, answering
from application.commands import Actor
from application.effects import GatewayDeclined
from application.idempotency import Idempotency
from application.payments import CreatePaymentIntent
from application.ports.records import Answer
from application.ports.storage import AuditFilter, PageRequest, RefundFilter
from application.ports.test_mode import FaultKind
from application.refunds import (
    GetRefund,
    ListRefunds,
    MarkOwedPaid,
    RefundPayment,
    RetryOwedRefund,
)
from domain.bookings import BookingStatus, PaymentState
from domain.errors import (
    Forbidden,
    GatewayUnavailable,
    InvalidField,
    NotAuthenticated,
    NotFound,
)
from domain.ids import PaymentId, RefundId
from domain.payments import PaymentStateConflict, PaymentStatus, RefundExceedsRefundable
from domain.policies import Fault, Outcome
from domain.refunds import RefundCause, RefundNotOwed, RefundStatus
from tests.builders import dollars
from tests.market import Lesson, Market


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def lesson(market: Market) -> Lesson:
    return market.paid_lesson()


@pytest.fixture
def admin(market: Market) -> Actor:
    return market.admin()


# --- Amounts -------------------------------------------------------------------------------------


def test_without_an_amount_everything_goes_back(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    refund = market.refund_of(market.refund(admin, lesson.payment))
    assert (refund.amount, refund.status) == (dollars(7500), RefundStatus.SUCCEEDED)
    payment = market.payment(lesson.payment)
    assert (payment.status, payment.refunded, payment.refundable) == (
        PaymentStatus.REFUNDED,
        dollars(7500),
        dollars(0),
    )
    assert market.booking(lesson.booking).payment_status is PaymentState.REFUNDED
    assert market.books() == {"cash:gateway": -248, "processing": 248}


def test_a_part_goes_back(market: Market, lesson: Lesson, admin: Actor) -> None:
    market.refund(admin, lesson.payment, "20.00")
    payment = market.payment(lesson.payment)
    assert (payment.status, payment.refundable) == (
        PaymentStatus.PARTIALLY_REFUNDED,
        dollars(5500),
    )
    assert market.booking(lesson.booking).payment_status is PaymentState.PARTIALLY_REFUNDED


def test_sixty_and_sixty_of_a_hundred_is_refused(market: Market, admin: Actor) -> None:
    lesson = market.paid_lesson(hourly_rate="100.00")
    market.refund(admin, lesson.payment, "60.00")
    with pytest.raises(RefundExceedsRefundable) as refused:
        market.refund(admin, lesson.payment, "60.00")
    assert refused.value.extra == {"refundable_amount": "40.00"}
    market.refund(admin, lesson.payment, "40.00")
    with pytest.raises(RefundExceedsRefundable):
        market.refund(admin, lesson.payment, "0.01")
    assert len(market.world.chronicle.refunds()) == 2


def test_two_equal_refunds_are_two_refunds(market: Market, lesson: Lesson, admin: Actor) -> None:
    first = market.refund(admin, lesson.payment, "10.00")
    second = market.refund(admin, lesson.payment, "10.00")
    assert first != second
    assert market.payment(lesson.payment).refunded == dollars(2000)


@pytest.mark.parametrize("amount", ["0.00", "75.01"])
def test_nothing_and_too_much_are_refused(
    market: Market, lesson: Lesson, admin: Actor, amount: str
) -> None:
    with pytest.raises(RefundExceedsRefundable):
        market.refund(admin, lesson.payment, amount)


@pytest.mark.parametrize("amount", ["-1.00", "1", "1.000", "1e2", "NaN", ""])
def test_what_is_no_amount_is_refused(
    market: Market, lesson: Lesson, admin: Actor, amount: str
) -> None:
    with pytest.raises(InvalidField):
        market.refund(admin, lesson.payment, amount)


def test_what_was_not_paid_cannot_go_back(market: Market, admin: Actor) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    opened = market.do(CreatePaymentIntent(booking_id=booking), student)
    with pytest.raises(PaymentStateConflict):
        market.refund(admin, opened.payment_id)


# --- Who -----------------------------------------------------------------------------------------


def test_staff_refund_on_the_record(market: Market, lesson: Lesson, admin: Actor) -> None:
    refund = market.refund(admin, lesson.payment, "20.00")
    noted = market.storage.read(
        lambda views: views.audit.list(AuditFilter(subject=lesson.payment), PageRequest())
    )
    (entry,) = noted.items
    assert entry.action == "payment.refund"
    assert entry.before == {"refundable_amount": "75.00"}
    assert entry.after == {"refundable_amount": "55.00", "refund_id": refund}


def test_a_teacher_refunds_what_they_received(market: Market, lesson: Lesson) -> None:
    market.refund(lesson.teacher, lesson.payment, "70.00")
    assert market.payment(lesson.payment).refunded == dollars(7000)


def test_a_payment_of_others_is_absent(market: Market, lesson: Lesson) -> None:
    for stranger in (market.student("olga"), market.teacher("tom")):
        for payment in (lesson.payment, PaymentId("pay_nothing")):
            with pytest.raises(NotFound):
                market.refund(stranger, payment)
    with pytest.raises(NotAuthenticated):
        market.refund(Actor(), lesson.payment)


def test_a_student_gets_what_the_policy_gives_now_and_no_more(
    market: Market, lesson: Lesson
) -> None:
    market.advance(hours=48 - 20)
    with pytest.raises(RefundExceedsRefundable) as refused:
        market.refund(lesson.student, lesson.payment, "37.51")
    assert refused.value.extra == {"refundable_amount": "37.50"}
    refund = market.refund_of(market.refund(lesson.student, lesson.payment))
    assert (refund.amount, refund.fault) == (dollars(3750), Fault.STUDENT)


def test_a_students_parts_never_add_up_to_more_than_the_policy_gives(
    market: Market, lesson: Lesson
) -> None:
    market.advance(hours=48 - 20)
    market.refund(lesson.student, lesson.payment, "30.00")
    with pytest.raises(RefundExceedsRefundable):
        market.refund(lesson.student, lesson.payment, "7.51")
    market.refund(lesson.student, lesson.payment, "7.50")
    with pytest.raises(RefundExceedsRefundable, match="policy"):
        market.refund(lesson.student, lesson.payment)


def test_a_student_who_takes_money_back_calls_the_lesson_off(
    market: Market, lesson: Lesson
) -> None:
    market.refund(lesson.student, lesson.payment, "74.99")
    booking = market.booking(lesson.booking)
    assert (booking.status, booking.outcome) == (
        BookingStatus.CANCELLED,
        Outcome.CANCELLED_BY_STUDENT,
    )
    again = market.book(lesson.student, booking.gig_id, starts_at=booking.period.start)
    assert market.booking(again).status is BookingStatus.CONFIRMED


def test_the_rest_of_what_was_asked_back_is_forfeit_once_the_lesson_would_have_ended(
    market: Market, lesson: Lesson
) -> None:
    market.refund(lesson.student, lesson.payment, "0.01")
    market.advance(hours=49)
    with pytest.raises(RefundExceedsRefundable, match="policy"):
        market.refund(lesson.student, lesson.payment)


def test_a_student_gets_nothing_by_themselves_once_the_lesson_is_over(
    market: Market, lesson: Lesson
) -> None:
    market.complete(lesson.teacher, lesson.booking)
    for amount in (None, "1.00"):
        with pytest.raises(RefundExceedsRefundable, match="policy"):
            market.refund(lesson.student, lesson.payment, amount)


@pytest.mark.parametrize("fault", list(Fault))
def test_only_staff_judge_whose_fault_it_is(market: Market, lesson: Lesson, fault: Fault) -> None:
    with pytest.raises(Forbidden):
        market.refund(lesson.student, lesson.payment, "1.00", fault=fault)
    if fault is Fault.TEACHER:
        market.refund(lesson.teacher, lesson.payment, "1.00", fault=fault)
    else:
        with pytest.raises(Forbidden):
            market.refund(lesson.teacher, lesson.payment, "1.00", fault=fault)


@pytest.mark.parametrize("keeps", [True, False])
def test_only_staff_let_the_teacher_keep_their_share(
    market: Market, lesson: Lesson, keeps: bool
) -> None:
    for side in (lesson.student, lesson.teacher):
        with pytest.raises(Forbidden):
            market.refund(side, lesson.payment, "1.00", teacher_keeps=keeps)
        with pytest.raises(Forbidden):
            market.refund(side, lesson.payment, "1.00", teacher_keeps=keeps, fault=Fault.TEACHER)


# --- What the gateway makes of it ----------------------------------------------------------------


def test_a_pending_refund_counts_as_refunded_and_succeeds_later(
    market: Market, admin: Actor
) -> None:
    lesson = market.paid_lesson("pm_card_pendingRefund")
    refund = market.refund(admin, lesson.payment)
    assert market.refund_of(refund).status is RefundStatus.PENDING
    assert market.payment(lesson.payment).status is PaymentStatus.REFUNDED
    assert market.books()["refunding:refund"] == -7500
    market.advance(days=1)
    assert market.refund_of(refund).status is RefundStatus.SUCCEEDED
    assert market.books() == {"cash:gateway": -248, "processing": 248}


def test_a_refund_that_fails_before_it_succeeded_gives_back_what_it_took(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    before = market.books()
    market.fault("create_refund", FaultKind.REFUND_FAILS, delay_seconds=3600)
    refund = market.refund(admin, lesson.payment, "30.00")
    market.advance(hours=2)
    failed = market.refund_of(refund)
    assert (failed.status, failed.failure_reason, failed.is_owed) == (
        RefundStatus.FAILED,
        "lost_or_stolen_card",
        False,
    )
    payment = market.payment(lesson.payment)
    assert (payment.status, payment.refundable, payment.refunded_at) == (
        PaymentStatus.SUCCEEDED,
        dollars(7500),
        None,
    )
    assert market.booking(lesson.booking).payment_status is PaymentState.PAID
    assert market.books() == before
    assert market.staff.topics == ["refund_failed"]


def test_a_refund_that_fails_at_once_is_told_as_it_is(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    before = market.books()
    market.fault("create_refund", FaultKind.REFUND_FAILS)
    refund = market.refund(admin, lesson.payment)
    assert market.refund_of(refund).status is RefundStatus.FAILED
    assert market.books() == before


def test_a_refund_that_the_gateway_refuses_is_told_and_takes_nothing(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    market.world.outside.refund_payment(market.payment(lesson.payment).gateway_id or "", 5000)
    before = market.books()
    with pytest.raises(GatewayDeclined) as refused:
        market.refund(admin, lesson.payment, "50.00")
    failed = market.refund_of(RefundId(str(refused.value.extra["refund_id"])))
    assert failed.status is RefundStatus.FAILED
    assert market.books() == before


def test_a_busy_gateway_gives_nothing_back_and_says_so(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    before = market.books()
    market.fault("create_refund", FaultKind.LOCKED, times=3)
    with pytest.raises(GatewayUnavailable):
        market.refund(admin, lesson.payment)
    assert market.books() == before
    market.refund(admin, lesson.payment)
    assert len(market.world.chronicle.refunds()) == 1


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.LOST_REQUEST])
def test_a_lost_message_gives_back_once(
    market: Market, lesson: Lesson, admin: Actor, kind: FaultKind
) -> None:
    market.fault("create_refund", kind)
    refund = market.refund(admin, lesson.payment, "10.00")
    assert market.refund_of(refund).status is RefundStatus.SUCCEEDED
    assert len(market.world.chronicle.refunds()) == 1


def test_an_unknown_outcome_keeps_the_money_set_aside_until_it_is_known(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    market.fault("create_refund", FaultKind.LOST_REQUEST, times=2)
    refund = market.refund(admin, lesson.payment, "60.00")
    assert market.refund_of(refund).status is RefundStatus.RESERVED
    with pytest.raises(RefundExceedsRefundable):
        market.refund(admin, lesson.payment, "60.00")
    market.wall.advance(timedelta(minutes=2))
    market.settle()
    assert market.refund_of(refund).status is RefundStatus.SUCCEEDED


def test_a_refund_that_was_cut_off_is_carried_on_under_its_key(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    keys = Idempotency(market.storage.work, market.wall)
    command = RefundPayment(payment_id=lesson.payment, amount="10.00")

    def present(*_: object) -> Answer:
        raise ConnectionResetError

    with (
        answering(Slot(present, keys.begin("ann", "key-1", "body"))),
        pytest.raises(ConnectionResetError),
    ):
        market.do(command, admin)
    market.wall.advance(timedelta(minutes=2))
    slot = Slot(lambda *_: Answer(status=201, body=b"done"), keys.begin("ann", "key-1", "body"))
    with answering(slot):
        refund = market.do(command, admin)
    assert slot.answer is not None
    assert market.refunds()[0].id == refund
    assert market.payment(lesson.payment).refunded == dollars(1000)


def test_a_refund_told_twice_and_late_is_booked_once(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    market.refund(admin, lesson.payment, "10.00")
    market.settle()
    before = market.books()
    for event in reversed(market.world.chronicle.events()):
        market.world.deliveries.tell_again(event.id)
        market.world.deliveries.send_again(event.id)
    market.settle()
    assert market.books() == before


# --- Made in the gateway's dashboard -------------------------------------------------------------


def test_a_refund_made_in_the_dashboard_is_taken_over(market: Market, lesson: Lesson) -> None:
    market.world.outside.refund_payment(market.payment(lesson.payment).gateway_id or "", 1000)
    market.settle()
    (refund,) = market.refunds()
    assert (refund.status, refund.amount, refund.requested_by, refund.cause) == (
        RefundStatus.SUCCEEDED,
        dollars(1000),
        None,
        RefundCause.MANUAL,
    )
    assert market.payment(lesson.payment).status is PaymentStatus.PARTIALLY_REFUNDED
    assert market.books() == {
        "cash:gateway": 6252,
        "processing": 248,
        "pending:booking,tina": -(6375 - 850),
        "fee_deferred:booking": -(1125 - 150),
    }


def test_a_dashboard_refund_of_a_finished_lesson_is_taken_from_who_earned_it(
    market: Market, lesson: Lesson
) -> None:
    market.complete(lesson.teacher, lesson.booking)
    market.world.outside.refund_payment(market.payment(lesson.payment).gateway_id or "", 1000)
    market.settle()
    assert market.books()["payable:tina"] == -(6375 - 850)
    assert market.books()["fee"] == -(1125 - 150)


def test_a_dashboard_refund_beyond_what_is_left_here_waits_for_a_person(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    market.refund(admin, lesson.payment, "60.00")
    (made,) = market.world.chronicle.refunds()
    market.world.outside.fail_refund(made.id)  # the bank returns it: here it is owed, there free
    market.settle()
    market.world.outside.refund_payment(market.payment(lesson.payment).gateway_id or "", 7000)
    market.settle()
    assert "suspense" in market.staff.topics
    assert len(market.refunds()) == 1


# --- What a bank sends back ----------------------------------------------------------------------


def owed(market: Market) -> tuple[Lesson, RefundId]:
    """Refund all of a lesson to a card that cannot take it, and let two weeks pass."""
    lesson = market.paid_lesson("pm_card_refundFail")
    market.cancel(lesson.student, lesson.booking)
    (refund,) = market.refunds()
    assert refund.status is RefundStatus.SUCCEEDED
    market.advance(days=14)
    return lesson, refund.id


def test_a_refund_returned_weeks_later_is_owed_to_the_student_and_staff_are_told(
    market: Market,
) -> None:
    lesson, refund = owed(market)
    returned = market.refund_of(refund)
    assert (returned.status, returned.is_owed) == (RefundStatus.FAILED, True)
    assert market.payment(lesson.payment).status is PaymentStatus.REFUNDED
    assert market.books() == {"cash:gateway": 7252, "processing": 248, "owed:sam": -7500}
    assert market.staff.topics == ["refund_failed"]


def test_what_is_owed_is_sent_again(market: Market, admin: Actor) -> None:
    _, refund = owed(market)
    again = market.do(RetryOwedRefund(refund_id=refund), admin)
    assert market.refund_of(again).settles == refund
    assert market.refund_of(again).status is RefundStatus.SUCCEEDED
    assert not market.refund_of(refund).is_owed
    assert market.books() == {"cash:gateway": -248, "processing": 248}
    with pytest.raises(RefundNotOwed):
        market.do(RetryOwedRefund(refund_id=refund), admin)


def test_what_fails_again_before_it_succeeded_is_owed_as_before(
    market: Market, admin: Actor
) -> None:
    _, refund = owed(market)
    market.fault("create_refund", FaultKind.REFUND_FAILS)
    again = market.do(RetryOwedRefund(refund_id=refund), admin)
    assert market.refund_of(again).status is RefundStatus.FAILED
    assert market.refund_of(refund).is_owed
    assert market.books()["owed:sam"] == -7500
    market.do(RetryOwedRefund(refund_id=refund), admin)
    assert "owed:sam" not in market.books()


def test_what_is_returned_again_is_owed_by_the_newer_refund(market: Market, admin: Actor) -> None:
    _, refund = owed(market)
    again = market.do(RetryOwedRefund(refund_id=refund), admin)
    market.advance(days=14)
    assert (market.refund_of(refund).is_owed, market.refund_of(again).is_owed) == (False, True)
    assert market.books()["owed:sam"] == -7500


def test_what_is_owed_can_be_paid_by_hand(market: Market, admin: Actor) -> None:
    _, refund = owed(market)
    market.do(MarkOwedPaid(refund_id=refund, reference="SEPA 4711"), admin)
    assert not market.refund_of(refund).is_owed
    assert market.books() == {"cash:gateway": 7252, "processing": 248, "cash:bank": -7500}
    with pytest.raises(RefundNotOwed):
        market.do(MarkOwedPaid(refund_id=refund, reference="again"), admin)
    noted = market.storage.read(
        lambda views: views.audit.list(AuditFilter(subject=refund), PageRequest())
    )
    assert noted.items[0].after == {"reference": "SEPA 4711"}


def test_only_staff_settle_what_is_owed_and_only_what_there_is(
    market: Market, admin: Actor
) -> None:
    lesson, refund = owed(market)
    for somebody in (lesson.student, lesson.teacher):
        with pytest.raises(Forbidden):
            market.do(RetryOwedRefund(refund_id=refund), somebody)
        with pytest.raises(Forbidden):
            market.do(MarkOwedPaid(refund_id=refund, reference="x"), somebody)
    with pytest.raises(NotFound):
        market.do(RetryOwedRefund(refund_id=RefundId("re_nothing")), admin)


def test_a_refund_that_was_not_returned_is_not_owed(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    refund = market.refund(admin, lesson.payment)
    with pytest.raises(RefundNotOwed):
        market.do(RetryOwedRefund(refund_id=refund), admin)


def test_what_a_bank_returned_cannot_be_refunded_twice(market: Market, admin: Actor) -> None:
    lesson, _ = owed(market)
    with pytest.raises(RefundExceedsRefundable):
        market.refund(admin, lesson.payment, "1.00")


# --- Looking -------------------------------------------------------------------------------------


def test_a_refund_exists_for_the_people_of_its_payment_and_staff(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    refund = market.refund(admin, lesson.payment)
    for actor in (lesson.student, lesson.teacher, admin):
        assert market.do(GetRefund(refund_id=refund), actor).id == refund
    for stranger in (market.student("olga"), market.teacher("tom")):
        with pytest.raises(NotFound):
            market.do(GetRefund(refund_id=refund), stranger)
    with pytest.raises(NotFound):
        market.do(GetRefund(refund_id=RefundId("re_nothing")), admin)


def test_everybody_lists_the_refunds_of_their_own_payments(
    market: Market, lesson: Lesson, admin: Actor
) -> None:
    market.refund(admin, lesson.payment, "1.00")
    command = ListRefunds(where=RefundFilter(), page=PageRequest())
    for actor, count in (
        (lesson.student, 1),
        (lesson.teacher, 1),
        (admin, 1),
        (market.student("olga"), 0),
        (market.teacher("tom"), 0),
    ):
        assert len(market.do(command, actor).items) == count
