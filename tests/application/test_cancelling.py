"""Calling lessons off, and what each side gets."""

from datetime import timedelta

import pytest

from application.answers import Slot, answering
from application.bookings import CancelBooking, DeclineBooking, QuoteBooking
from application.commands import Actor
from application.effects import fingerprint
from application.idempotency import Idempotency
from application.payments import CreatePaymentIntent
from application.ports.records import Answer, OperationState
from application.ports.storage import AuditFilter, PageRequest, Views
from application.ports.test_mode import FaultKind
from application.refunds import RefundPayment
from domain.bookings import BookingNotCancellable, BookingStatus, PaymentState
from domain.errors import InvalidField, NotFound
from domain.gigs import Confirmation, Teaching
from domain.ids import BookingId
from domain.money import Money
from domain.payments import PaymentStatus
from domain.policies import Fault, Outcome
from domain.quotes import Quote
from domain.refunds import RefundCause, RefundStatus
from tests.builders import after, dollars
from tests.market import Lesson, Market, the_id


@pytest.fixture
def market() -> Market:
    return Market()


def shown(market: Market, actor: Actor, booking: BookingId, outcome: str = "cancel") -> Quote:
    return market.do(QuoteBooking(booking_id=booking, outcome=outcome), actor)


def parts(quote: Quote) -> tuple[int, list[int], int]:
    return quote.student.minor, [part.minor for _, part in quote.teachers], quote.platform.minor


def hours_before(market: Market, lesson: Lesson, hours: float) -> None:
    """Let time pass until so long before the start."""
    start = market.booking(lesson.booking).period.start
    market.advance(seconds=(start - timedelta(hours=hours) - market.clock.now()).total_seconds())


# --- By the student ------------------------------------------------------------------------------


def test_a_cancellation_in_good_time_gives_everything_back(market: Market) -> None:
    lesson = market.paid_lesson()
    quote = market.cancel(lesson.student, lesson.booking)
    assert parts(quote) == (7500, [0], 0)
    booking = market.booking(lesson.booking)
    assert booking.status is BookingStatus.CANCELLED
    assert booking.payment_status is PaymentState.REFUNDED
    assert booking.cancel_reason == "Ill"
    assert market.books() == {"cash:gateway": -248, "processing": 248}


def test_a_late_cancellation_keeps_half_and_returns_half(market: Market) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, 20)
    quote = market.cancel(lesson.student, lesson.booking)
    assert parts(quote) == (3750, [3188], 562)
    assert market.booking(lesson.booking).payment_status is PaymentState.PARTIALLY_REFUNDED
    assert market.books() == {
        "cash:gateway": 7252 - 3750,
        "processing": 248,
        "payable:tina": -3188,
        "fee": -562,
    }


def test_a_very_late_cancellation_gives_nothing_back(market: Market) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, 1)
    quote = market.cancel(lesson.student, lesson.booking)
    assert parts(quote) == (0, [6375], 1125)
    assert market.booking(lesson.booking).payment_status is PaymentState.PAID
    assert market.refunds() == ()
    assert market.books() == {
        "cash:gateway": 7252,
        "processing": 248,
        "payable:tina": -6375,
        "fee": -1125,
    }


@pytest.mark.parametrize(
    ("seconds_past_the_tier", "hours", "given_back"),
    [(0, 24, 7500), (1, 24, 3750), (0, 12, 3750), (1, 12, 0)],
)
def test_the_exact_boundary_of_a_tier_is_generous(
    market: Market, seconds_past_the_tier: int, hours: int, given_back: int
) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, hours)
    market.advance(seconds=seconds_past_the_tier)
    assert market.cancel(lesson.student, lesson.booking).student.minor == given_back


@pytest.mark.parametrize(
    ("policy", "hours", "percent"),
    [
        ("flexible", 24, 100),
        ("flexible", 2, 50),
        ("flexible", 1.99, 0),
        ("strict", 47, 0),
        ("strict", 48, 50),
        ("2880:80,60:10", 48, 80),
        ("2880:80,60:10", 47, 10),
    ],
)
def test_each_policy_has_its_own_tiers(
    market: Market, policy: str, hours: float, percent: int
) -> None:
    lesson = market.paid_lesson(cancellation_policy=policy)
    hours_before(market, lesson, hours)
    quote = market.cancel(lesson.student, lesson.booking)
    assert quote.refund_percent == percent
    assert quote.student == dollars(75 * percent)


def test_a_lesson_that_runs_can_still_be_called_off_but_nothing_comes_back(market: Market) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, -0.5)
    assert market.cancel(lesson.student, lesson.booking).student == dollars(0)


