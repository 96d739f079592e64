"""What an answer promises: true in every read after it, whoever died meanwhile."""

import re
from collections.abc import Callable, Mapping

from tests.killing.asking import Json, Told

Read = Callable[[str], Json]
Promise = Callable[[Told, Read], bool]

PAYING = frozenset({"/payments/process-payment", "/payments/confirm-payment"})
PAID = frozenset({"succeeded", "partially_refunded", "refunded"})


def is_kept(told: Told, read: Read) -> bool:
    """Tell whether what somebody was told with a 2xx is true now."""
    if not told.is_success:
        return True
    for pattern, promise in PROMISES.items():
        if re.fullmatch(pattern, told.asked.path):
            return promise(told, read)
    raise AssertionError(f"nobody knows what {told.asked.path} promises")


def is_paid(payment: Json) -> bool:
    """Tell whether money came in, wherever it went since."""
    return payment["status"] in PAID


def is_of_a_payment(told: Told) -> bool:
    """Tell whether somebody was told that their money came in."""
    return told.is_success and told.asked.path in PAYING and is_paid(told.answer)


def _booking_is_there(told: Told, read: Read) -> bool:
    wanted, found = told.answer, read(f"/bookings/{told.answer['id']}")
    return all(found.get(name) == wanted[name] for name in ("gig_id", "price", "created_at"))


def _booking_is(status: str) -> Promise:
    def promise(told: Told, read: Read) -> bool:
        return bool(read(f"/bookings/{told.answer['id']}").get("status") == status)

    return promise


def _payment_is_there(told: Told, read: Read) -> bool:
    wanted, found = told.answer, read(f"/payments/{told.answer['id']}")
    if wanted["amount"] != found.get("amount"):
        return False
    return is_paid(found) or not is_paid(wanted)


def _intent_is_there(told: Told, read: Read) -> bool:
    wanted, found = told.answer, read(f"/payments/{told.answer.get('payment_id', '')}")
    return bool(wanted["amount"] == found.get("amount"))


def _intent_or_payment(told: Told, read: Read) -> bool:
    # 202 answers the payment instead, of which the gateway's answer was lost.
    return _intent_is_there(told, read) if told.status < 202 else _payment_is_there(told, read)


def _refund_is_there(told: Told, read: Read) -> bool:
    found = read(f"/refunds/{told.answer['refund_id']}")
    return bool(told.answer["amount"] == found.get("amount"))


def _same(path: str, *names: str) -> Promise:
    def promise(told: Told, read: Read) -> bool:
        found = read(f"{path}/{told.answer['id']}")
        return all(found.get(name) == told.answer[name] for name in ("id", *names))

    return promise


PROMISES: Mapping[str, Promise] = {
    r"/gigs": _same("/gigs", "title", "hourly_rate"),
    r"/bookings": _booking_is_there,
    r"/bookings/\w+/cancel": _booking_is("cancelled"),
    r"/bookings/\w+/complete": _booking_is("completed"),
    r"/payments/create-payment-intent": _intent_or_payment,
    r"/payments/process-payment": _payment_is_there,
    r"/payments/confirm-payment": _payment_is_there,
    r"/payments/\w+/refund": _refund_is_there,
    r"/payment-methods": _same("/payment-methods", "card_brand", "card_last_four"),
    r"/payouts": _same("/payouts", "amount", "teacher_id"),
    r"/teacher-account/onboarding-link": lambda told, _: bool(told.answer["url"]),
}
