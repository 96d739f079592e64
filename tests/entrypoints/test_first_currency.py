"""A development run welcomes people in whatever currency is the first."""

import pytest

from application.ports.storage import GigFilter, PageRequest
from entrypoints.demo_people import welcome_demo_people
from tests.market import Market


@pytest.mark.parametrize(
    ("currencies", "rate"),
    [("usd,jpy", "40.00"), ("jpy,usd", "4000"), ("kwd", "4.000"), ("isk", "4000")],
)
def test_the_demonstrations_gig_is_priced_in_the_first_currency(currencies: str, rate: str) -> None:
    with Market(settings={"TUITION_CURRENCIES": currencies}) as market:
        welcome_demo_people(market.installation)

        (gig,) = market.storage.read(
            lambda views: views.gigs.list(GigFilter(), PageRequest())
        ).items

    assert (str(gig.hourly_rate), str(gig.hourly_rate.currency)) == (rate, currencies[:3])