def test_a_student_cannot_call_off_a_lesson_that_is_over(market: Market) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, -1)
    with pytest.raises(BookingNotCancellable, match="over"):
        market.cancel(lesson.student, lesson.booking)


def test_money_of_a_cancelled_lesson_is_available_after_its_scheduled_end(market: Market) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, 20)
    market.cancel(lesson.student, lesson.booking)
    end = market.booking(lesson.booking).period.end
    market.advance(seconds=(end - market.clock.now()).total_seconds() + 48 * 3600 - 1)
    assert (market.standing(lesson.teacher).pending, market.standing(lesson.teacher).available) == (
        dollars(3188),
        dollars(0),
    )
    market.advance(seconds=1)
    assert market.standing(lesson.teacher).available == dollars(3188)


# --- By the teacher, by staff, by nobody ---------------------------------------------------------


def test_a_teacher_who_cancels_keeps_nothing_however_late(market: Market) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, 0.1)
    quote = market.cancel(lesson.teacher, lesson.booking)
    assert parts(quote) == (7500, [0], 0)
    (refund,) = market.refunds()
    assert (refund.fault, refund.cause) == (Fault.TEACHER, RefundCause.CANCELLATION)
    assert market.books() == {"cash:gateway": -248, "processing": 248}


def test_a_teacher_may_call_off_a_lesson_that_did_not_take_place(market: Market) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, -2)
    assert market.cancel(lesson.teacher, lesson.booking).student == dollars(7500)


def test_staff_who_cancel_give_everything_back_on_the_record(market: Market) -> None:
    lesson, admin = market.paid_lesson(), market.admin()
    hours_before(market, lesson, 1)
    quote = market.cancel(admin, lesson.booking)
    assert (quote.outcome, quote.student) == (Outcome.CANCELLED_BY_PLATFORM, dollars(7500))
    noted = market.storage.read(
        lambda views: views.audit.list(AuditFilter(subject=lesson.booking), PageRequest())
    )
    assert [entry.action for entry in noted.items] == ["booking.cancelled"]


def test_a_request_can_be_taken_back(market: Market) -> None:
    student = market.student()
    gig = market.gig(market.teacher(), confirmation=Confirmation.TEACHER)
    booking = market.book(student, gig)
    assert market.cancel(student, booking).student == dollars(0)
    assert market.booking(booking).status is BookingStatus.CANCELLED
    assert market.booking(booking).payment_status is PaymentState.UNPAID


def test_what_is_cancelled_cannot_be_cancelled_again(market: Market) -> None:
    lesson = market.paid_lesson()
    market.cancel(lesson.student, lesson.booking)
    for actor in (lesson.student, lesson.teacher, market.admin()):
        with pytest.raises(BookingNotCancellable):
            market.cancel(actor, lesson.booking)
    assert len(market.refunds()) == 1


def test_a_strangers_booking_cannot_be_cancelled_nor_quoted(market: Market) -> None:
    lesson = market.paid_lesson()
    for stranger in (market.student("olga"), market.teacher("tom")):
        with pytest.raises(NotFound):
            market.cancel(stranger, lesson.booking)
        with pytest.raises(NotFound):
            shown(market, stranger, lesson.booking)
    with pytest.raises(NotFound):
        shown(market, lesson.student, BookingId("bk_nothing"))


def test_an_unpaid_booking_that_is_called_off_cancels_its_payment(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher))
    opened = market.do(CreatePaymentIntent(booking_id=booking), student)
    quote = market.cancel(student, booking)
    assert parts(quote) == (0, [0], 0)
    assert market.payment(opened.payment_id).status is PaymentStatus.CANCELED
    assert [payment.status for payment in market.world.chronicle.payments()] == ["canceled"]


def test_cancelling_after_a_part_was_refunded_returns_what_is_left_of_the_percentage(
    market: Market,
) -> None:
    lesson = market.paid_lesson()
    market.refund(market.admin(), lesson.payment, "20.00")
    hours_before(market, lesson, 20)
    quote = market.cancel(lesson.student, lesson.booking)
    assert quote.student == dollars(3750 - 2000)
    assert sum(parts(quote)[1]) + quote.platform.minor == 3750
    assert market.payment(lesson.payment).refunded == dollars(3750)


def test_cancelling_after_more_was_refunded_than_the_policy_gives_returns_nothing_more(
    market: Market,
) -> None:
    lesson = market.paid_lesson()
    market.refund(market.admin(), lesson.payment, "50.00")
    hours_before(market, lesson, 20)
    quote = market.cancel(lesson.student, lesson.booking)
    assert quote.student == dollars(0)
    assert market.payment(lesson.payment).refunded == dollars(5000)


