"""The stream of commands and the constants that they name, as they grow."""

from __future__ import annotations

from collections.abc import Mapping

from intaglio.compiler.hazard import Tracker
from intaglio.spec.commands import RECORDS, Memory, Opcode, Region
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.formats import BYTE, ByteArray
from intaglio.spec.registers import TRACE_ENTRIES
from intaglio.spec.widths import misfits


class Constants:
    """The constant region: equal contents are stored once.

    Parameters
    ----------
    align : int
        Every offset is a multiple of this number of bytes.
    """

    def __init__(self, align: int) -> None:
        self._align = align
        self._offsets: dict[bytes, int] = {}
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, data: ByteArray) -> int:
        """Return the byte offset at which `data` lies."""
        content = data.tobytes()
        if content not in self._offsets:
            self._offsets[content] = self._size
            padded = content + bytes(-len(content) % self._align)
            self._parts.append(padded)
            self._size += len(padded)
        return self._offsets[content]

    def to_bytes(self) -> bytes:
        """Return the whole region."""
        return b"".join(self._parts)


class Stream:
    """Commands of one job, each with the wait counts that its data need.

    Parameters
    ----------
    config : ArrayConfig
        Of the device.
    tensor_beats : int
        Size of the tensor region in bus beats.
    """

    def __init__(self, config: ArrayConfig, tensor_beats: int) -> None:
        self._config = config
        self._tracker = Tracker(config, tensor_beats)
        self._commands: list[tuple[Opcode, int]] = []  # as words
        self._last: dict[int, int] = {}

    def load_words(
        self, memory: Memory, offset: int, words: int, address: int, layer: tuple[int, str]
    ) -> None:
        """Append a LOAD of consecutive words from the constant region."""
        beats = {
            Memory.WEIGHTS: self._config.weight_bytes,
            Memory.PARAMS: self._config.param_bytes,
            Memory.TABLE: self._config.table_bytes,
        }[memory]
        fields = {
            "memory": memory,
            "region": Region.CONSTANTS,
            "offset": offset,
            "row_beats": words * beats // self._config.bus_bytes,
            "rows": 1,
            "address": address,
        }
        self.append(Opcode.LOAD, fields, layer)

    def append(self, opcode: Opcode, fields: Mapping[str, int], layer: tuple[int, str]) -> None:
        """Append a command of layer (index, name); the fields of the header are added here."""
        index, name = layer
        base = {field.name: 0 for field in RECORDS[opcode].fields}
        command = {**base, **fields, "opcode": int(opcode), "layer": index % TRACE_ENTRIES}
        # Checked before its words are tracked, so that an impossible range is named first.
        word = _packed(opcode, command, name, self._config)
        word |= _packed(opcode, self._tracker.waits(opcode, command), name)
        if opcode is Opcode.COMPUTE:
            self._last[index] = len(self)
        self._commands.append((opcode, word))

    def __len__(self) -> int:
        return len(self._commands)

    def to_bytes(self) -> bytes:
        """Return all commands; the last COMPUTE of each layer carries its mark."""
        marked = set(self._last.values())
        mark = RECORDS[Opcode.COMPUTE].pack({"mark": 1})
        return b"".join(
            (word | mark * (at in marked)).to_bytes(RECORDS[opcode].bits // BYTE, "little")
            for at, (opcode, word) in enumerate(self._commands)
        )


def _packed(
    opcode: Opcode, fields: Mapping[str, int], name: str, config: ArrayConfig | None = None
) -> int:
    """Return fields of a command as a word, if the gates of `config` can tell them apart."""
    try:
        packed = RECORDS[opcode].pack(fields)
    except ValueError as error:
        raise _out_of_range(name, str(error)) from error
    if config is not None and (faults := misfits(opcode, fields, config)):
        raise _out_of_range(name, f"{opcode.name}: " + "; ".join(faults))
    return packed


def _out_of_range(name: str, what: str) -> FitError:
    return FitError(
        Finding(
            "E403",
            f"{name}: {what}",
            where=name,
            have=what,
            need="values in the ranges of the command fields",
            help="use a smaller kernel, stride or image here; for an offset, more address_bits",
        )
    )
