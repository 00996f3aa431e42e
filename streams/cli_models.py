"""`trollbridge models`: the model files, by hand."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from moderation.errors import WeightsError
from moderation.scoring.protocol import ScoringOptions
from streams import models
from streams.settings import load

app = typer.Typer(help="List, fetch and verify the model files.", no_args_is_help=True)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
_STYLES = {"absent": "dim", "present": "default", "exported": "green"}


def _options(context: typer.Context) -> ScoringOptions:
    config: Path | None = context.find_root().params.get("config")
    return load(file=config).settings.scoring_options()


@app.command("list")
def list_command(context: typer.Context, *, as_json: Json = False) -> None:
    """Show every model: where it is, in which precision, and how close to Detoxify's own."""
    found = list(models.listed(_options(context)))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    table = Table(caption="Parity: largest difference of any score from Detoxify's own")
    for column in ("Model", "State", "Precision", "Parity", "Size", "SHA-256"):
        table.add_column(column, no_wrap=True)
    table.add_column("Where", overflow="fold")
    for model in found:
        style = _STYLES[model.state]
        table.add_row(
            escape(model.name),
            f"[{style}]{model.state}[/]",
            model.precision,
            "" if model.difference is None else f"{model.difference:.4f}",
            decimal(model.bytes) if model.bytes else "",
            model.sha256[:8],
            escape(model.path),
        )
    out.print(table)


@app.command()
def fetch(
    context: typer.Context,
    variant: Annotated[
        str | None, typer.Argument(help="A variant of Detoxify; default: what the settings say.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option(help="Export again, also what is there.")] = False,
) -> None:
    """Make a Detoxify model ready: download it, check it, export it to ONNX."""
    with err.status("Looking") as status:

        def say(text: str) -> None:
            # The download has a progress bar of its own.
            status.update(text) if text else status.stop()
            if text:
                status.start()

        folder, manifest = models.fetch(_options(context), variant, force=force, say=say)
    off = manifest.differences[manifest.precision]
    out.print(
        f"{manifest.precision}, off Detoxify's own scores by at most {off:.4f} on "
        f"{manifest.sample} texts: {escape(str(folder))}",
        soft_wrap=True,
    )
    if manifest.precision == "fp32" and "int8" in manifest.differences:
        off = manifest.differences["int8"]
        out.print(f"int8 would be off by {off:.4f}, more than is allowed; it stays fp32")
    out.print(f"Labels: {', '.join(manifest.labels)}")


@app.command()
def verify(context: typer.Context, *, as_json: Json = False) -> None:
    """Compare shipped weights and exports with their checksums; exit 1 when one differs."""
    with err.status("Reading the model files"):
        found = models.verified(_options(context))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        for problem in found.problems:
            out.print(escape(problem), soft_wrap=True)
        if not found.problems:
            out.print(f"{found.files} files are what they should be")
    if found.problems:
        more = f", and {len(found.problems) - 1} more" if len(found.problems) > 1 else ""
        raise WeightsError(f"{found.problems[0]}{more}")
