"""The `trollbridge` command: each subcommand reads its arguments, calls one function, shows it."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from moderation.errors import TrollbridgeError
from moderation.pages import read_page
from moderation.policy import load_policy
from moderation.simulation.labels import CommentLabel
from streams import cli_models, cli_review, cli_train, cli_users, logs, show, topics
from streams.audit import audit
from streams.cli_calibrate import calibrate
from streams.cli_evaluate import evaluate
from streams.cli_forget import forget
from streams.cli_simulate import simulate
from streams.demo import SIMULATED_RATE, console, running, sample_page, simulated_hour
from streams.produce import Produced, Reject, Stamp, produce
from streams.score_file import score_file
from streams.settings import Configured, load

app = typer.Typer(
    help="Reader comments cross the bridge; trolls are stopped for a moderator's look.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
topics_app = typer.Typer(help="Create or verify the topics.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
app.command()(evaluate)
app.command()(simulate)
app.command()(calibrate)
app.command()(forget)
app.add_typer(cli_models.app, name="models")
app.add_typer(cli_train.app, name="train")
cli_review.app.add_typer(cli_users.app, name="user")
app.add_typer(cli_review.app, name="review")

_MOST_NAMED = 10

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Brokers = Annotated[str | None, typer.Option(help="Kafka's bootstrap servers, host:port[,…].")]
Prefix = Annotated[str | None, typer.Option(help="Prefix of every topic name.")]
Partitions = Annotated[int | None, typer.Option(min=1, help="Partitions of each topic.")]
Replication = Annotated[int | None, typer.Option(min=1, help="Replicas of each partition.")]
PolicyFlag = Annotated[str | None, typer.Option(help="Policy file.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


class State:
    """What the options before the subcommand said."""

    config: Path | None = None


@app.callback()
def root(
    config: Annotated[
        Path | None, typer.Option(help="Settings file; default: trollbridge.toml, if there.")
    ] = None,
) -> None:
    """Options for every command."""
    State.config = config


def _configured(**flags: Any) -> Configured:
    return load(file=State.config, flags=flags)


@app.command()
def demo(
    page: Annotated[Path | None, typer.Option(help="A saved article page.")] = None,
    *,
    simulated: Annotated[
        bool, typer.Option("--simulate", help="A simulated hour with trolls instead of a page.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A judged record a line.")] = False,
    keep: Annotated[bool, typer.Option(help="Leave it running until Ctrl-C.")] = False,
    policy: PolicyFlag = None,
) -> None:
    """Run the whole pipeline on a page of comments, with nothing to set up."""
    labels: list[CommentLabel] = []
    stamp: Stamp | None = None
    if simulated and page is not None:
        raise typer.BadParameter("--page and --simulate exclude each other")
    if simulated:
        name = "a simulated hour"
        data, labels, stamp = simulated_hour()
    elif page is not None:
        read_page(page)
        name, data = str(page), page.read_bytes()
    else:
        name, data = "the sample page", sample_page()
    settings = _configured(policy=policy).settings
    load_policy(settings.policy)
    with err.status("Starting") as status, running(settings, status.update) as pipeline:
        status.update("Comments are crossing the bridge")
        outcome = pipeline.play(name, data, stamp=stamp, rate=SIMULATED_RATE if simulated else 0.0)
        status.stop()
        if as_json:
            for judged in outcome.judged:
                sys.stdout.write(msgspec.json.encode(judged).decode() + "\n")
            sys.stdout.flush()
        elif labels:
            show.simulation(out, name, outcome, labels)
        else:
            show.outcomes(out, name, outcome)
        if keep:
            with console(pipeline.settings) as opened:
                show.running(err, pipeline.settings, opened)
                pipeline.wait()
        elif not as_json:
            show.next_steps(out)
    if not outcome.audit.balanced:
        raise TrollbridgeError("the ledger does not balance")


@app.command()
def page(
    file: Path,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Parse a saved article page with its comments."""
    parsed = read_page(file)
    if as_json:
        article = {
            "date": parsed.article.date,
            "title": parsed.article.title,
            "paragraphs": parsed.article.paragraphs,
        }
        value = {"article": article, "comments": parsed.comments}
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    else:
        show.page(out, parsed)


