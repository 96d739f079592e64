"""Deliveries that are signed and are no events: either gateway's decoder refuses them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.clock import ManualClock
from adapters.fake.webhooks import FakeWebhooks, sign
from adapters.stripe.webhooks import StripeWebhooks
from application.ports.gateway import BadSignature
from tests.builders import NOW

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
    webhooks = FakeWebhooks(ManualClock(NOW), (SECRET,))

    with pytest.raises(BadSignature):
        webhooks.decode(body, sign(body, SECRET, NOW))


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_stripes_decoder_refuses_a_signed_delivery_that_is_no_event(body: bytes) -> None:
    # Stripe's library compares with the clock of the machine.
    signature = sign(body, SECRET, datetime.now(UTC))

    with pytest.raises(BadSignature):
        StripeWebhooks((SECRET,)).decode(body, signature)
