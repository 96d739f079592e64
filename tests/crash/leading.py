"""Ports that lead to whichever stage plays, so that what is composed over them serves them all.

An installation holds its ports and nothing else that lasts. To compose one takes as long as to tell
a scenario; so it is composed once, over ports that lead on to those of the stage that plays. One
stage plays at a time.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

import attrs
from attrs import define, field, frozen

from application.ports.gateway import Gateway
from application.ports.storage import Storage
from application.ports.test_mode import GatewayControls
from entrypoints.composition import Installation, Overrides, compose
from entrypoints.composition.pieces import FakeGateway
from entrypoints.settings import load_settings
from entrypoints.simulation.client import Client, client_of

SETTINGS = {
    "TUITION_DATABASE_URL": "memory://",
    "TUITION_RATE_LIMITS": "off",
    # Else composing would write one into the database of whichever stage is the first.
    "TUITION_JWT_SECRET": "the stage is dark and full of processes",
}


@frozen
class _Leading:
    """A port that hands everything on to the one found at the moment."""

    _found: Callable[[], Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found(), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._found()(*args, **kwargs)


@define
class Playing:
    """The ports of the stage that plays, and an installation over ports that lead to them."""

    ports: Overrides = field(factory=Overrides)
    installation: Installation = field(init=False)
    client: Client = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.installation = compose(load_settings(SETTINGS, None), self._leading())
        self.client = client_of(self.installation)

    def _leading(self) -> Overrides:
        return Overrides(
            storage=self._all_of(Storage, "storage"),
            gateway=FakeGateway(
                gateway=self._all_of(Gateway, "gateway.gateway"),
                controls=self._all_of(GatewayControls, "gateway.controls"),
            ),
            wall=self._port("wall"),
            clock=self._port("clock"),
            ids=self._port("ids"),
            randomness=self._port("randomness"),
            passwords=self._port("passwords"),
            alerts=self._port("alerts"),
        )

    def _all_of(self, whole: type[Any], where: str) -> Any:
        names = [each.name for each in attrs.fields(whole)]
        return whole(**{name: self._port(f"{where}.{name}") for name in names})

    def _port(self, where: str) -> Any:
        find = attrgetter(where)
        return _Leading(lambda: find(self.ports))


@cache
def playing() -> Playing:
    """Return what all stages of this process share."""
    return Playing()
