"""What a behaviour is."""

from collections.abc import Iterable
from typing import ClassVar, Protocol

from moderation.simulation.articles import Post
from moderation.simulation.chance import Chance
from moderation.simulation.scene import Scene


class Behaviour(Protocol):
    """Some people's comments over the span, or part of it."""

    def times(self) -> Iterable[int]:
        """When they write, milliseconds since the epoch, in order."""
        ...

    def write(self, at: int, scene: Scene) -> Post:
        """The comment of this time; called once for each of `times`, in order."""
        ...


class Episode(Behaviour, Protocol):
    """A behaviour that is asked for by number, such as a campaign."""

    LEAST: ClassVar[int]
    MOST: ClassVar[int]
    """Comments."""

    def __init__(self, name: str, size: int, scene: Scene, chance: Chance) -> None: ...

    @staticmethod
    def accounts(size: int) -> int:
        """Accounts that write its comments and nothing else."""
        ...
