"""What an operator sees of a worker: start, context, policy, metrics, refusal."""

import json
from pathlib import Path

import msgspec

from moderation.policy import parse_policy
from streams.broker import EmbeddedBroker
from streams.replay import replay
from streams.topics import Topics
from tests.pipeline import Pipeline, Worker, comment, until

POLICY = """
name = "strict"
[reasons.toxicity]
threshold = 0.5
"""


def test_missing_topics(kafka: Pipeline) -> None:
    """Without topics the worker does not start, and says which command makes them."""
    kafka.settings = msgspec.structs.replace(kafka.settings, topic_prefix="nowhere.")
    worker = kafka.worker()
    assert 1 == worker.process.wait(timeout=30)
    last = worker.log_text().strip().splitlines()[-1]
    assert last.startswith("trollbridge: missing topics: nowhere.articles, ")
    assert last.endswith("create them with `trollbridge topics create`")


def test_late_article(embedded: Pipeline) -> None:
    """A comment waits for its article; one whose article never comes is scored and says so."""
    worker = embedded.worker(article_wait=3.0).wait_ready()
    embedded.send(embedded.topics.comments, [comment(0, articles=1), comment(1, articles=2)])
    embedded.articles(1)
    embedded.wait_terminal(2, within=30)
    context = {judged.id: judged.context.article for judged in embedded.judged()}
    assert {"c0": "present", "c1": "missing"} == context
    assert 1 == worker.metric("trollbridge_articles_missing_total")


def test_thread_and_parent(embedded: Pipeline) -> None:
    """A comment is scored with its thread and the comment that it answers."""
    embedded.articles(1)
    embedded.worker()
    fields: tuple[dict[str, str], ...] = (
        {},
        {"parent_id": "c0"},
        {"parent_id": "elsewhere"},
        {"parent_text": "quoted"},
    )
    embedded.send(
        embedded.topics.comments,
        (comment(n, articles=1, **more) for n, more in enumerate(fields)),
    )
    embedded.wait_terminal(4, within=30)
    contexts = {judged.id: judged.context for judged in embedded.judged()}
    assert ["none", "present", "missing", "present"] == [contexts[f"c{n}"].parent for n in range(4)]
    assert [0, 1, 2, 3] == [contexts[f"c{n}"].thread for n in range(4)]


def test_a_flagged_comment_comes_with_what_was_said_before(embedded: Pipeline) -> None:
    """Whoever decides on it reads what it answers; of what nobody reads nobody's words are kept."""
    embedded.articles(1)
    embedded.worker()
    said: list[dict[str, str]] = [
        {"text": "The ferry is late.", "author_name": "Flo"},
        *({"text": f"Remark {n}."} for n in range(4)),
        {"text": "You idiot.", "parent_id": "c0"},
    ]
    embedded.send(
        embedded.topics.comments, (comment(n, articles=1, **each) for n, each in enumerate(said))
    )
    embedded.wait_terminal(6, within=30)
    told = {judged.id: judged.context.conversation for judged in embedded.judged()}
    assert ["c0", "c2", "c3", "c4"] == [each.id for each in told["c5"]]
    assert ("u0", "Flo", "The ferry is late.") == (
        told["c5"][0].author_id,
        told["c5"][0].author_name,
        told["c5"][0].text,
    )
    assert [[]] * 5 == [told[f"c{n}"] for n in range(5)]


def test_edited_comment_is_another_item(embedded: Pipeline) -> None:
    """A new revision is judged anew under an identity of its own."""
    embedded.articles(1)
    embedded.worker()
    embedded.send(embedded.topics.comments, [comment(0, revision=n) for n in (0, 1)])
    embedded.wait_terminal(2, within=30)
    assert {"c0#0", "c0#1"} == {judged.item_id for judged in embedded.judged()}


def test_review_record(embedded: Pipeline) -> None:
    """A flagged comment is in the ledger and, keyed by its id, in the review topic."""
    embedded.articles(1)
    embedded.worker()
    embedded.send(embedded.topics.comments, [comment(0, text="you idiot"), comment(1)])
    embedded.wait_terminal(2, within=30)
    (flagged,) = embedded.read(embedded.topics.review)
    record = json.loads(flagged.value)
    assert b"c0" == flagged.key
    assert ["toxicity"] == [reason["code"] for reason in record["reasons"]]
    assert {"topic": "comments", "partition": record["source"]["partition"], "offset": 0} == (
        record["source"]
    )
    assert 0 < record["priority"] <= 1


