"""The systems that are measured: trollbridge's scorers and, beside them, their peers.

Peers see the comment alone; trollbridge's scorers see article, parent and thread as well.
"""

import importlib.metadata
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from moderation.errors import ScoringError
from moderation.evaluation.labelled import SEED, SURE
from moderation.scoring.detoxify import DetoxifyScorer, obstacle
from moderation.scoring.protocol import Scorer, ScoringInput, ScoringOptions
from moderation.scoring.reading import shared_reader
from moderation.scoring.registry import DEFAULT_SCORERS, Ensemble, load_scorers
from moderation.scoring.toxicity import KEYS, Toxicity
from moderation.training import data as labelled

OURS: Final = "trollbridge"


class System(Protocol):
    """Texts in, probabilities out."""

    name: str
    versions: dict[str, str]
    keys: frozenset[str]
    """What it can say; empty: whatever it says."""
    seconds: dict[str, float]
    """What its parts took so far; empty where it has none."""

    def score(self, inputs: Sequence[ScoringInput]) -> list[dict[str, float]]:
        """Scores by key for each input, in order."""
        ...


class Absent(NamedTuple):
    """A peer that cannot run here, and why."""

    name: str
    reason: str


class Scorers:
    """Scorers of our protocol as one system."""

    def __init__(
        self, name: str, scorers: Sequence[Scorer], keys: frozenset[str] = frozenset()
    ) -> None:
        self.name = name
        self.keys = keys
        self._ensemble = Ensemble(scorers)
        self.versions = self._ensemble.models
        self.seconds: dict[str, float] = {}

    def score(self, inputs: Sequence[ScoringInput]) -> list[dict[str, float]]:
        """Score a batch. ScoringError when a scorer raises or gives no probability."""
        try:
            findings = self._ensemble.score(inputs)
        except ScoringError:
            raise
        except Exception as error:
            # Scorers come from anywhere and raise what they please.
            raise ScoringError(f"{self.name}: {type(error).__name__}: {error}") from error
        for part, took in self._ensemble.seconds.items():
            self.seconds[part] = self.seconds.get(part, 0.0) + took
        return [finding.scores for finding in findings]


class TextPeer:
    """A model that maps texts to one probability for each key."""

    def __init__(
        self, name: str, version: str, models: dict[str, Callable[[list[str]], Any]]
    ) -> None:
        self.name = name
        self.versions = {name: version}
        self.keys = frozenset(models)
        self.seconds: dict[str, float] = {}
        self._models = models

    def score(self, inputs: Sequence[ScoringInput]) -> list[dict[str, float]]:
        """Score the texts; their surroundings are not looked at."""
        texts = [given.text for given in inputs]
        columns = {key: model(texts) for key, model in self._models.items()}
        return [
            {key: float(column[row]) for key, column in columns.items()}
            for row in range(len(texts))
        ]


def ours(scorers: Sequence[str], options: ScoringOptions) -> Scorers:
    """Trollbridge's scorers as they are configured."""
    return Scorers(OURS, load_scorers(scorers or DEFAULT_SCORERS, options))


def peers(
    measured: System, options: ScoringOptions, data: Path
) -> Iterator[Callable[[], System | Absent]]:
    """What makes each peer, in turn: loading one takes seconds. `data` trains one of them."""
    if measured.versions.get("toxicity", "").startswith("detoxify"):
        yield _built_in
    else:
        yield lambda: _detoxify(options)
    yield _profanity_check
    yield lambda: _tfidf(data)


def _built_in() -> System:
    return Scorers("built-in", [Toxicity(shared_reader())], frozenset(KEYS))


def _detoxify(options: ScoringOptions) -> System | Absent:
    missing = obstacle(options)
    if missing:
        # Without the place, which is a path of this machine: reports are handed on.
        return Absent("detoxify", missing.partition(":")[0])
    keys = frozenset({*KEYS, "severe_toxicity", "sexual_explicit"})
    return Scorers("detoxify", [DetoxifyScorer(options)], keys)


def _profanity_check() -> System | Absent:
    name = "alt-profanity-check"
    if importlib.util.find_spec("profanity_check") is None:
        return Absent(name, "it is not installed: pip install alt-profanity-check")
    with warnings.catch_warnings():
        # Its pickles were written by one version of scikit-learn and warn under any other.
        warnings.simplefilter("ignore")
        import profanity_check  # noqa: PLC0415 - loads its model when imported
    version = importlib.metadata.version(name)
    return TextPeer(name, version, {"toxicity": profanity_check.predict_prob})


def _tfidf(data: Path) -> System | Absent:
    """TF-IDF and logistic regression, fitted on what trains our heads, with the same weights."""
    name = "tf-idf"
    if importlib.util.find_spec("sklearn") is None:
        return Absent(name, "scikit-learn is not installed: pip install 'trollbridge[evaluate]'")
    if not data.is_dir():
        return Absent(name, f"nothing to train it on: there is no folder {data}")
    sets = {"toxicity": labelled.toxicity, "sarcasm": labelled.sarcasm, "joke": labelled.humor}
    try:
        examples = {
            key: [example for example in read(data) if not labelled.held_out(example)]
            for key, read in sets.items()
        }
    except OSError as error:
        return Absent(name, f"nothing to train it on: {error.filename} is not there")
    models = {key: _fit(key, found) for key, found in examples.items()}
    return TextPeer(name, f"scikit-learn {importlib.metadata.version('scikit-learn')}", models)


def _fit(key: str, examples: Sequence[labelled.Example]) -> Callable[[list[str]], Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - an extra
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415

    sure = [
        example
        for example in examples
        if key in example.labels and min(example.labels[key], 1 - example.labels[key]) <= SURE
    ]
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(C=4, max_iter=300, solver="liblinear", random_state=SEED),
    )
    model.fit(
        [example.text for example in sure],
        [example.labels[key] > 1 / 2 for example in sure],
        logisticregression__sample_weight=[example.weight for example in sure],
    )
    return lambda texts: model.predict_proba(texts)[:, 1]
