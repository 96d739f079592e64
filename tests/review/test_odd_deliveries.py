"""Deliveries that are signed and odd: they are refused or kept, and hold nothing else up."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import define, field

from adapters.fake.webhooks import FakeWebhooks, sign
from adapters.stripe.webhooks import StripeWebhooks
from application.commands import SYSTEM
from application.ports.gateway import BadSignature
from application.ports.records import Delivery, DeliveryState
from application.ports.storage import DeliveryFilter, PageRequest
from application.upkeep import ProcessInbox, ProcessInboxHandler
from application.webhooks import ReceiveWebhook
from tests.market import Market

SECRET = "whsec_test"


def event(**changes: Any) -> dict[str, Any]:
    return {
        "id": "evt_odd",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_800_000_000,
        "type": "payout.paid",
        "livemode": False,
        "data": {"object": {"id": "po_1", "object": "payout", "amount": 100, "currency": "usd"}},
        **changes,
    }


ODD = {
    "nested deeply": b"[" * 100_000,
    "made at no instant": json.dumps(event(created=10**30)).encode(),
    "made before all calendars": json.dumps(event(created=-(10**15))).encode(),
    "with an id that no database keeps": json.dumps(event(id="evt_\0")).encode(),
    "about an id that no database keeps": json.dumps(
        event(data={"object": {"id": "po_\0", "object": "payout"}})
    ).encode(),
    "with metadata that is a list": json.dumps(
        event(data={"object": {"id": "po_1", "object": "payout", "metadata": [1]}})
    ).encode(),
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_the_fake_refuses_a_signed_delivery_that_is_no_event(body: bytes) -> None:
    market = Market()
    webhooks = FakeWebhooks(market.wall, (SECRET,))

    with pytest.raises(BadSignature):
        webhooks.decode(body, sign(body, SECRET, market.wall.now()))


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_stripes_decoder_refuses_a_signed_delivery_that_is_no_event(
    body: bytes,
) -> None:
    # Stripe's library compares with the clock of the machine.
    signature = sign(body, SECRET, datetime.now(UTC))

    with pytest.raises(BadSignature):
        StripeWebhooks((SECRET,)).decode(body, signature)


def deliver(market: Market, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    signature = sign(raw, SECRET, market.wall.now())
    market.do(ReceiveWebhook(body=raw, signature=signature))


def test_a_payout_without_a_currency_is_kept_and_not_booked() -> None:
    market = Market()

    deliver(market, event(data={"object": {"id": "po_1", "object": "payout", "amount": 100}}))

    (kept,) = market.storage.read(
        lambda views: views.deliveries.list(DeliveryFilter(), PageRequest())
    ).items
    assert kept.state is DeliveryState.IGNORED


def a_delivery(id: str, at: datetime) -> Delivery:
    return Delivery(
        id=id,
        type="payout.paid",
        object_type="payout",
        object_id="po_1",
        payment=None,
        account=None,
        livemode=False,
        api_version=None,
        facts={},
        body=b"{}",
        event_at=at,
        received_at=at,
        next_try_at=at,
    )


@define
class Breaking:
    """Break at one delivery in a way that nobody foresaw."""

    at: str
    done: list[str] = field(factory=list)

    def process(self, id: str) -> bool:
        """Apply a delivery."""
        if id == self.at:
            raise ZeroDivisionError
        self.done.append(id)
        return True


def test_a_delivery_that_breaks_the_worker_does_not_hold_up_the_others() -> None:
    market = Market()
    now = market.wall.now()
    market.storage.work(lambda unit: unit.inbox.receive(a_delivery("evt_1", now)))
    market.storage.work(
        lambda unit: unit.inbox.receive(a_delivery("evt_2", now + timedelta(seconds=1)))
    )
    market.wall.advance(timedelta(seconds=5))
    breaking = Breaking(at="evt_1")
    handler = ProcessInboxHandler(
        work=market.storage.work,
        wall=market.wall,
        processing=breaking,  # type: ignore[arg-type]
    )
    with pytest.raises(ZeroDivisionError):
        handler(ProcessInbox(), SYSTEM)

    handler(ProcessInbox(), SYSTEM)

    assert breaking.done == ["evt_2"]


def test_a_delivery_that_broke_the_worker_is_tried_again() -> None:
    market = Market()
    now = market.wall.now()
    market.storage.work(lambda unit: unit.inbox.receive(a_delivery("evt_1", now)))
    with pytest.raises(ZeroDivisionError):
        ProcessInboxHandler(
            work=market.storage.work,
            wall=market.wall,
            processing=Breaking(at="evt_1"),  # type: ignore[arg-type]
        )(ProcessInbox(), SYSTEM)
    market.wall.advance(timedelta(minutes=2))

    mended = Breaking(at="nothing")
    ProcessInboxHandler(
        work=market.storage.work,
        wall=market.wall,
        processing=mended,  # type: ignore[arg-type]
    )(ProcessInbox(), SYSTEM)

    assert mended.done == ["evt_1"]
