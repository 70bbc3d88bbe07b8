"""Images of 28x28 in ten classes, from IDX files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._download import download as fetch
from ._idx import read_idx
from ._pixels import pixel_type, scaled

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from ._pixels import Part


class _Source(NamedTuple):
    name: str
    folders: Sequence[str]  # of the given one, where PyTorch's torchvision would put the files
    addresses: Sequence[str]
    sha256: Mapping[str, str]  # of the compressed files, by their names without "-ubyte.gz"


_MNIST = _Source(
    "mnist",
    (".", "raw", "MNIST/raw"),
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    {
        "train-images-idx3": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "train-labels-idx1": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "t10k-images-idx3": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "t10k-labels-idx1": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
)
_FASHION = _Source(
    "fashion_mnist",
    (".", "raw", "FashionMNIST/raw"),
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    {
        "train-images-idx3": "08dc20ab1689590a0bcd66e874647b6ee8464e2d501b5a3f1f78831db19a3fdc",
        "train-labels-idx1": "b0197879cbda89f3dc7b894f9fd52b858e68ea4182b6947c9d8c2b67e5f18dcc",
        "t10k-images-idx3": "78dcbbfb5a27efaf1b6c1d616caca68560be8766c5bffcb2791df9273a534229",
        "t10k-labels-idx1": "42bd18137a62d5998cdeae52bf3a0676ac6b706f5cf8439b47bb5b151ae3dccf",
    },
)


def mnist(
    folder: str | os.PathLike[str], *, download: bool = False, dtype: DTypeLike = np.float32
) -> tuple[Part, Part]:
    """Return MNIST, 70,000 handwritten digits, from its four IDX files in a folder.

    Files may be plain or compressed by gzip, and named as in ``train-images-idx3-ubyte``,
    ``train-images.idx3-ubyte`` or ``train-images-idx3-ubyte.gz``. They may lie where torchvision
    puts them, in ``MNIST/raw``.

    Parameters
    ----------
    folder
        Where the files are.
    download
        Whether to download, into the folder, the files that are not there.
    dtype
        A floating type for images from 0 to 1, or uint8 for images from 0 to 255.

    Returns
    -------
    train : tuple of ndarray
        Images of shape (60000, 1, 28, 28), with values from 0 (paper) to 1 (ink), and their digits,
        int64 of shape (60000,).
    test : tuple of ndarray
        The same for the other 10,000.

    Raises
    ------
    FileNotFoundError
        If files are missing; the message tells which and where to get them.
    OSError
        If a download fails.
    ValueError
        If a file is damaged or holds something else.
    TypeError
        If `dtype` is neither a floating type nor uint8.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998), "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86.

    Examples
    --------
    >>> try:
    ...     (x_train, y_train), (x_test, y_test) = mg.data.mnist("no-such-folder")
    ... except FileNotFoundError as error:
    ...     print(str(error).splitlines()[0])
    mnist: not found in no-such-folder, plain or with .gz:
    """
    return _load(_MNIST, folder, download, dtype)


def fashion_mnist(
    folder: str | os.PathLike[str], *, download: bool = False, dtype: DTypeLike = np.float32
) -> tuple[Part, Part]:
    """Return Fashion-MNIST, 70,000 pictures of clothes in ten classes.

    All is as in `mnist`; torchvision's folder is ``FashionMNIST/raw``. The classes are T-shirt,
    trouser, pullover, dress, coat, sandal, shirt, sneaker, bag and ankle boot.

    References
    ----------
    H. Xiao, K. Rasul, R. Vollgraf (2017), "Fashion-MNIST: a novel image dataset for benchmarking
    machine learning algorithms", arXiv:1708.07747.
    """
    return _load(_FASHION, folder, download, dtype)


def _load(
    source: _Source, folder: str | os.PathLike[str], download: bool, dtype: DTypeLike
) -> tuple[Part, Part]:
    dtype = pixel_type(source.name, dtype)
    folder = Path(folder)
    paths = {stem: _find(source, folder, stem) for stem in source.sha256}
    missing = [stem for stem, path in paths.items() if path is None]
    if missing and not download:
        lines = "\n".join(
            f"  {stem}-ubyte (SHA-256 of the .gz file: {source.sha256[stem]})" for stem in missing
        )
        raise FileNotFoundError(
            f"{source.name}: not found in {folder}, plain or with .gz:\n{lines}\n"
            f"Pass download=True, or get the .gz files from {' or '.join(source.addresses)} and "
            "put them there."
        )
    for stem in missing:
        file = f"{stem}-ubyte.gz"
        addresses = [address + file for address in source.addresses]
        paths[stem] = fetch(addresses, folder / file, source.sha256[stem])
    train, test = (
        _part(source.name, paths[f"{part}-images-idx3"], paths[f"{part}-labels-idx1"])
        for part in ("train", "t10k")
    )
    return (scaled(train[0], dtype), train[1]), (scaled(test[0], dtype), test[1])


def _find(source: _Source, folder: Path, stem: str) -> Path | None:
    stems = (stem, stem.replace("-idx", ".idx"))
    names = [f"{stem}-ubyte{end}" for stem in stems for end in ("", ".gz")]
    places = (folder / inner / name for inner in source.folders for name in names)
    return next((place for place in places if place.is_file()), None)


def _part(name: str, image_path: Any, label_path: Any) -> Part:
    images, labels = read_idx(image_path), read_idx(label_path)
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28) or not len(images):
        raise ValueError(
            f"{name}: {image_path} must hold uint8 images of the shape (N, 28, 28), got "
            f"{images.dtype} of {images.shape}"
        )
    if labels.dtype != np.uint8 or labels.ndim != 1:
        raise ValueError(
            f"{name}: {label_path} must hold uint8 labels of the shape (N,), got "
            f"{labels.dtype} of {labels.shape}"
        )
    if len(images) != len(labels):
        raise ValueError(
            f"{name}: {image_path} has {len(images)} images, {label_path} {len(labels)} labels"
        )
    if labels.max() > 9:
        raise ValueError(f"{name}: {label_path}: labels go from 0 to 9, not to {labels.max()}")
    return images[:, None], labels.astype(np.int64)
