"""The examples that look at digits, in small settings."""

import operator
import re
import struct

import numpy as np
import pytest

import minigrad as mg

# Options for a run of few seconds, the largest number of epochs, steps or trials that is too few,
# what the last line starts with, the limit that it must then reach, and the pictures.
EXAMPLES = {
    "overfitting": (("--epochs", 80), 1, "test accuracy gained", operator.gt, 0.04, 1),
    "initialisation": (("--steps", 60), 1, "gained by the start", operator.gt, 1.5, 2),
    "denoising_autoencoder": (("--epochs", 5), 1, "error left", operator.lt, 0.35, 1),
    "hyperparameter_search": (("--trials", 15), 1, "test accuracy gained", operator.gt, 0.1, 1),
}


def merit(line, label):
    return float(re.fullmatch(rf"{label}: (-?\d+\.\d+)", line)[1])


def drawn(folder):
    return [path for path in folder.glob("*.png") if path.read_bytes().startswith(b"\x89PNG")]


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_improves_and_draws(name, run, tmp_path):
    options, _, label, better, limit, pictures = EXAMPLES[name]
    last = run(name, *options)[-1]
    assert better(merit(last, label), limit)
    pytest.importorskip("matplotlib", reason="the example draws only with Matplotlib")
    assert len(drawn(tmp_path / "output")) == pictures


@pytest.mark.parametrize("name", EXAMPLES)
def test_its_limit_tells_a_trained_network_from_its_start(name, run):
    (option, _), few, label, better, limit, _ = EXAMPLES[name]
    assert not better(merit(run(name, option, few)[-1], label), limit)


@pytest.mark.parametrize("options", [(), ("--regularise",)])
def test_digits_cnn_trains_draws_saves_and_loads(options, run, tmp_path):
    pytest.importorskip("matplotlib", reason="the example draws with Matplotlib")
    settings = ("--epochs", 2, "--seed", 1, "--output", "new/folder")
    *_, again, last = run("digits_cnn", *settings, *options)
    accuracy = last.removeprefix("test accuracy: ")
    assert float(accuracy) > 0.6
    assert again.endswith(f"new network with them: {accuracy}")
    assert len(drawn(tmp_path / "new/folder")) == 1
    weights = mg.load(tmp_path / "new/folder/digits_cnn.npz")
    assert any("running_mean" in name for name in weights) == ("--regularise" in options)


def test_the_simple_convnet_reads_enlarged_digits(run, tmp_path):
    *_, last = run("mnist_convnet", "--epochs", 2)
    assert merit(last, "test accuracy") > 0.9
    weights = mg.load(tmp_path / "output/mnist_convnet_simple.npz")
    assert weights["0.weight"].shape == (30, 1, 5, 5)
    assert weights["4.weight"].shape == (100, 30 * 12 * 12)


def write_mnist(folder, rng):
    """Write four IDX files with few images: a bar whose place tells the digit."""
    folder.mkdir()
    for part, count in (("train", 200), ("t10k", 50)):
        labels = (np.arange(count) % 10).astype(np.uint8)
        images = rng.integers(60, size=(count, 28, 28), dtype=np.uint8)
        images[np.arange(count), 2 * labels + 4] = 255
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            (folder / f"{part}-{name}-ubyte").write_bytes(header + array.tobytes())


def test_the_deep_convnet_has_the_books_size_and_reads_idx_files(run, tmp_path):
    write_mnist(tmp_path / "mnist", np.random.default_rng(0))
    settings = ("--net", "deep", "--folder", "mnist", "--epochs", 3)
    lines = run("mnist_convnet", *settings, "--batch-size", 10)
    assert any(line.startswith("parameters: 123,552 ") for line in lines)
    weights = mg.load(tmp_path / "output/mnist_convnet_deep.npz")
    assert sum(array.size for array in weights.values()) == 123_552
    assert merit(lines[-1], "test accuracy") > 0.3
    pytest.importorskip("matplotlib", reason="the example draws only with Matplotlib")
    assert len(drawn(tmp_path / "output")) == 1
