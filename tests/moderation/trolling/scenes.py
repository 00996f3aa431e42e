"""Seeded scenes: flooders, calm threads, flame wars, and a fortnight among angry regulars.

The texts are strings of invented words; what matters is who writes when, how hostile, and to whom.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import count
from random import Random
from typing import NamedTuple

import msgspec

from moderation.trolling import author, heat
from moderation.trolling.author import Accused, Answered, AuthorState, Decided, Posted
from moderation.trolling.decay import DAY, HOUR, MINUTE
from moderation.trolling.heat import Said
from moderation.trolling.pseudonym import short_hash
from moderation.trolling.signature import signature
from moderation.trolling.troll import troll

START = 1_764_000_000.0
_VOWELS, _CONSONANTS = "aeiou", "bdfgklmnprst"


def text(rng: Random, words: int) -> str:
    """A text of invented words."""
    return " ".join(
        "".join(rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(rng.randint(1, 4)))
        for _ in range(words)
    )


def edited(rng: Random, original: str, changed: float) -> str:
    """The text with a share of its words exchanged."""
    return " ".join(
        text(rng, 1) if rng.random() < changed else word for word in original.split(" ")
    )


def toxicity(rng: Random, *, hostile: bool) -> float:
    """What a scorer gives: mostly near the ends, and wrong now and then."""
    return rng.betavariate(8, 2) if hostile else rng.betavariate(1.2, 9)


def flooder(rng: Random, kind: str) -> Iterator[Posted]:
    """Twenty comments of somebody who floods.

    `paste`: one text with up to a sixth of its words changed, minutes to an hour apart; `burst`:
    other words each time, a few to forty seconds apart; `advert`: pasted over many articles, off
    the topic, one or two minutes apart.
    """
    at = START + rng.random() * DAY
    original = text(rng, rng.randint(8, 40))
    thread = rng.getrandbits(32)
    for number in range(20):
        if kind == "burst":
            said, thread_now = text(rng, rng.randint(1, 25)), thread
            at += rng.uniform(3, 40)
        elif kind == "paste":
            said, thread_now = edited(rng, original, 0.15), thread + rng.randint(0, 2)
            at += rng.uniform(2 * MINUTE, HOUR)
        else:
            said, thread_now = edited(rng, original, 0.15), thread + number
            at += rng.uniform(MINUTE, 2 * MINUTE)
        yield Posted(
            at=at,
            comment=number,
            thread=thread_now,
            signature=signature(said),
            toxicity=toxicity(rng, hostile=False),
            off_topic=rng.betavariate(8, 2) if kind == "advert" else rng.betavariate(3, 5),
        )


class Scene(NamedTuple):
    """A thread's comments in order, and the ids of those written in hostility."""

    said: list[Said]
    hostile: frozenset[str]


def calm_thread(rng: Random) -> Scene:
    """20 to 150 comments, slow or in a hurry, one in thirty hostile, some talks between two."""
    return _thread(
        rng,
        length=rng.randint(20, 150),
        pause=rng.choice((30.0, 2 * MINUTE, 10 * MINUTE)),
        hostile=lambda _: 1 / 30,
        duelling=rng.uniform(0, 0.4),
    )


def flame_war(rng: Random) -> Scene:
    """A thread that is calm for 5 to 40 comments and then burns for 20 to 60."""
    calm = rng.randint(5, 40)
    most = rng.uniform(0.5, 0.85)

    def hostile(number: int) -> float:
        # The fire takes six comments to spread.
        return 1 / 30 if number < calm else most * min(1.0, (number - calm + 1) / 6)

    return _thread(
        rng,
        length=calm + rng.randint(20, 60),
        pause=rng.choice((20.0, MINUTE, 3 * MINUTE)),
        hostile=hostile,
        duelling=rng.uniform(0.2, 0.7),
    )


def _thread(
    rng: Random,
    *,
    length: int,
    pause: float,
    hostile: Callable[[int], float],
    duelling: float,
) -> Scene:
    at = START + rng.random() * DAY
    people = [rng.getrandbits(32) for _ in range(rng.randint(6, 25))]
    said: list[Said] = []
    angry = set()
    for number in range(length):
        at += rng.expovariate(1 / pause)
        author_now, parent = rng.choice(people), None
        if said and rng.random() < duelling:
            last = said[-1]
            author_now, parent = last.parent_author or author_now, last.author
        elif said and rng.random() < 0.4:
            parent = rng.choice(said).author
        is_hostile = rng.random() < hostile(number)
        comment = f"c-{number}"
        if is_hostile:
            angry.add(comment)
        said.append(
            Said(
                at=at,
                comment=comment,
                author=author_now,
                parent_author=parent,
                toxicity=toxicity(rng, hostile=is_hostile),
            )
        )
    return Scene(said, frozenset(angry))


