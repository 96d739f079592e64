"""Refunds, against the ledger and against the payments that they are of."""

from collections import Counter

from attrs import define, field

from application.effects import EffectKind
from application.verification.bunch import Booked, Bunch, bunch_of_strays
from application.verification.report import Look
from domain.ledger import CASH, Account, AccountKind
from domain.payments import Payment
from domain.refunds import UNDER_WAY, Refund, RefundStatus


@define
class Refunds:
    """The checks, and what later ones need of them."""

    look: Look
    owed: Counter[tuple[str, str]] = field(factory=Counter)

    def check(self, refund: Refund, payment: Payment | None, bunch: Bunch) -> None:
        """Compare a refund with what the ledger books of it, and with its effect: I5, I7."""
        code = refund.amount.currency.code
        refunding = Account(AccountKind.REFUNDING, refund.id)
        held = -refund.amount.minor if refund.status in UNDER_WAY else 0
        self.look.expect("I5", refunding, held, code, f"{refund.id} is {refund.status}")
        if refund.is_owed:
            self.owed[refund.student_id, code] += refund.amount.minor
        if payment is None or not payment.status.has_succeeded:
            self.look.wrong("I5", refund.id, f"is of {refund.payment_id}, which was never captured")
        self._check_booked(refund, bunch, refunding)
        self._check_effect(refund, bunch)

    def _check_booked(self, refund: Refund, bunch: Bunch, refunding: Account) -> None:
        failed, succeeded = refund.status is RefundStatus.FAILED, refund.has_succeeded
        for kind, account, sign, expected in (
            ("refund_reserved", refunding, -1, True),
            ("refund_confirmed", CASH, -1, succeeded),
            ("refund_released", refunding, 1, failed and not succeeded),
            ("refund_returned", CASH, 1, failed and succeeded),
        ):
            found, key = bunch.facts.of(kind, refund.id), f"{kind}:{refund.id}"
            if found.exists is not expected:
                state = "is booked" if found.exists else "is not booked"
                self.look.wrong("I5", refund.id, f"is {refund.status}, but {key} {state}")
            elif found.exists:
                self._check_amount(refund, key, found, account, sign)

    def _check_amount(
        self, refund: Refund, key: str, found: Booked, account: Account, sign: int
    ) -> None:
        booked = found.on(account)
        if booked != sign * refund.amount.minor:
            self.look.wrong(
                "I5",
                refund.id,
                f"is of {refund.amount.minor} {refund.amount.currency}, but {key} books "
                f"{abs(booked)} on {account}",
            )

    def _check_effect(self, refund: Refund, bunch: Bunch) -> None:
        for done in bunch.done.get(refund.id, ()):
            if done.kind == EffectKind.CREATE_REFUND and done.result != refund.gateway_id:
                self.look.wrong(
                    "I7",
                    refund.id,
                    f"is {refund.gateway_id} at the gateway, but {done.operation} made "
                    f"{done.result} for it",
                )

    def check_strays(self) -> None:
        """I5: no refund is of a payment that does not exist."""
        for refunds in self.look.bunches("stray refunds", self.look.views.corners.stray_refunds()):
            bunch = bunch_of_strays(self.look, refunds)
            for refund in refunds:
                self.check(refund, None, bunch)

    def check_owed(self) -> None:
        """Compare what is owed to students with the refunds that came back: I9."""
        for (student, code), amount in self.owed.items():
            account = Account(AccountKind.OWED, student)
            self.look.expect("I9", account, -amount, code, "so much came back of their refunds")
