"""Who uses the platform: registering, logging in and out, and what staff see of people."""

from application.people.directory import (
    GetUser,
    GetUserHandler,
    ListUsers,
    ListUsersHandler,
    PaymentTotals,
    SetTeacherFee,
    SetTeacherFeeHandler,
    UserWithTotals,
    with_totals,
)
from application.people.profile import GetMe, GetMeHandler, Rename, RenameHandler
from application.people.registering import (
    EnsureAdmin,
    EnsureAdminHandler,
    EnsuredAdmin,
    Register,
    RegisterHandler,
)
from application.people.sessions import (
    LoggedIn,
    LogIn,
    LogInHandler,
    LogOut,
    LogOutHandler,
    RefreshSession,
    RefreshSessionHandler,
    Sessions,
    authenticated,
)

__all__ = [
    "EnsureAdmin",
    "EnsureAdminHandler",
    "EnsuredAdmin",
    "GetMe",
    "GetMeHandler",
    "GetUser",
    "GetUserHandler",
    "ListUsers",
    "ListUsersHandler",
    "LogIn",
    "LogInHandler",
    "LogOut",
    "LogOutHandler",
    "LoggedIn",
    "PaymentTotals",
    "RefreshSession",
    "RefreshSessionHandler",
    "Register",
    "RegisterHandler",
    "Rename",
    "RenameHandler",
    "Sessions",
    "SetTeacherFee",
    "SetTeacherFeeHandler",
    "UserWithTotals",
    "authenticated",
    "with_totals",
]
