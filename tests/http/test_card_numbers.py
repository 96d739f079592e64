"""No card number gets in, however it is dressed."""

import pytest

from adapters.clock import ManualClock
from adapters.ids import SeededIds
from adapters.stripe_facts import CARDS_BY_NUMBER
from entrypoints.http.card_numbers import (
    CardNumberNotAllowed,
    holds_card_number,
    refuse_card_numbers,
    without_card_numbers,
)
from tests.builders import NOW

VISA = "4242424242424242"
FULL_WIDTH = "".join(chr(0xFF10 + int(digit)) for digit in VISA)
ARABIC = "".join(chr(0x0660 + int(digit)) for digit in VISA)
BOLD = "".join(chr(0x1D7CE + int(digit)) for digit in VISA)


@pytest.mark.parametrize("number", sorted(CARDS_BY_NUMBER))
def test_every_published_test_number_is_found(number: str) -> None:
    assert holds_card_number(number)


@pytest.mark.parametrize(
    "text",
    [
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242–4242–4242–4242",
        "4242.4242.4242.4242",
        "4242 4242-4242 4242",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "4242\t4242\n4242 4242",
        "4242\u00a04242\u00a04242\u00a04242",
        "42\u200b42424242424242",
        "3782 822463 10005",
        FULL_WIDTH,
        ARABIC,
        BOLD,
        f"my card is {VISA}, thanks",
        f"card{VISA}x",
        "order 12 4242 4242 4242 4242 soon",
        f"4111 {VISA}",
        "4242:4242:4242:4242",
        "(4242)(4242)(4242)(4242)",
        "4242    4242    4242    4242",
        "4242|4242|4242|4242",
        f"bk_0a{VISA}bbbbbbbb",
    ],
)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4242424242424241",
        "424242424242",
        "2026-03-02T09:00:00.000000Z",
        "from 2026-03-02 to 2026-03-09",
        "75.00",
        "+49 30 901820",
        "pm_1QWertzU2zvKYlo2C0a1b2c3",
    ],
)
def test_other_text_is_let_through(text: str) -> None:
    assert not holds_card_number(text)


def test_our_own_ids_are_never_taken_for_cards() -> None:
    ids = SeededIds(ManualClock(NOW))

    for _ in range(2_000):
        refuse_card_numbers({"booking_id": ids.new("booking")})
    refuse_card_numbers({"booking_id": f"bk_0{VISA}123456789", "q": f"pay_0{VISA}123456789"})


def test_what_looks_like_our_id_is_just_text_in_other_fields() -> None:
    with pytest.raises(CardNumberNotAllowed):
        refuse_card_numbers({"reason": f"bk_0a{VISA}bbbbbbbb"})


@pytest.mark.parametrize(
    "value",
    [
        {"reason": VISA},
        {"nested": [{"deep": VISA}]},
        {VISA: "as a name"},
        {"amount": int(VISA)},
        {"amount": float(VISA)},
        [VISA],
    ],
)
def test_numbers_are_found_anywhere_in_a_value(value: object) -> None:
    with pytest.raises(CardNumberNotAllowed) as refusal:
        refuse_card_numbers(value)

    assert VISA not in str(refusal.value)


def test_only_the_named_field_may_hold_one() -> None:
    exempt = frozenset({"card_number"})

    refuse_card_numbers({"card_number": VISA, "is": True, "long": 10**400}, exempt=exempt)
    with pytest.raises(CardNumberNotAllowed):
        refuse_card_numbers({"card_number": VISA, "cvc": VISA}, exempt=exempt)


def test_what_is_echoed_loses_its_card_number() -> None:
    assert without_card_numbers(f"/bookings/{VISA}") == "[removed]"
    assert without_card_numbers("/bookings/bk_1") == "/bookings/bk_1"
