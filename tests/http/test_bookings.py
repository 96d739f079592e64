"""Booking a lesson, agreeing to it, moving it, calling it off."""

from tests.http.shop import Shop, refused, shown


def test_a_booking_shows_its_price_in_words_and_its_length_in_hours(shop: Shop) -> None:
    booking = shop.booking(duration_minutes=80)

    assert booking["price"] == "100.00"
    assert booking["currency"] == "usd"
    assert booking["duration_minutes"] == 80
    assert booking["duration_hours"] == "1.33"
    assert booking["starts_at"] == "2026-03-04T09:00:00Z"
    assert booking["ends_at"] == "2026-03-04T10:20:00Z"
    assert booking["status"] == "confirmed"
    assert booking["payment_status"] == "unpaid"


def test_an_instant_of_another_zone_is_understood_and_shown_in_utc(shop: Shop) -> None:
    booking = shop.booking(starts_at="2026-03-04T10:00:00+01:00")

    assert booking["starts_at"] == "2026-03-04T09:00:00Z"


def test_a_taken_slot_is_a_conflict(shop: Shop) -> None:
    booking = shop.booking()
    other = shop.caller(shop.market.student("stella"))
    wanted = {
        "gig_id": booking["gig_id"],
        "starts_at": "2026-03-04T09:30:00Z",
        "duration_minutes": 60,
    }

    refused(other.post("/bookings", wanted), 409, "slot_taken")


def test_an_unknown_gig_is_absent(shop: Shop) -> None:
    wanted = {"gig_id": "nothing", "starts_at": "2026-03-04T09:30:00Z", "duration_minutes": 60}

    refused(shop.student.post("/bookings", wanted), 404, "not_found")


def test_the_teacher_confirms_or_declines_a_request_once(shop: Shop) -> None:
    gig = shop.gig(confirmation="teacher")["id"]
    booking = shop.booking(gig_id=gig)

    assert booking["status"] == "requested"
    path = f"/bookings/{booking['id']}"
    refused(shop.student.post(f"{path}/confirm"), 403, "forbidden")
    assert shown(shop.teacher.post(f"{path}/confirm"))["status"] == "confirmed"
    refused(shop.teacher.post(f"{path}/decline"), 409, "booking_not_requested")


def test_a_lesson_is_completed_only_when_it_is_paid_and_has_ended(shop: Shop) -> None:
    booking = shop.booking()
    path = f"/bookings/{booking['id']}/complete"

    refused(shop.teacher.post(path), 409, "booking_not_ended")
    shop.payment(booking["id"])
    shop.market.advance(days=2, hours=2)
    assert shown(shop.teacher.post(path))["status"] == "completed"


def test_a_cancellation_carries_out_what_the_quote_said(shop: Shop) -> None:
    booking = shop.booking()
    shop.payment(booking["id"])
    path = f"/bookings/{booking['id']}"
    quoted = shown(shop.student.get(f"{path}/quote", outcome="cancel"))

    done = shown(shop.student.post(f"{path}/cancel", {"reason": "ill"}))

    assert quoted["student_amount"] == "75.00"
    assert done["quote"]["student_amount"] == "75.00"
    assert done["status"] == "cancelled"
    assert done["payment_status"] == "refunded"
    assert done["cancel_reason"] == "ill"


def test_a_quote_before_payment_shows_the_fee(shop: Shop) -> None:
    path = f"/bookings/{shop.booking()['id']}/quote"

    quote = shown(shop.student.get(path, outcome="completed"))

    assert quote["platform_amount"] == "11.25"
    assert quote["teacher_amounts"] == [{"teacher_id": shop.teacher.id, "amount": "63.75"}]


def test_a_quote_needs_a_known_outcome(shop: Shop) -> None:
    path = f"/bookings/{shop.booking()['id']}/quote"

    assert refused(shop.student.get(path), 422, "validation_failed")["errors"] == [
        {"field": "outcome", "code": "required", "message": "This field is required."}
    ]
    refused(shop.student.get(path, outcome="earthquake"), 422, "validation_failed")


def test_a_lesson_moves_when_the_other_side_accepts(shop: Shop) -> None:
    path = f"/bookings/{shop.booking()['id']}"
    later = {"starts_at": "2026-03-05T09:00:00Z"}

    proposed = shown(shop.student.post(f"{path}/reschedule", later))
    refused(shop.student.post(f"{path}/reschedule/accept"), 409, "reschedule_not_possible")
    accepted = shown(shop.teacher.post(f"{path}/reschedule/accept"))

    assert proposed["reschedule"]["proposed_by"] == "student"
    assert proposed["starts_at"] == "2026-03-04T09:00:00Z"
    assert accepted["starts_at"] == later["starts_at"]
    assert accepted["reschedule"] is None


def test_a_proposal_can_be_turned_down(shop: Shop) -> None:
    path = f"/bookings/{shop.booking()['id']}"
    shown(shop.student.post(f"{path}/reschedule", {"starts_at": "2026-03-05T09:00:00Z"}))

    assert shown(shop.teacher.post(f"{path}/reschedule/decline"))["reschedule"] is None


def test_a_no_show_is_reported_by_the_other_side_after_the_start(shop: Shop) -> None:
    booking = shop.booking()
    shop.payment(booking["id"])
    path = f"/bookings/{booking['id']}/no-show"

    refused(shop.teacher.post(path, {"who": "student"}), 409, "no_show_out_of_time")
    shop.market.advance(days=2, minutes=15)
    refused(shop.student.post(path, {"who": "student"}), 422, "validation_failed")
    assert shown(shop.teacher.post(path, {"who": "student"}))["status"] == "no_show"


def test_lists_show_ones_own_by_status_start_and_page(shop: Shop) -> None:
    first = shop.booking()["id"]
    second = shop.booking(starts_at="2026-03-06T09:00:00Z")["id"]
    stranger = shop.caller(shop.market.student("stella"))

    page = shown(shop.student.get("/bookings", limit=1))
    rest = shown(shop.student.get("/bookings", limit=1, cursor=page["next_cursor"]))

    assert [each["id"] for each in page["items"]] == [second]
    assert [each["id"] for each in rest["items"]] == [first]
    assert rest["next_cursor"] is None
    assert shown(stranger.get("/bookings"))["items"] == []
    found = shown(shop.teacher.get("/bookings", **{"from": "2026-03-05T00:00:00Z"}))
    assert [each["id"] for each in found["items"]] == [second]
    assert shown(shop.admin.get("/bookings", status="cancelled"))["items"] == []
    assert len(shown(shop.admin.get("/bookings", student_id=shop.student.id))["items"]) == 2


def test_staff_books_for_a_student_it_names(shop: Shop) -> None:
    booking = shop.booking(shop.admin, student_id=shop.student.id)

    assert booking["student_id"] == shop.student.id
