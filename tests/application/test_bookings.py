"""Booking a lesson, agreeing to it, and what its windows of time do."""

from datetime import timedelta

import pytest

from adapters.fake.records import Payment as GatewayPayment
from application.bookings import (
    AdvanceBooking,
    BookGig,
    ConfirmBooking,
    DeclineBooking,
    GetBooking,
    ListBookings,
    NotEnoughHours,
)
from application.commands import SYSTEM, Actor
from application.gigs import ChangeGig
from application.payments import CreatePaymentIntent
from application.people import SetTeacherFee
from application.ports.storage import AuditFilter, BookingFilter, PageRequest
from domain.bookings import (
    BookingNotConfirmed,
    BookingStatus,
    Funding,
    NotAwaitingConfirmation,
    PaymentState,
    SlotTaken,
)
from domain.errors import Forbidden, InvalidField, NotAuthenticated, NotFound
from domain.gigs import Confirmation, Teaching
from domain.ids import BookingId, GigId, UserId
from domain.payments import PaymentStatus
from tests.builders import NOW, after, dollars
from tests.market import Market, the_id

REQUESTED = {"confirmation": Confirmation.TEACHER}


@pytest.fixture
def market() -> Market:
    return Market()


# --- Booking -------------------------------------------------------------------------------------


def test_an_instant_gig_is_booked_at_once(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    booking = market.booking(market.book(student, market.gig(teacher)))
    assert booking.status is BookingStatus.CONFIRMED
    assert booking.payment_status is PaymentState.UNPAID
    assert booking.price == dollars(7500)
    assert booking.funding is Funding.CARD


def test_a_gig_whose_teacher_confirms_is_only_requested(market: Market) -> None:
    booking = market.booking(
        market.book(market.student(), market.gig(market.teacher(), **REQUESTED))
    )
    assert booking.status is BookingStatus.REQUESTED
    assert booking.answer_due_at == after(hours=48)
    assert booking.payment_due_at is None


def test_the_price_is_the_hourly_rate_for_the_minutes_rounded_half_up(market: Market) -> None:
    gig = market.gig(market.teacher(), hourly_rate="33.33")
    booking = market.book(market.student(), gig, minutes=50)
    assert market.booking(booking).price == dollars(2778)  # 27.775


def test_a_lesson_that_costs_nothing_is_born_paid_and_completes_itself(market: Market) -> None:
    booking = market.book(market.student(), market.gig(market.teacher(), hourly_rate="0.00"))
    born = market.booking(booking)
    assert (born.funding, born.payment_status) == (Funding.FREE, PaymentState.PAID)
    assert born.payment_due_at is None
    market.advance(days=4)
    assert market.booking(booking).status is BookingStatus.COMPLETED
    assert market.books() == {}


def test_what_was_agreed_on_outlives_a_change_of_the_gig(market: Market) -> None:
    teacher = market.teacher()
    gig = market.gig(teacher)
    booking = market.book(market.student(), gig)
    market.do(ChangeGig(gig_id=gig, hourly_rate="100.00", cancellation_policy="strict"), teacher)
    assert market.booking(booking).price == dollars(7500)
    assert market.booking(booking).terms.policy.name == "moderate"


@pytest.mark.parametrize("minutes", [14, 481])
def test_a_lesson_outside_the_limits_of_length_is_refused(market: Market, minutes: int) -> None:
    gig = market.gig(market.teacher())
    with pytest.raises(InvalidField):
        market.book(market.student(), gig, minutes=minutes)


@pytest.mark.parametrize("passed", [timedelta(0), timedelta(hours=-1), timedelta(days=731)])
def test_a_lesson_starts_in_the_future_and_within_two_years(
    market: Market, passed: timedelta
) -> None:
    gig = market.gig(market.teacher())
    with pytest.raises(InvalidField, match="A lesson starts"):
        market.book(market.student(), gig, starts_at=NOW + passed)


def test_hours_that_are_not_there_cannot_fund_a_lesson(market: Market) -> None:
    gig = market.gig(market.teacher())
    wanted = BookGig(gig_id=gig, starts_at=after(days=1), minutes=60, funding=Funding.HOURS)
    with pytest.raises(NotEnoughHours) as refused:
        market.do(wanted, market.student())
    assert refused.value.extra == {"needed_minutes": 60, "remaining_minutes": 0}


def test_nobody_declares_a_lesson_free(market: Market) -> None:
    gig = market.gig(market.teacher())
    wanted = BookGig(gig_id=gig, starts_at=after(days=1), minutes=60, funding=Funding.FREE)
    with pytest.raises(InvalidField):
        market.do(wanted, market.student())


def test_a_gig_that_is_withdrawn_or_absent_cannot_be_booked(market: Market) -> None:
    student = market.student()
    withdrawn = market.gig(market.teacher(), is_active=False)
    for gig in (withdrawn, GigId("gig_nothing")):
        with pytest.raises(NotFound):
            market.book(student, gig)


def test_staff_book_for_a_student_by_name(market: Market) -> None:
    student, gig, admin = market.student(), market.gig(market.teacher()), market.admin()
    wanted = BookGig(gig_id=gig, starts_at=after(days=1), minutes=60, student_id=the_id(student))
    booking = market.do(wanted, admin)
    assert market.booking(booking).student_id == student.user_id


def test_staff_who_name_no_student_are_told_so(market: Market) -> None:
    teacher = market.teacher()
    gig, admin = market.gig(teacher), market.admin()
    for nobody in (None, the_id(teacher), UserId("usr_nothing")):
        with pytest.raises(InvalidField):
            market.do(
                BookGig(gig_id=gig, starts_at=after(days=1), minutes=60, student_id=nobody), admin
            )


def test_a_student_books_for_nobody_else(market: Market) -> None:
    student, other = market.student(), market.student("olga")
    gig = market.gig(market.teacher())
    with pytest.raises(NotFound):
        market.do(
            BookGig(gig_id=gig, starts_at=after(days=1), minutes=60, student_id=the_id(other)),
            student,
        )


def test_a_teacher_books_nothing(market: Market) -> None:
    teacher = market.teacher()
    gig = market.gig(teacher)
    with pytest.raises(Forbidden):
        market.book(teacher, gig)


def test_nobody_books_without_logging_in(market: Market) -> None:
    gig = market.gig(market.teacher())
    with pytest.raises(NotAuthenticated):
        market.book(Actor(), gig)


def test_the_fee_of_a_booking_is_the_teachers_own_where_they_have_one(market: Market) -> None:
    teacher, admin = market.teacher(), market.admin()
    market.do(SetTeacherFee(user_id=the_id(teacher), basis_points=500), admin)
    booking = market.book(market.student(), market.gig(teacher))
    assert market.booking(booking).terms.fees.basis_points == 500


# --- No overlap ----------------------------------------------------------------------------------

START = after(days=2)


@pytest.mark.parametrize("minutes_later", [-59, -30, 0, 30, 59])
def test_a_teacher_is_never_booked_twice_at_a_time(market: Market, minutes_later: int) -> None:
    gig = market.gig(market.teacher())
    market.book(market.student(), gig, starts_at=START)
    other = market.student("olga")
    with pytest.raises(SlotTaken):
        market.book(other, gig, starts_at=START + timedelta(minutes=minutes_later))


@pytest.mark.parametrize("minutes_later", [-60, 60])
def test_lessons_may_touch(market: Market, minutes_later: int) -> None:
    gig = market.gig(market.teacher())
    student = market.student()
    market.book(student, gig, starts_at=START)
    beside = market.book(student, gig, starts_at=START + timedelta(minutes=minutes_later))
    assert market.booking(beside).status is BookingStatus.CONFIRMED


def test_a_lesson_within_another_overlaps_it(market: Market) -> None:
    gig = market.gig(market.teacher())
    market.book(market.student(), gig, starts_at=START, minutes=120)
    with pytest.raises(SlotTaken):
        market.book(
            market.student("olga"), gig, starts_at=START + timedelta(minutes=30), minutes=30
        )


def test_a_student_is_never_in_two_lessons_at_a_time(market: Market) -> None:
    student = market.student()
    market.book(student, market.gig(market.teacher()), starts_at=START)
    with pytest.raises(SlotTaken):
        market.book(
            student, market.gig(market.teacher("tom")), starts_at=START + timedelta(minutes=30)
        )


def test_a_request_already_holds_its_slot(market: Market) -> None:
    gig = market.gig(market.teacher(), **REQUESTED)
    market.book(market.student(), gig, starts_at=START)
    with pytest.raises(SlotTaken):
        market.book(market.student("olga"), gig, starts_at=START)


def test_every_teacher_of_a_gig_is_busy_with_it(market: Market) -> None:
    tina, tom = market.teacher(), market.teacher("tom")
    both = (Teaching(the_id(tina), 1), Teaching(the_id(tom), 1))
    market.book(market.student(), market.gig(tina, teachers=both), starts_at=START)
    with pytest.raises(SlotTaken):
        market.book(market.student("olga"), market.gig(tom), starts_at=START)


def test_a_group_takes_students_up_to_its_capacity(market: Market) -> None:
    gig = market.gig(market.teacher(), capacity=3)
    for name in ("sam", "olga", "nils"):
        market.book(market.student(name), gig, starts_at=START)
    with pytest.raises(SlotTaken, match="All seats"):
        market.book(market.student("pia"), gig, starts_at=START)


def test_a_student_has_one_seat_in_a_group(market: Market) -> None:
    gig, student = market.gig(market.teacher(), capacity=3), market.student()
    market.book(student, gig, starts_at=START)
    with pytest.raises(SlotTaken):
        market.book(student, gig, starts_at=START)


def test_a_group_that_began_earlier_is_no_place_to_join(market: Market) -> None:
    gig = market.gig(market.teacher(), capacity=3)
    market.book(market.student(), gig, starts_at=START)
    with pytest.raises(SlotTaken):
        market.book(market.student("olga"), gig, starts_at=START + timedelta(minutes=30))


def test_another_gig_of_the_same_teacher_is_no_seat_of_the_group(market: Market) -> None:
    teacher = market.teacher()
    market.book(market.student(), market.gig(teacher, capacity=3), starts_at=START)
    with pytest.raises(SlotTaken):
        market.book(market.student("olga"), market.gig(teacher, capacity=3), starts_at=START)


def test_a_seat_that_is_given_up_can_be_taken(market: Market) -> None:
    gig = market.gig(market.teacher(), capacity=2)
    sam, olga, nils = (market.student(name) for name in ("sam", "olga", "nils"))
    first = market.book(sam, gig, starts_at=START)
    market.book(olga, gig, starts_at=START)
    market.cancel(sam, first)
    assert market.booking(market.book(nils, gig, starts_at=START)).status.holds_its_slot


# --- Agreeing ------------------------------------------------------------------------------------


def test_a_confirmed_request_can_be_paid_within_a_day(market: Market) -> None:
    teacher = market.teacher()
    booking = market.book(market.student(), market.gig(teacher, **REQUESTED))
    market.advance(hours=3)
    market.confirm(teacher, booking)
    confirmed = market.booking(booking)
    assert confirmed.status is BookingStatus.CONFIRMED
    assert confirmed.payment_due_at == after(hours=27)
    assert confirmed.answer_due_at is None


def test_an_instant_booking_can_be_paid_within_a_quarter_of_an_hour(market: Market) -> None:
    booking = market.book(market.student(), market.gig(market.teacher()))
    assert market.booking(booking).payment_due_at == after(minutes=15)


def test_nothing_is_paid_after_the_start(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    soon = market.book(student, market.gig(teacher), starts_at=after(minutes=10))
    assert market.booking(soon).payment_due_at == after(minutes=10)
    later = market.book(student, market.gig(teacher, **REQUESTED), starts_at=after(hours=5))
    market.confirm(teacher, later)
    assert market.booking(later).payment_due_at == after(hours=5)


def test_a_declined_request_frees_its_slot(market: Market) -> None:
    teacher = market.teacher()
    gig = market.gig(teacher, **REQUESTED)
    booking = market.book(market.student(), gig)
    market.do(DeclineBooking(booking_id=booking), teacher)
    assert market.booking(booking).status is BookingStatus.DECLINED
    market.book(market.student("olga"), gig)


def test_a_request_is_answered_once(market: Market) -> None:
    teacher = market.teacher()
    booking = market.book(market.student(), market.gig(teacher, **REQUESTED))
    market.confirm(teacher, booking)
    with pytest.raises(NotAwaitingConfirmation):
        market.confirm(teacher, booking)
    with pytest.raises(NotAwaitingConfirmation):
        market.do(DeclineBooking(booking_id=booking), teacher)


def test_a_request_that_nobody_answers_lapses_after_two_days(market: Market) -> None:
    gig = market.gig(market.teacher(), **REQUESTED)
    booking = market.book(market.student(), gig, starts_at=after(days=5))
    market.advance(hours=48, seconds=-1)
    assert market.booking(booking).status is BookingStatus.REQUESTED
    market.advance(seconds=1)
    assert market.booking(booking).status is BookingStatus.EXPIRED
    market.book(market.student("olga"), gig, starts_at=after(days=5))


def test_a_request_for_tomorrow_lapses_at_its_start(market: Market) -> None:
    gig = market.gig(market.teacher(), **REQUESTED)
    booking = market.book(market.student(), gig, starts_at=after(days=1))
    market.advance(days=1)
    assert market.booking(booking).status is BookingStatus.EXPIRED


def test_a_lapsed_request_cannot_be_confirmed(market: Market) -> None:
    teacher = market.teacher()
    booking = market.book(
        market.student(), market.gig(teacher, **REQUESTED), starts_at=after(days=5)
    )
    market.clock.advance(timedelta(hours=48))
    with pytest.raises(NotAwaitingConfirmation, match="lapsed"):
        market.confirm(teacher, booking)


def test_a_request_cannot_be_paid(market: Market) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher(), **REQUESTED))
    with pytest.raises(BookingNotConfirmed):
        market.do(CreatePaymentIntent(booking_id=booking), student)


