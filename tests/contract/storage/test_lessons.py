"""Bookings: whose time is taken, and what is due."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from application.ports.storage import Storage, Unit
from domain.bookings import BookingStatus, PaymentState
from domain.ids import UserId
from domain.time import Period, period_of
from tests.builders import (
    LESSON_AT,
    NOW,
    STUDENT,
    TEACHER,
    a_booking,
    after,
)
from tests.contract.storage.keeping import ids_of, keep, keep_one
from tests.contract.storage.school import OTHER_STUDENT, OTHER_TEACHER

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
HELD = {BookingStatus.REQUESTED, BookingStatus.CONFIRMED, BookingStatus.COMPLETED}


def overlapping(storage: Storage, *people: UserId, period: Period) -> list[str]:
    def decide(unit: Unit) -> list[str]:
        unit.users.lock_calendars(people)
        return sorted(ids_of(unit.bookings.overlapping(people, period)))

    return storage.work(decide)


def due(storage: Storage, at: datetime, limit: int = 100) -> list[str]:
    return list(storage.work(lambda unit: unit.bookings.due(at, limit)))


# --- Overlapping ---


@pytest.mark.parametrize(
    ("period", "overlaps"),
    [
        (Period(LESSON_AT, LESSON_AT + HOUR), True),
        (Period(LESSON_AT + 10 * MINUTE, LESSON_AT + 20 * MINUTE), True),
        (Period(LESSON_AT - HOUR, LESSON_AT + 2 * HOUR), True),
        (Period(LESSON_AT - HOUR, LESSON_AT + MINUTE), True),
        (Period(LESSON_AT + 59 * MINUTE, LESSON_AT + 2 * HOUR), True),
        (Period(LESSON_AT - HOUR, LESSON_AT), False),
        (Period(LESSON_AT + HOUR, LESSON_AT + 2 * HOUR), False),
        (Period(LESSON_AT - HOUR, LESSON_AT - MINUTE), False),
    ],
    ids=["same", "within", "around", "into", "out_of", "ends_where_it_begins", "after", "before"],
)
def test_periods_overlap_when_they_share_an_instant(
    school: Storage, period: Period, overlaps: bool
) -> None:
    keep(school, a_booking("bk_1"))
    assert overlapping(school, STUDENT, period=period) == (["bk_1"] if overlaps else [])


def test_a_microsecond_is_enough_to_overlap(school: Storage) -> None:
    keep(school, a_booking("bk_1"))
    a_moment = timedelta(microseconds=1)
    before = Period(LESSON_AT - HOUR, LESSON_AT + a_moment)
    behind = Period(LESSON_AT + HOUR - a_moment, LESSON_AT + 2 * HOUR)
    assert overlapping(school, STUDENT, period=before) == ["bk_1"]
    assert overlapping(school, STUDENT, period=behind) == ["bk_1"]


@pytest.mark.parametrize("status", BookingStatus)
def test_only_some_statuses_hold_their_slot(school: Storage, status: BookingStatus) -> None:
    keep(school, a_booking("bk_1", status))
    found = overlapping(school, STUDENT, period=period_of(LESSON_AT, 60))
    assert found == (["bk_1"] if status in HELD else [])


@pytest.mark.parametrize(
    ("person", "is_busy"),
    [(STUDENT, True), (TEACHER, True), (OTHER_TEACHER, True), (OTHER_STUDENT, False)],
)
def test_a_slot_is_held_for_its_student_and_every_teacher(
    school: Storage, person: UserId, is_busy: bool
) -> None:
    keep(school, a_booking("bk_1", teachers=(TEACHER, OTHER_TEACHER)))
    found = overlapping(school, person, period=period_of(LESSON_AT, 60))
    assert found == (["bk_1"] if is_busy else [])


def test_somebody_may_teach_one_lesson_and_take_another(school: Storage) -> None:
    keep(
        school,
        a_booking("bk_taught", teachers=(TEACHER,)),
        a_booking("bk_taken", student_id=TEACHER, teachers=(OTHER_TEACHER,)),
    )
    found = overlapping(school, TEACHER, period=period_of(LESSON_AT, 60))
    assert found == ["bk_taken", "bk_taught"]


def test_a_booking_of_several_people_is_returned_once(school: Storage) -> None:
    saved = keep_one(school, a_booking("bk_1", teachers=(TEACHER, OTHER_TEACHER)))
    people = (STUDENT, TEACHER, OTHER_TEACHER)
    found = school.work(lambda unit: unit.bookings.overlapping(people, period_of(LESSON_AT, 60)))
    assert found == (saved,)


def test_a_unit_sees_the_slots_that_it_takes_and_frees_itself(school: Storage) -> None:
    saved = keep_one(school, a_booking("bk_1"))

    def decide(unit: Unit) -> list[str]:
        unit.bookings.save(evolve(saved, status=BookingStatus.CANCELLED))
        unit.bookings.save(a_booking("bk_2"))
        return ids_of(unit.bookings.overlapping((STUDENT,), period_of(LESSON_AT, 60)))

    assert school.work(decide) == ["bk_2"]


def test_a_lesson_that_was_moved_holds_its_new_slot_only(school: Storage) -> None:
    saved = keep_one(school, a_booking("bk_1"))
    later = period_of(LESSON_AT + 5 * HOUR, 60)
    keep(school, evolve(saved, period=later))
    assert overlapping(school, TEACHER, period=period_of(LESSON_AT, 60)) == []
    assert overlapping(school, TEACHER, period=later) == ["bk_1"]


def test_of_nobody_nothing_overlaps(school: Storage) -> None:
    keep(school, a_booking("bk_1"))
    assert overlapping(school, period=period_of(LESSON_AT, 60)) == []


# --- Due ---


def a_request(id: str, answer_due_at: datetime) -> object:
    return a_booking(id, BookingStatus.REQUESTED, answer_due_at=answer_due_at)


def test_a_booking_is_due_from_its_deadline_on(school: Storage) -> None:
    keep(school, a_request("bk_1", after(hours=1)))
    assert due(school, after(hours=1) - timedelta(microseconds=1)) == []
    assert due(school, after(hours=1)) == ["bk_1"]
    assert due(school, after(days=9)) == ["bk_1"]


def test_the_longest_due_comes_first(school: Storage) -> None:
    keep(
        school,
        a_request("bk_a", after(hours=3)),
        a_request("bk_b", after(hours=1)),
        a_request("bk_c", after(hours=2)),
    )
    assert due(school, after(hours=3)) == ["bk_b", "bk_c", "bk_a"]


def test_no_more_are_due_than_asked_for(school: Storage) -> None:
    keep(school, *(a_request(f"bk_{n}", after(hours=n)) for n in range(5)))
    assert due(school, after(hours=9), limit=2) == ["bk_0", "bk_1"]


def test_what_has_no_deadline_is_never_due(school: Storage) -> None:
    keep(
        school,
        a_booking("bk_declined", BookingStatus.DECLINED),
        a_booking("bk_paying", payment_is_processing=True),
    )
    assert due(school, after(days=999)) == []


def test_each_status_is_due_at_its_own_deadline(school: Storage) -> None:
    keep(
        school,
        a_request("bk_requested", after(hours=1)),
        a_booking("bk_unpaid", payment_due_at=after(hours=2)),
        a_booking("bk_reported", BookingStatus.NO_SHOW, settles_at=after(hours=3)),
        a_booking("bk_paid", payment_status=PaymentState.PAID, completes_at=after(hours=4)),
    )
    expected = ["bk_requested", "bk_unpaid", "bk_reported", "bk_paid"]
    assert due(school, after(hours=4)) == expected


def test_what_was_dealt_with_is_due_no_more(school: Storage) -> None:
    saved = keep_one(school, a_booking("bk_1", payment_due_at=NOW))
    keep(school, evolve(saved, status=BookingStatus.EXPIRED))
    assert due(school, after(days=9)) == []


def test_a_unit_sees_what_it_has_made_due_itself(school: Storage) -> None:
    keep(school, a_request("bk_2", after(hours=2)))

    def decide(unit: Unit) -> list[str]:
        unit.bookings.save(a_booking("bk_1", payment_due_at=after(hours=1)))
        unit.bookings.save(a_booking("bk_3", payment_due_at=after(hours=3)))
        return list(unit.bookings.due(after(hours=3), 10))

    assert school.work(decide) == ["bk_1", "bk_2", "bk_3"]


def test_a_unit_sees_what_it_has_changed_due_once(school: Storage) -> None:
    saved = keep_one(school, a_booking("bk_1", payment_due_at=after(hours=1)))

    def decide(unit: Unit) -> list[tuple[str, ...]]:
        again = unit.bookings.save(evolve(saved, cancel_reason="changed"))
        before = unit.bookings.due(after(hours=2), 10)
        unit.bookings.save(evolve(again, payment_due_at=after(hours=3)))
        return [before, unit.bookings.due(after(hours=2), 10)]

    assert school.work(decide) == [("bk_1",), ()]
    assert due(school, after(hours=3)) == ["bk_1"]
