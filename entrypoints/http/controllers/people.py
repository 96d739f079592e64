"""Registering, logging in and out, oneself, and other people for staff."""

from functools import partial
from typing import Any

from application.people import (
    GetMe,
    GetUser,
    ListUsers,
    LogIn,
    LogOut,
    RefreshSession,
    Register,
    Rename,
    SetTeacherFee,
)
from application.ports.storage import UserFilter
from domain.ids import UserId
from domain.people import EmailTaken, Role
from entrypoints.http import limits
from entrypoints.http.endpoints import Do, Resource, nothing, shown_as
from entrypoints.http.paging import created_in, page_of
from entrypoints.http.policies import ADMIN, KNOWN, PUBLIC
from entrypoints.http.presenters import people as present
from entrypoints.http.presenters.common import pages
from entrypoints.http.schemas import people as schema
from entrypoints.http.schemas.common import Page

auth = Resource("/auth", tag="Sessions")
users = Resource("/users", tag="People")


@auth.post(
    "/register",
    keyed=False,
    who=PUBLIC,
    limits=limits.REGISTER,
    answers={201: schema.User},
    refuses=(EmailTaken,),
)
def register(body: schema.NewUser) -> Do[Any]:
    """Register as a student or a teacher.

    Admins are made on the command line only.
    """
    command = Register(
        email=body.email, password=body.password, name=body.name, role=Role(body.role)
    )
    return Do(command, partial(present.user_by_id, 201))


@auth.post(
    "/login",
    keyed=False,
    who=PUBLIC,
    limits=limits.LOG_IN,
    answers={200: schema.TokenPair},
    problems=("not_authenticated",),
)
def log_in(body: schema.Credentials) -> Do[Any]:
    """Log in with e-mail and password."""
    command = LogIn(email=body.email, password=body.password)
    return Do(command, shown_as(200, present.token_pair))


@auth.post(
    "/refresh",
    keyed=False,
    who=PUBLIC,
    limits=limits.REFRESH,
    answers={200: schema.TokenPair},
    problems=("not_authenticated", "token_expired"),
)
def refresh_session(body: schema.RefreshToken) -> Do[Any]:
    """Exchange a refresh token for the next pair.

    The old one is used up. Using it a second time ends the whole session, because somebody else may
    have it.
    """
    command = RefreshSession(refresh_token=body.refresh_token)
    return Do(command, shown_as(200, present.token_pair))


@auth.post("/logout", keyed=False, who=PUBLIC, answers={204: None})
def log_out(body: schema.RefreshToken) -> Do[Any]:
    """Log out: the refresh token's session ends. An unknown token is no error."""
    return Do(LogOut(refresh_token=body.refresh_token), nothing)


@users.get("/me", who=KNOWN, answers={200: schema.User})
def show_me() -> Do[Any]:
    """Show who is logged in."""
    return Do(GetMe(), shown_as(200, present.user))


@users.patch("/me", who=KNOWN, answers={200: schema.User})
def rename_me(body: schema.NewName) -> Do[Any]:
    """Change one's own name."""
    return Do(Rename(name=body.name), partial(present.user_by_id, 200))


@users.get("", who=ADMIN, answers={200: Page[schema.ListedUser]})
def list_users(query: schema.UserQuery) -> Do[Any]:
    """Search people."""
    where = UserFilter(q=query.q or None, role=query.role, created=created_in(query))
    return Do(ListUsers(where=where, page=page_of(query)), pages(present.listed_user))


@users.get("/{user_id}", who=ADMIN, answers={200: schema.UserDetails})
def show_user(user_id: str) -> Do[Any]:
    """Show somebody, with what they paid."""
    return Do(GetUser(user_id=UserId(user_id)), shown_as(200, present.user_details))


@users.patch("/{user_id}", who=ADMIN, answers={200: schema.UserDetails})
def set_teacher_fee(user_id: str, body: schema.FeeRate) -> Do[Any]:
    """Override the platform's fee for a teacher, in basis points; null takes it back.

    Bookings made before keep theirs.
    """
    command = SetTeacherFee(user_id=UserId(user_id), basis_points=body.fee_basis_points)
    return Do(command, present.details_by_id)
