"""Measures the scorers on sets that never train them."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from moderation.policy import load_policy
from moderation.scoring.protocol import Finding, ScoringInput
from moderation.scoring.registry import Ensemble
from moderation.training.context import Placed
from moderation.training.fit import Array

SURE: Final = 0.25
"""How far from 0 or 1 a label may be, as a mean over annotators, to count as a clear one."""
_INSULT: Final = 2
"""Degree of toxicity in the threads from which on a comment should be flagged."""


class Metric(NamedTuple):
    """One line of the model card."""

    what: str
    where: str
    value: str


def ranking(what: str, where: str, labels: Array, scores: Sequence[float] | Array) -> Metric:
    """AUC and average precision, without the texts about which annotators were undecided."""
    sure = (labels >= 1 - SURE) | (labels <= SURE)
    yes, given = labels[sure] >= 1 - SURE, np.asarray(scores)[sure]
    auc, precision = roc_auc_score(yes, given), average_precision_score(yes, given)
    return Metric(
        what,
        where,
        f"AUC {auc:.3f}, average precision {precision:.3f} ({yes.sum()} of {len(yes)})",
    )


def on_threads(ensemble: Ensemble, placed: Sequence[Placed]) -> list[Metric]:
    """What the default policy flags in the labelled threads, which did train the scorers."""
    findings = ensemble.score([comment for comment, _, _ in placed])
    flagged = _flagged(findings)
    where = "threads (seen in training)"
    kinds: dict[str, Callable[[Any], bool]] = {
        "insults and threats": lambda row: row["toxicity"] >= _INSULT,
        "harsh but civil": lambda row: row["toxicity"] == 1 and not row["sarcasm"],
        "off-topic jokes": lambda row: row["joke"] == 1 and row["topic"] == "off",
        "jokes on the topic": lambda row: row["joke"] == 1 and row["topic"] != "off",
        "subtle sarcasm": lambda row: row["sarcasm"] == 1,
        "plain comments": lambda row: (
            not row["sarcasm"] and not row["joke"] and row["toxicity"] == 0
        ),
    }
    return [
        Metric(f"flagged: {name}", where, _share(flagged, (choose(p.labels) for p in placed)))
        for name, choose in kinds.items()
    ]


def on_development_sets(ensemble: Ensemble, data: Path) -> list[Metric]:
    """Sarcasm and hostility on sets under licences that keep them out of training."""
    with (data / "dev_only/ucc_val.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    findings = ensemble.score([ScoringInput(text=row["comment"]) for row in rows])

    def column(name: str) -> Array:
        return np.array([float(row[name] or 0) for row in rows])

    where = "ucc_val (Globe and Mail)"
    metrics = [
        ranking("sarcasm", where, column("sarcastic"), _scores(findings, "sarcasm")),
        ranking("toxicity: hostile", where, column("hostile"), _scores(findings, "toxicity")),
    ]
    healthy = column("healthy") == 1
    metrics.append(Metric("flagged: healthy", where, _share(_flagged(findings), healthy)))
    with (data / "dev_only/sarcasm_v2_gen_even.csv").open(encoding="utf-8", newline="") as file:
        posts = list(csv.DictReader(file))
    findings = ensemble.score([ScoringInput(text=row["text"]) for row in posts])
    labels = np.array([float(row["class"] == "sarc") for row in posts])
    metrics.append(ranking("sarcasm", "sarcasm_v2 (debates)", labels, _scores(findings, "sarcasm")))
    path = data / "dev_only/figlang_reddit_train.jsonl"
    replies = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    findings = ensemble.score([ScoringInput(text=row["response"]) for row in replies])
    labels = np.array([float(row["label"] == "SARCASM") for row in replies])
    metrics.append(ranking("sarcasm", "figlang (Reddit)", labels, _scores(findings, "sarcasm")))
    return metrics


def _scores(findings: Sequence[Finding], key: str) -> list[float]:
    return [finding.scores[key] for finding in findings]


def _flagged(findings: Sequence[Finding]) -> list[bool]:
    policy = load_policy()
    return [policy.judge(finding.scores).decision == "review" for finding in findings]


def _share(flagged: Sequence[bool], chosen: Iterable[Any]) -> str:
    hits = [hit for hit, wanted in zip(flagged, chosen, strict=True) if wanted]
    return f"{100 * sum(hits) / len(hits):.1f} % of {len(hits)}"
