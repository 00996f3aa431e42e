"""Comments of our own making: ordinary ones, and campaigns that copy one text with changes."""

import random
from typing import Final, NamedTuple

from moderation.trolling.campaigns import Member

_OPENINGS: Final = (
    """
as far as I can tell|yesterday|my neighbour swears that|if you ask me
whatever the paper says|honestly|after forty years in this town|nobody will admit it but
to be fair|last winter|from what I hear|speaking as a nurse|let me get this straight
correct me if I am wrong|every single spring|before dawn|with all due respect
judging by the photographs|for the third year running|unless I missed it|walking home
at the meeting|according to my plumber|since the flood|on paper at least|sadly
when the wind turns north|between you and me|I am told that|it turns out|years ago
once again
""".strip()
    .replace("\n", "|")
    .split("|")
)
_WHO: Final = """
mayor harbourmaster consultant surveyor captain developer clerk brigade engineer teacher
landlord minister auditor keeper banker priest farmer contractor orchestra tenant ombudsman
architect plumber editor union insurer judge porter sergeant tourist cousin carpenter
regulator pensioner councillor widow student driver baker fisherman doctor gardener
librarian goalkeeper violinist notary beekeeper
""".split()
_HOW: Final = """
new retired honest careless stubborn cheerful nervous local famous underpaid forgotten
patient brave lazy clever bankrupt generous angry modest foreign elderly reckless silent
experienced puzzled proud tired loyal corrupt sleepy polite anonymous ambitious gloomy
talkative unlucky careful rude
""".split()
_DID: Final = """
promised painted closed raised sold counted fixed cancelled ignored rented planted lost
signed bought hired measured refused moved drained repaired blocked rewrote defended opened
invited doubled buried explained delivered tested borrowed polished welcomed towed replaced
recorded shared insulted praised mended photographed inherited demolished renamed auctioned
flooded insured inspected mapped
""".split()
_WHAT: Final = """
bridge steel toilets fees meadow votes roof ferry warnings pavilion lime-trees archive
contract plough noise invoices market millpond clock skips regulations almshouse sluice
library berth report chestnuts budget statue refugees van pavement gravel profits tramway
lighthouse quarry sewage umbrella subsidy pension hospital playground cemetery railings
cobbles chimney orchard tunnel brewery greenhouse pier warehouse fountain allotment
bandstand crossing vicarage reservoir windmill boathouse footpath
""".split()
_JOINTS: Final = "and|but|so|because|while|although|until|whereas|which is why".split("|")
_TAILS: Final = (
    """
in the rain|without asking anyone|for nine million crowns|behind closed doors|on a Sunday
by mistake|before the deadline|for a relative|with a straight face|in my street|out of spite
at midnight|next to the station|during the holidays|after two glasses of wine
for the cameras|as usual|in March|against all advice|with borrowed money|under the old law
for once|near Hallstead|on the motorway
""".strip()
    .replace("\n", "|")
    .split("|")
)
_VOCABULARY: Final = sorted(
    {
        *_WHO,
        *_HOW,
        *_DID,
        *_WHAT,
        *(word for part in (_OPENINGS, _TAILS) for each in part for word in each.split()),
    }
)


class Comment(NamedTuple):
    """A comment and the truth about it."""

    member: Member
    text: str
    campaign: str
    """Name of the campaign that it was planted for; empty for an ordinary one."""
    rate: float = 0.0
    """Share of the words that were changed."""


def ordinary_text(chance: random.Random, length: int) -> str:
    """A text of `length` words, made of sentences like those in a thread about a small town."""
    made: list[str] = []
    while len(made) < length:
        sentence = _clause(chance)
        if chance.random() < 0.4:
            sentence = f"{chance.choice(_OPENINGS)} {sentence}"
        if chance.random() < 0.4:
            sentence += f" {chance.choice(_JOINTS)} {_clause(chance)}"
        if chance.random() < 0.4:
            sentence += f" {chance.choice(_TAILS)}"
        made += f"{sentence[:1].upper()}{sentence[1:]}.".split()
    return " ".join(made[:length])


def _clause(chance: random.Random) -> str:
    who = (
        f"{chance.choice(('the', 'our', 'that', 'a'))} {chance.choice(_HOW)} {chance.choice(_WHO)}"
    )
    what = f"{chance.choice(('the', 'our', 'half the', 'every'))} {chance.choice(_WHAT)}"
    return f"{who} {chance.choice(_DID)} {what}"


def changed(chance: random.Random, text: str, rate: float) -> str:
    """The text with a share of its words, rounded, exchanged, dropped, or another one added."""
    words = text.split()
    for place in chance.sample(range(len(words)), round(rate * len(words))):
        kind = chance.random()
        other = chance.choice(_VOCABULARY)
        if kind < 0.5:
            words[place] = other
        elif kind < 0.75:
            words[place] = ""
        else:
            words[place] += f" {other}"
    return " ".join(word for word in words if word)


def traffic(
    seed: int,
    *,
    ordinary: int,
    campaigns: int,
    rates: tuple[float, ...],
    lengths: tuple[int, int] = (12, 80),
    sizes: tuple[int, int] = (5, 12),
    hours: float = 12.0,
) -> list[Comment]:
    """A day of comments in the order of their time: ordinary ones with campaigns among them.

    Each campaign has one of `rates` for all of its copies, of `sizes` members (least, most) by as
    many authors, in three articles; nobody posts the text unchanged unless the rate is 0.
    """
    chance = random.Random(seed)
    made: list[Comment] = []

    def add(text: str, author: int, campaign: str, rate: float) -> None:
        name = f"c{len(made)}#0"
        article = f"a{chance.randrange(3 if campaign else 40)}"
        at = 1_000_000.0 + chance.uniform(0, hours * 3_600)
        made.append(Comment(Member(name, author, article, at), text, campaign, rate))

    for _ in range(ordinary):
        add(ordinary_text(chance, chance.randint(*lengths)), chance.randrange(ordinary), "", 0.0)
    for number in range(campaigns):
        rate = rates[number % len(rates)]
        text = ordinary_text(chance, chance.randint(*lengths))
        for member in range(chance.randint(*sizes)):
            author = 1_000_000 + 1_000 * number + member
            add(changed(chance, text, rate), author, f"{number}", rate)
    return sorted(made, key=lambda comment: comment.member.origin)
