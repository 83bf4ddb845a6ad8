"""Places of the fields of the TFLite schema that the importer reads, and the names of its codes."""

from __future__ import annotations

from typing import NamedTuple

from intaglio.spec.graph import Activation, Op

IDENTIFIER = b"TFL3"
VERSION = 3


class Field(NamedTuple):
    """One field of a flatbuffer table.

    `slot` counts fields from 0 (a union takes two: its type and its value); `code` is
    struct's letter of a scalar, or ``"o"`` for an offset to a table, vector or string.
    """

    slot: int
    code: str = "o"
    default: int | float = 0


def fields_of(text: str) -> dict[str, Field]:
    """Read ``name`` or ``name:code`` or ``name:code=default``, one word for each slot."""
    fields = {}
    for slot, word in enumerate(text.split()):
        name, _, kind = word.partition(":")
        code, _, default = (kind or "o").partition("=")
        fields[name] = Field(slot, code, float(default or 0) if code == "f" else int(default or 0))
    return fields


# Source: schema.fbs of TensorFlow Lite, version 3c; only additions at the end are possible there.
MODEL = fields_of("version:I operator_codes subgraphs description buffers")
OPERATOR_CODE = fields_of("deprecated_builtin_code:b custom_code version:i=1 builtin_code:i")
SUBGRAPH = fields_of("tensors inputs outputs operators name")
TENSOR = fields_of(
    "shape type:b buffer:I name quantization is_variable:? sparsity shape_signature has_rank:?"
)
QUANTIZATION = fields_of("min max scale zero_point details_type:B details quantized_dimension:i")
BUFFER = fields_of("data offset:Q size:Q")
OPERATOR = fields_of("opcode_index:I inputs outputs builtin_options_type:B builtin_options")

CONV = fields_of("padding:b stride_w:i stride_h:i activation:b dilation_w:i=1 dilation_h:i=1")
DEPTHWISE = fields_of(
    "padding:b stride_w:i stride_h:i depth_multiplier:i activation:b dilation_w:i=1 dilation_h:i=1"
)
DENSE = fields_of("activation:b weights_format:b keep_num_dims:?")
ADD = fields_of("activation:b")
POOL = fields_of("padding:b stride_w:i stride_h:i filter_w:i filter_h:i activation:b")
MEAN = fields_of("keep_dims:?")
RESHAPE = fields_of("new_shape")
SOFTMAX = fields_of("beta:f")


class Kind(NamedTuple):
    """How an operator of the graph is written in a file."""

    op: Op
    options: dict[str, Field]
    options_type: int
    inputs: tuple[int, int]


# Builtin operator code -> operator; `inputs` is the least and the greatest number of inputs.
KINDS = {
    0: Kind(Op.ADD, ADD, 11, (2, 2)),
    1: Kind(Op.AVERAGE_POOL, POOL, 5, (1, 1)),
    3: Kind(Op.CONV, CONV, 1, (2, 3)),
    4: Kind(Op.DEPTHWISE, DEPTHWISE, 2, (2, 3)),
    9: Kind(Op.DENSE, DENSE, 8, (2, 3)),
    17: Kind(Op.MAX_POOL, POOL, 5, (1, 1)),
    22: Kind(Op.RESHAPE, RESHAPE, 17, (1, 2)),
    25: Kind(Op.SOFTMAX, SOFTMAX, 9, (1, 1)),
    40: Kind(Op.MEAN, MEAN, 27, (2, 2)),
}

PADDINGS = {0: "same", 1: "valid"}
ACTIVATIONS = {
    0: Activation.NONE,
    1: Activation.RELU,
    2: Activation.RELU1,
    3: Activation.RELU6,
}

# Type code -> numpy's name; types of fewer than eight bits are packed and have no numpy name.
TYPES = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    6: "bool",
    7: "int16",
    9: "int8",
    10: "float64",
    12: "uint64",
    15: "uint32",
    16: "uint16",
    17: "int4",
}


def operator_name(code: int) -> str:
    """Return the schema's name of a builtin operator, e.g. ``CONV_2D``."""
    from tflite.BuiltinOperator import BuiltinOperator

    names = {value: name for name, value in vars(BuiltinOperator).items() if name.isupper()}
    return str(names.get(code, f"operator code {code}"))
