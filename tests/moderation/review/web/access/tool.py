"""A program that uses the API in a person's name."""

from typing import Any
from urllib.parse import quote

from starlette.testclient import TestClient

from moderation.review.access import tokens
from moderation.review.rules import Person
from moderation.review.web.access import AccessOptions
from moderation.review.web.app import make_app
from moderation.review.web.options import WebOptions
from tests.moderation.review.access.conftest import ADMIN
from tests.moderation.review.desk import ANNA, LEAD, Desk
from tests.moderation.review.web.access.site import Site

PEOPLE = {person.name: person for person in (ANNA, LEAD, ADMIN)}


class House(Site):
    """The whole console, and programs with tokens."""

    def __init__(self, desk: Desk, options: AccessOptions | None = None) -> None:
        access = options or AccessOptions()
        super().__init__(
            desk, make_app(desk.store, WebOptions(access=access, poll=60.0, grace=0.0))
        )

    def token(self, person: Person, role: str = "") -> str:
        """A token of this person."""
        return tokens.make(self.desk.store, person, "tool", role or person.role, days=30)

    def tool(self, name: str = "anna", role: str = "") -> "Tool":
        """A program that acts for somebody."""
        return Tool(self.app, self.token(PEOPLE[name], role))


class Tool:
    """Asks, and gives the JSON that comes back."""

    def __init__(self, app: Any, token: str) -> None:
        self.client = TestClient(
            app,
            base_url="http://localhost",
            headers={"authorization": f"Bearer {token}"},
            raise_server_exceptions=False,
        )

    def get(self, path: str, **query: Any) -> Any:
        """Ask for something that is there."""
        answer = self.client.get(f"/api/v1{path}", params=query)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        """Ask for something that is granted."""
        answer = self.client.post(f"/api/v1{path}", json=body)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    def refused(self, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
        """Ask for something that is not; status and code."""
        if body is None:
            answer = self.client.get(f"/api/v1{path}", params=query)
        else:
            answer = self.client.post(f"/api/v1{path}", json=body)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert problem["title"]
        assert problem["status"] == answer.status_code
        return answer.status_code, problem["code"]


def item(name: str, act: str = "") -> str:
    """The path of an item, or of what is done to it."""
    return f"/items/{quote(name, safe='')}{f'/{act}' if act else ''}"
