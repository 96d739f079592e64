"""Cards on file, as their owners see them."""

from collections.abc import Callable, Sequence
from datetime import datetime

from application.cards import AddedCard
from application.ports.gateway import GatewaySetup
from application.ports.storage import Views
from domain.cards import SavedCard
from domain.errors import NotFound
from domain.ids import CardId
from entrypoints.http.endpoints import Reply
from entrypoints.http.schemas import cards as schema


def card(value: SavedCard, at: datetime) -> schema.Card:
    """Show a card."""
    return schema.Card(
        id=value.id,
        stripe_payment_method_id=value.gateway_id,
        card_brand=value.brand,
        card_last_four=value.last4,
        card_exp_month=value.exp_month,
        card_exp_year=value.exp_year,
        country=value.country,
        is_default=value.is_default,
        is_expired=value.is_expired(at),
        display_name=value.display_name,
        created_at=value.created_at,
    )


def cards(values: Sequence[SavedCard], at: datetime) -> schema.Cards:
    """Show all cards; there are never so many that they need pages."""
    return schema.Cards(items=tuple(card(value, at) for value in values), next_cursor=None)


def card_by_id(at: datetime) -> Callable[[Views, CardId], Reply]:
    """Answer with the card of an id."""
    return lambda views, card_id: Reply(200, card(_found(views, card_id), at))


def card_added(at: datetime) -> Callable[[Views, AddedCard], Reply]:
    """Answer with a card that was added: 201 if it is new."""
    return lambda views, added: Reply(
        201 if added.is_new else 200, card(_found(views, added.card_id), at)
    )


def test_card_added(views: Views, added: AddedCard) -> Reply:
    """Answer with what became of a test card."""
    value = _found(views, added.card_id)
    shown = schema.TestCardAdded(
        success=True,
        message="The test card was added." if added.is_new else "The test card was there already.",
        payment_method_id=value.id,
        card_brand=value.brand,
        card_last4=value.last4,
        saved=value.is_listed,
    )
    return Reply(201 if added.is_new else 200, shown)


def setup(value: GatewaySetup) -> schema.SetupIntent:
    """Show what the browser needs to set a card up."""
    return schema.SetupIntent(setup_intent_id=value.id, client_secret=value.client_secret)


def _found(views: Views, id: CardId) -> SavedCard:
    found = views.people.card(id)
    if found is None:
        raise NotFound("This card")
    return found
