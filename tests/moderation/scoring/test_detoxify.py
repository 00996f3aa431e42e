"""Detoxify behind our protocol, with its true classes on small checkpoints made here."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from moderation.errors import WeightsError
from moderation.scoring.protocol import ScoringInput, ScoringOptions

pytest.importorskip("detoxify")
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

# Libraries of others warn about each other; these tests are about our use of them.
pytestmark = pytest.mark.filterwarnings("default")

from moderation.scoring.detoxify import (  # noqa: E402
    VARIANTS,
    DetoxifyScorer,
    checkpoint_path,
    obstacle,
)

# As the published `original` checkpoint spells them; Detoxify renames three of them.
CLASSES = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
KEYS = {"toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"}


def _write_checkpoint(folder: Path, *, spoil: bool = False) -> Path:
    folder.mkdir()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = "you are an idiot the bridge opens on monday".split()
    letters = [mark + letter for letter in "abcdefghijklmnopqrstuvwxyz" for mark in ("", "##")]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join([*special, *words, *letters]), "utf-8")
    tokenizer = transformers.BertTokenizer(str(vocabulary), model_max_length=512)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    config = transformers.BertConfig(
        vocab_size=len(special) + len(words) + len(letters),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=len(CLASSES),
        initializer_range=1.0,
    )
    config.save_pretrained(folder)
    model = transformers.BertForSequenceClassification(config)
    state: dict[str, Any] = model.state_dict()
    if spoil:
        state["classifier.bias"] = torch.full_like(state["classifier.bias"], float("nan"))
    architecture = {
        "num_classes": len(CLASSES),
        "model_type": str(folder),
        "model_name": "BertForSequenceClassification",
        "tokenizer_name": "BertTokenizer",
    }
    checkpoint = {
        "config": {"arch": {"args": architecture}, "dataset": {"args": {"classes": CLASSES}}},
        "state_dict": state,
    }
    path = folder / "tiny.ckpt"
    torch.save(checkpoint, path)
    return path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of Detoxify's form, of a BERT with random weights."""
    return _write_checkpoint(tmp_path_factory.mktemp("detoxify") / "model")


def _options(checkpoint: Path) -> ScoringOptions:
    return ScoringOptions(detoxify_checkpoint=str(checkpoint))


def test_scores_are_detoxifys_own(checkpoint: Path) -> None:
    """The wrapper changes no number: what Detoxify says of a text is what the finding says."""
    from detoxify import Detoxify  # noqa: PLC0415

    model = Detoxify(checkpoint=str(checkpoint), huggingface_config_path=str(checkpoint.parent))
    texts = ["you are an idiot", "the bridge opens on monday", "a", "the bridge " * 30]
    expected = [pytest.approx(model.predict(text), abs=1e-5) for text in texts]

    findings = DetoxifyScorer(_options(checkpoint)).score([ScoringInput(text) for text in texts])

    assert expected == [found.scores for found in findings]
    assert all(set(found.scores) == KEYS for found in findings)


@pytest.mark.parametrize("count", [0, 1, 2, 17])
def test_any_batch_size(checkpoint: Path, count: int) -> None:
    """A list of none and of one, where Detoxify's return type changes, give lists all the same."""
    findings = DetoxifyScorer(_options(checkpoint)).score([ScoringInput("you are")] * count)

    assert count == len(findings)
    assert all(isinstance(value, float) for found in findings for value in found.scores.values())


def test_order_is_kept(checkpoint: Path) -> None:
    """Texts are sorted by length inside; findings come back in the caller's order."""
    texts = ["the bridge opens on monday", "you", "you are an idiot", "on"]
    scorer = DetoxifyScorer(_options(checkpoint))
    alone = [scorer.score([ScoringInput(text)])[0].scores["toxicity"] for text in texts]

    together = [f.scores["toxicity"] for f in scorer.score([ScoringInput(text) for text in texts])]

    assert alone == pytest.approx(together, abs=1e-5)


