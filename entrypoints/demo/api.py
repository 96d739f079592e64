"""The API as a client of it sees it."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import httpx
from attrs import define, field, frozen

Json = dict[str, Any]

PATIENCE_SECONDS = 30.0
"""How long a webhook may take."""


class Unexpected(Exception):
    """The server answered something else than the story needs."""

    def __init__(self, what: str, response: httpx.Response) -> None:
        super().__init__(f"{what} answered {response.status_code}: {response.text[:500]}")


class NeverHappened(Exception):
    """Something that should follow by itself did not."""


@define
class Api:
    """A running server."""

    url: str
    client: httpx.Client = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.client = httpx.Client(base_url=f"{self.url.rstrip('/')}/api/v1", timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.client.close()

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        expect: tuple[int, ...] = (200, 201),
    ) -> Json:
        """Make a request and return its answer. Raises `Unexpected`."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        response = self.client.request(method, path, json=body, headers=headers)
        if response.status_code not in expect:
            raise Unexpected(f"{method} {path}", response)
        answer: Json = response.json()
        return answer

    def log_in(self, email: str, password: str) -> "Caller":
        """Return somebody who is logged in."""
        answer = self.ask("POST", "/auth/login", {"email": email, "password": password})
        return Caller(api=self, id=answer["user"]["id"], token=answer["access_token"])

    def join(self, email: str, password: str, name: str, role: str) -> "Caller":
        """Register somebody and log them in."""
        body = {"email": email, "password": password, "name": name, "role": role}
        self.ask("POST", "/auth/register", body)
        return self.log_in(email, password)

    def advance(self, **by: int) -> str:
        """Move business time forward by `days` and `hours`; return what it is then."""
        seconds = 86_400 * by.get("days", 0) + 3_600 * by.get("hours", 0)
        return str(self.ask("POST", "/test/clock", {"advance_seconds": seconds})["now"])


@frozen(kw_only=True)
class Caller:
    """Somebody who calls the API."""

    api: Api
    id: str
    token: str = field(repr=False)

    def get(self, path: str) -> Json:
        """Read something."""
        return self.api.ask("GET", path, token=self.token)

    def post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        expect: tuple[int, ...] = (200, 201),
    ) -> Json:
        """Do something."""
        return self.api.ask("POST", path, body or {}, token=self.token, expect=expect)

    def wait_for(self, path: str, is_so: Callable[[Json], bool]) -> Json:
        """Read something until it is so. Raises `NeverHappened`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.get(path)
            if is_so(answer):
                return answer
            if time.monotonic() > deadline:
                raise NeverHappened(f"{path} is still {answer}")
            time.sleep(0.05)