def test_a_lesson_that_was_refunded_in_full_ends_as_cancelled(market: Market) -> None:
    lesson = market.paid_lesson()
    market.refund(market.admin(), lesson.payment)
    assert market.booking(lesson.booking).status is BookingStatus.CONFIRMED
    market.advance(days=4)
    booking = market.booking(lesson.booking)
    assert (booking.status, booking.outcome) == (
        BookingStatus.CANCELLED,
        Outcome.CANCELLED_BY_PLATFORM,
    )
    assert market.books() == {"cash:gateway": -248, "processing": 248}


def test_two_teachers_share_what_a_late_cancellation_leaves(market: Market) -> None:
    student, tina, tom = market.student(), market.teacher(), market.teacher("tom")
    both = (Teaching(the_id(tina), 2), Teaching(the_id(tom), 1))
    booking = market.book(student, market.gig(tina, teachers=both))
    market.pay(student, booking)
    market.advance(hours=48 - 20)
    quote = market.cancel(student, booking)
    student_part, teachers, platform = parts(quote)
    assert (student_part, teachers, platform) == (3750, [2125, 1063], 562)
    assert market.books() == {
        "cash:gateway": 7252 - 3750,
        "processing": 248,
        "payable:tina": -2125,
        "payable:tom": -1063,
        "fee": -562,
    }


# --- The quote -----------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [47, 24, 20, 12, 5])
@pytest.mark.parametrize("setting", ["proportional", "kept", "kept:30", "absorbed"])
def test_a_cancellation_does_exactly_what_its_quote_said(hours: float, setting: str) -> None:
    market = Market(settings={"TUITION_FEE_ON_REFUND": setting})
    lesson = market.paid_lesson(hourly_rate="33.33")
    hours_before(market, lesson, hours)
    promised = shown(market, lesson.student, lesson.booking)
    assert market.cancel(lesson.student, lesson.booking) == promised
    books = market.books()
    student, (teacher,), platform = parts(promised)
    assert student + teacher + platform == 3333
    assert market.payment(lesson.payment).refunded.minor == student
    assert -books.get("payable:tina", 0) == teacher
    assert -books.get("fee", 0) - books.get("goodwill", 0) == platform


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("completed", (0, [6375], 1125)),
        ("cancel", (3750, [3188], 562)),
        ("no_show", (0, [6375], 1125)),
        ("teacher_cancel", (7500, [0], 0)),
    ],
)
def test_every_outcome_of_a_paid_lesson_is_quoted_and_sums_to_what_was_paid(
    market: Market, outcome: str, expected: tuple[int, list[int], int]
) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, 20)
    quote = shown(market, lesson.teacher, lesson.booking, outcome)
    assert parts(quote) == expected
    assert sum((expected[0], *expected[1], expected[2])) == 7500


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("completed", (0, [6375], 1125)),
        ("no_show", (0, [6375], 1125)),
        ("cancel", (0, [0], 0)),
        ("teacher_cancel", (0, [0], 0)),
    ],
)
def test_before_payment_the_fee_of_a_lesson_is_transparent(
    market: Market, outcome: str, expected: tuple[int, list[int], int]
) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    assert parts(shown(market, student, booking, outcome)) == expected


def test_a_quote_says_until_when_it_holds(market: Market) -> None:
    lesson = market.paid_lesson()
    start = market.booking(lesson.booking).period.start
    for hours, until in (
        (40, start - timedelta(hours=24)),
        (20, start - timedelta(hours=12)),
        (1, start + timedelta(hours=1)),
    ):
        hours_before(market, lesson, hours)
        assert shown(market, lesson.student, lesson.booking).valid_until == until
    assert shown(market, lesson.student, lesson.booking, "completed").valid_until is None


def test_an_unknown_outcome_is_refused(market: Market) -> None:
    lesson = market.paid_lesson()
    with pytest.raises(InvalidField):
        shown(market, lesson.student, lesson.booking, "meteor")


# --- When the gateway is away --------------------------------------------------------------------


def test_a_cancellation_stands_though_the_gateway_is_busy(market: Market) -> None:
    lesson = market.paid_lesson()
    market.fault("create_refund", FaultKind.RATE_LIMITED, times=3)
    done = market.do(CancelBooking(booking_id=lesson.booking, reason=""), lesson.student)
    assert done.quote.student == dollars(7500)
    assert market.booking(lesson.booking).status is BookingStatus.CANCELLED
    (refund,) = market.refunds()
    assert refund.status is RefundStatus.RESERVED
    assert market.books()["refunding:refund"] == -7500
    market.wall.advance(timedelta(minutes=5))
    market.settle()
    assert market.refunds()[0].status is RefundStatus.SUCCEEDED
    assert market.books() == {"cash:gateway": -248, "processing": 248}


