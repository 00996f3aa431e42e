"""`trollbridge review user`: accounts of the console, for whoever may start programs beside it."""

import sys
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from streams.cli_review import DatabaseUrl, Json, opened, out

app = typer.Typer(help="Accounts of the console.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Of the account.")]


@app.command()
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[str, typer.Option(help="moderator, lead or admin.")] = "moderator",
    database_url: DatabaseUrl = None,
) -> None:
    """Add an account, and print the link by which the person sets a password."""
    from moderation.review.access import links  # noqa: PLC0415 - SQLAlchemy, as in cli_review
    from moderation.review.access.accounts import COMMAND_LINE  # noqa: PLC0415

    with opened(context, database_url) as store:
        _print_link(name, links.invite(store, COMMAND_LINE, name, role))


@app.command()
def link(context: typer.Context, name: Name, database_url: DatabaseUrl = None) -> None:
    """Print a link by which somebody sets a new password; it works once, for a day."""
    from moderation.review.access import links  # noqa: PLC0415 - as above
    from moderation.review.access.accounts import COMMAND_LINE  # noqa: PLC0415

    with opened(context, database_url) as store:
        _print_link(name, links.reset(store, COMMAND_LINE, name))


@app.command("list")
def list_command(
    context: typer.Context, database_url: DatabaseUrl = None, *, as_json: Json = False
) -> None:
    """Show the accounts."""
    from moderation.review.access.accounts import accounts  # noqa: PLC0415 - as above

    with opened(context, database_url) as store:
        found = accounts(store)
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    table = Table("Name", "Role", "State", "Signs in with")
    for one in found:
        table.add_row(escape(one.name), one.role, one.state, escape(one.issuer or "a password"))
    out.print(table)


@app.command()
def disable(context: typer.Context, name: Name, database_url: DatabaseUrl = None) -> None:
    """Shut an account: its sessions end, its links and API tokens work no more."""
    from moderation.review.access import accounts  # noqa: PLC0415 - as above

    _do(context, database_url, accounts.disable, name, "disabled")


@app.command()
def enable(context: typer.Context, name: Name, database_url: DatabaseUrl = None) -> None:
    """Open a disabled account again."""
    from moderation.review.access import accounts  # noqa: PLC0415 - as above

    _do(context, database_url, accounts.enable, name, "enabled")


@app.command()
def unlock(context: typer.Context, name: Name, database_url: DatabaseUrl = None) -> None:
    """Let a name be tried again at once that failed sign-ins have closed."""
    from moderation.review.access import throttle  # noqa: PLC0415 - as above

    _do(context, database_url, throttle.unlock, name, "open again")


def _do(context: typer.Context, database_url: str | None, act: Any, name: str, said: str) -> None:
    from moderation.review.access.accounts import COMMAND_LINE  # noqa: PLC0415 - as above

    with opened(context, database_url) as store:
        act(store, COMMAND_LINE, name)
    out.print(f"{escape(name)} is {said}", soft_wrap=True)


def _print_link(name: str, key: str) -> None:
    out.print(
        f"for {escape(name)} alone, once, after the console's address: /welcome/{key}",
        soft_wrap=True,
    )
