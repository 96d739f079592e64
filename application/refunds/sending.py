"""Carry a reserved refund out, or carry on what an earlier run of the request began."""

from attrs import frozen

from application.answers import answered, bound
from application.effects import Effects, GatewayDeclined
from application.ports.records import Operation, OperationState
from application.ports.storage import Unit, UnitOfWork
from domain.ids import RefundId


@frozen
class Sending:
    """Carry a reserved refund out."""

    work: UnitOfWork
    effects: Effects

    def send(self, operation: Operation, *, is_ours: bool, is_patient: bool = False) -> RefundId:
        """Perform the operation and answer. Raises `GatewayDeclined` when it was refused.

        With `is_patient` a busy gateway leaves it to the worker.
        """
        refund = RefundId(operation.subject)

        def then(unit: Unit, _: Operation) -> RefundId:
            return answered(unit, refund)

        if is_ours and is_patient:
            done = self.effects.patiently(operation, then=then)
        elif is_ours:
            done = self.effects.perform(operation, then=then)
        else:
            done = self.effects.join(operation.id, then=then)
        if done.state is OperationState.REFUSED:
            raise GatewayDeclined(
                "The payment gateway refused this refund; nothing was given back.",
                refund_id=refund,
            )
        return refund

    def resume(self) -> RefundId | None:
        """Carry on what an earlier run of this same request began."""
        begun = bound("refund")
        if begun is None:
            return None
        return self.send(self.work(lambda unit: unit.operations.get(begun)), is_ours=False)
