"""Money: reading, writing, adding and dividing it exactly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BrokenInvariant, CurrencyMismatch, InvalidField
from domain.money import EXPONENTS, MAX_MINOR, Currency, Money, currency, half_up, split, total
from tests.builders import EUR, JPY, USD, dollars
from tests.strategies import amounts, moneys

KWD = currency("kwd")


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("75.00", "usd", 7_500),
        ("0.00", "usd", 0),
        ("0.01", "usd", 1),
        ("1003", "jpy", 1_003),
        ("0", "jpy", 0),
        ("1.234", "kwd", 1_234),
        ("9999999999999.99", "usd", MAX_MINOR),
    ],
)
def test_an_amount_is_read_with_exactly_the_currencys_digits(
    text: str, code: str, minor: int
) -> None:
    assert Money.parse(text, currency(code)) == Money(minor, currency(code))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ".", "75", "75.", "75.0", "75.000", ".50", "075.00", "00.00", "-1.00", "+1.00"),
        *("1e2", "1.00e0", "NaN", "inf", "Infinity", "1,000.00", "1.000,00", "1_000.00", "$1.00"),
        *(
            " 1.00",
            "1.00 ",
            "1.00\n",
            "\n1.00",
            "1.00\x00",
            "0x1.00",
            "1.0a",
            "\uff11.\uff10\uff10",
            "\u0667\u0665.\u0660\u0660",
        ),
        *("1.00usd", "10000000000000.00", "9" * 18 + ".00", "9" * 5000, "1.-1", "--1.00"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidField) as caught:
        Money.parse(text, USD, field="hourly_rate")

    assert caught.value.field == "hourly_rate"


@pytest.mark.parametrize(
    ("text", "code"), [("9" * 17 + ".00", "too_large"), ("9" * 18 + ".00", "invalid")]
)
def test_what_is_beyond_twenty_characters_is_not_even_read(text: str, code: str) -> None:
    with pytest.raises(InvalidField) as caught:
        Money.parse(text, USD)

    assert caught.value.field_code == code


@pytest.mark.parametrize("text", ["1.00", "1.0", "0.1", "-1", "01"])
def test_a_currency_without_cents_takes_whole_numbers_only(text: str) -> None:
    with pytest.raises(InvalidField):
        Money.parse(text, JPY)


def test_the_refusal_shows_what_an_amount_looks_like() -> None:
    with pytest.raises(InvalidField, match=r"such as '75\.000'"):
        Money.parse("75.00", KWD)


@given(moneys(0, MAX_MINOR))
def test_what_is_written_can_be_read(amount: Money) -> None:
    assert Money.parse(str(amount), amount.currency) == amount


@given(st.text(max_size=25), st.sampled_from(sorted(EXPONENTS)))
def test_whatever_is_read_is_written_in_the_same_way(text: str, code: str) -> None:
    try:
        amount = Money.parse(text, currency(code))
    except InvalidField:
        return
    assert str(amount) == text


def test_a_difference_can_be_negative() -> None:
    assert str(dollars(5) - dollars(1_005)) == "-10.00"
    assert (dollars(0) - dollars(1)).is_negative
    assert str(Money(-7, JPY)) == "-7"
    assert -dollars(5) == dollars(-5)


@pytest.mark.parametrize("minor", [1.0, True, "1", None])
def test_minor_units_are_integers(minor: Any) -> None:
    with pytest.raises(TypeError):
        Money(minor, USD)


def test_an_amount_beyond_fifteen_digits_is_refused() -> None:
    with pytest.raises(InvalidField, match="too large"):
        Money(MAX_MINOR + 1, USD)


@pytest.mark.parametrize(
    "mix",
    [
        lambda: dollars(1) + Money(1, EUR),
        lambda: dollars(1) - Money(1, EUR),
        lambda: dollars(1) < Money(1, EUR),
        lambda: dollars(1) <= Money(1, EUR),
        lambda: dollars(1) >= Money(1, EUR),
        lambda: max(dollars(1), Money(1, EUR)),
        lambda: total([dollars(1), Money(1, EUR)], USD),
        lambda: total([Money(1, EUR)], USD),
    ],
    ids=[
        "add",
        "subtract",
        "less",
        "less or equal",
        "more or equal",
        "largest",
        "sum",
        "sum of another",
    ],
)
def test_currencies_do_not_mix(mix: Any) -> None:
    with pytest.raises(CurrencyMismatch):
        mix()


def test_a_currency_that_was_made_elsewhere_is_the_same() -> None:
    assert dollars(1) + Money(1, Currency("usd", 2)) == dollars(2)


@pytest.mark.parametrize(("one", "other"), [(1, 1), (1, 2), (2, 1)])
def test_amounts_are_in_the_order_of_their_units(one: int, other: int) -> None:
    assert (dollars(one) < dollars(other)) == (one < other)
    assert (dollars(one) <= dollars(other)) == (one <= other)
    assert (dollars(one) > dollars(other)) == (one > other)
    assert (dollars(one) >= dollars(other)) == (one >= other)


def test_amounts_of_different_currencies_are_never_equal() -> None:
    assert dollars(0) != Money(0, EUR)


def test_an_empty_sum_is_zero() -> None:
    assert total([], USD) == dollars(0)
    assert not total([], USD)


def test_an_unknown_currency_is_refused() -> None:
    for code in ("doge", "USD", "", "us"):
        with pytest.raises(InvalidField):
            currency(code)


def test_money_and_currency_show_what_they_are() -> None:
    assert repr(dollars(7_500)) == "Money(7500, usd)"
    assert (repr(USD), str(USD)) == ("usd", "usd")


@pytest.mark.parametrize(
    ("minor", "percent", "expected"), [(1, 50, 1), (3, 50, 2), (10_001, 50, 5_001), (99, 0, 0)]
)
def test_a_percentage_rounds_half_up(minor: int, percent: int, expected: int) -> None:
    assert dollars(minor).percent(percent) == dollars(expected)


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_half_up_is_the_nearest_integer(numerator: int, denominator: int) -> None:
    rounded = half_up(numerator, denominator)

    assert -denominator < 2 * (rounded * denominator - numerator) <= denominator


# --- Dividing ------------------------------------------------------------------------------------

weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=10).filter(any)


@given(st.integers(0, 10**14), weights)
def test_the_parts_sum_to_the_whole_and_none_is_negative(amount: int, by: list[int]) -> None:
    parts = split(amount, by)

    assert sum(parts) == amount
    assert min(parts) >= 0


@given(st.integers(0, 10**14), weights)
def test_no_part_is_a_unit_away_from_its_exact_share(amount: int, by: list[int]) -> None:
    whole = sum(by)

    for part, weight in zip(split(amount, by), by, strict=True):
        assert abs(part * whole - amount * weight) < whole


@given(weights, st.data())
def test_what_is_left_of_each_weight_is_never_exceeded(by: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(by)))

    parts = split(amount, by)

    assert all(part <= weight for part, weight in zip(parts, by, strict=True))


@pytest.mark.parametrize(
    ("amount", "by", "parts"),
    [
        (100, (1, 3, 3), (14, 43, 43)),
        (3, (1, 3, 3), (1, 1, 1)),
        (4, (1, 3, 3), (0, 2, 2)),
        (1, (1, 1), (1, 0)),
        (5, (1, 1, 1), (2, 2, 1)),
        (7, (0, 1), (0, 7)),
        (0, (0, 0), (0, 0)),
        (0, (), ()),
    ],
)
def test_spare_units_go_to_the_largest_remainders_ties_by_position(
    amount: int, by: tuple[int, ...], parts: tuple[int, ...]
) -> None:
    assert split(amount, by) == parts


@pytest.mark.parametrize(("amount", "by"), [(-1, (1,)), (1, (0, 0)), (1, ()), (1, (2, -1))])
def test_what_cannot_be_divided_is_a_bug(amount: int, by: tuple[int, ...]) -> None:
    with pytest.raises(BrokenInvariant):
        split(amount, by)


@given(moneys().flatmap(lambda whole: st.tuples(st.just(whole), weights)))
def test_money_divides_like_its_minor_units(case: tuple[Money, list[int]]) -> None:
    whole, by = case

    assert total(whole.split(by), whole.currency) == whole


@given(amounts(USD), amounts(USD), amounts(USD))
def test_adding_has_no_order(a: Money, b: Money, c: Money) -> None:
    assert (a + b) + c == c + (b + a)
    assert (a - b) + b == a
