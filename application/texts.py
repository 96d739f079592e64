"""Bounds of what people write: trimmed, not empty where it must not be, free of control characters.

Control characters break mails, CSV files and PostgreSQL (which stores no NUL), and lone surrogates
cannot be encoded at all; so both are refused where text comes in.
"""

from unicodedata import category

from domain.errors import InvalidField

TITLE_LENGTH = 200
PROSE_LENGTH = 2_000


def one_line(field: str, text: str, *, longest: int = TITLE_LENGTH, shortest: int = 1) -> str:
    """Return a trimmed line such as a name or a title. Raises `InvalidField`."""
    return _bounded(field, text, longest, shortest, allowed="")


def prose(field: str, text: str, *, longest: int = PROSE_LENGTH, shortest: int = 0) -> str:
    """Return trimmed text that may have several lines. Raises `InvalidField`."""
    return _bounded(field, text, longest, shortest, allowed="\n\r\t")


def _bounded(field: str, text: str, longest: int, shortest: int, allowed: str) -> str:
    trimmed = text.strip()
    if len(trimmed) < shortest:
        raise InvalidField(field, "This must not be empty.", "too_short")
    if len(trimmed) > longest:
        raise InvalidField(field, f"This has at most {longest} characters.", "too_long")
    if any(category(sign) in {"Cc", "Cs"} and sign not in allowed for sign in trimmed):
        raise InvalidField(field, "This contains characters that cannot be kept.")
    return trimmed
