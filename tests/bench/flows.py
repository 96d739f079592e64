"""Whole flows over HTTP: book, pay with a saved card, cancel for a full refund."""

import time
from concurrent.futures import ThreadPoolExecutor

from entrypoints.demo.api import Api, Caller
from tests.bench.measuring import Result, summed
from tests.e2e.processes import Place, booked, student_of

FLOWS = 100
CLIENTS = 4


def measured(place: Place, where: str) -> Result:
    """Run flows, a few at a time, and time each from its first request to its last answer."""
    with place.serve() as server, Api(server.url) as api:
        student = student_of(api)
        card = student.post("/payment-methods", {"payment_method_id": "pm_card_visa"})["id"]
        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            seconds = list(
                pool.map(lambda number: _flow(student, card, days=2 + number), range(FLOWS))
            )
        took = time.perf_counter() - began
    return summed(f"book, pay, cancel, refund, {CLIENTS} clients", where, seconds, took)


def _flow(student: Caller, card: str, *, days: int) -> float:
    before = time.perf_counter()
    booking = booked(student, days=days)
    student.post("/payments/process-payment", {"booking_id": booking, "payment_method_id": card})
    student.post(f"/bookings/{booking}/cancel", {"reason": "Something came up."})
    return time.perf_counter() - before
