"""The one protocol for every effect on the gateway: record the intent, call, apply.

    T1    one unit: validate, reserve, insert the operation (`Plans.plan`), commit
    call  no unit open: the stored params verbatim, under the operation's own key
    T2    one unit: apply what the gateway said, or release what was reserved, commit

Recovery walks the same path: an operation whose lease has run out is probed, and either applied or
sent again under the same key. ADR 4 in docs/adr tells why nothing simpler is safe.
"""

from application.effects.performing import Effects, Then
from application.effects.planning import LEASE, Effect, EffectKind, Plans, fingerprint
from application.effects.refusals import DECLINED, GatewayDeclined, OperationUnderWay, failure_of

__all__ = [
    "DECLINED",
    "LEASE",
    "Effect",
    "EffectKind",
    "Effects",
    "GatewayDeclined",
    "OperationUnderWay",
    "Plans",
    "Then",
    "failure_of",
    "fingerprint",
]
