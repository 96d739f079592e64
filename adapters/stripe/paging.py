"""Walk Stripe's lists, page by page."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

import stripe

from adapters.stripe.errors import asking_stripe

T = TypeVar("T", bound=stripe.StripeObject)

PAGE = 100
"""The most that Stripe puts on a page."""

_CLOCK_SKEW_SECONDS = 300


def walk(page: "stripe.ListObject[T]") -> Iterator[T]:
    """Yield what is on a page and on those after it; each may be a call of its own."""
    items = iter(page.auto_paging_iter())
    while True:
        with asking_stripe():
            item = next(items, None)
        if item is None:
            return
        yield item


def not_before(since: datetime) -> int:
    """Return the Unix time to list from; Stripe's clock and ours need not agree."""
    return int(since.timestamp()) - _CLOCK_SKEW_SECONDS
