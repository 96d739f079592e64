"""What nobody asked for: time, kills, faults of the gateway and the database, banks, odd webhooks.

Each happening is a function; `HAPPENINGS` says how often each comes compared with the others.
"""

from collections.abc import Callable
from datetime import timedelta

from adapters.fake.effects import EFFECTS, LOOKS
from adapters.fake.records import Event
from adapters.fake.records import Refund as MadeRefund
from application.ports.gateway import (
    GatewayError,
    GatewayPaymentStatus,
    GatewayRefundStatus,
)
from application.ports.test_mode import Fault, FaultKind
from domain.cards import SavedCard
from entrypoints.simulation.marketplace import Marketplace
from entrypoints.simulation.people.browser import passes_the_challenge
from entrypoints.simulation.platform import Platform
from entrypoints.simulation.trouble import StorageTrouble

Happening = Callable[[Platform], None]

CHANGES = tuple(sorted(EFFECTS))
FAULTS: dict[FaultKind, tuple[str, ...]] = {
    FaultKind.DECLINED: ("create_payment", "confirm_payment", "confirm_in_browser", "attach_card"),
    FaultKind.LATE_SETTLEMENT: ("create_payment", "confirm_payment", "confirm_in_browser"),
    FaultKind.REFUND_PENDS: ("create_refund",),
    FaultKind.REFUND_FAILS: ("create_refund",),
    FaultKind.SLOW: CHANGES,
    FaultKind.ERROR_NOW: CHANGES,
    FaultKind.ERROR_LATER: CHANGES,
    FaultKind.ERROR_NEVER: CHANGES,
    FaultKind.LOCKED: CHANGES,
    FaultKind.LOST_REQUEST: (*CHANGES, *sorted(LOOKS)),
    FaultKind.LOST_ANSWER: (*CHANGES, *sorted(LOOKS)),
    FaultKind.RATE_LIMITED: (*CHANGES, *sorted(LOOKS)),
}
"""Which calls each fault can strike: new calls of the port are among them by themselves."""

SPANS_SECONDS = (1, 3, 10, 40, 95, 300, 1_000, 3_600, 10_000, 30_000, 90_000, 200_000)
LIKELY_SPANS = (6, 6, 6, 6, 6, 5, 5, 4, 3, 2, 2, 1)


def time_passes(platform: Platform) -> None:
    """Let seconds, hours or days go by; whoever holds a lease may be asleep meanwhile."""
    market = platform.market
    (seconds,) = market.chance.choices(SPANS_SECONDS, LIKELY_SPANS)
    market.clock.advance(timedelta(seconds=seconds * (0.5 + market.chance.random())))


def a_worker_goes_round(platform: Platform) -> None:
    """Let the worker of some process do what is due."""
    process = platform.market.one_of([each for each in platform.processes if each.is_alive])
    if process is not None:
        platform.market.begin(f"{process.name}'s worker", process.work)


def a_process_is_killed(platform: Platform) -> None:
    """End a process where it stands; most often another is started at once."""
    process = platform.market.one_of([each for each in platform.processes if each.is_alive])
    if process is None:
        return
    process.kill()
    platform.market.diary.count("processes killed")
    if platform.market.happens(0.7):
        process.start()


def a_process_is_started(platform: Platform) -> None:
    """Start what was killed."""
    process = platform.market.one_of([each for each in platform.processes if not each.is_alive])
    if process is not None:
        process.start()


def the_gateway_will_stumble(platform: Platform) -> None:
    """Let a fault wait for the next calls of one kind."""
    market = platform.market
    kind = market.chance.choice(tuple(FAULTS))
    fault = Fault(
        method=market.chance.choice(FAULTS[kind]),
        kind=kind,
        times=market.chance.choice((1, 1, 1, 2, 4)),
        delay_seconds=market.chance.choice((0, 5, 100, 4_000, 40_000)),
        decline_code=market.chance.choice(("generic_decline", "insufficient_funds", "lost_card")),
    )
    market.world.controls.faults.add_fault(fault)


