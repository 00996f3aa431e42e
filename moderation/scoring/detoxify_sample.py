"""Sixty-four comments on which an export is compared with Detoxify itself.

Mild and harsh, plain and odd; some are longer than the 512 tokens that its models read. All were
written for this purpose. The harsh ones are there because that is where a score can be off.
"""

from typing import Final

_MILD: Final = (
    "Well said.",
    "Thank you for this careful report.",
    "I drive over that bridge every morning and never noticed the cracks.",
    "Could the editors add a map? I had trouble finding the street.",
    "The council meets on Tuesday at seven; everyone may speak for three minutes.",
    "My grandmother baked this cake with plums instead of apples, and it works.",
    "I disagree with the author, but the figures look right to me.",
    "Does anybody know when the library opens again?",
    "Lovely photographs, especially the one with the heron.",
    "We had the same debate in 1998, and the outcome was a bus line nobody uses.",
    "A fair point, although the second paragraph repeats the first.",
    "The match was dull until the rain came.",
    "Please compare the prices with those of last year.",
    "I was there. It was loud, but nobody was hurt.",
    "Two of the three links in the article are broken.",
    "As a nurse I can only confirm what she says about night shifts.",
)
_SHARP: Final = (
    "What a stupid idea.",
    "This is the worst article I have read all year.",
    "Nobody with half a brain believes that.",
    "Typical politician: talks for an hour and says nothing.",
    "Oh great, another tax. Just what we needed. Bravo.",
    "You have clearly not read the report, so spare us your opinion.",
    "The mayor is a coward and a liar.",
    "Stop whining and get a job.",
    "Are you blind or just slow?",
    "What utter rubbish, from the first line to the last.",
    "Kids today are lazy, spoilt and rude.",
    "This newspaper is a joke.",
    "Damn, that was close.",
    "The referee should have his eyes tested, the old fool.",
    "Who cares?",
    "Boring. Next.",
)
_HARSH: Final = (
    "You are an idiot.",
    "Shut up, you moron, nobody asked you.",
    "You are a disgusting piece of garbage and everyone knows it.",
    "I hope you choke on it, you filthy liar.",
    "I will find out where you live and break your legs.",
    "Somebody should burn his house down.",
    "Go to hell, all of you.",
    "What the hell is wrong with you, you stupid old cow?",
    "Those people are vermin and do not belong here.",
    "All of them are criminals, throw them out.",
    "Women should not be allowed to drive, let alone vote.",
    "Bullshit. Complete and utter bullshit.",
    "This crap again? You must be as dumb as a brick.",
    "Watch your back, we know your name.",
    "You ugly pathetic loser, crawl back under your stone.",
    "She only got that job by sleeping with the boss.",
)
_ODD: Final = (
    "",
    " ",
    ".",
    "?!?!?!",
    "😀",
    "😡😡😡 enough!!! 🤬",
    "LOL",
    "YOU ARE ALL IDIOTS AND I AM TIRED OF IT",
    "y0u 1d10t, sh*t up",
    "https://example.org/a/very/long/address?with=parameters&and=more#fragment",
    "Ça suffit, vous êtes tous des imbéciles.",
    "Das ist doch alles Unsinn, lieber Nachbar.",
    "Это хорошая статья, спасибо.",
    "n" * 300,
    "The bridge is closed again, and so is the road beside it. " * 60,
    "You people are fools, and the editor is the greatest fool of all of you. " * 45,
)

SAMPLE: Final = (*_MILD, *_SHARP, *_HARSH, *_ODD)
