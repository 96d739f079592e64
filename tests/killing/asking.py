"""A sensible client: each request has a key, and is repeated with it until it is answered."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import msgspec
from attrs import define, field, frozen

from entrypoints.simulation.client import PASSING_CODES

Json = dict[str, Any]

PASSWORD = "lots of practice"
HURRIED_SECONDS = 1.5
"""How long an answer is waited for while processes die: one that was begun comes sooner."""

HURRIED_PATIENCE_SECONDS = 4.0
CALM_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0


@define
class Person:
    """Somebody who can log in."""

    email: str
    password: str = PASSWORD
    id: str = ""
    token: str = ""


@frozen(kw_only=True)
class Asked:
    """A request, as its sender can send it again to the byte."""

    person: Person
    path: str
    body: bytes
    key: str


@frozen(kw_only=True)
class Told:
    """What somebody was answered, and has a right to rely on."""

    asked: Asked
    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        """Tell whether something was promised."""
        return self.status < 300

    @property
    def answer(self) -> Json:
        """Return it as it was meant."""
        found: Json = msgspec.json.decode(self.body)
        return found


@define
class Journal:
    """What a client sent, what it was told, and what it never heard of again."""

    told: list[Told] = field(factory=list)
    unanswered: list[Asked] = field(factory=list)
    seen_paid: set[str] = field(factory=set)
    """The payments that the browser called paid."""
    lost_answers: int = 0
    replays: int = 0


@define
class Line:
    """A client's connection to whichever server answers."""

    urls: Sequence[str]
    journal: Journal
    random: random.Random
    on_send: Callable[[str], None] = lambda _: None
    client: httpx.Client = field(factory=httpx.Client)
    seconds: float = CALM_SECONDS
    """How long one answer is waited for."""
    patience_seconds: float = CALM_SECONDS
    """How long a request is repeated."""

    def hurry(self) -> None:
        """Wait no longer than is sensible while processes die."""
        self.seconds, self.patience_seconds = HURRIED_SECONDS, HURRIED_PATIENCE_SECONDS

    def be_patient(self) -> None:
        """Wait for whatever comes."""
        self.seconds = self.patience_seconds = CALM_SECONDS

    def ask(self, asked: Asked) -> Told | None:
        """Send a request until it is answered; None when that takes too long."""
        response = self.send("POST", asked.path, asked.body, person=asked.person, key=asked.key)
        if response is None:
            return None
        told = Told(asked=asked, status=response.status_code, body=response.content)
        self.journal.replays += is_replayed(response)
        return told

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        person: Person | None = None,
        key: str | None = None,
        seconds: float | None = None,
    ) -> httpx.Response | None:
        """Send a request, again and again while it is worth it.

        Each answer is waited for so many seconds, if not for as many as usual.
        """
        deadline = time.monotonic() + self.patience_seconds
        pause = FIRST_PAUSE_SECONDS
        while time.monotonic() < deadline:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            if key is not None:
                headers["Idempotency-Key"] = key
            if person is not None:
                headers["Authorization"] = f"Bearer {person.token}"
            response = self._once(method, path, body, headers, seconds or self.seconds)
            if response is not None and response.status_code == 401 and person is not None:
                self.log_in(person)
            elif response is not None and not passes(response):
                assert response.status_code != 500, f"{method} {path}: {response.text}"
                return response
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        return None

    def _once(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        seconds: float,
    ) -> httpx.Response | None:
        url = self.random.choice(self.urls)
        self.on_send(url)
        try:
            return self.client.request(
                method, f"{url}/api/v1{path}", content=body, headers=headers, timeout=seconds
            )
        except httpx.ConnectError:
            return None
        except httpx.TransportError:
            self.journal.lost_answers += 1
            return None

    def log_in(self, person: Person) -> bool:
        """Let somebody log in; tell whether that succeeded in time."""
        body = msgspec.json.encode({"email": person.email, "password": person.password})
        response = self.send("POST", "/auth/login", body)
        if response is None or not response.is_success:
            return False
        person.token = response.json()["access_token"]
        person.id = response.json()["user"]["id"]
        return True

    def read(self, path: str, person: Person) -> Json | None:
        """Read something; None when nobody answers."""
        response = self.send("GET", path, person=person)
        if response is None:
            return None
        found: Json = response.json()
        return found


def passes(response: httpx.Response) -> bool:
    """Tell whether another try may be answered otherwise."""
    if response.status_code < 400:
        return False
    return bool(response.json()["code"] in PASSING_CODES)


def is_replayed(response: httpx.Response) -> bool:
    """Tell whether an answer was given before."""
    return bool(response.headers.get("idempotent-replayed") == "true")
