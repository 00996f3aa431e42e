"""`trollbridge simulate`: made-up traffic with the truth beside it."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from moderation.errors import TrollbridgeError
from moderation.records import Article, Comment, encode
from moderation.simulation.generate import Simulated
from moderation.simulation.generate import simulate as made_by
from moderation.simulation.options import Options
from streams import topics
from streams.produce import created, send_records
from streams.settings import load

_DEFAULTS = Options()
_SHOWN_EVERY = 500

err = Console(stderr=True, highlight=False)


def simulate(
    context: typer.Context,
    *,
    comments: Annotated[int, typer.Option(min=1, help="How many.")] = _DEFAULTS.comments,
    authors: Annotated[int, typer.Option(min=1, help="At most.")] = _DEFAULTS.authors,
    articles: Annotated[int, typer.Option(min=1, help="How many.")] = _DEFAULTS.articles,
    seed: Annotated[int, typer.Option(help="Another seed, another stream.")] = _DEFAULTS.seed,
    start: Annotated[
        str, typer.Option(metavar="TIME", help="RFC 3339, with the readers' time zone.")
    ] = _DEFAULTS.start,
    days: Annotated[float, typer.Option(help="Length of the simulated span.")] = _DEFAULTS.days,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="JSON lines; default: standard output.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="The truth as JSON lines, in the same order.")
    ] = None,
    to_kafka: Annotated[
        bool, typer.Option("--to-kafka", help="Into the articles and comments topics instead.")
    ] = False,
    rate: Annotated[
        float, typer.Option(min=0, help="With --to-kafka, comments a second; 0: no limit.")
    ] = 0,
    keep_times: Annotated[
        bool,
        typer.Option(
            "--keep-times",
            help="Comments come to Kafka at their simulated times, so that a day sent in a minute "
            "still is a day to whoever measures pace.",
        ),
    ] = False,
    brokers: Annotated[
        str | None, typer.Option(help="Kafka's bootstrap servers, host:port[,…].")
    ] = None,
    topic_prefix: Annotated[str | None, typer.Option(help="Prefix of every topic name.")] = None,
    flooders: Annotated[
        int, typer.Option(min=0, help="Accounts that pour out one text.")
    ] = _DEFAULTS.flooders,
    campaigns: Annotated[
        int, typer.Option(min=0, help="Texts that many accounts paste.")
    ] = _DEFAULTS.campaigns,
    edit_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Largest share of words that a copy changes.")
    ] = _DEFAULTS.edit_rate,
    brigades: Annotated[
        int, typer.Option(min=0, help="Waves of new accounts at one article.")
    ] = _DEFAULTS.brigades,
    sock_puppets: Annotated[
        int, typer.Option(min=0, help="People with several accounts each.")
    ] = _DEFAULTS.sock_puppets,
    flame_wars: Annotated[
        int, typer.Option(min=0, help="Threads that burn.")
    ] = _DEFAULTS.flame_wars,
    provocateurs: Annotated[
        int, typer.Option(min=0, help="Accounts that bait in thread after thread.")
    ] = _DEFAULTS.provocateurs,
    angry: Annotated[
        float, typer.Option(min=0, max=1, help="Share of honest authors who are angry.")
    ] = _DEFAULTS.angry,
    sarcastic: Annotated[
        float, typer.Option(min=0, max=1, help="Share of honest authors who are sarcastic.")
    ] = _DEFAULTS.sarcastic,
) -> None:
    """Make up articles, comments and trolls; the same options give the same bytes."""
    if to_kafka and output is not None:
        raise typer.BadParameter("--output and --to-kafka exclude each other")
    if (rate or keep_times) and not to_kafka:
        raise typer.BadParameter("--rate and --keep-times need --to-kafka")
    options = Options(
        comments=comments,
        authors=authors,
        articles=articles,
        seed=seed,
        start=start,
        days=days,
        angry=angry,
        sarcastic=sarcastic,
        flooders=flooders,
        campaigns=campaigns,
        edit_rate=edit_rate,
        brigades=brigades,
        sock_puppets=sock_puppets,
        flame_wars=flame_wars,
        provocateurs=provocateurs,
    )
    made = made_by(options)
    with contextlib.ExitStack() as stack:
        truth = stack.enter_context(_writing(labels)) if labels else None
        records = stack.enter_context(_shown(_split(made, truth), comments))
        if to_kafka:
            config: Path | None = context.find_root().params.get("config")
            flags = {"brokers": brokers, "topic_prefix": topic_prefix}
            settings = load(file=config, flags=flags).settings
            topics.require(settings)
            send_records(settings, records, rate=rate, stamp=created if keep_times else None)
        else:
            stream = stack.enter_context(_writing(output)) if output else sys.stdout.buffer
            for record in records:
                stream.write(encode(record) + b"\n")
            stream.flush()
    where = "sent" if to_kafka else f"written to {output}" if output else "written"
    beside = f", their labels to {labels}" if labels else ""
    err.print(f"{articles:,} articles and {comments:,} comments {where}{beside}", soft_wrap=True)


def _split(made: Iterable[Simulated], truth: BinaryIO | None) -> Iterator[Article | Comment]:
    """The records; their labels go to `truth`."""
    for simulated in made:
        if truth is not None:
            for label in (simulated.author, simulated.label):
                if label is not None:
                    truth.write(msgspec.json.encode(label) + b"\n")
        yield simulated.record


@contextlib.contextmanager
def _shown(
    records: Iterable[Article | Comment], total: int
) -> Iterator[Iterator[Article | Comment]]:
    """The records, with a bar that moves as they are taken."""
    bar = Progress(
        TextColumn("simulating"),
        BarColumn(),
        MofNCompleteColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    task = bar.add_task("simulating", total=total)

    def counted() -> Iterator[Article | Comment]:
        done = 0
        for record in records:
            done += isinstance(record, Comment)
            if done % _SHOWN_EVERY == 0:
                bar.update(task, completed=done)
            yield record

    with bar:
        yield counted()


@contextlib.contextmanager
def _writing(target: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is whole; a device or pipe is written to as it is."""
    whole = not target.exists() or target.is_file()
    unfinished = target.with_name(target.name + ".part") if whole else target
    try:
        with unfinished.open("wb") as stream:
            yield stream
        if whole:
            unfinished.replace(target)
    except BrokenPipeError:
        # Whoever read standard output has enough, which is no fault of this file.
        raise
    except OSError as error:
        raise TrollbridgeError(f"{error.filename or target}: {error.strerror}") from error
    finally:
        if whole:
            unfinished.unlink(missing_ok=True)
