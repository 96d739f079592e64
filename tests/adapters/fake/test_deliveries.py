import json
from datetime import timedelta

import pytest

from application.ports.gateway import GatewayRefused
from tests.adapters.fake.worlds import Bench


def test_events_wait_until_they_are_delivered() -> None:
    bench = Bench()
    bench.paid()
    queue = bench.world.controls.deliveries
    (first,) = queue.pending_deliveries()
    assert first.type == "payment_intent.succeeded"
    assert json.loads(first.body)["id"] == first.event
    assert [each.id for each in queue.pending_deliveries()] == [first.id]
    queue.delivered(first.id)
    queue.delivered(first.id)
    assert queue.pending_deliveries() == []


def test_deliveries_come_oldest_first_and_no_more_than_asked_for() -> None:
    bench = Bench()
    for _ in range(3):
        bench.paid()
    queue = bench.world.controls.deliveries
    events = [event.id for event in bench.world.chronicle.events()]
    assert [each.event for each in queue.pending_deliveries()] == events
    assert [each.event for each in queue.pending_deliveries(2)] == events[:2]


def test_a_delivery_is_signed_when_it_is_made() -> None:
    bench = Bench(secrets=("whsec_new", "whsec_old"))
    bench.paid()
    queue = bench.world.controls.deliveries
    (early,) = queue.pending_deliveries()
    bench.wall_clock.advance(timedelta(days=2))
    (late,) = queue.pending_deliveries()
    assert early.body == late.body
    assert early.signature != late.signature
    event = bench.world.gateway.webhooks.decode(late.body, late.signature)
    assert event.id == late.event


def test_a_failed_delivery_is_tried_again_later_and_later() -> None:
    bench = Bench()
    bench.paid()
    queue = bench.world.controls.deliveries
    (delivery,) = queue.pending_deliveries()
    for pause in (5, 10, 20):
        queue.undelivered(delivery.id)
        assert queue.pending_deliveries() == []
        due = bench.clock.now() + timedelta(seconds=pause)
        assert bench.world.controls.time.next_due(bench.clock.now()) == due
        bench.clock.move_to(due)
        assert [each.id for each in queue.pending_deliveries()] == [delivery.id]


def test_a_delivery_that_never_succeeds_is_given_up() -> None:
    bench = Bench()
    bench.paid()
    queue = bench.world.controls.deliveries
    start = bench.clock.now()
    while pending := queue.pending_deliveries():
        queue.undelivered(pending[0].id)
        due = bench.world.controls.time.next_due(bench.clock.now())
        if due is not None:
            bench.clock.move_to(due)
    assert timedelta(days=1) < bench.clock.now() - start < timedelta(days=4)
    queue.undelivered("evt_unknown")


def test_an_event_can_come_again() -> None:
    bench = Bench()
    bench.paid()
    deliveries = bench.world.deliveries
    (first,) = deliveries.pending_deliveries()
    deliveries.send_again(first.event)
    twice = deliveries.pending_deliveries()
    assert [each.event for each in twice] == [first.event] * 2
    assert twice[0].body == twice[1].body
    for each in twice:
        deliveries.delivered(each.id)
    assert deliveries.pending_deliveries() == []


def test_the_same_fact_can_come_under_another_id() -> None:
    bench = Bench()
    bench.paid()
    deliveries = bench.world.deliveries
    (first,) = deliveries.pending_deliveries()
    other = deliveries.tell_again(first.event)
    decode = bench.world.gateway.webhooks.decode
    told = [decode(each.body, each.signature) for each in deliveries.pending_deliveries()]
    assert [event.id for event in told] == [first.event, other]
    assert told[0].object_id == told[1].object_id
    assert told[0].facts == told[1].facts


def test_any_event_can_be_delivered_in_any_order() -> None:
    bench = Bench()
    payment = bench.unpaid()
    for token in ("pm_card_chargeDeclined", "pm_card_visa"):
        bench.world.controls.browser.confirm(payment.id, token)
    for delivery in bench.world.deliveries.pending_deliveries():
        bench.world.deliveries.delivered(delivery.id)
    decode = bench.world.gateway.webhooks.decode
    told = []
    for event in reversed(bench.world.chronicle.events()):
        delivery = bench.world.deliveries.delivery_of(event.id)
        told.append(decode(delivery.body, delivery.signature).type)
    assert told == ["payment_intent.succeeded", "payment_intent.payment_failed"]


def test_an_unknown_event_cannot_be_delivered() -> None:
    with pytest.raises(GatewayRefused):
        Bench().world.deliveries.delivery_of("evt_unknown")
