"""The world as a whole: its ids, its log, and that nothing of it is ever lost."""

import hmac
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest
from attrs import evolve

import adapters
from adapters.fake import MemoryStore, StoreAway, open_store
from adapters.fake.store.rows import R, Rows
from application.ports.gateway import BadSignature, GatewayRefused, OutcomeUnknown
from application.ports.test_mode import FaultKind
from tests.adapters.fake.worlds import Bench, Chance
from tests.contract.gateway.builders import (
    a_customer,
    an_account,
    fresh,
    new_payment,
    new_refund,
    new_transfer,
)
from tests.contract.gateway.fake_harness import FakeHarness
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]

ROOT = Path(adapters.__file__).parents[1]


def test_ids_look_like_stripes() -> None:
    bench = Bench()
    paid = bench.paid()
    refund = bench.world.gateway.refunds.create_refund(new_refund(paid, 1), key=fresh())
    assert paid.id.startswith("pi_")
    assert (paid.charge or "").startswith("ch_")
    assert (paid.customer or "").startswith("cus_")
    assert (paid.payment_method or "").startswith("pm_")
    assert refund.id.startswith("re_")
    assert paid.balance_transaction is not None
    assert paid.balance_transaction.id.startswith("txn_")


def test_the_same_chance_and_calls_make_the_same_world() -> None:
    def play(chance: str) -> list[str]:
        bench = Bench(chance=Chance(chance))
        bench.paid()
        return [event.id for event in bench.world.chronicle.events()]

    assert play("one") == play("one")
    assert play("one") != play("two")


def test_a_world_keeps_its_ids_when_it_is_opened_again() -> None:
    store = MemoryStore()
    first = Bench(store=store, chance=Chance("one")).paid()
    second = Bench(store=store, chance=Chance("two")).paid()
    assert first.id[:10] == second.id[:10]
    assert first.id != second.id


def test_it_says_that_it_is_no_real_gateway() -> None:
    profile = Bench().world.gateway.profile
    assert (profile.name, profile.livemode, profile.test_cards_allowed) == ("fake", False, True)


def test_the_log_tells_each_call_with_its_effects() -> None:
    bench = Bench()
    gateway = bench.world.gateway
    customer = a_customer(gateway)
    request, key = new_payment(customer, payment_method="pm_card_visa"), fresh()
    bench.strike("create_payment", FaultKind.LOST_ANSWER)
    with pytest.raises(OutcomeUnknown):
        gateway.payments.create_payment(request, key=key)
    paid = gateway.payments.create_payment(request, key=key)
    with pytest.raises(GatewayRefused):
        gateway.refunds.create_refund(new_refund(paid, 9999), key=fresh())
    _, lost, replayed, refused = bench.world.chronicle.calls()
    assert (lost.method, lost.key, lost.operation) == ("create_payment", key, request.operation)
    assert (lost.outcome, lost.fault, lost.replayed) == ("OutcomeUnknown", "lost_answer", False)
    assert {paid.id, paid.charge} <= set(lost.effects)
    assert (replayed.outcome, replayed.replayed, replayed.effects) == ("ok", True, ())
    assert (refused.outcome, refused.effects) == ("GatewayRefused", ())


def test_the_log_tells_of_looks_that_a_fault_struck() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.world.gateway.payments.payment(payment.id)
    bench.strike("payment", FaultKind.LOST_REQUEST)
    with pytest.raises(OutcomeUnknown):
        bench.world.gateway.payments.payment(payment.id)
    looks = [call for call in bench.world.chronicle.calls() if call.method == "payment"]
    assert [(look.outcome, look.fault) for look in looks] == [("OutcomeUnknown", "lost_request")]


def test_everything_that_an_operation_made_is_found() -> None:
    harness = FakeHarness()
    account = an_account(harness)
    bench = Bench(store=harness.fake.store)
    paid = bench.paid()
    refund_request = new_refund(paid, 1)
    transfer_request = new_transfer(account, 1, source_charge=paid.charge)
    refund = bench.world.gateway.refunds.create_refund(refund_request, key=fresh())
    transfer = bench.world.gateway.transfers.create_transfer(transfer_request, key=fresh())
    made_by = bench.world.chronicle.made_by
    assert made_by(refund_request.operation) == [refund.id]
    assert made_by(transfer_request.operation) == [transfer.id]
    assert made_by(fresh()) == []
    assert [each.id for each in bench.world.chronicle.payments()] == [paid.id]
    assert [each.id for each in bench.world.chronicle.refunds()] == [refund.id]
    assert [each.id for each in bench.world.chronicle.transfers()] == [transfer.id]


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/tuition.db"
    before = Bench(store=open_store(url))
    gateway = before.world.gateway
    request, key = new_payment(a_customer(gateway), payment_method="pm_card_visa"), fresh()
    paid = gateway.payments.create_payment(request, key=key)
    before.strike("create_payment", FaultKind.LOST_REQUEST)
    pending = before.world.controls.deliveries.pending_deliveries()
    balances = gateway.books.balances()
    before.world.close()

    after = Bench(store=open_store(url))
    gateway = after.world.gateway
    assert gateway.payments.payment(paid.id) == paid
    assert gateway.books.balances() == balances
    assert after.world.controls.deliveries.pending_deliveries() == pending
    with pytest.raises(OutcomeUnknown):
        gateway.payments.create_payment(request, key=key)
    assert gateway.payments.create_payment(request, key=key) == paid
    after.world.close()


