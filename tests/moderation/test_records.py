"""The records of the contract, and what becomes of records that depart from it."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.errors import RecordError
from moderation.records import (
    CODES,
    Article,
    Comment,
    Context,
    Scored,
    Source,
    decode_article,
    decode_comment,
    decode_scored,
    encode,
)

MINIMAL = {"id": "c1", "article_id": "a1", "author_id": "u1", "text": "Hello."}


def _code(value: bytes | None) -> str:
    with pytest.raises(RecordError) as caught:
        decode_comment(value)
    return caught.value.code


def _code_if_any(decode: Callable[[bytes], object], value: bytes) -> str:
    try:
        decode(value)
    except RecordError as error:
        return error.code
    return ""


def test_minimal_comment() -> None:
    """The four required fields are enough; `schema` and `revision` have defaults."""
    comment = decode_comment(json.dumps(MINIMAL).encode())
    assert Comment(id="c1", article_id="a1", author_id="u1", text="Hello.") == comment
    assert "c1#0" == comment.item_id


def test_unknown_fields_are_left_aside() -> None:
    """A producer may send more than we know."""
    value = json.dumps(MINIMAL | {"likes": 3, "device": {"os": "x"}}).encode()
    assert decode_comment(json.dumps(MINIMAL).encode()) == decode_comment(value)


def test_null_is_absent() -> None:
    """Many producers write absent fields as null; a required one is then missing."""
    assert "" == decode_comment(json.dumps(MINIMAL | {"parent_id": None}).encode()).parent_id
    assert "missing_field" == _code(json.dumps(MINIMAL | {"author_id": None}).encode())


def test_encoded_record_has_its_schema() -> None:
    """Whoever reads our records can tell their version."""
    assert 1 == json.loads(encode(decode_comment(json.dumps(MINIMAL).encode())))["schema"]
    assert 1 == json.loads(encode(Article(id="a")))["schema"]


def test_missing_scores_are_told_from_low_ones() -> None:
    """A consumer sees which scorers could not read a comment; older records still decode."""
    scored = Scored(
        comment=Comment(id="c", article_id="a", author_id="u", text="Was für ein Unsinn!"),
        scores={},
        models={"toxicity": "1"},
        source=Source("comments", 0, 7),
        arrived_at=1.0,
        context=Context(),
        detected_lang="de",
        unsupported=["toxicity"],
    )
    value = json.loads(encode(scored))
    assert ("de", ["toxicity"], {}) == (
        value["detected_lang"],
        value["unsupported"],
        value["scores"],
    )
    assert scored == decode_scored(encode(scored))
    older = {k: v for k, v in value.items() if k not in {"detected_lang", "unsupported"}}
    assert ("", []) == (
        (before := decode_scored(json.dumps(older).encode())).detected_lang,
        before.unsupported,
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": ""}, "missing_field"),
        ({"id": "x" * 257}, "too_long"),
        ({"text": "x" * 10_001}, "too_long"),
        ({"revision": -1}, "out_of_range"),
        ({"revision": 1.5}, "wrong_type"),
        ({"revision": True}, "wrong_type"),
        ({"text": ["x"]}, "wrong_type"),
        ({"schema": 2}, "unknown_schema"),
        ({"schema": "1"}, "wrong_type"),
    ],
)
def test_codes(change: dict[str, object], code: str) -> None:
    """Whoever mends dead letters learns from the code what is wrong."""
    assert code == _code(json.dumps(MINIMAL | change).encode())


def test_longest_text_is_counted_in_characters() -> None:
    """10,000 characters are allowed, however many bytes each takes."""
    text = "🦆" * 10_000
    assert text == decode_comment(json.dumps(MINIMAL | {"text": text}).encode()).text


def test_article_in_comments() -> None:
    """An article that came to the comments topic is told apart from an incomplete comment."""
    assert "wrong_topic" == _code(encode(Article(id="a1", title="T", text="B")))
    assert "a1" == decode_article(encode(Article(id="a1"))).id


@given(st.binary(max_size=200))
def test_any_bytes(value: bytes) -> None:
    """Whatever bytes come: a comment, or an error with a code that the documentation names."""
    assert _code_if_any(decode_comment, value) in {"", *CODES}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*MINIMAL, "schema", "revision", "lang"]), _json))
def test_any_json(fields: dict[str, object]) -> None:
    """Whatever JSON comes in the fields we know: a comment, or an error with a known code."""
    value = json.dumps(MINIMAL | fields).encode()
    assert _code_if_any(decode_comment, value) in {"", *CODES}


@given(
    st.builds(
        Comment,
        id=st.text(min_size=1, max_size=9),
        revision=st.integers(0, 99),
        article_id=st.just("a"),
        author_id=st.just("u"),
        text=st.text(max_size=30),
    ),
    st.builds(
        Comment,
        id=st.text(min_size=1, max_size=9),
        revision=st.integers(0, 99),
        article_id=st.just("a"),
        author_id=st.just("u"),
        text=st.just(""),
    ),
)
def test_item_id_is_injective(one: Comment, other: Comment) -> None:
    """Two items have the same identity only if comment id and revision are the same."""
    assert (one.item_id == other.item_id) == ((one.id, one.revision) == (other.id, other.revision))
