"""The `trollbridge` command. Each subcommand reads its arguments and calls one function."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from moderation.errors import TrollbridgeError
from streams import logs, topics
from streams.settings import Configured, load
from streams.worker import work

app = typer.Typer(
    help="Reader comments cross the bridge; trolls are stopped for a moderator's look.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
topics_app = typer.Typer(help="Create or verify the topics.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")


@app.command()
def worker() -> None:
    """Run the Faust worker."""
    settings = load().settings
    logs.configure(settings)
    asyncio.run(work(settings))


def main() -> None:
    try:
        app(standalone_mode=True)
    except TrollbridgeError as error:
        Console(stderr=True, highlight=False).print(f"trollbridge: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
