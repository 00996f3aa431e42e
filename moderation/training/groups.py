"""Sentences of our own about groups of people: harmless ones and hateful ones, by template.

A model that learns from attacks alone learns that the name of a group is an attack (Dixon et al.,
2018, "Measuring and mitigating unintended bias in text classification"). The same names stand in
both kinds here, so that they carry no label.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple

PEOPLE: Final = tuple(
    """Muslims|Jews|Christians|Catholics|Hindus|Sikhs|Buddhists|atheists|Mormons|Protestants|
    black people|white people|Asians|Latinos|Arabs|Africans|Roma|Native Americans|Aboriginals|
    Mexicans|Chinese people|Indians|Pakistanis|Russians|Poles|Nigerians|Somalis|Syrians|Turks|
    Americans|Canadians|Germans|Irish people|Israelis|Palestinians|immigrants|migrants|refugees|
    foreigners|asylum seekers|gay people|gays|lesbians|trans people|bisexuals|queer people|
    straight people|women|men|girls|boys|feminists|teenagers|old people|pensioners|millennials|
    disabled people|deaf people|blind people|autistic people|people in wheelchairs|homeless people|
    poor people|rich people|single mothers|conservatives|liberals""".replace("\n", " ").split("|")
)
PERSON: Final = tuple(
    """Muslim|Jewish|Christian|Catholic|Hindu|Sikh|Buddhist|atheist|Mormon|black|white|Asian|Latino|
    Arab|African|African American|Mexican|Chinese|Indian|Pakistani|Russian|Polish|Nigerian|Somali|
    Syrian|Turkish|American|Canadian|German|Irish|Israeli|Palestinian|immigrant|migrant|refugee|
    foreign|gay|lesbian|trans|transgender|bisexual|queer|straight|homosexual|female|male|feminist|
    young|old|elderly|middle-aged|disabled|deaf|blind|autistic|paralysed|homeless|poor|rich|
    working-class|conservative|liberal""".replace("\n", " ").split("|")
)

HARMLESS: Final = (
    "{people} live in our town and I am glad of it.",
    "My neighbours are {people} and we get on very well.",
    "{people} pay taxes like everyone else.",
    "Many {people} came to the meeting last night.",
    "The article says nothing about {people}, which is a pity.",
    "{people} deserve the same rights as anyone.",
    "We should listen to what {people} have to say about this.",
    "I don't know why {people} are always left out of these statistics.",
    "According to the survey, 14 per cent of {people} agree with the plan.",
    "There were {people} and others in the queue.",
    "Is there any evidence that {people} are treated worse?",
    "{people} have every reason to be angry about this decision.",
    "I have worked with {people} for twenty years.",
    "It must be hard for {people} to read comments like these.",
    "Not all {people} think alike, you know.",
    "The government should do more for {people}.",
    "{people} vote too, and the council forgot it.",
    "My children go to school with {people}.",
    "Nobody should be afraid of {people}.",
    "Hatred of {people} has no place in this country.",
    "Stop blaming {people} for the housing shortage.",
    "I disagree with the law on {people}, it goes too far.",
    "The museum opens an exhibition about {people} on Friday.",
    "Some {people} support the strike, some don't.",
    "As one of those {people} I can say that the clinic did a great job.",
    "I am {person}.",
    "I am a {person} man and I am proud of it.",
    "I am a {person} woman, and this is my experience.",
    "My best friend is {person}.",
    "She is the first {person} judge in the province.",
    "He is {person} and a very good doctor.",
    "A {person} family moved in next door, lovely people.",
    "Our new mayor is {person}, so what?",
    "The {person} community has asked for a meeting with the police.",
    "A {person} student won the science prize.",
    "You are a {person} person, aren't you?",
    "Being {person} is nothing to be ashamed of.",
    "My daughter married a {person} man and we couldn't be happier.",
    "Her parents are {person}.",
    "I support {person} candidates when their plans are good.",
    "The {person} cafe on Mill Street has the best soup.",
    "It does not matter whether the driver was {person}.",
    "A {person} man was attacked outside the station on Saturday.",
    "Why does the report mention that he is {person}?",
    "Growing up {person} in this city was not easy.",
    "The {person} author reads from her new book tonight.",
    "As a {person} voter I expected more from this party.",
    "A {person} person asked a good question at the hearing.",
    "He was turned down for the flat because he is {person}.",
    "The {person} nurse who looked after my mother was an angel.",
    "{person} people have lived here for generations.",
    "Can a {person} person join the club?",
    "Calling someone {person} is not an insult.",
    "It is wrong to call {people} criminals.",
    "He was fined for shouting abuse at {people}.",
    "I can't stand the way that this paper writes about {people}.",
)
HATEFUL: Final = (
    "{people} are vermin and should be thrown out.",
    "{people} are disgusting.",
    "I hate {people}, all of them.",
    "{people} are nothing but parasites.",
    "Get rid of {people}, they ruin everything.",
    "All {people} are criminals and liars.",
    "{people} don't belong here, send them packing.",
    "{people} are too stupid to hold a job.",
    "Nobody wants {people} here, they stink.",
    "The only good {people} are dead ones.",
    "{people} should be shot.",
    "{people} are the scum of the earth.",
    "Of course it was {people} again, filthy lot.",
    "{people} are a disease.",
    "Someone should burn down the homes of {people}.",
    "You are a filthy {person} pig.",
    "Shut up, you {person} idiot.",
    "He is just another dirty {person} thief.",
    "No {person} scum in our streets.",
    "Typical {person} garbage, go back to where you came from.",
    "I would never trust a {person} person, they all lie.",
    "{person} people are inferior and always will be.",
    "She is a {person} whore.",
    "Lock up every {person} bastard.",
    "I will beat up the next {person} guy I see.",
    "{person} freaks make me sick.",
    "A {person} person is not a real human being.",
    "What do you expect, she is {person} trash.",
)
_HELD_OUT: Final = 4
"""Every fourth template is kept from training, to measure on."""


class Sentence(NamedTuple):
    """A filled template."""

    text: str
    hateful: bool
    held_out: bool


def sentences(each: int, seed: int) -> Iterator[Sentence]:
    """Fill each template with `each` groups, drawn by seed."""
    draw = random.Random(seed)
    for hateful, templates in ((False, HARMLESS), (True, HATEFUL)):
        for number, template in enumerate(templates):
            pairs: Sequence[tuple[str, str]] = list(product(PEOPLE, PERSON))
            for people, person in draw.sample(pairs, each):
                filled = template.format(people=people.strip(), person=person.strip())
                filled = filled.replace("A A", "An A").replace(" a A", " an A")
                yield Sentence(filled[0].upper() + filled[1:], hateful, number % _HELD_OUT == 0)
