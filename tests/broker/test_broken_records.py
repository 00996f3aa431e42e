"""Broken input: each record becomes a dead letter with the right code, and nothing stalls."""

import json

from moderation.records import CODES
from tests.pipeline import Pipeline, comment

DEEP = b"[" * 50_000 + b"]" * 50_000


def spoiled(number: int) -> dict[str, bytes | None]:
    """A broken record of each kind, by the code that it must get."""
    good = comment(number)[1].encode()

    def with_field(field: bytes) -> bytes:
        return good[:-1] + b", " + field + b"}"

    return {
        "not_json": good[:-1],
        "not_utf8": good.replace(b"Comment", b"Comm\xff\xfe"),
        "wrong_type": good.replace(b'"text": "', b'"text": 5, "was": "'),
        "missing_field": json.dumps({"id": f"c{number}", "text": "no author"}).encode(),
        "too_long": comment(number, text="x" * 10_001)[1].encode(),
        "out_of_range": with_field(b'"revision": 1' + b"0" * 400),
        "too_deep": with_field(b'"extra": ' + DEEP),
        "empty": b"",
        "tombstone": None,
        "unknown_schema": good.replace(b'"schema": 1', b'"schema": 99'),
        "bad_unicode": good.replace(b"Comment", b"\\ud800omment"),
        "wrong_topic": json.dumps({"id": f"a{number}", "title": "T", "text": "B"}).encode(),
    }


def test_each_kind_gets_its_code(pipeline: Pipeline) -> None:
    """2,000 records, half of them broken in twelve ways: each in the ledger, each under its code.

    The dead letter has the original bytes, key and place, so that it can be mended and sent anew.
    """
    pipeline.articles(20)
    records: list[tuple[str, str | bytes | None]] = []
    expected: dict[str, int] = {}
    originals: list[bytes | None] = []
    kinds = list(spoiled(0))
    for number in range(1_000):
        code = kinds[number % len(kinds)]
        broken = spoiled(number)[code]
        records += [comment(number), (f"k{number}", broken)]
        expected[code] = expected.get(code, 0) + 1
        originals.append(broken)
    pipeline.worker()
    pipeline.send(pipeline.topics.comments, records)
    pipeline.wait_terminal(2_000, within=90)
    found = pipeline.wait_balanced(within=30)
    assert (1_000, 1_000, 0) == (found.allow, found.deadletters, found.duplicates)

    letters = pipeline.read(pipeline.topics.deadletter)
    codes: dict[str, int] = {}
    for letter in letters:
        headers = dict(letter.headers)
        code = headers["trollbridge.code"].decode()
        codes[code] = codes.get(code, 0) + 1
        number = int(letter.key.decode()[1:])
        assert originals[number] == letter.value
        assert pipeline.topics.comments == headers["trollbridge.source.topic"].decode()
    assert expected == codes
    assert expected.keys() <= CODES.keys()


def test_broken_article(embedded: Pipeline) -> None:
    """A broken article is a dead letter of its own and does not hold up its comments."""
    embedded.send(embedded.topics.articles, [("a0", b"{broken")])
    embedded.comments(10, articles=1)
    embedded.worker(article_wait=0.2)
    embedded.wait_terminal(11, within=60)
    found = embedded.wait_balanced(within=30)
    assert (10, 1) == (found.allow, found.other_deadletters)
    assert {"missing"} == {judged.context.article for judged in embedded.judged()}


def test_too_many_stop_the_worker(embedded: Pipeline) -> None:
    """After a bad deployment the worker stops, says why, and leaves the rest for later."""
    embedded.send(embedded.topics.comments, [("k", b"{")] * 600)
    worker = embedded.worker(deadletters_in_a_row=100)
    assert 1 == worker.process.wait(timeout=60)
    last = worker.log_text().strip().splitlines()[-1]
    assert "101 dead letters in a row, 100 allowed (deadletters_in_a_row)" in last
    assert "Traceback" not in worker.log_text()
    assert 200 > embedded.count(embedded.topics.deadletter)
