"""`trollbridge review`: the review queue from the command line."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from moderation.errors import SettingsError, TrollbridgeError
from moderation.records import Anchor
from streams import logs, topics
from streams.settings import Settings, load

# The store brings SQLAlchemy, which other commands need not wait for: it is imported in the
# functions below.
if TYPE_CHECKING:
    from moderation.evaluation.metrics import Figure
    from moderation.review.store import Store

app = typer.Typer(help="The moderators' review queue.", no_args_is_help=True)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Brokers = Annotated[str | None, typer.Option(help="Kafka's bootstrap servers, host:port[,…].")]
Prefix = Annotated[str | None, typer.Option(help="Prefix of every topic name.")]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="The store; default: a file in data_dir.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


def _settings(context: typer.Context, **flags: Any) -> Settings:
    config: Path | None = context.find_root().params.get("config")
    return load(file=config, flags=flags).settings


@contextmanager
def _store(settings: Settings) -> Iterator["Store"]:
    from streams.review import open_store  # noqa: PLC0415 - as above

    store = open_store(settings)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened(context: typer.Context, database_url: str | None) -> Iterator["Store"]:
    """The store that a command was told to use."""
    with _store(_settings(context, database_url=database_url)) as store:
        yield store


@app.command()
def migrate(context: typer.Context, database_url: DatabaseUrl = None) -> None:
    """Bring the store to its newest form, or make it; every other command does so, too."""
    with _store(_settings(context, database_url=database_url)) as store:
        out.print(f"the review store is up to date: {escape(store.address)}", soft_wrap=True)


@app.command()
def consume(
    context: typer.Context,
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Read flagged comments into the store and send decisions, until Ctrl-C or SIGTERM."""
    from streams.review import review  # noqa: PLC0415 - as above

    settings = _settings(
        context, brokers=brokers, topic_prefix=topic_prefix, database_url=database_url
    )
    logs.configure(settings)
    topics.require(settings)
    stop = threading.Event()
    # What is being stored is finished and committed first.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _store(settings) as store:
        review(settings, store, stop)


