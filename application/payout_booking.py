"""Payouts on their way to teachers: reserve, done, failed, reversed; each books its fact."""

from datetime import datetime

from attrs import evolve, frozen

from application.accounting import post
from application.effects import EffectKind, Plans
from application.ports.clock import Clock
from application.ports.gateway import ChargeLimits, NewTransfer
from application.ports.ids import Ids
from application.ports.records import Operation
from application.ports.storage import Unit
from application.rules import PlatformRules
from domain import ledger
from domain.earnings import (
    AccountNotReady,
    EarningKind,
    EarningLine,
    NothingToPayOut,
    Payout,
    PayoutMethod,
    PayoutStatus,
    TeacherBalance,
    available,
    matured,
)
from domain.events import StaffAlerted
from domain.ids import EarningId, PayoutId, UserId
from domain.money import Currency, Money


@frozen
class PayoutBooking:
    """Move available money out, and back when it does not arrive."""

    clock: Clock
    ids: Ids
    plans: Plans
    rules: PlatformRules
    limits: ChargeLimits

    def reserve(
        self,
        unit: Unit,
        teacher: UserId,
        currency: Currency,
        method: PayoutMethod,
        *,
        reference: str | None = None,
    ) -> tuple[Payout, Operation | None]:
        """Set all that is available aside; with the operation that sends it, unless by hand.

        Raises `NothingToPayOut` below the smallest payout, and `AccountNotReady`.
        """
        now = self.clock.now()
        account = self._destination(unit, teacher) if method is PayoutMethod.STRIPE else None
        balance = unit.balances.get(teacher, currency)
        lines = unit.earnings.unpaid(teacher, currency)
        amount, rest = self._whole_steps(available(balance, lines, now), method)
        if amount < self.rules.smallest_payout(currency) or not amount:
            raise NothingToPayOut(
                f"{amount} {currency} is available; "
                f"a payout is at least {self.rules.smallest_payout(currency)}."
            )
        payout = Payout(
            id=PayoutId(self.ids.new("payout")),
            teacher_id=teacher,
            amount=amount,
            method=method,
            status=(
                PayoutStatus.PENDING if method is PayoutMethod.MANUAL else PayoutStatus.IN_TRANSIT
            ),
            reversed=Money.zero(currency),
            reference=reference,
            created_at=now,
            updated_at=now,
        )
        unit.payouts.save(payout)
        self._carry(unit, payout, matured(lines, now), rest)
        unit.balances.save(balance.send(amount, at=now))
        post(unit, ledger.payout_reserved(payout, now))
        if account is None:
            return payout, None
        request = NewTransfer(
            operation="",
            account=account,
            amount=amount.minor,
            currency=currency.code,
            transfer_group=payout.id,
            metadata={"payout_id": payout.id, "teacher_id": teacher},
        )
        return payout, self.plans.plan(unit, EffectKind.CREATE_TRANSFER, payout.id, request)

    @staticmethod
    def _destination(unit: Unit, teacher: UserId) -> str:
        account = unit.accounts.find(teacher)
        if account is None or account.gateway_id is None or not account.is_ready:
            raise AccountNotReady("The connected account cannot receive transfers yet.")
        return account.gateway_id

    def _whole_steps(self, ready: Money, method: PayoutMethod) -> tuple[Money, Money]:
        """Split what is ready into what can be sent and a remainder below the currency's step."""
        if method is PayoutMethod.MANUAL:
            return ready, Money.zero(ready.currency)
        step = self.limits(ready.currency.code).step
        rest = ready.minor % step
        return Money(ready.minor - rest, ready.currency), Money(rest, ready.currency)

    def _carry(
        self, unit: Unit, payout: Payout, lines: tuple[EarningLine, ...], rest: Money
    ) -> None:
        """Put the lines on the payout; a remainder is carried over to the next one."""
        unit.earnings.save_all(evolve(line, payout_id=payout.id) for line in lines)
        if rest:
            unit.earnings.save_all(
                self._line(payout, EarningKind.CARRIED, amount, on_payout)
                for amount, on_payout in ((-rest, payout.id), (rest, None))
            )

    def _line(
        self, payout: Payout, kind: EarningKind, amount: Money, on_payout: PayoutId | None
    ) -> EarningLine:
        now = self.clock.now()
        return EarningLine(
            id=EarningId(self.ids.new("earning")),
            teacher_id=payout.teacher_id,
            kind=kind,
            amount=amount,
            booking_id=None,
            payment_id=None,
            reason=_REASONS[kind],
            at=now,
            available_at=now,
            payout_id=on_payout,
        )

    def done(
        self,
        unit: Unit,
        id: PayoutId,
        *,
        gateway_id: str | None = None,
        reference: str | None = None,
    ) -> Payout:
        """Book that the money left; once, whoever tells."""
        now = self.clock.now()
        payout = unit.payouts.get(id)
        if payout.status is PayoutStatus.PAID and payout.gateway_id == gateway_id:
            return payout
        balance = unit.balances.get(payout.teacher_id, payout.amount.currency)
        payout = payout.paid(at=now, gateway_id=gateway_id, reference=reference)
        unit.balances.save(balance.sent(payout.amount))
        post(unit, ledger.payout_done(payout, now))
        return unit.payouts.save(payout)

    def failed(self, unit: Unit, id: PayoutId, reason: str) -> Payout:
        """Make the money of a payout that did not leave available again, and tell staff."""
        now = self.clock.now()
        payout = unit.payouts.get(id)
        if payout.status is PayoutStatus.FAILED:
            return payout
        balance, credit = self._balance(unit, payout).bounced(payout.amount)
        payout = payout.failed(reason, at=now)
        unit.balances.save(balance)
        unit.earnings.save_all(
            evolve(line, payout_id=None) for line in unit.earnings.of_payout(payout.id)
        )
        post(unit, ledger.payout_failed(payout, credit, now))
        alert = StaffAlerted(topic="payout_failed", subject=payout.id, detail=reason, at=now)
        return unit.payouts.save(evolve(payout, events=(*payout.events, alert)))

    def reversed(self, unit: Unit, id: PayoutId, reversed_in_all: int) -> Payout:
        """Book what the gateway took back from the connected account, up to the sum it tells."""
        now = self.clock.now()
        payout = unit.payouts.get(id)
        in_all = Money(reversed_in_all, payout.amount.currency)
        payout, more = payout.reversed_up_to(in_all, at=now)
        if not more:
            return payout
        balance, credit = self._balance(unit, payout).pulled_back(more)
        unit.balances.save(balance)
        unit.earnings.save_all([self._line(payout, EarningKind.TRANSFER_REVERSED, more, None)])
        post(unit, ledger.transfer_reversed(payout, more, credit, now))
        return unit.payouts.save(payout)

    @staticmethod
    def _balance(unit: Unit, payout: Payout) -> TeacherBalance:
        return unit.balances.get(payout.teacher_id, payout.amount.currency)


def is_payable_today(balance: TeacherBalance, at: datetime) -> bool:
    """Tell whether the daily payout of a teacher is due: a day after the last one."""
    return balance.next_payout_at is None or at >= balance.next_payout_at


_REASONS = {
    EarningKind.CARRIED: "Remainder below the smallest unit, carried over",
    EarningKind.TRANSFER_REVERSED: "A transfer was taken back",
}
