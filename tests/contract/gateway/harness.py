"""What a gateway must let its tests do, so that one suite can prove every adapter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from attrs import frozen

from application.ports.gateway import Gateway, WebhookDecoder

SECRET = "whsec_contract"
"""What a harness signs its deliveries with, and what its gateway's decoder knows."""


@frozen
class Delivered:
    """A webhook request as our endpoint gets it."""

    body: bytes
    signature: str


class World(Protocol):
    """What payers, banks and time do."""

    def confirm_in_browser(self, payment: str, token: str) -> None:
        """Pay from the browser with a test token or a saved card; a decline is no exception."""
        ...

    def authenticate(self, payment: str, outcome: Literal["succeed", "fail"]) -> None:
        """Pass or fail the 3-D Secure challenge that the payment waits for."""
        ...

    def complete_setup(self, setup: str, token: str) -> None:
        """Finish a set-up in the browser: the card becomes the customer's."""
        ...

    def enable_account(self, account: str) -> None:
        """Let a connected account receive transfers."""
        ...

    def fail_refund(self, refund: str, reason: str) -> None:
        """Let a refund fail, whether it is pending or succeeded long ago."""
        ...

    def let_time_pass(self, days: int) -> None:
        """Move the world's time on: delayed payments and refunds end, funds become available."""
        ...


class Network(Protocol):
    """Faults of the next call of a port method, named as in the port."""

    def lose_next_request(self, method: str) -> None:
        """Drop it before it arrives: nothing happens, the answer never comes."""
        ...

    def lose_next_answer(self, method: str) -> None:
        """Let it happen, and drop the answer."""
        ...

    def break_next(self, method: str, *, after_effect: bool) -> None:
        """Answer 500, before or after the effect; the key replays that 500."""
        ...

    def lock_next(self, method: str) -> None:
        """Answer 409: another request holds the key. Nothing happens."""
        ...

    def limit_next(self, method: str) -> None:
        """Answer 429: too many requests. Nothing happens."""
        ...


class GatewayHarness(Protocol):
    """A gateway with a world behind it, fresh for one test."""

    @property
    def gateway(self) -> Gateway:
        """The adapter under test."""
        ...

    @property
    def world(self) -> World:
        """What happens outside of us."""
        ...

    @property
    def network(self) -> Network:
        """What goes wrong between the two."""
        ...

    def wall_now(self) -> datetime:
        """Return real time as the adapter's webhook decoder sees it."""
        ...

    def deliveries(self) -> Sequence[Delivered]:
        """Return the events since it was last asked, oldest first, freshly signed with `SECRET`."""
        ...

    def decoder(self, *secrets: str) -> WebhookDecoder:
        """Return the adapter's decoder, set up with other secrets."""
        ...
