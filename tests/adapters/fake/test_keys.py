from datetime import timedelta

import pytest

from application.ports.gateway import GatewayBusy, GatewayPayment
from application.ports.test_mode import FaultKind
from tests.adapters.fake.worlds import Bench
from tests.contract.gateway.builders import a_customer, fresh, new_payment


def test_a_key_is_known_for_a_day_of_real_time() -> None:
    bench = Bench()
    payments = bench.world.gateway.payments
    request, key = new_payment(a_customer(bench.world.gateway)), fresh()
    first = payments.create_payment(request, key=key)
    bench.clock.advance(timedelta(days=365))
    bench.wall_clock.advance(timedelta(hours=23, minutes=59))
    assert payments.create_payment(request, key=key).id == first.id
    bench.wall_clock.advance(timedelta(minutes=1))
    assert payments.create_payment(request, key=key).id != first.id


def test_a_slow_call_takes_real_time_and_answers() -> None:
    bench = Bench()
    request = new_payment(a_customer(bench.world.gateway))
    bench.strike("create_payment", FaultKind.SLOW, delay_seconds=8)
    before = bench.wall_clock.now()
    payment = bench.world.gateway.payments.create_payment(request, key=fresh())
    assert bench.wall_clock.now() - before == timedelta(seconds=8)
    assert payment.operation == request.operation


def test_a_twin_of_a_slow_call_is_turned_away_meanwhile() -> None:
    bench = Bench()
    payments = bench.world.gateway.payments
    request, key = new_payment(a_customer(bench.world.gateway)), fresh()
    bench.strike("create_payment", FaultKind.SLOW, delay_seconds=8)
    twins: list[type[Exception]] = []

    def twin() -> None:
        with pytest.raises(GatewayBusy) as refused:
            payments.create_payment(request, key=key)
        twins.append(refused.type)

    bench.wall_clock.meanwhile = twin
    first = payments.create_payment(request, key=key)
    assert twins == [GatewayBusy]
    assert payments.create_payment(request, key=key) == first


def test_a_call_that_slept_past_its_lock_has_no_second_effect() -> None:
    """Found by the simulator: the twin made a payment, and then the sleeper another one."""
    bench = Bench()
    payments = bench.world.gateway.payments
    request, key = new_payment(a_customer(bench.world.gateway)), fresh()
    bench.strike("create_payment", FaultKind.SLOW, delay_seconds=61)
    twins: list[GatewayPayment] = []
    bench.wall_clock.meanwhile = lambda: twins.append(payments.create_payment(request, key=key))
    first = payments.create_payment(request, key=key)
    assert twins == [first]
    assert bench.world.chronicle.made_by(request.operation) == [first.id]


def test_other_calls_go_on_while_one_is_slow() -> None:
    bench = Bench()
    request = new_payment(a_customer(bench.world.gateway))
    bench.strike("create_payment", FaultKind.SLOW, delay_seconds=8)
    others: list[GatewayPayment] = []
    bench.wall_clock.meanwhile = lambda: others.append(bench.paid())
    bench.world.gateway.payments.create_payment(request, key=fresh())
    assert len(others) == 1


def test_the_key_of_a_call_whose_process_died_is_free_after_a_minute() -> None:
    bench = Bench()
    payments = bench.world.gateway.payments
    request, key = new_payment(a_customer(bench.world.gateway)), fresh()
    bench.strike("create_payment", FaultKind.SLOW, delay_seconds=8)

    def die() -> None:
        raise KeyboardInterrupt

    bench.wall_clock.meanwhile = die
    with pytest.raises(KeyboardInterrupt):
        payments.create_payment(request, key=key)
    with pytest.raises(GatewayBusy):
        payments.create_payment(request, key=key)
    bench.wall_clock.advance(timedelta(minutes=1))
    assert payments.create_payment(request, key=key).operation == request.operation


def test_slow_reading_takes_real_time_too() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.strike("payment", FaultKind.SLOW, delay_seconds=3)
    before = bench.wall_clock.now()
    assert bench.world.gateway.payments.payment(payment.id) == payment
    assert bench.wall_clock.now() - before == timedelta(seconds=3)
