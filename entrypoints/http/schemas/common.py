"""What many structs are made of."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")

AMOUNT = r"^(0|[1-9][0-9]{0,14})(\.[0-9]{2,3})?$"
_SIGNED_AMOUNT = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{2,3})?$"

Amount = Annotated[
    str,
    Meta(
        description="A decimal string with exactly the currency's digits.",
        pattern=AMOUNT,
        examples=["75.00"],
    ),
]
SignedAmount = Annotated[
    str,
    Meta(
        description="A decimal string with exactly the currency's digits; negative is taken away.",
        pattern=_SIGNED_AMOUNT,
        examples=["63.75", "-63.75"],
    ),
]
CurrencyCode = Annotated[
    str,
    Meta(
        description="A lower-case ISO 4217 code.",
        pattern="^[a-z]{3}$",
        examples=["usd"],
    ),
]
Percentage = Annotated[
    str,
    Meta(description="A percentage with two decimals.", examples=["15.00"], pattern=r"^\d+\.\d\d$"),
]
Hours = Annotated[
    str, Meta(description="Hours, to read.", examples=["1.50"], pattern=r"^\d+\.\d\d$")
]
Instant = Annotated[
    datetime,
    Meta(
        tz=True,
        description="An instant, in UTC.",
        examples=["2026-03-05T09:00:00Z"],
    ),
]
Id = Annotated[str, Meta(description="An opaque id.", examples=["bk_01jqz8t3v5m7n9p1r3s5t7v9x1"])]
Minutes = Annotated[int, Meta(ge=1, le=1440, examples=[60])]
Title = Annotated[str, Meta(max_length=200)]
Prose = Annotated[str, Meta(max_length=2000)]
Reason = Annotated[str, Meta(min_length=1, max_length=2000, examples=["The student fell ill."])]
Email = Annotated[
    str,
    Meta(max_length=254, examples=["ada@example.com"], extra_json_schema={"format": "email"}),
]
Limit = Annotated[int, Meta(ge=1, le=200, description="How many to return at most.")]
Cursor = Annotated[
    str, Meta(max_length=300, description="Where to go on: the `next_cursor` of the last page.")
]


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is read from a request; unknown fields are refused."""

    def __repr__(self) -> str:
        """Name the struct and no value: it may be a password, or a card's number."""
        return f"{type(self).__name__}(…)"


class Output(Struct, frozen=True, kw_only=True):
    """What is written to a response."""

    def __repr__(self) -> str:
        """Name the struct and no value: it may be a token, or a client secret."""
        return f"{type(self).__name__}(…)"


class ListQuery(Input, frozen=True, kw_only=True):
    """What every list takes."""

    limit: Limit = 50
    cursor: Cursor | None = None
    created_from: Annotated[Instant, Meta(description="Made at this instant or later.")] | None = (
        None
    )
    created_to: Annotated[Instant, Meta(description="Made before this instant.")] | None = None


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """Some items, newest first, and where to go on; null on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None


def given(value: T | UnsetType) -> T | None:
    """Return a field that may be left out; None if it was."""
    return None if value is UNSET else value
