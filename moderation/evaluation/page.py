"""A report as one HTML file that needs nothing from elsewhere."""

from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from moderation.evaluation import charts
from moderation.evaluation.peers import OURS
from moderation.evaluation.report import Report
from moderation.evaluation.tables import tables


def page(report: Report) -> str:
    """The page, with its drawings inline."""
    environment = Environment(
        loader=PackageLoader("moderation.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    fresh = {info.name for info in report.sets if not info.seen}
    groups = [
        (name, key, list(group))
        for (name, key), group in groupby(report.quality, key=lambda q: (q.set, q.key))
    ]
    in_sections = [flags for flags in report.flags if flags.who.startswith("section: ")]
    return environment.get_template("page.html").render(
        report=report,
        charts=charts,
        tables=tables(report),
        glances=[
            (title, charts.glance(report, found))
            for title, found in (
                ("Sets that trained nothing", [q for q in report.quality if q.set in fresh]),
                ("Sets seen in training", [q for q in report.quality if q.set not in fresh]),
            )
            if found
        ],
        curves=[charts.curves(report, group) for _, _, group in groups],
        reliability=[charts.reliability(q) for q in report.quality if q.system == OURS],
        sweeps=[charts.sweep(found) for found in report.sweeps],
        sections=[
            (name, charts.sections(list(group)))
            for name, group in groupby(in_sections, key=lambda flags: flags.set)
        ],
        terms=[
            (info.name, plot)
            for info in report.sets
            if (plot := charts.terms(report, info.name)) is not None
        ],
    )
