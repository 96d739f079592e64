"""Students' cards in a market: adding them, and looking at them here and at the gateway."""

from application.cards import (
    AddCard,
    AddedCard,
    ListCards,
)
from application.commands import Actor
from domain.cards import SavedCard
from tests.market import Market, the_id


def add(market: Market, student: Actor, token: str = "pm_card_visa", **more: bool) -> AddedCard:
    """Put a card on file."""
    return market.do(AddCard(payment_method_id=token, **more), student)


def cards(market: Market, student: Actor) -> tuple[SavedCard, ...]:
    """Return a student's cards, newest first."""
    return market.do(ListCards(), student)


def defaults(market: Market, student: Actor) -> list[str]:
    """Return the brands of the cards that are called the default."""
    return [card.brand for card in cards(market, student) if card.is_default]


def gateway_default(market: Market, student: Actor) -> str | None:
    """Return the card that the gateway charges invoices to."""
    customer = customer_of(market, student)
    assert customer is not None
    return market.world.gateway.customers.customer(customer).default_card


def customer_of(market: Market, student: Actor) -> str | None:
    """Return the gateway's customer behind a student."""
    user = market.storage.read(lambda views: views.users.find(the_id(student)))
    assert user is not None
    return user.gateway_customer_id
