"""Rebuild the weights: `python -m moderation.training --data ../shared/data`."""

import argparse
import logging
from pathlib import Path

import numpy as np

from moderation.scoring.heads import weights_of
from moderation.scoring.joke import FEATURES as JOKE_FEATURES
from moderation.scoring.joke import Joke
from moderation.scoring.protocol import ScoringOptions
from moderation.scoring.reading import shared_reader
from moderation.scoring.registry import DEFAULT_SCORERS, Ensemble, load_scorers
from moderation.scoring.sarcasm import FEATURES as SARCASM_FEATURES
from moderation.scoring.sarcasm import Sarcasm
from moderation.scoring.topic import FEATURES as TOPIC_FEATURES
from moderation.training import context
from moderation.training.card import write_card
from moderation.training.data import threads
from moderation.training.fit import Array, Embeddings, rarity
from moderation.training.linear import HEADS, Fitted, fit_file
from moderation.training.measure import SURE, Metric, on_development_sets, on_threads, ranking

_WEIGHTS = Path(__file__).parents[1] / "weights"
_log = logging.getLogger("moderation.training")


def main() -> None:
    """Fit everything, measure it, and write weights and model card."""
    parser = argparse.ArgumentParser(prog="python -m moderation.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled sets")
    parser.add_argument("--encoder", action="store_true", help="export the encoder again")
    parser.add_argument("--cache", type=Path, help="keep embeddings in this .npz between runs")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if given.encoder or not (_WEIGHTS / "encoder.onnx").exists():
        from moderation.training.export import export_encoder  # noqa: PLC0415 - needs torch

        _WEIGHTS.mkdir(exist_ok=True)
        export_encoder(_WEIGHTS)
    fitted = _fit_heads(given.data, given.cache)
    metrics = [
        ranking(
            f"{key}, head alone, out of fold",
            source,
            np.array([e.labels[key] for e in examples if e.source == source]),
            heads.held_out[key][[e.source == source for e in examples]],
        )
        for heads in fitted.values()
        for key, examples in heads.examples.items()
        for source in ("toxic_spans", "sarcasm_labels", "threads")
        if any(e.source == source and e.labels[key] >= 1 - SURE for e in examples)
    ]
    metrics += _fit_combinations(given.data, fitted)
    ensemble = Ensemble(load_scorers(DEFAULT_SCORERS, ScoringOptions(toxicity_backend="builtin")))
    metrics += on_threads(ensemble, context.placed_threads(threads(given.data)))
    metrics += on_development_sets(ensemble, given.data)
    write_card(_WEIGHTS, metrics)
    for metric in metrics:
        _log.info("%s, %s: %s", *metric)


def _fit_heads(data: Path, cache: Path | None) -> dict[str, Fitted]:
    sets = {name: list(load(data)) for name, (load, _) in HEADS.items()}
    texts = sorted({example.text for examples in sets.values() for example in examples})
    _log.info("embedding %d texts", len(texts))
    embed = Embeddings(shared_reader().encoder, cache)
    embed(texts)
    embed.save()
    # The scorers read 16-bit numbers, so the heads are fitted on those.
    rarities = rarity(texts).astype(np.float16)
    np.savez_compressed(_WEIGHTS / "ngrams.npz", rarity=rarities)
    fitted = {}
    for name, examples in sets.items():
        _log.info("fitting %s on %d texts", name, len(examples))
        fitted[name] = fit_file(name, examples, embed, rarities.astype(np.float32), _WEIGHTS)
    return fitted


def _fit_combinations(data: Path, fitted: dict[str, Fitted]) -> list[Metric]:
    placed = context.placed_threads(threads(data))
    reader = shared_reader()
    # The scorers that give the features want weights to start from.
    points: dict[str, Array] = {
        "sarcasm": np.zeros(len(SARCASM_FEATURES) + 1),
        "off_topic": np.zeros(len(TOPIC_FEATURES) + 1),
        "off_topic_joke": np.zeros(len(JOKE_FEATURES) + 1),
    }
    _save(points)
    priors = context.sarcasm_priors()
    rows = context.sarcasm_rows(fitted["sarcasm"], placed, Sarcasm(reader).head)
    point = context.fit(rows, priors, context.PRIOR_STRENGTH)
    points["sarcasm"] = np.delete(point, len(SARCASM_FEATURES))
    logits = context.held_out(rows, priors, context.PRIOR_STRENGTH)
    alone = rows.groups < 0
    metrics = [
        ranking("sarcasm, out of fold", "sarcasm_labels", rows.labels[alone], logits[alone]),
        ranking("sarcasm, out of fold", "threads (subtle)", rows.labels[~alone], logits[~alone]),
    ]
    for name, weight in zip(SARCASM_FEATURES, points["sarcasm"][:-1], strict=True):
        _log.info("sarcasm weighs %s by %.2f", name, weight)
    rows = context.off_topic_rows(reader, placed)
    points["off_topic"] = context.fit(rows, [0.0] * len(TOPIC_FEATURES), 1.0)
    logits = context.held_out(rows, [0.0] * len(TOPIC_FEATURES), 1.0)
    own = rows.weights == 1
    metrics.append(ranking("off_topic, out of fold", "threads", rows.labels[own], logits[own]))
    _save(points)
    rows = context.joke_rows(Joke(reader), fitted["joke"], placed)
    points["off_topic_joke"] = context.fit(rows, [0.0] * len(JOKE_FEATURES), 1.0)
    logits = context.held_out(rows, [0.0] * len(JOKE_FEATURES), 1.0)
    own = rows.groups >= 0
    metrics.append(ranking("off_topic_joke, out of fold", "threads", rows.labels[own], logits[own]))
    _save(points)
    return metrics


def _save(points: dict[str, Array]) -> None:
    context.save(_WEIGHTS, points)
    weights_of.cache_clear()


if __name__ == "__main__":
    main()
