"""The checkpoint for Detoxify: its own classes load it and say what the encoder says."""

from pathlib import Path
from typing import Any

import detoxify
import numpy as np
import pytest
import torch

# Libraries of others warn about each other; these tests are about our use of them.
pytestmark = pytest.mark.filterwarnings("default")

from tokenizers import Tokenizer  # noqa: E402

from moderation.scoring.encoder import HEADS  # noqa: E402
from moderation.scoring.heads import Combination, probability  # noqa: E402
from moderation.scoring.toxicity import FEATURES, KEYS  # noqa: E402
from moderation.training.checkpoint import write_checkpoint  # noqa: E402
from moderation.training.network import Network, source  # noqa: E402

TEXTS = (
    "",
    ".",
    "Why?",
    "You idiot!",
    "Thank you for the map.",
    "The mayor is a liar and a coward, and so are you.",
    "GO BACK TO WHERE YOU CAME FROM",
    "I will find out where you live and break your legs.",
    "Ça suffit, vous êtes tous des imbéciles. 😡",
    "Two of the three links are broken; could the editors have a look, please? " * 3,
    "Nobody asked you, you pathetic old fool. " * 12,
    # Longer than the 512 tokens that BERT reads.
    "The bridge is closed again, and so is the road beside it. " * 60,
)


def _network() -> Network:
    """Untrained, with heads that tell tokens and texts apart."""
    torch.manual_seed(7)
    network = Network()
    for part in (network.attention, network.value):
        torch.nn.init.normal_(part.weight, std=0.3)
    return network.eval()


def _scores(network: Network) -> Any:
    """The texts' scores by our own network and combinations, of shape (texts, keys)."""
    tokenizer = Tokenizer.from_file(str(source() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(512)
    combinations = {key: Combination(key, names) for key, names in FEATURES.items()}
    rows = []
    for text in TEXTS:
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.inference_mode():
            logits = network(ids, torch.ones_like(ids))[0][0].tolist()
        said = dict(zip(HEADS, logits, strict=True))
        rows.append(
            [
                probability(combinations[key].logit([said[name] for name in names]))
                for key, names in FEATURES.items()
            ]
        )
    return np.array(rows)


def test_detoxify_says_what_the_encoder_says(tmp_path: Path) -> None:
    """Who runs the checkpoint in Detoxify gets our scores, one text at a time or padded."""
    network = _network()
    path = write_checkpoint(network, tmp_path / "checkpoint")
    loaded = detoxify.Detoxify(checkpoint=str(path), huggingface_config_path=str(path.parent))
    assert list(KEYS) == loaded.class_names
    assert dict(enumerate(KEYS)) == loaded.model.config.id2label

    ours = _scores(network)
    # Scores that hardly differ from text to text would fit anything.
    assert (np.ptp(ours, axis=0) > 0.3).all()
    batch = loaded.predict(list(TEXTS))
    single = [loaded.predict(text) for text in TEXTS]
    for at, key in enumerate(KEYS):
        assert batch[key] == pytest.approx(ours[:, at], abs=2e-3)
        assert [row[key] for row in single] == pytest.approx(ours[:, at], abs=2e-3)
