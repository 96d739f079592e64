"""Pages: cursors in and out. A cursor is opaque; it holds the key of a page's last item."""

import base64
import binascii
from datetime import datetime
from typing import Annotated

import msgspec

from application.ports.storage import Created, PageRequest, Position
from domain.errors import InvalidField
from entrypoints.http.reading import in_utc
from entrypoints.http.schemas.common import ListQuery


class _Key(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    id: Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]


def page_of(query: ListQuery) -> PageRequest:
    """Return how much to read, and from where. Raises `InvalidField` for a cursor not from here."""
    after = None if query.cursor is None else _position(query.cursor)
    return PageRequest(limit=query.limit, after=after)


def created_in(query: ListQuery) -> Created:
    """Return the window on the instant of creation."""
    return window("created_from", query.created_from, "created_to", query.created_to)


def window(
    since_field: str, since: datetime | None, until_field: str, until: datetime | None
) -> Created:
    """Return a half-open window in UTC."""
    return Created(
        since=None if since is None else in_utc(since, since_field),
        until=None if until is None else in_utc(until, until_field),
    )


def cursor_of(position: Position | None) -> str | None:
    """Return what to send back to get the next page."""
    if position is None:
        return None
    key = msgspec.json.encode(_Key(position.at, position.id))
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def _position(cursor: str) -> Position:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        key = msgspec.json.decode(raw, type=_Key)
    except (ValueError, binascii.Error) as error:
        raise InvalidField(
            "cursor", "Pass the next_cursor of the page before.", "invalid_cursor"
        ) from error
    return Position(in_utc(key.at, "cursor"), key.id)
