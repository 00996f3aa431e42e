"""The model card that ships with the weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from moderation.scoring.encoder import EMOTIONS
from moderation.training.data import GROUPS_EACH, SEED
from moderation.training.finetune import EPOCHS, RATE, THREADS_SHARE
from moderation.training.measure import Metric
from moderation.training.network import LAYERS

_LAYERS: Final = ", ".join(map(str, LAYERS))
_HEAD: Final = f"""# Weights of the built-in scorers

Rebuilt by two commands, in this order (seed {SEED}; first
`pip install 'trollbridge[train]'`):

```
trollbridge train encoder --data ../shared/data        # about 25 minutes on two cores
trollbridge train combinations --data ../shared/data   # minutes; it writes this file
```

Edit `moderation/training/card.py` instead of this file.

| file | what |
|---|---|
| `encoder.onnx` | layers {_LAYERS} of all-MiniLM-L6-v2 (Apache-2.0), fine-tuned, int8 |
| `tokenizer.json` | that model's vocabulary, unchanged |
| `context.npz` | logistic regressions that make scores of heads, cues and context |

One pass of the encoder gives the log odds of toxicity, insult, obscene, threat, identity attack,
hostile, sarcasm and joke, those of the {len(EMOTIONS)} tones of GoEmotions, and a topic vector
that was distilled from the whole sentence encoder. {EPOCHS} epochs over everything but the
threads at a rate of {RATE:g}, then one over threads and a rehearsal; the weights before and after
are averaged, {THREADS_SHARE:.0%} of them from after.

## Data

| set | licence | trains |
|---|---|---|
| Toxic Spans (Civil Comments) | CC0 1.0 | toxicity and its kinds |
| our labels of 22,438 comments, `own_labels.csv` [1] | Apache-2.0 | hostile, toxicity, sarcasm |
| our sarcasm and joke labels | Apache-2.0 | sarcasm, joke |
| CAT_LARGE, context toxicity | Apache-2.0 | toxicity, joke (clean talk) |
| Davidson et al. 2017, every fourth tweet, weight .4 | MIT | toxicity |
| Unintended bias templates, 5,000 | CC BY 4.0 (Jigsaw) | toxicity |
| our sentences about groups, {GROUPS_EACH} by template, `groups.py` | Apache-2.0 | toxicity |
| GoEmotions | Apache-2.0 (Google Research) | tones; calm comments for toxicity and joke |
| iSarcasmEval, weight .3 | MIT | sarcasm |
| ColBERT humor, 14,000 | MIT | joke |
| SemEval-2017 puns [2], the 453 that are under CC BY 4.0 | CC BY 4.0 | joke |
| Humor MCP lines (Mallard, J. Barker) | CC BY 4.0 | joke |
| our threads: 72 of the data folder, 96 in `own_threads.jsonl` | Apache-2.0 | everything |

Every tenth labelled text, every fourth thread and every fourth template about groups are kept
from the encoder; the combinations are fitted on those alone, so that what they are given is what
they will be given by strangers.

[1] 15,908 news comments, 5,562 Reddit comments and 968 talk-page comments of the sets above,
read one by one without context, each by one annotator, 100 of them by five: how hostile towards
people, and how sarcastic, from 0 to 4. Quadratically weighted Cohen's kappa between pairs of
annotators: .86 to .92 for hostile, .71 to .83 for sarcasm; correlation with the 540 earlier
sarcasm labels among them .80. The annotators were language models working from written
guidelines, not people: what they share in bias no agreement between them shows.

[2] Compiled by UKP Lab, TU Darmstadt; jokes by Don Hauptman, and compilations by Stan Kegel,
Beatrice Santorini, Daniel Austin, and Christian F. Hempelmann, Nancy D. Bell and Scott Crossley.

## Measured

"Unseen" means that neither the text nor its thread trained the encoder, nor the fit that is
measured.

| what | on | result |
|---|---|---|
"""
_TAIL: Final = """
## Limits

- Sarcasm is weak evidence. Deadpan without any cue is mostly missed; the weights of cues are
  fitted with priors (`CUE_PRIORS`), which rule where a cue is rare in the labels.
- Threats and obscenity are rare among the labels that the scores are calibrated on, so those two
  probabilities are rough. Detoxify, if it is installed, knows threats better.
- English only.
"""


def write_card(folder: Path, metrics: Sequence[Metric]) -> None:
    """Write README.md beside the weights."""
    lines = [f"| {m.what} | {m.where} | {m.value} |" for m in metrics]
    (folder / "README.md").write_text(_HEAD + "\n".join(lines) + "\n" + _TAIL, "utf-8")