def test_students_confirm_and_decline_nothing(market: Market) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher(), **REQUESTED))
    for command in (ConfirmBooking(booking_id=booking), DeclineBooking(booking_id=booking)):
        with pytest.raises(Forbidden):
            market.do(command, student)


def test_another_teachers_request_is_absent(market: Market) -> None:
    booking = market.book(market.student(), market.gig(market.teacher(), **REQUESTED))
    other = market.teacher("tom")
    for id_ in (booking, BookingId("bk_nothing")):
        with pytest.raises(NotFound):
            market.do(ConfirmBooking(booking_id=id_), other)
        with pytest.raises(NotFound):
            market.do(DeclineBooking(booking_id=id_), other)


def test_staff_confirm_and_decline_on_the_record(market: Market) -> None:
    admin, student = market.admin(), market.student()
    gig = market.gig(market.teacher(), **REQUESTED)
    first = market.book(student, gig)
    second = market.book(student, gig, starts_at=after(days=4))
    market.confirm(admin, first)
    market.do(DeclineBooking(booking_id=second), admin)
    noted = market.storage.read(lambda views: views.audit.list(AuditFilter(), PageRequest()))
    assert {(entry.action, entry.subject) for entry in noted.items} >= {
        ("booking.confirmed", first),
        ("booking.declined", second),
    }


