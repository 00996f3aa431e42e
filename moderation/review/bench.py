"""Measure the queue on a database of yours: `python -m moderation.review.bench URL`.

Takes seeded items in, then lets moderators work as threads of one process, as they do behind one
console: each claims the next item, decides it, and waits a moment.
"""

import argparse
import concurrent.futures
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from moderation.records import Context, Judged, Reason, Source
from moderation.review.actions import Choice
from moderation.review.decisions import decide
from moderation.review.intake import take_in
from moderation.review.queue import Filters, claim_next, count
from moderation.review.rules import Person
from moderation.review.store import Store
from moderation.scoring.protocol import Span

_WORDS: Final = (
    "bridge lorry council ferry school budget vote mayor harbour span rust survey night convoy "
    "people nobody somebody always never again idiot fool medal brilliant really money road"
).split()
_CODES: Final = ("toxicity", "insult", "sarcasm", "off_topic_joke", "threat", "obscene", "evasion")
_SECTIONS: Final = ("local", "sports", "politics", "culture")
_BATCH: Final = 500
_P95: Final = 0.95


def judged(number: int, draw: random.Random) -> Judged:
    """A made-up flagged comment, 30 words long."""
    scores = {code: round(draw.random(), 4) for code in _CODES}
    codes = draw.sample(_CODES, draw.choice((1, 1, 1, 2, 3)))
    return Judged(
        id=f"c{number}",
        item_id=f"c{number}#0",
        article_id=f"a{draw.randrange(2_000)}",
        author_id=f"u{draw.randrange(50_000)}",
        author_name=f"Reader {number % 50_000}",
        text=" ".join(draw.choices(_WORDS, k=30)) + f" {number}",
        section=draw.choice(_SECTIONS),
        scores=scores,
        decision="review",
        reasons=[
            Reason(code, scores[code], 0.5, "Hostile or hurtful: \u201cidiot\u201d")
            for code in codes
        ],
        evidence=[Span(0, 6, code) for code in codes],
        priority=round(draw.uniform(0.05, 1), 4),
        models={"toxicity": "builtin-1", "sarcasm": "sarcasm-1", "off_topic": "off_topic-1"},
        policy="default-b0f3f247",
        context=Context("present", "none", 5),
        source=Source("comments", number % 4, number),
        arrived_at=1_790_000_000.0 + number / 10,
        judged_at="2026-09-21T13:46:40.000+00:00",
    )


def fill(store: Store, items: int, say: Callable[[str], None]) -> float:
    """Take items in, in batches as the reader of the topic does; items a second."""
    draw = random.Random(7)  # noqa: S311 - seeded chance, not secrets
    spent = 0.0
    for start in range(0, items, _BATCH):
        batch = [judged(number, draw) for number in range(start, min(start + _BATCH, items))]
        began = time.perf_counter()
        take_in(store, batch)
        spent += time.perf_counter() - began
        if start and start % 50_000 == 0:
            say(f"{start:,} items, {start / spent:,.0f}/s")
    return items / spent


def work(
    store: Store, *, moderators: int, seconds: float, pause: float, filters: Filters | None = None
) -> tuple[list[float], list[float]]:
    """Let people work; the seconds that each next item and each decision took."""

    def one(number: int) -> Iterator[tuple[float, float]]:
        person = Person(f"moderator-{number}")
        draw = random.Random(number)  # noqa: S311 - as above
        end = time.monotonic() + seconds
        time.sleep(draw.random() * pause)
        while time.monotonic() < end:
            began = time.perf_counter()
            item = claim_next(store, person, filters)
            claimed = time.perf_counter()
            if item is None:
                return
            choice = Choice(
                comment_id=item.id,
                version=item.version,
                action="reject",
                reason="insult",
                despite_precedent=True,
            )
            decide(store, person, choice)
            yield claimed - began, time.perf_counter() - claimed
            time.sleep(pause * draw.uniform(0.5, 1.5))

    with concurrent.futures.ThreadPoolExecutor(moderators) as pool:
        found = [
            pair for pairs in pool.map(lambda n: list(one(n)), range(moderators)) for pair in pairs
        ]
    return [pair[0] for pair in found], [pair[1] for pair in found]


def _figures(name: str, times: list[float]) -> str:
    ordered = sorted(times)
    p95 = ordered[int(_P95 * (len(ordered) - 1))]
    return (
        f"{name}: p50 {statistics.median(ordered) * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms, "
        f"most {ordered[-1] * 1000:.1f} ms, {len(ordered):,} times"
    )


def main() -> None:
    """Fill, work, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--moderators", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pause", type=float, default=1.0, help="Mean pause between decisions.")
    parser.add_argument("--reason", default="", help="Work on one reason alone.")
    options = parser.parse_args()

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    store = Store(options.url)
    here = count(store, most=options.items)
    if here < options.items:
        say(f"intake: {fill(store, options.items, say):,.0f} items/s")
    filters = Filters(reason=options.reason)
    claims, decisions = work(
        store,
        moderators=options.moderators,
        seconds=options.seconds,
        pause=options.pause,
        filters=filters,
    )
    say(f"{options.moderators} moderators over {options.items:,} items")
    say(_figures("next item", claims))
    say(_figures("decision", decisions))


if __name__ == "__main__":
    main()
