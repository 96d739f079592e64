"""Deliveries that the gateway never sent, at the door of a running application.

The same forgeries meet the fake gateway's decoder and Stripe's. Whatever is refused changes nothing
and is kept nowhere; whatever is genuine counts once.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import stripe
from attrs import evolve, frozen
from litestar.testing import TestClient

from adapters.fake import DEFAULT_SECRET
from adapters.fake.webhooks import sign
from adapters.stripe.webhooks import TOLERANCE_SECONDS, StripeWebhooks
from application.ports.gateway import WebhookDecoder
from entrypoints.composition import compose
from entrypoints.composition.pieces import FakeGateway
from entrypoints.http.app import create_app
from entrypoints.http.controllers.operations import WEBHOOK_LIMIT_BYTES
from tests.http.shop import Caller, Shop, refused, shown

SECRET = DEFAULT_SECRET
OTHER_SECRET = "whsec_of_somebody_else"

Sign = Callable[[bytes, str, int], str]


@frozen(kw_only=True)
class Desk:
    """Where deliveries arrive, and a payment that waits for one."""

    shop: Shop
    door: Caller
    sign: Sign
    """Return the header for a body, a secret, and seconds from now."""
    body: bytes
    """That the payment has succeeded, as the gateway would say it."""
    booking: str

    def deliver(self, body: bytes, signature: str | bytes | None) -> httpx.Response:
        """Send a delivery."""
        headers: Any = {} if signature is None else {"Stripe-Signature": signature}
        return self.door.post("/webhooks/stripe", content=body, headers=headers)

    def good(self, body: bytes | None = None) -> str:
        """Return the signature with which a delivery is taken."""
        return self.sign(self.body if body is None else body, SECRET, 0)

    @property
    def payment_status(self) -> str:
        """Return how the booking's payment stands."""
        shown_booking = shown(self.shop.student.get(f"/bookings/{self.booking}"))
        return str(shown_booking["payment_status"])

    @property
    def kept(self) -> list[dict[str, Any]]:
        """Return the deliveries that were kept."""
        items: list[dict[str, Any]] = shown(self.shop.admin.get("/webhook-events"))["items"]
        return items


