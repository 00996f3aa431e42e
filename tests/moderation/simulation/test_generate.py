"""A whole simulation: the stream is what it says it is, and the labels are true."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from itertools import islice, pairwise

import msgspec
import pytest

from moderation.errors import SettingsError
from moderation.records import Article, Comment, decode_article, decode_comment, encode
from moderation.simulation.clock import HOURLY
from moderation.simulation.generate import simulate
from moderation.simulation.labels import HONEST, AuthorLabel, CommentLabel, decode_label
from moderation.simulation.options import Options
from moderation.simulation.vocabulary import vocabulary
from tests.moderation.simulation.test_texts import changes

MIXED = Options(
    comments=4_000, authors=800, articles=25, days=3, seed=5,
    flooders=3, campaigns=3, brigades=2, sock_puppets=2, flame_wars=3, provocateurs=3,
)  # fmt: skip
CALM = Options(
    comments=3_000, authors=400, articles=12, days=1, seed=9,
    flooders=0, campaigns=0, brigades=0, sock_puppets=0, flame_wars=0, provocateurs=0,
)  # fmt: skip

Labelled = tuple[Comment, CommentLabel]


@cache
def labelled(options: Options = MIXED) -> tuple[Labelled, ...]:
    """The comments of a simulation with their labels."""
    return tuple(
        (made.record, made.label)
        for made in simulate(options)
        if isinstance(made.record, Comment) and made.label is not None
    )


@cache
def kinds(options: Options = MIXED) -> dict[str, AuthorLabel]:
    """The authors' labels by author id."""
    return {made.author.id: made.author for made in simulate(options) if made.author}


def groups(rows: Iterable[Labelled], field: str) -> dict[str, list[Labelled]]:
    """Comments by an id in their labels."""
    found = defaultdict(list)
    for comment, label in rows:
        if getattr(label, field) is not None:
            found[getattr(label, field)].append((comment, label))
    return found


def when(comment: Comment) -> datetime:
    """The comment's time."""
    return datetime.fromisoformat(comment.created_at)


def test_same_bytes_everywhere() -> None:
    """The same options give the same bytes on every machine and Python version.

    Whoever changes texts or draws on purpose changes the digest too.
    """
    digest = hashlib.sha256()
    for made in simulate(Options(comments=2_000, authors=300, articles=20)):
        for part in (made.record, made.author, made.label):
            if part is not None:
                digest.update(msgspec.json.encode(part))
    assert "bdc79c3d2b43e8c8a923f2ec9d2ef30d355312913d0c6db8cf87f56fb5decb71" == digest.hexdigest()


def test_other_seed_other_stream() -> None:
    """Another seed shares neither ids nor texts, so that both can go into the same topics."""
    small = Options(comments=200, authors=200)
    one, other = (labelled(msgspec.structs.replace(small, seed=seed)) for seed in (1, 2))
    ids, texts = (
        [{getattr(comment, field) for comment, _ in rows} for rows in (one, other)]
        for field in ("id", "text")
    )
    assert set() == ids[0] & ids[1]
    assert len(texts[0] & texts[1]) < 10


def test_only_what_is_asked_for_is_made() -> None:
    """A stream of any length begins at once: nothing is made before it is taken."""
    endless = Options(comments=10**12, authors=10**9, articles=10**8)
    first = list(islice(simulate(endless), 1_000))
    assert 1_000 == len(first)


def test_stream_is_in_order() -> None:
    """Exactly as many as asked for, by time; an article before its thread, an answered comment
    before its answer and in the same thread.
    """
    articles: dict[str, Article] = {}
    comments: dict[str, Comment] = {}
    last = ""
    for made in simulate(MIXED):
        if isinstance(made.record, Article):
            assert decode_article(encode(made.record)) == made.record
            articles[made.record.id] = made.record
            now = made.record.published_at
        else:
            comment = decode_comment(encode(made.record))
            assert comment == made.record
            assert comment.article_id in articles
            if comment.parent_id:
                assert comment.article_id == comments[comment.parent_id].article_id
            comments[comment.id] = comment
            now = comment.created_at
        assert last <= now
        last = now
    assert (MIXED.comments, MIXED.articles) == (len(comments), len(articles))
    answers = sum(bool(comment.parent_id) for comment in comments.values())
    assert 0.3 < answers / len(comments) < 0.7


