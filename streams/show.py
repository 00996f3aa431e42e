"""What the commands print for people."""

import statistics
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from moderation.language_policy import UNSUPPORTED, unsupported_reason
from moderation.pages import Page
from moderation.records import Judged, Reason
from moderation.simulation.labels import CommentLabel
from streams.audit import Audit
from streams.bench.run import Bench
from streams.demo import Opened, Outcome
from streams.replay import Replay
from streams.settings import Configured, Settings, is_secret

_MOST_LISTED = 20
_EXAMPLES = 2


def outcomes(out: Console, name: str, outcome: Outcome) -> None:
    """The demo's table: who said what, and what became of it."""
    out.print(_said(f"Reader comments of {escape(name)}", outcome.judged))
    _sum_up(out, outcome)


def simulation(out: Console, name: str, outcome: Outcome, labels: list[CommentLabel]) -> None:
    """The demo's table with a few comments of each behaviour, and all of them counted."""
    truth = {label.id: label for label in labels}
    seen: Counter[str] = Counter()
    examples = []
    for judged in outcome.judged:
        behaviour = truth[judged.id].behaviour
        seen[behaviour] += 1
        if seen[behaviour] <= _EXAMPLES:
            examples.append(judged)
    examples.sort(key=lambda judged: list(seen).index(truth[judged.id].behaviour))
    out.print(
        _said(
            f"Reader comments of {escape(name)}, {_EXAMPLES} of each behaviour",
            examples,
            behaviours=[truth[judged.id].behaviour for judged in examples],
        )
    )
    table = Table(title="What became of each behaviour", title_justify="left")
    table.add_column("Behaviour", style="bold")
    for column in ("Comments", "To review", "Toxic", "Toxic, to review"):
        table.add_column(column, justify="right")
    for kind, count in seen.items():
        made = [judged for judged in outcome.judged if truth[judged.id].behaviour == kind]
        review = [judged for judged in made if judged.decision == "review"]
        toxic = sum(truth[judged.id].toxic for judged in made)
        found = sum(truth[judged.id].toxic for judged in review)
        table.add_row(
            kind.replace("_", " "), *(f"{n or ''}" for n in (count, len(review), toxic, found))
        )
    out.print(table)
    _found(out, outcome)
    _sum_up(out, outcome)


def _found(out: Console, outcome: Outcome) -> None:
    """What no comment shows alone."""
    for campaign in outcome.campaigns:
        out.print(
            f"\n[bold]Campaign[/]: {campaign.comments} comments by {campaign.authors} authors "
            f"under {campaign.articles} articles, nearly the same words:"
        )
        out.print(f"  [dim]{escape(_excerpt(campaign.text))}[/]")
    for thread in outcome.hot_threads:
        tipped = next((j for j in outcome.judged if j.id == thread.tipped), None)
        said = "; ".join(each.detail for each in thread.contributions)
        out.print(f"\n[bold]Hot thread[/]: forecast {thread.heat:.2f}, {escape(said)}")
        if tipped is not None:
            name, words = escape(tipped.author_name), escape(_excerpt(tipped.text))
            out.print(f"  tipped by {name}: [dim]{words}[/]")


def _said(title: str, comments: list[Judged], behaviours: Sequence[str] = ()) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        expand=True,
        row_styles=[""],
    )
    if behaviours:
        table.add_column("Behaviour")
    table.add_column("Author", style="bold", max_width=20, overflow="ellipsis")
    table.add_column("Comment", ratio=3)
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Reasons", ratio=2)
    for judged, behaviour in zip_longest(comments, behaviours):
        flagged = judged.decision == "review"
        table.add_row(
            *([behaviour.replace("_", " ")] if behaviour else []),
            escape(judged.author_name),
            escape(_excerpt(judged.text)),
            "[yellow]⚑ review[/]" if flagged else "[green]✓ allow[/]",
            _reasons(judged),
        )
    return table


def _sum_up(out: Console, outcome: Outcome) -> None:
    found = outcome.audit
    models = outcome.judged[0].models if outcome.judged else {}
    out.print(
        f"\n[bold]{found.inputs}[/] comments: [green]{found.allow} allowed[/], "
        f"[yellow]{found.review} to review[/], {found.deadletters} dead letters"
    )
    audit(out, found)
    if models:
        out.print("Models: " + ", ".join(f"{scorer} {models[scorer]}" for scorer in models))


def _excerpt(text: str, length: int = 100) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1].rstrip() + "…"


def _reasons(judged: Judged) -> str:
    lines = [f"[yellow]{_reason(reason)}[/]" for reason in judged.reasons]
    lines += [f"[dim]{_reason(reason)} (shown only)[/]" for reason in judged.shown]
    if judged.unsupported and all(
        reason.code != UNSUPPORTED for reason in (*judged.reasons, *judged.shown)
    ):
        reason = unsupported_reason(judged.detected_lang, judged.unsupported)
        lines.append(f"[dim]{_reason(reason)} (allowed)[/]")
    return "\n".join(lines)


def _reason(reason: Reason) -> str:
    detail = f" — {escape(reason.detail)}" if reason.detail else ""
    if reason.code == UNSUPPORTED:
        # A fact and no probability.
        return f"{reason.code}{detail}"
    bias = " [bold](possible bias)[/]" if reason.possible_bias else ""
    return f"{reason.code} {reason.score:.2f} ≥ {reason.threshold:.2f}{bias}{detail}"


