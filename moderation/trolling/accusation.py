"""Whether a comment calls the author that it answers a troll.

Mihaylov, Georgiev and Nakov (2015, "Finding Opinion Manipulation Trolls in News Community Forums")
take an author whom several others call a troll for one, and tell such authors from others with
82 to 95 % accuracy. One accusation proves nothing: it is an insult like others, so accusers are
counted, not accusations.

English only. What is looked for is speech to the person or about the person in the thread; comments
that speak of trolls, bots or shills as a subject, deny being one, or quote somebody are left out.
"""

import re
from typing import Final

from moderation.text import blank, fold, quotations

_NOUN: Final = r"(?:trolls?|bots?|shills?|troll[- ]?bots?|sock[- ]?puppets?)"
_KIND: Final = r"(?:(?!not\b|no\b|never\b)[\w'-]+\s+){0,4}?"
"""Words that may stand before the noun: "a paid Kremlin", "just another boring"."""

_SCORN: Final = (
    "absolute|complete|utter|total|pathetic|sad|silly|stupid|little|boring|tiresome|lazy|paid"
    "|professional|russian|kremlin|chinese|party|damn|bloody|fucking|effing"
)
_ONE: Final = r"(?:troll|bot|shill|sock[- ]?puppet)"

_ACCUSATIONS: Final = re.compile(
    "|".join(
        (
            # To the person: "you are nothing but a paid troll", "are you a bot?"
            rf"\b(?:you are|you're|youre|ur|u r|you sound like|you must be)\s+{_KIND}{_NOUN}\b",
            rf"\b(?:are you|r u)\s+(?!calling\b|saying\b|accusing\b){_KIND}{_NOUN}\b(?!\s+too\b)",
            rf"\byou\s+(?:(?:{_SCORN})\s+){{0,2}}{_NOUN}\b(?!\s+(?:through|the|for|your|my)\b)",
            r"\b(?:you are|you're|youre|ur)\s+(?:just |only |clearly |obviously |so )?trolling\b",
            # Of the person: "this guy is a bot", "OP is an obvious troll"
            r"\b(?:this|that|the)\s+(?:guy|user|account|person|commenter|poster|one|dude|man|woman)"
            rf"\s+(?:is|must be)\s+{_KIND}{_NOUN}\b",
            rf"\bop is\s+{_KIND}{_NOUN}\b",
            # To the others: "don't feed the troll", "ignore this bot", "nobody feed the trolls"
            r"\b(?:do not|don't|dont|stop|quit|never|nobody|no one|please don't)\s+feed(?:ing)?\s+"
            rf"(?:the |this |that |these )?{_NOUN}\b",
            rf"\b(?:ignore|block|report|reported)\s+(?:the|this|that)\s+{_KIND}{_ONE}\b",
            # Shouted after the person
            r"\b(?:stop|quit|cut out|enough with)\s+(?:the |your )?trolling\b",
            rf"\b(?:nice try|good try|bye|go away|get lost|begone|shut up|ok|okay|whatever|cope)"
            rf"[,.!]?\s+(?:you\s+)?{_KIND}{_ONE}\b",
            r"\b(?:troll|bot|shill)\s+(?:alert|spotted|detected|account)\b",
            rf"\bobvious\s+{_NOUN}\b",
        )
    ),
    re.IGNORECASE,
)
_ALONE: Final = re.compile(
    rf"^\W*(?:a |just a |another |paid |russian )*{_NOUN}\W*$", re.IGNORECASE
)
"""A comment of nothing else."""
_DENIALS: Final = re.compile(
    r"\b(?:not|never|hardly|isn't|aren't)\s+(?:[\w'-]+\s+){0,2}?(?:trolls?|bots?|shills?|trolling)\b"
    r"|\b(?:if|whether|unless|suppose|as if|like)\s+you(?:\s+are|'re)\b"
    r"|\b(?:do not|don't|dont|doubt|cannot|can't)\s+(?:that\s+)?(?:think|believe|say|you)\b"
    r"|\bwho(?:ever)?\s+(?:says?|thinks?)\b"
    r"|\b(?:call(?:s|ed|ing)?|accus(?:e|es|ed|ing))\s+(?:me|us|him|her|them|people|everyone|anyone)\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"[.!?\n]+(?:\s+|$)")
_HINT: Final = re.compile(r"troll|bot|shill|puppet", re.IGNORECASE)
_READ: Final = 2_000
"""Characters that are looked at; an accusation that comes later is rare and weighs little."""


def accuses(text: str) -> bool:
    """Whether the text calls somebody in the thread a troll, bot, shill or sock puppet."""
    text = fold(text[:_READ])
    if not _HINT.search(text):
        return False
    spoken = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
    spoken = blank(spoken, quotations(spoken))
    return any(_accuses(sentence) for sentence in _SENTENCE.split(spoken))


def _accuses(sentence: str) -> bool:
    if _ALONE.match(sentence):
        return True
    return bool(_ACCUSATIONS.search(sentence)) and not _DENIALS.search(sentence)
