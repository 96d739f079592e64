from typing import Any, NoReturn

import stripe

from adapters.clock import ManualClock
from adapters.ids import SeededIds
from adapters.memory import memory_storage
from adapters.passwords import Argon2Passwords
from adapters.stripe.client import StripeSettings, stripe_gateway
from application.commands import Actor
from application.people import LogIn
from application.ports.gateway import Gateway
from application.ports.storage import GigFilter, PageRequest, UserFilter
from domain.gigs import Confirmation
from domain.people import Role
from entrypoints.cli.serving import welcome
from entrypoints.composition import Installation, Overrides, compose
from entrypoints.demo_people import ADMIN, PASSWORD, STUDENT, TEACHER
from entrypoints.settings import load_settings
from tests.builders import NOW


class NoNetwork(stripe.HTTPClient):
    """A way to Stripe that leads nowhere, and counts who tries it."""

    name = "nowhere"

    def __init__(self) -> None:
        super().__init__()
        self.tries = 0

    def request(self, *_: Any, **__: Any) -> NoReturn:
        self.tries += 1
        raise stripe.APIConnectionError("There is no network.")  # type: ignore[no-untyped-call]


def an_installation(gateway: Gateway | None = None, **environ: str) -> Installation:
    settings = load_settings({"TUITION_DATABASE_URL": "memory://", **environ}, None)
    overrides = Overrides(
        storage=memory_storage(SeededIds(ManualClock(NOW))),
        gateway=gateway,
        passwords=Argon2Passwords(memory_kib=8, rounds=1),
    )
    return compose(settings, overrides)


def people(installation: Installation) -> dict[str, Role]:
    everybody = installation.pieces.storage.read(
        lambda views: views.users.list(UserFilter(), PageRequest())
    )
    return {user.email: user.role for user in everybody.items}


def test_a_development_run_has_somebody_for_each_role() -> None:
    with an_installation() as installation:
        welcome(installation)
        assert people(installation) == {
            ADMIN: Role.ADMIN,
            TEACHER: Role.TEACHER,
            STUDENT: Role.STUDENT,
        }
        for email in (ADMIN, TEACHER, STUDENT):
            installation.bus.handle(LogIn(email=email, password=PASSWORD), Actor())


def test_the_demonstrations_teacher_can_be_booked_and_paid() -> None:
    with an_installation() as installation:
        welcome(installation)
        read = installation.pieces.storage.read
        (gig,) = read(lambda views: views.gigs.list(GigFilter(), PageRequest())).items
        assert gig.confirmation is Confirmation.INSTANT
        assert gig.is_active
        account = read(lambda views: views.people.account(gig.teachers[0].teacher_id))
        assert account is not None
        assert account.is_ready


def test_with_stripe_the_people_are_there_whether_it_answers_or_not() -> None:
    network = NoNetwork()
    stripe_away = stripe_gateway(
        StripeSettings(
            secret_key="sk_test_51HxyzAbCdEfGh",
            publishable_key="pk_test_51HxyzAbCdEfGh",
            webhook_secrets=(),
            return_url="https://school.test",
            http_client=network,
        )
    )
    with an_installation(stripe_away, STRIPE_SECRET_KEY="sk_test_51HxyzAbCdEfGh") as installation:
        welcome(installation)
        assert set(people(installation)) == {ADMIN, TEACHER, STUDENT}
        read = installation.pieces.storage.read
        (gig,) = read(lambda views: views.gigs.list(GigFilter(), PageRequest())).items
        assert gig.is_active
    assert network.tries == 0


def test_a_second_start_adds_nobody() -> None:
    with an_installation() as installation:
        welcome(installation)
        welcome(installation)
        installation.pieces.storage.work(lambda unit: unit.settings.put("demo_people", ""))
        welcome(installation)
        read = installation.pieces.storage.read
        assert len(people(installation)) == 3
        assert len(read(lambda views: views.gigs.list(GigFilter(), PageRequest())).items) == 1


def test_the_member_of_staff_that_the_settings_name_is_there() -> None:
    with an_installation(
        TUITION_ADMIN_EMAIL="boss@school.org", TUITION_ADMIN_PASSWORD="a long password"
    ) as installation:
        welcome(installation)
        welcome(installation)
        assert people(installation)["boss@school.org"] is Role.ADMIN


def test_production_has_nobody_whose_password_everybody_knows() -> None:
    with an_installation(
        TUITION_ENV="production",
        TUITION_DATABASE_URL="sqlite:///unused.db",
        TUITION_JWT_SECRET="9f2c71d08b4e6a35c0d7e1f2b38a4c59d6e07f18",
        TUITION_PUBLIC_URL="https://pay.school.org",
        STRIPE_SECRET_KEY="sk_live_51HxyzAbCdEfGh",
        STRIPE_PUBLISHABLE_KEY="pk_live_51HxyzAbCdEfGh",
        STRIPE_WEBHOOK_SECRET="whsec_9f2c71d08b4e6a35c0d7",
    ) as installation:
        welcome(installation)
        assert people(installation) == {}
        assert installation.test_clock is None
