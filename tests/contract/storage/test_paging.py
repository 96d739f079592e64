"""Paging, newest first, by keyset: without gaps or repeats, whatever happens meanwhile."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import frozen

from application.ports.storage import (
    AuditFilter,
    BookingFilter,
    Created,
    DeliveryFilter,
    EarningFilter,
    GigFilter,
    PageRequest,
    PaymentFilter,
    PayoutFilter,
    Position,
    RefundFilter,
    Storage,
    UserFilter,
)
from domain.bookings import BookingStatus
from tests.builders import (
    NOW,
    TEACHER,
    a_booking,
    a_delivery,
    a_gig,
    a_line,
    a_paid_payment,
    a_payment,
    a_payout,
    a_refund,
    a_student,
    after,
    an_audit_entry,
)
from tests.contract.storage.keeping import keep, page_of, pages

SINCE_NOW = Created(since=NOW)
ABOUT_NOTHING: dict[str, Any] = {"booking_id": None, "payment_id": None}


@frozen
class Series:
    """A view, a filter that all of a series pass, and how to make one of it."""

    view: str
    where: Any
    make: Callable[[str, datetime], Any]
    needs: tuple[Any, ...] = ()


SERIES = (
    Series(
        "users",
        UserFilter(created=SINCE_NOW),
        lambda number, at: a_student(f"usr_{number}", created_at=at),
    ),
    Series(
        "gigs",
        GigFilter(created=SINCE_NOW, teacher_id=TEACHER),
        lambda number, at: a_gig(f"gig_{number}", created_at=at),
    ),
    Series(
        "bookings",
        BookingFilter(teacher_id=TEACHER),
        lambda number, at: a_booking(f"bk_{number}", BookingStatus.CANCELLED, created_at=at),
    ),
    Series(
        "payments",
        PaymentFilter(teacher_id=TEACHER),
        lambda number, at: a_payment(f"pay_{number}", booking_id=None, created_at=at),
    ),
    Series(
        "refunds",
        RefundFilter(teacher_id=TEACHER),
        lambda number, at: a_refund(
            f"re_{number}", payment_id="pay_all", booking_id=None, created_at=at
        ),
        needs=(a_paid_payment("pay_all", booking_id=None),),
    ),
    Series("payouts", PayoutFilter(), lambda number, at: a_payout(f"po_{number}", created_at=at)),
    Series(
        "earnings",
        EarningFilter(teacher_id=TEACHER),
        lambda number, at: a_line(f"ern_{number}", at=at, **ABOUT_NOTHING),
    ),
    Series(
        "audit", AuditFilter(), lambda number, at: an_audit_entry(f"aud_{number}", created_at=at)
    ),
    Series(
        "deliveries",
        DeliveryFilter(state="received"),
        lambda number, at: a_delivery(f"evt_{number}", received_at=at),
    ),
)


@pytest.fixture(params=SERIES, ids=lambda series: series.view)
def series(request: pytest.FixtureRequest, school: Storage) -> Series:
    """Choose a view; what its values point at is there."""
    chosen: Series = request.param
    keep(school, *chosen.needs)
    return chosen


def made(series: Series, numbers: range, at: Callable[[int], datetime]) -> list[Any]:
    return [series.make(f"{number:03}", at(number)) for number in numbers]


def newest_first(values: list[Any]) -> list[str]:
    def place(value: Any) -> tuple[datetime, str]:
        names = ("created_at", "at", "received_at")
        return next(getattr(value, name) for name in names if hasattr(value, name)), value.id

    return [value.id for value in sorted(values, key=place, reverse=True)]


def every_hour(number: int) -> datetime:
    return after(hours=number)


def in_threes(number: int) -> datetime:
    return after(hours=number // 3)


@pytest.mark.parametrize("limit", [1, 2, 3, 9, 10, 11])
def test_pages_hold_everything_once_newest_first(
    school: Storage, series: Series, limit: int
) -> None:
    values = made(series, range(10), every_hour)
    keep(school, *values)
    read = list(pages(school, series.view, series.where, limit))
    assert [each for page in read for each in page] == newest_first(values)
    assert all(len(page) == limit for page in read[:-1])


def test_pages_hold_everything_once_when_many_share_an_instant(
    school: Storage, series: Series
) -> None:
    values = made(series, range(11), in_threes)
    keep(school, *values[::2], *values[1::2])
    read = list(pages(school, series.view, series.where, 2))
    assert [each for page in read for each in page] == newest_first(values)


def test_pages_hold_everything_once_when_all_share_one_instant(
    school: Storage, series: Series
) -> None:
    values = made(series, range(7), lambda _: NOW)
    keep(school, *values)
    read = list(pages(school, series.view, series.where, 3))
    assert [each for page in read for each in page] == newest_first(values)


def test_a_microsecond_makes_a_difference(school: Storage, series: Series) -> None:
    values = made(series, range(5), lambda number: NOW + timedelta(microseconds=9 - number))
    keep(school, *values)
    read = list(pages(school, series.view, series.where, 2))
    assert [each for page in read for each in page] == newest_first(values)


def test_what_is_inserted_meanwhile_makes_no_gap_and_no_repeat(
    school: Storage, series: Series
) -> None:
    values = made(series, range(9), in_threes)
    keep(school, *values)
    read: list[str] = []
    younger = made(series, range(100, 200), lambda _: after(days=1))
    for page in pages(school, series.view, series.where, 2):
        read += page
        keep(school, younger.pop(), younger.pop())
    assert read == newest_first(values)


def test_an_older_one_that_is_inserted_meanwhile_comes_in_its_place(
    school: Storage, series: Series
) -> None:
    values = made(series, range(1, 5), every_hour)
    keep(school, *values)
    walk = pages(school, series.view, series.where, 2)
    read = next(walk)
    late = made(series, range(1), every_hour)
    keep(school, *late)
    read += [each for page in walk for each in page]
    assert read == newest_first([*values, *late])


def test_a_last_page_says_that_it_is_the_last(school: Storage, series: Series) -> None:
    keep(school, *made(series, range(3), every_hour))
    whole = page_of(school, series.view, series.where, PageRequest(limit=3))
    assert len(whole.items) == 3
    assert whole.next is None


def test_a_page_tells_the_place_of_its_last_value(school: Storage, series: Series) -> None:
    values = made(series, range(3), every_hour)
    keep(school, *values)
    page = page_of(school, series.view, series.where, PageRequest(limit=2))
    assert page.next == Position(after(hours=1), values[1].id)


def test_nothing_is_a_page_without_values(school: Storage, series: Series) -> None:
    page = page_of(school, series.view, series.where, PageRequest(limit=2))
    assert (page.items, page.next) == ((), None)


def test_a_place_need_not_be_a_values(school: Storage, series: Series) -> None:
    keep(school, *made(series, range(4), every_hour))
    request = PageRequest(after=Position(after(hours=1.5), "zzz"))
    page = page_of(school, series.view, series.where, request)
    assert [value.id[-3:] for value in page.items] == ["001", "000"]
