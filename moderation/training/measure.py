"""Measures what was fitted, on texts and threads that trained nothing and on development sets."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from moderation.policy import load_policy
from moderation.scoring.protocol import Finding, ScoringInput
from moderation.scoring.registry import Ensemble
from moderation.training.combinations import Array, Fit, Placed, placed_threads
from moderation.training.data import SEED, is_held_out, threads
from moderation.training.groups import sentences

SURE: Final = 0.25
"""How far from 0 or 1 a label may be, as a mean over annotators, to count as a clear one."""
_INSULT: Final = 2
"""Degree of toxicity in the threads from which on a comment should be flagged."""
_FEWEST: Final = 10
_GROUPS: Final = 20
"""Fillings of each held-out template."""


class Metric(NamedTuple):
    """One line of the model card."""

    what: str
    where: str
    value: str


def on_everything(ensemble: Ensemble, fits: Sequence[Fit], data: Path) -> list[Metric]:
    """All lines of the model card."""
    unseen = [thread for thread in threads(data) if is_held_out(thread["id"])]
    return [
        *on_fits(fits),
        *on_threads(ensemble, placed_threads(unseen)),
        *on_groups(ensemble),
        *on_development_sets(ensemble, data),
    ]


def on_fits(fits: Sequence[Fit]) -> Iterator[Metric]:
    """How each combination ranks its own examples when they are held out."""
    for each in fits:
        rows = each.rows
        for where, chosen in (("texts", rows.groups < 0), ("threads", rows.groups >= 0)):
            labels = rows.labels[chosen]
            clear = int((labels >= 1 - SURE).sum()), int((labels <= SURE).sum())
            if min(clear) >= _FEWEST:
                yield ranking(each.name, f"unseen {where}", labels, each.logits[chosen])


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
    """What the default policy flags in threads that the encoder was not trained on."""
    findings = ensemble.score([comment for comment, _, _ in placed])
    flagged = _flagged(findings)
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
        Metric(f"sent to review: {name}", "unseen threads", _share(flagged, _are(placed, choose)))
        for name, choose in kinds.items()
    ]


def on_groups(ensemble: Ensemble) -> list[Metric]:
    """What the default policy flags of our held-out sentences about groups of people."""
    kept = [each for each in sentences(_GROUPS, SEED + 1) if each.held_out]
    flagged = _flagged(ensemble.score([ScoringInput(each.text) for each in kept]))
    return [
        Metric(
            f"sent to review: {name} sentences about groups",
            "held-out templates of our own",
            _share(flagged, (each.hateful == hateful for each in kept)),
        )
        for name, hateful in (("harmless", False), ("hateful", True))
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
    metrics.append(Metric("sent to review: healthy", where, _share(_flagged(findings), healthy)))
    with (data / "dev_only/sarcasm_v2_gen_even.csv").open(encoding="utf-8", newline="") as file:
        posts = list(csv.DictReader(file))
    findings = ensemble.score([ScoringInput(text=row["text"]) for row in posts])
    labels = np.array([float(row["class"] == "sarc") for row in posts])
    metrics.append(ranking("sarcasm", "sarcasm_v2 (debates)", labels, _scores(findings, "sarcasm")))
    path = data / "dev_only/figlang_reddit_train.jsonl"
    replies = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    findings = ensemble.score(
        [ScoringInput(text=row["response"], parent_text=row["context"][-1]) for row in replies]
    )
    labels = np.array([float(row["label"] == "SARCASM") for row in replies])
    metrics.append(ranking("sarcasm", "figlang (Reddit)", labels, _scores(findings, "sarcasm")))
    return metrics


def _are(placed: Sequence[Placed], choose: Callable[[Any], bool]) -> list[bool]:
    return [choose(each.labels) for each in placed]


def _scores(findings: Sequence[Finding], key: str) -> list[float]:
    return [finding.scores.get(key, 0.0) for finding in findings]


def _flagged(findings: Sequence[Finding]) -> list[bool]:
    policy = load_policy()
    return [policy.judge(finding.scores).decision == "review" for finding in findings]


def _share(flagged: Sequence[bool], chosen: Iterable[Any]) -> str:
    hits = [hit for hit, wanted in zip(flagged, chosen, strict=True) if wanted]
    return f"{100 * sum(hits) / len(hits):.1f} % of {len(hits)}"
