"""Our cash against the gateway's own account of it: I3, and I7 where they differ."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from attrs import define, frozen

from application.gateway_effects.probing import PROBE_BACK
from application.ports.clock import WallClock
from application.ports.gateway import (
    BalanceTransaction,
    Gateway,
    GatewayError,
    GatewayRefundStatus,
)
from application.ports.records import Operation
from application.ports.storage import Reader, Views
from application.verification.report import Look
from domain.earnings import Payout, PayoutMethod
from domain.ledger import CASH
from domain.payments import Payment
from domain.refunds import Refund

LOOKS = 3
"""How often a difference is looked at: books and gateway are never read at one instant."""

MOVEMENTS = 2_000
"""How many of the gateway's newest movements are searched for what explains a difference."""


@frozen(kw_only=True)
class _Books:
    """What the books hold, and what is open in them, at one instant."""

    cash: Mapping[str, int]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    payouts: Sequence[Payout]
    operations: Mapping[str, Operation]


def _books(views: Views) -> _Books:
    open_ = views.under_way
    return _Books(
        cash=views.books.sums(str(CASH)),
        payments=tuple(open_.payments()),
        refunds=tuple(open_.refunds()),
        payouts=tuple(each for each in open_.payouts() if each.method is PayoutMethod.STRIPE),
        operations={operation.subject: operation for operation in open_.operations()},
    )


@frozen(kw_only=True)
class _Unapplied:
    """What the gateway did that the books do not know yet."""

    sums: Counter[str]
    sources: set[str]
    """The charges, refunds and transfers that it is."""


@frozen(kw_only=True)
class _Comparison:
    """Both sides, read one right after the other."""

    ours: Mapping[str, int]
    theirs: Mapping[str, int]
    unapplied: _Unapplied

    @property
    def unexplained(self) -> dict[str, int]:
        """Return by how much they differ, by currency."""
        codes = sorted({*self.ours, *self.theirs})
        differences = {
            code: self.theirs.get(code, 0) - self.ours.get(code, 0) - self.unapplied.sums[code]
            for code in codes
        }
        return {code: amount for code, amount in differences.items() if amount}


