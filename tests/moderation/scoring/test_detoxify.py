"""Detoxify behind our protocol, with its true classes on small checkpoints made here."""

import json
from pathlib import Path

import msgspec
import pytest

from moderation.errors import WeightsError
from moderation.scoring.protocol import ScoringInput, ScoringOptions

# Libraries of others warn about each other; these tests are about our use of them.
pytestmark = pytest.mark.filterwarnings("default")

from moderation.scoring.checksums import sha256  # noqa: E402
from moderation.scoring.detoxify import DetoxifyScorer, obstacle  # noqa: E402
from moderation.scoring.detoxify_cache import VARIANTS, checkpoint_path  # noqa: E402
from moderation.scoring.detoxify_export import Request, export  # noqa: E402
from tests.moderation.scoring.checkpoints import write_checkpoint  # noqa: E402

KEYS = {"toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"}


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> ScoringOptions:
    """Options for a BERT with random weights that has been exported already."""
    folder = tmp_path_factory.mktemp("detoxify")
    made = ScoringOptions(
        detoxify_checkpoint=str(write_checkpoint(folder / "model")),
        detoxify_precision="fp32",
        data_dir=str(folder / "data"),
    )
    export(Request(made, sha256(Path(made.detoxify_checkpoint))))
    return made


def _refused(options: ScoringOptions) -> str:
    with pytest.raises(WeightsError) as caught:
        export(Request(options, sha256(Path(options.detoxify_checkpoint))))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_scores_are_detoxifys_own(options: ScoringOptions) -> None:
    """The wrapper changes no number: what Detoxify says of a text is what the finding says."""
    from detoxify import Detoxify  # noqa: PLC0415

    checkpoint = Path(options.detoxify_checkpoint)
    model = Detoxify(checkpoint=str(checkpoint), huggingface_config_path=str(checkpoint.parent))
    texts = ["you are an idiot", "the bridge opens on monday", "a", "the bridge " * 30]
    expected = [pytest.approx(model.predict(text), abs=1e-5) for text in texts]

    findings = DetoxifyScorer(options).score([ScoringInput(text) for text in texts])

    assert expected == [found.scores for found in findings]
    assert all(set(found.scores) == KEYS for found in findings)


@pytest.mark.parametrize("count", [0, 1, 2, 17])
def test_any_batch_size(options: ScoringOptions, count: int) -> None:
    """A list of none and of one, where Detoxify's return type changes, give lists all the same."""
    findings = DetoxifyScorer(options).score([ScoringInput("you are")] * count)

    assert count == len(findings)
    assert all(isinstance(value, float) for found in findings for value in found.scores.values())


def test_order_is_kept(options: ScoringOptions) -> None:
    """Texts are sorted by length inside; findings come back in the caller's order."""
    texts = ["the bridge opens on monday", "you", "you are an idiot", "on"]
    scorer = DetoxifyScorer(options)
    alone = [scorer.score([ScoringInput(text)])[0].scores["toxicity"] for text in texts]

    together = [f.scores["toxicity"] for f in scorer.score([ScoringInput(text) for text in texts])]

    assert alone == pytest.approx(together, abs=1e-5)


def test_cited_words_do_not_count(options: ScoringOptions) -> None:
    """A comment that quotes an insult from the article is scored without the quotation."""
    scorer = DetoxifyScorer(options)
    article = "A reader wrote: you are an idiot on monday."
    plain, quoting = scorer.score(
        [
            ScoringInput("the bridge opens"),
            ScoringInput('"you are an idiot on monday" the bridge opens', article_text=article),
        ]
    )

    assert plain.scores["insult"] == pytest.approx(quoting.scores["insult"], abs=1e-5)


def test_version_names_the_weights(options: ScoringOptions) -> None:
    """Which weights ran, and in which precision, can be read from every judged record."""
    digest = sha256(Path(options.detoxify_checkpoint))
    scorer = DetoxifyScorer(options)

    assert ("toxicity", f"detoxify-checkpoint-{digest[:8]}-fp32") == (scorer.name, scorer.version)


def test_languages_are_the_variants(options: ScoringOptions) -> None:
    """The multilingual variant is asked about French comments, the others are not."""
    multilingual = msgspec.structs.replace(options, detoxify_variant="multilingual")
    assert {"en"} == DetoxifyScorer(options).languages
    assert {"en", "fr", "es", "it", "pt", "tr", "ru"} == DetoxifyScorer(multilingual).languages


def test_other_weights_than_expected(tmp_path: Path) -> None:
    """A checkpoint is a pickle that runs code: with a SHA-256 given, no other file is opened."""
    checkpoint = tmp_path / "other.ckpt"
    checkpoint.write_bytes(b"not what was expected")
    options = ScoringOptions(
        detoxify_checkpoint=str(checkpoint), detoxify_sha256="0" * 64, data_dir=str(tmp_path)
    )

    with pytest.raises(WeightsError, match="SHA-256"):
        DetoxifyScorer(options)


def test_absent_weights_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without weights and without a network the error is one line that names the ways out."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    with pytest.raises(WeightsError, match="toxicity_backend builtin") as caught:
        DetoxifyScorer(ScoringOptions(data_dir=str(tmp_path)))

    assert "\n" not in str(caught.value)
    assert str(tmp_path / "hub" / "checkpoints" / VARIANTS["original"].file) in str(caught.value)


def test_unknown_variant_names_the_known() -> None:
    """A misspelt variant is told apart from absent weights."""
    assert "unbiased-small" in obstacle(ScoringOptions(detoxify_variant="orignal"))


def test_nothing_missing(tmp_path: Path) -> None:
    """With packages and file there, `auto` may choose Detoxify."""
    checkpoint = tmp_path / "model.ckpt"
    checkpoint.touch()
    options = ScoringOptions(detoxify_checkpoint=str(checkpoint), data_dir=str(tmp_path))

    assert "" == obstacle(options)
    assert checkpoint == checkpoint_path(options)


def test_variants_are_detoxifys_own() -> None:
    """Weights come from where the installed package would download them, under the same name."""
    from detoxify.detoxify import MODEL_URLS  # noqa: PLC0415

    assert {name: variant.url for name, variant in VARIANTS.items()} == MODEL_URLS


@pytest.mark.parametrize("content", [b"", b"no pickle", b"PK\x03\x04 cut short"])
def test_damaged_checkpoint(options: ScoringOptions, tmp_path: Path, content: bytes) -> None:
    """A truncated download is a WeightsError of one line, not a traceback of torch."""
    damaged = tmp_path / "damaged.ckpt"
    damaged.write_bytes(content)
    config = str(Path(options.detoxify_checkpoint).parent)
    changed = msgspec.structs.replace(
        options, detoxify_checkpoint=str(damaged), detoxify_config=config
    )

    assert "cannot load" in _refused(changed)


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    """A checkpoint with NaN in it is refused at the start, not found out on the first comment."""
    spoilt = write_checkpoint(tmp_path / "model", nan=True)

    assert "not finite" in _refused(
        ScoringOptions(detoxify_checkpoint=str(spoilt), data_dir=str(tmp_path))
    )


def test_config_of_another_shape(options: ScoringOptions, tmp_path: Path) -> None:
    """A folder that belongs to another model is reported as what it is."""
    for path in Path(options.detoxify_checkpoint).parent.iterdir():
        if path.suffix != ".ckpt":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    config["hidden_size"] = 24
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")

    assert "detoxify_config" in _refused(
        msgspec.structs.replace(options, detoxify_config=str(tmp_path))
    )