def test_a_cancellation_stands_though_the_refund_is_refused_and_staff_are_told(
    market: Market,
) -> None:
    lesson = market.paid_lesson()
    gateway_id = market.payment(lesson.payment).gateway_id
    assert gateway_id is not None
    market.world.outside.refund_payment(gateway_id, 7500)  # its webhook is still under way
    done = market.do(CancelBooking(booking_id=lesson.booking, reason=""), lesson.student)
    assert done.quote.student == dollars(7500)
    (refused,) = market.refunds()
    assert refused.status is RefundStatus.FAILED
    market.settle()
    assert "refund_failed" in market.staff.topics
    assert market.payment(lesson.payment).refunded == dollars(7500)
    assert market.books()["cash:gateway"] == -248


def test_a_lost_answer_of_the_refund_is_found_again_and_not_sent_twice(market: Market) -> None:
    lesson = market.paid_lesson()
    market.fault("create_refund", FaultKind.LOST_ANSWER)
    market.cancel(lesson.student, lesson.booking)
    assert len(market.world.chronicle.refunds()) == 1
    assert market.refunds()[0].status is RefundStatus.SUCCEEDED


def test_a_cancellation_that_was_cut_off_is_carried_on_under_its_key(market: Market) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, 20)
    promised = shown(market, lesson.student, lesson.booking)
    command = CancelBooking(booking_id=lesson.booking, reason="Ill")
    keys = Idempotency(market.storage.work, market.wall)
    record = keys.begin("sam", "key-1", fingerprint({}))
    market.fault("create_refund", FaultKind.LOST_REQUEST)

    def present(_: Views, __: object) -> Answer:
        raise ConnectionResetError  # the process dies before its answer is stored

    with answering(Slot(present, record)), pytest.raises(ConnectionResetError):
        market.do(command, lesson.student)
    assert market.booking(lesson.booking).status is BookingStatus.CANCELLED

    market.wall.advance(timedelta(minutes=5))
    again = keys.begin("sam", "key-1", fingerprint({}))
    assert list(again.operations) == ["refund"]
    slot = Slot(
        lambda _, result: Answer(status=200, body=repr(parts(result.quote)).encode()), again
    )
    with answering(slot):
        carried_on = market.do(command, lesson.student)
    assert carried_on.quote == promised
    assert slot.answer == Answer(status=200, body=b"(3750, [3188], 562)")
    assert len(market.world.chronicle.refunds()) == 1
    operations = market.storage.read(lambda views: tuple(views.everything.operations()))
    assert all(operation.state is OperationState.DONE for operation in operations)


def test_a_declined_request_refunds_nothing_and_drops_nothing(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    gig = market.gig(teacher, confirmation=Confirmation.TEACHER)
    booking = market.book(student, gig)
    market.do(DeclineBooking(booking_id=booking), teacher)
    market.settle()
    assert market.booking(booking).outcome is Outcome.DECLINED
    assert market.payments() == ()


def test_a_payment_that_the_gateway_never_heard_of_is_dropped(market: Market) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    market.do(
        CreatePaymentIntent(
            booking_id=market.book(
                student, market.gig(market.teacher("tom")), starts_at=after(days=5)
            )
        ),
        student,
    )  # makes the customer
    market.fault("create_payment", FaultKind.RATE_LIMITED, times=3)
    with pytest.raises(Exception, match="busy"):
        market.do(CreatePaymentIntent(booking_id=booking), student)
    market.cancel(student, booking)
    dropped = [one for one in market.payments() if one.booking_id == booking]
    assert [one.status for one in dropped] == [PaymentStatus.CANCELED]
    assert len(market.world.chronicle.payments()) == 1


def test_a_payment_whose_making_is_unknown_is_canceled_when_it_is_found(market: Market) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    market.fault("create_payment", FaultKind.LOST_ANSWER)
    market.fault("find_payment", FaultKind.LOST_REQUEST)
    opened = market.do(CreatePaymentIntent(booking_id=booking), student)
    assert opened.is_unknown
    market.do(CancelBooking(booking_id=booking, reason=""), student)
    assert market.payment(opened.payment_id).status is PaymentStatus.CANCELING
    market.wall.advance(timedelta(minutes=5))
    market.settle()
    assert market.payment(opened.payment_id).status is PaymentStatus.CANCELED
    assert [one.status for one in market.world.chronicle.payments()] == ["canceled"]


def test_the_student_cannot_refund_more_than_a_cancellation_gives(market: Market) -> None:
    lesson = market.paid_lesson()
    hours_before(market, lesson, 20)
    most = shown(market, lesson.student, lesson.booking).student
    assert most == Money(3750, most.currency)
    done = market.do(RefundPayment(payment_id=lesson.payment), lesson.student)
    assert market.refund_of(done).amount == most
