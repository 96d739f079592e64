"""Publishing gigs, changing them, and who sees them."""

from typing import Any

import pytest
from attrs import evolve

from application.gigs import ChangeGig, GetGig, ListGigs, PublishGig
from application.ports.storage import GigFilter
from application.rules import PlatformRules
from domain.errors import Forbidden, InvalidField, NotAuthenticated, NotFound
from domain.gigs import Confirmation, Gig, Teaching
from domain.ids import GigId, UserId
from domain.money import Money, currency
from domain.policies import PRESETS, CancellationPolicy, Tier
from tests.application.school import ANYBODY, School, the_id
from tests.builders import EUR, NOW, USD, after, dollars

PUBLISH = PublishGig(title="Piano", hourly_rate="75.00", currency="usd")


def published(school: School, actor: Any, **changes: Any) -> Gig:
    gig_id = school.handle(evolve(PUBLISH, **changes), actor)
    return school.handle(GetGig(gig_id=gig_id), actor)


# --- Publishing ----------------------------------------------------------------------------------


def test_a_teacher_publishes_what_they_teach_alone() -> None:
    school = School()
    tom = school.teacher()

    gig = published(school, tom, description="Scales.\nThen a tune.")

    assert gig.teachers == (Teaching(the_id(tom), 1),)
    assert (gig.title, gig.description) == ("Piano", "Scales.\nThen a tune.")
    assert gig.hourly_rate == dollars(7_500)
    assert (gig.capacity, gig.confirmation) == (1, Confirmation.TEACHER)
    assert (gig.accepts_hours, gig.is_active) == (True, True)
    assert (gig.minimum_minutes, gig.maximum_minutes) == (15, 480)
    assert gig.policy == PRESETS["moderate"]
    assert gig.created_at == NOW


def test_the_first_currency_is_the_default() -> None:
    school = School(PlatformRules(currencies=(EUR, USD)))

    assert published(school, school.teacher(), currency=None).hourly_rate.currency == EUR


def test_the_platforms_policy_is_the_default() -> None:
    own = CancellationPolicy("custom", (Tier(60, 80),))
    school = School(PlatformRules(policy=own))
    tom = school.teacher()

    assert published(school, tom).policy == own
    assert published(school, tom, cancellation_policy="custom").policy == own
    assert published(school, tom, cancellation_policy="strict").policy == PRESETS["strict"]


def test_a_policy_can_be_given_as_tiers() -> None:
    school = School()
    gig = published(school, school.teacher(), cancellation_policy="1440:100,720:50")

    assert gig.policy == CancellationPolicy("custom", (Tier(1440, 100), Tier(720, 50)))


def test_teachers_share_a_gig_by_weight() -> None:
    school = School()
    tom, tina = school.teacher("Tom"), school.teacher("Tina")
    shares = (Teaching(the_id(tina), 3), Teaching(the_id(tom), 1))

    assert published(school, tom, teachers=shares).teachers == shares


def test_a_free_gig_is_allowed() -> None:
    school = School()

    assert not published(school, school.teacher(), hourly_rate="0.00").hourly_rate


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "Piano\nForte"}, "title"),
        ({"description": "x" * 2_001}, "description"),
        ({"description": "\x00"}, "description"),
        ({"hourly_rate": "75"}, "hourly_rate"),
        ({"hourly_rate": "75.001"}, "hourly_rate"),
        ({"hourly_rate": "-1.00"}, "hourly_rate"),
        ({"hourly_rate": "NaN"}, "hourly_rate"),
        ({"hourly_rate": "1000000.01"}, "hourly_rate"),
        ({"currency": "chf"}, "currency"),
        ({"currency": "USD"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": 11}, "capacity"),
        ({"cancellation_policy": "lenient"}, "cancellation_policy"),
        ({"cancellation_policy": "60:50,120:100"}, "cancellation_policy"),
        ({"cancellation_policy": ""}, "cancellation_policy"),
        ({"cancellation_policy": "60:50," * 40}, "cancellation_policy"),
        ({"teachers": ()}, "teachers"),
    ],
)
def test_a_field_out_of_bounds_is_named(change: dict[str, Any], field: str) -> None:
    school = School()

    with pytest.raises(InvalidField) as caught:
        school.handle(evolve(PUBLISH, **change), school.teacher())

    assert caught.value.field == field


def test_a_teacher_does_not_publish_for_others_alone() -> None:
    school = School()
    tom, tina = school.teacher("Tom"), school.teacher("Tina")

    with pytest.raises(InvalidField, match="your own gigs"):
        school.handle(evolve(PUBLISH, teachers=(Teaching(the_id(tina)),)), tom)