@app.command()
def score(
    source: Annotated[Path, typer.Argument(metavar="IN.jsonl")],
    target: Annotated[Path, typer.Option("-o", "--output", metavar="OUT.jsonl")],
    policy: PolicyFlag = None,
) -> None:
    """Score JSON lines without Kafka."""
    settings = _configured(policy=policy).settings
    with err.status("Loading the models") as status:
        count = asyncio.run(
            score_file(
                settings,
                load_policy(settings.policy),
                source,
                target,
                on_batch=lambda done: status.update(f"{done:,} comments scored"),
            )
        )
    err.print(f"{count:,} comments scored into {target}")


@app.command(name="produce")
def produce_command(
    files: Annotated[list[str], typer.Argument(help="Pages or JSON lines; - is standard input.")],
    *,
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
    rejects: Annotated[Path, typer.Option(help="Where lines that were not sent are kept.")] = Path(
        "rejects.jsonl"
    ),
    rate: Annotated[float, typer.Option(min=0, help="Comments a second; 0: no limit.")] = 0,
) -> None:
    """Send pages and JSON lines into the articles and comments topics."""
    settings = _configured(brokers=brokers, topic_prefix=topic_prefix).settings
    topics.require(settings)
    with _opened(files) as (streams, progress):
        produced = produce(settings, streams, rate=rate, on_record=progress)
    err.print(f"{produced.articles:,} articles and {produced.comments:,} comments sent")
    _keep_rejects(produced, rejects)


def _keep_rejects(produced: Produced, file: Path) -> None:
    if not produced.rejects:
        return
    with file.open("ab") as kept:
        for reject in produced.rejects:
            kept.write(msgspec.json.encode(reject) + b"\n")
    shown = ", ".join(_place(reject) for reject in produced.rejects[:_MOST_NAMED])
    more = len(produced.rejects) - _MOST_NAMED
    if more > 0:
        shown += f" and {more:,} more"
    raise TrollbridgeError(
        f"{len(produced.rejects):,} lines were not sent: {shown}; they are kept in {file}"
    )


def _place(reject: Reject) -> str:
    return f"{reject.file} line {reject.line} ({reject.code})"


@contextlib.contextmanager
def _opened(names: list[str]) -> Iterator[tuple[list[tuple[str, BinaryIO]], Any]]:
    """The files, and a function that moves the progress bar."""
    size = 0
    with contextlib.ExitStack() as stack:
        streams: list[tuple[str, BinaryIO]] = []
        for name in names:
            if name == "-":
                streams.append(("standard input", sys.stdin.buffer))
                continue
            try:
                streams.append((name, stack.enter_context(Path(name).open("rb"))))
                size += Path(name).stat().st_size
            except OSError as error:
                raise TrollbridgeError(f"{name}: {error.strerror}") from error
        bar = Progress(
            TextColumn("sending"), BarColumn(), DownloadColumn(), console=err, transient=True
        )
        task = bar.add_task("sending", total=size or None)
        stack.enter_context(bar)

        def progress() -> None:
            done = sum(stream.tell() for name, stream in streams if name != "standard input")
            bar.update(task, completed=done)

        yield streams, progress


@topics_app.command("create")
def topics_create(
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
    partitions: Partitions = None,
    replication: Replication = None,
) -> None:
    """Create the topics that are missing."""
    settings = _configured(
        brokers=brokers, topic_prefix=topic_prefix, partitions=partitions, replication=replication
    ).settings
    created = topics.create(settings)
    for name in created:
        out.print(f"created {name}")
    if not created:
        out.print("all topics are there")


@topics_app.command("check")
def topics_check(
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
    partitions: Partitions = None,
    replication: Replication = None,
) -> None:
    """Verify partitions, replication and cleanup of the topics."""
    settings = _configured(
        brokers=brokers, topic_prefix=topic_prefix, partitions=partitions, replication=replication
    ).settings
    problems = topics.check(settings)
    for problem in problems:
        out.print(problem)
    if problems:
        raise TrollbridgeError(f"{len(problems)} topics are not as the contract says")
    out.print("all topics are as the contract says")