def test_unsupported_language(embedded: Pipeline) -> None:
    """A comment that nobody can score is in the ledger as such, and counted by language."""
    embedded.articles(1)
    worker = embedded.worker(scorers=("tests.scorers:english",)).wait_ready()
    german = "Das ist doch eine Frechheit gegenüber allen Pendlern."
    embedded.send(
        embedded.topics.comments, [comment(0, text=german, lang="en-GB"), comment(1, articles=1)]
    )
    embedded.wait_terminal(2, within=30)
    found = {judged.id: judged for judged in embedded.judged()}
    # The text has no score, its author has.
    assert ({"troll"}, "de", "en-GB", ["english"]) == (
        set(found["c0"].scores),
        found["c0"].detected_lang,
        found["c0"].lang,
        found["c0"].unsupported,
    )
    assert ["unsupported_language"] == [reason.code for reason in found["c0"].shown]
    assert ("en", []) == (found["c1"].detected_lang, found["c1"].unsupported)
    until(
        lambda: 'trollbridge_unsupported_total{lang="de"} 1.0' in worker.get("/metrics")[1],
        "counted",
        within=10,
    )
    strict = parse_policy(POLICY + '[languages]\nunsupported = "review"\n', origin="p")
    changed = replay(embedded.settings, strict, rescore=False)
    assert {"allow -> review": 1, "allow -> allow": 1} == changed.decisions


def test_review_record_is_explained(embedded: Pipeline) -> None:
    """A moderator gets the words that a reason rests on; possible bias is marked and comes last."""
    embedded.articles(1)
    worker = embedded.worker(scorers=("tests.scorers:biased",))
    texts = ["You there, you idiot.", "Our Muslim neighbours came to help."]
    embedded.send(embedded.topics.comments, [comment(n, text=t) for n, t in enumerate(texts)])
    embedded.wait_terminal(2, within=30)
    insult, biased = sorted(embedded.judged(), key=lambda judged: judged.id)
    assert ["idiot"] == [insult.text[at.start : at.end] for at in insult.evidence]
    assert ["Muslim"] == [biased.text[at.start : at.end] for at in biased.evidence]
    assert [False, True] == [judged.reasons[0].possible_bias for judged in (insult, biased)]
    assert ("review", 0.0) == (biased.decision, biased.priority)
    assert insult.priority > 0
    until(
        lambda: worker.metric("trollbridge_possible_bias_total") == 1,
        "possible bias counted",
        within=10,
    )


def test_policy_reload(embedded: Pipeline, tmp_path: Path) -> None:
    """A changed policy holds without a restart; a broken one is refused and the old one stays."""
    file = tmp_path / "policy.toml"
    file.write_text(POLICY)
    embedded.articles(1)
    worker = embedded.worker(policy=str(file)).wait_ready()

    def version() -> str:
        lines = worker.get("/metrics")[1].splitlines()
        return next(line for line in lines if line.startswith("trollbridge_policy_info{"))

    before = version()
    file.write_text(POLICY.replace("0.5", "7"))
    until(
        lambda: worker.metric("trollbridge_policy_reload_failures_total") == 1,
        "refusal counted",
        within=10,
    )
    assert before == version()
    assert "line 4" in worker.log_text()
    file.write_text(POLICY.replace("0.5", "1.0"))
    until(lambda: version() != before, "policy in force", within=10)
    embedded.send(embedded.topics.comments, [comment(0, text="you idiot")])
    embedded.wait_terminal(1, within=30)
    assert "allow" == embedded.judged()[0].decision


def test_health_and_metrics(embedded: Pipeline) -> None:
    """Probes and metrics answer, on loopback, and comment texts are in neither log nor metrics."""
    embedded.articles(1)
    worker = embedded.worker().wait_ready()
    embedded.send(embedded.topics.comments, [comment(0, text="a secret idiot"), ("k", b"{")])
    embedded.wait_terminal(2, within=30)
    until(
        lambda: (
            worker.metric("trollbridge_comments_total") == 1
            and worker.metric("trollbridge_dead_letters_total") == 1
        ),
        "outcomes counted",
        within=10,
    )
    until(lambda: worker.metric("trollbridge_lag_records") == 0, "no lag", within=10)
    assert (200, "ok\n") == worker.get("/healthz")
    assert 404 == worker.get("/nowhere")[0]
    assert worker.metrics_bind.startswith("127.0.0.1:")
    assert "secret" not in worker.log_text() + worker.get("/metrics")[1]


def test_port_taken(embedded: Pipeline) -> None:
    """A second worker on the same port says so in one line."""
    first = embedded.worker().wait_ready()
    second: Worker = embedded.worker(metrics_bind=first.metrics_bind)
    assert 1 == second.process.wait(timeout=30)
    assert "metrics_bind" in second.log_text().strip().splitlines()[-1]


def test_embedded_broker_takes_topics_on_first_use() -> None:
    """The embedded broker is ready for the topics that the worker requires."""
    with EmbeddedBroker() as broker:
        broker.create_topics(Topics("x.").cleanup())
        assert broker.address.startswith("127.0.0.1:")