@pytest.mark.parametrize("weight", [0, -1, 1_001])
def test_a_weight_is_between_1_and_1000(weight: int) -> None:
    school = School()
    tom = school.teacher()

    with pytest.raises(InvalidField, match="weight"):
        school.handle(evolve(PUBLISH, teachers=(Teaching(the_id(tom), weight),)), tom)


def test_a_teacher_is_named_once() -> None:
    school = School()
    tom = school.teacher()

    with pytest.raises(InvalidField, match="once"):
        school.handle(evolve(PUBLISH, teachers=(Teaching(the_id(tom)),) * 2), tom)


@pytest.mark.parametrize("who", ["student", "admin", "nobody"])
def test_only_teachers_teach(who: str) -> None:
    school = School()
    tom, others = (
        school.teacher(),
        {
            "student": the_id(school.student()),
            "admin": the_id(school.admin()),
            "nobody": UserId("usr_gone"),
        },
    )

    with pytest.raises(InvalidField, match="Only teachers teach"):
        school.handle(evolve(PUBLISH, teachers=(Teaching(the_id(tom)), Teaching(others[who]))), tom)


def test_a_student_publishes_nothing() -> None:
    school = School()

    with pytest.raises(Forbidden):
        school.handle(PUBLISH, school.student())


def test_somebody_anonymous_publishes_nothing() -> None:
    with pytest.raises(NotAuthenticated):
        School().handle(PUBLISH, ANYBODY)


def test_staff_publish_for_a_teacher_and_that_is_audited() -> None:
    school = School()
    tom, admin = school.teacher(), school.admin()

    gig = published(school, admin, teachers=(Teaching(the_id(tom)),))

    entry = school.audit()[0]
    assert (entry.action, entry.subject, entry.actor_id) == (
        "gig_published",
        gig.id,
        admin.user_id,
    )
    assert entry.before == {}
    assert entry.after["hourly_rate"] == "75.00 usd"
    assert entry.after["teachers"] == f"{tom.user_id}:1"


def test_staff_name_who_teaches() -> None:
    school = School()

    with pytest.raises(InvalidField, match="Name who teaches"):
        school.handle(PUBLISH, school.admin())


# --- Changing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"title": " Cello "}, "title", "Cello"),
        ({"description": ""}, "description", ""),
        ({"hourly_rate": "80.00"}, "hourly_rate", dollars(8_000)),
        ({"hourly_rate": "80.00", "currency": "usd"}, "hourly_rate", dollars(8_000)),
        ({"hourly_rate": "8000", "currency": "jpy"}, "hourly_rate",
         Money(8_000, currency("jpy"))),
        ({"currency": "usd"}, "hourly_rate", dollars(7_500)),
        ({"capacity": 4}, "capacity", 4),
        ({"confirmation": Confirmation.INSTANT}, "confirmation", Confirmation.INSTANT),
        ({"cancellation_policy": "flexible"}, "policy", PRESETS["flexible"]),
        ({"accepts_hours": False}, "accepts_hours", False),
        ({"is_active": False}, "is_active", False),
    ],
)  # fmt: skip
def test_a_teacher_changes_one_thing(change: dict[str, Any], field: str, expected: Any) -> None:
    school = School()
    tom = school.teacher()
    gig = published(school, tom, description="Scales.")
    school.clock.move_to(after(hours=1))

    assert school.handle(ChangeGig(gig_id=gig.id, **change), tom) == gig.id

    changed = school.handle(GetGig(gig_id=gig.id), tom)
    assert getattr(changed, field) == expected
    assert changed == evolve(
        gig, **{field: expected}, updated_at=after(hours=1), version=gig.version + 1
    )


def test_another_currency_needs_a_rate_in_it() -> None:
    school = School()
    tom = school.teacher()
    gig = published(school, tom)

    with pytest.raises(InvalidField) as caught:
        school.handle(ChangeGig(gig_id=gig.id, currency="jpy"), tom)

    assert caught.value.field == "hourly_rate"


def test_the_rate_of_a_currency_that_is_not_offered_any_more_can_be_changed() -> None:
    school = School()
    tom = school.teacher()
    gig = published(school, tom)
    school.rules = PlatformRules(currencies=(EUR,))

    school.handle(ChangeGig(gig_id=gig.id, hourly_rate="80.00"), tom)

    assert school.handle(GetGig(gig_id=gig.id), tom).hourly_rate == dollars(8_000)


