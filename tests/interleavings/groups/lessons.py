"""What meets at lessons: calendars, requests, moves, and ends."""

from collections.abc import Sequence
from datetime import timedelta

from domain.bookings import BookingStatus
from domain.gigs import Confirmation
from tests.interleavings.actions.giving_back import admin_refunds_sixty, student_refunds_all
from tests.interleavings.actions.lessons import (
    MOVED_BY,
    admin_cancels,
    admin_completes,
    rival_books,
    rival_books_half_an_hour_later,
    rival_books_the_new_time,
    seated_one_cancels,
    student_books,
    student_books_another_teacher_at_the_new_time,
    student_books_another_teacher_then,
    student_cancels,
    student_proposes_a_move,
    student_says_nobody_came,
    student_takes_the_move_back,
    teacher_accepts_the_move,
    teacher_agrees,
    teacher_cancels,
    teacher_completes,
    teacher_declines,
    teacher_declines_the_move,
    teacher_says_nobody_came,
    worker_advances_bookings,
)
from tests.interleavings.actions.paying import student_books_and_pays
from tests.interleavings.crossing import CrossingStage, Errand
from tests.interleavings.ground import (
    Ground,
    add_card,
    open_ground,
    paid,
    with_booking,
    with_names,
)
from tests.interleavings.meeting import Group, shared_by


def _with_another_gig(ground: Ground) -> Ground:
    other = ground.stage.gig(ground.stage.teacher("theo"), hourly_rate="100.00")
    return with_names(ground, other_gig=other)


# --- A slot --------------------------------------------------------------------------------------


def _free_slot(stage: CrossingStage) -> Ground:
    ground = _with_another_gig(open_ground(stage))
    add_card(ground)
    return ground


def _no_more_than(seats: int, ground: Ground) -> None:
    held = [
        each
        for each in ground.everything("bookings")
        if each.status.holds_its_slot and each.gig_id == ground.gig
    ]
    assert len(held) <= seats, f"{len(held)} lessons where {seats} may be"


def _is_taken_once(ground: Ground, _: Sequence[Errand]) -> None:
    _no_more_than(1, ground)


FREE_SLOT = Group(
    name="a free slot",
    open=_free_slot,
    actions=(
        student_books,
        rival_books,
        rival_books_half_an_hour_later,
        student_books_another_teacher_then,
        student_books_and_pays,
    ),
    holds=_is_taken_once,
    excuses=(shared_by(student_books_and_pays),),
)


def _last_seat(stage: CrossingStage) -> Ground:
    ground = open_ground(stage, capacity=2)
    seated = stage.book(stage.student("zoe"), ground.gig, starts_at=ground.starts_at)
    add_card(ground)
    return with_names(ground, seated=seated)


LAST_SEAT = Group(
    name="the last seat of a group",
    open=_last_seat,
    actions=(student_books, rival_books, student_books_and_pays, seated_one_cancels),
    holds=lambda ground, _: _no_more_than(2, ground),
    excuses=(shared_by(student_books_and_pays),),
)


# --- A request, and a move -----------------------------------------------------------------------


def _request(stage: CrossingStage) -> Ground:
    ground = with_booking(open_ground(stage, confirmation=Confirmation.TEACHER))
    stage.clock.advance(timedelta(hours=47, minutes=59))
    return ground


def _lapsing_request(stage: CrossingStage) -> Ground:
    ground = with_booking(open_ground(stage, confirmation=Confirmation.TEACHER))
    # The lesson begins a little later than the request lapses, so that its slot can be booked.
    stage.clock.advance(timedelta(hours=48))
    return ground


REQUEST_ACTIONS = (
    teacher_agrees,
    teacher_declines,
    student_cancels,
    worker_advances_bookings,
    rival_books,
)
REQUEST = Group(name="a request", open=_request, actions=REQUEST_ACTIONS)
LAPSING_REQUEST = Group(
    name="a request that lapses", open=_lapsing_request, actions=REQUEST_ACTIONS
)


def _proposed_move(stage: CrossingStage) -> Ground:
    ground = _with_another_gig(with_booking(open_ground(stage)))
    stage.pay(ground.student, ground.booking)
    student_proposes_a_move(ground)
    return ground


PROPOSED_MOVE = Group(
    name="a proposed move",
    open=_proposed_move,
    actions=(
        teacher_accepts_the_move,
        teacher_declines_the_move,
        student_takes_the_move_back,
        student_cancels,
        rival_books_the_new_time,
        student_books_another_teacher_at_the_new_time,
        rival_books,
    ),
)


# --- The end of a lesson -------------------------------------------------------------------------


def _lesson_that_ended(stage: CrossingStage) -> Ground:
    ground = paid(open_ground(stage))
    stage.clock.move_to(stage.booking(ground.booking).completes_at)
    return ground


def _ended_once(ground: Ground, _: Sequence[Errand]) -> None:
    assert ground.stage.booking(ground.booking).status is not BookingStatus.CONFIRMED


LESSON_THAT_ENDED = Group(
    name="a lesson that ended",
    open=_lesson_that_ended,
    actions=(
        teacher_completes,
        admin_completes,
        teacher_cancels,
        admin_cancels,
        teacher_says_nobody_came,
        student_says_nobody_came,
        admin_refunds_sixty,
        student_refunds_all,
        worker_advances_bookings,
    ),
    holds=_ended_once,
)

GROUPS = (FREE_SLOT, LAST_SEAT, REQUEST, LAPSING_REQUEST, PROPOSED_MOVE, LESSON_THAT_ENDED)

__all__ = ["GROUPS", "MOVED_BY"]
