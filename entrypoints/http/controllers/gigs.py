"""Gigs: what teachers offer."""

from functools import partial
from typing import Any

from application.gigs import ChangeGig, GetGig, ListGigs, PublishGig
from application.ports.storage import GigFilter
from domain.gigs import Teaching
from domain.ids import GigId, UserId
from entrypoints.http.endpoints import Do, Resource, shown_as
from entrypoints.http.paging import created_in, page_of
from entrypoints.http.policies import TEACHER_OR_ADMIN, VISITOR
from entrypoints.http.presenters import bookings as present
from entrypoints.http.presenters.common import pages
from entrypoints.http.schemas import bookings as schema
from entrypoints.http.schemas.common import Page, given

gigs = Resource("/gigs", tag="Gigs")


@gigs.get("", who=VISITOR, answers={200: Page[schema.Gig]})
def list_gigs(query: schema.GigQuery) -> Do[Any]:
    """List what can be booked."""
    where = GigFilter(
        active_only=query.active_only,
        teacher_id=None if query.teacher_id is None else UserId(query.teacher_id),
        q=query.q or None,
        currency=query.currency,
        created=created_in(query),
    )
    return Do(ListGigs(where=where, page=page_of(query)), pages(present.gig))


@gigs.get("/{gig_id}", who=VISITOR, answers={200: schema.Gig})
def show_gig(gig_id: str) -> Do[Any]:
    """Show a gig; a withdrawn one to its teachers and staff only."""
    return Do(GetGig(gig_id=GigId(gig_id)), shown_as(200, present.gig))


@gigs.post("", who=TEACHER_OR_ADMIN, answers={201: schema.Gig}, problems=("not_found",))
def publish_gig(body: schema.NewGig) -> Do[Any]:
    """Publish a gig."""
    command = PublishGig(
        title=body.title,
        description=body.description,
        hourly_rate=body.hourly_rate,
        currency=body.currency,
        capacity=body.capacity,
        confirmation=body.confirmation,
        cancellation_policy=body.cancellation_policy,
        accepts_hours=body.accepts_hours,
        teachers=_teachings(body.teachers),
        is_active=body.is_active,
    )
    return Do(command, partial(present.gig_by_id, 201))


@gigs.patch("/{gig_id}", who=TEACHER_OR_ADMIN, answers={200: schema.Gig})
def change_gig(gig_id: str, body: schema.GigChanges) -> Do[Any]:
    """Change a gig; bookings made before keep their terms."""
    command = ChangeGig(
        gig_id=GigId(gig_id),
        title=given(body.title),
        description=given(body.description),
        hourly_rate=given(body.hourly_rate),
        currency=given(body.currency),
        capacity=given(body.capacity),
        confirmation=given(body.confirmation),
        cancellation_policy=given(body.cancellation_policy),
        accepts_hours=given(body.accepts_hours),
        teachers=_teachings(given(body.teachers)),
        is_active=given(body.is_active),
    )
    return Do(command, partial(present.gig_by_id, 200))


def _teachings(
    teachers: tuple[schema.TeachingInput, ...] | None,
) -> tuple[Teaching, ...] | None:
    if teachers is None:
        return None
    return tuple(Teaching(UserId(each.teacher_id), each.weight) for each in teachers)
