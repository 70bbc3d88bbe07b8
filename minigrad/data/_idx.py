"""The IDX format, in which MNIST is distributed."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_MOST_AXES = 64  # NumPy's limit


def read_idx(path: str | os.PathLike[str]) -> np.ndarray[Any, Any]:
    """Return the array in an IDX file, plain or compressed by gzip.

    The file tells the type (uint8, int8, int16, int32, float32 or float64) and the shape; its
    numbers are stored with the highest byte first. The array has the machine's own order.

    Parameters
    ----------
    path
        The file. Its content tells whether it is compressed, not its name.

    Raises
    ------
    ValueError
        If the file is not IDX, or damaged, or shorter or longer than its header says. Memory is
        taken for what the file holds, not for what it claims.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".

    Examples
    --------
    >>> from pathlib import Path
    >>> header = bytes([0, 0, 8, 2]) + bytes([0, 0, 0, 2]) + bytes([0, 0, 0, 3])
    >>> _ = Path("six-ubyte").write_bytes(header + bytes([1, 2, 3, 4, 5, 6]))
    >>> mg.data.read_idx("six-ubyte")
    array([[1, 2, 3],
           [4, 5, 6]], dtype=uint8)
    """
    path = Path(path)
    with path.open("rb") as file:
        if file.peek(2)[:2] != b"\x1f\x8b":
            return _read(file, path)
        try:
            with gzip.GzipFile(fileobj=file) as stream:
                return _read(stream, path)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"read_idx: {path} is a damaged gzip file: {error}") from error


def _read(stream: BinaryIO | gzip.GzipFile, path: Path) -> np.ndarray[Any, Any]:
    head = stream.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in TYPES or head[3] > _MOST_AXES:
        raise ValueError(
            f"read_idx: {path} is not an IDX file: the first four bytes must be 00 00, a type of "
            f"{', '.join(f'{code:02x}' for code in TYPES)}, and the number of axes, at most "
            f"{_MOST_AXES}; they are {head.hex(' ') or 'missing'}"
        )
    dtype, rank = np.dtype(TYPES[head[2]]), head[3]
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise ValueError(
            f"read_idx: {path} ends in its header: expected {4 + 4 * rank} bytes for {rank} axes, "
            f"found {4 + len(sizes)}"
        )
    shape = tuple(np.frombuffer(sizes, ">u4").tolist())
    wanted = math.prod(shape) * dtype.itemsize
    data = bytearray()
    # One byte more than wanted finds what is too long, and gzip's checksum at the end.
    while block := stream.read(min(1 << 20, wanted + 1 - len(data))):
        data += block
    if len(data) != wanted:
        found = f"{len(data):,}" if len(data) < wanted else "more"
        raise ValueError(
            f"read_idx: {path}: the header promises an array of {dtype.name} of the shape {shape}, "
            f"which are {wanted:,} bytes; found {found}"
        )
    try:
        array: np.ndarray[Any, Any] = np.ndarray(shape, dtype, data)
    except ValueError as error:  # empty, and yet too large: (0, 4294967295, 4294967295)
        raise ValueError(f"read_idx: {path}: no array has the shape {shape}: {error}") from error
    return array.astype(dtype.newbyteorder("="), copy=False)
