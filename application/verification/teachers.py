"""Teachers' balances, statements and payouts, against one another and against the ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import define, field

from application.effects import EffectKind
from application.ports.storage import Done
from application.verification import at_gateway
from application.verification.bunch import Facts, done_for, facts_of
from application.verification.report import MOST_FINDINGS, Look, kind_and_owner
from domain.earnings import OPEN_PAYOUTS, Payout, PayoutMethod, PayoutStatus, TeacherBalance
from domain.ledger import BANK, CASH, Account, AccountKind, held, payable, receivable

_Sums = Counter[tuple[str, str]]
_FACTS = ("payout_reserved", "payout_done", "payout_failed")


@define
class Teachers:
    """The checks, and what later ones need of them."""

    look: Look
    _in_flight: _Sums = field(factory=Counter)
    _paid: _Sums = field(factory=Counter)
    _pending: _Sums = field(factory=Counter)
    _ended: _Sums = field(factory=Counter)
    _ahead: _Sums = field(factory=Counter)

    def gather_pending(self) -> None:
        """Sum what lessons ahead hold for each teacher, before those accounts are taken out."""
        for (account, code), amount in self.look.unexplained.items():
            kind, owner = kind_and_owner(account)
            if kind == AccountKind.PENDING:
                self._pending[owner.rpartition(",")[2], code] -= amount

    def check_payouts(self) -> None:
        """Compare each payout with its entries and its lines, to the cent: I6, I7."""
        look = self.look
        for payouts in look.bunches("payouts", look.views.everything.payouts()):
            ids = [payout.id for payout in payouts]
            carried = look.views.belongings.carried(ids)
            reversals = [
                f"{payout.id}:{payout.reversed.minor}" for payout in payouts if payout.reversed
            ]
            facts = facts_of(look, (_FACTS, ids), (("transfer_reversed",), reversals))
            done = done_for(look, ids)
            for payout in payouts:
                with look.checking(payout.id):
                    self._check_payout(payout, carried.get(payout.id, 0))
                    self._check_booked(payout, facts)
                    self._check_effects(payout, done)

    def _check_payout(self, payout: Payout, carried: int) -> None:
        code, amount = payout.amount.currency.code, payout.amount.minor
        owner = (payout.teacher_id, code)
        is_open = payout.status in OPEN_PAYOUTS
        if is_open:
            self._in_flight[owner] += amount
        if payout.status is PayoutStatus.PAID:
            self._paid[owner] += amount - payout.reversed.minor
        account = Account(AccountKind.IN_FLIGHT, payout.id)
        self.look.expect(
            "I6", account, -amount if is_open else 0, code, f"the payout is {payout.status}"
        )
        expected = 0 if payout.status is PayoutStatus.FAILED else amount
        if carried != expected:
            self.look.wrong(
                "I6", payout.id, f"is of {amount} {code}, but its lines come to {carried}"
            )
        if self._is_doubtful(payout):
            self.look.doubtful_payouts.append(payout.id)

    def _is_doubtful(self, payout: Payout) -> bool:
        return (
            self.look.each_at_gateway
            and len(self.look.doubtful_payouts) < MOST_FINDINGS
            and at_gateway.of_payout(self.look.gateway, payout) is not None
        )

    def _check_booked(self, payout: Payout, facts: Facts) -> None:
        source = CASH if payout.method is PayoutMethod.STRIPE else BANK
        for kind, account, expected in (
            ("payout_reserved", None, True),
            ("payout_done", source, payout.status is PayoutStatus.PAID),
            ("payout_failed", None, payout.status is PayoutStatus.FAILED),
        ):
            found, key = facts.of(kind, payout.id), f"{kind}:{payout.id}"
            if found.exists is not expected:
                state = "is booked" if found.exists else "is not booked"
                self.look.wrong("I6", payout.id, f"is {payout.status}, but {key} {state}")
            elif account is not None and found.exists:
                booked = found.on(account)
                if booked != -payout.amount.minor:
                    self.look.wrong(
                        "I6",
                        payout.id,
                        f"is of {payout.amount.minor}, but {key} books {abs(booked)} on {account}",
                    )
        back = payout.reversed.minor
        if back and not facts.of("transfer_reversed", f"{payout.id}:{back}").exists:
            self.look.wrong("I6", payout.id, f"{back} of it came back, but that is not booked")

    def _check_effects(self, payout: Payout, done: Mapping[str, Sequence[Done]]) -> None:
        for each in done.get(payout.id, ()):
            if each.kind == EffectKind.CREATE_TRANSFER and each.result != payout.gateway_id:
                self.look.wrong(
                    "I7",
                    payout.id,
                    f"is {payout.gateway_id} at the gateway, but {each.operation} made "
                    f"{each.result} for it",
                )

    # --- Balances ------------------------------------------------------------------------------

    def check_balances(self) -> None:
        """Compare stored balances with the entries and the statements: I2, I6, I9."""
        for line in self.look.views.corners.unpaid():
            sums = self._ahead if line.is_ahead else self._ended
            sums[line.teacher, line.currency] += line.amount
        for balance in self.look.each("balances", self.look.views.everything.balances()):
            with self.look.checking(f"{balance.teacher_id} {balance.currency}"):
                self._check_balance(balance)
        for name, left in (
            ("in flight", self._in_flight),
            ("paid", self._paid),
            ("on the statement", self._ended),
        ):
            for (teacher, code), amount in left.items():
                if amount:
                    self.look.wrong(
                        "I2", f"{teacher} {code}", f"has no balance, but {amount} {name}"
                    )

    def _check_balance(self, balance: TeacherBalance) -> None:
        teacher, code = balance.teacher_id, balance.currency.code
        stored = "as the stored balance says"
        for account, amount in (
            (payable(teacher), -balance.payable.minor),
            (held(teacher), -balance.held.minor),
            (receivable(teacher), balance.receivable.minor),
        ):
            self.look.expect("I2", account, amount, code, stored)
        owner = (str(teacher), code)
        self._same(balance, "in flight", balance.in_flight.minor, self._in_flight.pop(owner, 0))
        self._same(balance, "paid", balance.paid.minor, self._paid.pop(owner, 0))
        self._check_statement(balance, self._ended.pop(owner, 0), self._ahead.pop(owner, 0))

    def _same(self, balance: TeacherBalance, what: str, stored: int, summed: int) -> None:
        if stored != summed:
            self.look.wrong(
                "I2",
                f"{balance.teacher_id} {balance.currency}",
                f"the stored balance has {stored} {what}; its payouts come to {summed}",
            )

    def _check_statement(self, balance: TeacherBalance, ended: int, ahead: int) -> None:
        stands = balance.payable.minor + balance.held.minor - balance.receivable.minor
        subject = f"statement of {balance.teacher_id} {balance.currency}"
        if ended != stands:
            self.look.wrong("I6", subject, f"its lines come to {ended}, its balances to {stands}")
        waiting = self._pending.pop((str(balance.teacher_id), balance.currency.code), 0)
        if ahead != waiting and self.look.books_are_readable:
            self.look.wrong(
                "I6", subject, f"its lines of lessons ahead come to {ahead}, the books to {waiting}"
            )
