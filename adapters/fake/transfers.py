"""Connected accounts and the money sent to them."""

from attrs import evolve

from adapters.fake.movements import available, move
from adapters.fake.records import OPERATION, Account, Charge, Movement, Transfer
from adapters.fake.shapes import account_shape, transfer_shape
from adapters.fake.turn import Turn, second
from adapters.fake.views import account_view, transfer_view
from application.ports.gateway import (
    GatewayAccount,
    GatewayRefused,
    GatewayTransfer,
    NewAccount,
    NewTransfer,
)


def create_account(turn: Turn, params: NewAccount) -> GatewayAccount:
    """Do `create_account`: nothing is enabled yet."""
    id_, seq = turn.mint("acct")
    account = turn.did(
        Account(
            id=id_,
            seq=seq,
            email=params.email,
            metadata={"tuition_teacher": params.teacher, OPERATION: params.operation},
            created_at=second(turn.now),
        )
    )
    return account_view(account)


def enable_account(turn: Turn, id_: str) -> Account:
    """Let an account pass the checks."""
    account = turn.did(evolve(turn.get(Account, id_), enabled=True))
    turn.tell("account.updated", account_shape(account), account=account.id)
    return account


def create_transfer(turn: Turn, params: NewTransfer) -> GatewayTransfer:
    """Do `create_transfer`."""
    account = turn.get(Account, params.account, param="destination")
    if params.amount <= 0:
        raise GatewayRefused(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    if not account.enabled:
        raise GatewayRefused(
            "Your destination account needs to have the capability to receive transfers.",
            code="insufficient_capabilities_for_transfer",
        )
    source = _source(turn, params)
    if source is None and available(turn, params.currency) < params.amount:
        raise GatewayRefused(
            "You have insufficient available funds in your Stripe account.",
            code="balance_insufficient",
        )
    id_, seq = turn.mint("tr")
    transfer = turn.did(
        Transfer(
            id=id_,
            seq=seq,
            account=account.id,
            amount=params.amount,
            currency=params.currency,
            transfer_group=params.transfer_group,
            source_charge=params.source_charge,
            metadata={**params.metadata, OPERATION: params.operation},
            created_at=second(turn.now),
        )
    )
    _take_funds(turn, transfer, source)
    turn.tell("transfer.created", transfer_shape(transfer))
    return transfer_view(transfer)


def _source(turn: Turn, params: NewTransfer) -> Charge | None:
    """Return the charge whose money is sent; raises `GatewayRefused` when it does not suffice."""
    if params.source_charge is None:
        return None
    charge = turn.get(Charge, params.source_charge, param="source_transaction")
    if charge.status != "succeeded" or charge.currency != params.currency:
        raise GatewayRefused(
            "The source of a transfer must be a successful charge in its currency.",
            code="transfer_source_invalid",
            param="source_transaction",
        )
    if params.amount > charge.amount - charge.transferred:
        raise GatewayRefused(
            "The transfers using this transaction as a source must not exceed its amount.",
            code="transfer_amount_too_large",
            param="amount",
        )
    return charge


def _take_funds(turn: Turn, transfer: Transfer, source: Charge | None) -> None:
    """Move the balance; what is sent from a charge leaves when that charge's money is there."""
    available_at = None
    if source is not None:
        turn.save(evolve(source, transferred=source.transferred + transfer.amount))
        movement = turn.find(Movement, source.movement) if source.movement else None
        if movement is not None and movement.due is not None:
            available_at = movement.due
    move(
        turn,
        "transfer",
        -transfer.amount,
        transfer.currency,
        source=transfer.id,
        available_at=available_at,
    )


def reverse_transfer(turn: Turn, id_: str, amount: int | None) -> Transfer:
    """Take a transfer back, whole or in part."""
    transfer = turn.get(Transfer, id_)
    left = transfer.amount - transfer.reversed
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise GatewayRefused(
            f"The reversal amount ({amount}) is not within what is left ({left}).",
            code="transfer_reversal_amount_too_large",
            param="amount",
        )
    reversed_ = turn.did(evolve(transfer, reversed=transfer.reversed + amount))
    move(turn, "transfer_reversal", amount, transfer.currency, source=transfer.id)
    turn.tell("transfer.reversed", transfer_shape(reversed_))
    return reversed_
