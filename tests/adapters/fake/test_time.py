from datetime import timedelta

from adapters.clock import ManualClock, OffsetClock
from adapters.fake import MemoryStore, WorldOffset
from application.ports.gateway import GatewayPaymentStatus
from application.ports.test_mode import MovableClock
from tests.adapters.fake.worlds import START, Bench
from tests.contract.gateway.builders import an_account, fresh, new_transfer
from tests.contract.gateway.fake_harness import FakeHarness


def deliver_all(bench: Bench) -> None:
    queue = bench.world.controls.deliveries
    for each in queue.pending_deliveries(1000):
        queue.delivered(each.id)


def test_nothing_is_due_in_a_quiet_world() -> None:
    bench = Bench()
    assert bench.world.controls.time.next_due(START) is None
    assert bench.run_due() == 0


def test_an_event_is_due_at_once() -> None:
    bench = Bench()
    bench.paid()
    later = START + timedelta(hours=1)
    assert bench.world.controls.time.next_due(START) == START
    assert bench.world.controls.time.next_due(later) == later


def test_a_delayed_payment_is_due_when_it_ends() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.world.controls.browser.confirm(payment.id, "pm_usBankAccount_success")
    deliver_all(bench)
    due = bench.world.controls.time.next_due(START)
    assert due == START + timedelta(days=4)
    bench.clock.move_to(due - timedelta(seconds=1))
    assert bench.run_due() == 0
    bench.clock.move_to(due)
    assert bench.run_due() == 1
    assert bench.run_due() == 0
    assert bench.told()[-1] == "payment_intent.succeeded"


def test_a_world_that_slept_catches_up_when_it_is_looked_at() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.world.controls.browser.confirm(payment.id, "pm_usBankAccount_success")
    bench.clock.advance(timedelta(days=30))
    found = bench.world.gateway.payments.payment(payment.id)
    assert found.status is GatewayPaymentStatus.SUCCEEDED
    assert found.balance_transaction is not None
    assert found.balance_transaction.created_at == START + timedelta(days=4)


def test_changes_happen_in_the_order_they_are_due() -> None:
    bench = Bench()
    later = bench.unpaid()
    bench.clock.advance(timedelta(days=1))
    sooner_to_fail = bench.unpaid()
    browser = bench.world.controls.browser
    browser.confirm(sooner_to_fail.id, "pm_usBankAccount_insufficientFunds")
    bench.clock.advance(timedelta(days=1))
    browser.confirm(later.id, "pm_usBankAccount_success")
    bench.clock.advance(timedelta(days=30))
    assert bench.run_due() == 2
    assert bench.told()[-2:] == ["payment_intent.payment_failed", "payment_intent.succeeded"]


def test_money_becomes_available_after_two_days() -> None:
    harness = FakeHarness()
    account = an_account(harness)
    Bench(store=harness.fake.store, clock=harness.clock).paid()
    harness.clock.advance(timedelta(days=2))
    request = new_transfer(account, 7000)
    assert harness.gateway.transfers.create_transfer(request, key=fresh()).amount == 7000


def test_one_card_makes_money_available_at_once() -> None:
    harness = FakeHarness()
    account = an_account(harness)
    Bench(store=harness.fake.store, clock=harness.clock).paid("pm_card_bypassPending")
    request = new_transfer(account, 7000)
    assert harness.gateway.transfers.create_transfer(request, key=fresh()).amount == 7000


def test_the_clocks_offset_lasts_as_long_as_the_world() -> None:
    store, wall = MemoryStore(), ManualClock(START)

    def clock() -> MovableClock:
        offset = WorldOffset(store)
        return OffsetClock(wall, offset.read, offset.keep)

    assert clock().now() == START
    moved = START + timedelta(days=3, microseconds=7)
    assert clock().move_to(moved) == moved
    assert clock().now() == moved
    assert clock().move_to(START) == moved
    wall.advance(timedelta(hours=1))
    assert clock().now() == moved + timedelta(hours=1)