def test_authors_are_labelled_once_and_first() -> None:
    """An author's kind is known before the first comment, and behaviours fit kinds."""
    known: dict[str, AuthorLabel] = {}
    for made in simulate(MIXED):
        if made.author:
            assert made.author.id not in known
            known[made.author.id] = made.author
        if made.label:
            kind = known[made.label.author_id].kind
            allowed = {
                "flood": {"flooder"},
                "campaign": {"campaigner"},
                "brigade": {"brigader"},
                "sock_puppet": {"sock_puppet"},
                "provocation": {"provocateur"},
            }.get(made.label.behaviour, HONEST)
            assert kind in allowed
    assert len(known) <= MIXED.authors
    angry = sum(author.kind == "angry" for author in known.values())
    assert 0.02 < angry / len(known) < 0.08


def test_labels_can_be_read_back() -> None:
    """A labels file says which line is a comment's and which an author's."""
    for made in islice(simulate(MIXED), 50):
        for label in (made.author, made.label):
            assert label is None or label == decode_label(msgspec.json.encode(label))


def test_toxic_is_what_insults() -> None:
    """`toxic` is true of a text with an insult in it, and of no other."""
    for comment, label in labelled():
        found = vocabulary().insults & set(re.findall(r"[a-z]+", comment.text.lower()))
        assert bool(found) == label.toxic, comment.text
    assert all(not label.toxic for comment, label in labelled(CALM))


def test_comments_are_about_their_article() -> None:
    """Honest comments use their article's words, more often than another article's."""
    texts = {
        made.record.id: _words(made.record.text)
        for made in simulate(CALM)
        if isinstance(made.record, Article)
    }
    own, others = 0, 0
    for comment, _ in labelled(CALM):
        words = _words(comment.text)
        shared = {article: len(words & text) for article, text in texts.items()}
        own += shared.pop(comment.article_id)
        others += max(shared.values())
    assert others < 0.7 * own


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 4}


@pytest.mark.parametrize("zone", ["+00:00", "+09:00", "-03:30"])
def test_rhythm_of_the_day(zone: str) -> None:
    """Readers sleep at night and write in the evening, where they live."""
    options = msgspec.structs.replace(CALM, start=f"2026-03-02T00:00:00{zone}")
    by_hour = Counter(when(comment).hour for comment, _ in labelled(options))
    expected = [CALM.comments * rate / sum(HOURLY) for rate in HOURLY]
    for hour, count in enumerate(expected):
        # Six standard deviations of a count that is drawn by chance.
        assert abs(by_hour[hour] - count) < 6 * count**0.5


def test_campaigns() -> None:
    """A campaign is one text in at least five accounts' names and under several articles, and no
    copy strays further than the edit rate.
    """
    found = groups(labelled(), "campaign")
    assert MIXED.campaigns + MIXED.sock_puppets == len(found)
    for name, rows in found.items():
        assert 1 < len({comment.article_id for comment, _ in rows})
        if name.startswith("campaign"):
            assert 5 <= len({comment.author_id for comment, _ in rows})
        words = rows[0][0].text.split()
        for comment, _ in rows[1:]:
            others = comment.text.split()
            # Each is at most the rate away from their common text, which is no longer than this.
            longest = min(len(words), len(others)) / (1 - MIXED.edit_rate)
            assert changes(words, others) <= 2 * MIXED.edit_rate * longest


def test_sock_puppets_share_group_and_hours() -> None:
    """One person's accounts have one group and write in the same two hours of the day."""
    for name in ("socks-1", "socks-2"):
        rows = [
            comment
            for comment, label in labelled()
            if label.behaviour == "sock_puppet" and kinds()[label.author_id].group == name
        ]
        assert 3 <= len({comment.author_id for comment in rows})
        hours = Counter(when(comment).hour for comment in rows)
        assert len(rows) == sum(count for _, count in hours.most_common(2))


def test_floods_are_fast() -> None:
    """A flooder posts every few seconds."""
    by_author = defaultdict(list)
    for comment, label in labelled():
        if label.behaviour == "flood":
            by_author[comment.author_id].append(when(comment))
    assert MIXED.flooders == len(by_author)
    for times in by_author.values():
        assert 8 <= len(times)
        assert max(times) - min(times) <= timedelta(seconds=45) * len(times)


