"""Comments and decisions whose every consequence for the state depends on their order by key alone.

What crosses from one partition to another has no order, so a run may differ from the next in what
depends on it. Such things are left out here, and each is named:

- Who answers is never answered, since how much a comment counts for an author's pace depends on
  whether an answer to him, which comes by another topic, was there before it.
- Decisions come when the comments have been judged, since a rejection heats the thread for the
  comments behind it, and on threads in which nobody is hostile, since which of several rejections
  tips a thread depends on which of them came first.
- No author repeats himself, since which of his texts are still known when one comes again depends
  on which of the others came before it, and they may come from several partitions.
- No author does more than a state has room for.
"""

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from moderation.records import Anchor, Decided, Source, encode
from moderation.trolling.signature import ALIKE, Signature, signature, similarity
from tests.moderation.trolling.campaign_texts import changed, ordinary_text

ARTICLES: Final = 40
_CALM_FROM: Final = 20
"""The article from which on nobody is hostile."""
_STEP: Final = 0.2
"""Seconds between two comments."""


class Stamped(NamedTuple):
    """A record to send, with the time at which it came to Kafka."""

    key: str
    value: str
    at: float


def comments(
    count: int, *, begin: float, seed: int = 5, name: str = "c", earlier: Sequence[Stamped] = ()
) -> list[Stamped]:
    """Comments of 320 authors, with answers, accusations, campaigns, a flame war and edits."""
    chance = random.Random(seed)
    told: list[tuple[str, str, str]] = []
    campaigns: dict[int, str] = {}
    own = _signatures(earlier)
    made = []
    for number in range(count):
        chosen = chance.random()
        comment, article = f"{name}{number}", f"a{chance.randrange(ARTICLES)}"
        text, parent, revision = ordinary_text(chance, chance.randint(25, 40)), "", 0
        prefix = ""
        author = f"p{chance.randrange(200)}"
        if chosen < 0.1:
            # A copy of one of fifteen texts, with a few words changed.
            campaign = chance.randrange(15)
            original = campaigns.setdefault(campaign, ordinary_text(chance, 30))
            author, text = f"s{campaign}-{number}", changed(chance, original, 0.08)
        elif chosen < 0.13 and told:
            comment, article, author = chance.choice(told[-200:])
            revision = 1
        elif chosen < 0.5 and told:
            parent, article, _ = chance.choice(told[-200:])
            author = f"r{chance.randrange(120)}"
            if chance.random() < 0.1:
                prefix = "You are nothing but a paid troll. "
            elif chance.random() < 0.3 and not _is_calm(article):
                prefix = "What an idiot. "
        elif chosen < 0.6:
            article = f"a{chance.randrange(2)}"
            prefix = "Only an idiot says so. "
        while any(similarity(signature(prefix + text), each) >= ALIKE for each in own[author]):
            text = ordinary_text(chance, chance.randint(25, 40))
        own[author].append(signature(prefix + text))
        if not parent and not revision:
            told.append((comment, article, author))
        value = {
            "schema": 1,
            "id": comment,
            "article_id": article,
            "author_id": author,
            "text": prefix + text,
            "parent_id": parent,
            "revision": revision,
            "author_since": "2020-01-01T00:00:00Z",
        }
        made.append(Stamped(article, json.dumps(value), begin + number * _STEP))
    return made


def _is_calm(article_id: str) -> bool:
    return int(article_id[1:]) >= _CALM_FROM


def _signatures(said: Sequence[Stamped]) -> defaultdict[str, list[Signature]]:
    """Of each author's texts."""
    found: defaultdict[str, list[Signature]] = defaultdict(list)
    for record in said:
        comment = json.loads(record.value)
        found[comment["author_id"]].append(signature(comment["text"]))
    return found


def decisions(
    judged: Sequence[Stamped], sources: dict[str, Source], *, begin: float, seed: int = 6
) -> list[Stamped]:
    """Decisions on comments in calm threads; a third of them are taken back or turned."""
    chance = random.Random(seed)
    made: list[Stamped] = []

    def decide(comment: dict[str, str], decision: str, takes_back: str = "") -> str:
        number = len(made)
        name = f"d{number}"
        record = Decided(
            decision_id=name,
            id=comment["id"],
            item_id=f"{comment['id']}#0",
            revision=0,
            article_id=comment["article_id"],
            author_id=comment["author_id"],
            decision=decision,  # type: ignore[arg-type]
            moderator="m",
            decided_at="2026-01-01T00:00:00Z",
            heat_before=chance.choice([None, 0.1, 0.5]),
            source=sources[comment["id"]],
            takes_back=takes_back,
            log=Anchor(number, "0"),
        )
        made.append(Stamped(comment["author_id"], encode(record).decode(), begin + number * _STEP))
        return name

    calm = [json.loads(each.value) for each in judged]
    calm = [each for each in calm if _is_calm(each["article_id"])]
    calm = [each for each in calm if each["author_id"][0] == "p" and not each["revision"]]
    for comment in chance.sample(calm, 120):
        first = decide(comment, chance.choice(["approve", "reject", "ban_suggest"]))
        if chance.random() < 0.35:
            decide(comment, chance.choice(["reopen", "approve", "reject"]), first)
    return made
