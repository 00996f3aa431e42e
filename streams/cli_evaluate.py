"""`trollbridge evaluate`: how good the scorers are, on labelled comments."""

import contextlib
import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from moderation.errors import SettingsError, TrollbridgeError
from moderation.policy import load_policy
from streams.settings import load

if TYPE_CHECKING:
    from moderation.evaluation.labelled import LabelledSet
    from moderation.evaluation.report import Report, Skipped
    from moderation.evaluation.tables import Table as Described

_WIDE = 140
_PIPED = 160

# A pipe has no width of its own; 80 columns would break the figures apart.
out = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED)
err = Console(stderr=True, highlight=False)


def evaluate(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Labelled JSON lines; none: the sets of the data folder."),
    ] = None,
    *,
    data: Annotated[Path, typer.Option(help="Folder with the labelled sets.")] = Path(
        "../shared/data"
    ),
    names: Annotated[
        list[str] | None, typer.Option("--set", help="Only this set; may be repeated.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Texts of each set, drawn by chance; 0: all.")
    ] = 2_000,
    peers: Annotated[bool, typer.Option(help="Measure other models beside ours.")] = True,
    policy: Annotated[str | None, typer.Option(help="Policy file.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the figures as JSON.")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write a page of plots, one HTML file.")] = None,
    write_docs: Annotated[
        Path | None, typer.Option(help="Write the tables between the marks of docs/models.md.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """Measure the scorers on labelled comments, peers beside them in the same run."""
    # These bring the models' libraries, which other commands can do without.
    from moderation.evaluation.peers import ours  # noqa: PLC0415
    from moderation.evaluation.peers import peers as known_peers  # noqa: PLC0415
    from moderation.evaluation.run import evaluate as measure  # noqa: PLC0415

    if page is not None and importlib.util.find_spec("jinja2") is None:
        raise SettingsError("--page needs Jinja2: pip install 'trollbridge[evaluate]'")
    above = context.parent.params if context.parent is not None else {}
    settings = load(file=above.get("config"), flags={"policy": policy}).settings
    sets, absent = _sets(files or [], data, names or [])
    with _progress() as progress:
        progress("loading the models", 0, 0)
        options = settings.scoring_options()
        measured = ours(settings.scorers, options)
        report = measure(
            measured,
            known_peers(measured, options, data) if peers else [],
            sets,
            load_policy(settings.policy),
            limit=limit,
            skipped=absent,
            on_progress=progress,
        )
    _write(report, output, page, write_docs)
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        _show(report)


def _sets(
    files: list[Path], data: Path, names: list[str]
) -> tuple[list[Callable[[], "LabelledSet"]], list["Skipped"]]:
    """What reads each set, and the sets that the folder lacks."""
    from moderation.evaluation.labelled import read_file  # noqa: PLC0415 - as above
    from moderation.evaluation.report import Skipped  # noqa: PLC0415
    from moderation.evaluation.sets import present, read_set  # noqa: PLC0415

    found: list[Callable[[], LabelledSet]] = []
    for file in files:
        found += [functools.partial(lambda given: given, given) for given in read_file(file)]
    if files and not names:
        return found, []
    here, lacking = present(data, names)
    if not here:
        raise SettingsError(
            f"none of the labelled sets is in {data}: name their folder with --data, "
            "or a file of labelled JSON lines"
        )
    found += [functools.partial(read_set, data, name) for name in here]
    return found, [Skipped(name, "the folder does not have it") for name in lacking]


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
    with bar:
        task = bar.add_task("starting", total=None)
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total or None
        )


def _write(report: "Report", output: Path | None, page: Path | None, docs: Path | None) -> None:
    from moderation.evaluation import markdown  # noqa: PLC0415 - as above

    try:
        if output is not None:
            output.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
        if page is not None:
            from moderation.evaluation.page import page as drawn  # noqa: PLC0415 - brings Jinja2

            page.write_text(drawn(report), "utf-8")
        if docs is not None:
            markdown.write(report, docs)
    except OSError as error:
        raise TrollbridgeError(f"{error.filename}: {error.strerror}") from error
    for written in (output, page, docs):
        if written is not None:
            err.print(f"written: {escape(str(written))}")


def _show(report: "Report") -> None:
    from moderation.evaluation.tables import tables  # noqa: PLC0415 - as above

    for skipped in report.skipped:
        err.print(f"not measured: {escape(skipped.name)}: {escape(skipped.reason)}")
    for given in tables(report):
        out.print()
        out.print(_table(given))
        out.print(given.note, style="dim")


def _table(given: "Described") -> Table:
    shown = Table(title=given.title, title_justify="left", title_style="bold", box=box.SIMPLE)
    for number, column in enumerate(given.columns):
        # What a group is about may fold, its figures may not.
        shown.add_column(column, no_wrap=bool(number and given.rows[0].group))
    said = ""
    for row in given.rows:
        if row.group != said:
            shown.add_row(escape(row.group), style="bold")
            said = row.group
        cells = list(row.cells)
        if row.group and out.width < _WIDE:
            # The first figure keeps its interval; the JSON and the page have the others.
            cells[2:] = [cell.partition(" (")[0] for cell in cells[2:]]
        shown.add_row(
            *(
                f"[bold green]{escape(cell)}[/]" if column in row.best else escape(cell)
                for column, cell in enumerate(cells)
            )
        )
    return shown