def test_cited_words_do_not_count(checkpoint: Path) -> None:
    """A comment that quotes an insult from the article is scored without the quotation."""
    scorer = DetoxifyScorer(_options(checkpoint))
    article = "A reader wrote: you are an idiot on monday."
    plain, quoting = scorer.score(
        [
            ScoringInput("the bridge opens"),
            ScoringInput('"you are an idiot on monday" the bridge opens', article_text=article),
        ]
    )

    assert plain.scores["insult"] == pytest.approx(quoting.scores["insult"], abs=1e-5)


def test_version_names_the_weights(checkpoint: Path) -> None:
    """Which weights ran can be read from every judged record."""
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    scorer = DetoxifyScorer(_options(checkpoint))

    assert ("toxicity", f"detoxify-checkpoint-{digest[:8]}") == (scorer.name, scorer.version)


def test_languages_are_the_variants(checkpoint: Path) -> None:
    """The multilingual variant is asked about French comments, the others are not."""
    options = _options(checkpoint)
    multilingual = msgspec.structs.replace(options, detoxify_variant="multilingual")

    assert {"en"} == DetoxifyScorer(options).languages
    assert {"en", "fr", "es", "it", "pt", "tr", "ru"} == DetoxifyScorer(multilingual).languages


def test_other_weights_than_expected(checkpoint: Path) -> None:
    """A checkpoint is a pickle that runs code: with a SHA-256 given, no other file is opened."""
    options = msgspec.structs.replace(_options(checkpoint), detoxify_sha256="0" * 64)

    with pytest.raises(WeightsError, match="SHA-256"):
        DetoxifyScorer(options)


def test_absent_weights_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without weights and without a network the error is one line that names the ways out."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    with pytest.raises(WeightsError, match="toxicity_backend builtin") as caught:
        DetoxifyScorer(ScoringOptions())

    assert "\n" not in str(caught.value)
    assert str(tmp_path / "hub" / "checkpoints" / VARIANTS["original"]) in str(caught.value)


def test_unknown_variant_names_the_known() -> None:
    """A misspelt variant is told apart from absent weights."""
    assert "unbiased-small" in obstacle(ScoringOptions(detoxify_variant="orignal"))


def test_nothing_missing(checkpoint: Path) -> None:
    """With package and file there, `auto` may choose Detoxify."""
    assert "" == obstacle(_options(checkpoint))
    assert checkpoint == checkpoint_path(_options(checkpoint))


def test_file_names_are_detoxifys_own() -> None:
    """The cache is looked up under the names that the installed package would download to."""
    from detoxify.detoxify import MODEL_URLS  # noqa: PLC0415

    assert {name: url.rpartition("/")[2] for name, url in MODEL_URLS.items()} == dict(VARIANTS)


@pytest.mark.parametrize("content", [b"", b"no pickle", b"PK\x03\x04 cut short"])
def test_damaged_checkpoint(checkpoint: Path, tmp_path: Path, content: bytes) -> None:
    """A truncated download is a WeightsError of one line, not a traceback of torch."""
    damaged = tmp_path / "damaged.ckpt"
    damaged.write_bytes(content)
    options = msgspec.structs.replace(_options(damaged), detoxify_config=str(checkpoint.parent))

    with pytest.raises(WeightsError, match="cannot load") as caught:
        DetoxifyScorer(options)

    assert "\n" not in str(caught.value)


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    """A checkpoint with NaN in it is refused at the start, not found out on the first comment."""
    with pytest.raises(WeightsError, match="not finite"):
        DetoxifyScorer(_options(_write_checkpoint(tmp_path / "model", spoil=True)))


def test_config_of_another_shape(checkpoint: Path, tmp_path: Path) -> None:
    """A folder that belongs to another model is reported as what it is."""
    for path in checkpoint.parent.iterdir():
        if path.suffix != ".ckpt":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    config["hidden_size"] = 24
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    options = msgspec.structs.replace(_options(checkpoint), detoxify_config=str(tmp_path))

    with pytest.raises(WeightsError, match="detoxify_config"):
        DetoxifyScorer(options)
