"""Writes the networks of this folder with PyTorch's two exporters: ``python export_cnn.py``.

PyTorch is no dependency of Intaglio; the files that this wrote are kept beside it:
``cnn_script.onnx`` (``dynamo=False``, operator set 17), ``cnn_dynamo.onnx`` (``dynamo=True``, the
exporter's own operator set) and ``cnn.npz`` (samples ``x`` and what PyTorch makes of them, ``y``).
The files name the version that wrote them as their producer.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

SAMPLES, SIZE, CLASSES = 16, 16, 10
HERE = Path(__file__).parent


def network(torch: Any) -> Any:
    """Return convolutions with batch normalisation, a depthwise one, a residual, pools, a linear.

    Weights and statistics are random, from a fixed seed.
    """
    nn = torch.nn

    def block(inputs: int, outputs: int, kernel: int, **settings: Any) -> list[Any]:
        conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False, **settings)
        return [conv, nn.BatchNorm2d(outputs)]

    class Residual(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(
                *block(16, 32, 1),
                nn.ReLU6(),
                *block(32, 32, 3, groups=32),
                nn.ReLU6(),
                *block(32, 16, 1),
            )

        def forward(self, x: Any) -> Any:
            return x + self.body(x)

    net = nn.Sequential(
        *block(3, 16, 3, stride=2),
        nn.ReLU(),
        Residual(),
        nn.ReLU(),
        nn.MaxPool2d(2),
        *block(16, 24, 3),
        nn.Hardswish(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(24, CLASSES),
    )
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.bias, std=0.2)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.2, 0.6)
    return net.eval()


def main() -> None:
    """Write the files."""
    torch = import_module("torch")
    torch.manual_seed(26)
    net = network(torch)
    x = torch.randn(SAMPLES, 3, SIZE, SIZE)
    with torch.no_grad():
        y = net(x)
    np.savez(HERE / "cnn.npz", x=x.numpy(), y=y.numpy())
    names = {"input_names": ["x"], "output_names": ["y"]}
    torch.onnx.export(
        net,
        (x[:1],),
        HERE / "cnn_script.onnx",
        opset_version=17,
        dynamo=False,
        training=torch.onnx.TrainingMode.PRESERVE,  # keeps batch normalisations as they are
        **names,
    )
    torch.onnx.export(
        net, (x[:1],), HERE / "cnn_dynamo.onnx", dynamo=True, external_data=False, **names
    )


if __name__ == "__main__":
    main()
