"""Operators of the TFLite schema that move codes, or work on codes one by one or two by two."""

from __future__ import annotations

from typing import NamedTuple

from intaglio.compiler.load_schema import Field, fields_of
from intaglio.spec.graph import Op


class More(NamedTuple):
    """How an operator is written in a file.

    Parameters
    ----------
    op : Op
        What it becomes.
    options : mapping
        Fields of its options.
    inputs : (int, int)
        The least and the greatest number of inputs.
    activations : tuple of int
        Places of activations; a last -1 stands for all inputs.
    function : str
        TABLE and RESIZE: see :class:`intaglio.spec.graph.Attributes`.
    same : bool
        Output codes are codes of the input: both have one scale.
    """

    op: Op
    options: dict[str, Field]
    inputs: tuple[int, int]
    activations: tuple[int, ...] = (0,)
    function: str = ""
    same: bool = True


_ACTIVATION = "activation:b"
_RESIZE = "corners:? centres:?"

# Builtin operator code -> how it is read.
MORE = {
    2: More(Op.CONCAT, fields_of(f"axis:i {_ACTIVATION}"), (1, 256), (-1,)),
    5: More(Op.DEPTH_TO_SPACE, fields_of("block:i"), (1, 1)),
    14: More(Op.TABLE, {}, (1, 1), function="sigmoid", same=False),
    18: More(Op.MUL, fields_of(_ACTIVATION), (2, 2), (0, 1), same=False),
    19: More(Op.TABLE, {}, (1, 1), function="relu", same=False),
    20: More(Op.TABLE, {}, (1, 1), function="relu1", same=False),
    21: More(Op.TABLE, {}, (1, 1), function="relu6", same=False),
    23: More(Op.RESIZE, fields_of(f"height:i width:i {_RESIZE}"), (2, 2), function="bilinear"),
    28: More(Op.TABLE, {}, (1, 1), function="tanh", same=False),
    34: More(Op.PAD, {}, (2, 2)),
    39: More(Op.TRANSPOSE, {}, (2, 2)),
    41: More(Op.SUB, fields_of(_ACTIVATION), (2, 2), (0, 1), same=False),
    43: More(Op.RESHAPE, {}, (1, 1)),
    45: More(
        Op.SLICE,
        fields_of("begin:i end:i ellipsis:i new_axis:i shrink:i offset:?"),
        (4, 4),
        function="strided",
    ),
    49: More(Op.SLICE, fields_of("count:i"), (2, 2), (1,), function="split"),
    54: More(Op.PRELU, {}, (2, 2), same=False),
    56: More(Op.ARGMAX, {}, (2, 2), same=False),
    60: More(Op.PAD, {}, (3, 3)),
    65: More(Op.SLICE, {}, (3, 3), function="slice"),
    67: More(
        Op.TRANSPOSED_CONV,
        fields_of(f"padding:b stride_w:i stride_h:i {_ACTIVATION}"),
        (3, 4),
        (2,),
        same=False,
    ),
    70: More(Op.RESHAPE, {}, (2, 2)),
    97: More(Op.RESIZE, fields_of(_RESIZE), (2, 2), function="nearest"),
    98: More(Op.TABLE, fields_of("alpha:f"), (1, 1), function="leaky_relu", same=False),
    100: More(Op.PAD, fields_of("mode:b"), (2, 2), function="mirror"),
    102: More(Op.SLICE, fields_of("count:i"), (3, 3), function="split_sizes"),
    114: More(Op.TABLE, {}, (1, 1), function="requantise", same=False),
    117: More(Op.TABLE, {}, (1, 1), function="hard_swish", same=False),
    150: More(Op.TABLE, fields_of("approximate:?"), (1, 1), function="gelu", same=False),
}
QUANTIZE, DEQUANTIZE = 114, 6
