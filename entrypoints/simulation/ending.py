"""The end of a story: faults stop, and everything must come to rest: I3, I7, I12, I13, I15."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from functools import partial

import attrs

from adapters.fake.records import Refund
from application.ports.gateway import GatewayPaymentStatus, GatewayRefundStatus, GatewayRefused
from application.verification import Report, Verification
from domain.payments import Payment
from domain.refunds import RefundCause, RefundStatus
from entrypoints.simulation.marketplace import Marketplace
from entrypoints.simulation.people.students import TEST_CARDS
from entrypoints.simulation.platform import Platform
from entrypoints.simulation.weather import calm_down

TICKS = (*(timedelta(seconds=100),) * 8, *(timedelta(minutes=20),) * 4, *(timedelta(hours=6),) * 8)
"""Twenty ticks: past every lease, every back-off, and the day that the gateway keeps its keys."""

AFTERMATH = (timedelta(days=6), timedelta(days=4), timedelta(days=16), timedelta(days=2))
"""Then lessons end, money is paid out, and banks return what they return weeks later."""

ASKED_AGAIN = 8


def come_to_rest(platform: Platform) -> None:
    """Stop all faults, and give everything time to finish."""
    market = platform.market
    calm_down(market)
    for process in platform.processes:
        if not process.is_alive:
            process.start()
    market.diary.step += 1
    market.finish_tasks()
    _ask_again(platform)
    for tick in TICKS:
        _work(platform)
        market.clock.advance(tick)
    _let_banks_decide(market)
    _work(platform)
    _nothing_may_be_open(market)
    for span in AFTERMATH:
        market.clock.advance(span)
        for _ in range(4):
            _work(platform)
            market.clock.advance(timedelta(minutes=20))
    _work(platform)


def _let_banks_decide(market: Marketplace) -> None:
    """Let the refunds arrive that the gateway itself still holds pending."""
    for made in market.truth.all(Refund):
        if made.status is GatewayRefundStatus.PENDING:
            # One that falls due in this very moment has decided by itself.
            with suppress(GatewayRefused):
                market.world.controls.outside.settle_refund(made.id)


def _work(platform: Platform) -> None:
    """Let every worker do all that can be done now."""
    for process in platform.processes:
        platform.market.begin(f"{process.name}'s worker", process.work_until_idle)
        platform.market.finish_tasks()


def _ask_again(platform: Platform) -> None:
    """Repeat some requests: a key makes the same bytes of them, and nothing else."""
    for asked in platform.fresh_requests()[-ASKED_AGAIN:]:
        platform.market.begin("somebody asks again", partial(platform.ask, asked))
        platform.market.finish_tasks()


def _nothing_may_be_open(market: Marketplace) -> None:
    """I13: within twenty ticks nothing is under way, but what the gateway itself still holds."""
    for operation in market.witness.mirror.all("operations"):
        if operation.state.is_open:
            told = f"{operation.kind} is {operation.state} after {operation.tries} tries"
            market.witness.report("I13", operation.id, f"{told}: {operation.error}")
    health = market.storage.read(lambda views: views.due.health())
    for what, waiting in (
        ("webhooks", health.waiting_deliveries),
        ("events", health.waiting_messages),
        ("entries without a seal", health.unsealed_entries),
    ):
        if waiting:
            market.witness.report("I13", what, f"{waiting} still wait")


def proved(market: Marketplace, *, each_at_gateway: bool = True) -> Report:
    """Prove the books as `tuition verify` does, by a gateway whom no fault strikes.

    What banks do is told to us later: while webhooks are on their way, the gateway is not asked for
    each payment.
    """
    return Verification(
        read=market.storage.read,
        gateway=market.calm_world.gateway,
        wall=market.clock,
        each_at_gateway=each_at_gateway,
    ).run()


def must_be_at_rest(platform: Platform) -> None:
    """Compare everything once more, now that nothing is under way."""
    market = platform.market
    for finding in proved(market).findings:
        market.witness.report(finding.invariant, finding.subject, finding.detail)
    _cash_must_agree(market)
    _nobody_paid_twice(market)
    _effects_are_known(market)
    _no_card_number_is_kept(market)
    _suspense_was_told(market)


def _cash_must_agree(market: Marketplace) -> None:
    """I3: at rest our cash is the gateway's balance, in each currency."""
    books = market.witness.mirror.books
    ours = {code: sum_ for (account, code), sum_ in books.items() if account == "cash:gateway"}
    ours = {code: sum_ for code, sum_ in ours.items() if sum_}
    if ours != market.truth.balances():
        market.witness.report("I3", "cash:gateway", f"{ours}; it holds {market.truth.balances()}")
    stored = market.storage.read(lambda views: list(views.books.balances()))
    replayed = {key: sum_ for key, sum_ in books.items() if sum_}
    if {(account, code): sum_ for account, code, sum_ in stored if sum_} != replayed:
        market.witness.report("I2", "the books", "stored sums are not what was posted")


def _nobody_paid_twice(market: Marketplace) -> None:
    """I7: at rest nobody has paid more than the price."""
    kept: Counter[str] = Counter()
    for made in market.truth.all_payments(GatewayPaymentStatus.SUCCEEDED):
        kept[made.transfer_group] += made.amount
    for refund in market.witness.mirror.all("refunds"):
        # What a bank sent back is owed to the student, and lies apart.
        if refund.cause is not RefundCause.OWED and (
            refund.has_succeeded or refund.status is RefundStatus.PENDING
        ):
            kept[str(refund.booking_id)] -= refund.amount.minor
    for booking in market.witness.mirror.all("bookings"):
        if kept[booking.id] > booking.price.minor:
            market.witness.report("I7", booking.id, f"took {kept[booking.id]} for {booking.price}")


def _effects_are_known(market: Marketplace) -> None:
    """I7: every payment that the gateway captured for us is captured in our records."""
    for made in market.truth.all_payments(GatewayPaymentStatus.SUCCEEDED):
        payment: Payment | None = market.witness.mirror.get(
            "payments", made.metadata.get("payment_id")
        )
        if payment is None or not payment.status.has_succeeded:
            market.witness.report("I4", made.id, f"was captured, and nobody knows: {payment}")


def _no_card_number_is_kept(market: Marketplace) -> None:
    """I15: no card number that somebody typed lies anywhere in what was committed or told."""
    for repository, values in market.witness.mirror.kept.items():
        for value in values.values():
            text = str(attrs.asdict(value) if attrs.has(type(value)) else value)
            if any(number in text for number in TEST_CARDS):
                market.witness.report("I15", repository, "holds a card number")


def _suspense_was_told(market: Marketplace) -> None:
    """I13: what is in suspense has been alerted."""
    topics = {topic for topic, _, _ in market.alerts.kept}
    suspense = [
        sum_
        for (account, _), sum_ in market.witness.mirror.books.items()
        if account == "suspense" and sum_
    ]
    if suspense and not topics & {"suspense", "refund_failed"}:
        market.witness.report("I13", "suspense", f"{suspense} lies there, and nobody was told")
