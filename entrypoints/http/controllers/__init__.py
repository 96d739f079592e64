"""What each route asks for, a module per resource."""

from entrypoints.http.controllers import (
    bookings,
    cards,
    earnings,
    gigs,
    operations,
    payments,
    people,
    testing,
)
from entrypoints.http.endpoints import Endpoint, every
from entrypoints.http.figures import Figures
from entrypoints.http.policies import TEST_MODE
from entrypoints.http.services import Services

MODULES = (people, gigs, bookings, payments, cards, earnings, operations, testing)


def every_endpoint(services: Services, figures: Figures) -> tuple[Endpoint, ...]:
    """Return the routes of this installation: those of test mode only where it is on."""
    routes = (*every(MODULES), operations.metrics_of(figures))
    absent: set[str] = set()
    if services.test_mode is None:
        absent.update(endpoint.name for endpoint in routes if endpoint.who is TEST_MODE)
    if not services.profile.test_cards_allowed:
        absent.add(cards.add_test_card.name)
    return tuple(endpoint for endpoint in routes if endpoint.name not in absent)