def the_database_will_stumble(platform: Platform) -> None:
    """Let a unit of work fail, before or after its commit."""
    market = platform.market
    market.troubles.waiting.append(market.chance.choice(tuple(StorageTrouble)))


def a_webhook_comes_again(platform: Platform) -> None:
    """Send an old event once more, or tell the same fact under another id."""
    market = platform.market
    events = market.world.chronicle.events()
    event: Event | None = market.one_of(events)
    if event is None:
        return
    if market.happens(0.5):
        market.world.deliveries.send_again(event.id)
        market.diary.count("webhooks sent twice")
    else:
        market.world.deliveries.tell_again(event.id)
        market.diary.count("facts told under two ids")


def a_bank_decides(platform: Platform) -> None:
    """Let a pending refund arrive, or one fail: pending, or long since succeeded."""
    market = platform.market
    made: MadeRefund | None = market.one_of(market.truth.all(MadeRefund))
    if made is None or made.status is GatewayRefundStatus.FAILED:
        return
    outside = market.world.controls.outside
    try:
        if made.status is GatewayRefundStatus.PENDING and market.happens(0.6):
            outside.settle_refund(made.id)
        elif market.happens(0.4):
            outside.fail_refund(made.id)
            market.diary.count("refunds that a bank returned")
    except GatewayError:
        market.diary.count("banks that came too late")


def somebody_uses_the_dashboard(platform: Platform) -> None:
    """Refund, take a transfer back or detach a card at the gateway, without us."""
    market = platform.market
    act = market.chance.choice((_refund_there, _take_back_there, _detach_there))
    try:
        act(market)
    except GatewayError:
        market.diary.count("things that could not be done in the dashboard")


def _refund_there(market: Marketplace) -> None:
    """Refund a payment in full that nobody has refunded before.

    A part could overlap with a refund of ours that a bank returned: its amount is owed in our
    books, and free at the gateway. Staff are told of that, and only a person can mend it.
    """
    refunded = {made.payment for made in market.truth.all(MadeRefund)}
    captured = market.truth.all_payments(GatewayPaymentStatus.SUCCEEDED)
    payment = market.one_of([each for each in captured if each.id not in refunded])
    if payment is not None:
        market.world.controls.outside.refund_payment(payment.id, payment.amount)
        market.diary.count("refunds made at the gateway")


def _take_back_there(market: Marketplace) -> None:
    standing = [each for each in market.truth.all_transfers() if each.reversed < each.amount]
    transfer = market.one_of(standing)
    if transfer is not None:
        amount = market.chance.randint(1, transfer.amount - transfer.reversed)
        market.world.controls.outside.reverse_transfer(transfer.id, amount)
        market.diary.count("transfers taken back at the gateway")


def _detach_there(market: Marketplace) -> None:
    card: SavedCard | None = market.one_of(market.witness.mirror.all("cards"))
    if card is not None:
        market.world.controls.outside.detach_card(card.gateway_id)
        market.diary.count("cards detached at the gateway")


def somebody_passes_a_challenge(platform: Platform) -> None:
    """Finish 3-D Secure for a payment that has been waiting."""
    market = platform.market
    waiting = market.truth.all_payments(GatewayPaymentStatus.NEEDS_ACTION)
    payment = market.one_of(waiting)
    if payment is not None:
        passes_the_challenge(market, payment.id)


HAPPENINGS: tuple[tuple[Happening, int], ...] = (
    (a_worker_goes_round, 26),
    (time_passes, 12),
    (the_gateway_will_stumble, 5),
    (the_database_will_stumble, 3),
    (a_process_is_killed, 2),
    (a_process_is_started, 2),
    (a_webhook_comes_again, 3),
    (a_bank_decides, 3),
    (somebody_uses_the_dashboard, 3),
    (somebody_passes_a_challenge, 1),
)


def calm_down(market: Marketplace) -> None:
    """Let nothing go wrong any more."""
    market.troubles.waiting.clear()
    market.troubles.post_is_reliable = True
    market.world.controls.faults.clear_faults()
