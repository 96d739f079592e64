"""What the worker does: every upkeep command and, with the fake gateway, the world's own course."""

from collections.abc import Iterator

from application import upkeep
from application.bus import Bus
from application.commands import SYSTEM, Command
from application.ports.clock import Clock
from application.ports.test_mode import Delivery, GatewayControls
from application.webhooks import ReceiveWebhook
from entrypoints.logs import logger
from entrypoints.worker import Task

HOUR_SECONDS = 3600.0

UPKEEP: tuple[tuple[Command[int], float], ...] = (
    (upkeep.AdvanceBookings(), 0.0),
    (upkeep.ProcessInbox(), 0.0),
    (upkeep.RecoverOperations(), 0.0),
    (upkeep.BookGatewayFees(), 30.0),
    (upkeep.PayTeachers(), 5.0),
    (upkeep.DispatchOutbox(), 0.0),
    (upkeep.SealLedger(), 1.0),
    (upkeep.PruneKeys(), HOUR_SECONDS),
)
"""Each command, and for how many seconds it rests when there was nothing to do."""


def duties(bus: Bus, clock: Clock, controls: GatewayControls | None) -> tuple[Task, ...]:
    """Return the worker's tasks."""
    return tuple(_tasks(bus, clock, controls))


def _tasks(bus: Bus, clock: Clock, controls: GatewayControls | None) -> Iterator[Task]:
    if controls is not None:
        yield Task(name="gateway_world", run=lambda: controls.time.run_due(clock.now()))
        yield Task(name="gateway_deliveries", run=lambda: deliver(bus, controls))
    for command, rest_seconds in UPKEEP:
        yield _task(bus, command, rest_seconds)


def _task(bus: Bus, command: Command[int], rest_seconds: float) -> Task:
    return Task(
        name=command.command_name,
        run=lambda: bus.handle(command, SYSTEM),
        rest_seconds=rest_seconds,
    )


def deliver(bus: Bus, controls: GatewayControls) -> int:
    """Bring the fake gateway's signed events to our inbox, as Stripe's servers would."""
    waiting = controls.deliveries.pending_deliveries()
    return sum(_arrived(bus, controls, delivery) for delivery in waiting)


def _arrived(bus: Bus, controls: GatewayControls, delivery: Delivery) -> int:
    try:
        bus.handle(ReceiveWebhook(body=delivery.body, signature=delivery.signature), SYSTEM)
    except Exception:  # noqa: BLE001 - an entrypoint; the sender's side of the network
        # To the sender any refusal is the same: it comes again later.
        logger("worker").exception("delivery.refused", event_type=delivery.type)
        controls.deliveries.undelivered(delivery.id)
        return 0
    controls.deliveries.delivered(delivery.id)
    return 1