def test_another_teachers_gig_looks_absent_to_who_would_change_it() -> None:
    school = School()
    gig = published(school, school.teacher("Tom"))

    with pytest.raises(NotFound):
        school.handle(ChangeGig(gig_id=gig.id, title="Mine"), school.teacher("Tina"))


def test_an_absent_gig_is_not_found() -> None:
    school = School()
    tom = school.teacher()

    with pytest.raises(NotFound):
        school.handle(ChangeGig(gig_id=GigId("gig_gone"), title="x"), tom)
    with pytest.raises(NotFound):
        school.handle(GetGig(gig_id=GigId("gig_gone")), tom)


def test_a_teacher_does_not_leave_their_own_gig_to_others() -> None:
    school = School()
    tom, tina = school.teacher("Tom"), school.teacher("Tina")
    gig = published(school, tom)

    with pytest.raises(InvalidField, match="your own gigs"):
        school.handle(ChangeGig(gig_id=gig.id, teachers=(Teaching(the_id(tina)),)), tom)


def test_a_teacher_who_shares_a_gig_changes_it() -> None:
    school = School()
    tom, tina = school.teacher("Tom"), school.teacher("Tina")
    gig = published(school, tom, teachers=(Teaching(the_id(tom)), Teaching(the_id(tina))))

    school.handle(ChangeGig(gig_id=gig.id, title="Duet"), tina)

    assert school.handle(GetGig(gig_id=gig.id)).title == "Duet"


def test_what_staff_change_is_audited_with_before_and_after() -> None:
    school = School()
    tom, admin = school.teacher(), school.admin()
    gig = published(school, tom)

    school.handle(ChangeGig(gig_id=gig.id, hourly_rate="80.00", is_active=False), admin)

    entry = school.audit()[0]
    assert (entry.action, entry.subject) == ("gig_changed", gig.id)
    assert entry.before == {"hourly_rate": "75.00 usd", "is_active": "true"}
    assert entry.after == {"hourly_rate": "80.00 usd", "is_active": "false"}


def test_what_teachers_do_with_their_own_is_not() -> None:
    school = School()
    tom = school.teacher()
    gig = published(school, tom)

    school.handle(ChangeGig(gig_id=gig.id, title="Cello"), tom)

    assert school.audit() == ()


# --- Looking -------------------------------------------------------------------------------------


def test_anybody_sees_active_gigs() -> None:
    school = School()
    gig = published(school, school.teacher())

    assert school.handle(GetGig(gig_id=gig.id), ANYBODY) == gig
    assert school.handle(ListGigs(), ANYBODY).items == (gig,)


def test_a_withdrawn_gig_exists_for_its_teachers_and_staff_only() -> None:
    school = School()
    tom = school.teacher("Tom")
    gig = published(school, tom, is_active=False)

    for actor in (tom, school.admin()):
        assert school.handle(GetGig(gig_id=gig.id), actor) == gig
    for actor in (ANYBODY, school.student(), school.teacher("Tina")):
        with pytest.raises(NotFound):
            school.handle(GetGig(gig_id=gig.id), actor)


def test_withdrawn_gigs_are_listed_for_staff_and_for_teachers_who_list_their_own() -> None:
    school = School()
    tom = school.teacher("Tom")
    gig = published(school, tom, is_active=False)
    everything = ListGigs(where=GigFilter(active_only=False))
    toms = ListGigs(where=GigFilter(active_only=False, teacher_id=tom.user_id))

    assert school.handle(everything, school.admin()).items == (gig,)
    assert school.handle(toms, tom).items == (gig,)
    assert school.handle(everything, tom).items == ()
    for actor in (ANYBODY, school.student(), school.teacher("Tina")):
        assert school.handle(everything, actor).items == ()
        assert school.handle(toms, actor).items == ()


# --- What the platform takes ---------------------------------------------------------------------


def test_fees_have_a_minimum_and_a_cap_in_each_currency() -> None:
    rules = PlatformRules(fee_cap={"eur": Money(500, EUR)})

    assert rules.fees_for(EUR).fee(Money(10_000, EUR)) == Money(500, EUR)
    assert rules.fees_for(USD).fee(dollars(10_000)) == dollars(1_500)
    assert rules.fees_for(USD, 0).fee(dollars(10_000)) == dollars(0)


def test_the_largest_payment_counts_in_whole_units_where_there_are_no_cents() -> None:
    rules = PlatformRules()

    assert str(rules.largest_payment(USD)) == "10000.00"
    assert str(rules.largest_payment(currency("jpy"))) == "1000000"
    assert str(rules.largest_payment(currency("kwd"))) == "10000.000"
