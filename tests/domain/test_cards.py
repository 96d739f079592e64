"""Cards on file, and which one is the default."""

from datetime import UTC, datetime

import pytest

from domain.cards import next_default, with_default
from domain.ids import CardId
from tests.builders import NOW, a_card, after


@pytest.mark.parametrize(
    ("brand", "shown"),
    [
        ("visa", "Visa •••• 4242"),
        ("amex", "American Express •••• 4242"),
        ("eftpos", "Eftpos •••• 4242"),
    ],
)
def test_a_card_is_known_by_brand_and_last_four(brand: str, shown: str) -> None:
    assert a_card(brand=brand).display_name == shown


@pytest.mark.parametrize(
    ("at", "is_expired"),
    [
        (datetime(2030, 12, 31, 23, 59, tzinfo=UTC), False),
        (datetime(2031, 1, 1, tzinfo=UTC), True),
        (datetime(2029, 12, 31, tzinfo=UTC), False),
    ],
)
def test_a_card_is_good_until_its_month_is_over(at: datetime, is_expired: bool) -> None:
    assert a_card(exp_month=12, exp_year=2030).is_expired(at) is is_expired


def test_within_a_year_the_month_decides() -> None:
    card = a_card(exp_month=6, exp_year=2030)

    assert not card.is_expired(datetime(2030, 6, 30, 23, 59, tzinfo=UTC))
    assert card.is_expired(datetime(2030, 7, 1, tzinfo=UTC))


def test_only_the_cards_that_change_are_returned_for_another_default() -> None:
    cards = [
        a_card("card_1"),
        a_card("card_2", is_default=False),
        a_card("card_3", is_default=False),
    ]

    changed = with_default(cards, CardId("card_2"))

    assert [(card.id, card.is_default) for card in changed] == [
        ("card_1", False),
        ("card_2", True),
    ]
    assert with_default(cards, CardId("card_1")) == ()


def test_the_newest_unexpired_card_is_the_next_default() -> None:
    old = a_card("card_1", created_at=NOW)
    new = a_card("card_2", created_at=after(hours=1))
    expired = a_card("card_3", created_at=after(hours=2), exp_year=2020)

    assert next_default([old, new, expired], NOW) is new
    assert next_default([expired], NOW) is expired


def test_of_two_cards_the_newer_one_is_next_whatever_their_ids_are() -> None:
    old = a_card("card_9", created_at=NOW)
    new = a_card("card_1", created_at=after(hours=1))

    assert next_default([old, new], NOW) is new
    assert next_default([new, old], NOW) is new


def test_of_two_cards_of_one_moment_it_is_the_same_one_each_time() -> None:
    one, two = a_card("card_1"), a_card("card_2")

    assert next_default([one, two], NOW) is two
    assert next_default([two, one], NOW) is two


def test_a_removed_or_unlisted_card_is_never_the_default() -> None:
    removed = a_card().removed(at=after(hours=1))

    assert removed == a_card(is_default=False, removed_at=after(hours=1))
    assert next_default([removed, a_card("card_2", is_listed=False)], NOW) is None
