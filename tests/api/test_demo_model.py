"""The shipped digits network: what it is made of, how often it is right, how it is made."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from intaglio.api import demo_layers as layers
from intaglio.api import demo_model, demo_train
from intaglio.api.demo_train import Schedule, first_weights, forward, gradients, train
from intaglio.compiler.load_tflite import load_tflite
from intaglio.spec.errors import EnvironmentFault
from intaglio.spec.graph import Op

QUICK = Schedule(epochs=1)
ACCURACY = 0.95


def test_the_shipped_model_has_every_kind_of_layer() -> None:
    graph = load_tflite(demo_model.MODEL_FILE)
    ops = {node.op for node in graph.nodes}
    assert {Op.CONV, Op.DEPTHWISE, Op.ADD, Op.MAX_POOL, Op.MEAN, Op.DENSE, Op.SOFTMAX} == ops
    kernels = {graph.tensors[n.inputs[1]].shape[1:3] for n in graph.nodes if n.op is Op.CONV}
    assert kernels == {(3, 3), (1, 1)}
    assert demo_model.MODEL_FILE.stat().st_size < 200_000
    assert graph.tensors[graph.inputs[0]].shape == (1, 8, 8, 1)


def test_the_shipped_digits_are_classified() -> None:
    digits = demo_model.shipped_digits()
    assert digits.images.shape == (64, 8, 8, 1)
    assert digits.images.dtype.name == "int8"
    assert set(digits.labels.tolist()) == set(range(10))
    assert demo_model.accuracy(load_tflite(demo_model.MODEL_FILE), digits) > ACCURACY


def test_the_model_is_right_on_all_held_out_digits() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    training, held_out = demo_model.load_digits()
    assert (len(training.labels), len(held_out.labels)) == (1400, 397)
    assert demo_model.accuracy(load_tflite(demo_model.MODEL_FILE), held_out) > ACCURACY


def test_the_shipped_digits_were_not_trained_on() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    training, held_out = demo_model.load_digits()
    shipped = demo_model.shipped_digits()
    np.testing.assert_array_equal(shipped.images, held_out.images[:64], strict=True)
    np.testing.assert_array_equal(shipped.labels, held_out.labels[:64])
    seen = {image.tobytes() for image in training.images}
    assert not any(image.tobytes() in seen for image in shipped.images)


def test_one_seed_makes_one_model(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    first = demo_model.write_demo(tmp_path / "first", QUICK)
    second = demo_model.write_demo(tmp_path / "second", QUICK)
    assert first == second
    for path in (demo_model.MODEL_FILE, demo_model.TEST_FILE):
        made = (tmp_path / "first" / path.name).read_bytes()
        assert (tmp_path / "second" / path.name).read_bytes() == made
    assert demo_model.TEST_FILE.read_bytes() == made


@pytest.mark.slow
def test_training_reaches_the_accuracy_of_the_shipped_model(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    assert demo_model.write_demo(tmp_path)["int8"] > ACCURACY


def test_training_learns(rng: np.random.Generator) -> None:
    """Two patterns are told apart after a few passes, and not before."""
    labels = rng.integers(0, 2, 100)
    images = rng.random((100, 8, 8, 1), dtype=np.float32) * np.float32(0.3)
    images[labels == 1, 2:6, 2:6] += np.float32(0.6)
    weights = train(images, labels, Schedule(epochs=15, batch=20))
    answers = forward(weights, images)["dense"].argmax(axis=1)
    assert (answers == labels).mean() > 0.9


@pytest.mark.parametrize("name", sorted(first_weights(np.random.default_rng(0))))
def test_gradients_are_slopes_of_the_loss(rng: np.random.Generator, name: str) -> None:
    # Biases away from 0: at exactly 0 a rectifier has two slopes.
    weights = {
        k: w.astype(np.float64) + (rng.uniform(-0.1, 0.1, w.shape) if w.ndim == 1 else 0)
        for k, w in first_weights(rng).items()
    }
    images, labels = rng.random((3, 8, 8, 1)), rng.integers(0, demo_train.CLASSES, 3)

    def loss() -> float:
        logits = forward(weights, images)["dense"]  # type: ignore[arg-type]
        chosen = logits[np.arange(3), labels]
        return float((np.log(np.exp(logits).sum(axis=1)) - chosen).mean())

    seen = forward(weights, images)  # type: ignore[arg-type]
    found = gradients(weights, seen, labels)[name]  # type: ignore[arg-type]
    for place in rng.integers(0, weights[name].size, 5):
        flat, step = weights[name].reshape(-1), 1e-6
        kept = flat[place]
        flat[place] = kept + step
        above = loss()
        flat[place] = kept - step
        below = loss()
        flat[place] = kept
        assert found.reshape(-1)[place] == pytest.approx((above - below) / (2 * step), abs=1e-4)


def test_tied_maxima_share_the_gradient() -> None:
    x = np.ones((1, 2, 2, 1), np.float32)
    grad = layers.max_pool_backward(np.ones((1, 1, 1, 1), np.float32), x, layers.max_pool(x))
    np.testing.assert_array_equal(grad, np.full_like(x, 0.25))


def test_without_scikit_learn_the_error_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(EnvironmentFault) as caught:
        demo_model.load_digits()
    assert caught.value.findings[0].code == "E501"
    assert demo_model.main(["--output", str(tmp_path)]) == 5
    assert "scikit-learn" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
