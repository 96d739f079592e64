"""Staff look through deliveries, and apply one again."""

import pytest

from application.commands import Actor
from application.ports.records import DeliveryState
from application.ports.storage import AuditFilter, DeliveryFilter, PageRequest
from application.webhooks import (
    GetDelivery,
    ListDeliveries,
    ReplayDelivery,
)
from domain.errors import Forbidden, NotFound
from tests.application.post import SUCCEEDED, in_inbox, send, told
from tests.market import Market

# --- Staff ---------------------------------------------------------------------------------------


def test_staff_look_through_deliveries_newest_first() -> None:
    market = Market()
    admin = market.admin()
    market.paid_lesson()

    page = market.do(ListDeliveries(where=DeliveryFilter(), page=PageRequest()), admin)
    by_type = market.do(
        ListDeliveries(where=DeliveryFilter(type=SUCCEEDED), page=PageRequest()), admin
    )

    assert len(page.items) >= 1
    assert [one.type for one in by_type.items] == [SUCCEEDED]
    assert market.do(GetDelivery(delivery_id=page.items[0].id), admin) == page.items[0]


def test_nobody_else_sees_deliveries() -> None:
    market = Market()
    student = market.student()

    with pytest.raises(Forbidden):
        market.do(ListDeliveries(where=DeliveryFilter(), page=PageRequest()), student)
    with pytest.raises(Forbidden):
        market.do(GetDelivery(delivery_id="evt_1"), student)
    with pytest.raises(Forbidden):
        market.do(ReplayDelivery(delivery_id="evt_1"), student)


def test_a_delivery_that_is_not_there_is_not_found() -> None:
    market = Market()
    admin = market.admin()

    with pytest.raises(NotFound):
        market.do(GetDelivery(delivery_id="evt_absent"), admin)
    with pytest.raises(NotFound):
        market.do(ReplayDelivery(delivery_id="evt_absent"), admin)


def test_a_replay_applies_a_delivery_again_and_is_audited() -> None:
    market = Market()
    admin: Actor = market.admin()
    event = send(market, SUCCEEDED, {"id": "pi_absent", "object": "payment_intent"})

    assert market.do(ReplayDelivery(delivery_id=event), admin) == event

    assert in_inbox(market, event).tries == 2
    (entry,) = market.storage.read(
        lambda views: views.audit.list(AuditFilter(subject=event), PageRequest())
    ).items
    assert (entry.action, entry.actor_id) == ("webhook_event.replay", admin.user_id)
    assert dict(entry.before) == {"state": "suspended"}


def test_a_replay_of_what_was_applied_books_nothing_again() -> None:
    market = Market()
    admin = market.admin()
    market.paid_lesson()
    (event,) = told(market, SUCCEEDED)
    books = market.balances()

    market.do(ReplayDelivery(delivery_id=event), admin)

    assert in_inbox(market, event).state is DeliveryState.APPLIED
    assert market.balances() == books