class _Going:
    """A thread under way."""

    def __init__(self, rng: Random, *, burning: bool) -> None:
        self.article = rng.getrandbits(32)
        self.state = heat.EMPTY
        self.said: list[tuple[int, int | None, str]] = []
        self.lull = rng.randint(3, 15) if burning else 1_000
        """Comments before it burns."""
        self.answered = 0.5 if burning else 0.25
        """How often the last comment is answered by whom it answers."""


class Fortnight:
    """Two weeks of a comment section in which forty of the regulars are honest and angry.

    Of eight threads a day about two are flame wars. The angry are hostile in one of five comments
    in a calm thread and in seven of ten in a burning one; the others in one of thirty and one of
    four. Moderators look at half of what is flagged and reject half of what is hostile there. One
    hostile answer in twenty calls its addressee a troll.
    """

    ANGRY, OTHERS, DAYS = 40, 80, 14

    def __init__(self, seed: int) -> None:
        self._rng = rng = Random(seed)
        self._ids = count()
        self.states: dict[int, AuthorState] = defaultdict(AuthorState)
        self.highest: dict[int, float] = defaultdict(float)
        """The highest `troll` that each author ever had."""
        self._decisions: list[tuple[float, int, int, Decided]] = []
        turns: list[tuple[float, _Going, list[int]]] = []
        for slot in range(self.DAYS * 8):
            burning = rng.random() < 0.25
            people = rng.sample(range(self.ANGRY), 8 if burning else 5)
            people += rng.sample(range(self.ANGRY, self.ANGRY + self.OTHERS), 8 if burning else 12)
            going = _Going(rng, burning=burning)
            at = START + slot * 3 * HOUR + rng.random() * HOUR
            for _ in range(rng.randint(30, 80)):
                at += rng.expovariate(1 / (35.0 if burning else 3 * MINUTE))
                turns.append((at, going, people))
        for at, going, people in sorted(turns, key=lambda turn: turn[0]):
            self._decide_until(at)
            self._turn(at, going, people)

    def of_the_angry(self) -> list[float]:
        """The highest `troll` of each angry regular."""
        return [self.highest[each] for each in range(self.ANGRY)]

    def of_the_others(self) -> list[float]:
        """The highest `troll` of each other regular."""
        return [self.highest[each] for each in range(self.ANGRY, self.ANGRY + self.OTHERS)]

    def _turn(self, at: float, going: _Going, people: list[int]) -> None:
        """Somebody writes a comment."""
        rng = self._rng
        who, whom, answered = rng.choice(people), None, ""
        if going.said and rng.random() < going.answered:
            whom, back, answered = going.said[-1]
            who = who if back is None else back
        elif going.said and rng.random() < 0.4:
            whom, _, answered = rng.choice(going.said)
        if whom == who:
            whom = None
        fire, angry = len(going.said) >= going.lull, who < self.ANGRY
        chance = (0.7 if fire else 0.2) if angry else (0.25 if fire else 1 / 30)
        score = toxicity(rng, hostile=rng.random() < chance)
        comment = f"c-{next(self._ids)}"
        self._post(at, going, comment, who=who, whom=whom, score=score)
        if whom is not None:
            before = heat.heat_before(going.state, answered) or 0.0
            self._event(
                whom,
                Answered(at=at, replier=who, thread=going.article, toxicity=score, heat=before),
            )
            if score >= 0.7 and rng.random() < 0.05:
                self._event(whom, Accused(at=at, accuser=who))
        said = Said(at=at, comment=comment, author=who, parent_author=whom, toxicity=score)
        going.state = heat.applied(going.state, said)
        going.said.append((who, whom, comment))

    def _post(
        self, at: float, going: _Going, comment: str, *, who: int, whom: int | None, score: float
    ) -> None:
        rng = self._rng
        posted = Posted(
            at=at,
            comment=short_hash(comment),
            thread=going.article,
            signature=signature(text(rng, rng.randint(3, 30))),
            toxicity=score,
            off_topic=rng.betavariate(2, 5),
            flagged=score >= 0.7 or rng.random() < 0.08,
            heat=heat.heat(going.state, at).score,
            parent_author=whom,
        )
        self._event(who, posted)
        if rng.random() < 0.01:
            # A slow connection sends it twice.
            twice = {"at": at + 4, "comment": posted.comment ^ 1}
            self._event(who, msgspec.structs.replace(posted, **twice))
        if posted.flagged and rng.random() < 0.5:
            approved = not (score >= 0.7 and rng.random() < 0.5)
            later = at + rng.uniform(HOUR, 6 * HOUR)
            decided = Decided(at=later, approved=approved, heat=posted.heat)
            heapq.heappush(self._decisions, (later, posted.comment, who, decided))

    def _decide_until(self, now: float) -> None:
        while self._decisions and self._decisions[0][0] <= now:
            *_, who, decided = heapq.heappop(self._decisions)
            self._event(who, decided)

    def _event(self, who: int, event: author.Event) -> None:
        self.states[who] = author.applied(self.states[who], event)
        self.highest[who] = max(self.highest[who], troll(self.states[who], event.at).score)
