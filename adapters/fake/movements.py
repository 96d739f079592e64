"""The world's balance: every movement of it, and what is available."""

from datetime import datetime, timedelta

from attrs import evolve

from adapters.fake.records import Balance, Movement
from adapters.fake.turn import Turn, second

FUNDS_DELAY = timedelta(days=2)
"""After this a charge's money is available."""


def move(
    turn: Turn,
    kind: str,
    amount: int,
    currency: str,
    *,
    source: str,
    fee: int = 0,
    available_at: datetime | None = None,
) -> Movement:
    """Move the balance; without `available_at` it counts at once."""
    id_, seq = turn.mint("txn")
    now = second(turn.now)
    movement = Movement(
        id=id_,
        seq=seq,
        kind=kind,
        amount=amount,
        fee=fee,
        currency=currency,
        created_at=now,
        available_at=available_at or now,
        source=source,
        due=available_at,
    )
    balance = balance_of(turn, currency)
    arrived = 0 if available_at else movement.net
    turn.save(
        evolve(balance, total=balance.total + movement.net, available=balance.available + arrived)
    )
    return turn.did(movement)


def balance_of(turn: Turn, currency: str) -> Balance:
    """Return the balance of a currency as it was last counted."""
    return turn.find(Balance, currency) or Balance(id=currency)


def available(turn: Turn, currency: str) -> int:
    """Return what can be sent in a currency now."""
    for movement in turn.due(Movement, turn.now):
        balance = balance_of(turn, movement.currency)
        turn.save(evolve(balance, available=balance.available + movement.net))
        turn.save(evolve(movement, due=None))
    return balance_of(turn, currency).available