@app.command()
def worker(
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
    policy: PolicyFlag = None,
    metrics_bind: Annotated[str | None, typer.Option(help="host:port of /metrics.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Folder for state and caches.")] = None,
) -> None:
    """Run the Faust worker: all agents, metrics and health."""
    from streams.worker import work  # noqa: PLC0415 - Faust takes a while to import

    settings = _configured(
        brokers=brokers,
        topic_prefix=topic_prefix,
        policy=policy,
        metrics_bind=metrics_bind,
        data_dir=data_dir,
    ).settings
    logs.configure(settings)
    asyncio.run(work(settings))


@app.command(name="audit")
def audit_command(
    brokers: Brokers = None, topic_prefix: Prefix = None, *, as_json: Json = False
) -> None:
    """Prove that every input came to exactly one outcome; exit 1 when one did not."""
    settings = _configured(brokers=brokers, topic_prefix=topic_prefix).settings
    found = audit(settings)
    if as_json:
        balanced = {"balanced": found.balanced}
        sys.stdout.write(
            msgspec.json.encode(msgspec.structs.asdict(found) | balanced).decode() + "\n"
        )
    else:
        show.audit(out, found)
    if not found.balanced:
        raise TrollbridgeError(
            f"the ledger does not balance: {len(found.missing):,} inputs are missing, "
            f"{len(found.unreviewed):,} flagged items are not in the review topic"
        )


@app.command(name="replay")
def replay_command(
    policy: PolicyFlag = None,
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only comments that arrived since, local time.")
    ] = None,
    last: Annotated[int, typer.Option(min=0, help="Only so many of the newest; 0: all.")] = 0,
    *,
    rescore: Annotated[bool, typer.Option(help="Score anew, or judge the recorded scores.")] = True,
    as_json: Json = False,
) -> None:
    """Show what another policy or model would change; write nothing."""
    from streams.replay import replay  # noqa: PLC0415 - brings Faust, which takes a while

    settings = _configured(policy=policy, brokers=brokers, topic_prefix=topic_prefix).settings
    with err.status("Reading and scoring"):
        found = replay(
            settings,
            load_policy(settings.policy),
            since=int(since.timestamp() * 1000) if since else 0,
            last=last,
            rescore=rescore,
        )
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        show.replay(out, found)


@app.command()
def bench(
    *,
    records: Annotated[int, typer.Option(min=1_000, help="Comments in each round.")] = 20_000,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    rate: Annotated[float, typer.Option(min=1, help="Comments a second for the latency.")] = 200,
    seconds: Annotated[float, typer.Option(min=0, help="Length of it; 0 leaves it out.")] = 20,
    kafka_home: Annotated[
        Path | None,
        typer.Option(envvar="KAFKA_HOME", help="An unpacked Apache Kafka; else embedded."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure throughput and latency, a bare Faust app beside it in the same run."""
    from streams.bench.run import bench as measure  # noqa: PLC0415 - only this command needs it

    settings = _configured().settings
    with err.status("Starting a broker") as status:
        found = measure(
            settings,
            records=records,
            rounds=rounds,
            rate=rate,
            seconds=seconds,
            kafka_home=kafka_home,
            say=status.update,
        )
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        show.bench(out, found)


@app.command()
def config(*, as_json: Json = False) -> None:
    """Print the settings in force, and where each value comes from."""
    configured = _configured()
    if as_json:
        sys.stdout.write(msgspec.json.encode(show.shown_settings(configured)).decode() + "\n")
    else:
        show.settings(out, configured)


def main() -> None:
    """Run the command; a failure is one line on standard error and exit status 1."""
    # A supervisor's SIGTERM ends a command as Ctrl-C does, so that what it started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except TrollbridgeError as error:
        sys.stderr.write(f"trollbridge: {' '.join(str(error).split())}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
