"""A whole installation behind its HTTP API, for tests: people, and requests in their name.

    with Shop() as shop:
        shop.student.post("/bookings", {...}).json()

Everything is real but time, which stands still until `shop.market` moves it.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx
from attrs import evolve, field, frozen
from litestar import Litestar
from litestar.testing import TestClient

from adapters.fake.store import Store
from adapters.tokens import JwtTokens
from application.commands import Actor
from application.ports.storage import Storage
from application.ports.tokens import Tokens
from entrypoints.http.app import create_app
from entrypoints.http.endpoints import BASE
from entrypoints.http.services import HttpSettings, Services
from tests.market import PASSWORD, Market, the_id

__all__ = ["PASSWORD", "Caller", "Shop", "the_id"]


@frozen
class Caller:
    """Somebody's requests. Paths are below the API's base, unless they begin with two slashes."""

    client: TestClient[Litestar]
    headers: Mapping[str, str] = field(factory=dict)
    actor: Actor = field(factory=Actor)

    @property
    def id(self) -> str:
        """Return who calls."""
        return the_id(self.actor)

    def request(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Send a request."""
        where = path[1:] if path.startswith("//") else f"{BASE}{path}"
        headers = {**self.headers, **more.pop("headers", {})}
        if json is not None:
            more["json"] = json
        return self.client.request(method, where, headers=headers, **more)

    def get(self, path: str, **query: Any) -> httpx.Response:
        """Read something."""
        return self.request("GET", path, params=query)

    def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Do something."""
        return self.request("POST", path, json, **more)

    def patch(self, path: str, json: Any) -> httpx.Response:
        """Change something."""
        return self.request("PATCH", path, json)

    def put(self, path: str, json: Any) -> httpx.Response:
        """Set something."""
        return self.request("PUT", path, json)

    def delete(self, path: str) -> httpx.Response:
        """Remove something."""
        return self.request("DELETE", path)

    def with_key(self, key: str) -> "Caller":
        """Send an idempotency key with every request."""
        return evolve(self, headers={**self.headers, "Idempotency-Key": key})


class Shop:
    """An installation and its API."""

    def __init__(
        self,
        *,
        settings: Mapping[str, str] | None = None,
        http: Mapping[str, Any] | None = None,
        services: Mapping[str, Any] | None = None,
        storage: Storage | None = None,
        world_store: Store | None = None,
    ) -> None:
        self.market = Market(
            storage,
            settings={"TUITION_RATE_LIMITS": "off", **(settings or {})},
            world_store=world_store,
        )
        plain = self.market.installation.services()
        options: HttpSettings = evolve(plain.settings, **{"twin_wait_seconds": 0.2, **(http or {})})
        self.services: Services = evolve(plain, settings=options, **(services or {}))
        self.client = TestClient(create_app(self.services))
        self.student = self.caller(self.market.student("sam"))
        self.teacher = self.caller(self.market.teacher("tina"))
        self.admin = self.caller(self.market.admin("ann"))
        self.anybody = Caller(self.client)

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.__exit__(kind, error, trace)
        self.market.installation.close()

    @property
    def tokens(self) -> Tokens:
        """Return what signs access tokens."""
        return self.services.tokens

    def caller(self, actor: Actor) -> Caller:
        """Return the requests of somebody who is logged in."""
        assert actor.role is not None
        token = self.tokens.issue(the_id(actor), actor.role).text
        return Caller(self.client, {"Authorization": f"Bearer {token}"}, actor)

    def expired_token(self, actor: Actor) -> str:
        """Return a token that was good once."""
        assert isinstance(self.tokens, JwtTokens)
        assert actor.role is not None
        long_ago = evolve(self.tokens, lifetime=-self.tokens.lifetime)
        return long_ago.issue(the_id(actor), actor.role).text

    # --- Shorthands --------------------------------------------------------------------------

    def gig(self, **changes: Any) -> dict[str, Any]:
        """Publish a gig at 75.00 usd an hour, booked at once."""
        wanted = {
            "title": "Spanish",
            "hourly_rate": "75.00",
            "currency": "usd",
            "confirmation": "instant",
            **changes,
        }
        return shown(self.teacher.post("/gigs", wanted), 201)

    def booking(self, caller: Caller | None = None, **changes: Any) -> dict[str, Any]:
        """Book an hour for the day after tomorrow."""
        gig = changes.pop("gig_id", None) or self.gig()["id"]
        wanted = {
            "gig_id": gig,
            "starts_at": "2026-03-04T09:00:00Z",
            "duration_minutes": 60,
            **changes,
        }
        return shown((caller or self.student).post("/bookings", wanted), 201)

    def payment(self, booking: str | None = None) -> dict[str, Any]:
        """Pay for a booking with a card, from the server."""
        wanted = {
            "booking_id": booking or self.booking()["id"],
            "payment_method_id": "pm_card_visa",
        }
        return shown(self.student.post("/payments/process-payment", wanted), 201)


def shown(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Return the body of an answer that must have a status."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem document of an answer that must be one."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), response.text
    assert body["status"] == status
    assert body["type"] == f"/problems/{code}"
    return body
