"""Cash: our books show it only where the gateway moved it, and as much as it moved: I3.

B(cash) + movements that are not applied yet = G.balance holds at any moment if each cash line of
ours belongs to a movement of the gateway's, and no two of them to the same. At rest nothing is
unapplied, and both sums are compared as they are.
"""

from collections.abc import Callable, Mapping

from adapters.fake.records import Movement
from domain.ledger import CASH, Entry
from entrypoints.simulation.witness import Sight, always

Source = Callable[[Sight, str], str | None]


def _refund(sight: Sight, id: str) -> str | None:
    refund = sight.mirror.get("refunds", id)
    return None if refund is None else refund.gateway_id


def _payout(sight: Sight, id: str) -> str | None:
    payout = sight.mirror.get("payouts", id)
    return None if payout is None else payout.gateway_id


MOVES: Mapping[str, tuple[str, Source]] = {
    "refund_confirmed": ("refund", _refund),
    "refund_returned": ("refund_failure", _refund),
    "payout_done": ("transfer", _payout),
    "transfer_reversed": ("transfer_reversal", _payout),
}
"""By the kind of entry: the kind of movement that it books, and of what."""


@always
def cash_is_booked_where_the_gateway_moved_it(sight: Sight) -> None:
    """I3: what our books call cash is a movement at the gateway, to the cent, and once."""
    for entry in sight.touched.entries:
        amount = sum(line.amount.minor for line in entry.lines if line.account == CASH)
        if amount and entry.kind == "charge_settled":
            movement: Movement | None = sight.truth.movement(entry.key.partition(":")[2])
            if movement is None or movement.net != amount:
                sight.wrong("I3", entry.key, f"books {amount}; the gateway moved {movement}")
        elif amount and entry.kind in MOVES:
            _check(sight, entry, amount)


def _check(sight: Sight, entry: Entry, amount: int) -> None:
    kind, source_of = MOVES[entry.kind]
    source = source_of(sight, entry.key.split(":")[1])
    moved = sight.truth.moved(kind, source)
    booked = sight.mirror.cash[kind, source] = sight.mirror.cash[kind, source] + amount
    if not 0 < booked * (1 if moved > 0 else -1) <= abs(moved):
        sight.wrong("I3", entry.key, f"{booked} is booked of {source}; the gateway moved {moved}")
