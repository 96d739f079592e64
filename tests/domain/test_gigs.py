"""What a gig may be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidField
from domain.gigs import GigNotBookable, Teaching
from domain.ids import UserId
from domain.money import Money, currency
from tests.builders import TEACHER, a_gig, after, dollars, teachings


@pytest.mark.parametrize(
    ("rate", "code", "minutes", "price"),
    [
        (7_500, "usd", 60, 7_500),
        (7_500, "usd", 80, 10_000),
        (3_333, "usd", 30, 1_667),
        (1_000, "jpy", 20, 333),
        (1_000, "jpy", 45, 750),
        (1_234, "kwd", 15, 309),
        (0, "usd", 60, 0),
    ],
)
def test_the_price_is_rounded_half_up(rate: int, code: str, minutes: int, price: int) -> None:
    gig = a_gig(hourly_rate=Money(rate, currency(code)))

    assert gig.price_for(minutes) == Money(price, currency(code))


@given(st.integers(0, 10**9), st.integers(1, 480))
def test_a_longer_lesson_never_costs_less(rate: int, minutes: int) -> None:
    gig = a_gig(hourly_rate=dollars(rate))

    assert gig.price_for(minutes) <= gig.price_for(minutes + 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"teachers": ()},
        {"teachers": teachings(*(f"usr_{n}" for n in range(11)))},
        {"teachers": teachings(TEACHER, TEACHER)},
        {"teachers": (Teaching(TEACHER, 0),)},
        {"teachers": (Teaching(TEACHER, 1_001),)},
        {"hourly_rate": dollars(-1)},
        {"capacity": 0},
        {"capacity": 11},
    ],
)
def test_what_a_gig_cannot_be(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidField):
        a_gig(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"teachers": teachings(*(f"usr_{n}" for n in range(10)))},
        {"teachers": (Teaching(TEACHER, 1),)},
        {"teachers": (Teaching(TEACHER, 1_000),)},
        {"hourly_rate": dollars(0)},
        {"capacity": 1},
        {"capacity": 10},
    ],
)
def test_the_limits_themselves_are_allowed(fields: dict[str, Any]) -> None:
    gig = a_gig(**fields)

    assert {name: getattr(gig, name) for name in fields} == fields


def test_its_teachers_are_known() -> None:
    assert a_gig().is_taught_by(TEACHER)
    assert not a_gig().is_taught_by(UserId("usr_eve"))
    assert not a_gig().is_taught_by(None)


def test_a_change_of_terms_is_dated() -> None:
    changed = a_gig().changed(at=after(hours=1), title="Cello")

    assert (changed.title, changed.updated_at) == ("Cello", after(hours=1))


def test_a_change_is_held_to_the_same_limits() -> None:
    with pytest.raises(InvalidField):
        a_gig().changed(at=after(hours=1), capacity=0)


def test_a_withdrawn_gig_is_not_bookable() -> None:
    with pytest.raises(GigNotBookable):
        a_gig(is_active=False).must_be_bookable(60)