def audit(out: Console, found: Audit) -> None:
    """The ledger's balance."""
    sign = "[green]balanced[/]" if found.balanced else "[red]NOT balanced[/]"
    out.print(
        f"Ledger: {found.inputs:,} inputs = {found.allow:,} allow + {found.review:,} review + "
        f"{found.deadletters:,} dead letters: {sign}"
    )
    notes = {
        "duplicates recognised": found.duplicates,
        "of them with another outcome than the first": len(found.conflicts),
        "dead letters of other topics": found.other_deadletters,
        "outcomes of inputs that are no longer there": found.strangers,
    }
    for what, count in notes.items():
        if count:
            out.print(f"  {count:,} {what}")
    for source in found.missing[:_MOST_LISTED]:
        out.print(f"  [red]missing:[/] {source.topic}/{source.partition} offset {source.offset}")
    if len(found.missing) > _MOST_LISTED:
        out.print(f"  … and {len(found.missing) - _MOST_LISTED:,} more missing")
    for item in found.unreviewed[:_MOST_LISTED]:
        out.print(f"  [red]not in the review topic:[/] {escape(item)}")
    for partition, start in found.truncated.items():
        out.print(f"  {partition}: retention has removed what was before offset {start}")


def next_steps(out: Console) -> None:
    """What to try after the demo."""
    out.print(
        "\nNext: [bold]trollbridge demo --page FILE[/] takes your own page, "
        "[bold]--simulate[/] an hour with trolls in it,\n"
        "[bold]--keep[/] leaves it running with the moderators' console, [bold]--json[/] prints "
        "judged records. docs/why.md says how nothing gets lost; "
        "docs/operate.md, how to run it."
    )


def running(out: Console, settings: Settings, opened: Opened) -> None:
    """Where a kept demo listens."""
    out.print(
        f"\nStill running. Console: [bold]{opened.url}[/]   name [bold]{opened.name}[/], "
        f"password [bold]{opened.password}[/]\n"
        f"Metrics: http://{settings.metrics_bind}/metrics   "
        f"Broker: {settings.brokers}\n"
        f"Send more: [bold]TROLLBRIDGE_BROKERS={settings.brokers} "
        f"TROLLBRIDGE_API_VERSION={settings.api_version} trollbridge produce FILE[/]\n"
        "Ctrl-C stops everything."
    )


def page(out: Console, parsed: Page) -> None:
    """A parsed page."""
    article = parsed.article
    out.print(f"[bold]{escape(article.title or '(no title)')}[/]  {article.date}")
    for paragraph in article.paragraphs:
        out.print(escape(_excerpt(paragraph, 100)), style="dim")
    table = Table(expand=True)
    table.add_column("Author", style="bold")
    table.add_column("Comment", ratio=3)
    table.add_column("Quotes", ratio=1)
    for comment in parsed.comments:
        quoted = comment.quotes
        table.add_row(
            escape(comment.author),
            escape(_excerpt(comment.text)),
            escape(f"{quoted.author}: {_excerpt(quoted.text, 60)}") if quoted else "",
        )
    out.print(table)


def shown_settings(configured: Configured) -> dict[str, dict[str, Any]]:
    """Each setting's value, secrets hidden, and its origin."""
    shown = {}
    for name, origin in configured.origins.items():
        value = getattr(configured.settings, name)
        if is_secret(name) and value:
            value = "********"
        shown[name] = {"value": value, "origin": origin}
    return shown


def settings(out: Console, configured: Configured) -> None:
    """The settings as a table."""
    table = Table("Setting", "Value", "Origin")
    for name, entry in shown_settings(configured).items():
        value = entry["value"]
        text = ", ".join(value) if isinstance(value, tuple) else str(value)
        style = "" if entry["origin"] == "default" else "bold"
        table.add_row(name, escape(text), escape(entry["origin"]), style=style)
    out.print(table)


def replay(out: Console, found: Replay) -> None:
    """What would change."""
    table = Table("Author", "Comment", "Now", "Then", title="What would change")
    for change in found.changes[:_MOST_LISTED]:
        table.add_row(
            escape(change.author_name),
            escape(_excerpt(change.text)),
            f"{change.before} {', '.join(change.reasons_before)}",
            f"{change.after} {', '.join(change.reasons_after)}",
        )
    if found.changes:
        out.print(table)
    if len(found.changes) > _MOST_LISTED:
        out.print(f"… and {len(found.changes) - _MOST_LISTED:,} more")
    out.print(
        f"{found.comments:,} comments under policy {found.policy}: "
        f"{len(found.changes):,} would change"
    )
    for pair, count in sorted(found.decisions.items()):
        out.print(f"  {pair}: {count:,}")
    if found.not_judged:
        out.print(f"  {found.not_judged:,} have no judged record to compare with")


def bench(out: Console, found: Bench) -> None:
    """A bench run's figures."""
    out.print(f"Broker: {found.broker}, {found.cores} cores, {found.records:,} comments a round")
    table = Table("Comments a second", "Rounds", "Median", "Of the peer")
    for name, rates, share in (
        ("bare Faust app, confirms nothing", found.throughput.peer, 1.0),
        ("trollbridge, no-op scorers", found.throughput.trollbridge, found.share),
    ):
        rounds = "  ".join(f"{rate:,.0f}" for rate in rates)
        table.add_row(name, rounds, f"{statistics.median(rates):,.0f}", f"{share:.0%}")
    out.print(table)
    latency = found.latency
    if latency is not None:
        out.print(
            f"Arrival to outcome at {latency.rate:g}/s, {latency.comments:,} comments: "
            f"p50 {latency.p50 * 1000:.0f} ms, p99 {latency.p99 * 1000:.0f} ms, "
            f"most {latency.most * 1000:.0f} ms"
        )
        out.print("Models: " + ", ".join(f"{name} {v}" for name, v in latency.models.items()))
