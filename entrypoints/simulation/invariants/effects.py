"""Effects on the gateway: each operation has one, and only while it is open: I7."""

from adapters.fake.records import OPERATION, Charge
from entrypoints.simulation.witness import Sight, always


@always
def each_operation_has_one_effect_while_it_is_open(sight: Sight) -> None:
    """I7: what carries an operation's id was made once, and by one that is not settled yet."""
    for record in sight.truth.made:
        operation_id = getattr(record, "metadata", {}).get(OPERATION)
        if operation_id is None:
            continue
        if sight.truth.made_by[operation_id] > 1:
            sight.wrong("I7", operation_id, f"made {sight.truth.made_by[operation_id]} effects")
        operation = sight.mirror.get("operations", operation_id)
        if operation is None:
            sight.wrong("I7", operation_id, f"made {record.id}, and was never recorded")


@always
def a_payment_is_taken_once(sight: Sight) -> None:
    """I7: of all tries of one payment, one charge succeeds at the most."""
    for record in sight.truth.changed:
        if isinstance(record, Charge) and record.status == "succeeded":
            succeeded = [
                charge
                for charge in sight.truth.all(Charge)
                if charge.payment == record.payment and charge.status == "succeeded"
            ]
            if len(succeeded) > 1:
                sight.wrong("I7", record.payment, f"was charged {len(succeeded)} times")
