"""CIFAR-10, from the files of its binary version."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from ._download import download as fetch
from ._pixels import pixel_type, scaled

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from ._pixels import Part

_ARCHIVE = "cifar-10-binary.tar.gz"
_ADDRESSES = (
    f"https://www.cs.toronto.edu/~kriz/{_ARCHIVE}",
    f"https://cave.cs.toronto.edu/kriz/{_ARCHIVE}",
)
_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
_TEST = "test_batch.bin"
_FILES = (*_TRAIN, _TEST)
_COUNT = 10_000  # images in a file
_RECORD = 1 + 3 * 32 * 32  # bytes: a label and an image


def cifar10(
    folder: str | os.PathLike[str], *, download: bool = False, dtype: DTypeLike = np.float32
) -> tuple[Part, Part]:
    """Return CIFAR-10, 60,000 colour photographs in ten classes, from its binary version.

    The folder holds the six files ``data_batch_1.bin`` to ``data_batch_5.bin`` and
    ``test_batch.bin``, or a folder ``cifar-10-batches-bin`` of them, or the archive
    ``cifar-10-binary.tar.gz``, which is read without being unpacked. The classes are airplane,
    automobile, bird, cat, deer, dog, frog, horse, ship and truck.

    Parameters
    ----------
    folder
        Where the files are.
    download
        Whether to download the archive, 170 MB, into the folder if there are no files.
    dtype
        A floating type for images from 0 to 1, or uint8 for images from 0 to 255, which take a
        quarter of float32's 737 MB.

    Returns
    -------
    train : tuple of ndarray
        Images of shape (50000, 3, 32, 32) in red, green and blue, and their labels, int64 of shape
        (50000,).
    test : tuple of ndarray
        The same for the other 10,000.

    Raises
    ------
    FileNotFoundError
        If files are missing; the message tells which and where to get them.
    OSError
        If a download fails.
    ValueError
        If a file is damaged, or not of its known size, or has labels above 9.
    TypeError
        If `dtype` is neither a floating type nor uint8.

    References
    ----------
    A. Krizhevsky (2009), "Learning multiple layers of features from tiny images",
    https://www.cs.toronto.edu/~kriz/cifar.html

    Examples
    --------
    >>> try:
    ...     (x_train, y_train), (x_test, y_test) = mg.data.cifar10("no-such-folder")
    ... except FileNotFoundError as error:
    ...     print(str(error).splitlines()[0])
    cifar10: no-such-folder holds neither cifar-10-binary.tar.gz nor all of the files
    """
    dtype = pixel_type("cifar10", dtype)
    folder = Path(folder)
    places = (folder, folder / "cifar-10-batches-bin")
    inner = next((at for at in places if all((at / name).is_file() for name in _FILES)), None)
    archive = folder / _ARCHIVE
    if inner is not None:
        contents = {name: _file(inner / name) for name in _FILES}
    elif archive.is_file() or download:
        if download:
            fetch(_ADDRESSES, archive, _SHA256)
        contents = _members(archive)
    else:
        raise FileNotFoundError(
            f"cifar10: {folder} holds neither {_ARCHIVE} nor all of the files\n"
            f"  {', '.join(_FILES)}\n"
            f"Pass download=True, or get the archive from {' or '.join(_ADDRESSES)} (SHA-256 "
            f"{_SHA256}) and put it there."
        )
    train = _arrays([contents[name] for name in _TRAIN])
    test = _arrays([contents[_TEST]])
    return (scaled(train[0], dtype), train[1]), (scaled(test[0], dtype), test[1])


def _file(path: Path) -> NDArray[np.uint8]:
    _check_size(path, path.stat().st_size)
    with path.open("rb") as file:
        return _records(path, file.read(_COUNT * _RECORD))


def _members(archive: Path) -> dict[str, NDArray[np.uint8]]:
    found = {}
    try:
        with gzip.open(archive) as stream:
            # Members are looked for by their last name and read into memory: nothing is unpacked.
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    name = PurePosixPath(member.name).name
                    if name in _FILES and member.isfile():
                        _check_size(f"{name} in {archive}", member.size)
                        found[name] = tar.extractfile(member).read()  # type: ignore[union-attr]  # it is a file
            while stream.read(1 << 20):  # to the checksum at the end
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(f"cifar10: {archive} is a damaged archive: {error}") from error
    missing = [name for name in _FILES if name not in found]
    if missing:
        raise ValueError(f"cifar10: {archive} holds no file {' and no '.join(missing)}")
    return {name: _records(f"{name} in {archive}", data) for name, data in found.items()}


def _check_size(where: object, size: int) -> None:
    if size != _COUNT * _RECORD:
        raise ValueError(
            f"cifar10: {where} must have {_COUNT * _RECORD:,} bytes, {_COUNT:,} images of "
            f"{_RECORD:,}; it has {size:,}"
        )


def _records(where: object, data: bytes) -> NDArray[np.uint8]:
    _check_size(where, len(data))
    records = np.frombuffer(data, np.uint8).reshape(_COUNT, _RECORD)
    if records[:, 0].max() > 9:
        raise ValueError(
            f"cifar10: {where} is damaged or something else: labels go from 0 to 9, and it has "
            f"one of {records[:, 0].max()}"
        )
    return records


def _arrays(files: list[NDArray[np.uint8]]) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    images = np.concatenate([records[:, 1:] for records in files])
    labels = np.concatenate([records[:, 0] for records in files])
    return images.reshape(-1, 3, 32, 32), labels.astype(np.int64)
