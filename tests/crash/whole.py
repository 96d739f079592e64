"""What holds at rest, whatever was killed and whoever raced on the way."""

from collections import Counter
from typing import Protocol

from attrs import frozen

from adapters.fake import FakeWorld
from adapters.fake.records import Payment, Refund
from application.ports.gateway import GatewayPaymentStatus, GatewayRefundStatus
from application.ports.records import Operation
from application.ports.storage import Storage
from entrypoints.composition import Installation
from tests.market import Market


class Place(Protocol):
    """An installation, its database, and the payment world beside it."""

    @property
    def installation(self) -> Installation:
        """Return what works there."""
        ...

    @property
    def storage(self) -> Storage:
        """Return what is kept there."""
        ...

    @property
    def world(self) -> FakeWorld:
        """Return what happens around it."""
        ...

    def balances(self) -> dict[str, int]:
        """Return every account's balance that is not zero, by name."""
        ...


@frozen(kw_only=True)
class Tally:
    """What the gateway did for all of us, in minor units and in numbers."""

    charged: int = 0
    refunded: int = 0
    transferred: int = 0
    customers: int = 0
    accounts: int = 0
    cards: int = 0


_REFUSALS = frozenset({"Declined", "GatewayRefused"})
"""Outcomes of calls that made nothing that counts; a lost answer tells of something made."""


def tally_of(market: Market) -> Tally:
    """Count what the gateway did, by its own log."""
    chronicle, made = market.world.chronicle, Counter[str]()
    for call in chronicle.calls():
        if call.effects and not call.replayed and call.outcome not in _REFUSALS:
            made[call.method] += 1
    return Tally(
        charged=sum(each.amount for each in chronicle.payments() if _was_captured(each)),
        refunded=sum(each.amount for each in chronicle.refunds() if not _has_failed(each)),
        transferred=sum(each.amount - each.reversed for each in chronicle.transfers()),
        customers=made["create_customer"],
        accounts=made["create_account"],
        cards=made["attach_card"] - made["detach_card"],
    )


def operations_of(market: Place) -> tuple[Operation, ...]:
    """Return every operation there ever was."""
    return market.storage.read(lambda views: tuple(views.everything.operations()))


def is_at_rest(market: Place) -> bool:
    """Tell whether nothing waits to be finished, delivered or handed over."""
    health = market.storage.read(lambda views: views.due.health())
    return not (health.open_operations or health.waiting_deliveries or health.waiting_messages)


def must_be_whole(market: Place) -> None:
    """Check the books against themselves and the gateway, and that each effect is one."""
    report = market.installation.verification().run()
    assert not report.findings, "\n".join(map(str, report.findings))
    assert not report.notes, "\n".join(report.notes)
    made = market.world.chronicle.made_by_each()
    for operation in operations_of(market):
        assert not operation.state.is_open, str(operation)
        assert made[operation.id] <= 1, f"{made[operation.id]} were made by {operation}"
    books = market.balances().get("cash:gateway", 0)
    assert books == sum(market.world.gateway.books.balances().values())
    for booking, charges in _standing_charges(market).items():
        assert charges <= 1, f"{booking} was charged {charges} times"


def _standing_charges(market: Place) -> Counter[str]:
    """Count, for each booking, the charges that were not given back in full."""
    refunded = Counter[str]()
    for refund in market.world.chronicle.refunds():
        if not _has_failed(refund):
            refunded[refund.payment] += refund.amount
    return Counter(
        payment.transfer_group
        for payment in market.world.chronicle.payments()
        if _was_captured(payment) and payment.amount > refunded[payment.id]
    )


def _was_captured(payment: Payment) -> bool:
    return payment.status is GatewayPaymentStatus.SUCCEEDED


def _has_failed(refund: Refund) -> bool:
    return refund.status is GatewayRefundStatus.FAILED
