"""Every planted bug, by area. Importing this package fills `BUGS`."""

from tests.planted.bugs import (
    books,
    effects,
    inbox,
    lessons,
    payments,
    payouts,
    people,
    refunds,
    requests,
    storage,
)
from tests.planted.catalogue import BUGS

__all__ = [
    "BUGS",
    "books",
    "effects",
    "inbox",
    "lessons",
    "payments",
    "payouts",
    "people",
    "refunds",
    "requests",
    "storage",
]
