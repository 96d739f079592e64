"""People and their sessions, as clients see them."""

from application.people import LoggedIn, UserWithTotals, with_totals
from application.ports.storage import Views
from domain.errors import NotFound
from domain.ids import UserId
from domain.people import User
from entrypoints.http.endpoints import Reply
from entrypoints.http.schemas import people as schema


def user(value: User) -> schema.User:
    """Show somebody, to themselves."""
    return schema.User(
        id=value.id,
        email=value.email,
        name=value.name,
        role=value.role,
        created_at=value.created_at,
    )


def listed_user(value: User) -> schema.ListedUser:
    """Show somebody, to staff."""
    return schema.ListedUser(
        id=value.id,
        email=value.email,
        name=value.name,
        role=value.role,
        created_at=value.created_at,
        stripe_customer_id=value.gateway_customer_id,
        fee_basis_points=value.fee_basis_points,
    )


def user_details(value: UserWithTotals) -> schema.UserDetails:
    """Show somebody with what they paid, to staff."""
    known = value.user
    return schema.UserDetails(
        id=known.id,
        email=known.email,
        name=known.name,
        role=known.role,
        created_at=known.created_at,
        stripe_customer_id=known.gateway_customer_id,
        fee_basis_points=known.fee_basis_points,
        payment_totals=tuple(
            schema.PaymentTotals(
                currency=each.currency.code,
                count=each.count,
                paid=str(each.paid),
                refunded=str(each.refunded),
            )
            for each in value.totals
        ),
    )


def user_by_id(status: int, views: Views, id: UserId) -> Reply:
    """Answer with the user of an id."""
    found = views.users.find(id)
    if found is None:
        raise NotFound("This user")
    return Reply(status, user(found))


def details_by_id(views: Views, id: UserId) -> Reply:
    """Answer with what staff sees of the user of an id."""
    return Reply(200, user_details(with_totals(views, id)))


def token_pair(value: LoggedIn) -> schema.TokenPair:
    """Show a fresh session."""
    return schema.TokenPair(
        access_token=value.access_token,
        refresh_token=value.refresh_token,
        token_type="Bearer",  # noqa: S106 - the scheme's name
        expires_in=value.expires_in_seconds,
        user=user(value.user),
    )
