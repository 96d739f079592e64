"""What teachers earn, their accounts, and payouts."""

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from application.earnings import (
    CreateOnboardingLink,
    GetEarnings,
    GetPayout,
    GetTeacherAccount,
    ListEarningLines,
    ListPayouts,
    MarkPayoutPaid,
    RequestPayout,
)
from application.effects import GatewayDeclined
from application.ports.storage import PageRequest, PayoutFilter
from domain.earnings import AccountNotReady, NothingToPayOut, PayoutStateConflict
from domain.ids import PayoutId, UserId
from entrypoints.http.endpoints import Call, Do, Raw, Reply, Resource, shown_as
from entrypoints.http.paging import created_in, page_of, window
from entrypoints.http.policies import ADMIN, TEACHER, TEACHER_OR_ADMIN
from entrypoints.http.presenters import earnings as present
from entrypoints.http.presenters.common import pages, pages_with
from entrypoints.http.return_urls import allowed_return_url
from entrypoints.http.schemas import earnings as schema
from entrypoints.http.schemas.common import Page
from entrypoints.http.schemas.payments import Reference

earnings = Resource("/earnings", tag="Earnings")
account = Resource("/teacher-account", tag="Earnings")
payouts = Resource("/payouts", tag="Payouts")

_AWAY = ("gateway_unavailable", "operation_under_way")
_CSV = "text/csv; charset=utf-8"
MOST_EXPORTED = 50_000


@earnings.get("", who=TEACHER_OR_ADMIN, answers={200: schema.Earnings}, problems=("not_found",))
def show_earnings(query: schema.EarningsQuery) -> Do[Any]:
    """Show a teacher's money, by currency and by where it stands."""
    return Do(GetEarnings(teacher_id=_user(query.teacher_id)), shown_as(200, present.standings))


@earnings.get(
    "/lines",
    who=TEACHER_OR_ADMIN,
    answers={200: Page[schema.EarningsLine]},
    problems=("not_found",),
)
def list_earnings_lines(query: schema.LineQuery) -> Do[Any]:
    """List the lines of a teacher's statement."""
    command = ListEarningLines(
        teacher_id=_user(query.teacher_id),
        currency=query.currency,
        created=created_in(query),
        page=page_of(query),
    )
    return Do(command, pages(present.line))


@earnings.get("/lines.csv", who=TEACHER_OR_ADMIN, answers={200: Raw(_CSV)}, problems=("not_found",))
def export_earnings_lines(query: schema.LineExport, call: Call) -> Reply:
    """Export a teacher's statement as CSV, newest first."""
    command = ListEarningLines(
        teacher_id=_user(query.teacher_id),
        currency=query.currency,
        created=window("created_from", query.created_from, "created_to", query.created_to),
        page=PageRequest(limit=200),
    )
    content = present.csv_of(_every_line(call, command))
    headers = {"Content-Disposition": 'attachment; filename="earnings.csv"'}
    return Reply(200, Raw(_CSV, content), headers)


def _every_line(call: Call, command: ListEarningLines) -> Iterator[schema.EarningsLine]:
    for _ in range(MOST_EXPORTED // command.page.limit):
        found = call.services.bus.handle(command, call.actor)
        yield from map(present.line, found.items)
        if found.next is None:
            return
        command = evolve(command, page=PageRequest(limit=command.page.limit, after=found.next))


@account.get("", who=TEACHER, answers={200: schema.TeacherAccount})
def show_teacher_account() -> Do[Any]:
    """Show one's account at the gateway."""
    return Do(GetTeacherAccount(), shown_as(200, present.account))


@account.post(
    "/onboarding-link",
    who=TEACHER,
    answers={200: schema.OnboardingLink},
    refuses=(GatewayDeclined,),
    problems=_AWAY,
)
def create_onboarding_link(body: schema.OnboardingReturn, call: Call) -> Do[Any]:
    """Get a link where the gateway learns who the teacher is; it is made on first use."""
    settings = call.services.settings
    return_url = allowed_return_url(body.return_url, settings)
    home = settings.public_url or "http://localhost/"
    command = CreateOnboardingLink(return_url=return_url or home)
    return Do(command, shown_as(200, lambda url: schema.OnboardingLink(url=url)))


@payouts.get("", who=TEACHER_OR_ADMIN, answers={200: Page[schema.Payout]})
def list_payouts(query: schema.PayoutQuery) -> Do[Any]:
    """List one's payouts; staff sees all."""
    where = PayoutFilter(
        teacher_id=_user(query.teacher_id), status=query.status, created=created_in(query)
    )
    return Do(ListPayouts(where=where, page=page_of(query)), pages_with(present.payouts))


@payouts.get("/{payout_id}", who=TEACHER_OR_ADMIN, answers={200: schema.Payout})
def show_payout(payout_id: str) -> Do[Any]:
    """Show a payout with the lines that it carries."""
    return Do(GetPayout(payout_id=PayoutId(payout_id)), present.payout_now)


@payouts.post(
    "",
    who=TEACHER_OR_ADMIN,
    answers={201: schema.Payout},
    refuses=(NothingToPayOut, AccountNotReady, GatewayDeclined),
    problems=("not_found", *_AWAY),
)
def request_payout(body: schema.NewPayout) -> Do[Any]:
    """Pay out all that is available in one currency; staff may pay by hand."""
    command = RequestPayout(
        teacher_id=_user(body.teacher_id),
        currency=body.currency,
        method=body.method,
        reference=body.reference,
    )
    return Do(command, present.payout_by_id(201))


@payouts.post(
    "/{payout_id}/mark-paid",
    who=ADMIN,
    answers={200: schema.Payout},
    refuses=(PayoutStateConflict,),
)
def mark_payout_paid(payout_id: str, body: Reference) -> Do[Any]:
    """Record that a payout by hand was made."""
    command = MarkPayoutPaid(payout_id=PayoutId(payout_id), reference=body.reference)
    return Do(command, present.payout_by_id(200))


def _user(id: str | None) -> UserId | None:
    return None if id is None else UserId(id)
