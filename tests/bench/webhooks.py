"""From a signed webhook to durable books: in process, and over HTTP."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial

import httpx

from application.commands import SYSTEM
from application.ports.test_mode import Delivery
from application.webhooks import ReceiveWebhook
from entrypoints.composition import compose
from entrypoints.demo.api import Api
from entrypoints.settings import load_settings
from tests.bench.measuring import Result, summed, timed
from tests.e2e.processes import Lesson, Place, about_to_pay, paid_in_browser, student_of

PAYMENTS = 200
CLIENTS = 16


def _prepared(url: str) -> None:
    """Let lessons be paid whose webhooks nobody delivers yet."""
    with Api(url) as api:
        student = student_of(api)
        for number in range(PAYMENTS):
            lesson: Lesson = about_to_pay(student, days=2 + number)
            paid_in_browser(student, lesson)


def in_process(place: Place, where: str) -> Result:
    """Hand deliveries to the use case, one after the other."""
    with place.serve("--no-worker") as server:
        _prepared(server.url)
    settings = load_settings(place.environment, None)
    with compose(settings) as installation:
        controls = installation.pieces.controls
        assert controls is not None
        deliveries = controls.deliveries.pending_deliveries(limit=10 * PAYMENTS)
        commands = [
            ReceiveWebhook(body=delivery.body, signature=delivery.signature)
            for delivery in deliveries
            if delivery.type == "payment_intent.succeeded"
        ]
        handle = installation.bus.handle
        seconds, took = timed([partial(handle, command, SYSTEM) for command in commands])
    return summed("webhook to books, in process", where, seconds, took)


def over_http(place: Place, where: str) -> Result:
    """Post deliveries to a server, several at a time."""
    with place.serve("--no-worker") as server:
        _prepared(server.url)
        with compose(load_settings(place.environment, None)) as installation:
            controls = installation.pieces.controls
            assert controls is not None
            deliveries = [
                delivery
                for delivery in controls.deliveries.pending_deliveries(limit=10 * PAYMENTS)
                if delivery.type == "payment_intent.succeeded"
            ]
        seconds, took = asyncio.run(_posted(server.url, deliveries))
    return summed(f"webhook to books, HTTP, {CLIENTS} clients", where, seconds, took)


async def _posted(url: str, deliveries: Sequence[Delivery]) -> tuple[list[float], float]:
    waiting = list(reversed(deliveries))
    seconds: list[float] = []

    async def client_loop(client: httpx.AsyncClient) -> None:
        while waiting:
            delivery = waiting.pop()
            before = time.perf_counter()
            answer = await client.post(
                "/api/v1/webhooks/stripe",
                content=delivery.body,
                headers={"Stripe-Signature": delivery.signature},
            )
            answer.raise_for_status()
            seconds.append(time.perf_counter() - before)

    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        began = time.perf_counter()
        await asyncio.gather(*(client_loop(client) for _ in range(CLIENTS)))
        return seconds, time.perf_counter() - began
