"""The API holds to its own document, whatever it is sent."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from moderation.review.access import passwords
from moderation.review.web.access import AccessOptions
from moderation.review.web.api import OPERATIONS
from tests.moderation.review.desk import LEAD, Desk
from tests.moderation.review.web.access.tool import House
from tests.postgres import database

EXAMPLES = 12
# Whether a reason is needed depends on the action, which a schema does not say; nor what the
# `next` of a page is.
CONFIG = {
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "401", "403", "404", "409", "415", "422"]
        }
    }
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A console with a few items, which answers to any host name; on each database."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('api') / 'review.db'}"
        else:
            url = stack.enter_context(database(request.getfixturevalue("postgres")))
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(
            passwords, "_hasher", PasswordHasher(1, 8, 1)
        )
        desk = stack.enter_context(Desk.at(url))
        house = House(desk, AccessOptions(hosts=()))
        desk.add("c1", "c2", "c3", "0", "a/b")
        desk.decide("c3")
        yield house


@pytest.fixture(scope="module")
def api(house: House) -> Any:
    """The API by its document."""
    token = {"auth": {"openapi": {"token": {"bearer": house.token(LEAD)}}}}
    return schemathesis.openapi.from_asgi(
        "/api/openapi.json", house.app, config=SchemathesisConfig.from_dict(CONFIG | token)
    )


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", [one.name for one in OPERATIONS])
def test_answers_are_as_described(house: House, api: Any, name: str, mode: GenerationMode) -> None:
    """Good requests are served, bad ones refused, and each answer is one of those described."""
    operation = api.find_operation_by_id(name)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            case.body = _whole(case.body)
        case.call_and_validate()

    check()


def _whole(value: Any) -> Any:
    """1.0 is an integer to JSON Schema, and no version to us."""
    match value:
        case float():
            return int(value)
        case dict():
            return {name: _whole(one) for name, one in value.items()}
        case _:
            return value


def test_document_has_every_operation(house: House) -> None:
    """The document is made of the table that serves: nothing is served that it does not say."""
    said = json.loads(house.browser().get("/api/openapi.json").text)
    assert "3.1.0" == said["openapi"]
    found = {
        (method.upper(), path) for path, methods in said["paths"].items() for method in methods
    }
    assert {(one.method, one.shown) for one in OPERATIONS} == found
    assert all(one["security"] for one in [said])
    text = json.dumps(said)
    for name in ("ItemView", "Judged", "Decide", "Problem"):
        assert f"#/components/schemas/{name}" in text
    assert said["components"]["schemas"]["Decide"]["additionalProperties"] is False
