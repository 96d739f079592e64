"""T1: what an effect is, and how the intent of one is recorded."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol

import attrs
from attrs import frozen

from application.ports.clock import WallClock
from application.ports.gateway import GatewayError
from application.ports.ids import Ids
from application.ports.records import Operation
from application.ports.storage import Unit
from domain.ids import OperationId

LEASE = timedelta(seconds=90)
"""How long whoever claimed an operation may work on it: longer than any call."""


class EffectKind(StrEnum):
    """What can be asked of the gateway. The values are stored, and are part of its keys."""

    CREATE_PAYMENT = "payment.create"
    CONFIRM_PAYMENT = "payment.confirm"
    CANCEL_PAYMENT = "payment.cancel"
    CREATE_REFUND = "refund.create"
    CREATE_TRANSFER = "transfer.create"
    CREATE_CUSTOMER = "customer.create"
    ATTACH_CARD = "card.attach"
    DETACH_CARD = "card.detach"
    SET_DEFAULT_CARD = "card.set_default"
    CREATE_ACCOUNT = "account.create"


class Effect(Protocol):
    """One kind of effect: how to send it, find it again, and book it either way."""

    kind: ClassVar[EffectKind]

    def send(self, operation: Operation, key: str) -> Any:
        """Call the gateway with the operation's params; raises what the gateway port raises."""
        ...

    def probe(self, operation: Operation) -> Any | None:
        """Look for what an earlier send has made; None when it is not there, or cannot be told.

        Raises `Declined` when what is there tells that the bank refused it.
        """
        ...

    def apply(self, unit: Unit, operation: Operation, made: Any) -> str | None:
        """Book what the gateway made, idempotently; return its id."""
        ...

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Book that the gateway definitely did not do it: release what was reserved."""
        ...


@frozen
class Plans:
    """T1: record the intent of an effect."""

    wall: WallClock
    ids: Ids

    def plan(
        self, unit: Unit, kind: EffectKind, subject: str, request: Any, *, for_worker: bool = False
    ) -> Operation:
        """Insert an operation in an open unit; `request` is one of the gateway port's requests.

        A request with an `operation` field gets the new operation's id put in. With `for_worker`
        the lease has run out at once, so that the worker takes it up.
        """
        now = self.wall.now()
        operation_id = OperationId(self.ids.new("operation"))
        params: dict[str, object] = attrs.asdict(request)
        if "operation" in params:
            params["operation"] = operation_id
        operation = Operation(
            id=operation_id,
            kind=kind,
            subject=subject,
            params=params,
            params_sha256=fingerprint(params),
            lease_until=now if for_worker else now + LEASE,
            created_at=now,
            updated_at=now,
        )
        return unit.operations.save(operation)


def fingerprint(params: Mapping[str, object]) -> str:
    """Return the SHA-256 of params, by which a changed request is noticed."""
    text = json.dumps(params, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
