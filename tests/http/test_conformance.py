"""Generated requests against the real, running service: no 5xx, no answer that is not published.

Schemathesis makes valid and invalid requests from the schema and compares every answer with it:
status, media type, body, headers. Each operation is called by somebody who may call it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from domain.people import Role
from entrypoints.http.app import create_app
from entrypoints.http.controllers import MODULES
from entrypoints.http.endpoints import every
from tests.http.serving import running
from tests.http.shop import PASSWORD, Caller, Shop, shown

EXAMPLES = 25
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.allow_header_conformance,
]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """Open a shop with something of everything in it."""
    with Shop(settings={"TUITION_JWT_SECRET": "conformance " * 4}) as shop:
        shop.payment()
        shop.market.settle()
        yield shop


@pytest.fixture(scope="module")
def address(shop: Shop) -> Iterator[str]:
    """Serve the shop."""
    with running(create_app(shop.services)) as address:
        yield address


@pytest.fixture(scope="module")
def operations(address: str) -> Mapping[str, Any]:
    """Read the schema from the running service, and return its operations by their names."""
    schema = schemathesis.openapi.from_url(f"{address}/schema/openapi.json")
    found: list[Any] = list(schema.get_all_operations())
    return {each.ok().definition.raw["operationId"]: each.ok() for each in found}


@pytest.fixture(scope="module")
def facts(shop: Shop) -> Mapping[str, str]:
    """Return what is there, by the names of fields and parameters."""
    payment = shown(shop.admin.get("/payments", status="succeeded"))["items"][0]
    gig = shown(shop.admin.get(f"/bookings/{payment['booking_id']}"))["gig_id"]
    return {
        "booking_id": payment["booking_id"],
        "payment_id": payment["id"],
        "gig_id": gig,
        "student_id": shop.student.id,
        "user_id": shop.teacher.id,
        "teacher_id": shop.teacher.id,
        "event_id": shown(shop.admin.get("/webhook-events"))["items"][0]["id"],
        "payment_method_id": "pm_card_visa",
        "payment_intent_id": payment["stripe_payment_intent_id"],
        "currency": "usd",
        "hourly_rate": "75.00",
        "amount": "0.01",
        "starts_at": "2026-04-01T09:00:00Z",
        "email": "sam@school.test",
        "password": PASSWORD,
    }


@pytest.mark.parametrize("name", [endpoint.name for endpoint in every(MODULES)])
def test_every_answer_is_one_that_is_published(
    name: str, operations: Mapping[str, Any], facts: Mapping[str, str], shop: Shop
) -> None:
    headers = dict(_who(shop, name).headers)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operations[name]))
    def conforms(case: Any) -> None:
        if case.meta.generation.mode is GenerationMode.POSITIVE:
            _make_real(case, facts)
        case.call_and_validate(headers=headers, checks=CHECKS)

    conforms()


def _cases(operation: Any) -> Any:
    good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    try:
        bad = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    except Unsatisfiable:
        return good
    return good | bad


def _make_real(case: Any, facts: Mapping[str, str]) -> None:
    """Put what is there in the place of what was made up, so that something comes of it."""
    for values in (case.body, case.path_parameters, case.query):
        if isinstance(values, dict):
            values.update({name: facts[name] for name in values if name in facts})


def _who(shop: Shop, name: str) -> Caller:
    """Return somebody who may call an operation."""
    policies = {endpoint.name: endpoint.who for endpoint in every(MODULES)}
    roles = policies[name].roles
    if not roles:
        return shop.anybody
    if Role.STUDENT in roles:
        return shop.student
    return shop.teacher if Role.TEACHER in roles else shop.admin
