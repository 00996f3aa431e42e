"""Tables of a real Faust app that no broker stands behind."""

from pathlib import Path
from typing import Any, cast

from streams.outbox import Delivery, Outbox, Outgoing
from streams.settings import Settings
from streams.state.state import State
from streams.topics import Topics
from streams.worker import make_app


class Sent:
    """Stands in for the outbox: takes everything at once, and keeps it."""

    def __init__(self) -> None:
        self.changes: list[Outgoing] = []
        """For changelogs."""
        self.records: list[Outgoing] = []
        """For other topics."""

    def hand_over(self, record: Outgoing, delivery: Delivery, index: int) -> bool:
        """Confirm a change."""
        delivery.expect()
        self.changes.append(record)
        delivery.report(index, None)
        return True

    async def publish(self, records: list[Outgoing]) -> dict[int, Any]:
        """Confirm records."""
        self.records += records
        return {}


class AtHand:
    """The tables in memory."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.settings = Settings(data_dir=str(folder), state_store="memory", **changes)
        self.topics = Topics()
        self.sent = Sent()
        self.outbox = cast(Outbox, self.sent)
        self.state = State(
            make_app(self.settings), self.settings, topics=self.topics, outbox=self.outbox
        )