# --- The payment window --------------------------------------------------------------------------


def at_the_gateway(market: Market) -> GatewayPayment:
    (payment,) = market.world.chronicle.payments()
    return payment


def test_an_unpaid_booking_expires_and_its_slot_is_free(market: Market) -> None:
    gig = market.gig(market.teacher())
    booking = market.book(market.student(), gig)
    market.advance(minutes=15, seconds=-1)
    assert market.booking(booking).status is BookingStatus.CONFIRMED
    market.advance(seconds=1)
    assert market.booking(booking).status is BookingStatus.EXPIRED
    market.book(market.student("olga"), gig, starts_at=market.booking(booking).period.start)


def test_an_expired_bookings_payment_is_canceled_at_the_gateway(market: Market) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    opened = market.do(CreatePaymentIntent(booking_id=booking), student)
    market.advance(minutes=15)
    assert market.booking(booking).status is BookingStatus.EXPIRED
    assert market.payment(opened.payment_id).status is PaymentStatus.CANCELED
    assert market.booking(booking).payment_status is PaymentState.UNPAID
    assert at_the_gateway(market).status == "canceled"
    assert market.books() == {}


def test_a_payment_that_is_processing_suspends_the_window(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher), starts_at=after(days=10))
    market.pay(student, booking, "pm_usBankAccount_success")
    market.advance(hours=1)
    assert market.booking(booking).status is BookingStatus.CONFIRMED
    assert market.booking(booking).payment_status is PaymentState.PENDING
    market.advance(days=4)
    assert market.booking(booking).payment_status is PaymentState.PAID


