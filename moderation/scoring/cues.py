"""What gives sarcasm away in a news comment: turns of phrase that can be shown to a moderator.

A cue alone proves nothing. `moderation.scoring.sarcasm` weighs cues together with the head's
opinion of the whole text; the weights are fitted on labelled comments.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from moderation.scoring.names import mangled_names
from moderation.text import appears_in, fold, quotations, words


class Cue(NamedTuple):
    """A place in a comment: `text[start:end]`."""

    kind: str
    start: int
    end: int


NOTES: Final = {
    "scare_quotes": "scare quotes",
    "pointed_quotes": "scare quotes for somebody's own",
    "hype": "mock hype for a name",
    "hype_word": "a word of hype",
    "praise": "mock praise",
    "verdict": "a one-word verdict",
    "interjection": "a knowing interjection",
    "stock": "a stock phrase of sarcasm",
    "stage": "a stage direction",
    "smiley": "a winking or eye-rolling smiley",
    "mangled_name": "a mangled name",
    "reward": "a reward for a failure",
    "absurd": "an absurd proposal",
    "so_called": "“so-called”",
    "relief": "feigned relief or concern",
}
"""Kinds of cue in the order of their weights, with words for a moderator."""
KINDS: Final = tuple(NOTES)

_HYPE = (
    r"(?:al)?mighty|glorious|illustrious|esteemed|exalted|enlightened|noble|fearless|magnificent|"
    r"infallible|all[- ](?:knowing|powerful)|holy|sainted|saintly|heroic|legendary|beloved|"
    r"vaunted|great and (?:good|powerful)|benevolent|wondrous|invincible|divine|supreme|majestic|"
    r"brilliant|genius|visionary|ever[- ]so[- ]\w+|oh[- ]so[- ]\w+|stable genius"
)
_GRAND = (
    r"brilliant|genius|outstanding|magnificent|marvellous|marvelous|masterful|inspired|visionary|"
    r"stellar|splendid|superb|fantastic|wonderful|terrific|stunning|bang[- ]up|sterling|exemplary|"
    r"amazing|awesome|glorious|first[- ]class|world[- ]class|spectacular"
)
_WORKS = (
    r"work|job|jobs|plan|plans|idea|ideas|move|strategy|thinking|logic|leadership|planning|effort|"
    r"stuff|deal|decision|solution|argument|reasoning|diplomacy|timing|use of"
)
_REWARD = (
    r"medal|knighthood|statue|nobel|cookie|biscuit|prize|gold star|trophy|bonus|pay ?rise|peerage|"
    r"raise|promotion|standing ovation|round of applause|big hand|slow clap|award|oscar|parade|"
    r"gofundme|violin|tissue|sainthood"
)

_PATTERNS: Final[dict[str, str]] = {
    "hype": (
        rf"(?i:\b(?:your|the|our|this|that|his|her|their|those|these|oh)\s+(?:\w+\s+)?(?:{_HYPE}))"
        r"\s+(?:[\"'][\w]|[A-Z]{2,}\b|[A-Z][a-z]+)"
    ),
    "hype_word": rf"(?i:\b(?:your|our|his|her|their|those|these|oh)\s+(?:{_HYPE})\b)",
    "praise": (
        rf"(?i:\b(?:{_GRAND})\s+(?:{_WORKS})\b"
        r"|\b(?:well|nicely|bravely) (?:done|played),? (?:the|our|everyone|all|guys|folks|\w+)"
        r"|\b(?:great|good|nice|fine) (?:work|job|one|going|stuff),? (?:there|guys|folks|everyone|"
        r"lads|team|all|boys|government|council|minister|people|to all|indeed|as ever|as always)\b"
        r"|\bwhat an? (?:(?:truly|absolute|complete|great|total|real|true|wise|clever) )*"
        r"(?:visionary|genius|hero|shock|surprise|coincidence|statesman|leader|legend|bargain|"
        r"treat|relief|triumph|masterstroke|thought|gem|guy|man|joy|deal|success|time to be alive|"
        r"concept|brilliant \w+|wonderful \w+|lovely \w+|great \w+|generous \w+)\b"
        r"|\b(?:stroke of genius|masterstroke|pure genius|sheer genius|absolute genius|"
        r"hats off to|bravo|kudos to|congratulations to|my congratulations|round of applause|"
        r"slow clap|take a bow|best and (?:the )?brightest|(?:great )?credit (?:is due|must go)|"
        r"you(?:'ve| have)?(?: got)? to admire|(?:got|have) to (?:admire|hand it to)|"
        r"full marks|top marks|brain trust|bright sparks?|finest minds|great minds)\b"
        r"|\bhow (?:very )?(?:generous|thoughtful|kind|convenient|noble|reassuring|comforting|"
        r"considerate|gracious|brave|lucky|fortunate|quaint|lovely|nice|wonderful|charming|sweet|"
        r"touching|refreshing|surprising|shocking|novel|modest|clever)(?: of\b|[.!,]|$| that\b))"
    ),
    "verdict": (
        rf"(?i:(?:^|(?<=[.!?\n]))\s*(?:just |simply |truly |absolutely |well,? |how )?(?:{_GRAND}|"
        r"lovely|great|perfect|charming|classy|sensible|delightful|priceless|bravo|smashing|"
        r"excellent|nice one|good one|good job|nice job|nice work|great job|great work|well done|"
        r"shocking|riveting|fascinating|impressive|adorable|touching|convenient|phew|super|"
        rf"(?:{_GRAND}|great|good|nice|fine) (?:{_WORKS}))"
        r"(?:,? (?:truly|really|indeed|just \w+))?\s*(?:[.!,\u2026]|$))"
    ),
    "interjection": (
        r"(?i:(?:^|(?<=[.!?\n,;:-]))\s*(?:and )?(?:"
        r"oh,? (?:good|great|sure|yes|yeah|please|joy|look|wonderful|lovely|really|right|goody|"
        r"dear|well then|of course|brilliant|fantastic|perfect|my|the (?:irony|horror|humanity)|"
        r"come on|how \w+|what an? \w+|no[,!]|that's \w+|but of course|fun)"
        r"|ye(?:ah|s|p|h),? (?:right|sure|because|cos|cuz|nah|let'?s|that'?ll|and i'?m|well done)"
        r"|(?:lol|haha),? (?:sure|right|yeah|ok(?:ay)?)|su+re[,!.]? (?:thing|because|jan|buddy|pal|"
        r"you (?:do|are|will)|it (?:is|will|does)|they (?:do|are|will))|ri{3,}ght|su{3,}re"
        r"|a+h+,? (?:yes|of course|but|the (?:old|good|classic))|a+w+,|gee,?|golly|gosh,|"
        r"my,? my|well,? well|tut,? tut|boo hoo|wow,? (?:just|what|so|that)|yay\b|woo ?hoo|hoo?ray|"
        r"hurrah|right on cue|no no,? (?:let|by all means)|by all means|but hey|but sure|"
        r"silly me|lucky (?:us|me|them)|well that(?:'s| is) (?:useful|nice|lovely|good|great|"
        r"reassuring|that|alright|all right|a relief|sorted|settled|ok(?:ay)?|fine)"
        r")\b)"
    ),
    "stock": (
        r"(?i:\bwhat (?:could|can) (?:possibly |ever )?go wrong|\bgood luck with th(?:at|is|ose)|"
        r"\bthanks (?:a lot|a bunch|a million|for nothing|for (?:the )?(?:clarif|enlighten))|"
        r"\bwho (?:could(?:'ve| have)|would(?:'ve| have)?) (?:ever )?(?:known|guessed|thought|"
        r"imagined|predicted|thunk)|\bwho knew\b|\bcolou?r me\b|\bi(?:'m| am) (?:so |just )?(?:"
        r"shocked|stunned|shaking)|\bshock(?:ed|er),? (?:i tell|i say)|\b(?:big|no) surprise there|"
        r"\bheaven forbid|\bgod forbid|\bperish the thought|\bnothing (?:to see here|says)\b|"
        r"\bmove along\b|\bmy heart (?:bleeds|goes out)|\bcry me a river|\bthoughts (?:and prayers|"
        r"with the)|\bthink of the (?:children|poor|share)|\bby (?:that|this|your|the same) logic|"
        r"\bproblem solved|\bsounds? legit|\bseems? legit|\bworks for me\b|\bmakes? (?:perfect|"
        r"total|so much) sense|\bmust be (?:nice|worth|lovely|so hard|terrible)|\bcan(?:'t| ?not) "
        r"wait (?:for|to|until|till)|\bhow dare (?:they|he|she|we|you|anyone)|\bbecause (?:of "
        r"course|that(?:'s| is| has) (?:always|worked|work|exactly|so|just|really)|nothing says)|"
        r"\bfirst they came\b|\bbless (?:his|her|their|your|its)\b|\bpoor (?:little|old|dear|thing"
        r"|lamb|darling|baby|souls?)\b|\b(?:so|how) brave\b|\bwhat's not to (?:like|love)|"
        r"\b(?:nothing|money|time) better to do|\b(?:yet )?another (?:brilliant|genius|great|"
        r"triumph|victory|win|success)|\b(?:job|mission) (?:done|accomplished)|\bas if by magic|"
        r"\bpull the other one|\b(?:do )?tell (?:me|us) more|\bremind me\b|\bwake me up when|"
        r"\bdon't worry,? (?:though|though,|folks|everyone|the|they|he|she|it)|\bfear not\b|"
        r"\brest assured|\bnever mind (?:the|that)|\bof all people\b|\blet's not (?:ruin|spoil|"
        r"let|forget)|\bwouldn'?t want (?:to|the|a|any|us|them|you)\b|\bfor a change\b|"
        r"\bworked (?:so|out so|out) (?:well|great|wonderfully)|\bgoing (?:so |really )?well|"
        r"\bone born every minute|\btrickle[sd]? down\b|\bin other news|\bi(?:'ll| will| shall) "
        r"(?:sleep|rest) (?:better|easier|easy)|\bsaid no ?one ever)"
    ),
    "stage": (
        r"(?i:(?:^|\s)/s(?:arc(?:asm)?)?(?=$|[\s.!])|[<\[(]/?\s*(?:sarcasm|sarc|s|irony)\s*/?[>\])]|"
        r"\*\s*(?:wink|cough|eye ?rolls?|rolls? eyes?|sigh|gasp|facepalm|slow clap|yawn|shrug|"
        r"clutches pearls)[^*\n]{0,20}\*|\(\s*(?:wink|cough|eye ?rolls?|rolls eyes|sigh|gasp|"
        r"yawn|ahem|irony|sarcasm)[^)\n]{0,20}\)|\bwink,? ?wink\b|\bnudge,? ?nudge\b|"
        r"(?:\.\.+|\u2026|[-,;:!?\"']|\n)\s*(?:a )?(?:\w+ )?"
        r"(?:wink|cough cough|eye ?roll)s?\s*[.!]*(?=$|\n|[.!,;])|\bnod and a wink\b|"
        r"\beye ?roll(?:s|ing)?\b|\brolls? (?:my |his |her )?eyes\b|\bNOT!+\s*$|"
        r"\bcough,? cough\b|\b#?sarcasm (?:off|intended|alert)\b|#sarcasm\b)"
    ),
    "smiley": r";-?\)|[\U0001F644\U0001F60F\U0001F609\U0001F643]",
    "reward": (
        r"(?i:\b(?:give|get|buy|hand|award|pass|grant|build|erect|send|(?:some(?:one|body) )?start|"
        r"deserves?|where's|where is|play|played)\s+(?:\S+\s+){0,4}?an?\s+(?:\w+\s+){0,2}?"
        rf"(?:{_REWARD})\b)"
    ),
    "absurd": (
        r"(?i:\bnext (?:they|he|she|it|we|you)(?:'ll| will| can|'re| are)\b|"
        r"\bwhat(?:'s| is| will be) next\b|\bnext up[:,]|\bwhile (?:we|they|you)(?:'re| are) at it|"
        r"\bmight as well\b|\b(?:who needs|nobody needs|no one needs)\b|"
        r"\b(?:don't|doesn't|never|didn't) (?:really )?need\s+(?:\S+\s+){1,4}?anyway\b|"
        r"\bfirst (?:the|they|it was|it's)\b[^.!?\n]{1,60},? (?:then|now|next)\b|"
        r"\bperhaps (?:we|they|he|she) (?:should|could|can) (?:all |just |also )|"
        r"\bmaybe (?:we|they|he|she|the \w+) (?:should|could|can) (?:all |just |also |try )|"
        r"\bwhy not (?:just |simply |also )|\bi look forward to\b|"
        r"\bwhat we (?:really |all )?need(?:ed)? (?:is|now|most)\b|\bjust what (?:we|the|i|they) "
        r"(?:all |really )?(?:need|want|always)\w*)"
    ),
    "so_called": r"(?i:\bso[- ]called\b|\bself[- ](?:styled|proclaimed|appointed|described)\b)",
    "relief": (
        r"(?i:\bthank (?:god|goodness|heavens?)\b|\bwhat a relief|\bi(?:'m| am| was)? (?:feel |so "
        r"|very |quite |much |really )*(?:reassured|relieved|comforted|grateful|settled|impressed|"
        r"safer)\b|\ba (?:great |real )?comfort to know|\bglad (?:that |to (?:see|hear|know) )(?:"
        r"they|our|the|he|she|we|my)\b|\b(?:good|nice|great|lovely|reassuring|comforting) to (?:"
        r"know|see|hear) (?:that |our |the |they|he)|\bi(?:'m| am) sure (?:that )?(?:they|he|she|"
        r"it|the|this|all|everyone|nobody|our|it's|that'?s)\b|\bso (?:that's|that is|it's) "
        r"(?:alright|all right|ok(?:ay)?|fine|settled|good)\b|\bno doubt (?:they|he|she|it|the)\b|"
        r"\bimagine my (?:surprise|shock)|\bi'?m sure\b)"
    ),
}
_COMPILED: Final = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}

_SINGLE_QUOTED = re.compile(r"(?<![\w'])'([A-Za-z][\w -]{1,30}[\w])'(?![\w'])")
_REPORTS = re.compile(
    r"(?i:\b(?:word|words|term|phrase|name|named|titled|title|entitled|book|film|movie|song|show|"
    r"called it|says?|said|wrote|writes|quote|quoted|quoting|asked|told|read|reads|means?|meant|"
    r"spelled|definition of|define|pronounced|articles?|headline)[:,]?\s*(?:the |a |is |was |that |"
    r"of |as )?[\"']?$)"
)
_POINTED = re.compile(
    rf"(?i:\b(?:your|our|their|his|her|my|these|those|this|that|such|any|{_HYPE})"
    rf"(?: (?:own|new|little|great|so|very|{_HYPE}))?\s+[\"']$)"
)
_LONGEST_SCARE = 3  # words
_BEFORE = 40  # characters


def find_cues(text: str, sources: Sequence[str] = (), thread: Sequence[str] = ()) -> list[Cue]:
    """Find cues of sarcasm in a comment's own words.

    `sources` are the texts that the comment may cite, `thread` those whose names it may play
    with as well. Cues come in the order of the text; those of different kinds may overlap.
    """
    folded = fold(text)
    found = [
        Cue(kind, match.start() + _leading(match.group()), match.end())
        for kind, pattern in _COMPILED.items()
        for match in pattern.finditer(folded)
    ]
    for start, end in _scare_quotes(folded, sources):
        pointed = _POINTED.search(folded[max(0, start - _BEFORE) : start + 1])
        found.append(Cue("pointed_quotes" if pointed else "scare_quotes", start, end))
    found += [Cue("mangled_name", *span) for span in mangled_names(text, [*sources, *thread])]
    return sorted(found, key=lambda cue: (cue.start, cue.end))


def _leading(piece: str) -> int:
    return len(piece) - len(piece.lstrip())


def _scare_quotes(folded: str, sources: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Short passages in quotation marks that cite nobody and name no work."""
    spans = [*quotations(folded), *(m.span(1) for m in _SINGLE_QUOTED.finditer(folded))]
    for start, end in sorted(set(spans)):
        said = words(folded[start:end])
        if not 1 <= len(said) <= _LONGEST_SCARE or not any(c.isalpha() for c in said[0]):
            continue
        if _REPORTS.search(folded[max(0, start - 1 - _BEFORE) : start - 1]):
            continue
        named = folded[start:end].split()
        if len(named) > 1 and all(word[:1].isupper() for word in named):
            continue
        if len(said) > 1 and appears_in(folded[start:end], sources):
            continue
        yield start - 1, end + 1
