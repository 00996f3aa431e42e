"""`trollbridge calibrate`: thresholds from what moderators decided."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from moderation.errors import SettingsError, TrollbridgeError
from moderation.policy import load_policy
from streams.settings import load

if TYPE_CHECKING:
    from moderation.review.calibration import Fit, Proposal

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_DAY = 86_400.0


def calibrate(
    context: typer.Context,
    *,
    precision: Annotated[
        float | None,
        typer.Option(min=0.01, max=0.99, help="Share of flagged comments that people confirm."),
    ] = None,
    people: Annotated[float | None, typer.Option(min=0, help="Moderators a day.")] = None,
    hours: Annotated[float | None, typer.Option(min=0, help="Hours a day of each.")] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds a decision; default: as measured.")
    ] = None,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999)] = 0.95,
    days: Annotated[float, typer.Option(min=0, help="Only the last days; 0: all.")] = 0,
    policy: Annotated[str | None, typer.Option(help="Policy file.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the diff.")] = None,
    database_url: Annotated[
        str | None, typer.Option("--database-url", help="The store; default: a file in data_dir.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Propose thresholds that keep a precision or fit a staff, as a diff; apply nothing."""
    from moderation.review import calibration, evidence  # noqa: PLC0415 - bring SQLAlchemy
    from moderation.review.policy_diff import policy_diff  # noqa: PLC0415
    from streams.review import open_store  # noqa: PLC0415

    if (precision is None) == (people is None or hours is None):
        raise SettingsError("say either --precision, or --people and --hours")
    above = context.parent.params if context.parent is not None else {}
    flags = {"policy": policy, "database_url": database_url}
    settings = load(file=above.get("config"), flags=flags).settings
    known = load_policy(settings.policy)
    since = time.time() - days * _DAY if days else 0.0
    store = open_store(settings)
    try:
        if precision is not None:
            proposals = calibration.keep_precision(
                evidence.seen(store, since=since),
                known,
                precision=precision,
                confidence=confidence,
            )
            thresholds = {
                (one.section, one.code): one.threshold
                for one in proposals
                if one.threshold is not None and one.threshold != one.now
            }
            _show_proposals(proposals, as_json=as_json)
            if all(one.threshold is None for one in proposals):
                raise TrollbridgeError(
                    proposals[0].refused if proposals else "there are no decisions to go by"
                )
        else:
            took = [seconds] * calibration.LEAST if seconds else evidence.seconds(store)
            fit = calibration.fit_staff(
                list(evidence.arrivals(store, since=since)),
                known,
                capacity=calibration.capacity(people or 0, hours or 0, took),
                confidence=confidence,
            )
            thresholds = fit.thresholds
            _show_fit(fit, as_json=as_json)
    finally:
        store.close()
    _write(policy_diff(settings.policy, thresholds), output, as_json=as_json)


def _write(diff: str, output: Path | None, *, as_json: bool) -> None:
    if not diff:
        err.print("no threshold changes")
    if output is None:
        if not as_json:
            sys.stdout.write(diff)
        return
    try:
        output.write_text(diff, "utf-8")
    except OSError as error:
        raise TrollbridgeError(f"{output}: {error.strerror}") from error
    err.print(f"written: {escape(str(output))}; nothing is applied", soft_wrap=True)


def _show_proposals(proposals: "list[Proposal]", *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(proposals).decode() + "\n")
        return
    table = Table(
        "Section", "Reason", "Decisions", "Confirmed", "Now", "Proposed", "Precision", "At least"
    )
    for one in proposals:
        proposed = "refused" if one.threshold is None else f"{one.threshold:.2f}"
        if one.threshold == one.now:
            proposed = "as it is"
        table.add_row(
            escape(one.section or "others"),
            one.code,
            f"{one.decisions:,}",
            f"{one.confirmed:,}",
            f"{one.now:.2f}",
            proposed,
            "" if one.precision is None else f"{one.precision:.2f}",
            "" if one.bound is None else f"{one.bound:.2f}",
        )
    err.print(table)
    for one in proposals:
        if one.refused:
            err.print(f"{escape(one.section or 'others')}, {one.code}: {one.refused}")


def _show_fit(fit: "Fit", *, as_json: bool) -> None:
    if as_json:
        value = msgspec.structs.asdict(fit) | {
            "thresholds": [
                {"section": section, "code": code, "threshold": threshold}
                for (section, code), threshold in fit.thresholds.items()
            ]
        }
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
        return
    err.print(
        f"{fit.arriving:,.0f} comments a day went to review over {fit.days} days, "
        f"{fit.capacity:,.0f} can be decided. Thresholds raised by {fit.lift:.0%} of the way to 1 "
        f"leave {fit.kept:,.0f} a day, at most {fit.bound:,.0f} in the mean."
    )
