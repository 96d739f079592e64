"""What teachers offer."""

from tests.http.shop import Shop, refused, shown


def test_a_teacher_publishes_a_gig_that_anybody_sees(shop: Shop) -> None:
    gig = shop.gig(description="Conversation", capacity=3, cancellation_policy="flexible")

    assert gig["hourly_rate"] == "75.00"
    assert gig["teachers"] == [{"teacher_id": shop.teacher.id, "weight": 1}]
    assert gig["cancellation_policy"] == {
        "name": "flexible",
        "tiers": [
            {"notice_minutes": 1440, "refund_percent": 100},
            {"notice_minutes": 120, "refund_percent": 50},
        ],
    }
    assert shown(shop.anybody.get(f"/gigs/{gig['id']}")) == gig
    assert shown(shop.anybody.get("/gigs"))["items"] == [gig]


def test_students_publish_nothing(window: Shop) -> None:
    refused(window.student.post("/gigs", {"title": "x", "hourly_rate": "1.00"}), 403, "forbidden")


def test_a_withdrawn_gig_is_for_its_teacher_and_staff(shop: Shop) -> None:
    gig = shop.gig()["id"]
    shown(shop.teacher.patch(f"/gigs/{gig}", {"is_active": False}))

    refused(shop.anybody.get(f"/gigs/{gig}"), 404, "not_found")
    refused(shop.student.get(f"/gigs/{gig}"), 404, "not_found")
    assert shown(shop.teacher.get(f"/gigs/{gig}"))["is_active"] is False
    assert shown(shop.admin.get("/gigs", active_only="false"))["items"] != []
    assert shown(shop.anybody.get("/gigs"))["items"] == []


def test_a_change_leaves_alone_what_it_does_not_name(shop: Shop) -> None:
    gig = shop.gig(description="Conversation")

    changed = shown(shop.teacher.patch(f"/gigs/{gig['id']}", {"title": "French"}))

    assert changed == {**gig, "title": "French", "updated_at": changed["updated_at"]}
    refused(shop.teacher.patch(f"/gigs/{gig['id']}", {"title": None}), 422, "validation_failed")


def test_another_teachers_gig_is_not_to_be_changed(shop: Shop) -> None:
    gig = shop.gig()["id"]
    other = shop.caller(shop.market.teacher("theo"))

    refused(other.patch(f"/gigs/{gig}", {"title": "Mine"}), 404, "not_found")


def test_gigs_are_found_by_teacher_text_and_currency(shop: Shop) -> None:
    spanish = shop.gig()["id"]
    french = shop.gig(title="French", currency="eur")["id"]

    def found(**query: str) -> list[str]:
        return [each["id"] for each in shown(shop.anybody.get("/gigs", **query))["items"]]

    assert found(q="FREN") == [french]
    assert found(currency="usd") == [spanish]
    assert found(teacher_id=shop.teacher.id) == [french, spanish]
    assert found(teacher_id="usr_nobody") == []


def test_amounts_have_the_digits_of_their_currency(shop: Shop) -> None:
    assert shop.gig(hourly_rate="1003", currency="jpy")["hourly_rate"] == "1003"
    response = shop.teacher.post("/gigs", {"title": "x", "hourly_rate": "10.00", "currency": "jpy"})
    refused(response, 422, "validation_failed")
