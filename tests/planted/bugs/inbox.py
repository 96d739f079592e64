"""Mistakes with what comes in and what goes out: webhooks, and events on their way to reactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import evolve

from adapters.fake.webhooks import FakeWebhooks
from adapters.memory.records import Inbox
from application.commands import Actor
from application.ports.records import Delivery, DeliveryState
from application.upkeep import DispatchOutbox, DispatchOutboxHandler
from application.webhooks.processing import Processing
from tests.contract.storage import test_messages
from tests.planted.catalogue import planted
from tests.planted.layers import CrashPoints, One, a_storage
from tests.planted.planting import Mistake, does_nothing, instead
from tests.security import test_webhook_forgeries


@contextmanager
def a_desk() -> Iterator[tuple[Any, ...]]:
    with test_webhook_forgeries._a_desk("fake") as desk:
        yield (desk,)


@planted(
    stands_for="I12; duplicate webhooks",
    caught_by=One(test_messages.test_a_delivery_is_received_once, a_storage),
    says="AssertionError",
)
def a_delivery_that_comes_again_is_received_again() -> Iterator[None]:
    def takes_it(_: Mistake, self: Inbox, delivery: Delivery) -> bool:
        known = self.find(delivery.id)
        self.save(evolve(delivery, version=known.version if known else 0))
        return True

    with instead(Inbox, "receive", takes_it):
        yield


@planted(
    stands_for="I12; hours not credited on success: marked as applied, and then it died",
    caught_by=CrashPoints("paying_in_the_browser"),
    says="killed after committing inbox",
)
def a_delivery_is_marked_as_applied_before_it_is() -> Iterator[None]:
    def too_early(_: Mistake, self: Processing, id: str) -> bool:
        delivery = self.read(lambda views: views.deliveries.find(id))
        if delivery is None or delivery.state is not DeliveryState.RECEIVED:
            return False
        applier = self.meanings.look(delivery)
        self.work(lambda unit: self._mark(unit, id, lambda _: DeliveryState.APPLIED))
        self.work(applier)
        return True

    with instead(Processing, "process", too_early):
        yield


@planted(
    stands_for="I12; each outbox message delivered at least once",
    caught_by=CrashPoints("telling_staff_of_a_refund_that_a_bank_returned"),
    says="outbox",
)
def an_event_is_done_before_anything_reacts_to_it() -> Iterator[None]:
    def too_early(
        _: Mistake, self: DispatchOutboxHandler, command: DispatchOutbox, actor: Actor
    ) -> int:
        messages = self.work(lambda unit: unit.outbox.waiting(command.limit))
        if messages:
            self.work(lambda unit: unit.outbox.done([each.id for each in messages]))
        for message in messages:
            self.reactions.react(message.event)
        return len(messages)

    with instead(DispatchOutboxHandler, "__call__", too_early):
        yield


@planted(
    stands_for="webhook forgeries",
    caught_by=One(
        test_webhook_forgeries.test_a_forgery_is_refused_and_changes_nothing,
        a_desk,
        (next(iter(test_webhook_forgeries.FORGERIES)),),
    ),
    says="AssertionError",
)
def whoever_delivers_is_believed() -> Iterator[None]:
    with instead(FakeWebhooks, "_check", does_nothing):
        yield
