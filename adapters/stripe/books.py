"""Stripe's own account of our money."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

import stripe
from attrs import frozen
from stripe.params import BalanceTransactionListParams, ChargeRetrieveParams

from adapters.stripe.amounts import from_wire
from adapters.stripe.errors import asking_stripe
from adapters.stripe.ids import in_path
from adapters.stripe.paging import PAGE, walk
from adapters.stripe.reading import expanded, transaction_of
from application.ports.gateway import BalanceTransaction


@frozen
class StripeBooks:
    """A `GatewayBooks`."""

    _client: stripe.StripeClient

    def balances(self) -> Mapping[str, int]:
        """Return available and pending money together, by currency."""
        with asking_stripe():
            balance = self._client.v1.balance.retrieve()
        held: Counter[str] = Counter()
        for available in balance.available:
            held[available.currency] += from_wire(available.amount, available.currency)
        for pending in balance.pending:
            held[pending.currency] += from_wire(pending.amount, pending.currency)
        return dict(held)

    def balance_transactions(
        self, *, since: datetime | None = None
    ) -> Iterator[BalanceTransaction]:
        """Stream the movements, newest first."""
        params: BalanceTransactionListParams = {"limit": PAGE}
        if since is not None:
            params["created"] = {"gte": int(since.timestamp())}
        with asking_stripe():
            page = self._client.v1.balance_transactions.list(params)
        return (transaction_of(movement) for movement in walk(page))

    def charge_transaction(self, charge: str) -> BalanceTransaction | None:
        """Return the movement that a charge made, if there is one yet."""
        params: ChargeRetrieveParams = {"expand": ["balance_transaction"]}
        with asking_stripe():
            found = self._client.v1.charges.retrieve(in_path(charge), params)
        settled = expanded(found.balance_transaction, stripe.BalanceTransaction)
        return None if settled is None else transaction_of(settled)
