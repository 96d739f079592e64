"""What teachers earn: the statement, the connected account, and payouts."""

from application.earnings.accounts import (
    CreateOnboardingLink,
    CreateOnboardingLinkHandler,
    GetTeacherAccount,
    GetTeacherAccountHandler,
)
from application.earnings.payouts import (
    GetPayout,
    GetPayoutHandler,
    ListPayouts,
    ListPayoutsHandler,
    MarkPayoutPaid,
    MarkPayoutPaidHandler,
    RequestPayout,
    RequestPayoutHandler,
)
from application.earnings.statement import (
    GetEarnings,
    GetEarningsHandler,
    ListEarningLines,
    ListEarningLinesHandler,
    StatementLine,
)

__all__ = [
    "CreateOnboardingLink",
    "CreateOnboardingLinkHandler",
    "GetEarnings",
    "GetEarningsHandler",
    "GetPayout",
    "GetPayoutHandler",
    "GetTeacherAccount",
    "GetTeacherAccountHandler",
    "ListEarningLines",
    "ListEarningLinesHandler",
    "ListPayouts",
    "ListPayoutsHandler",
    "MarkPayoutPaid",
    "MarkPayoutPaidHandler",
    "RequestPayout",
    "RequestPayoutHandler",
    "StatementLine",
]
