"""Dynamic int8 for ONNX models in which a text's numbers do not depend on its batch.

onnxruntime's own dynamic quantisation takes one scale for a whole activation tensor, so a text's
scores would change with its neighbours in a batch. Here every token (row) has a scale and an
offset of its own, and every column of a weight a scale: the per-token scheme of ZeroQuant (Yao
et al., 2022), asymmetric, since what GELU gives is nearly all positive.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

_MIDDLE: Final = 128
_ROW_LEVELS: Final = 255
_WEIGHT_LEVELS: Final = 127
_TINY: Final = 1e-9
_MATRIX: Final = 2

Floats = npt.NDArray[np.float32]


def quantise(source: Path, target: Path) -> int:
    """Write `source` to `target` with int8 weights in its matrix products and embeddings.

    Returns how many nodes were changed. What has no constant matrix (attention itself) and the
    few `Gemm` nodes of a classifier's head, which see one row a text, stay float32.
    """
    model = onnx.load(source)
    graph = _Graph(model.graph)
    nodes = [made for node in model.graph.node for made in graph.rewritten(node)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    graph.finish()
    onnx.save(model, target)
    return graph.changed


class _Graph:
    """The graph being rewritten: its constants, and rows that are quantised already."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._made: dict[str, Any] = {}
        self._rows: set[str] = set()
        self.changed = 0

    def rewritten(self, node: Any) -> Iterator[Any]:
        """The nodes that take a node's place: itself, or its int8 form."""
        if node.op_type == "MatMul" and self._is_matrix(node.input[1]):
            self.changed += 1
            if node.input[0] not in self._rows:
                self._rows.add(node.input[0])
                yield from self._quantised_rows(node.input[0])
            yield from self._product(node.input[0], node.input[1], node.output[0])
        elif node.op_type == "Gather" and self._is_matrix(node.input[0]) and _axis(node) == 0:
            self.changed += 1
            yield from self._looked_up(node.input[0], node.input[1], node.output[0])
        else:
            yield node

    def finish(self) -> None:
        """Add the new constants, and drop those that no node reads any more."""
        used = {name for node in self._graph.node for name in node.input}
        kept = [tensor for name, tensor in self._tensors.items() if name in used]
        del self._graph.initializer[:]
        self._graph.initializer.extend([*kept, *self._made.values()])

    def _is_matrix(self, name: str) -> bool:
        tensor = self._tensors.get(name)
        return (
            tensor is not None
            and tensor.data_type == TensorProto.FLOAT
            and len(tensor.dims) == _MATRIX
        )

    def _constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self._made.setdefault(name, numpy_helper.from_array(value, name))
        return name

    def _number(self, name: str, value: float) -> str:
        return self._constant(f"row_int8/{name}", np.array(value, np.float32))

    def _quantised_rows(self, rows: str) -> Iterable[Any]:
        """Give each row of x a scale and a middle: x is near scale * (quantised - 128) + middle."""
        node, axes = helper.make_node, self._constant("row_int8/last", np.array([-1], np.int64))
        yield node("ReduceMax", [rows, axes], [f"{rows}/high"], keepdims=1)
        yield node("ReduceMin", [rows, axes], [f"{rows}/low"], keepdims=1)
        yield node("Sub", [f"{rows}/high", f"{rows}/low"], [f"{rows}/range"])
        levels, tiny = self._number("levels", _ROW_LEVELS), self._number("tiny", _TINY)
        yield node("Div", [f"{rows}/range", levels], [f"{rows}/step"])
        # A row of equal numbers has no range.
        yield node("Max", [f"{rows}/step", tiny], [f"{rows}/scale"])
        yield node("Sub", [rows, f"{rows}/low"], [f"{rows}/above"])
        yield node("Div", [f"{rows}/above", f"{rows}/scale"], [f"{rows}/level"])
        yield node("Round", [f"{rows}/level"], [f"{rows}/whole"])
        yield node("Cast", [f"{rows}/whole"], [f"{rows}/uint8"], to=TensorProto.UINT8)
        half = self._number("middle", _MIDDLE)
        yield node("Mul", [f"{rows}/scale", half], [f"{rows}/half"])
        yield node("Add", [f"{rows}/low", f"{rows}/half"], [f"{rows}/middle"])

    def _product(self, rows: str, matrix: str, output: str) -> Iterable[Any]:
        """The product of x and W.

        x @ W = (quantised - 128) @ W8 * scale * scales of W + middle * column sums of W.
        """
        node = helper.make_node
        if f"{matrix}/int8" not in self._made:
            whole, scales = _whole(numpy_helper.to_array(self._tensors[matrix]), axis=0)
            sums = whole.sum(0, dtype=np.float32)[None] * scales
            self._constant(f"{matrix}/int8", whole)
            self._constant(f"{matrix}/scales", scales)
            self._constant(f"{matrix}/sums", sums)
        zero = self._constant("row_int8/zero", np.array(_MIDDLE, np.uint8))
        yield node("MatMulInteger", [f"{rows}/uint8", f"{matrix}/int8", zero], [f"{output}/int32"])
        yield node("Cast", [f"{output}/int32"], [f"{output}/float"], to=TensorProto.FLOAT)
        yield node("Mul", [f"{output}/float", f"{rows}/scale"], [f"{output}/rows"])
        yield node("Mul", [f"{output}/rows", f"{matrix}/scales"], [f"{output}/columns"])
        yield node("Mul", [f"{rows}/middle", f"{matrix}/sums"], [f"{output}/middles"])
        yield node("Add", [f"{output}/columns", f"{output}/middles"], [output])

    def _looked_up(self, matrix: str, indices: str, output: str) -> Iterable[Any]:
        """An embedding's row, read as int8 and scaled: a quarter of the memory."""
        node = helper.make_node
        if f"{matrix}/rows8" not in self._made:
            whole, scales = _whole(numpy_helper.to_array(self._tensors[matrix]), axis=1)
            self._constant(f"{matrix}/rows8", whole)
            self._constant(f"{matrix}/row_scales", scales)
        yield node("Gather", [f"{matrix}/rows8", indices], [f"{output}/int8"])
        yield node("Cast", [f"{output}/int8"], [f"{output}/float"], to=TensorProto.FLOAT)
        yield node("Gather", [f"{matrix}/row_scales", indices], [f"{output}/scale"])
        yield node("Mul", [f"{output}/float", f"{output}/scale"], [output])


def _axis(node: Any) -> int:
    return next((int(found.i) for found in node.attribute if found.name == "axis"), 0)


def _whole(matrix: Floats, *, axis: int) -> tuple[npt.NDArray[np.int8], Floats]:
    """Symmetric int8 of a matrix with one scale for everything along `axis`."""
    scales: Floats = np.maximum(np.abs(matrix).max(axis, keepdims=True), _TINY) / _WEIGHT_LEVELS
    return np.round(matrix / scales).astype(np.int8), scales.astype(np.float32)
