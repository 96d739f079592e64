"""Cards on file. Only the test card's number is ever taken, and it is never kept."""

from typing import Annotated

from msgspec import Meta

from entrypoints.http.schemas.common import Id, Input, Instant, Output
from entrypoints.http.schemas.payments import MethodId

GatewayMethodId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        description="A payment method that Stripe.js made, or a test token such as `pm_card_visa`.",
        examples=["pm_card_visa"],
    ),
]
Url = Annotated[str, Meta(max_length=2000, examples=["https://school.example/cards"])]


class NewCard(Input, frozen=True, kw_only=True):
    """A card to keep on file."""

    payment_method_id: GatewayMethodId
    set_as_default: bool | None = None


class CardChanges(Input, frozen=True, kw_only=True):
    """Make a card the default; another takes its place in the same way."""

    set_as_default: Annotated[bool, Meta(description="Must be true.")]


class TestCard(Input, frozen=True, kw_only=True):
    """One of Stripe's published test cards; any other number is refused."""

    card_number: Annotated[str, Meta(max_length=40, examples=["4242 4242 4242 4242"])]
    exp_month: Annotated[int, Meta(ge=1, le=12)]
    exp_year: Annotated[int, Meta(ge=2000, le=2100)]
    cvc: Annotated[str, Meta(max_length=4, examples=["123"])]
    cardholder_name: Annotated[str, Meta(max_length=150)]
    save_for_future: bool = True


class TestCardAdded(Output, frozen=True, kw_only=True):
    """What became of a test card."""

    success: bool
    message: str
    payment_method_id: MethodId
    card_brand: str
    card_last4: str
    saved: bool


class Card(Output, frozen=True, kw_only=True):
    """A card on file; never more of its number than the last four digits."""

    id: Id
    stripe_payment_method_id: str
    card_brand: str
    card_last_four: str
    card_exp_month: int
    card_exp_year: int
    country: str | None
    is_default: bool
    is_expired: bool
    display_name: Annotated[str, Meta(examples=["Visa •••• 4242"])]
    created_at: Instant


class CardQuery(Input, frozen=True, kw_only=True):
    """Whose cards to list; staff names the student."""

    student_id: Id | None = None


class Cards(Output, frozen=True, kw_only=True):
    """All cards on file, newest first."""

    items: tuple[Card, ...]
    next_cursor: str | None


class SetupIntent(Output, frozen=True, kw_only=True):
    """What Stripe.js needs to set a card up."""

    setup_intent_id: str
    client_secret: str


class PortalReturn(Input, frozen=True, kw_only=True):
    """Where the billing portal sends people back to; it must be allowed by the settings."""

    return_url: Url | None = None


class Portal(Output, frozen=True, kw_only=True):
    """Where cards are managed at the gateway."""

    portal_url: str
