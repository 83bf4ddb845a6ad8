"""Writes benchmark networks as TFLite files: published topologies with seeded random weights.

``python -m intaglio.api.models [--output DIR]``
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from intaglio.api.models_random import LOGIT_DEVIATION, RandomNet
from intaglio.compiler.save_tflite import save_tflite
from intaglio.spec.errors import Finding, IntaglioError, UsageError
from intaglio.spec.graph import Activation, Graph

SEED = 1
# Branches that add less than what they are added to keep a stack of 16 blocks stable.
BRANCH_DEVIATION = 0.5
DEFAULT_FOLDER = Path("build/models")


def mobilenet_v1(size: int = 224, seed: int = SEED) -> Graph:
    """Return MobileNetV1 1.0 for 1,001 classes, int8.

    Source: A. Howard et al., MobileNets, arXiv:1704.04861, table 1.
    """
    net = RandomNet(f"mobilenet_v1_1.0_{size}", size, seed)
    relu6 = Activation.RELU6
    x = net.conv(net.input, "conv0", 32, 3, stride=2, activation=relu6)
    blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    blocks += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    for number, (channels, stride) in enumerate(blocks, start=1):
        x = net.depthwise(x, f"dw{number}", stride=stride, activation=relu6)
        x = net.conv(x, f"pw{number}", channels, activation=relu6)
    return net.finish(net.conv(net.global_average(x, "gap"), "fc", 1001, deviation=LOGIT_DEVIATION))


def mobilenet_v2(size: int = 224, seed: int = SEED) -> Graph:
    """Return MobileNetV2 1.0 for 1,001 classes, int8; residual sums have no activation.

    Source: M. Sandler et al., MobileNetV2, arXiv:1801.04381, table 2.
    """
    net = RandomNet(f"mobilenet_v2_1.0_{size}", size, seed)
    relu6 = Activation.RELU6
    x = net.conv(net.input, "conv0", 32, 3, stride=2, activation=relu6)
    # Expansion, channels, repeats, stride of the first repeat.
    stages = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)]
    stages += [(6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    blocks = [
        (expansion, channels, stride if repeat == 0 else 1)
        for expansion, channels, repeats, stride in stages
        for repeat in range(repeats)
    ]
    for number, (expansion, channels, stride) in enumerate(blocks):
        inner = before = net.builder.shape(x)[3]
        y = x
        if expansion > 1:
            inner = expansion * before
            y = net.conv(x, f"b{number}_exp", inner, activation=relu6)
        y = net.depthwise(y, f"b{number}_dw", stride=stride, activation=relu6)
        residual = stride == 1 and channels == before
        deviation = BRANCH_DEVIATION if residual else 1.0
        y = net.conv(y, f"b{number}_prj", channels, deviation=deviation)
        x = net.add(x, y, f"b{number}_add") if residual else y
    x = net.conv(x, "convl", 1280, activation=relu6)
    return net.finish(net.conv(net.global_average(x, "gap"), "fc", 1001, deviation=LOGIT_DEVIATION))


def resnet50(size: int = 224, seed: int = SEED) -> Graph:
    """Return ResNet-50 v1.5 for 1,000 classes, int8; stride 2 stands in the 3x3 convolutions.

    Source: K. He et al., Deep Residual Learning, arXiv:1512.03385, table 1; v1.5 as in MLPerf.
    """
    net = RandomNet(f"resnet50_v1.5_{size}", size, seed)
    relu = Activation.RELU
    x = net.conv(net.input, "conv1", 64, 7, stride=2, activation=relu)
    x = net.max_pool(x, "maxpool")
    for stage, repeats in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for repeat in range(repeats):
            block = f"s{stage}b{repeat}"
            stride = 2 if stage > 0 and repeat == 0 else 1
            y = net.conv(x, f"{block}_1", width, activation=relu)
            y = net.conv(y, f"{block}_3x3", width, 3, stride=stride, activation=relu)
            y = net.conv(y, f"{block}_2", 4 * width, deviation=BRANCH_DEVIATION)
            if repeat == 0:
                x = net.conv(x, f"{block}_sc", 4 * width, stride=stride)
            x = net.add(x, y, f"{block}_add", relu)
    return net.finish(net.dense(net.global_mean(x, "gap"), "fc", 1000))


MODELS: dict[str, Callable[[], Graph]] = {
    "mobilenet_v1_1.0_224": mobilenet_v1,
    "mobilenet_v2_1.0_224": mobilenet_v2,
    "resnet50_v1.5_224": resnet50,
}


def write_models(folder: Path, names: Iterable[str] = tuple(MODELS)) -> list[Path]:
    """Write ``NAME_int8.tflite`` of each name to `folder` and return the paths.

    Raises
    ------
    UsageError
        E101: a name is not in :data:`MODELS`. E103: the folder cannot be written.
    """
    chosen = list(names)
    unknown = [name for name in chosen if name not in MODELS]
    if unknown:
        raise UsageError(
            Finding(
                "E101",
                f"no benchmark network is called {unknown[0]!r}",
                have=unknown[0],
                need=", ".join(MODELS),
                help="take one of these names",
            )
        )
    paths = [folder / f"{name}_int8.tflite" for name in chosen]
    for name, path in zip(chosen, paths, strict=True):
        data = save_tflite(MODELS[name]())
        part = path.with_suffix(".part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            part.replace(path)
        except OSError as error:
            raise UsageError(
                Finding(
                    "E103",
                    f"{path} cannot be written: {error.strerror}",
                    where=str(path),
                    have=str(error.strerror),
                    need="a folder that can be written",
                    help="choose another folder with --output",
                )
            ) from error
    return paths


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m intaglio.api.models", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MODELS)}")
    parser.add_argument("--output", type=Path, default=DEFAULT_FOLDER, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        for name in options.names or MODELS:
            (path,) = write_models(options.output, [name])
            print(f"{path}  {path.stat().st_size} bytes")
    except IntaglioError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