@pytest.fixture(params=["fake", "stripe"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with _a_desk(request.param) as desk:
        yield desk


@pytest.fixture(scope="module", params=["fake", "stripe"])
def closed_desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Lend a desk to those who change nothing."""
    with _a_desk(request.param) as desk:
        yield desk


@contextmanager
def _a_desk(kind: str) -> Iterator[Desk]:
    with Shop() as shop:
        fake = shop.market.world.gateway.webhooks
        is_stripe = kind == "stripe"
        decoder: WebhookDecoder = StripeWebhooks((SECRET,)) if is_stripe else fake
        gateway = evolve(shop.market.world.gateway, webhooks=decoder)
        controls = shop.market.world.controls
        overrides = evolve(
            shop.market.overrides(), gateway=FakeGateway(gateway=gateway, controls=controls)
        )
        booking = shop.booking()["id"]
        body = _succeeded(shop, booking)
        with compose(shop.market.settings, overrides) as installation:
            app = create_app(installation.services())
            with TestClient(app) as client:
                yield Desk(
                    shop=shop,
                    door=Caller(client),
                    sign=_by_stripe if is_stripe else _by(shop),
                    body=body,
                    booking=booking,
                )


def _succeeded(shop: Shop, booking: str) -> bytes:
    wanted = {"booking_id": booking}
    intent = shown(shop.student.post("/payments/create-payment-intent", wanted), 201)
    path = f"/test/payment-intents/{intent['payment_intent_id']}/confirm"
    shown(shop.anybody.post(path))
    waiting = shop.market.world.controls.deliveries.pending_deliveries()
    return next(each.body for each in waiting if b"payment_intent.succeeded" in each.body)


def _by_stripe(body: bytes, secret: str, seconds: int) -> str:
    at = int(time.time()) + seconds
    header = stripe.WebhookSignature.generate_signature_header
    return str(header(body.decode(errors="replace"), secret, at))


def _by(shop: Shop) -> Sign:
    def signed(body: bytes, secret: str, seconds: int) -> str:
        at = shop.market.wall.now().timestamp() + seconds
        return sign(body, secret, type(shop.market.wall.now()).fromtimestamp(at).astimezone())

    return signed


def _altered(body: bytes) -> bytes:
    return body.replace(b"succeeded", b"succeedee", 1)


FORGERIES: dict[str, Callable[[Desk], tuple[bytes, str | bytes | None]]] = {
    "a byte altered": lambda desk: (_altered(desk.body), desk.good()),
    "a byte added": lambda desk: (desk.body + b" ", desk.good()),
    "a byte left out": lambda desk: (desk.body[:-1], desk.good()),
    "another amount": lambda desk: (desk.body.replace(b"7500", b"0001"), desk.good()),
    "stale": lambda desk: (desk.body, desk.sign(desk.body, SECRET, -TOLERANCE_SECONDS - 5)),
    "stale, with a fresh timestamp put in": lambda desk: (desk.body, _refreshed(desk)),
    "another secret": lambda desk: (desk.body, desk.sign(desk.body, OTHER_SECRET, 0)),
    "an empty secret": lambda desk: (desk.body, desk.sign(desk.body, "", 0)),
    "no header": lambda desk: (desk.body, None),
    "an empty header": lambda desk: (desk.body, ""),
    "a signature of nothing": lambda desk: (desk.body, desk.good(b"")),
    "another scheme": lambda desk: (desk.body, desk.good().replace("v1=", "v0=")),
    "a scheme to come": lambda desk: (desk.body, desk.good().replace("v1=", "v2=")),
    "the scheme in capitals": lambda desk: (desk.body, desk.good().replace("v1=", "V1=")),
    "no timestamp": lambda desk: (desk.body, desk.good().partition(",")[2]),
    "no signature": lambda desk: (desk.body, desk.good().partition(",")[0]),
    "a signature cut short": lambda desk: (desk.body, desk.good()[:-1]),
    "a signature in capitals": lambda desk: (desk.body, _in_capitals(desk.good())),
    "a bearer's": lambda desk: (desk.body, f"Bearer {desk.good()}"),
    "no ASCII": lambda desk: (desk.body, desk.good().encode() + "é".encode()),
    "an empty body": lambda desk: (b"", desk.good()),
    "signed, but no JSON": lambda desk: (b"{", desk.good(b"{")),
    "signed, but no event": lambda desk: (b"[]", desk.good(b"[]")),
    "signed, but without end": lambda desk: (b"[" * 9_000, desk.good(b"[" * 9_000)),
}


def _refreshed(desk: Desk) -> str:
    stale = desk.sign(desk.body, SECRET, -TOLERANCE_SECONDS - 5)
    return ",".join([desk.good().partition(",")[0], stale.partition(",")[2]])


def _in_capitals(signature: str) -> str:
    head, _, tag = signature.rpartition("=")
    return f"{head}={tag.upper()}"


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused_and_changes_nothing(closed_desk: Desk, name: str) -> None:
    before = closed_desk.kept

    refused(closed_desk.deliver(*FORGERIES[name](closed_desk)), 400, "bad_signature")

    assert closed_desk.payment_status == "pending"
    assert closed_desk.kept == before


def test_what_the_forgeries_are_made_from_is_taken(desk: Desk) -> None:
    assert shown(desk.deliver(desk.body, desk.good())) == {"received": True}

    assert desk.payment_status == "paid"


def test_a_replay_is_acknowledged_and_counts_once(desk: Desk) -> None:
    for seconds in (0, 0, -60, 60):
        again = desk.sign(desk.body, SECRET, seconds)
        assert shown(desk.deliver(desk.body, again)) == {"received": True}
    (event,) = [each for each in desk.kept if each["type"] == "payment_intent.succeeded"]
    payments = shown(desk.shop.admin.get("/payments"))["items"]

    assert (event["state"], event["tries"]) == ("applied", 1)
    assert [payment["amount"] for payment in payments] == ["75.00"]
    assert desk.shop.market.books()["pending:booking,tina"] == -6375


def test_a_signed_event_that_tells_another_story_under_a_known_id_is_not_believed(
    desk: Desk,
) -> None:
    shown(desk.deliver(desk.body, desk.good()))
    books = desk.shop.market.books()

    other = desk.body.replace(b"payment_intent.succeeded", b"payment_intent.canceled")
    shown(desk.deliver(other, desk.good(other)))

    assert desk.payment_status == "paid"
    assert desk.shop.market.books() == books


def test_what_a_signed_event_claims_is_looked_up_and_not_believed(desk: Desk) -> None:
    """A delivery is a hint. What happened is what the gateway says when it is asked."""
    richer = desk.body.replace(b"7500", b"750000")
    assert richer != desk.body

    shown(desk.deliver(richer, desk.good(richer)))

    (payment,) = shown(desk.shop.admin.get("/payments"))["items"]
    assert (payment["amount"], payment["refundable_amount"]) == ("75.00", "75.00")
    assert desk.shop.market.books()["pending:booking,tina"] == -6375


def test_a_live_event_in_test_mode_is_acknowledged_kept_and_never_applied(desk: Desk) -> None:
    event = json.loads(desk.body)
    live = json.dumps({**event, "livemode": True}).encode()

    shown(desk.deliver(live, desk.good(live)))
    desk.shop.market.settle()
    (kept,) = [each for each in desk.kept if each["id"] == event["id"]]
    shown(desk.shop.admin.post(f"/webhook-events/{kept['id']}/replay"))

    assert kept["livemode"] is True
    assert kept["state"] == "ignored"
    assert desk.payment_status == "pending"


def test_a_delivery_that_is_too_large_is_not_read(closed_desk: Desk) -> None:
    padded = closed_desk.body + b" " * (WEBHOOK_LIMIT_BYTES + 1 - len(closed_desk.body))
    before = closed_desk.kept

    response = closed_desk.deliver(padded, closed_desk.good(padded))

    refused(response, 413, "content_too_large")
    assert closed_desk.kept == before


def test_the_largest_delivery_is_read(desk: Desk) -> None:
    padded = desk.body + b" " * (WEBHOOK_LIMIT_BYTES - len(desk.body))

    assert shown(desk.deliver(padded, desk.good(padded))) == {"received": True}


def test_the_door_for_deliveries_heeds_no_token_and_no_other_method(closed_desk: Desk) -> None:
    desk, admin = closed_desk, dict(closed_desk.shop.admin.headers)
    response = desk.door.post("/webhooks/stripe", content=desk.body, headers=admin)

    refused(response, 400, "bad_signature")
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert desk.door.request(method, "/webhooks/stripe").status_code == 405