def test_brigades_come_from_elsewhere() -> None:
    """A brigade's accounts write nothing else, and come to one article within 90 minutes."""
    found = groups(labelled(), "brigade")
    assert MIXED.brigades == len(found)
    for name, rows in found.items():
        assert 1 == len({comment.article_id for comment, _ in rows})
        assert when(rows[-1][0]) - when(rows[0][0]) <= timedelta(minutes=90)
        authors = {comment.author_id for comment, _ in rows}
        assert {name} == {
            label.brigade for comment, label in labelled() if comment.author_id in authors
        }


def test_flame_wars_heat_up() -> None:
    """A war burns in one thread, begins without insults, is hottest late, and two lead it."""
    found = groups(labelled(), "flame_war")
    assert MIXED.flame_wars == len(found)
    early, late = 0, 0
    for rows in found.values():
        assert 1 == len({comment.article_id for comment, _ in rows})
        toxic = [label.toxic for _, label in rows]
        assert not any(toxic[: len(toxic) // 6])
        early += sum(toxic[: len(toxic) // 2])
        late += sum(toxic[len(toxic) // 2 :])
        loudest = Counter(comment.author_id for comment, _ in rows).most_common(2)
        assert 0.4 * len(rows) < sum(count for _, count in loudest)
        assert {kinds()[comment.author_id].kind for comment, _ in rows} <= HONEST
    assert early < late


def test_provocateurs_go_from_thread_to_thread() -> None:
    """A provocateur never baits twice in a row in one thread, and draws answers in it."""
    published = [made.record for made in simulate(MIXED) if isinstance(made.record, Article)]
    baits = defaultdict(list)
    authors = {}
    for comment, label in labelled():
        if label.behaviour == "provocation":
            baits[comment.author_id].append(comment)
            authors[comment.id] = comment.author_id
        elif label.behaviour == "provoked":
            assert comment.parent_id in authors
    assert MIXED.provocateurs == len(baits)
    for posts in baits.values():
        for one, two in pairwise(posts):
            # With one article there is nowhere else to go.
            if two.created_at > published[1].published_at:
                assert one.article_id != two.article_id


def test_honest_texts_are_no_campaign() -> None:
    """No five honest authors write nearly the same, save where the label says that they repeat
    what everybody does.
    """
    own = [
        (comment, _triples(comment.text)) for comment, label in labelled(CALM) if not label.quotes
    ]
    by_triple: dict[tuple[str, ...], list[int]] = defaultdict(list)
    near: dict[int, set[str]] = defaultdict(set)
    for number, (comment, triples) in enumerate(own):
        shared = Counter(other for triple in triples for other in by_triple[triple])
        for other, count in shared.items():
            if count >= 0.5 * len(triples | own[other][1]):
                near[number].add(own[other][0].author_id)
                near[other].add(comment.author_id)
        for triple in triples:
            by_triple[triple].append(number)
    assert max(map(len, near.values()), default=0) < 4
    assert len({comment.text for comment, _ in own}) > 0.99 * len(own)


def _triples(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return set(zip(words, words[1:], words[2:], strict=False))


def test_what_everybody_repeats_is_labelled() -> None:
    """Copied sentences of the article and "first!" are there, as what is no campaign."""
    articles = {
        made.record.id: made.record.text
        for made in simulate(CALM)
        if isinstance(made.record, Article)
    }
    seen = Counter(label.quotes for _, label in labelled(CALM))
    assert {"article", "saying", "joke", "first", None} == seen.keys()
    for comment, label in labelled(CALM):
        if label.quotes == "article":
            quoted = re.findall(r'"([^"]+)"', comment.text)
            assert any(sentence in articles[comment.article_id] for sentence in quoted)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"comments": 60}, "ask for more comments or fewer episodes"),
        ({"authors": 40}, "ask for more authors or fewer episodes"),
        ({"articles": 0}, "0 articles: at least 1 is needed"),
        ({"angry": 0.7, "sarcastic": 0.7}, "more than 1 together"),
        ({"start": "next Monday"}, "write the start as in 2026"),
        ({"start": "2026-03-02T06:00:00"}, "has no time zone"),
        ({"days": 0.0}, "0 days: give at least"),
    ],
)
def test_options_that_do_not_fit(changed: dict[str, object], message: str) -> None:
    """What cannot be simulated is refused at once, with what to change."""
    with pytest.raises(SettingsError, match=re.escape(message)):
        simulate(msgspec.structs.replace(Options(), **changed))
