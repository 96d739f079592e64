import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from adapters.clock import ManualClock
from adapters.ids import SeededIds, SeededRandomness, SystemRandomness, UlidIds
from application.ports.ids import Ids, Randomness
from domain.ids import PREFIXES

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "prefix"), sorted(PREFIXES.items()))
def test_an_id_is_a_prefix_and_26_characters_of_base_32(kind: str, prefix: str) -> None:
    ids: Ids = UlidIds(ManualClock(NOON))
    assert re.fullmatch(rf"{prefix}_[0-9a-hjkmnp-tv-z]{{26}}", ids.new(kind))


def test_an_unknown_kind_has_no_ids() -> None:
    with pytest.raises(KeyError):
        UlidIds(ManualClock(NOON)).new("unicorn")


def test_an_id_begins_with_the_milliseconds_of_its_minting() -> None:
    # The ULID specification's own example of a time: 1469918176385 ms is 01ARYZ6S41.
    clock = ManualClock(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1469918176385))
    assert UlidIds(clock).new("user").startswith("usr_01aryz6s41")


def test_ids_sort_by_the_instant_of_minting() -> None:
    clock = ManualClock(NOON)
    ids = UlidIds(clock)
    first = ids.new("booking")
    clock.advance(timedelta(milliseconds=1))
    assert first < UlidIds(clock).new("booking")


def test_ids_of_one_millisecond_sort_in_the_order_of_minting() -> None:
    ids = UlidIds(ManualClock(NOON))
    minted = [ids.new("booking") for _ in range(1000)]
    assert minted == sorted(set(minted))


def test_ids_keep_sorting_when_the_clock_is_set_back() -> None:
    class Back:
        def __init__(self) -> None:
            self.instants = [NOON, NOON - timedelta(hours=1), NOON - timedelta(hours=2)]

        def now(self) -> datetime:
            return self.instants.pop(0)

    ids = UlidIds(Back())
    minted = [ids.new("booking") for _ in range(3)]
    assert minted == sorted(set(minted))


def test_threads_never_get_the_same_id() -> None:
    ids = UlidIds(ManualClock(NOON))
    with ThreadPoolExecutor(8) as pool:
        minted = list(pool.map(lambda _: ids.new("booking"), range(4000)))
    assert len(set(minted)) == 4000


def test_one_seed_mints_the_same_ids() -> None:
    one, other = SeededIds(ManualClock(NOON), 7), SeededIds(ManualClock(NOON), 7)
    assert [one.new("user") for _ in range(9)] == [other.new("user") for _ in range(9)]


def test_another_seed_mints_other_ids() -> None:
    one, other = SeededIds(ManualClock(NOON), 7), SeededIds(ManualClock(NOON), 8)
    assert one.new("user") != other.new("user")


@pytest.mark.parametrize("randomness", [SystemRandomness(), SeededRandomness(1)])
def test_a_secret_is_256_bits_in_safe_letters(randomness: Randomness) -> None:
    first, second = randomness.secret(), randomness.secret()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", first)
    assert first != second


@pytest.mark.parametrize("randomness", [SystemRandomness(), SeededRandomness(1)])
def test_a_fraction_is_less_than_one_and_not_negative(randomness: Randomness) -> None:
    assert all(0 <= randomness.fraction() < 1 for _ in range(100))


def test_one_seed_gives_the_same_chance() -> None:
    one, other = SeededRandomness(3), SeededRandomness(3)
    assert (one.secret(), one.fraction()) == (other.secret(), other.fraction())