def test_when_processing_fails_after_the_window_the_booking_expires(market: Market) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()), starts_at=after(days=10))
    payment = market.pay(student, booking, "pm_usBankAccount_insufficientFunds")
    market.advance(days=4)
    assert market.booking(booking).status is BookingStatus.EXPIRED
    assert market.payment(payment).status is PaymentStatus.CANCELED
    assert market.books() == {}


def test_a_payment_that_failed_does_not_extend_the_window(market: Market) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    market.pay(student, booking, "pm_card_chargeDeclined")
    assert market.booking(booking).payment_status is PaymentState.FAILED
    market.advance(minutes=15)
    assert market.booking(booking).status is BookingStatus.EXPIRED


def test_a_paid_booking_outlives_its_window(market: Market) -> None:
    lesson = market.paid_lesson()
    market.advance(hours=30)
    assert market.booking(lesson.booking).status is BookingStatus.CONFIRMED


def test_nothing_happens_to_a_booking_before_it_is_due(market: Market) -> None:
    booking = market.book(market.student(), market.gig(market.teacher()))
    assert market.do(AdvanceBooking(booking_id=booking), SYSTEM) is False
    assert market.booking(booking).version == 1


# --- Looking -------------------------------------------------------------------------------------


def test_a_booking_exists_for_its_people_and_staff_only(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher))
    for one in (student, teacher, market.admin()):
        assert market.do(GetBooking(booking_id=booking), one).id == booking
    for stranger in (market.student("olga"), market.teacher("tom")):
        with pytest.raises(NotFound):
            market.do(GetBooking(booking_id=booking), stranger)


def test_everybody_lists_their_own_bookings_and_staff_all(market: Market) -> None:
    sam, olga, tina, tom = (
        market.student(),
        market.student("olga"),
        market.teacher(),
        market.teacher("tom"),
    )
    first = market.book(sam, market.gig(tina))
    second = market.book(olga, market.gig(tom))
    seen = {
        actor: {
            booking.id
            for booking in market.do(
                ListBookings(where=BookingFilter(), page=PageRequest()), actor
            ).items
        }
        for actor in (sam, olga, tina, tom, market.admin())
    }
    assert list(seen.values()) == [{first}, {second}, {first}, {second}, {first, second}]
