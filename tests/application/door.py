"""A request with an idempotency key, as it stands before the bus."""

from hashlib import sha256
from typing import Any

from application.answers import Slot, answering
from application.commands import Actor, Command
from application.effects import EffectKind
from application.idempotency import Idempotency
from application.ports.records import Answer, IdempotencyRecord
from application.ports.storage import Views
from entrypoints.composition.assembly import idempotency
from tests.application.effect_scenes import SCENES
from tests.market import Market

SCOPE = "sam POST /somewhere"
BY_REQUEST = sorted(
    kind
    for kind, scene in SCENES.items()
    if not scene.for_worker and kind != EffectKind.DETACH_CARD
)
"""Kinds that a POST performs itself; a card is removed by DELETE, which takes no key."""


class Door:
    """What stands before the bus: a request with a key in, an answer out."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.keys: Idempotency = idempotency(market.installation.pieces)

    def request(self, command: Command[Any], actor: Actor, *, key: str = "k") -> Answer:
        """Carry a request out, or answer what was answered."""
        record = self.keys.begin(SCOPE, key, sha256(repr(command).encode()).hexdigest())
        if record.answer is not None:
            return record.answer
        slot = Slot(present=shown, record=record)
        with answering(slot):
            self.market.do(command, actor)
        assert slot.answer is not None
        return slot.answer

    def record(self, key: str = "k") -> IdempotencyRecord | None:
        """Return what is kept of a key."""
        return self.market.storage.work(lambda unit: unit.idempotency.find(SCOPE, key))


def shown(_: Views, result: object) -> Answer:
    """Render a result."""
    return Answer(status=201, body=repr(result).encode())


def keys_of(market: Market) -> Idempotency:
    """Return what keeps the keys of a market."""
    return idempotency(market.installation.pieces)
