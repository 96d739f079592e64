"""Worlds for the tests of the fake gateway."""

from collections.abc import Callable
from datetime import UTC, datetime

from attrs import define, field

from adapters.clock import ManualClock
from adapters.fake import FakeWorld, MemoryStore, Store, fake_gateway
from application.ports.gateway import GatewayPayment
from application.ports.test_mode import Fault, FaultKind
from tests.contract.gateway.builders import a_customer, fresh, new_payment

START = datetime(2030, 3, 1, 12, tzinfo=UTC)


class Chance:
    """Chance that is the same in each world, unless it is named otherwise."""

    def __init__(self, name: str = "chance") -> None:
        self._name = name

    def secret(self) -> str:
        return self._name

    def fraction(self) -> float:
        return 0.5


class BusyClock(ManualClock):
    """A wall clock under which something else happens whenever somebody waits."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.meanwhile: Callable[[], object] = lambda: None

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.meanwhile()


@define
class Bench:
    """A world and the clocks that it goes by."""

    store: Store = field(factory=MemoryStore)
    clock: ManualClock = field(factory=lambda: ManualClock(START))
    wall_clock: BusyClock = field(factory=lambda: BusyClock(START))
    chance: Chance = field(factory=Chance)
    secrets: tuple[str, ...] = ("whsec_test",)
    world: FakeWorld = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.world = fake_gateway(
            self.store,
            clock=self.clock,
            wall_clock=self.wall_clock,
            randomness=self.chance,
            webhook_secrets=self.secrets,
        )

    def strike(self, method: str, kind: FaultKind, **more: object) -> str:
        fault = Fault(method=method, kind=kind, **more)  # type: ignore[arg-type]
        return self.world.controls.faults.add_fault(fault)

    def run_due(self) -> int:
        return self.world.controls.time.run_due(self.clock.now())

    def paid(self, token: str = "pm_card_visa") -> GatewayPayment:
        gateway = self.world.gateway
        request = new_payment(a_customer(gateway), payment_method=token)
        return gateway.payments.create_payment(request, key=fresh("key"))

    def unpaid(self) -> GatewayPayment:
        gateway = self.world.gateway
        return gateway.payments.create_payment(new_payment(a_customer(gateway)), key=fresh("key"))

    def told(self) -> list[str]:
        return [event.type for event in self.world.chronicle.events()]
