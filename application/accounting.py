"""What each fact does to the books: ledger entries, balances and statement lines together.

Every function runs inside the unit that makes the fact true. Teachers' balances are taken last, in
the order of the teachers' ids, so that two lessons of the same teachers never deadlock.
"""

from collections.abc import Mapping
from datetime import datetime

from attrs import evolve, frozen

from application.ports.gateway import BalanceTransaction
from application.ports.ids import Ids
from application.ports.storage import Unit
from application.rules import PlatformRules
from domain import ledger
from domain.bookings import Booking
from domain.earnings import EarningKind, EarningLine, Taken, available_from
from domain.errors import BrokenInvariant
from domain.ids import EarningId, UserId
from domain.ledger import Entry
from domain.money import Currency, Money, currency
from domain.payments import Payment, Stage
from domain.refunds import Refund, RefundCause


def post(unit: Unit, entry: Entry | None) -> None:
    """Append an entry that was not booked before; an empty one is no entry.

    A key that is booked already would mean that a fact is being booked twice although its aggregate
    was locked: a bug, and the unit must not commit.
    """
    if entry is not None and not unit.ledger.post(entry):
        raise BrokenInvariant(f"{entry.key} is booked already")


@frozen
class Accounting:
    """Book facts."""

    ids: Ids
    rules: PlatformRules

    # --- Payments ------------------------------------------------------------------------------

    def payment_succeeded(self, unit: Unit, payment: Payment, at: datetime) -> Payment:
        """Book a payment for a lesson that lies ahead: shares pending, fee deferred."""
        post(unit, ledger.payment_succeeded(payment, at))
        unit.earnings.save_all(
            self._line(payment, share.teacher_id, EarningKind.LESSON, share.agreed, at=at)
            for share in payment.shares
            if share.agreed
        )
        for share in payment.shares:
            self._open_balance(unit, share.teacher_id, payment.amount.currency)
        return payment.placed(Stage.PENDING)

    @staticmethod
    def _open_balance(unit: Unit, teacher: UserId, of: Currency) -> None:
        """Let a teacher's first money in a currency show in their earnings while it is pending."""
        if all(balance.currency != of for balance in unit.balances.of_teacher(teacher)):
            unit.balances.save(unit.balances.get(teacher, of))

    def payment_in_suspense(self, unit: Unit, payment: Payment, at: datetime) -> Payment:
        """Book a payment for something that is over already."""
        post(unit, ledger.payment_in_suspense(payment, at))
        return payment.placed(Stage.SUSPENSE)

    def gateway_settled(
        self, unit: Unit, payment: Payment, settled: BalanceTransaction, at: datetime
    ) -> Payment:
        """Book the gateway's own fee, once, and wait for its funds before paying out."""
        if payment.gateway_fee_booked or payment.charge_id is None:
            return payment
        paid_in = currency(settled.currency)
        if Money(settled.amount, paid_in) != payment.captured:
            # The gateway converts into a currency of its own: such a balance cannot clear the
            # charge. The clearing account stays open, and verification shows it.
            return payment.settled_by_gateway(available_at=settled.available_at)
        entry = ledger.charge_settled(
            payment.charge_id,
            Money(settled.amount, paid_in),
            Money(settled.fee, paid_in),
            f"charge_settled:{settled.id}",
            at,
        )
        post(unit, entry)
        payment = payment.settled_by_gateway(available_at=settled.available_at)
        unit.earnings.save_all(
            evolve(line, available_at=settled.available_at)
            for line in unit.earnings.of_payment(payment.id)
            if line.payout_id is None
            and line.available_at is not None
            and line.available_at < settled.available_at
        )
        return payment

    @staticmethod
    def stray_charge(
        unit: Unit, charge: str, amount: Money, settled: BalanceTransaction | None, at: datetime
    ) -> bool:
        """Book money that is for nothing we know, and the gateway's fee for it; tell if it is news.

        Nothing else remembers such a charge, so the ledger's own keys keep it from being booked
        twice.
        """
        entry = ledger.charge_in_suspense(f"charge_in_suspense:{charge}", charge, amount, at)
        is_news = entry is not None and unit.ledger.post(entry)
        if settled is not None and Money(settled.amount, currency(settled.currency)) == amount:
            fee = Money(settled.fee, amount.currency)
            cleared = ledger.charge_settled(charge, amount, fee, f"charge_settled:{settled.id}", at)
            if cleared is not None:
                unit.ledger.post(cleared)
        return is_news

    def lesson_ended(self, unit: Unit, booking: Booking, payment: Payment, at: datetime) -> Payment:
        """Give what remains to teachers and platform; call it after the outcome's refund."""
        if payment.stage is not Stage.PENDING:
            return payment
        due = {share.teacher_id: share.remaining for share in payment.shares if share.remaining}
        post(unit, ledger.lesson_ended(payment, self._credit(unit, due), at))
        released = available_from(
            booking.period.end, self.rules.payout_hold, payment.funds_available_at
        )
        unit.earnings.save_all(
            evolve(line, available_at=released)
            for line in unit.earnings.of_payment(payment.id)
            if line.available_at is None
        )
        return payment.placed(Stage.EARNED)

    # --- Refunds -------------------------------------------------------------------------------

    def refund_reserved(self, unit: Unit, payment: Payment, refund: Refund, at: datetime) -> None:
        """Set a refund's money aside, from where each leg lies now."""
        if refund.cause is RefundCause.OWED:
            post(unit, ledger.owed_refund_reserved(refund, at))
            return
        legs = _legs_by_teacher(payment, refund)
        debits = self._debit(unit, legs) if payment.stage is Stage.EARNED else {}
        post(unit, ledger.refund_reserved(payment, refund, debits, at))
        self._statement(unit, payment, legs, EarningKind.REFUND, at)

    def refund_released(self, unit: Unit, payment: Payment, refund: Refund, at: datetime) -> None:
        """Give back what a refund took that failed before it succeeded."""
        if refund.cause is RefundCause.OWED:
            post(unit, ledger.owed_refund_released(refund, at))
            return
        legs = _legs_by_teacher(payment, refund)
        parts = self._credit(unit, legs) if payment.stage is Stage.EARNED else {}
        post(unit, ledger.refund_released(payment, refund, parts, at))
        self._statement(unit, payment, legs, EarningKind.REFUND_FAILED, at)

    def _statement(
        self,
        unit: Unit,
        payment: Payment,
        legs: Mapping[UserId, Money],
        kind: EarningKind,
        at: datetime,
    ) -> None:
        sign = -1 if kind is EarningKind.REFUND else 1
        released = {
            line.teacher_id: line.available_at
            for line in unit.earnings.of_payment(payment.id)
            if line.kind is EarningKind.LESSON
        }
        unit.earnings.save_all(
            self._line(
                payment,
                teacher,
                kind,
                Money(sign * leg.minor, leg.currency),
                available_at=released.get(teacher),
                at=at,
            )
            for teacher, leg in legs.items()
        )

    # --- Teachers ------------------------------------------------------------------------------

    def _credit(self, unit: Unit, amounts: Mapping[UserId, Money]) -> dict[str, Taken]:
        parts: dict[str, Taken] = {}
        for teacher, amount in sorted(amounts.items()):
            balance, parts[teacher] = unit.balances.get(teacher, amount.currency).credit(amount)
            unit.balances.save(balance)
        return parts

    def _debit(self, unit: Unit, amounts: Mapping[UserId, Money]) -> dict[str, Taken]:
        parts: dict[str, Taken] = {}
        for teacher, amount in sorted(amounts.items()):
            balance, parts[teacher] = unit.balances.get(teacher, amount.currency).debit(amount)
            unit.balances.save(balance)
        return parts

    def _line(
        self,
        payment: Payment,
        teacher: UserId,
        kind: EarningKind,
        amount: Money,
        *,
        at: datetime,
        available_at: datetime | None = None,
    ) -> EarningLine:
        return EarningLine(
            id=EarningId(self.ids.new("earning")),
            teacher_id=teacher,
            kind=kind,
            amount=amount,
            booking_id=payment.booking_id,
            payment_id=payment.id,
            reason=_REASONS[kind],
            at=at,
            available_at=available_at,
        )


_REASONS = {
    EarningKind.LESSON: "Lesson",
    EarningKind.REFUND: "Refund of the lesson",
    EarningKind.REFUND_FAILED: "A refund of the lesson did not go through",
}


def _legs_by_teacher(payment: Payment, refund: Refund) -> dict[UserId, Money]:
    return {
        share.teacher_id: leg
        for share, leg in zip(payment.shares, refund.legs.teachers, strict=True)
        if leg
    }
