"""The port, spoken by the world: transfers, accounts and the world's books."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import urlencode

from attrs import frozen

from adapters.fake import effects
from adapters.fake.records import OPERATION, Account, Balance, Charge, Movement, Transfer
from adapters.fake.store.rows import NO_LIMIT
from adapters.fake.turn import Turn, second
from adapters.fake.views import account_view, charge_movement, movement_view, transfer_view
from adapters.fake.wire import Wire
from application.ports.gateway import (
    BalanceTransaction,
    GatewayAccount,
    GatewayTransfer,
    NewAccount,
    NewTransfer,
)

PAGE = 100
"""How many movements are read at once, as at Stripe."""


@frozen
class FakeTransfers:
    """A `TransfersGateway`."""

    _wire: Wire

    def create_transfer(self, request: NewTransfer, *, key: str) -> GatewayTransfer:
        """Send money to a connected account."""
        return self._wire.change(effects.CREATE_TRANSFER, request, key=key)

    def transfer(self, transfer: str) -> GatewayTransfer:
        """Read a transfer."""

        def see(turn: Turn) -> GatewayTransfer:
            return transfer_view(turn.get(Transfer, transfer))

        return self._wire.look("transfer", {"transfer": transfer}, see)

    def find_transfer(self, operation: str, *, transfer_group: str) -> GatewayTransfer | None:
        """Find the transfer that an operation made."""

        def see(turn: Turn) -> GatewayTransfer | None:
            for transfer in turn.newest(Transfer, transfer_group):
                if transfer.metadata.get(OPERATION) == operation:
                    return transfer_view(transfer)
            return None

        about = {"operation": operation, "transfer_group": transfer_group}
        return self._wire.look("find_transfer", about, see)


@frozen
class FakeAccounts:
    """An `AccountsGateway`."""

    _wire: Wire

    def create_account(self, request: NewAccount, *, key: str) -> GatewayAccount:
        """Make a connected account."""
        return self._wire.change(effects.CREATE_ACCOUNT, request, key=key)

    def account(self, account: str) -> GatewayAccount:
        """Read an account."""

        def see(turn: Turn) -> GatewayAccount:
            return account_view(turn.get(Account, account))

        return self._wire.look("account", {"account": account}, see)

    def find_account(self, operation: str, *, since: datetime) -> GatewayAccount | None:
        """Find the account that an operation made."""

        def see(turn: Turn) -> GatewayAccount | None:
            for account in turn.newest(Account):
                if account.created_at < second(since):
                    break
                if account.metadata.get(OPERATION) == operation:
                    return account_view(account)
            return None

        return self._wire.look("find_account", {"operation": operation}, see)

    def onboarding_link(self, account: str, *, return_url: str) -> str:
        """Return the URL of an onboarding that nobody serves."""

        def see(turn: Turn) -> str:
            turn.get(Account, account)
            query = urlencode({"return_url": return_url})
            return f"https://gateway.test/onboarding/{account}?{query}"

        return self._wire.look("onboarding_link", {"account": account}, see)


@frozen
class FakeBooks:
    """A `GatewayBooks`."""

    _wire: Wire

    def balances(self) -> Mapping[str, int]:
        """Return available and pending money together, by currency."""

        def see(turn: Turn) -> dict[str, int]:
            return {balance.id: balance.total for balance in turn.newest(Balance)}

        return self._wire.look("balances", {}, see)

    def balance_transactions(
        self, *, since: datetime | None = None
    ) -> Iterator[BalanceTransaction]:
        """Stream the movements, newest first."""
        return self._walk(self._page(NO_LIMIT), since)

    def charge_transaction(self, charge: str) -> BalanceTransaction | None:
        """Return the movement that a charge made, if there is one yet."""

        def see(turn: Turn) -> BalanceTransaction | None:
            return charge_movement(turn, turn.get(Charge, charge))

        return self._wire.look("charge_transaction", {"charge": charge}, see)

    def _page(self, before: int) -> list[Movement]:
        def see(turn: Turn) -> list[Movement]:
            return turn.page(Movement, before=before, limit=PAGE)

        return self._wire.look("balance_transactions", {}, see)

    def _walk(self, page: list[Movement], since: datetime | None) -> Iterator[BalanceTransaction]:
        while page:
            for movement in page:
                if since is not None and movement.created_at < second(since):
                    return
                yield movement_view(movement)
            page = self._page(page[-1].seq)
