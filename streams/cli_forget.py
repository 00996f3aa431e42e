"""`trollbridge forget`: an author goes from everything that is kept."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from moderation.errors import TrollbridgeError
from streams import topics
from streams.settings import load
from streams.topics import Topics

if TYPE_CHECKING:
    from streams.forget import Erased

_LONGEST_ID = 256

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def forget(
    context: typer.Context,
    author: Annotated[str, typer.Argument(help="The author's id, as it stands in the comments.")],
    *,
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long the workers have.")
    ] = 60,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    queue: Annotated[bool, typer.Option(help="Erase the review queue's entries as well.")] = True,
    by: Annotated[str, typer.Option(help="Who erases, for the queue's log.")] = "command line",
    brokers: Annotated[
        str | None, typer.Option(help="Kafka's bootstrap servers, host:port[,…].")
    ] = None,
    topic_prefix: Annotated[str | None, typer.Option(help="Prefix of every topic name.")] = None,
    database_url: Annotated[
        str | None, typer.Option("--database-url", help="The store; default: a file in data_dir.")
    ] = None,
) -> None:
    """Erase an author from the workers' state, the decisions and the review queue.

    What stands in Kafka's topics stays until their retention is over. Exit 1 when a worker has not
    done it in time; then it is done as soon as one runs.
    """
    # The store brings SQLAlchemy, which other commands need not wait for.
    from moderation.review.rules import Person  # noqa: PLC0415
    from streams.forget import forget as erase  # noqa: PLC0415
    from streams.review import open_store  # noqa: PLC0415

    if not 0 < len(author) <= _LONGEST_ID:
        raise typer.BadParameter(f"an author's id has 1 to {_LONGEST_ID} characters")
    file: Path | None = context.find_root().params.get("config")
    flags = {"brokers": brokers, "topic_prefix": topic_prefix, "database_url": database_url}
    settings = load(file=file, flags=flags).settings
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("there is no terminal to ask at: say --yes")
        if not typer.confirm("This author is erased for good. Go on?", err=True):
            raise TrollbridgeError("nothing was erased")
    topics.require(settings)
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(contextlib.closing(open_store(settings))) if queue else None
        status = stack.enter_context(err.status("Erasing"))
        erased = erase(
            settings,
            author,
            store=store,
            person=Person(by, "admin"),
            wait=wait,
            say=lambda what: status.update(f"Waiting: {what}"),
        )
    if erased.waiting:
        raise TrollbridgeError(
            f"not all of it took effect within {wait:g} s ({', '.join(erased.waiting)}): "
            "the messages are in Kafka and will take effect when a worker runs; run this again "
            "then, since what was on its way comes behind them"
        )
    _show(erased, Topics(settings.topic_prefix))


def _show(erased: "Erased", names: Topics) -> None:
    table = Table("Erased from", "By", title="The author is forgotten", title_justify="left")
    for what, topic in (
        ("authors: own row, and what others' rows say of the author", names.replies),
        ("threads: who wrote which comment", names.rejections),
        ("bands: signatures of comments", names.sightings),
        ("campaigns: comments and texts", names.matches),
    ):
        table.add_row(what, f"{erased.partitions[topic]} partitions of {topic}")
    table.add_row("decisions", f"a tombstone in {names.decisions}")
    count = erased.comments
    shown = "left alone" if count is None else f"{count:,} comment{'' if count == 1 else 's'}"
    table.add_row("review queue", shown)
    out.print(table)
