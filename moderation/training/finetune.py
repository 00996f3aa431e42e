"""Trains the encoder: first on all texts, then on the threads, and averages the two.

The threads are hard on purpose: trained on them alone or from the start, the encoder gains there
and loses elsewhere. Averaging the weights before and after keeps most of both (Wortsman et al.,
2022, "Robust fine-tuning of zero-shot models", WiSE-FT).
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer

from moderation.training.corpus import Batch, Corpus, Floats, batches, collect, truncating
from moderation.training.data import SEED, Example, examples, held_out
from moderation.training.network import Network, pretrained, source

Step = Callable[[str, int, int], None]
"""Called as work goes on: what is done, how much of it, out of how much."""

EPOCHS: Final = 3
RATE: Final = 2e-4
"""Of the encoder; the heads, which start from nothing, learn ten times as fast."""
_HEADS_FASTER: Final = 10.0
_THREADS_RATE: Final = 1e-4
_WARM_UP: Final = 0.06
_REHEARSED: Final = 24_000
"""Other texts among which the threads are learnt, so that nothing else is forgotten."""
_THREADS_TIMES: Final = 4
THREADS_SHARE: Final = 0.4
"""Of the weights after the threads, in the average."""
_TOPIC_WEIGHT: Final = 2.0
_DECAY: Final = 0.01
_LONGEST_STEP: Final = 1.0


class Taught(NamedTuple):
    """A corpus with what the whole sentence encoder says of its texts."""

    corpus: Corpus
    topics: Floats
    """Shape (texts, 384), length 1."""


def train_network(data: Path, on_step: Step, *, limit: int = 0) -> Network:
    """Train on the data folder; `limit`, when not 0, takes that many texts only, to try it out."""
    torch.manual_seed(SEED)
    tokenizer = truncating(Tokenizer.from_file(str(source() / "tokenizer.json")))
    seen = [example for example in examples(data) if not held_out(example)]
    general = _teach([e for e in seen if e.source != "threads"], tokenizer, limit, on_step)
    threads = _teach([e for e in seen if e.source == "threads"], tokenizer, limit, on_step)
    network = Network()
    train(network, general, epochs=EPOCHS, rate=RATE, on_step=on_step)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    train(network, _mixed(threads, general), epochs=1, rate=_THREADS_RATE, on_step=on_step)
    after = network.state_dict()
    network.load_state_dict(average(before, after, THREADS_SHARE))
    return network.eval()


def average(
    before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """Weights between two trainings; a share of 1 gives those after."""
    return {
        name: torch.lerp(value.float(), after[name].float(), share).to(value.dtype)
        for name, value in before.items()
    }


def train(network: Network, taught: Taught, *, epochs: int, rate: float, on_step: Step) -> None:
    """One run with a linear warm-up and decay of the learning rate."""
    network.train()
    body = list(network.encoder.parameters())
    heads = [*network.attention.parameters(), *network.value.parameters()]
    optimizer = torch.optim.AdamW(
        [
            {"params": body, "lr": rate},
            {"params": heads, "lr": rate * _HEADS_FASTER},
            {"params": list(network.topic.parameters()), "lr": rate},
        ],
        weight_decay=_DECAY,
    )
    draw = random.Random(SEED)
    plan = [batch for _ in range(epochs) for batch in batches(taught.corpus.ids, draw)]
    warm = max(1, int(_WARM_UP * len(plan)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, max(0.0, (len(plan) - step) / len(plan)))
    )
    for step, batch in enumerate(plan):
        loss = _loss(network, taught, batch)
        optimizer.zero_grad()
        torch.autograd.backward([loss])
        torch.nn.utils.clip_grad_norm_(network.parameters(), _LONGEST_STEP)
        optimizer.step()
        schedule.step()
        on_step(f"training, loss {loss.item():.3f}", step + 1, len(plan))


def _loss(network: Network, taught: Taught, batch: Batch) -> torch.Tensor:
    """Cross entropy of what is labelled, by weight, and distance from the teacher's topics."""
    with torch.autocast("cpu", torch.bfloat16):
        logits, topics, _ = network(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask))
    labels = torch.from_numpy(taught.corpus.labels[batch.rows])
    weights = torch.from_numpy(taught.corpus.weights[batch.rows])
    apart = torch.nn.functional.binary_cross_entropy_with_logits(
        logits.float(), labels, weights, reduction="sum"
    )
    near = (topics.float() * torch.from_numpy(taught.topics[batch.rows])).sum(-1)
    loss: torch.Tensor = apart / len(batch.rows) + _TOPIC_WEIGHT * (1 - near).mean()
    return loss


def _teach(chosen: Sequence[Example], tokenizer: Tokenizer, limit: int, on_step: Step) -> Taught:
    corpus = collect(chosen, tokenizer)
    if limit and limit < len(corpus.ids):
        corpus = corpus.take(random.Random(SEED).sample(range(len(corpus.ids)), limit))
    return Taught(corpus, teach_topics(corpus.ids, on_step))


def teach_topics(ids: Sequence[Sequence[int]], on_step: Step) -> Floats:
    """What the whole sentence encoder says of texts: float32 of shape (texts, 384)."""
    teacher = pretrained().eval()
    found = np.zeros((len(ids), teacher.config.hidden_size), np.float32)
    plan = list(batches(ids))
    for step, batch in enumerate(plan):
        mask = torch.from_numpy(batch.mask)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            tokens = teacher(
                input_ids=torch.from_numpy(batch.ids), attention_mask=mask
            ).last_hidden_state
        tokens, weights = tokens.float(), mask.float().unsqueeze(-1)
        mean = (tokens * weights).sum(1) / weights.sum(1)
        found[batch.rows] = torch.nn.functional.normalize(mean, dim=-1).numpy()
        on_step("reading with the whole encoder", step + 1, len(plan))
    return found


def _mixed(threads: Taught, general: Taught) -> Taught:
    """The threads several times over, among some of the other texts."""
    draw = random.Random(SEED)
    count = min(_REHEARSED, len(general.corpus.ids))
    rows = draw.sample(range(len(general.corpus.ids)), count)
    rehearsed = general.corpus.take(rows)
    times = _THREADS_TIMES
    return Taught(
        Corpus(
            threads.corpus.ids * times + rehearsed.ids,
            np.concatenate([threads.corpus.labels] * times + [rehearsed.labels]),
            np.concatenate([threads.corpus.weights] * times + [rehearsed.weights]),
        ),
        np.concatenate([threads.topics] * times + [general.topics[rows]]),
    )
