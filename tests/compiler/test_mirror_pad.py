"""MIRROR_PAD of TFLite: what LiteRT computes, and what is taken into the convolution behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from intaglio.api.bench_shapes import Shape, graph_of
from intaglio.compiler.load_tflite import parse_tflite
from intaglio.compiler.save_tflite import save_tflite
from intaglio.golden.network import run_graph
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Attributes, Graph, Node, Op

BEGIN, END = (0, 2, 1, 0), (0, 1, 3, 0)


def padded(edge: str) -> Graph:
    """Return a PAD in front of a convolution."""
    conv = graph_of(Shape(Op.CONV, (7, 9, 3), 4, kernel=(3, 2), stride=(2, 1)), "conv", 1)
    source = conv.tensors[0]
    number = len(conv.tensors)
    image = replace(source, number=number, name="image", shape=(1, 4, 5, 3))
    attributes = Attributes(begin=BEGIN, end=END, edge=edge)
    pad = Node(Op.PAD, "x0", (number,), (0,), attributes)
    tensors = {**conv.tensors, number: image}
    return replace(conv, tensors=tensors, nodes=(pad, *conv.nodes), inputs=(number,))


@pytest.mark.parametrize("edge", ["reflect", "symmetric"])
def test_a_mirrored_image_is_that_of_litert(edge: str, rng: np.random.Generator) -> None:
    litert = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="ai-edge-litert is not installed"
    )
    graph = padded(edge)
    data = save_tflite(graph)
    interpreter = litert.Interpreter(
        model_content=data, experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    image = rng.integers(-128, 128, (1, 4, 5, 3), np.int8)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    expected = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    read = parse_tflite(data, "mirror", "mirror")
    (node,) = read.nodes
    assert (node.attributes.edge, node.attributes.padding) == (edge, (2, 1, 1, 3))
    found = run_graph(read, {read.inputs[0]: image})[read.outputs[0]]
    np.testing.assert_array_equal(found, expected)
    apart = run_graph(graph, {graph.inputs[0]: image})[graph.outputs[0]]
    np.testing.assert_array_equal(apart, expected)


def test_what_tflite_has_no_word_for_is_not_written() -> None:
    with pytest.raises(ModelError, match="pads with wrap"):
        save_tflite(padded("wrap"))
