"""Payments, against their refunds, the ledger, statements and effects."""

from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import define, field

from application.effects import EffectKind
from application.verification import at_gateway
from application.verification.bunch import Booked, Bunch
from application.verification.refunds import Refunds
from application.verification.report import MOST_FINDINGS, Look
from domain.ledger import SUSPENSE, clearing, fee_deferred, pending
from domain.money import Money
from domain.payments import PAYS, Payment, PaymentStatus, Stage
from domain.refunds import UNDER_WAY, Refund, RefundCause, RefundStatus

_HANDS_MONEY_BACK = {*UNDER_WAY, RefundStatus.SUCCEEDED}


@define
class Payments:
    """The checks, and what later ones need of them."""

    look: Look
    refunds: Refunds
    suspense: Counter[str] = field(factory=Counter)

    def check(self, payment: Payment, bunch: Bunch) -> None:
        """Compare a payment with all that belongs to it: I4, I5, I6, I7, I9, I11."""
        refunds = bunch.refunds.get(payment.id, ())
        self._check_captured(payment, bunch.facts.of("payment_succeeded", payment.id))
        self._check_ended(payment, bunch.facts.of("lesson_ended", payment.id), refunds)
        if payment.status.has_succeeded:
            self._check_given_back(payment, refunds)
        self._check_statement(payment, bunch)
        self._check_effects(payment, bunch)
        for refund in refunds:
            with self.look.checking(refund.id):
                self.refunds.check(refund, payment, bunch)
        if self._is_doubtful(payment, refunds):
            self.look.doubtful_payments.append(payment.id)

    # --- What came in --------------------------------------------------------------------------

    def _check_captured(self, payment: Payment, found: Booked) -> None:
        succeeded = payment.status.has_succeeded
        if succeeded is (payment.stage is Stage.UNFUNDED) or succeeded is not bool(
            payment.captured or not payment.amount
        ):
            self.look.wrong(
                "I11",
                payment.id,
                f"is {payment.status} with {payment.captured.minor} captured and its money "
                f"{payment.stage}",
            )
        if succeeded is not found.exists:
            state = "is booked" if found.exists else "is not booked"
            self.look.wrong(
                "I4",
                payment.id,
                f"is {payment.status}, but payment_succeeded:{payment.id} {state}",
            )
        if succeeded and payment.charge_id is not None:
            self._check_charge(payment, payment.charge_id, found)

    def _check_charge(self, payment: Payment, charge_id: str, found: Booked) -> None:
        charge, code = clearing(charge_id), payment.amount.currency.code
        booked = found.on(charge)
        if found.exists and booked != payment.captured.minor:
            self.look.wrong(
                "I4",
                payment.id,
                f"captured {payment.captured.minor} {code}, but payment_succeeded:{payment.id} "
                f"books {booked}",
            )
        waiting = 0 if payment.gateway_fee_booked else payment.captured.minor
        self.look.expect("I3", charge, waiting, code, f"the charge of {payment.id}")
        self._check_stage(payment)

    def _check_stage(self, payment: Payment) -> None:
        code = payment.amount.currency.code
        if payment.stage is Stage.SUSPENSE:
            self.suspense[code] += payment.captured.minor - payment.given_back.minor
        if payment.stage is not Stage.PENDING:
            return
        work = payment.booking_id or payment.id
        because = f"{payment.id} is for a lesson that lies ahead"
        for share in payment.shares:
            account = pending(work, share.teacher_id)
            self.look.expect("I9", account, -share.remaining.minor, code, because)
        self.look.expect("I9", fee_deferred(work), -payment.fee_remaining.minor, code, because)

    def _check_ended(self, payment: Payment, found: Booked, refunds: Sequence[Refund]) -> None:
        earned = payment.stage is Stage.EARNED
        # Refunds may have left nothing to book when the lesson ended.
        if found.exists is earned or (earned and (refunds or not payment.list_amount)):
            return
        state = "is booked" if found.exists else "is not booked"
        self.look.wrong(
            "I9", payment.id, f"its money is {payment.stage}, but lesson_ended:{payment.id} {state}"
        )

    # --- What went back ------------------------------------------------------------------------

    def _check_given_back(self, payment: Payment, all_refunds: Sequence[Refund]) -> None:
        refunds = [
            refund
            for refund in all_refunds
            if refund.cause is not RefundCause.OWED
            and (refund.status in _HANDS_MONEY_BACK or refund.has_succeeded)
        ]
        accepted = [each for each in refunds if each.status is not RefundStatus.RESERVED]
        reserved = [each for each in refunds if each.status is RefundStatus.RESERVED]
        self._equal(payment, "refunded", payment.refunded, (each.amount for each in accepted))
        self._equal(payment, "reserved", payment.reserved, (each.amount for each in reserved))
        legs = [refund.legs for refund in refunds]
        self._equal(payment, "fee reversed", payment.fee_reversed, (leg.fee for leg in legs))
        for place, share in enumerate(payment.shares):
            self._equal(
                payment,
                f"reversed of {share.teacher_id}",
                share.reversed,
                (leg.teachers[place] for leg in legs),
            )
        self._equal(payment, "unwound", payment.unwound, (leg.sum - leg.suspense for leg in legs))
        if payment.status is not _status_after(payment):
            self.look.wrong(
                "I11",
                payment.id,
                f"is {payment.status} with {payment.refunded.minor} of "
                f"{payment.captured.minor} refunded",
            )

    def _equal(self, payment: Payment, what: str, known: Money, parts: Iterable[Money]) -> None:
        summed = sum(part.minor for part in parts)
        if known.minor != summed:
            self.look.wrong(
                "I5",
                payment.id,
                f"{what} is {known.minor} {known.currency}, but its refunds come to {summed}",
            )

    # --- Who has it ----------------------------------------------------------------------------

    def _check_statement(self, payment: Payment, bunch: Bunch) -> None:
        lines = bunch.credited.get(payment.id, ())
        listed: Counter[tuple[str, str]] = Counter()
        for line in lines:
            listed[line.teacher, line.currency] += line.amount
            if line.is_ahead is not (payment.stage is Stage.PENDING):
                self.look.wrong(
                    "I6",
                    payment.id,
                    f"the statement of {line.teacher} takes its lesson for "
                    f"{'ahead' if line.is_ahead else 'over'}, but its money is {payment.stage}",
                )
        pays, code = payment.stage in PAYS, payment.amount.currency.code
        for share in payment.shares:
            due = share.remaining.minor if pays else 0
            found = listed.pop((share.teacher_id, code), 0)
            if found != due:
                self.look.wrong(
                    "I6",
                    payment.id,
                    f"{share.teacher_id} has {due} {code} of it; their statement says {found}",
                )
        for (teacher, other), amount in listed.items():
            self.look.wrong(
                "I6", payment.id, f"the statement of {teacher} has {amount} {other} of it: no share"
            )

    def _check_effects(self, payment: Payment, bunch: Bunch) -> None:
        for done in bunch.done.get(payment.id, ()):
            if done.kind == EffectKind.CREATE_PAYMENT and done.result != payment.gateway_id:
                self.look.wrong(
                    "I7",
                    payment.id,
                    f"is {payment.gateway_id} at the gateway, but {done.operation} made "
                    f"{done.result} for it",
                )

    def _is_doubtful(self, payment: Payment, refunds: Sequence[Refund]) -> bool:
        return (
            self.look.each_at_gateway
            and len(self.look.doubtful_payments) < MOST_FINDINGS
            and at_gateway.of_payment(self.look.gateway, payment, refunds) is not None
        )

    def check_suspense(self) -> None:
        """Take what late payments explain out of suspense."""
        for code, amount in self.suspense.items():
            key = (str(SUSPENSE), code)
            left = self.look.unexplained.get(key, 0) + amount
            self.look.unexplained[key] = left
            if not left:
                del self.look.unexplained[key]


def _status_after(payment: Payment) -> PaymentStatus:
    if not payment.refunded:
        return PaymentStatus.SUCCEEDED
    full = payment.refunded == payment.captured
    return PaymentStatus.REFUNDED if full else PaymentStatus.PARTIALLY_REFUNDED
