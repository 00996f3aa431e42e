"""Writes the toxicity part of the trained encoder as a checkpoint that Detoxify loads.

Detoxify's classes know BERT alone: layers, then a dense layer with tanh over the first token, then
the classifier. So our attention pooling (`network`) becomes one more layer of BERT:

- Each of our heads is an attention head whose query is the same whatever the text: the weight of a
  token is what our head gives it, and so the first token gathers our head's log odds.
- What the layer adds to the first token is those log odds, stretched until the token's own numbers
  are nothing beside them, each once with either sign so that their mean is zero; and at two more
  dimensions constants of either sign that are larger still. Layer normalisation then divides by
  what the constants alone decide, which is a multiplication by a number known beforehand.
- The feed-forward part is zero, and the second normalisation works as the first.
- The tanh is given numbers so small that it leaves them as they are, and the classifier, which
  holds the combinations, makes them large again.

In float32 the log odds differ from ours by about 1e-4. Half precision cannot hold the constants.
"""

import copy
import math
import shutil
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForSequenceClassification

from moderation.scoring.encoder import HEADS
from moderation.scoring.heads import weights_of
from moderation.scoring.toxicity import FEATURES, KEYS
from moderation.training.network import Network, source

CHECKPOINT: Final = "toxicity.ckpt"
_POOLED: Final = tuple(dict.fromkeys(head for names in FEATURES.values() for head in names))
_STRETCH: Final = 1e6
"""Of log odds, against a token's own numbers, which are about 1."""
_RATIO: Final = 1e4
"""Of the constants to stretched log odds of 1."""
_SMALL: Final = 1e-4
"""Of log odds before the tanh."""
_TOKENIZER: Final = (
    *("vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
)


@torch.no_grad()
def write_checkpoint(network: Network, folder: Path) -> Path:
    """Write `toxicity.ckpt` and, beside it, its configuration and tokenizer; return its path.

    Its labels are `KEYS`, combined as `moderation/weights` says; WeightsError when those are
    absent. Detoxify gives its scores of a text up to 512 tokens, read as one window. The folder's
    place is written into the checkpoint: Detoxify looks for the configuration there, and asks the
    hub where it finds none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = _model(network)
    model.config.save_pretrained(folder)
    for name in _TOKENIZER:
        shutil.copyfile(source() / name, folder / name)
    architecture = {
        "num_classes": len(KEYS),
        "model_type": str(folder.resolve()),
        "model_name": "BertForSequenceClassification",
        "tokenizer_name": "BertTokenizer",
    }
    checkpoint = {
        "config": {"arch": {"args": architecture}, "dataset": {"args": {"classes": list(KEYS)}}},
        "state_dict": model.state_dict(),
    }
    path = folder / CHECKPOINT
    torch.save(checkpoint, path)
    return path


def _model(network: Network) -> Any:
    """The network as a classifier of transformers' own."""
    body = network.encoder
    config = copy.deepcopy(body.config)
    config.num_hidden_layers += 1
    config.architectures = ["BertForSequenceClassification"]
    config.problem_type = "multi_label_classification"
    config.id2label = dict(enumerate(KEYS))
    config.label2id = {key: at for at, key in enumerate(KEYS)}
    auto: Any = AutoModelForSequenceClassification
    model = auto.from_config(config)
    model.bert.embeddings.load_state_dict(body.embeddings.state_dict())
    *layers, pooling = model.bert.encoder.layer
    for layer, trained in zip(layers, body.encoder.layer, strict=True):
        layer.load_state_dict(trained.state_dict())
    for part in (pooling, model.bert.pooler, model.classifier):
        for parameter in part.parameters():
            parameter.zero_()
    _fill_attention(pooling.attention, network)
    _fill_norms(pooling)
    _fill_classifier(model)
    return model


def _fill_attention(attention: Any, network: Network) -> None:
    """At dimension 2i the i-th head's log odds, at 2i + 1 their negative; then the constants."""
    size = attention.self.attention_head_size
    for at, name in enumerate(_POOLED):
        head, first = HEADS.index(name), at * size
        # BERT divides by this root again.
        attention.self.query.bias[first] = math.sqrt(size)
        for part, ours in (
            (attention.self.key, network.attention),
            (attention.self.value, network.value),
        ):
            part.weight[first] = ours.weight[head]
            part.bias[first] = ours.bias[head]
        attention.output.dense.weight[2 * at, first] = _STRETCH
        attention.output.dense.weight[2 * at + 1, first] = -_STRETCH
    signal = 2 * len(_POOLED)
    attention.output.dense.bias[signal] = _STRETCH * _RATIO
    attention.output.dense.bias[signal + 1] = -_STRETCH * _RATIO


def _fill_norms(layer: Any) -> None:
    """Undo the division; drop the token's own numbers first, then the constants too."""
    signal = 2 * len(_POOLED)
    norms = layer.attention.output.LayerNorm, layer.output.LayerNorm
    # Two constants of size c among n numbers that are small beside them: the standard deviation
    # is c * sqrt(2 / n).
    scale = _RATIO * math.sqrt(2 / norms[0].weight.numel())
    norms[0].weight[: signal + 2] = scale
    norms[1].weight[:signal] = scale


def _fill_classifier(model: Any) -> None:
    """Take each head's log odds from its two dimensions, and combine them to a score's."""
    weights = weights_of("context.npz")
    for at in range(len(_POOLED)):
        model.bert.pooler.dense.weight[at, 2 * at] = _SMALL / 2
        model.bert.pooler.dense.weight[at, 2 * at + 1] = -_SMALL / 2
    for row, (key, names) in enumerate(FEATURES.items()):
        for name, weight in zip(names, weights[f"{key}.weights"], strict=True):
            model.classifier.weight[row, _POOLED.index(name)] = float(weight) / _SMALL
        model.classifier.bias[row] = float(weights[f"{key}.bias"][0])
