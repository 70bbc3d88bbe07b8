import gzip
import hashlib
import struct

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import _mnist


def write(folder, changed=None, names="{}", compress=False):
    """Write a small MNIST and return its arrays."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        "train-images-idx3": rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        "train-labels-idx1": rng.integers(0, 10, 6, dtype=np.uint8),
        "t10k-images-idx3": rng.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1": rng.integers(0, 10, 4, dtype=np.uint8),
    }
    for stem, array in (arrays | (changed or {})).items():
        header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        content = header + array.tobytes()
        path = folder / names.format(f"{stem}-ubyte")
        path.write_bytes(gzip.compress(content) if compress else content)
    return arrays


@pytest.mark.parametrize("load", [mg.data.mnist, mg.data.fashion_mnist])
@pytest.mark.parametrize("compress", [False, True])
def test_four_files(tmp_path, load, compress):
    arrays = write(tmp_path, names="{}.gz" if compress else "{}", compress=compress)
    (x_train, y_train), (x_test, y_test) = load(tmp_path)
    assert (x_train.shape, x_train.dtype) == ((6, 1, 28, 28), np.float32)
    assert (x_test.shape, x_test.dtype) == ((4, 1, 28, 28), np.float32)
    assert y_train.dtype == y_test.dtype == np.int64
    expected = arrays["train-images-idx3"][:, None] / np.float32(255)
    np.testing.assert_array_equal(x_train, expected)
    np.testing.assert_array_equal(y_test, arrays["t10k-labels-idx1"])


@pytest.mark.parametrize(
    ("load", "inner"),
    [
        (mg.data.mnist, "raw"),
        (mg.data.mnist, "MNIST/raw"),
        (mg.data.fashion_mnist, "FashionMNIST/raw"),
    ],
)
def test_folders_of_torchvision(tmp_path, load, inner):
    write(tmp_path / inner)
    assert load(str(tmp_path))[1][0].shape == (4, 1, 28, 28)


def test_names_with_a_dot_and_content_that_is_not_what_the_name_says(tmp_path):
    write(tmp_path, compress=True)
    for path in list(tmp_path.iterdir()):
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    assert len(mg.data.mnist(tmp_path)[0][1]) == 6


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.uint8])
def test_other_types(tmp_path, dtype):
    arrays = write(tmp_path)
    (x_train, _), _ = mg.data.mnist(tmp_path, dtype=dtype)
    assert x_train.dtype == dtype
    assert x_train.flags.writeable
    expected = arrays["train-images-idx3"][:, None]
    if dtype != np.uint8:
        expected = expected / dtype(255)
    np.testing.assert_array_equal(x_train, expected)


@pytest.mark.parametrize("dtype", [np.int64, bool, complex])
def test_types_that_are_refused(tmp_path, dtype):
    with pytest.raises(TypeError, match=r"fashion_mnist: dtype must be floating, .* or uint8"):
        mg.data.fashion_mnist(tmp_path, dtype=dtype)


def test_what_is_missing_is_told_with_where_to_get_it(tmp_path):
    write(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="mnist: not found in") as caught:
        mg.data.mnist(tmp_path)
    message = str(caught.value)
    assert "t10k-labels-idx1-ubyte" in message
    assert "train-labels" not in message
    for part in (
        *_mnist._MNIST.addresses,
        _mnist._MNIST.sha256["t10k-labels-idx1"],
        "download=True",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("stem", "array", "message"),
    [
        (
            "train-images-idx3",
            np.zeros((6, 27, 28), np.uint8),
            r"\(N, 28, 28\), got uint8 of \(6, 2",
        ),
        ("train-images-idx3", np.zeros((0, 28, 28), np.uint8), r"got uint8 of \(0, 28, 28\)"),
        ("train-images-idx3", np.zeros(6, np.uint8), r"got uint8 of \(6,\)"),
        ("t10k-images-idx3", np.zeros((5, 28, 28), np.uint8), "has 5 images, .* 4 labels"),
        ("t10k-labels-idx1", np.zeros((4, 1), np.uint8), r"shape \(N,\), got uint8 of \(4, 1\)"),
        ("t10k-labels-idx1", np.full(4, 10, np.uint8), "labels go from 0 to 9, not to 10"),
    ],
)
def test_files_that_hold_something_else(tmp_path, stem, array, message):
    write(tmp_path, {stem: array})
    with pytest.raises(ValueError, match=f"mnist: .*{stem}-ubyte.*{message}"):
        mg.data.mnist(tmp_path)


def test_a_damaged_file_is_named(tmp_path):
    write(tmp_path, compress=True)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="train-images-idx3-ubyte is a damaged gzip file"):
        mg.data.mnist(tmp_path)


def test_download_gets_what_is_missing(tmp_path, monkeypatch):
    write(tmp_path / "source", names="{}.gz", compress=True)
    source = _mnist._MNIST._replace(
        addresses=((tmp_path / "nowhere").as_uri() + "/", (tmp_path / "source").as_uri() + "/"),
        sha256={
            path.name.removesuffix("-ubyte.gz"): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (tmp_path / "source").iterdir()
        },
    )
    monkeypatch.setattr(_mnist, "_MNIST", source)
    folder = tmp_path / "new"
    _, (_, y_test) = mg.data.mnist(folder, download=True)
    assert len(y_test) == 4
    assert len(list(folder.iterdir())) == 4
    mg.data.mnist(folder)

    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    (tmp_path / "source" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"something else")
    with pytest.raises(OSError, match=r"t10k-labels-idx1-ubyte\.gz could not be had"):
        mg.data.mnist(folder, download=True)


@pytest.mark.parametrize("source", [_mnist._MNIST, _mnist._FASHION])
def test_the_known_files(source):
    assert sorted(source.sha256) == [
        "t10k-images-idx3",
        "t10k-labels-idx1",
        "train-images-idx3",
        "train-labels-idx1",
    ]
    assert len({value for value in source.sha256.values() if len(value) == 64}) == 4
    assert all(address.endswith("/") for address in source.addresses)
