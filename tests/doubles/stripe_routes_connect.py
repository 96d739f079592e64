"""The endpoints of the double of Stripe: connected accounts, transfers, the balance."""

from tests.doubles.stripe_routes import Form, check_amount, endpoint, page
from tests.doubles.stripe_shapes import Json, make
from tests.doubles.stripe_store import Refused, StripeStore


@endpoint("post", "/v1/accounts")
def create_account(store: StripeStore, form: Form) -> Json:
    controller = form.mapping("controller")
    return store.add(
        "account",
        "acct",
        email=form.text("email"),
        country="US",
        default_currency="usd",
        metadata=form.mapping("metadata"),
        type="none" if controller else form.text("type"),
        controller={"type": "application", "is_controller": True, **controller},
        capabilities=dict.fromkeys(form.mapping("capabilities"), "inactive"),
        charges_enabled=False,
        payouts_enabled=False,
        details_submitted=False,
    )


@endpoint("get", "/v1/accounts/{account}")
def retrieve_account(store: StripeStore, form: Form, id: str) -> Json:
    if id not in store.things:
        raise Refused(
            403,
            f"The provided key 'sk_test_wire' does not have access to account '{id}' (or that "
            "account does not exist). Application access may have been revoked.",
            code="account_invalid",
        )
    return store.get("account", id)


@endpoint("get", "/v1/accounts")
def list_accounts(store: StripeStore, form: Form) -> Json:
    return page(store.all("account"), form, "/v1/accounts")


@endpoint("post", "/v1/account_links")
def create_account_link(store: StripeStore, form: Form) -> Json:
    account = form.needed("account")
    store.get("account", account, param="account")
    for address in ("return_url", "refresh_url"):
        form.needed(address)
    return make(
        "account_link",
        created=store.now(),
        expires_at=store.now() + 300,
        url=f"https://connect.stripe.com/setup/e/{account}/wire",
    )


@endpoint("post", "/v1/transfers")
def create_transfer(store: StripeStore, form: Form) -> Json:
    amount, currency = int(form.needed("amount")), form.needed("currency")
    check_amount(amount, currency)
    destination = form.needed("destination")
    account = store.get("account", destination, param="destination")
    if account["capabilities"].get("transfers") != "active":
        raise Refused(
            400,
            "Your destination account needs to have at least one of the following capabilities "
            "enabled: transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
            param="destination",
        )
    source = form.text("source_transaction")
    _check_funds(store, amount, currency, source)
    transfer = store.add(
        "transfer",
        "tr",
        amount=amount,
        currency=currency,
        destination=destination,
        metadata=form.mapping("metadata"),
        source_transaction=source,
        source_type="card",
        transfer_group=form.text("transfer_group"),
    )
    movement = store.move("transfer", -amount, currency, transfer["id"])
    if source is not None:
        settled = store.things[store.things[source]["balance_transaction"]]
        movement["available_on"] = settled["available_on"]
    transfer["balance_transaction"] = movement["id"]
    store.tell("transfer.created", transfer)
    return transfer


def _check_funds(store: StripeStore, amount: int, currency: str, source: str | None) -> None:
    if source is None:
        if amount > store.balance(currency, available=True):
            raise Refused(
                400,
                "You have insufficient available funds in your Stripe account. Try adding funds "
                "directly to your available balance.",
                code="balance_insufficient",
            )
        return
    charge = store.get("charge", source, param="source_transaction")
    sent = sum(
        transfer["amount"]
        for transfer in store.all("transfer")
        if transfer["source_transaction"] == source
    )
    if charge["currency"] != currency or charge["status"] != "succeeded":
        raise Refused(400, "The source charge cannot fund this.", param="source_transaction")
    if sent + amount > charge["amount"]:
        raise Refused(
            400,
            f"Transfers using this transaction as a source must not exceed the source amount of "
            f"{charge['amount']}. (There is already {sent} on transfers.)",
            param="amount",
        )


@endpoint("get", "/v1/transfers/{transfer}")
def retrieve_transfer(store: StripeStore, form: Form, id: str) -> Json:
    return store.get("transfer", id)


@endpoint("get", "/v1/transfers")
def list_transfers(store: StripeStore, form: Form) -> Json:
    group = form.text("transfer_group")
    found = (
        transfer
        for transfer in store.all("transfer")
        if group is None or transfer["transfer_group"] == group
    )
    return page(found, form, "/v1/transfers")


@endpoint("get", "/v1/balance")
def retrieve_balance(store: StripeStore, form: Form) -> Json:
    currencies = sorted({each["currency"] for each in store.all("balance_transaction")} | {"usd"})
    return make(
        "balance",
        available=[_part(store, currency, available=True) for currency in currencies],
        pending=[_part(store, currency, available=False) for currency in currencies],
    )


def _part(store: StripeStore, currency: str, *, available: bool) -> Json:
    amount = store.balance(currency, available=available)
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


@endpoint("get", "/v1/balance_transactions")
def list_balance_transactions(store: StripeStore, form: Form) -> Json:
    return page(store.all("balance_transaction"), form, "/v1/balance_transactions")
