"""The whole stream: every behaviour's comments, in the order of time."""

from collections.abc import Iterator
from heapq import merge
from itertools import repeat
from operator import itemgetter
from typing import Final, NamedTuple

from moderation.errors import SettingsError
from moderation.records import Article, Comment
from moderation.simulation.articles import Post
from moderation.simulation.behaviours.brigade import Brigade
from moderation.simulation.behaviours.campaign import Campaign
from moderation.simulation.behaviours.everyday import Everyday
from moderation.simulation.behaviours.flame_war import FlameWar
from moderation.simulation.behaviours.flood import Flood
from moderation.simulation.behaviours.protocol import Behaviour, Episode
from moderation.simulation.behaviours.provocation import Provocation
from moderation.simulation.behaviours.sock_puppets import SockPuppets
from moderation.simulation.chance import Chance
from moderation.simulation.labels import AuthorLabel, CommentLabel
from moderation.simulation.options import Options
from moderation.simulation.people import Person
from moderation.simulation.scene import Scene
from moderation.simulation.vocabulary import vocabulary

_USUAL_SHARE: Final = 0.4
"""Of all comments: what episodes together take where their number would allow more."""
_LARGEST_SHARE: Final = 0.6
"""Of all comments: what episodes take at their least is refused beyond this."""
_LARGEST_ACCOUNTS: Final = 0.5
_FEWEST_HONEST: Final = 10


class Simulated(NamedTuple):
    """A record of the stream, and the truth beside it."""

    record: Article | Comment
    label: CommentLabel | None = None
    """A comment's."""
    author: AuthorLabel | None = None
    """A comment's author's, where it is the author's first."""


def simulate(options: Options) -> Iterator[Simulated]:
    """Articles and comments in the order of time, made as they are asked for.

    Needs memory for the authors who have written and the threads that are live, not for the
    stream. SettingsError when the options do not go together.
    """
    _check(options)
    scene = Scene(options, vocabulary())
    return _stream(scene, _behaviours(scene))


def _check(options: Options) -> None:
    for name, least in (("comments", 1), ("authors", 1), ("articles", 1)):
        if getattr(options, name) < least:
            raise SettingsError(f"{getattr(options, name)} {name}: at least {least} is needed")
    if options.angry + options.sarcastic > 1:
        raise SettingsError(
            f"the shares of angry ({options.angry:g}) and sarcastic ({options.sarcastic:g}) "
            "authors are more than 1 together"
        )


def _episodes(options: Options) -> list[tuple[type[Episode], str]]:
    """Kinds of episodes, and the name of each of them."""
    asked: list[tuple[type[Episode], str, int]] = [
        (Flood, "flooder", options.flooders),
        (Campaign, "campaign", options.campaigns),
        (Brigade, "brigade", options.brigades),
        (SockPuppets, "socks", options.sock_puppets),
        (FlameWar, "flame-war", options.flame_wars),
        (Provocation, "provocateur", options.provocateurs),
    ]
    return [
        (kind, f"{name}-{number}") for kind, name, count in asked for number in range(1, count + 1)
    ]


def _behaviours(scene: Scene) -> list[Behaviour]:
    options = scene.options
    episodes = _episodes(options)
    room = int(options.comments * _USUAL_SHARE) // max(1, len(episodes))
    chances = [Chance(options.seed, name) for _, name in episodes]
    sizes = [
        max(kind.LEAST, min(room, chance.between(kind.LEAST, kind.MOST)))
        for (kind, _), chance in zip(episodes, chances, strict=True)
    ]
    accounts = sum(kind.accounts(size) for (kind, _), size in zip(episodes, sizes, strict=True))
    _require_room(options, sum(sizes), accounts)
    behaviours: list[Behaviour] = [
        kind(name, size, scene, chance)
        for (kind, name), size, chance in zip(episodes, sizes, chances, strict=True)
    ]
    everyday = Everyday(options.comments - sum(sizes), scene, Chance(options.seed, "everyday"))
    return [everyday, *behaviours]


def _require_room(options: Options, comments: int, accounts: int) -> None:
    if comments > options.comments * _LARGEST_SHARE:
        raise SettingsError(
            f"the flooders, campaigns and other episodes need {comments:,} comments, more than "
            f"{_LARGEST_SHARE:.0%} of {options.comments:,}: ask for more comments or fewer episodes"
        )
    if accounts > options.authors * _LARGEST_ACCOUNTS:
        raise SettingsError(
            f"the flooders, campaigns and other episodes need {accounts:,} accounts, more than "
            f"{_LARGEST_ACCOUNTS:.0%} of {options.authors:,}: "
            "ask for more authors or fewer episodes"
        )
    if options.authors - accounts < _FEWEST_HONEST:
        raise SettingsError(
            f"{options.authors - accounts} honest authors are too few: ask for at least "
            f"{accounts + _FEWEST_HONEST} authors"
        )


def _stream(scene: Scene, behaviours: list[Behaviour]) -> Iterator[Simulated]:
    known: set[str] = set()
    coming = merge(
        *(zip(behaviour.times(), repeat(behaviour), strict=False) for behaviour in behaviours),
        key=itemgetter(0),
    )
    for at, behaviour in coming:
        for article in scene.newsroom.until(at):
            yield Simulated(article)
        post = behaviour.write(at, scene)
        author = None
        if post.author.id not in known:
            known.add(post.author.id)
            author = _author_label(post.author)
        yield Simulated(_comment(post, scene), _label(post), author)
    for article in scene.newsroom.until(scene.clock.end):
        yield Simulated(article)


def _comment(post: Post, scene: Scene) -> Comment:
    article = post.thread.article
    return Comment(
        id=post.id,
        article_id=article.id,
        author_id=post.author.id,
        author_name=post.author.name,
        text=post.text,
        parent_id=post.parent_id,
        created_at=scene.clock.text(post.at),
        section=article.section,
    )


def _label(post: Post) -> CommentLabel:
    return CommentLabel(
        id=post.id,
        article_id=post.thread.article.id,
        author_id=post.author.id,
        behaviour=post.behaviour,
        toxic=post.toxic,
        campaign=post.campaign,
        flame_war=post.flame_war,
        brigade=post.brigade,
        quotes=post.quotes,
    )


def _author_label(person: Person) -> AuthorLabel:
    return AuthorLabel(id=person.id, kind=person.kind, group=person.group)
