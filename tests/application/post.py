"""The gateway's events on their way to a market's inbox, in whatever order a test wants."""

import json
from typing import Any

from adapters.fake.webhooks import sign
from adapters.fake.world import DEFAULT_SECRET
from application.payments import CreatePaymentIntent
from application.ports.gateway import NewCustomer, NewPayment
from application.ports.records import Delivery
from application.upkeep import ProcessInbox
from application.webhooks import (
    Processing,
    ReceiveWebhook,
)
from domain.ids import PaymentId
from entrypoints.composition.assembly import assemble
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


SUCCEEDED = "payment_intent.succeeded"


def opened(market: Market) -> tuple[PaymentId, str]:
    """Begin a payment in the browser; return our id and the gateway's."""
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    payment = market.do(CreatePaymentIntent(booking_id=booking), student).payment_id
    gateway_id = market.payment(payment).gateway_id
    assert gateway_id is not None
    return payment, gateway_id


def paid_and_untold(market: Market) -> PaymentId:
    """Pay in the browser; the webhook waits."""
    payment, gateway_id = opened(market)
    market.world.controls.browser.confirm(gateway_id, "pm_card_visa")
    return payment


def is_clean(market: Market) -> bool:
    """Tell whether the books prove true."""
    market.settle()
    return market.installation.verification().run().is_clean


def processing_of(market: Market) -> Processing:
    """Return what applies deliveries, as the installation has it."""
    handler: Any = assemble(market.installation.pieces)[ProcessInbox]
    processing: Processing = handler.processing
    return processing


def stray(market: Market) -> str:
    """Charge somebody past us, as somebody with the same gateway account can; return the event."""
    gateway = market.world.gateway
    customer = gateway.customers.create_customer(
        NewCustomer(operation="op_other", user="usr_other", email="a@b.test", name="A"), key="k1"
    )
    gateway.payments.create_payment(
        NewPayment(
            operation="op_elsewhere",
            amount=2000,
            currency="usd",
            customer=customer.id,
            description="Elsewhere",
            transfer_group="x",
            metadata={},
            payment_method="pm_card_visa",
        ),
        key="k2",
    )
    return told(market, SUCCEEDED)[-1]