@app.command("serve")
def serve_command(
    context: typer.Context,
    *,
    bind: Annotated[str | None, typer.Option(help="Address of the console, host:port.")] = None,
    tls_cert: Annotated[str | None, typer.Option(help="Certificate chain (PEM).")] = None,
    tls_key: Annotated[str | None, typer.Option(help="Its key (PEM).")] = None,
    consume: Annotated[
        bool, typer.Option(help="Read flagged comments and send decisions, too, as `consume` does.")
    ] = True,
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Open the moderators' console, until Ctrl-C or SIGTERM."""
    from streams import serve  # noqa: PLC0415 - as above

    settings = _settings(
        context,
        brokers=brokers,
        topic_prefix=topic_prefix,
        database_url=database_url,
        console_bind=bind,
        console_tls_cert=tls_cert,
        console_tls_key=tls_key,
    )
    logs.configure(settings)
    address = serve.address(settings)
    if consume:
        topics.require(settings)
    with _store(settings) as store:
        serve.serve(settings, store, address, consume=consume)


@app.command()
def send(
    context: typer.Context,
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Send the decisions that are due, and end; `consume` does it all the time."""
    from streams.review import send_due  # noqa: PLC0415 - as above

    settings = _settings(
        context, brokers=brokers, topic_prefix=topic_prefix, database_url=database_url
    )
    topics.require(settings)
    with _store(settings) as store:
        out.print(f"{send_due(settings, store):,} decisions sent")


@app.command()
def verify(
    context: typer.Context,
    anchor: Annotated[
        str | None,
        typer.Option(help="NUMBER:HASH of an entry as you know it from an earlier check."),
    ] = None,
    database_url: DatabaseUrl = None,
    *,
    as_json: Json = False,
) -> None:
    """Prove that the log is as it was written; exit 1 when it is not."""
    from moderation.review import log  # noqa: PLC0415 - as above

    with _store(_settings(context, database_url=database_url)) as store:
        found = log.verify(store, _anchor(anchor))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        for problem in found.problems:
            out.print(escape(problem), soft_wrap=True)
        if not found.problems:
            out.print(f"{found.entries:,} entries, and nothing was changed")
            out.print(f"keep: --anchor {found.head.number}:{found.head.hash}", soft_wrap=True)
    if found.problems:
        raise TrollbridgeError(f"the log is not as it was written: {found.problems[0]}")


def _anchor(given: str | None) -> Anchor | None:
    if given is None:
        return None
    number, _, known = given.partition(":")
    if not number.isdigit() or not known:
        raise SettingsError(f"--anchor {given!r} is not NUMBER:HASH")
    return Anchor(int(number), known.lower())


@app.command("export")
def export_command(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .csv or .jsonl.")],
    comment: Annotated[str, typer.Option(help="Only entries of this comment.")] = "",
    database_url: DatabaseUrl = None,
) -> None:
    """Write the log as CSV or as JSON lines."""
    from moderation.review import export, log  # noqa: PLC0415 - as above

    form: Literal["csv", "jsonl"]
    match target.suffix:
        case ".csv":
            form = "csv"
        case ".jsonl":
            form = "jsonl"
        case _:
            raise SettingsError(f"{target}: the name ends neither in .csv nor in .jsonl")
    with _store(_settings(context, database_url=database_url)) as store:
        try:
            with target.open("w", encoding="utf-8", newline="") as file:
                count = export.write(log.entries(store, comment_id=comment), file, form)
        except OSError as error:
            raise TrollbridgeError(f"{target}: {error.strerror}") from error
    err.print(f"{count:,} entries written to {escape(str(target))}")


@app.command()
def statement(
    context: typer.Context,
    comment: Annotated[str, typer.Argument(help="Id of a rejected comment.")],
    *,
    site: Annotated[str, typer.Option(help="Name of the site.")] = "this site",
    rules: Annotated[str, typer.Option(help="Address of the rules of discussion.")] = "",
    complaints: Annotated[str, typer.Option(help="Where a complaint goes.")] = "",
    legal_ground: Annotated[str, typer.Option(help="The law, for illegal content.")] = "",
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Print the statement of reasons for a comment's author (DSA, article 17)."""
    from moderation.review.statement import Site  # noqa: PLC0415 - as above
    from moderation.review.statement import statement as state  # noqa: PLC0415

    named = Site(name=site, rules=rules, complaints=complaints, legal_ground=legal_ground)
    with _store(_settings(context, database_url=database_url)) as store:
        found = state(store, comment, named)
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n" if as_json else found.text())


@app.command("agreement")
def agreement_command(
    context: typer.Context, database_url: DatabaseUrl = None, *, as_json: Json = False
) -> None:
    """Show how far moderators agree, from second looks."""
    from moderation.review import agreement  # noqa: PLC0415 - as above

    with _store(_settings(context, database_url=database_url)) as store:
        found = agreement.agreements(store)
        known = agreement.golden(store)
        open_ones = len(agreement.disagreements(store))
    if as_json:
        value = {"agreement": found, "golden": known, "disagreements": open_ones}
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
        return
    table = Table("", "Second looks", "Agreed", "Kappa", caption="95 % intervals in brackets")
    rows = {"all": found.total, **found.reasons, **found.people}
    for name, one in rows.items():
        table.add_row(escape(name), f"{one.pairs:,}", f"{one.agreed:,}", _figure(one.kappa))
    out.print(table)
    for name, figure in known.items():
        out.print(f"golden items: {escape(name)} {_figure(figure)}")
    out.print(f"{open_ones:,} disagreements wait for a lead")


def _figure(figure: "Figure | None") -> str:
    if figure is None:
        return "too few"
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"
