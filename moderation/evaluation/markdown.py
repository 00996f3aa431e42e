"""A report in Markdown, written between two marks of a document."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from moderation.errors import SettingsError
from moderation.evaluation.report import Report
from moderation.evaluation.tables import Row, Table, tables

BEGIN: Final = "<!-- results: written by trollbridge evaluate --write-docs -->"
END: Final = "<!-- results end -->"


def write(report: Report, document: Path) -> None:
    """Replace what stands between the marks of a document.

    SettingsError when it cannot be read or does not have both marks.
    """
    try:
        text = document.read_text("utf-8")
    except OSError as error:
        raise SettingsError(f"{document}: {error.strerror}") from error
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SettingsError(f"{document}: put results between the lines {BEGIN} and {END}")
    document.write_text(f"{before}{BEGIN}\n{markdown(report)}\n{END}{after}", "utf-8")


def markdown(report: Report) -> str:
    """The report's tables."""
    limit = f"at most {report.limit:,} texts of each set" if report.limit else "all texts"
    lines = [
        "",
        f"Measured {report.made_at[:10]} on {limit} (seed {report.seed}, "
        f"{report.resamples:,} resamples), policy {report.policy}.",
        "",
    ]
    for skipped in report.skipped:
        lines += [f"Not measured: {skipped.name}: {skipped.reason}.", ""]
    for table in tables(report):
        lines += _table(table)
    return "\n".join(lines)


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.title}"
    yield ""
    yield table.note.replace("* ", "\\* ")
    yield ""
    grouped = any(row.group for row in table.rows)
    columns = ("On", *table.columns) if grouped else table.columns
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    said = ""
    for row in table.rows:
        about = [row.group if row.group != said else ""] if grouped else []
        yield "| " + " | ".join([*about, *_cells(row)]) + " |"
        said = row.group
    yield ""


def _cells(row: Row) -> Iterator[str]:
    for column, cell in enumerate(row.cells):
        plain = cell.replace("|", "\\|").replace("*", "\\*")
        yield f"**{plain}**" if column in row.best else plain
