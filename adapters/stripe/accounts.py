"""Teachers' connected accounts."""

from datetime import datetime

import stripe
from attrs import frozen
from stripe.params import AccountCreateParams, AccountLinkCreateParams, AccountListParams

from adapters.stripe.errors import asking_stripe
from adapters.stripe.ids import in_path
from adapters.stripe.paging import PAGE, not_before, walk
from adapters.stripe.reading import OPERATION, account_of, metadata_of
from application.ports.gateway import GatewayAccount, NewAccount


def new_account_params(request: NewAccount) -> AccountCreateParams:
    """Build the parameters of an account that receives transfers and nothing else.

    Stripe collects what the law asks of the teacher and shows them a dashboard of their earnings;
    we carry the fees and the losses, because students pay us and not the teacher. Controller
    properties say this; the `type` of an account is deprecated.
    """
    return {
        "controller": {
            "fees": {"payer": "application"},
            "losses": {"payments": "application"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "express"},
        },
        "capabilities": {"transfers": {"requested": True}},
        "email": request.email,
        "metadata": {"tuition_teacher": request.teacher, OPERATION: request.operation},
    }


@frozen
class StripeAccounts:
    """An `AccountsGateway`."""

    _client: stripe.StripeClient

    def create_account(self, request: NewAccount, *, key: str) -> GatewayAccount:
        """Make a connected account that can receive transfers."""
        with asking_stripe():
            return account_of(
                self._client.v1.accounts.create(
                    new_account_params(request), {"idempotency_key": key}
                )
            )

    def account(self, account: str) -> GatewayAccount:
        """Read an account."""
        with asking_stripe():
            return account_of(self._client.v1.accounts.retrieve(in_path(account)))

    def find_account(self, operation: str, *, since: datetime) -> GatewayAccount | None:
        """List the accounts connected since then and pick the operation's."""
        params: AccountListParams = {"created": {"gte": not_before(since)}, "limit": PAGE}
        with asking_stripe():
            page = self._client.v1.accounts.list(params)
        for account in walk(page):
            if metadata_of(account.metadata).get(OPERATION) == operation:
                return account_of(account)
        return None

    def onboarding_link(self, account: str, *, return_url: str) -> str:
        """Return a URL to Stripe's onboarding; an expired one sends the teacher back to us."""
        params: AccountLinkCreateParams = {
            "account": account,
            "type": "account_onboarding",
            "return_url": return_url,
            "refresh_url": return_url,
        }
        with asking_stripe():
            return self._client.v1.account_links.create(params).url
