"""Find card numbers in text, so that none is ever stored, logged or echoed.

A card number is 13 to 19 digits that pass the Luhn check: plain, spaced or dashed, in any script's
digits, alone or inside other text.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from domain.errors import Refused
from domain.ids import PREFIXES

SHORTEST, LONGEST = 13, 19

_SEPARATOR = r"[\W_]{0,4}"
_CANDIDATE = re.compile(rf"\d(?:{_SEPARATOR}\d){{{SHORTEST - 1},}}")
_GROUP = re.compile(r"\d+")
_OUR_ID = re.compile(rf"(?:{'|'.join(PREFIXES.values())})_0[0-9a-hjkmnp-tv-z]{{25}}")
"""Our ids are as long as two card numbers, and may hold only digits by chance."""

_LOOKED_UP = frozenset({"q", "cursor"})
"""Besides `…_id`: members that are looked up and never stored, so that an id may stand there."""


class CardNumberNotAllowed(Refused):
    """No field takes a card number; send the gateway's token for the card instead."""

    code = "card_number_not_allowed"


def holds_card_number(text: str) -> bool:
    """Tell whether a card number is anywhere in the text."""
    if len(text) < SHORTEST:
        return False
    if not text.isascii():
        text = _in_ascii_digits(text)
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
    groups = [match.span() for match in _GROUP.finditer(run)]
    for first in range(len(groups)):
        digits = ""
        for last in range(first, len(groups)):
            digits += run[slice(*groups[last])]
            if len(digits) > LONGEST:
                break
            if len(digits) < SHORTEST or not passes_luhn(digits):
                continue
            if _reads_as_one(run, groups[first : last + 1]):
                return True
    return False


def _reads_as_one(run: str, groups: list[tuple[int, int]]) -> bool:
    """Tell a grouped number from, say, two dates: one separator throughout, or long groups."""
    separators = {run[end:start] for (_, end), (start, _) in pairwise(groups)}
    return len(separators) <= 1 or all(end - start >= 3 for start, end in groups)


def passes_luhn(digits: Iterable[str]) -> bool:
    """Tell whether digits pass the Luhn check."""
    sum_of_digits = 0
    for position, digit in enumerate(reversed(list(digits))):
        value = int(digit) * (2 if position % 2 else 1)
        sum_of_digits += value - 9 if value > 9 else value
    return sum_of_digits % 10 == 0
