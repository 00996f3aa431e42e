"""The OpenAPI document, from the same table and types that check requests."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from moderation.review.web.operations import Operation
from moderation.review.web.problems import Problem

_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_REFUSALS: Final[Mapping[int, str]] = {
    400: "What was sent is not as described.",
    401: "There is no API token, or it opens nothing.",
    403: "The token's role does not allow it.",
    404: "There is no such item or decision.",
    409: "The item is not as it was seen, is held, or is decided; `code` says which.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "A reason, a note, a count or a place is missing or wrong; `code` says which.",
    503: "The review store does not answer.",
}


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """The document of OpenAPI 3.1."""
    operations = list(operations)
    types = [
        kind for one in operations for kind in (one.query, one.body, one.answer) if kind is not None
    ]
    _, schemas = msgspec.json.schema_components(
        [*types, Problem], ref_template="#/components/schemas/{name}"
    )
    # A list of query parameters is written out, so its type is no component.
    written = {one.query.__name__ for one in operations if one.query is not None}
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.shown, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "trollbridge review",
            "version": "1",
            "description": "The moderators' queue for other tools: the same rules as its pages.",
        },
        "paths": paths,
        "components": {
            "schemas": {name: value for name, value in schemas.items() if name not in written},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                str(status): {"description": said, "content": {_PROBLEM: _ref(Problem)}}
                for status, said in _REFUSALS.items()
            },
        },
        "security": [{"token": []}],
    }


def _operation(one: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": [*_in_path(one), *_in_query(one, schemas)],
        "responses": {
            "200": {"description": one.summary, "content": _answer(one)},
            **{
                str(status): {"$ref": f"#/components/responses/{status}"}
                for status in sorted(_refusals(one))
            },
        },
    }
    if one.body is not None:
        found["requestBody"] = {"required": True, "content": {_JSON: _ref(one.body)}}
    return found


def _refusals(one: Operation) -> set[int]:
    """Statuses of what may be refused."""
    found = {400, 401, 403, 404, 503}
    if one.query is not None:
        found |= {422}
    if one.body is not None:
        found |= {409, 413, 415, 422}
    return found


def _answer(one: Operation) -> dict[str, Any]:
    if one.answer is None:
        return {kind: {"schema": {"type": "string"}} for kind in one.files}
    return {_JSON: _ref(one.answer)}


def _in_path(one: Operation) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1, "maxLength": 256, "pattern": r"^[^\x00\n]+$"}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in one.named]


def _in_query(one: Operation, schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    properties = schemas[one.query.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in properties.items()
    ]


def _ref(kind: Any) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}