PLAY = """
import sys
from adapters.clock import SystemClock
from adapters.fake import fake_gateway, open_store
from application.ports.gateway import NewPayment
from tests.adapters.fake.worlds import Chance

url, customer, mine = sys.argv[1:]
clock = SystemClock()
world = fake_gateway(open_store(url), clock=clock, wall_clock=clock, randomness=Chance(mine))
for number in range(10):
    for who in (mine, "shared"):
        request = NewPayment(
            operation=f"op_{who}_{number}", amount=1000, currency="usd", customer=customer,
            description="", transfer_group="", metadata={}, payment_method="pm_card_visa",
        )
        world.gateway.payments.create_payment(request, key=f"{who}:{number}")
world.close()
"""


def test_processes_share_one_world(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/tuition.db"
    bench = Bench(store=open_store(url))
    customer = a_customer(bench.world.gateway)
    players = [
        subprocess.Popen([sys.executable, "-c", PLAY, url, customer, name], cwd=ROOT)
        for name in ("a", "b", "c")
    ]
    assert [player.wait(60) for player in players] == [0, 0, 0]
    payments = bench.world.chronicle.payments()
    assert len({payment.id for payment in payments}) == 40
    assert sorted(payment.metadata["tuition_operation"] for payment in payments) == sorted(
        f"op_{who}_{number}" for who in ("a", "b", "c", "shared") for number in range(10)
    )
    moved = sum(each.net for each in bench.world.gateway.books.balance_transactions())
    assert bench.world.gateway.books.balances() == {"usd": moved}
    bench.world.close()


class AwayStore(MemoryStore):
    """A store that can go away."""

    away = False

    def write(self, work: Callable[[Rows], R]) -> R:
        self._be_there()
        return super().write(work)

    def read(self, work: Callable[[Rows], R]) -> R:
        self._be_there()
        return super().read(work)

    def _be_there(self) -> None:
        if self.away:
            raise StoreAway("the disk is full")


def test_a_store_that_is_away_leaves_outcomes_unknown() -> None:
    store = AwayStore()
    bench = Bench(store=store)
    payment = bench.unpaid()
    store.away = True
    with pytest.raises(OutcomeUnknown):
        bench.world.gateway.payments.payment(payment.id)
    with pytest.raises(OutcomeUnknown):
        bench.world.gateway.payments.cancel_payment(payment.id, key=fresh())
    store.away = False
    assert bench.world.gateway.payments.payment(payment.id) == payment


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        url = {"memory": "memory://", "sqlite": f"sqlite:///{tmp_path}/tuition.db"}.get(
            request.param
        )
        if url is None:
            server: PostgresServer = request.getfixturevalue("postgres")
            url = stack.enter_context(server.database())
        opened = Bench(store=open_store(url))
        stack.callback(opened.world.close)
        yield opened


def test_eight_threads_with_one_key_make_one_payment(bench: Bench) -> None:
    payments = bench.world.gateway.payments
    request = new_payment(a_customer(bench.world.gateway), payment_method="pm_card_visa")
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: payments.create_payment(request, key="one"), range(8)))
    assert made == [made[0]] * 8
    assert bench.world.chronicle.made_by(request.operation) == [made[0].id]


def test_eight_threads_cannot_refund_more_than_was_paid(bench: Bench) -> None:
    paid = bench.paid()

    def refund(_: int) -> int:
        try:
            request = new_refund(paid, 2000)
            return bench.world.gateway.refunds.create_refund(request, key=fresh("key")).amount
        except GatewayRefused:
            return 0

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(refund, range(8))) == 6000
    assert bench.world.gateway.payments.payment(paid.id).refunded == 6000


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "usd", "amount_too_small"),
        (0, "usd", "amount_too_small"),
        (-1, "usd", "amount_too_small"),
        (100_000_000, "usd", "amount_too_large"),
        (7501, "kwd", "parameter_invalid_integer"),
        (7500, "xxx", "invalid_currency"),
    ],
)
def test_an_amount_that_cannot_be_charged_is_refused(amount: int, currency: str, code: str) -> None:
    gateway = Bench().world.gateway
    request = new_payment(a_customer(gateway), amount=amount, currency=currency)
    with pytest.raises(GatewayRefused) as refused:
        gateway.payments.create_payment(request, key=fresh())
    assert refused.value.code == code


def test_a_refund_in_another_currency_is_refused() -> None:
    bench = Bench()
    request = evolve(new_refund(bench.paid(), 100), currency="eur")
    with pytest.raises(GatewayRefused):
        bench.world.gateway.refunds.create_refund(request, key=fresh())


@pytest.mark.parametrize("changes", [{"amount": 0}, {"currency": "eur"}])
def test_a_transfer_that_does_not_fit_its_charge_is_refused(changes: dict[str, object]) -> None:
    harness = FakeHarness()
    account = an_account(harness)
    paid = Bench(store=harness.fake.store).paid()
    request = evolve(new_transfer(account, 100, source_charge=paid.charge), **changes)  # type: ignore[arg-type]
    with pytest.raises(GatewayRefused):
        harness.gateway.transfers.create_transfer(request, key=fresh())


def test_a_signature_without_a_time_is_refused_though_its_code_is_right() -> None:
    bench = Bench()
    code = hmac.new(b"whsec_test", b"soon.{}", sha256).hexdigest()
    with pytest.raises(BadSignature):
        bench.world.gateway.webhooks.decode(b"{}", f"t=soon,v1={code}")
