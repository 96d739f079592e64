"""Instants and periods."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given

from domain.errors import BrokenInvariant
from domain.events import EVENTS, BookingCancelled, BookingDeclined, Event
from domain.time import EPOCH, Period, period_of
from tests.builders import LESSON_AT, NOW, after
from tests.strategies import periods


def test_an_hour_is_sixty_minutes() -> None:
    assert period_of(LESSON_AT, 60).minutes == 60


def test_the_seconds_of_a_minute_that_is_not_full_do_not_count() -> None:
    assert Period(LESSON_AT, LESSON_AT + timedelta(seconds=119)).minutes == 1


@pytest.mark.parametrize("end", [LESSON_AT, LESSON_AT - timedelta(minutes=1)])
def test_a_period_ends_after_it_began(end: datetime) -> None:
    with pytest.raises(BrokenInvariant):
        Period(LESSON_AT, end)


@pytest.mark.parametrize(
    "naive_or_elsewhere",
    [
        datetime(2026, 3, 2),  # noqa: DTZ001 - that is the point
        datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=1))),
    ],
    ids=["naive", "another zone"],
)
def test_instants_are_in_utc(naive_or_elsewhere: Any) -> None:
    with pytest.raises(BrokenInvariant):
        BookingDeclined(booking="bk_1", at=naive_or_elsewhere)


def test_a_zone_that_is_utc_by_another_name_is_fine() -> None:
    zone = timezone(timedelta(0), "Z")

    assert BookingDeclined(booking="bk_1", at=NOW.replace(tzinfo=zone)).at == NOW
    assert NOW.tzinfo is UTC


@given(periods(), periods())
def test_overlapping_is_mutual(one: Period, other: Period) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    assert one.overlaps(one)


@given(periods())
def test_touching_periods_do_not_overlap(one: Period) -> None:
    assert not one.overlaps(one.moved_to(one.end))
    assert one.moved_to(one.end).minutes == one.minutes


def test_the_epoch_is_where_clocks_begin_to_count() -> None:
    assert (EPOCH.timestamp(), EPOCH.tzinfo) == (0, UTC)


def test_every_event_is_found_by_its_name() -> None:
    assert EVENTS["BookingCancelled"] is BookingCancelled
    assert all(issubclass(kind, Event) for kind in EVENTS.values())
    event = EVENTS["BookingCancelled"](booking="bk_1", by="student", reason="", at=after(hours=1))
    assert event.at == after(hours=1)
