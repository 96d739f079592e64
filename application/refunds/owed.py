"""What a bank sent back: sending it once more, or paying it by hand."""

from datetime import datetime

from attrs import frozen

from application.accounting import Accounting, post
from application.answers import answered, bind
from application.applying import Applying
from application.bus import handles
from application.commands import Actor, Command
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.records import Operation
from application.ports.storage import Unit, UnitOfWork
from application.refunds.sending import Sending
from application.staff import audited
from domain import ledger
from domain.errors import NotFound
from domain.ids import RefundId
from domain.payments import Payment
from domain.people import Role
from domain.refunds import Refund


@frozen(kw_only=True)
class RetryOwedRefund(Command[RefundId]):
    """Send what a bank returned once more; the new refund's id is answered."""

    refund_id: RefundId


@handles(RetryOwedRefund)
@frozen
class RetryOwedRefundHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids
    applying: Applying
    accounting: Accounting
    sending: Sending

    def __call__(self, command: RetryOwedRefund, actor: Actor) -> RefundId:
        actor.must_be(Role.ADMIN)
        return self.sending.resume() or self.sending.send(
            self.work(lambda unit: self._reserve(unit, actor, command)), is_ours=True
        )

    def _reserve(self, unit: Unit, actor: Actor, command: RetryOwedRefund) -> Operation:
        now = self.clock.now()
        payment, owed = _owed(unit, command.refund_id)
        again = owed.settling(
            id=RefundId(self.ids.new("refund")), requested_by=actor.user_id, at=now
        )
        self.accounting.refund_reserved(unit, payment, again, now)
        unit.refunds.save(owed.settled(at=now))
        unit.refunds.save(again)
        operation = self.applying.plan_refund(unit, payment, again)
        bind(unit, "refund", operation.id)
        _audit_owed(unit, self.ids, actor, owed, after={"refund_id": again.id}, at=now)
        return operation


@frozen(kw_only=True)
class MarkOwedPaid(Command[RefundId]):
    """Record that what a bank returned was paid by hand, with a reference."""

    refund_id: RefundId
    reference: str


@handles(MarkOwedPaid)
@frozen
class MarkOwedPaidHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids

    def __call__(self, command: MarkOwedPaid, actor: Actor) -> RefundId:
        actor.must_be(Role.ADMIN)
        now = self.clock.now()

        def decide(unit: Unit) -> RefundId:
            _, owed = _owed(unit, command.refund_id)
            unit.refunds.save(owed.settled(at=now))
            post(unit, ledger.owed_paid_by_hand(owed, now))
            _audit_owed(unit, self.ids, actor, owed, after={"reference": command.reference}, at=now)
            return answered(unit, owed.id)

        return self.work(decide)


def _owed(unit: Unit, id: RefundId) -> tuple[Payment, Refund]:
    found = unit.refunds.find(id)
    if found is None:
        raise NotFound("This refund")
    return unit.payments.get(found.payment_id), unit.refunds.get(id)


def _audit_owed(
    unit: Unit, ids: Ids, actor: Actor, owed: Refund, *, after: dict[str, str], at: datetime
) -> None:
    audited(
        unit,
        ids,
        actor,
        action="refund.settle",
        subject=owed.id,
        before={"owed_amount": str(owed.amount)},
        after=after,
        at=at,
    )
