"""Effects on connected accounts."""

from typing import ClassVar

from attrs import evolve, frozen

from application.effects import EffectKind
from application.gateway_effects.probing import PROBE_BACK
from application.ports.clock import Clock
from application.ports.gateway import (
    Gateway,
    GatewayAccount,
    GatewayError,
    NewAccount,
)
from application.ports.records import Operation
from application.ports.storage import Unit
from domain.earnings import TeacherAccount
from domain.ids import UserId


@frozen
class CreateAccount:
    """Make a teacher's connected account."""

    gateway: Gateway
    clock: Clock
    kind: ClassVar[EffectKind] = EffectKind.CREATE_ACCOUNT

    def send(self, operation: Operation, key: str) -> GatewayAccount:
        """Make the account."""
        request = operation.request(NewAccount)
        return self.gateway.accounts.create_account(request, key=key)

    def probe(self, operation: Operation) -> GatewayAccount | None:
        """Look among the accounts made since."""
        return self.gateway.accounts.find_account(
            operation.id, since=operation.created_at - PROBE_BACK
        )

    def apply(self, unit: Unit, operation: Operation, made: GatewayAccount) -> str | None:
        """Remember the account and what it may do; the first one stays."""
        account = unit.accounts.get(UserId(operation.subject))
        if account.gateway_id in {None, made.id}:
            apply_account(unit, account, made, self.clock)
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Release nothing: nothing was reserved."""


def apply_account(unit: Unit, account: TeacherAccount, made: GatewayAccount, clock: Clock) -> None:
    """Take in what a connected account, locked in this unit, may do."""
    known = evolve(
        account,
        gateway_id=made.id,
        charges_enabled=made.charges_enabled,
        payouts_enabled=made.payouts_enabled,
        transfers_enabled=made.transfers_enabled,
        details_submitted=made.details_submitted,
    )
    if known != account:
        unit.accounts.save(evolve(known, updated_at=clock.now()))
