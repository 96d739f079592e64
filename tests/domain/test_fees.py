"""What the platform keeps."""

from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidField
from domain.fees import FeeBearing, FeeOnRefund, FeeSchedule
from domain.money import Money, currency
from tests.builders import JPY, USD, a_fee_schedule, dollars
from tests.strategies import amounts, fee_schedules


@pytest.mark.parametrize(
    ("price", "basis_points", "minimum", "fee"),
    [
        ("75.00", 1500, "0.00", "11.25"),
        ("10.00", 500, "1.00", "1.00"),
        ("40.00", 500, "1.00", "2.00"),
        ("0.50", 500, "1.00", "0.50"),
        ("33.33", 1500, "0.00", "5.00"),
        ("0.00", 1500, "1.00", "0.00"),
        ("100.00", 0, "0.00", "0.00"),
        ("100.00", 10_000, "0.00", "100.00"),
        ("0.03", 1500, "0.00", "0.00"),
        ("0.04", 1250, "0.00", "0.01"),
        ("0.01", 4999, "0.00", "0.00"),
        ("0.01", 5000, "0.00", "0.01"),
    ],
)
def test_the_table_of_the_rules(price: str, basis_points: int, minimum: str, fee: str) -> None:
    schedule = a_fee_schedule(basis_points, minimum=Money.parse(minimum, USD))

    assert str(schedule.fee(Money.parse(price, USD))) == fee


def test_a_fee_in_a_currency_without_cents() -> None:
    schedule = a_fee_schedule(1250, minimum=Money(0, JPY))

    assert schedule.fee(Money(1_003, JPY)) == Money(125, JPY)


def test_a_cap_bounds_the_rate() -> None:
    schedule = a_fee_schedule(1500, cap=dollars(1_000))

    assert schedule.fee(dollars(100_000)) == dollars(1_000)
    assert schedule.fee(dollars(1_000)) == dollars(150)


def test_the_minimum_comes_before_the_cap() -> None:
    schedule = a_fee_schedule(1500, minimum=dollars(300), cap=dollars(200))

    assert schedule.fee(dollars(100_000)) == dollars(300)


@given(fee_schedules(USD), amounts(USD))
def test_a_fee_is_never_negative_and_never_above_the_price(
    schedule: FeeSchedule, price: Money
) -> None:
    assert dollars(0) <= schedule.fee(price) <= price


@given(fee_schedules(USD), amounts(USD), amounts(USD))
def test_a_higher_price_never_has_a_lower_fee(schedule: FeeSchedule, a: Money, b: Money) -> None:
    assert schedule.fee(min(a, b)) <= schedule.fee(max(a, b))


def can_halve(basis_points: int) -> bool:
    """Tell whether there are prices of which the rate is some cents and exactly half of one."""
    return 5_000 % gcd(basis_points, 10_000) == 0


@given(st.integers(1, 10_000).filter(can_halve), st.integers(0, 1_000_000))
def test_half_a_cent_of_fee_is_rounded_up(basis_points: int, periods: int) -> None:
    # The prices L with 2·L·bps mod 20000 = 10000: the smallest one, and one every `period` cents.
    common = gcd(basis_points, 10_000)
    period = 10_000 // common
    smallest = 5_000 // common * pow(basis_points // common, -1, period) % period
    price = dollars(smallest + period * periods)

    assert 2 * price.minor * basis_points % 20_000 == 10_000
    fee = a_fee_schedule(basis_points, minimum=dollars(0)).fee(price)
    assert 10_000 * fee.minor == price.minor * basis_points + 5_000


@pytest.mark.parametrize("basis_points", [-1, 10_001])
def test_a_rate_is_between_nothing_and_all(basis_points: int) -> None:
    with pytest.raises(InvalidField):
        a_fee_schedule(basis_points)


@pytest.mark.parametrize(
    ("basis_points", "shown"), [(1500, "15.00"), (1250, "12.50"), (5, "0.05"), (10_000, "100.00")]
)
def test_a_rate_shows_as_a_percentage(basis_points: int, shown: str) -> None:
    assert a_fee_schedule(basis_points).percentage == shown


def test_a_schedule_works_in_its_own_currency_only() -> None:
    with pytest.raises(Exception, match="do not mix"):
        a_fee_schedule().fee(Money(100, currency("eur")))


# --- On a refund ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("proportional", FeeOnRefund(FeeBearing.PROPORTIONAL)),
        ("absorbed", FeeOnRefund(FeeBearing.ABSORBED)),
        ("kept", FeeOnRefund(FeeBearing.KEPT, 100)),
        ("kept:30", FeeOnRefund(FeeBearing.KEPT, 30)),
        ("kept:0", FeeOnRefund(FeeBearing.KEPT, 0)),
    ],
)
def test_what_becomes_of_the_fee_is_read_and_written(text: str, rule: FeeOnRefund) -> None:
    assert FeeOnRefund.parse(text) == rule
    assert str(rule) == text


def test_a_fee_that_is_kept_whole_can_be_written_out_and_is_the_default() -> None:
    assert FeeOnRefund.parse("kept:100") == FeeOnRefund(FeeBearing.KEPT)
    assert FeeOnRefund() == FeeOnRefund(FeeBearing.PROPORTIONAL, 100)


@pytest.mark.parametrize(
    "text",
    [
        *("", "keep", "KEPT", "kept:", "kept:x", "kept:-1", "kept:101", "kept: 30", "kept:30%"),
        *(
            "kept:0030",
            "kept:3_0",
            "kept:٣",
            "absorbed:",
            "absorbed:30",
            "proportional:",
            "proportional:0",
        ),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidField):
        FeeOnRefund.parse(text)


@pytest.mark.parametrize(("part", "percent", "kept"), [(100, 30, 30), (1, 50, 1), (1, 49, 0)])
def test_a_kept_share_rounds_half_up(part: int, percent: int, kept: int) -> None:
    assert FeeOnRefund(FeeBearing.KEPT, percent).kept(part) == kept
