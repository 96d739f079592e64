"""Deliveries of Stripe: signature, then the few fields that we use.

The SDK's `construct_event` builds typed objects of everything and takes fifty times as long.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import stripe
from attrs import field, frozen

from adapters.stripe.amounts import from_wire
from adapters.stripe.reading import OPERATION, instant_of
from application.ports.gateway import BadSignature, GatewayEvent

TOLERANCE_SECONDS = 300

_TEXTS = (
    "status",
    "currency",
    "reason",
    "failure_reason",
    "failure_code",
    "cancellation_reason",
    "transfer_group",
)
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
"""What reading something signed that is no event of Stripe's can end in."""
_AMOUNTS = ("amount", "amount_received", "amount_refunded", "amount_reversed")
_FLAGS = ("charges_enabled", "payouts_enabled", "details_submitted", "refunded", "reversed")


class _Data(msgspec.Struct):
    object: dict[str, Any]
    previous_attributes: dict[str, Any] | None = None


class _Delivery(msgspec.Struct):
    id: str
    type: str
    created: int
    data: _Data
    livemode: bool
    account: str | None = None
    api_version: str | None = None


_DECODER = msgspec.json.Decoder(_Delivery)


@frozen
class StripeWebhooks:
    """A `WebhookDecoder` that knows several secrets, so that one can be replaced by another."""

    _secrets: tuple[str, ...] = field(repr=False)

    def decode(self, body: bytes, signature: str | None) -> GatewayEvent:
        """Check the signature over the raw body with each secret, and read the event."""
        if not any(_signed(body, signature, secret) for secret in self._secrets):
            raise BadSignature("The signature is missing, stale, or not made with our secret.")
        try:
            return _event(_DECODER.decode(body))
        except _UNREADABLE as error:
            raise BadSignature("The delivery is signed, but is no event.") from error


def _signed(body: bytes, signature: str | None, secret: str) -> bool:
    if signature is None or not signature.isascii():
        # Python compares no other strings in constant time, and Stripe signs in hexadecimal.
        return False
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


def _event(delivery: _Delivery) -> GatewayEvent:
    thing = delivery.data.object
    kind = str(thing["object"])
    payment = thing["id"] if kind == "payment_intent" else _reference(thing.get("payment_intent"))
    return GatewayEvent(
        id=delivery.id,
        type=delivery.type,
        created_at=instant_of(delivery.created),
        livemode=delivery.livemode,
        account=delivery.account,
        api_version=delivery.api_version,
        object_type=kind,
        object_id=_object_id(thing, kind),
        payment=payment,
        facts=dict(_facts(thing, delivery.data.previous_attributes or {})),
    )


def _object_id(thing: dict[str, Any], kind: str) -> str:
    # A balance, for one, has no id of its own.
    return str(thing.get("id", kind))


def _facts(thing: dict[str, Any], before: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((name, thing[name]) for name in _TEXTS if isinstance(thing.get(name), str))
    for name in _AMOUNTS:
        if isinstance(thing.get(name), int):
            yield name, str(from_wire(thing[name], str(thing.get("currency"))))
    for name in _FLAGS:
        if isinstance(thing.get(name), bool):
            yield name, _told(thing[name])
    if isinstance(granted := thing.get("capabilities"), dict):
        yield "transfers_enabled", _told(granted.get("transfers") == "active")
    for name, reference in (
        *((name, thing.get(name)) for name in _REFERENCES),
        ("operation", (thing.get("metadata") or {}).get(OPERATION)),
        # A detached card no longer tells whose it was.
        ("previous_customer", before.get("customer")),
    ):
        if (referred := _reference(reference)) is not None:
            yield name, referred


def _told(flag: bool) -> str:  # noqa: FBT001 - it is the one thing told.
    return "true" if flag else "false"


def _reference(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else None
