"""The fake gateway under the contract."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from attrs import frozen

from adapters.clock import ManualClock
from adapters.fake import FakeWorld, MemoryStore, Store, fake_gateway
from adapters.fake.webhooks import FakeWebhooks
from application.ports.gateway import Gateway, WebhookDecoder
from application.ports.test_mode import Fault, FaultKind
from tests.contract.gateway.harness import SECRET, Delivered

START = datetime(2030, 3, 1, 12, tzinfo=UTC)


class OneSecret:
    """Chance that is always the same."""

    def secret(self) -> str:
        return "chance"

    def fraction(self) -> float:
        return 0.5


@frozen
class FakeHarnessWorld:
    fake: FakeWorld
    clock: ManualClock

    def confirm_in_browser(self, payment: str, token: str) -> None:
        self.fake.controls.browser.confirm(payment, token)

    def authenticate(self, payment: str, outcome: Literal["succeed", "fail"]) -> None:
        self.fake.controls.browser.authenticate(payment, outcome)

    def complete_setup(self, setup: str, token: str) -> None:
        self.fake.controls.browser.complete_setup(setup, token)

    def enable_account(self, account: str) -> None:
        self.fake.controls.outside.enable_account(account)

    def fail_refund(self, refund: str, reason: str) -> None:
        self.fake.controls.outside.fail_refund(refund, reason)

    def let_time_pass(self, days: int) -> None:
        self.clock.advance(timedelta(days=days))
        self.fake.controls.time.run_due(self.clock.now())


@frozen
class FakeNetwork:
    fake: FakeWorld

    def _next(self, method: str, kind: FaultKind) -> None:
        self.fake.controls.faults.add_fault(Fault(method=method, kind=kind))

    def lose_next_request(self, method: str) -> None:
        self._next(method, FaultKind.LOST_REQUEST)

    def lose_next_answer(self, method: str) -> None:
        self._next(method, FaultKind.LOST_ANSWER)

    def break_next(self, method: str, *, after_effect: bool) -> None:
        self._next(method, FaultKind.ERROR_NOW if after_effect else FaultKind.ERROR_NEVER)

    def lock_next(self, method: str) -> None:
        self._next(method, FaultKind.LOCKED)

    def limit_next(self, method: str) -> None:
        self._next(method, FaultKind.RATE_LIMITED)


class FakeHarness:
    """A `GatewayHarness` around a payment world, in memory or in a store that lasts."""

    def __init__(self, store: Store | None = None) -> None:
        self.clock, self.wall_clock = ManualClock(START), ManualClock(START)
        self.fake = fake_gateway(
            store or MemoryStore(),
            clock=self.clock,
            wall_clock=self.wall_clock,
            randomness=OneSecret(),
            webhook_secrets=(SECRET,),
        )
        self.world = FakeHarnessWorld(self.fake, self.clock)
        self.network = FakeNetwork(self.fake)

    @property
    def gateway(self) -> Gateway:
        return self.fake.gateway

    def wall_now(self) -> datetime:
        return self.wall_clock.now()

    def deliveries(self) -> Sequence[Delivered]:
        pending = self.fake.controls.deliveries.pending_deliveries(1000)
        for each in pending:
            self.fake.controls.deliveries.delivered(each.id)
        return [Delivered(each.body, each.signature) for each in pending]

    def decoder(self, *secrets: str) -> WebhookDecoder:
        return FakeWebhooks(self.wall_clock, secrets)
