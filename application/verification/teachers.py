"""Teachers' balances, statements and payouts, against one another and against the ledger."""

from collections import Counter

from attrs import define, field

from application.ports.gateway import GatewayError
from application.verification.report import Look, kind_and_owner
from domain.earnings import Payout, PayoutMethod, PayoutStatus, TeacherBalance
from domain.ledger import BANK, CASH, Account, AccountKind, held, payable, receivable

_OPEN = {PayoutStatus.PENDING, PayoutStatus.IN_TRANSIT}
_Sums = Counter[tuple[str, str]]


@define
class Teachers:
    """The checks, and what later ones need of them."""

    look: Look
    open_transfers: list[Payout] = field(factory=list)
    _in_flight: _Sums = field(factory=Counter)
    _paid: _Sums = field(factory=Counter)
    _pending: _Sums = field(factory=Counter)

    def gather_pending(self) -> None:
        """Sum what lessons ahead hold for each teacher, before those accounts are taken out."""
        for (account, code), amount in self.look.unexplained.items():
            kind, owner = kind_and_owner(account)
            if kind == AccountKind.PENDING:
                self._pending[owner.rpartition(",")[2], code] -= amount

    def check_payouts(self) -> None:
        """Compare each payout with its entries and its lines, to the cent: I6."""
        for payout in self.look.each("payouts", self.look.views.everything.payouts()):
            with self.look.checking(payout.id):
                self._check_payout(payout)

    def _check_payout(self, payout: Payout) -> None:
        code, amount = payout.amount.currency.code, payout.amount.minor
        owner = (payout.teacher_id, code)
        is_open = payout.status in _OPEN
        if is_open:
            self._in_flight[owner] += amount
            if payout.method is PayoutMethod.STRIPE:
                self.open_transfers.append(payout)
        if payout.status is PayoutStatus.PAID:
            self._paid[owner] += amount - payout.reversed.minor
        account = Account(AccountKind.IN_FLIGHT, payout.id)
        self.look.expect(
            "I6", account, -amount if is_open else 0, code, f"the payout is {payout.status}"
        )
        self._check_booked(payout)
        lines = self.look.views.due.lines_of_payout(payout.id)
        carried = sum(line.amount.minor for line in lines)
        expected = 0 if payout.status is PayoutStatus.FAILED else amount
        if carried != expected:
            self.look.wrong(
                "I6", payout.id, f"is of {amount} {code}, but its lines come to {carried}"
            )
        if self.look.each_at_gateway and payout.gateway_id is not None:
            self._check_transfer(payout, payout.gateway_id)

    def _check_booked(self, payout: Payout) -> None:
        source = CASH if payout.method is PayoutMethod.STRIPE else BANK
        for key, account, sign, expected in (
            (f"payout_reserved:{payout.id}", None, 0, True),
            (f"payout_done:{payout.id}", source, -1, payout.status is PayoutStatus.PAID),
            (f"payout_failed:{payout.id}", None, 0, payout.status is PayoutStatus.FAILED),
        ):
            found = self.look.booked(key)
            if found.exists is not expected:
                state = "is booked" if found.exists else "is not booked"
                self.look.wrong("I6", payout.id, f"is {payout.status}, but {key} {state}")
            elif account is not None and found.exists:
                booked = found.on(account)
                if booked is not None and booked != sign * payout.amount.minor:
                    self.look.wrong(
                        "I6",
                        payout.id,
                        f"is of {payout.amount.minor}, but {key} books {abs(booked)} on {account}",
                    )

    def _check_transfer(self, payout: Payout, transfer: str) -> None:
        try:
            sent = self.look.gateway.transfers.transfer(transfer)
        except GatewayError as error:
            self.look.wrong("I6", payout.id, f"the gateway does not tell of {transfer}: {error}")
            return
        known = (payout.amount.minor, payout.reversed.minor)
        if (sent.amount, sent.reversed) != known:
            self.look.wrong(
                "I6",
                payout.id,
                f"{known[0]} was sent and {known[1]} came back; the gateway says {sent.amount} "
                f"and {sent.reversed}",
            )

    def check_balances(self) -> None:
        """Compare stored balances with the entries and the statements: I2, I6, I9."""
        for balance in self.look.each("balances", self.look.views.everything.balances()):
            with self.look.checking(f"{balance.teacher_id} {balance.currency}"):
                self._check_balance(balance)
        for name, sums in (("in flight", self._in_flight), ("paid", self._paid)):
            for (teacher, code), amount in sums.items():
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
        self._check_statement(balance)

    def _same(self, balance: TeacherBalance, what: str, stored: int, summed: int) -> None:
        if stored != summed:
            self.look.wrong(
                "I2",
                f"{balance.teacher_id} {balance.currency}",
                f"the stored balance has {stored} {what}; its payouts come to {summed}",
            )

    def _check_statement(self, balance: TeacherBalance) -> None:
        lines = self.look.views.people.unpaid_lines(balance.teacher_id, balance.currency)
        ended = sum(line.amount.minor for line in lines if line.available_at is not None)
        ahead = sum(line.amount.minor for line in lines if line.available_at is None)
        stands = balance.payable.minor + balance.held.minor - balance.receivable.minor
        subject = f"statement of {balance.teacher_id} {balance.currency}"
        if ended != stands:
            self.look.wrong("I6", subject, f"its lines come to {ended}, its balances to {stands}")
        waiting = self._pending.pop((str(balance.teacher_id), balance.currency.code), 0)
        if ahead != waiting and self.look.books_are_readable:
            self.look.wrong(
                "I6", subject, f"its lines of lessons ahead come to {ahead}, the books to {waiting}"
            )
