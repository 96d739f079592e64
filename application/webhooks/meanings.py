"""What each type of event is about, and how it is applied."""

from collections.abc import Callable

from attrs import frozen

from application.applying import AMOUNT_MISMATCH, Applying
from application.cards_on_file import CardsOnFile
from application.effects import EffectKind, OperationUnderWay
from application.gateway_effects import apply_account
from application.payout_booking import PayoutBooking
from application.ports.clock import Clock
from application.ports.gateway import (
    Gateway,
    GatewayPayment,
    GatewayRefund,
)
from application.ports.records import Delivery, DeliveryState, Operation
from application.ports.storage import (
    Unit,
)
from domain import ledger
from domain.errors import Conflict
from domain.ids import OperationId, PaymentId, PayoutId, RefundId
from domain.money import Money, currency
from domain.payments import LIVE, Payment, PaymentStatus

Applier = Callable[[Unit], DeliveryState]
"""Apply, in the unit that marks the delivery, what was read from the gateway before it."""


class PaymentNotTakenIn(Conflict):
    """What a delivery concerns is about to be taken in; look again later."""

    code = "payment_not_taken_in"


class RefundUnderWay(Conflict):
    """Whether this refund fits is known when another one has ended; look again later."""

    code = "refund_under_way"


@frozen
class Meanings:
    """Know what each type of event is about, and read that from the gateway as it is now."""

    clock: Clock
    gateway: Gateway
    applying: Applying
    payouts: PayoutBooking
    cards: CardsOnFile

    def look(self, delivery: Delivery) -> Applier:
        """Read what the delivery is about, and return how to apply it.

        Raises what the gateway raises.
        """
        if delivery.livemode != self.gateway.profile.livemode:
            return _ignore
        if delivery.account is not None and delivery.type != "account.updated":
            return _ignore  # what a teacher does in an account of their own
        for prefix, look in (
            ("payment_intent.", self._payment),
            ("charge.dispute.", self._dispute),
            ("charge.refund.", self._refund),
            ("charge.", self._payment),
            ("refund.", self._refund),
            ("transfer.", self._transfer),
            ("payout.", self._bank_payout),
            ("account.updated", self._account),
            ("setup_intent.succeeded", self._card_set_up),
            ("payment_method.", self._card_changed),
        ):
            if delivery.type.startswith(prefix):
                return look(delivery)
        return _ignore

    def _payment(self, delivery: Delivery) -> Applier:
        gateway_id = delivery.payment
        if gateway_id is None and delivery.object_type == "payment_intent":
            gateway_id = delivery.object_id
        if gateway_id is None:
            return _ignore
        read_at = self.clock.now()
        seen = self.gateway.payments.payment(gateway_id)

        def apply(unit: Unit) -> DeliveryState:
            payment = _payment_behind(unit, seen)
            if payment is None:
                return self._stray_charge(unit, seen)
            self.applying.payment(unit, payment, seen, read_at=read_at)
            return DeliveryState.APPLIED

        return apply

    def _stray_charge(self, unit: Unit, seen: GatewayPayment) -> DeliveryState:
        """Book money that came in for nothing we know, so that the books stay true."""
        if not seen.captured:
            return DeliveryState.IGNORED
        charge = seen.charge or seen.id
        amount = Money(seen.captured, currency(seen.currency))
        self.applying.accounting.stray_charge(
            unit, charge, amount, seen.balance_transaction, self.clock.now()
        )
        return DeliveryState.SUSPENDED

    def _refund(self, delivery: Delivery) -> Applier:
        if delivery.object_type != "refund":
            return _ignore
        seen = self.gateway.refunds.refund(delivery.object_id)

        def apply(unit: Unit) -> DeliveryState:
            refund = _refund_behind(unit, seen)
            if refund is None:
                refund = self._adopted(unit, seen)
            if refund is None:
                return DeliveryState.SUSPENDED
            self.applying.refund(unit, refund, seen)
            return DeliveryState.APPLIED

        return apply

    def _adopted(self, unit: Unit, seen: GatewayRefund) -> RefundId | None:
        """Take over a refund of our payment that somebody made at the gateway itself."""
        payment = unit.payments.by_gateway_id(seen.payment) if seen.payment else None
        if payment is None:
            return None
        if payment.status in _NOT_CAPTURED_YET and not _is_mismatch(payment):
            raise PaymentNotTakenIn("The refund was told before its payment's success.")
        if payment.reserved and seen.amount > payment.refundable.minor:
            raise RefundUnderWay("A refund of ours is under way, and may leave no room for it.")
        return self.applying.adopt_refund(unit, payment.id, seen)

    def _transfer(self, delivery: Delivery) -> Applier:
        seen = self.gateway.transfers.transfer(delivery.object_id)

        def apply(unit: Unit) -> DeliveryState:
            payout = unit.payouts.by_gateway_id(seen.id)
            found = _subject(unit, seen.operation, EffectKind.CREATE_TRANSFER)
            known = payout.id if payout else PayoutId(found) if found else None
            if known is None:
                return DeliveryState.SUSPENDED
            self.payouts.done(unit, known, gateway_id=seen.id)
            if seen.reversed:
                self.payouts.reversed(unit, known, seen.reversed)
            return DeliveryState.APPLIED

        return apply

    def _bank_payout(self, delivery: Delivery) -> Applier:
        """Book the gateway's payouts to the platform's own bank.

        One that failed may never have been told as paid, or only be told so later: it is booked as
        both, each once, so that nothing is left of it in any order.
        """
        facts = delivery.facts
        books = _BANK_PAYOUTS.get(delivery.type, ())
        if not books or not {"amount", "currency"} <= facts.keys():
            return _ignore
        amount = Money(int(facts["amount"]), currency(facts["currency"]))

        def apply(unit: Unit) -> DeliveryState:
            for book in books:
                entry = book(delivery.object_id, amount, self.clock.now())
                if entry is not None:
                    unit.ledger.post(entry)
            return DeliveryState.APPLIED

        return apply

    def _account(self, delivery: Delivery) -> Applier:
        seen = self.gateway.accounts.account(delivery.object_id)

        def apply(unit: Unit) -> DeliveryState:
            account = unit.accounts.by_gateway_id(seen.id)
            if account is None:
                if _subject(unit, seen.operation, EffectKind.CREATE_ACCOUNT):
                    raise OperationUnderWay("The account is being made; look again later.")
                return DeliveryState.IGNORED
            apply_account(unit, account, seen, self.clock)
            return DeliveryState.APPLIED

        return apply

    def _card_set_up(self, delivery: Delivery) -> Applier:
        card = delivery.facts.get("payment_method")
        return _ignore if card is None else self.cards.seen(card)

    def _card_changed(self, delivery: Delivery) -> Applier:
        if delivery.type == "payment_method.detached":
            return self.cards.gone(delivery.object_id)
        return self.cards.seen(delivery.object_id)

    def _dispute(self, delivery: Delivery) -> Applier:
        """Tell staff: what a dispute does to money is theirs to see to."""
        if delivery.type == "charge.dispute.created":
            return lambda _: DeliveryState.SUSPENDED
        return _ignore


