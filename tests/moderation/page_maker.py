"""Makes saved pages whose authors are known, to measure how well `moderation.pages` finds them.

Everything follows from the seed. The styles of nickname are in two groups: the evidence's weights
were set on pages with the first only, so the second shows how they do on names of other shapes.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from moderation.pages import Page, PageArticle, PageComment, Quote

_FIRST = "Ada Bjorn Celia Dmitri Elif Farid Greta Hugo Ines Jonas Kiri Lars Mina Noor Otto".split()
_LAST = "Amsel Brandt Castell Dorn Ekberg Falk Grimaldi Holt Iversen Jarvis Kestrel Lund".split()
_NOUN = "otter kettle lantern harbour pigeon comet turnip walrus bramble ferry badger tram".split()
_TALE = "Wandering Quiet Rusty Northern Sleepy Iron Golden Crooked Salty Last".split()

SEEN_STYLES: dict[str, Sequence[str]] = {
    "plain": [f"{first} {last}" for first in _FIRST for last in _LAST],
    "one word": [*_FIRST, *_NOUN, *(noun.capitalize() for noun in _NOUN)],
    "glued": [f"{a}{b.capitalize()}" for a in _TALE for b in _NOUN],
    "digits": [f"{noun}{n}" for n in (7, 42, 77, 1984, 2020) for noun in (*_NOUN, *_FIRST)],
    "the": [f"The {a} {b.capitalize()}" for a in _TALE for b in _NOUN],
    "title": [f"{t} {last}" for t in ("Mr", "Dr.", "Captain", "Auntie") for last in _LAST],
    "bang": [f"{word.capitalize()}!" for word in (*_NOUN, *_LAST)],
    "fragment": [
        "Do the washing up",
        "In my humble kitchen",
        "mind the gap",
        "out of milk",
        "somewhere over the tram",
        "Waiting for the bus",
        "left at the lights",
        "two left feet",
        "Just passing through",
        "back of the queue",
        "Not a morning person",
        "Nothing to see",
        "On second thoughts",
        "a bit of a pickle",
    ],
    "asks": [
        "Really now?",
        "Are we there yet?",
        "Who ate my soup?",
        "What else?",
        "Is this thing on?",
        "Why though?",
    ],
    "full stop": ["Just saying.", "Moving on.", "The end.", "No more soup.", "Otto K."],
    "capitals": ["KRAKEN", "BIG TED", "RJH", "OLD SALT", "NINA", "HGV DRIVER", "ZZ"],
}
HELD_OUT_STYLES: dict[str, Sequence[str]] = {
    "sentence": [
        "Not so fast.",
        "I was told.",
        "It's complicated.",
        "Nobody asked.",
        "You heard me.",
        "That's enough.",
        "So it goes.",
        "We'll see.",
        "Time will tell.",
        "Well, well.",
    ],
    "comma": ["Who, me?", "Come on, really?", "Janet, Quay Street", "Smith, J.", "No, thanks"],
    "starts with digits": ["1glenn", "2020hindsight", "3rd time lucky", "4 pints", "99 problems"],
    "numbers": ["3.14", "1066", "007", "20-20"],
    "leet": ["M3M3M3", "i@n", "x_x", "__init__", "r00fl3ss", "k8te", "so_what", "a.b.c"],
    "scripts": ["日本人", "Öl & Essig", "Жанна", "Σωκράτης", "서울사람", "Łukasz Ż"],
    "marks": ["…", "☕☕", "🦊", "¯\\_(ツ)_/¯", "*", "-J-", "~tilde~"],
    "ordinal": ["Otto the 3rd", "Zoltan von Quark the 2nd", "Hello Teacup 321", "Area 52"],
    "hyphen": ["Jo-San", "out-of-towner", "Half-Pint", "know-it-all"],
    "exclaims": ["What a joke!", "Oh no!", "Hands off my bins!", "Here we go again!", "Yay!!"],
    "common word": ["no", "Maybe", "speed", "Nobody", "someone else", "Me again", "Anyone"],
}

_TOPIC = "bridge tunnel tram ferry market library pool harbour stadium road".split()
_WHO = "council mayor ministry company port authority government union board".split()
_SHORT = (
    "They never learn.",
    "Good luck with that",
    "Says who?",
    "As if!",
    "Ha! The {who} again.",
    "Keep the {topic}.",
    "No {topic}, no vote.",
    "Close it.",
    "Twice the price...",
    "{n} million!",
    "What {topic}?",
    "Told you so.",
    "Not true.",
    "Blame the {who}",
    "Yes, please.",
    "I doubt it.",
    "Why not both?",
    "Fair point",
    "Sad news.",
    "Poor {who}",
    "Agreed.",
    "Who cares?",
    "lol",
    "Nonsense.",
    "Good.",
    "About time",
    "No surprise there.",
    "Well said {name}",
    "Exactly!",
    "Here we go again...",
    "Same old story",
    "This.",
    "And who pays?",
    "Hear, hear!",
    "Follow the money.",
    "Not in my lifetime",
    "@{name} you wish.",
    "Could not agree more, {name}.",
)
_MEDIUM = (
    "The {who} should have thought about the {topic} before they spent it all.",
    "I used the {topic} every day for {n} years and never once had a problem.",
    "Wait until the bill for the {topic} comes in, then we'll see who is laughing",
    "{name}, you forget that the {who} promised the same thing {n} years ago.",
    "My neighbour works for the {who}. He says nobody asked them about the {topic}.",
    "Why does it always take {n} months to repair a {topic} in this town?",
    "With respect to {name}, the {topic} was never meant to turn a profit.",
    "They said this in the spring, and in the summer, and here we are.",
    "Does anyone know if the {topic} stays open on Sundays?",
    "First the {topic}, next the {topic2}. Mark my words!",
)
_LONG = (
    "What strikes me is that the {who} knew about the {topic} all along; it was in the report of "
    "{n} pages that nobody opened, and now everybody acts surprised when the {topic2} goes too.",
    "People forget how it was before the {topic}. We waited {n} minutes in the rain, twice a day, "
    "and the {who} told us to be patient. I would not go back to that for any money.",
    "I don't usually defend the {who}, but look at the numbers for once: {n} million for a "
    "{topic} that serves the whole county is less than the {topic2} cost us last year alone.",
)
_NEWS = (
    "The {who} said on Monday that the {topic} would close for {n} weeks while engineers examine "
    "the damage that was found during a routine inspection earlier this month.",
    "A spokesman declined to say how much the work on the {topic} would cost, but documents seen "
    "by this newspaper put the figure at {n} million, nearly twice the first estimate.",
    'Residents reacted with anger. "They told us it was safe," said a shopkeeper who has worked '
    "beside the {topic} for {n} years and who fears for her trade if the {topic2} closes too.",
    "The {who} is expected to vote on the plan next week, after a hearing that drew {n} people.",
    "A decision on the {topic2} has been put off until the autumn.",
)
_CREDITS = ("© KYODO", "© 2021 AFP", "© The Wexmouth Post", "© Copyright 2021 The Coast Press.")
_TITLES = ("Town's oldest {topic} to close for repairs", "{who} under fire over {topic} costs")
_WHENS = (
    "Today 04:24 pm JST",
    "June 2, 2021 07:11 am JST",
    "Yesterday 11:02 pm JST",
    "Today 4:24 pm",
    "3 hours ago",
)


class MadePage(NamedTuple):
    """A page as saved, and what a perfect reader would make of it."""

    text: str
    page: Page


def make_page(
    seed: int,
    styles: dict[str, Sequence[str]],
    *,
    strange: float = 0.5,
    texts: Sequence[Sequence[str]] = (),
    articles: Sequence[Sequence[str]] = (),
) -> MadePage:
    """Make a page whose authors are partly (`strange`) of the given styles, the rest plain.

    Comments and articles are made up, or drawn from `texts` and `articles` where given.
    """
    rng = random.Random(seed)
    article = _article(rng, articles)
    names: list[str] = []
    while len(names) < rng.randint(3, 14):
        style = rng.choice(list(styles)) if rng.random() < strange else None
        pool = styles[style] if style else SEEN_STYLES[rng.choice(["plain", "one word", "glued"])]
        if (name := rng.choice(pool)) not in names:
            names.append(name)
    comments: list[PageComment] = []
    lines: list[str] = []
    for _ in range(rng.randint(1, 20)):
        author = rng.choice([name for name in names if not lines or comments[-1].author != name])
        own = _comment(rng, names, texts)
        quotes = None
        lines.append(author)
        if comments and rng.random() < 0.15:
            quoted = rng.choice(comments)
            repeated = quoted.text.split("\n")[: rng.randint(0, 2)]
            if own[0] not in quoted.text:
                quotes = Quote(quoted.author, "\n".join(repeated))
                lines += [f"{quoted.author}{rng.choice(_WHENS)}", *repeated]
        elif rng.random() < 0.1:
            own = [f'"{rng.choice(article.paragraphs)}"', *own]
        lines += own
        comments.append(PageComment(author, "\n".join(own), quotes))
    top = f" date {article.date} " if article.date else ""
    head = f"{top}{article.title}\n" if article.title else top
    body = "\n".join(article.paragraphs) + rng.choice(["", "\n"] if article.credit else [""])
    text = "\n".join([f"{head}{body}{article.credit}", *lines])
    return MadePage(text, Page(article, comments))


def _article(rng: random.Random, articles: Sequence[Sequence[str]]) -> PageArticle:
    if articles:
        paragraphs = list(rng.choice(articles))
    else:
        paragraphs = [_fill(rng, part) for part in rng.choices(_NEWS[:3], k=rng.randint(1, 4))]
        paragraphs += [_fill(rng, part) for part in rng.sample(_NEWS[3:], k=rng.randint(0, 2))]
    return PageArticle(
        date="2021-06-01" if rng.random() < 0.9 else "",
        title=_fill(rng, rng.choice(_TITLES)) if rng.random() < 0.3 else "",
        paragraphs=paragraphs,
        credit=rng.choice(_CREDITS) if rng.random() < 0.7 else "",
    )


def _comment(rng: random.Random, names: Sequence[str], texts: Sequence[Sequence[str]]) -> list[str]:
    if texts:
        return list(rng.choice(texts))
    count = rng.choices((1, 2, 3, 5), weights=(60, 25, 10, 5))[0]
    kinds = rng.choices((_SHORT, _MEDIUM, _LONG), weights=(20, 50, 30), k=count)
    return [_fill(rng, rng.choice(kind), rng.choice(names)) for kind in kinds]


def _fill(rng: random.Random, form: str, name: str = "") -> str:
    topic, topic2 = rng.sample(_TOPIC, k=2)
    return form.format(
        name=name, who=rng.choice(_WHO), n=rng.randint(2, 90), topic=topic, topic2=topic2
    )
