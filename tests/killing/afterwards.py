"""When all is over: the process that finds everything, hours later, and makes it good."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

import httpx
from attrs import define, field
from litestar import Litestar
from litestar.testing import TestClient

from adapters.fake import FakeWorld, fake_gateway, open_store
from application.ports.storage import Storage
from entrypoints.composition import Installation, Overrides, compose
from entrypoints.server import application
from entrypoints.settings import load_settings
from tests.crash.whole import is_at_rest, operations_of
from tests.e2e.processes import Place
from tests.killing.asking import Asked, Journal, Json, Person, Told, is_replayed, passes
from tests.races.arena import RunningClock

LEASES_END_AFTER = timedelta(seconds=100)
STEPS = (*(LEASES_END_AFTER,) * 20, *(timedelta(hours=1),) * 30)
"""How far to look ahead, step by step.

A key under which the gateway has stored its own error is of use again only when it has forgotten
it, which takes more than a day.
"""
BUSINESS_DAYS = 12


@define
class Afterwards:
    """An installation on the same database whose wall clock is ahead, by what it is moved.

    Leases last a minute and a half of real time. A process that wakes after they have run out does
    what one would do that had waited for them.
    """

    installation: Installation
    world: FakeWorld
    wall: RunningClock
    http: "TestClient[Litestar]"
    _closing: ExitStack = field(factory=ExitStack)

    @classmethod
    def at(cls, place: Place) -> Self:
        """Compose it from what the killed processes had."""
        wall = RunningClock(datetime.now(UTC))
        settings = load_settings(dict(place.environment), None)
        installation = compose(settings, Overrides(wall=wall))
        pieces = installation.pieces
        world = fake_gateway(
            open_store(settings.database_url),
            clock=pieces.clock,
            wall_clock=wall,
            randomness=pieces.randomness,
        )
        client = TestClient(application(installation, with_worker=False))
        return cls(installation=installation, world=world, wall=wall, http=client)

    def __enter__(self) -> Self:
        self._closing.callback(self.world.close)
        self._closing.enter_context(self.http)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.close()

    @property
    def storage(self) -> Storage:
        """Return the database that was shared."""
        return self.installation.pieces.storage

    def balances(self) -> dict[str, int]:
        """Return every account's balance that is not zero, by name; in minor units, debit +."""
        return self.storage.read(
            lambda views: {name: amount for name, _, amount in views.books.balances() if amount}
        )

    def rest(self) -> None:
        """Let everything come to an end that was begun."""
        for step in STEPS:
            self.installation.worker.until_idle()
            if is_at_rest(self):
                return
            self.wall.advance(step)
        waiting = [each for each in operations_of(self) if each.state.is_open]
        raise AssertionError(f"something never came to its end: {waiting}")

    def let_time_pass(self) -> None:
        """Let lessons end, debits arrive and teachers be paid, until nothing is under way."""
        self.rest()
        clock = self.installation.test_clock
        assert clock is not None
        clock.advance(int(timedelta(days=BUSINESS_DAYS).total_seconds()))
        self.rest()

    # --- As clients see it -----------------------------------------------------------------------

    def ask(self, asked: Asked) -> tuple[Told, bool]:
        """Send a request until it is answered; tell also whether the answer was a stored one."""
        response = self._send("POST", asked.path, asked.person, asked)
        for step in STEPS:
            if not passes(response):
                break
            self.wall.advance(step)
            response = self._send("POST", asked.path, asked.person, asked)
        assert not passes(response), f"never answered: {asked}"
        told = Told(asked=asked, status=response.status_code, body=response.content)
        return told, is_replayed(response)

    def reading_as(self, person: Person) -> Callable[[str], Json]:
        """Return a function that reads what somebody may see."""

        def read(path: str) -> Json:
            found: Json = self._send("GET", path, person).json()
            return found

        return read

    def log_in(self, person: Person) -> None:
        """Let somebody log in."""
        body = {"email": person.email, "password": person.password}
        response = self.http.post("/api/v1/auth/login", json=body)
        assert response.is_success, response.text
        person.token = response.json()["access_token"]

    def _send(
        self, method: str, path: str, person: Person, asked: Asked | None = None
    ) -> httpx.Response:
        response = self._send_once(method, path, person, asked)
        if response.status_code == 401:
            self.log_in(person)
            response = self._send_once(method, path, person, asked)
        assert response.status_code not in {401, 500}, response.text
        return response

    def _send_once(
        self, method: str, path: str, person: Person, asked: Asked | None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {person.token}"}
        if asked is None:
            return self.http.request(method, f"/api/v1{path}", headers=headers)
        headers |= {"Content-Type": "application/json", "Idempotency-Key": asked.key}
        return self.http.request(method, f"/api/v1{path}", content=asked.body, headers=headers)


def whole(journals: Sequence[Journal]) -> Journal:
    """Put the journals of all clients together."""
    return Journal(
        told=[told for each in journals for told in each.told],
        unanswered=[asked for each in journals for asked in each.unanswered],
        seen_paid={payment for each in journals for payment in each.seen_paid},
        lost_answers=sum(each.lost_answers for each in journals),
        replays=sum(each.replays for each in journals),
    )
