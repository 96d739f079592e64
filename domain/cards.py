"""Cards on file. No number, CVC or PIN is ever here."""

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, field, frozen

from domain.events import Event
from domain.ids import CardId, UserId
from domain.time import instant

BRAND_NAMES = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "discover": "Discover",
    "diners": "Diners Club",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}


@frozen(kw_only=True)
class SavedCard:
    """A card that a student has on file at the gateway.

    `is_listed` is false for one that serves the next payment only; `removed_at` is set when it is
    gone, because old payments still point to it.
    """

    id: CardId
    student_id: UserId
    gateway_id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    country: str | None
    is_default: bool
    is_listed: bool = True
    created_at: datetime = instant()
    removed_at: datetime | None = instant(default=None)
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)

    @property
    def display_name(self) -> str:
        """Return how people know it: `Visa •••• 4242`."""
        return f"{BRAND_NAMES.get(self.brand, self.brand.title())} •••• {self.last4}"

    def is_expired(self, at: datetime) -> bool:
        """Tell whether its month is over."""
        return (self.exp_year, self.exp_month) < (at.year, at.month)

    def removed(self, *, at: datetime) -> "SavedCard":
        """Take it off file."""
        return evolve(self, is_default=False, removed_at=at)


def with_default(cards: Sequence[SavedCard], chosen: CardId) -> tuple[SavedCard, ...]:
    """Return the cards that change when `chosen` becomes the only default."""
    return tuple(
        evolve(card, is_default=card.id == chosen)
        for card in cards
        if card.is_default != (card.id == chosen)
    )


def next_default(cards: Sequence[SavedCard], at: datetime) -> SavedCard | None:
    """Choose the default among those that are left: unexpired first, then the newest."""
    return max(
        (card for card in cards if card.removed_at is None and card.is_listed),
        key=lambda card: (not card.is_expired(at), card.created_at, card.id),
        default=None,
    )
