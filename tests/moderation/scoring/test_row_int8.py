"""int8 by rows: near the float product, and each row by itself."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from moderation.scoring.row_int8 import quantise

WIDTH, OUT = 64, 24


@pytest.fixture
def models(tmp_path: Path) -> tuple[Any, Any]:
    """A matrix product, twice of the same input, in float32 and in int8."""
    chance = np.random.default_rng(5)
    weights = chance.normal(size=(WIDTH, OUT)).astype(np.float32)
    node, value = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [node("MatMul", ["x", "w"], ["a"]), node("MatMul", ["x", "w"], ["b"]),
         node("Add", ["a", "b"], ["y"])],
        "products",
        [value("x", onnx.TensorProto.FLOAT, ["rows", "length", WIDTH])],
        [value("y", onnx.TensorProto.FLOAT, ["rows", "length", OUT])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )  # fmt: skip
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10
    )
    source, target = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    onnx.save(model, source)
    assert 2 == quantise(source, target)
    assert target.stat().st_size < source.stat().st_size
    return ort.InferenceSession(source), ort.InferenceSession(target)


def test_near_the_float_product(models: tuple[Any, Any]) -> None:
    """Also for rows that lie far from zero or are all the same, where a scale degenerates."""
    x = np.random.default_rng(6).normal(size=(1, 6, WIDTH)).astype(np.float32)
    x[0, 1] += 50
    x[0, 2] = 0
    x[0, 3] = 7
    x[0, 4] *= 1e-4
    exact, ours = (model.run(None, {"x": x})[0][0] for model in models)

    # Half a step of int8 for the weights, and less for the rows; what is left is chance.
    allowed = 0.01 * np.abs(x[0]).sum(axis=1, keepdims=True) + 1e-5
    assert np.all(np.abs(ours - exact) <= allowed)
    assert 10 < np.abs(exact[0]).max()


def test_rows_are_alone(models: tuple[Any, Any]) -> None:
    """A row with huge numbers does not coarsen its neighbours: scores do not depend on a batch."""
    x = np.random.default_rng(7).normal(size=(3, 4, WIDTH)).astype(np.float32)
    before = models[1].run(None, {"x": x})[0]
    x[1] *= 1_000
    after = models[1].run(None, {"x": x})[0]

    np.testing.assert_array_equal(before[[0, 2]], after[[0, 2]])
