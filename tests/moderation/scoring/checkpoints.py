"""Small checkpoints of Detoxify's form, with random weights, in the shapes of its models."""

import string
from pathlib import Path
from typing import Any, Final

import torch
import transformers

# As the published `original` checkpoint spells them; Detoxify renames three of them.
ORIGINAL: Final = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
UNBIASED: Final = (
    *("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat"),
    "sexual_explicit",
)
IDENTITIES: Final = 9
"""Outputs that `unbiased` and `multilingual` have beyond their labels."""

_WORDS: Final = tuple("you are an idiot the bridge opens on monday".split())
_PRINTED: Final = tuple(string.ascii_letters + string.digits + string.punctuation)


def write_checkpoint(
    folder: Path,
    shape: str = "Bert",
    *,
    nan: bool = False,
    outliers: bool = False,
    hub_name: str = "",
) -> Path:
    """Write a checkpoint and, beside it, its configuration and tokenizer.

    `shape` is Bert (labels of `original`), Roberta or XLMRoberta (of `unbiased`, with identity
    outputs), or Albert. `outliers` makes weights that int8 cannot hold. With
    `hub_name` the checkpoint names its base model as published ones do, not the folder.
    """
    folder.mkdir(parents=True)
    classes = ORIGINAL if shape in {"Bert", "Albert"} else UNBIASED
    outputs = len(classes) + (0 if classes is ORIGINAL else IDENTITIES)
    tokenizer = _tokenizer(shape)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    config = getattr(transformers, f"{shape}Config")(
        vocab_size=len(tokenizer),
        hidden_size=16,
        embedding_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        # RoBERTa counts positions from its padding's id on.
        max_position_embeddings=514,
        type_vocab_size=1 if "Roberta" in shape else 2,
        pad_token_id=tokenizer.pad_token_id,
        num_labels=outputs,
        initializer_range=0.3,
    )
    config.save_pretrained(folder)
    model = getattr(transformers, f"{shape}ForSequenceClassification")(config)
    state: dict[str, Any] = model.state_dict()
    if nan:
        state["classifier.bias"] = torch.full_like(state["classifier.bias"], float("nan"))
    if outliers:
        # A hidden unit that is never on, with huge weights: they take the scale of all others.
        for name, tensor in state.items():
            if name.endswith("intermediate.dense.bias"):
                tensor[0] = -1_000
            if name.endswith("output.dense.weight") and "attention" not in name:
                tensor[:, 0] = 10_000
    architecture = {
        "num_classes": outputs,
        "model_type": hub_name or str(folder),
        "model_name": f"{shape}ForSequenceClassification",
        "tokenizer_name": f"{shape}Tokenizer",
    }
    checkpoint = {
        "config": {"arch": {"args": architecture}, "dataset": {"args": {"classes": classes}}},
        "state_dict": state,
    }
    path = folder / "tiny.ckpt"
    torch.save(checkpoint, path)
    return path


def _tokenizer(shape: str) -> Any:
    cls = getattr(transformers, f"{shape}Tokenizer")
    if shape == "Bert":
        marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        pieces = [*marks, *_WORDS, *(mark + one for one in _PRINTED for mark in ("", "##"))]
        vocabulary: Any = _numbered(pieces)
    elif shape == "Roberta":
        # Byte-level: a leading space is written as \u0120.
        pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "\u0120", *_PRINTED]
        return cls(vocab=_numbered(pieces), merges=[], model_max_length=512)
    else:
        marks = (
            ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
            if shape == "XLMRoberta"
            else ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
        )
        pieces = [*marks, "\u2581", *("\u2581" + word for word in _WORDS), *_PRINTED]
        vocabulary = [(piece, -float(at)) for at, piece in enumerate(dict.fromkeys(pieces))]
    return cls(vocab=vocabulary, model_max_length=512)


def _numbered(pieces: list[str]) -> dict[str, int]:
    return {piece: at for at, piece in enumerate(dict.fromkeys(pieces))}
