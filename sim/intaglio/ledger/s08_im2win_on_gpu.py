"""System 8: Im2win on GPU."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.golden.conv import conv_acc
from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.layers import TINY, Net, run, serial
from intaglio.spec.commands import Opcode
from intaglio.spec.im2win import LAYERS, WindowLayout, image_windows, kernel_windows

PUBLISHED = (0.375, 0.375, 0.292, 0.294, 0.240, 0.400, 0.336, 0.339, 0.346, 0.359, 0.389, 0.467)
MEAN = 0.351
CUT = {11: 35, 7: 21, 5: 15, 3: 9}  # columns of an image that shows a layer's kernel and stride
FEW = 6  # channels and outputs of such a layer


def _small(layer: WindowLayout) -> WindowLayout:
    """Return the layer with its kernel and stride on fewer pixels, channels and outputs."""
    size = min(layer.size, CUT[layer.kernel])
    return replace(layer, channels=min(layer.channels, FEW), outputs=FEW, size=size)


def exact() -> Verdict:
    """Run every layer's convolution from its buffer in gates; compare with the image's own."""
    total = 0
    for layer in dict.fromkeys(map(_small, LAYERS)):
        rng = np.random.default_rng(8)
        x = rng.integers(-1, 2, (layer.size, layer.size, layer.channels))
        shape = (layer.outputs, layer.kernel, layer.kernel, layer.channels)
        weights = rng.integers(-1, 2, shape) * (rng.random(shape) < 0.3)
        net = Net(f"im2win-{layer.kernel}", 8)
        source = net.input(layer.places, layer.row_words, layer.channels)
        step = layer.stride * layer.kernel
        number = net.conv(source, kernel_windows(weights), exact=True, stride=(1, step))
        buffer = image_windows(x, layer)[None].astype(np.int8)
        ran = run(net.graph(number), TINY, {source: buffer})
        direct = conv_acc(x[None], 0, weights, (layer.stride, layer.stride))[0]
        if not np.array_equal(ran.outputs[number], np.clip(direct, -128, 127)):
            return judge(False, f"{layer} differs from the convolution of the image")
        total += ran.compared
    return judge(
        total > 0, f"kernels and strides of {len(LAYERS)} layers: {total} outputs, 0 differ"
    )


def words() -> Verdict:
    """Measure the buffer of every layer."""
    wrong = [
        layer
        for layer in LAYERS
        if image_windows(np.zeros((layer.size, layer.size, 1)), layer).size * layer.channels
        != layer.channels * layer.places * layer.size * layer.kernel
        or layer.words != layer.channels * layer.places * layer.size * layer.kernel
    ]
    return judge(not wrong, f"{len(LAYERS)} buffers of C*OH*W*KH words, {len(wrong)} differ")


def _ratios() -> list[float]:
    return [layer.words / layer.unrolled_words for layer in LAYERS]


def ratio() -> Verdict:
    """Compare the ratio to im2col with its formula and with the published list."""
    formula = [layer.size / (layer.places * layer.kernel) for layer in LAYERS]
    near = max(abs(a - b) for a, b in zip(_ratios(), PUBLISHED, strict=True))
    same = max(abs(a - b) for a, b in zip(_ratios(), formula, strict=True)) < 1e-12
    return judge(same and near < 0.002, f"{min(_ratios()):.3f} to {max(_ratios()):.3f}")


def mean() -> Verdict:
    """Compute the mean of the ratios."""
    found = float(np.mean(_ratios()))
    return judge(abs(found - MEAN) < 0.001, f"mean {found:.3f} over {len(LAYERS)} layers")


def unit_stride() -> Verdict:
    """Follow the addresses of every window of every layer."""
    runs = 0
    for layer in LAYERS:
        for column in range(layer.places):
            own = layer.addresses(layer.places - 1, column)
            inside = own[0] // layer.row_words == own[-1] // layer.row_words
            if not inside or (np.diff(own) != 1).any():
                return judge(False, f"window {column} of {layer} is no run")
            runs += 1
    return judge(runs > 0, f"{runs} windows, each a run of KH*KW words: 100 % unit stride")


def ablation() -> Verdict:
    """Report cycles with one means less: tiling, micro-kernel, double buffer, loading ahead."""
    net = Net("ablation", 8)
    source = net.input(14, 14, 16)
    graph = net.graph(net.conv(source, outputs=48, kernel=(3, 3)))
    full = replace(TINY, name="ablation", acts_kib=16, weights_kib=4)
    loads, every = {Opcode.LOAD}, set(Opcode)
    found = {
        "all": run(graph, full).cycles,
        "tiles of one pixel": run(graph, replace(full, pixels=1)).cycles,
        "micro-kernel of one product": run(graph, replace(full, depth=1)).cycles,
        "no double buffer": run(graph, full, rewrite=lambda c: serial(c, loads)).cycles,
        "nothing loaded ahead": run(graph, full, rewrite=lambda c: serial(c, every)).cycles,
    }
    text = ", ".join(f"{name} {cycles}" for name, cycles in found.items())
    others = [cycles for name, cycles in found.items() if name != "all"]
    return judge(min(others) > found["all"], f"cycles in gates: {text}")


ENTRY = Entry(
    number=8,
    name="Im2win on GPU",
    kind="C",
    claim=(
        "Window-order layout + micro-kernel/double-buffer/pre-load. vs cuBLAS 23.1 % less memory &"
        " 3.5x TFLOPS; vs best cuDNN 32.8 % & 1.8x; up to 155x direct"
    ),
    operator="address generator + layout pass",
    clauses=(
        Clause("Conv from im2win buffer bit-exact", exact),
        Clause("buffer words = N*C*OH*W_in*KH exactly", words),
        Clause("ratio to im2col = W_in/(OW*KW)", ratio),
        Clause("mean 0.35 over the 12 benchmark layers", mean),
        Clause("SRAM reads 100 % unit-stride inside a window row", unit_stride),
        Clause(
            (
                "ablation report (tiling / micro-kernel / double buffer / pre-load) on simulated "
                "cycles"
            ),
            ablation,
        ),
    ),
)
