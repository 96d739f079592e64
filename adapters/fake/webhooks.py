"""Deliveries of the world, signed and read the way Stripe's are."""

import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
from attrs import field, frozen

from adapters.fake.records import OPERATION
from application.ports.clock import WallClock
from application.ports.gateway import BadSignature, GatewayEvent

TOLERANCE_SECONDS = 300

_TEXTS = ("status", "currency", "reason", "failure_reason", "transfer_group")
_REFERENCES = (
    "customer",
    "charge",
    "latest_charge",
    "payment_method",
    "balance_transaction",
    "destination",
    "source_transaction",
)
_UNREADABLE = (
    *(msgspec.DecodeError, RecursionError, OverflowError),
    *(LookupError, TypeError, AttributeError, ValueError),
)
"""What reading something signed that is no event of the gateway's can end in."""
_AMOUNTS = ("amount", "amount_received", "amount_refunded", "amount_reversed")
_FLAGS = ("charges_enabled", "payouts_enabled", "details_submitted", "refunded", "reversed")


def sign(body: bytes, secret: str, at: datetime) -> str:
    """Return the header `Stripe-Signature` for a body that is sent at an instant."""
    timestamp = int(at.timestamp())
    return f"t={timestamp},v1={_mac(body, secret, str(timestamp))}"


def _mac(body: bytes, secret: str, timestamp: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()


@frozen
class FakeWebhooks:
    """A `WebhookDecoder` that knows several secrets, so that one can be replaced by another."""

    _wall_clock: WallClock
    _secrets: tuple[str, ...] = field(repr=False)

    def decode(self, body: bytes, signature: str | None) -> GatewayEvent:
        """Check the signature over the raw body with each secret, and read the event."""
        self._check(body, signature or "")
        try:
            return _event(msgspec.json.decode(body))
        except _UNREADABLE as error:
            raise BadSignature("The delivery is signed, but is no event.") from error

    def _check(self, body: bytes, signature: str) -> None:
        parts = [part.partition("=") for part in signature.split(",")]
        timestamp = next((value for name, _, value in parts if name == "t"), "")
        given = [value.encode() for name, _, value in parts if name == "v1"]
        right = [_mac(body, secret, timestamp).encode() for secret in self._secrets]
        if not any(hmac.compare_digest(one, other) for one in given for other in right):
            raise BadSignature("The signature is missing, or not made with our secret.")
        now = self._wall_clock.now().timestamp()
        if not timestamp.isascii() or not timestamp.isdigit():
            raise BadSignature("The signature has no timestamp.")
        if int(timestamp) < now - TOLERANCE_SECONDS:
            raise BadSignature("The signature is stale.")


def _event(event: dict[str, Any]) -> GatewayEvent:
    thing = event["data"]["object"]
    kind = str(thing["object"])
    payment = thing["id"] if kind == "payment_intent" else thing.get("payment_intent")
    return GatewayEvent(
        id=str(event["id"]),
        type=str(event["type"]),
        created_at=datetime.fromtimestamp(event["created"], UTC),
        livemode=event["livemode"] is True,
        account=event.get("account"),
        api_version=event.get("api_version"),
        object_type=kind,
        object_id=str(thing["id"]),
        payment=payment,
        facts=dict(_facts(thing, event["data"].get("previous_attributes") or {})),
    )


def _facts(thing: dict[str, Any], before: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in (*_TEXTS, *_REFERENCES):
        if isinstance(thing.get(name), str):
            yield name, thing[name]
    for name in (*_AMOUNTS, *_FLAGS):
        if isinstance(thing.get(name), int):
            yield name, str(thing[name]).lower()
    if isinstance(granted := thing.get("capabilities"), dict):
        yield "transfers_enabled", str(granted.get("transfers") == "active").lower()
    operation = (thing.get("metadata") or {}).get(OPERATION)
    if isinstance(operation, str):
        yield "operation", operation
    if isinstance(before.get("customer"), str):
        # A detached card no longer tells whose it was.
        yield "previous_customer", before["customer"]
