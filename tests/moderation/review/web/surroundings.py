"""A queue with campaigns, hot threads and decisions in it, and the pages over it."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from moderation.review import campaigns, threads
from moderation.review.actions import Choice
from moderation.review.decisions import decide
from moderation.review.intake import take_in
from moderation.review.models import Action
from moderation.review.queue import claim_next
from moderation.review.rules import Person
from moderation.review.taking_back import reopen, undo
from moderation.trolling.campaigns import CampaignRecord
from moderation.trolling.heat import HeatRecord
from moderation.trolling.logistic import Contribution
from tests.moderation.review.desk import ANNA, BEN, LEAD, START, Desk
from tests.moderation.review.web.samples import CAMPAIGN, samples

_COPIED = (
    "The mayor sold our bridge to a friend and every child in this town knows who cashed the "
    "cheque. Share before it is deleted!"
)


def furnish(desk: Desk, said: str = "") -> None:
    """Fill a queue so that every page has something of everything; `said` stands in all texts."""
    store = desk.store
    desk.time = START + 40 * 86_400
    now = desk.time
    take_in(store, samples(now))
    _decided(desk, said)
    # A lead's waiting item, an old one, and those of the campaign.
    desk.add("escalated", text=said or "Who guards the guards?", arrived_at=now - 9_000)
    desk.decide("escalated", "escalate")
    names = [f"voice-{number}#0" for number in range(6)]
    campaigns.take_in(
        store,
        [
            CampaignRecord(
                id=CAMPAIGN,
                comments=312,
                authors=41,
                articles=9,
                exact=False,
                first_seen=now - 30_000,
                last_seen=now - 600,
                text=said or _COPIED,
                varying=[["mayor", "council", "engineers"], ["", said or "really"]],
                article_ids=["a1", said or "a2"],
                joined=names,
            ),
            CampaignRecord(id="older#0", merged_into=CAMPAIGN),
            CampaignRecord(
                id=said or "quiet#1",
                comments=5,
                authors=5,
                articles=5,
                first_seen=now - 90_000,
                last_seen=now - 80_000,
                text="Vote for the bridge on Sunday",
            ),
        ],
    )
    threads.take_in(store, _heats(now, said))


def _decided(desk: Desk, said: str) -> None:
    """Decisions of five weeks, some of them looked at again, undone or opened again."""
    now = desk.time
    draw = random.Random(4)
    people = (ANNA, BEN, Person("carla"), Person("dimitri"))
    codes = ("insult", "toxicity", "sarcasm", "off_topic_joke", "threat")
    made: dict[str, Action] = {}
    for number in range(160):
        desk.time = now - 86_400 * 30 + number * 15_000
        code = draw.choice(codes)
        name = f"past-{number}"
        desk.add(
            name,
            reasons={code: 0.8},
            arrived_at=desk.time - draw.uniform(60, 20_000),
            section=draw.choice(("local", "sports", "politics")),
            author_id=f"past-{number % 9}",
            author_name=said or "Walker",
        )
        desk.luck = 0.0 if number % 3 else 0.999
        person = draw.choice(people)
        action: Action = "reject" if draw.random() < 0.7 else "approve"
        made[name] = action
        fields: dict[str, Any] = (
            {"reason": code, "note": said or "See rule 4."} if action == "reject" else {}
        )
        receipt = desk.decide(name, action, person=person, **fields)
        if number == 150:
            undo(desk.store, person, receipt.decision_id)
        if number == 151:
            reopen(desk.store, LEAD, name)
        desk.luck = 0.3
        if number % 3:
            _look_again(desk, draw, [one for one in people if one != person], made)
    desk.time = now
    desk.luck = 0.999


def _look_again(
    desk: Desk, draw: random.Random, people: Sequence[Person], made: Mapping[str, Action]
) -> None:
    """Somebody else decides the same, mostly."""
    person = draw.choice(people)
    item = claim_next(desk.store, person)
    if item is None:
        return
    rejects = (made[item.id] == "reject") == (draw.random() < 0.85)
    choice = Choice(
        comment_id=item.id,
        version=item.version,
        action="reject" if rejects else "approve",
        reason="insult" if rejects else "",
        despite_precedent=True,
    )
    decide(desk.store, person, choice)


def _heats(now: float, said: str) -> list[HeatRecord]:
    hostile = Contribution("level", 4.0, said or "7 of the last 10 comments hostile")
    fast = Contribution("speed", 0.8, "2.4 replies a minute")
    rising = [
        HeatRecord(
            article_id=said or "a1",
            heat=min(0.93, 0.05 + 0.0006 * step**2),
            tipped="ferryman" if step > 28 else "",
            contributions=[hostile, fast],
            at=now - 4_000 + step * 100,
        )
        for step in range(40)
    ]
    return [
        *rising,
        HeatRecord(article_id="a2", heat=0.41, contributions=[fast], at=now - 5_000),
        HeatRecord(
            article_id="market-hall", heat=0.66, tipped="gone", contributions=[], at=now - 900
        ),
    ]
