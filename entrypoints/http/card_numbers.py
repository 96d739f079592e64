"""Find card numbers in text, so that none is ever stored, logged or echoed.

A card number is 13 to 19 digits that pass the Luhn check: plain, spaced or dashed, in any script's
digits, alone or inside other text.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise

from domain.errors import Refused
from domain.ids import PREFIXES

SHORTEST, LONGEST = 13, 19

_SEPARATOR = r"[\W_]{0,4}"
_CANDIDATE = re.compile(rf"\d(?:{_SEPARATOR}\d){{{SHORTEST - 1},}}")
_GROUP = re.compile(r"\d+")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""What each digit counts where Luhn's check doubles it: the sum of the digits of its double."""

_OUR_ID = re.compile(rf"(?:{'|'.join(PREFIXES.values())})_0[0-9a-hjkmnp-tv-z]{{25}}")
"""Our ids are as long as two card numbers, and may hold only digits by chance."""

_LOOKED_UP = frozenset({"q", "cursor"})
"""Besides `…_id`: members that are looked up and never stored, so that an id may stand there."""


class CardNumberNotAllowed(Refused):
    """No field takes a card number; send the gateway's token for the card instead."""

    code = "card_number_not_allowed"


def holds_card_number(text: str) -> bool:
    """Tell whether a card number is anywhere in the text."""
    if not text.isascii():
        # Not before: one sign such as ㊷ may stand for several digits.
        text = _in_ascii_digits(text)
    if len(text) < SHORTEST:
        return False
    return any(_is_suspicious(match.group()) for match in _CANDIDATE.finditer(text))


def refuse_card_numbers(value: object, *, exempt: frozenset[str] = frozenset()) -> None:
    """Raise `CardNumberNotAllowed` if any text or number inside a decoded value holds one.

    `exempt` names members of the outermost object that may.
    """
    if isinstance(value, Mapping):
        value = {name: inner for name, inner in value.items() if name not in exempt}
    if any(holds_card_number(text) and not _is_an_id(name, text) for name, text in texts_in(value)):
        raise CardNumberNotAllowed(
            "A value holds what looks like a card number. Card numbers are never accepted here."
        )


def _is_an_id(name: str, text: str) -> bool:
    """Tell whether one of our ids stands where an id belongs; elsewhere it is just text."""
    takes_ids = name.endswith("_id") or name in _LOOKED_UP
    return takes_ids and _OUR_ID.fullmatch(text) is not None


def texts_in(value: object) -> Iterator[tuple[str, str]]:
    """Walk a decoded JSON value; return every text and number in it, with its member's name.

    The names of members are texts too, without a name of their own.
    """
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, str):
            yield name, item
        elif isinstance(item, Mapping):
            waiting.extend(("", key) for key in item)
            waiting.extend((str(key), inner) for key, inner in item.items())
        elif isinstance(item, list):
            waiting.extend((name, inner) for inner in item)
        elif isinstance(item, int) and not isinstance(item, bool):
            # Longer ones hold no card number, and Python refuses to spell the longest.
            if item.bit_length() <= 64:
                yield name, str(item)
        elif isinstance(item, float):
            yield name, f"{item:.0f}"


def without_card_numbers(text: str) -> str:
    """Return the text, or nothing of it if it holds a card number."""
    return "[removed]" if holds_card_number(text) else text


def _in_ascii_digits(text: str) -> str:
    """Turn every script's digits into ASCII ones, and drop what nobody sees."""
    return "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() else char
        for char in unicodedata.normalize("NFKC", text)
        if unicodedata.category(char) not in {"Cf", "Mn", "Me"}
    )


def _is_suspicious(run: str) -> bool:
    """Tell whether groups of digits that follow one another read as one card number.

    Each group is looked at as the last one of a number, so that the work grows with the length of
    the text and no faster: what anybody may send must not keep the process busy for long.
    """
    groups = [match.span() for match in _GROUP.finditer(run)]
    since = _read_as_one_since(run, groups)
    digits = [int(char) for char in run if char.isdecimal()]
    sums = tuple(_luhn_sums(digits, doubled) for doubled in (0, 1))
    ends = [0, *accumulate(end - start for start, end in groups)]
    first = 0
    for last, earliest in enumerate(since):
        end = ends[last + 1]
        while end - ends[first] > LONGEST:
            first += 1
        for start in ends[max(first, earliest) : last + 1]:
            if end - start < SHORTEST:
                break
            if (sums[end % 2][end] - sums[end % 2][start]) % 10 == 0:
                return True
    return False


def _luhn_sums(digits: Sequence[int], doubled: int) -> list[int]:
    """Return the sums of Luhn's check up to each digit, doubling every other one.

    In a number that ends before a position, the digits are doubled whose places are as even or odd
    as that position.
    """
    counted = (
        _DOUBLED[digit] if place % 2 == doubled else digit for place, digit in enumerate(digits)
    )
    return [0, *accumulate(counted)]


def _read_as_one_since(run: str, groups: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Return for each group the first one with which it may belong to one number.

    That tells a grouped number from, say, two dates: it has one separator throughout, or only long
    groups.
    """
    separators = [run[end:start] for (_, end), (start, _) in pairwise(groups)]
    alike = long = 0
    for position, (start, end) in enumerate(groups):
        if position >= 2 and separators[position - 1] != separators[position - 2]:
            alike = position - 1
        if end - start < 3:
            long = position + 1
        yield min(alike, long)
