"""A gateway that holds money and does nothing else."""

from attrs import evolve

from adapters.clock import ManualClock
from adapters.fake import MemoryStore, fake_gateway
from adapters.fake.records import Balance
from adapters.fake.turn import Turn
from adapters.ids import SeededRandomness
from application.ports.gateway import Gateway
from tests.builders import NOW


def a_vault(balances: dict[str, int]) -> Gateway:
    """Return a fake gateway whose balance was paid in at once."""
    store, clock = MemoryStore(), ManualClock(NOW)
    world = fake_gateway(store, clock=clock, wall_clock=clock, randomness=SeededRandomness(1))

    def pay_in(turn: Turn) -> None:
        for currency, minor in balances.items():
            turn.save(evolve(Balance(id=currency), total=minor))

    store.write(lambda rows: pay_in(Turn(rows, NOW)))
    return world.gateway
