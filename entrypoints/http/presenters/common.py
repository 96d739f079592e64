"""What several areas show in the same way."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from application.ports.storage import Page as FoundPage
from application.ports.storage import Views
from domain.money import half_up
from entrypoints.http.endpoints import Reply
from entrypoints.http.paging import cursor_of
from entrypoints.http.schemas.common import Page

T = TypeVar("T")
S = TypeVar("S")


def hours(minutes: int) -> str:
    """Return minutes as hours with two decimals, rounded half up: 80 are 1.33."""
    hundredths = half_up(minutes * 100, 60)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def page(found: FoundPage[T], show: Callable[[T], S]) -> Page[S]:
    """Show a page, item by item."""
    return Page(items=tuple(show(item) for item in found.items), next_cursor=cursor_of(found.next))


def pages(show: Callable[[T], Any]) -> Callable[[Views, FoundPage[T]], Reply]:
    """Answer with pages of items that need nothing looked up."""
    return lambda _, found: Reply(200, page(found, show))


def pages_with(
    show_all: Callable[[Views, Sequence[T]], Sequence[Any]],
) -> Callable[[Views, FoundPage[T]], Reply]:
    """Answer with pages of items that need something looked up, once for all of them."""

    def show(views: Views, found: FoundPage[T]) -> Reply:
        items = tuple(show_all(views, found.items))
        return Reply(200, Page(items=items, next_cursor=cursor_of(found.next)))

    return show
