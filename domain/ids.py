"""Names for the identifiers that cross a port.

All are opaque strings with a prefix, minted by the `Ids` port.
"""

from typing import NewType

UserId = NewType("UserId", str)
SessionId = NewType("SessionId", str)
GigId = NewType("GigId", str)
BookingId = NewType("BookingId", str)
PaymentId = NewType("PaymentId", str)
RefundId = NewType("RefundId", str)
CardId = NewType("CardId", str)
PayoutId = NewType("PayoutId", str)
EarningId = NewType("EarningId", str)
OperationId = NewType("OperationId", str)
EntryId = NewType("EntryId", str)
AuditId = NewType("AuditId", str)
MessageId = NewType("MessageId", str)

PREFIXES = {
    "user": "usr",
    "session": "ses",
    "gig": "gig",
    "booking": "bk",
    "payment": "pay",
    "refund": "re",
    "card": "card",
    "payout": "po",
    "earning": "ern",
    "operation": "op",
    "entry": "le",
    "audit": "aud",
    "message": "msg",
    "request": "req",
}
"""The prefix of each kind of id, by the kind's name."""