_NOT_CAPTURED_YET = {*LIVE, PaymentStatus.CANCELING}


def _is_mismatch(payment: Payment) -> bool:
    """Tell whether it was captured with an amount that nobody asked for, and will not succeed."""
    return payment.failure is not None and payment.failure.code == AMOUNT_MISMATCH


_BANK_PAYOUTS = {
    "payout.paid": (ledger.bank_payout,),
    "payout.failed": (ledger.bank_payout, ledger.bank_payout_failed),
}


def _ignore(_: Unit) -> DeliveryState:
    return DeliveryState.IGNORED


def _subject(unit: Unit, operation: str | None, kind: EffectKind) -> str | None:
    """Return what our operation behind a gateway's object is about, if it is of that kind."""
    found: Operation | None = unit.operations.find(OperationId(operation)) if operation else None
    return found.subject if found is not None and found.kind == kind else None


def _payment_behind(unit: Unit, seen: GatewayPayment) -> PaymentId | None:
    subject = _subject(unit, seen.operation, EffectKind.CREATE_PAYMENT)
    if subject is not None:
        return PaymentId(subject)
    payment = unit.payments.by_gateway_id(seen.id)
    return payment.id if payment else None


def _refund_behind(unit: Unit, seen: GatewayRefund) -> RefundId | None:
    refund = unit.refunds.by_gateway_id(seen.id)
    if refund is not None:
        return refund.id
    subject = _subject(unit, seen.operation, EffectKind.CREATE_REFUND)
    return RefundId(subject) if subject else None
