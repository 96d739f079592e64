"""Gigs."""

from typing import Any

from adapters.sql.mapper import Row, mapper
from adapters.sql.rows.parts import from_policy, from_teachers, to_policy, to_teachers
from adapters.sql.rows.people import BETWEEN_PARTS
from adapters.sql.tables import gigs
from domain.gigs import Confirmation, Gig
from domain.ids import GigId
from domain.money import Money, currency


def gig_to_row(gig: Gig) -> dict[str, Any]:
    """Write a gig."""
    return {
        "id": gig.id,
        "teachers": from_teachers(gig.teachers),
        "title": gig.title,
        "description": gig.description,
        "currency": gig.hourly_rate.currency.code,
        "hourly_rate": gig.hourly_rate.minor,
        "capacity": gig.capacity,
        "confirmation": gig.confirmation,
        "policy": from_policy(gig.policy),
        "minimum_minutes": gig.minimum_minutes,
        "maximum_minutes": gig.maximum_minutes,
        "accepts_hours": gig.accepts_hours,
        "is_active": gig.is_active,
        "search": BETWEEN_PARTS.join((gig.title, gig.description)).casefold(),
        "created_at": gig.created_at,
        "updated_at": gig.updated_at,
        "version": gig.version,
    }


def gig_from_row(row: Row) -> Gig:
    """Read a gig."""
    return Gig(
        id=GigId(row.id),
        teachers=to_teachers(row.teachers),
        title=row.title,
        description=row.description,
        hourly_rate=Money(row.hourly_rate, currency(row.currency)),
        capacity=row.capacity,
        confirmation=Confirmation(row.confirmation),
        policy=to_policy(row.policy),
        minimum_minutes=row.minimum_minutes,
        maximum_minutes=row.maximum_minutes,
        accepts_hours=row.accepts_hours,
        is_active=row.is_active,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


GIGS = mapper("This gig", gigs, gig_to_row, gig_from_row)
