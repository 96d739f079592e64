"""The gateway's events on their way to a market's inbox, in whatever order a test wants."""

import json
from typing import Any

from adapters.fake.webhooks import sign
from adapters.fake.world import DEFAULT_SECRET
from application.ports.records import Delivery
from application.webhooks import ReceiveWebhook
from tests.market import Market


def told(market: Market, type_: str) -> list[str]:
    """Return the ids of all events of a type that the world has told, oldest first."""
    return [event.id for event in market.world.chronicle.events() if event.type == type_]


def deliver(market: Market, event: str) -> None:
    """Bring one event to the inbox, waiting or not."""
    delivery = market.world.deliveries.delivery_of(event)
    market.do(ReceiveWebhook(body=delivery.body, signature=delivery.signature))


def deliver_all(market: Market, *, backwards: bool = False) -> None:
    """Bring everything that was ever told, once more."""
    events = [event.id for event in market.world.chronicle.events()]
    for event in reversed(events) if backwards else events:
        deliver(market, event)


def send(market: Market, type_: str, about: dict[str, Any], **more: Any) -> str:
    """Bring an event that the world itself never tells; return its id."""
    id_ = more.pop("id", f"evt_{type_.replace('.', '_')}")
    event = {
        "id": id_,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(market.clock.now().timestamp()),
        "type": type_,
        "livemode": False,
        "data": {"object": about},
        **more,
    }
    body = json.dumps(event).encode()
    signature = sign(body, DEFAULT_SECRET, market.wall.now())
    market.do(ReceiveWebhook(body=body, signature=signature))
    return str(id_)


def in_inbox(market: Market, event: str) -> Delivery:
    """Return a delivery as the inbox has it."""
    found = market.storage.read(lambda views: views.deliveries.find(event))
    assert found is not None
    return found