@define
class Cash:
    """Compare what the books and the gateway hold.

    Each look is short and by itself: however long everything else takes to prove, this compares the
    present with the present. The gateway is asked while no transaction is open.
    """

    look: Look
    read: Reader
    gateway: Gateway
    wall: WallClock

    def check(self) -> None:
        """B(cash) + what the gateway did and our books do not know yet = what it holds."""
        try:
            compared = self._compared()
            for _ in range(LOOKS - 1):
                if not compared.unexplained:
                    break
                self.wall.sleep(0.2)
                compared = self._compared()
            if self.look.books_are_readable:
                self._tell(compared)
        except GatewayError as error:
            self.look.wrong("I3", "cash:gateway", f"the gateway could not be asked: {error}")

    def _compared(self) -> _Comparison:
        held = {code: minor for code, minor in self.gateway.books.balances().items() if minor}
        books = self.read(_books)
        self.look.cash, self.look.gateway_cash = dict(books.cash), held
        unapplied = _Unapplied(sums=Counter(), sources=set())
        if books.cash != held:
            self._gather(books, unapplied)
        return _Comparison(ours=books.cash, theirs=held, unapplied=unapplied)

    def _tell(self, compared: _Comparison) -> None:
        unexplained = compared.unexplained
        for code in sorted({*compared.ours, *compared.theirs}):
            ours, theirs = compared.ours.get(code, 0), compared.theirs.get(code, 0)
            unapplied = compared.unapplied.sums[code]
            if code in unexplained:
                self.look.wrong(
                    "I3",
                    "cash:gateway",
                    f"our books say {ours} {code}, and {unapplied} is not booked yet; the "
                    f"gateway says {theirs}: {unexplained[code]:+} unexplained",
                )
            elif unapplied:
                self.look.notes.append(
                    f"the gateway moved {unapplied} {code} that our books take in next"
                )
        if unexplained:
            self._name_strangers(compared.unapplied.sources)

    # --- What is not booked yet ----------------------------------------------------------------

    def _gather(self, books: _Books, unapplied: _Unapplied) -> None:
        for movement in self._charges(books):
            unapplied.sums[movement.currency] += movement.net
            unapplied.sources.add(str(movement.source))
        for refund in books.refunds:
            made = self._made(refund, books.operations.get(refund.id))
            if made is not None:
                unapplied.sums[refund.amount.currency.code] -= refund.amount.minor
                unapplied.sources.add(made)
        for payout in books.payouts:
            sent = self._sent(books.operations.get(payout.id))
            if sent is not None:
                unapplied.sums[payout.amount.currency.code] -= payout.amount.minor
                unapplied.sources.add(sent)

    def _charges(self, books: _Books) -> list[BalanceTransaction]:
        """Return what the gateway took of payers and settled, and our cash does not hold yet."""
        settled = self.gateway.books.charge_transaction
        found = [settled(charge) for charge in self.look.stray_charges]
        for payment in books.payments:
            if payment.charge_id is not None:
                found.append(settled(payment.charge_id))
            elif payment.gateway_id is not None:
                held = self.gateway.payments.payment(payment.gateway_id)
                found.append(held.balance_transaction)
            elif payment.id in books.operations:
                found.append(self._made_by(books.operations[payment.id]))
        # A charge may be found in both ways, and may have been booked as nobody's.
        movements = {f"charge_settled:{each.id}": each for each in found if each is not None}
        booked = self.read(lambda views: views.books.written(list(movements)))
        return [each for key, each in movements.items() if key not in booked]

    def _made_by(self, operation: Operation) -> BalanceTransaction | None:
        """Return what a payment took whose outcome only its operation will tell."""
        made = self.gateway.payments.find_payment(
            operation.id,
            customer=str(operation.params["customer"]),
            since=operation.created_at - PROBE_BACK,
        )
        return None if made is None else made.balance_transaction

    def _made(self, refund: Refund, operation: Operation | None) -> str | None:
        if refund.gateway_id is not None:
            # The gateway takes a refund from our balance when it is made, not when it arrives.
            made = self.gateway.refunds.refund(refund.gateway_id)
        elif operation is not None:
            payment = str(operation.params["payment"])
            found = self.gateway.refunds.find_refund(operation.id, payment=payment)
            if found is None:
                return None
            made = found
        else:
            return None
        return None if made.status is GatewayRefundStatus.FAILED else made.id

    def _sent(self, operation: Operation | None) -> str | None:
        if operation is None:
            return None
        group = str(operation.params["transfer_group"])
        found = self.gateway.transfers.find_transfer(operation.id, transfer_group=group)
        return None if found is None else found.id

    # --- What nobody knows ---------------------------------------------------------------------

    def _name_strangers(self, explained: set[str]) -> None:
        """I7: name the newest movements at the gateway that are of nothing we know."""
        movements = {
            str(movement.source): movement
            for movement in islice(self.gateway.books.balance_transactions(), MOVEMENTS)
            if movement.kind in _OURS and str(movement.source) not in explained
        }
        sources = list(movements)
        known = self.read(lambda views: views.belongings.known(sources))
        strays = [f"charge_in_suspense:{source}" for source in sources]
        booked = self.read(lambda views: views.books.written(strays))
        for source, movement in movements.items():
            if source not in known and f"charge_in_suspense:{source}" not in booked:
                self.look.wrong(
                    "I7",
                    source,
                    f"the gateway moved {movement.net} {movement.currency} for this "
                    f"{movement.kind}, and nothing of ours is it",
                )


_OURS = {"charge", "refund", "transfer"}
"""The kinds of movements that only what we ask for should make."""
