"""What the double of Stripe holds: objects, movements of the balance, and the events it told."""

import copy
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.stripe_facts import PublishedCard
from tests.doubles.stripe_shapes import Json, make, members_of, must_fit

API_VERSION = "2026-10-28.endive"
DAY_SECONDS = 86_400


class Refused(Exception):
    """Stripe says no: an HTTP status, and what stands in `error`."""

    def __init__(
        self, status: int, message: str, *, type: str = "invalid_request_error", **members: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: Json = {
            "type": type,
            "message": message,
            **{name: value for name, value in members.items() if value is not None},
        }


class StripeStore:
    """Everything that Stripe knows of one account."""

    def __init__(self) -> None:
        self.things: dict[str, Json] = {}
        self.events: list[Json] = []
        self.published: dict[str, PublishedCard] = {}
        """Which test method a payment method was made from, by its id."""
        self.used_up: set[str] = set()
        """Payment methods that were paid with or detached, and may not be used again."""
        self.set_up: set[str] = set()
        """Payment methods whose owner agreed to payments in their absence."""
        self.settles_late = False
        """Whether a charge gets its balance transaction only later."""
        self.offset = timedelta(0)
        self._numbers = itertools.count(1)

    def now(self) -> int:
        """Return the Unix time of this world."""
        return int((datetime.now(UTC) + self.offset).timestamp())

    def new_id(self, prefix: str) -> str:
        """Mint an id."""
        return f"{prefix}_wire{next(self._numbers):08d}"

    def add(self, kind: str, prefix: str, **members: Any) -> Json:
        """Make an object, keep it, and return it."""
        known = members_of(kind)
        usual = {"created": self.now(), "livemode": False}
        usual = {name: value for name, value in usual.items() if name in known}
        thing = make(kind, **{"id": self.new_id(prefix), **usual, **members})
        self.things[thing["id"]] = thing
        return thing

    def get(self, kind: str, id: str, *, param: str | None = None) -> Json:
        """Return an object; one that a path names is answered 404, one in a parameter 400."""
        thing = self.things.get(id)
        if thing is None or thing["object"] != kind:
            raise Refused(
                404 if param is None else 400,
                f"No such {kind}: '{id}'",
                code="resource_missing",
                param=param or "id",
            )
        return thing

    def all(self, kind: str) -> Iterator[Json]:
        """Yield the objects of a kind, newest first."""
        return (thing for thing in reversed(self.things.values()) if thing["object"] == kind)

    def tell(self, type: str, thing: Json, previous: Json | None = None) -> None:
        """Record an event, with the object as it is now."""
        must_fit(thing)
        event = make(
            "event",
            id=self.new_id("evt"),
            type=type,
            created=self.now(),
            livemode=False,
            api_version=API_VERSION,
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
        )
        del event["account"], event["context"]  # Neither comes with events of one's own account.
        if thing["object"] == "account":
            event["account"] = thing["id"]
        event["data"] = {"object": copy.deepcopy(thing)}
        if previous is not None:
            event["data"]["previous_attributes"] = previous
        self.events.append(event)

    def move(
        self,
        kind: str,
        amount: int,
        currency: str,
        source: str,
        *,
        fee: int = 0,
        category: str | None = None,
        pending_days: int = 0,
    ) -> Json:
        """Move the balance, and return the balance transaction."""
        available = self.now() + pending_days * DAY_SECONDS
        return self.add(
            "balance_transaction",
            "txn",
            amount=amount,
            fee=fee,
            net=amount - fee,
            currency=currency,
            type=kind,
            reporting_category=category or kind,
            source=source,
            available_on=available,
            status="pending" if pending_days else "available",
            balance_type="payments",
        )

    def balance(self, currency: str, *, available: bool) -> int:
        """Sum what is available, or what is pending, in a currency."""
        return sum(
            movement["net"]
            for movement in self.all("balance_transaction")
            if movement["currency"] == currency
            and (movement["available_on"] <= self.now()) is available
        )
