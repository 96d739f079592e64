"""A booking's life: every edge of its graph, every edge that is none, and its deadlines."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product

import pytest

from domain.bookings import (
    EDGES,
    HOLDING,
    Booking,
    BookingAlreadyPaid,
    BookingNotCancellable,
    BookingNotConfirmed,
    BookingNotEnded,
    BookingNotPaid,
    BookingRules,
    BookingStateConflict,
    BookingStatus,
    Funding,
    NoShowOutOfTime,
    NotAwaitingConfirmation,
    OwnGig,
    Party,
    PaymentState,
    SlotTaken,
    must_be_free,
    outcome_of_cancelling,
)
from domain.errors import BrokenInvariant, InvalidField
from domain.events import BookingConfirmed, BookingExpired, BookingRequested, BookingReseated
from domain.fees import FeeOnRefund
from domain.gigs import Confirmation, Gig, GigNotBookable
from domain.ids import BookingId, UserId
from domain.policies import Outcome
from tests.builders import (
    LESSON_AT,
    NOW,
    STUDENT,
    TEACHER,
    a_booking,
    a_fee_schedule,
    a_gig,
    after,
    dollars,
)

RULES = BookingRules()
ENDS_AT = LESSON_AT + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
S = BookingStatus


def requested(
    gig: Gig | None = None, *, starts_at: datetime = LESSON_AT, minutes: int = 60, by: str = STUDENT
) -> Booking:
    return Booking.request(
        id=BookingId("bk_1"),
        gig=gig or a_gig(),
        student_id=UserId(by),
        starts_at=starts_at,
        minutes=minutes,
        fees=a_fee_schedule(),
        fee_on_refund=FeeOnRefund(),
        rules=RULES,
        at=NOW,
    )


# --- Making one ----------------------------------------------------------------------------------


def test_a_request_waits_for_the_teacher_and_freezes_the_terms() -> None:
    booking = requested(a_gig(capacity=3))

    assert booking.status is S.REQUESTED
    assert booking.payment_status is PaymentState.UNPAID
    assert booking.price == dollars(10_000)
    assert booking.funding is Funding.CARD
    assert booking.answer_due_at == after(hours=48)
    assert booking.payment_due_at is None
    assert booking.completes_at == ENDS_AT + timedelta(hours=24)
    assert booking.terms.policy.name == "moderate"
    assert booking.events == (BookingRequested(booking="bk_1", at=NOW),)
    assert booking == a_booking(status=S.REQUESTED)


def test_an_instant_gig_is_confirmed_at_once_and_paid_within_a_quarter_of_an_hour() -> None:
    booking = requested(a_gig(confirmation=Confirmation.INSTANT))

    assert booking.status is S.CONFIRMED
    assert booking.answer_due_at is None
    assert booking.payment_due_at == after(minutes=15)
    assert [type(event) for event in booking.events] == [BookingRequested, BookingConfirmed]


def test_neither_window_reaches_beyond_the_start() -> None:
    soon = after(minutes=10)

    assert requested(starts_at=soon).answer_due_at == soon
    instant = requested(a_gig(confirmation=Confirmation.INSTANT), starts_at=soon)
    assert instant.payment_due_at == soon


def test_what_costs_nothing_is_born_paid() -> None:
    booking = requested(a_gig(hourly_rate=dollars(0), confirmation=Confirmation.INSTANT))

    assert booking.funding is Funding.FREE
    assert booking.payment_status is PaymentState.PAID
    assert booking.payment_due_at is None


@pytest.mark.parametrize(
    ("rate", "minutes", "price"),
    [(7_500, 60, 7_500), (7_500, 90, 11_250), (3_333, 30, 1_667), (1_001, 15, 250), (1, 15, 0)],
)
def test_the_price_is_the_hourly_rate_times_the_time_rounded_half_up(
    rate: int, minutes: int, price: int
) -> None:
    assert requested(a_gig(hourly_rate=dollars(rate)), minutes=minutes).price == dollars(price)


def test_the_price_is_in_steps_that_the_gateway_can_charge() -> None:
    booking = Booking.request(
        id=BookingId("bk_1"),
        gig=a_gig(hourly_rate=dollars(7_549)),
        student_id=STUDENT,
        starts_at=LESSON_AT,
        minutes=60,
        fees=a_fee_schedule(),
        fee_on_refund=FeeOnRefund(),
        rules=RULES,
        at=NOW,
        price_step=100,
    )

    assert booking.price == dollars(7_500)


TWO_YEARS = timedelta(days=730)


@pytest.mark.parametrize("starts_at", [NOW, NOW - MINUTE, NOW + TWO_YEARS + MINUTE])
def test_a_lesson_starts_in_the_future_and_within_two_years(starts_at: datetime) -> None:
    with pytest.raises(InvalidField):
        requested(starts_at=starts_at)


@pytest.mark.parametrize("starts_at", [NOW + MINUTE, NOW + TWO_YEARS])
def test_it_may_start_in_a_minute_or_in_two_years(starts_at: datetime) -> None:
    assert requested(starts_at=starts_at).period.start == starts_at


@pytest.mark.parametrize("minutes", [-60, 0, 14, 481])
def test_a_lesson_is_neither_too_short_nor_too_long(minutes: int) -> None:
    with pytest.raises(InvalidField, match="15 to 480 minutes"):
        requested(minutes=minutes)


@pytest.mark.parametrize("minutes", [15, 480])
def test_the_limits_themselves_are_allowed(minutes: int) -> None:
    assert requested(minutes=minutes).period.minutes == minutes


def test_a_gig_that_is_not_active_cannot_be_booked() -> None:
    with pytest.raises(GigNotBookable):
        requested(a_gig(is_active=False))


def test_a_teacher_does_not_book_their_own_gig() -> None:
    with pytest.raises(OwnGig):
        requested(by=TEACHER)


# --- The graph -----------------------------------------------------------------------------------

STEPS: dict[str, tuple[Callable[[Booking], Booking], frozenset[BookingStatus], BookingStatus]] = {
    "confirm": (lambda b: b.confirm(rules=RULES, at=NOW), frozenset({S.REQUESTED}), S.CONFIRMED),
    "decline": (lambda b: b.decline(at=NOW), frozenset({S.REQUESTED}), S.DECLINED),
    "cancel": (
        lambda b: b.cancel(by=Party.STUDENT, reason="ill", at=NOW),
        frozenset({S.REQUESTED, S.CONFIRMED}),
        S.CANCELLED,
    ),
    "complete": (lambda b: b.complete(at=ENDS_AT), frozenset({S.CONFIRMED}), S.COMPLETED),
    "student absent": (
        lambda b: b.report_no_show(Party.STUDENT, by=Party.TEACHER, at=ENDS_AT),
        frozenset({S.CONFIRMED}),
        S.NO_SHOW,
    ),
    "teacher absent": (
        lambda b: b.report_no_show(Party.TEACHER, by=Party.STUDENT, at=ENDS_AT),
        frozenset({S.CONFIRMED}),
        S.TEACHER_NO_SHOW,
    ),
    "reseat": (lambda b: b.reseat(at=NOW), frozenset({S.EXPIRED}), S.CONFIRMED),
}


@pytest.mark.parametrize(("step", "status"), list(product(STEPS, S)))
def test_a_step_is_taken_from_its_own_statuses_only(step: str, status: BookingStatus) -> None:
    take, allowed, leads_to = STEPS[step]
    booking = a_booking(status=status, payment_status=PaymentState.PAID)

    if status in allowed:
        moved = take(booking)
        assert moved.status is leads_to
        assert leads_to in EDGES[status]
        assert len(moved.events) == 1
    else:
        with pytest.raises((BookingStateConflict, BrokenInvariant)):
            take(booking)


def test_every_edge_of_the_graph_is_some_step() -> None:
    taken = {(status, to) for _, allowed, to in STEPS.values() for status in allowed}
    by_deadline = {(S.REQUESTED, S.EXPIRED), (S.CONFIRMED, S.EXPIRED)}

    assert taken | by_deadline == {(status, to) for status in S for to in EDGES[status]}


def test_final_states_are_final_but_for_a_late_payment() -> None:
    for status in S:
        if status.is_final:
            assert EDGES[status] <= {S.CONFIRMED}
            assert bool(EDGES[status]) == (status is S.EXPIRED)


def test_a_step_that_is_no_edge_is_a_bug() -> None:
    with pytest.raises(BrokenInvariant):
        a_booking(status=S.DECLINED)._moved(S.CONFIRMED, BookingConfirmed(booking="bk_1", at=NOW))


def test_only_a_request_and_a_confirmed_booking_can_still_change() -> None:
    assert {status for status in S if not status.is_final} == {S.REQUESTED, S.CONFIRMED}


def test_what_is_paid_for_and_what_was() -> None:
    settled = {PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED}

    assert {state for state in PaymentState if state.is_settled} == settled
    assert {state for state in PaymentState if state.was_paid} == settled | {PaymentState.REFUNDED}


def test_what_holds_its_slot() -> None:
    assert {S.REQUESTED, S.CONFIRMED, S.COMPLETED} == HOLDING
    assert S.REQUESTED.holds_its_slot
    assert not S.EXPIRED.holds_its_slot


# --- Agreeing ------------------------------------------------------------------------------------


def test_a_confirmed_booking_is_paid_within_a_day_and_before_it_starts() -> None:
    at = after(hours=1)
    later = requested().confirm(rules=RULES, at=at)
    sooner = requested(starts_at=after(hours=5)).confirm(rules=RULES, at=at)

    assert later.payment_due_at == at + timedelta(hours=24)
    assert sooner.payment_due_at == after(hours=5)
    assert later.answer_due_at is None


def test_a_request_that_has_lapsed_cannot_be_confirmed() -> None:
    booking = requested()
    assert booking.answer_due_at is not None

    booking.confirm(rules=RULES, at=booking.answer_due_at - timedelta(microseconds=1))
    with pytest.raises(NotAwaitingConfirmation, match="lapsed"):
        booking.confirm(rules=RULES, at=booking.answer_due_at)


def test_a_declined_request_has_its_outcome() -> None:
    assert requested().decline(at=NOW).outcome is Outcome.DECLINED


# --- Paying --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED]
)
def test_what_is_paid_is_not_paid_again(state: PaymentState) -> None:
    with pytest.raises(BookingAlreadyPaid):
        a_booking(payment_status=state).must_be_payable()


@pytest.mark.parametrize("status", [status for status in S if status is not S.CONFIRMED])
def test_only_a_confirmed_booking_is_paid(status: BookingStatus) -> None:
    with pytest.raises(BookingNotConfirmed):
        a_booking(status=status).must_be_payable()


@pytest.mark.parametrize("state", [PaymentState.UNPAID, PaymentState.PENDING, PaymentState.FAILED])
def test_a_confirmed_booking_without_its_money_is_payable(state: PaymentState) -> None:
    a_booking(payment_status=state).must_be_payable()


@pytest.mark.parametrize("state", PaymentState)
@pytest.mark.parametrize("status", S)
def test_a_confirmed_booking_awaits_its_money_until_that_came(
    status: BookingStatus, state: PaymentState
) -> None:
    came = {PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED}
    booking = a_booking(status=status, payment_status=state)

    assert booking.awaits_payment == (status is S.CONFIRMED and state not in came)


def test_a_booking_shows_how_its_payment_stands() -> None:
    booking = a_booking()

    shown = booking.paid_as(PaymentState.PENDING, at=after(hours=1), is_processing=True)

    assert shown.payment_status is PaymentState.PENDING
    assert shown.payment_is_processing
    assert shown.updated_at == after(hours=1)
    again = shown.paid_as(PaymentState.PENDING, at=after(hours=2), is_processing=True)
    assert again is shown
    assert not shown.paid_as(PaymentState.PENDING, at=after(hours=2)).payment_is_processing


# --- Completing ----------------------------------------------------------------------------------


def test_a_lesson_is_completed_from_its_end_on() -> None:
    paid = a_booking(payment_status=PaymentState.PAID)

    with pytest.raises(BookingNotEnded):
        paid.complete(at=ENDS_AT - timedelta(microseconds=1))
    assert paid.complete(at=ENDS_AT).outcome is Outcome.COMPLETED


@pytest.mark.parametrize(
    "state",
    [PaymentState.UNPAID, PaymentState.PENDING, PaymentState.FAILED, PaymentState.REFUNDED],
)
def test_a_lesson_that_is_not_paid_is_not_completed(state: PaymentState) -> None:
    with pytest.raises(BookingNotPaid):
        a_booking(payment_status=state).complete(at=ENDS_AT)


def test_a_lesson_that_is_refunded_in_part_is_completed() -> None:
    booking = a_booking(payment_status=PaymentState.PARTIALLY_REFUNDED)

    assert booking.complete(at=ENDS_AT).status is S.COMPLETED


# --- Cancelling ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "outcome"),
    [
        (Party.STUDENT, Outcome.CANCELLED_BY_STUDENT),
        (Party.TEACHER, Outcome.CANCELLED_BY_TEACHER),
        (Party.PLATFORM, Outcome.CANCELLED_BY_PLATFORM),
    ],
)
def test_who_cancels_decides_the_outcome(by: Party, outcome: Outcome) -> None:
    cancelled = a_booking().cancel(by=by, reason="ill", at=NOW)

    assert cancelled.outcome is outcome
    assert outcome_of_cancelling(by) is outcome
    assert cancelled.cancel_reason == "ill"


def test_a_student_cannot_cancel_a_lesson_that_is_over() -> None:
    booking = a_booking()

    booking.cancel(by=Party.STUDENT, reason="late", at=ENDS_AT - MINUTE)
    with pytest.raises(BookingNotCancellable):
        booking.cancel(by=Party.STUDENT, reason="too late", at=ENDS_AT)


@pytest.mark.parametrize("by", [Party.TEACHER, Party.PLATFORM])
def test_teacher_and_platform_can_until_it_is_final(by: Party) -> None:
    assert a_booking().cancel(by=by, reason="", at=ENDS_AT + MINUTE).status is S.CANCELLED


# --- Not coming ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("passed", "allowed"),
    [
        (timedelta(minutes=10) - timedelta(microseconds=1), False),
        (timedelta(minutes=10), True),
        (timedelta(days=7), True),
        (timedelta(days=7, microseconds=1), False),
    ],
)
def test_a_no_show_is_reported_from_ten_minutes_to_seven_days_after_the_start(
    passed: timedelta, allowed: bool
) -> None:
    booking = a_booking(payment_status=PaymentState.PAID)
    at = LESSON_AT + passed

    if allowed:
        reported = booking.report_no_show(Party.STUDENT, by=Party.TEACHER, at=at)
        assert reported.outcome is Outcome.STUDENT_NO_SHOW
    else:
        with pytest.raises(NoShowOutOfTime):
            booking.report_no_show(Party.STUDENT, by=Party.TEACHER, at=at)


def test_the_money_of_a_no_show_waits_three_days_for_a_contest() -> None:
    reported = a_booking().report_no_show(Party.TEACHER, by=Party.STUDENT, at=ENDS_AT)

    assert reported.outcome is Outcome.TEACHER_NO_SHOW
    assert reported.settles_at == ENDS_AT + timedelta(hours=72)
    assert reported.next_due_at == reported.settles_at
    assert reported.settled().next_due_at is None


def test_what_staff_report_settles_at_once() -> None:
    reported = a_booking(payment_status=PaymentState.PAID).report_no_show(
        Party.STUDENT, by=Party.PLATFORM, at=ENDS_AT
    )

    assert reported.settles_at == ENDS_AT


# --- Deadlines -----------------------------------------------------------------------------------


def test_a_request_that_nobody_answers_lapses() -> None:
    booking = requested()
    due = booking.next_due_at
    assert due == after(hours=48)

    assert booking.on_deadline(at=due - timedelta(microseconds=1)) is booking
    lapsed = booking.on_deadline(at=due)
    assert (lapsed.status, lapsed.outcome) == (S.EXPIRED, Outcome.EXPIRED)
    assert lapsed.events[-1] == BookingExpired(booking="bk_1", at=due)


@pytest.mark.parametrize("state", [PaymentState.UNPAID, PaymentState.PENDING, PaymentState.FAILED])
def test_a_booking_that_nobody_pays_expires(state: PaymentState) -> None:
    booking = a_booking(payment_status=state)

    assert booking.next_due_at == after(hours=24)
    assert booking.on_deadline(at=after(hours=24)).status is S.EXPIRED


def test_the_payment_window_is_suspended_while_a_payment_is_processing() -> None:
    booking = a_booking(payment_status=PaymentState.PENDING, payment_is_processing=True)

    assert booking.next_due_at is None
    assert booking.on_deadline(at=after(days=365)) is booking


def test_a_paid_lesson_completes_itself_a_day_after_its_end() -> None:
    booking = a_booking(payment_status=PaymentState.PAID)

    assert booking.next_due_at == ENDS_AT + timedelta(hours=24)
    assert booking.on_deadline(at=ENDS_AT + timedelta(hours=24)).status is S.COMPLETED


def test_a_lesson_that_is_refunded_in_full_is_called_off_instead() -> None:
    booking = a_booking(payment_status=PaymentState.REFUNDED)

    ended = booking.on_deadline(at=ENDS_AT + timedelta(hours=24))

    assert (ended.status, ended.outcome) == (S.CANCELLED, Outcome.CANCELLED_BY_PLATFORM)


def test_a_free_request_lapses_as_well() -> None:
    booking = requested(a_gig(hourly_rate=dollars(0)))

    assert booking.on_deadline(at=after(hours=48)).status is S.EXPIRED


@pytest.mark.parametrize("status", [status for status in S if status.is_final])
def test_what_has_ended_has_no_deadline(status: BookingStatus) -> None:
    booking = a_booking(status=status)

    assert booking.next_due_at is None
    assert booking.on_deadline(at=after(days=365)) is booking


def test_the_deadline_of_a_no_show_is_for_whoever_moves_its_money() -> None:
    reported = a_booking(payment_status=PaymentState.PAID).report_no_show(
        Party.STUDENT, by=Party.TEACHER, at=ENDS_AT
    )

    assert reported.on_deadline(at=ENDS_AT + timedelta(days=30)) is reported


# --- Late payments -------------------------------------------------------------------------------


def test_an_expired_booking_is_seated_again_before_its_start_only() -> None:
    expired = a_booking(status=S.EXPIRED, outcome=Outcome.EXPIRED)

    assert expired.can_be_reseated(LESSON_AT - timedelta(microseconds=1))
    assert not expired.can_be_reseated(LESSON_AT)
    seated = expired.reseat(at=NOW)
    assert (seated.status, seated.outcome) == (S.CONFIRMED, None)
    assert seated.events == (BookingReseated(booking="bk_1", at=NOW),)


@pytest.mark.parametrize("status", [status for status in S if status is not S.EXPIRED])
def test_nothing_else_is_seated_again(status: BookingStatus) -> None:
    assert not a_booking(status=status).can_be_reseated(NOW)


def test_seating_what_has_started_is_a_bug() -> None:
    with pytest.raises(BrokenInvariant):
        a_booking(status=S.EXPIRED).reseat(at=LESSON_AT)


# --- Its people ----------------------------------------------------------------------------------


def test_each_side_is_known_and_a_stranger_is_nobody() -> None:
    booking = a_booking(teachers=("usr_tom", "usr_tina"))

    assert booking.party_of(STUDENT) is Party.STUDENT
    assert booking.party_of(UserId("usr_tina")) is Party.TEACHER
    assert booking.party_of(UserId("usr_eve")) is None
    assert booking.party_of(None) is None
    assert booking.people == ("usr_student", "usr_tina", "usr_tom")


# --- Slots ---------------------------------------------------------------------------------------


def others(**fields: object) -> Booking:
    return a_booking("bk_2", **{"student_id": "usr_other", **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("status", sorted(HOLDING))
def test_what_holds_the_slot_of_a_teacher_refuses_another(status: BookingStatus) -> None:
    with pytest.raises(SlotTaken):
        must_be_free(a_booking(), 1, [others(status=status)])


@pytest.mark.parametrize("status", sorted(set(S) - HOLDING))
def test_what_has_ended_otherwise_does_not(status: BookingStatus) -> None:
    must_be_free(a_booking(), 1, [others(status=status)])


@pytest.mark.parametrize(
    ("shift", "is_free"),
    [
        (timedelta(hours=1), True),
        (timedelta(hours=-1), True),
        (timedelta(minutes=59), False),
        (timedelta(minutes=-59), False),
        (timedelta(minutes=15), False),
        (timedelta(0), False),
    ],
)
def test_touching_lessons_are_free_and_overlapping_ones_are_not(
    shift: timedelta, is_free: bool
) -> None:
    other = others(starts_at=LESSON_AT + shift)

    if is_free:
        must_be_free(a_booking(), 1, [other])
    else:
        with pytest.raises(SlotTaken):
            must_be_free(a_booking(), 1, [other])


def test_a_booking_is_no_obstacle_to_itself() -> None:
    must_be_free(a_booking(), 1, [a_booking()])


def test_a_group_has_as_many_seats_as_its_capacity() -> None:
    seats = [
        a_booking(f"bk_{number}", student_id=f"usr_{number}", teachers=(TEACHER,))
        for number in range(2, 5)
    ]

    must_be_free(a_booking(), 3, seats[:2])
    with pytest.raises(SlotTaken, match="All seats"):
        must_be_free(a_booking(), 3, seats)


def test_a_group_of_two_has_two_seats() -> None:
    one, two = others(), a_booking("bk_3", student_id="usr_third")

    must_be_free(a_booking(), 2, [one])
    with pytest.raises(SlotTaken, match="All seats"):
        must_be_free(a_booking(), 2, [one, two])


def test_a_student_has_one_seat_only() -> None:
    with pytest.raises(SlotTaken):
        must_be_free(a_booking(), 3, [others(student_id=STUDENT)])


def test_a_group_at_another_time_or_of_another_gig_is_in_the_way() -> None:
    for other in (
        others(starts_at=LESSON_AT + MINUTE),
        others(minutes=30),
        others(gig_id="gig_2"),
    ):
        with pytest.raises(SlotTaken):
            must_be_free(a_booking(), 3, [other])
