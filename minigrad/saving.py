"""Saving and loading: a nest of containers as arrays by name and, where needed, one skeleton.

A flat dict of arrays, such as a model's state, is a file of these arrays under its own names, which
any reader of the format opens. Of any other nest the arrays get names from their paths, and the
rest, the skeleton, is JSON with the names in the places of the arrays.

A skeleton has numbers, strings, true, false, null and lists as they are; all else is an object with
one entry: ``{"array": name}``, ``{"scalar": name}``, ``{"tuple": [...]}`` or
``{"dict": [[key, value], ...]}``.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import stat
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np

from .tensor import Tensor

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]

# The entry of an .npz, and of the metadata of a .safetensors, that holds the skeleton.
_SKELETON = "minigrad.json"

# Of both formats, or of the languages that read them.
_RESERVED = {_SKELETON, "__metadata__"}

_SAFETENSORS_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}


def save(state: Any, path: str | os.PathLike[str]) -> None:
    """Write a nest of containers and arrays to a file, so that `load` gives it back.

    A crash never leaves half a file: the new one is complete before it takes the place of an old
    one.

    Parameters
    ----------
    state
        Dicts, lists and tuples, nested as you like, of arrays, tensors, numbers, strings, booleans
        and None. A flat dict of arrays, such as ``model.state_dict()``, becomes a plain file, which
        `numpy.load` or PyTorch's ``safetensors`` opens too.
    path : str or path
        The suffix is the format: ``.npz`` is NumPy's; ``.safetensors`` is read by PyTorch, and
        needs ``pip install 'minigrad[safetensors]'``.

    Raises
    ------
    ValueError
        If the suffix is another one.
    TypeError
        If something else is in the nest, or an array's dtype is not in the format; the message
        says where.

    Notes
    -----
    A tensor comes back as an array, and a subclass of a container as its base: a named tuple as a
    tuple. A ``.safetensors`` file keeps neither the order of a flat dict nor the byte order.

    Examples
    --------
    >>> layer = mg.nn.Linear(3, 2)
    >>> mg.save(layer.state_dict(), "weights.npz")
    >>> layer.load_state_dict(mg.load("weights.npz"))
    IncompatibleKeys(missing_keys=[], unexpected_keys=[])
    >>> mg.save({"epoch": 3, "shape": (28, 28), "lr": [0.1, 0.01]}, "settings.npz")
    >>> mg.load("settings.npz")
    {'epoch': 3, 'shape': (28, 28), 'lr': [0.1, 0.01]}
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f"save: the path is a {type(path).__name__}; the state comes first, then the path, as "
            "in mg.save(model.state_dict(), 'weights.npz')"
        )
    file = Path(path)
    write = _format("save", file)[0]
    arrays: Arrays = {}
    if _is_plain(state):
        for name, array in state.items():
            arrays[name] = _as_array(array, (name,))
        skeleton = None
    else:
        try:
            skeleton = json.dumps(_separated(state, (), arrays))
        except RecursionError:
            raise ValueError(
                "save: the state is nested too deeply, or one of its containers contains itself"
            ) from None
    with _replacing(file) as opened:
        write(opened, arrays, skeleton)


def load(path: str | os.PathLike[str]) -> Any:
    """Return what `save` wrote, or the dict of arrays in a file from elsewhere.

    It reads arrays and text; nothing in a file is ever run, and pickles are refused. Arrays in
    bfloat16, which NumPy does not have, come back as float32 of the same values.

    Parameters
    ----------
    path : str or path
        An ``.npz`` or a ``.safetensors`` file, which needs
        ``pip install 'minigrad[safetensors]'``.

    Raises
    ------
    ValueError
        If the suffix is another one, or the file is damaged, cut off or of another kind.

    Examples
    --------
    >>> np.savez("two.npz", a=np.arange(3), b=np.eye(2))
    >>> {name: array.shape for name, array in mg.load("two.npz").items()}
    {'a': (3,), 'b': (2, 2)}
    """
    file = Path(path)
    read = _format("load", file)[1]
    # Before all else: that a file is missing, or may not be read, is no damage.
    raw = file.read_bytes()
    try:
        arrays, skeleton = read(raw)
        return arrays if skeleton is None else _joined(json.loads(skeleton), arrays)
    except (
        *(ValueError, TypeError, KeyError, RecursionError, OverflowError),
        *(zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, SyntaxError),
        tokenize.TokenError,
    ) as error:
        raise ValueError(
            f"load: {os.fspath(path)!r} is not a whole {file.suffix.lower()} file of arrays "
            f"without pickles: {str(error) or type(error).__name__}"
        ) from error


def check_place(name: str, path: str | os.PathLike[str]) -> None:
    """Raise what `save` would, where the suffix is unknown or there is no such folder."""
    _format(name, Path(path))
    _check_folder(Path(os.path.realpath(path)))


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{str(path)!r} cannot be written: its folder does not exist")


@contextlib.contextmanager
def _replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a new file that takes the place of `path` at the end, if nothing goes wrong before."""
    # A link stays, and what it points to is replaced, as by open().
    path = Path(os.path.realpath(path))
    _check_folder(path)
    temporary = path.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        # Not by tempfile, whose files are private: this one has the permissions of any new file.
        with open(temporary, "xb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    # The name too must reach the disk; not every system can open a folder for that.
    with contextlib.suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


Writer = Callable[[IO[bytes], Arrays, str | None], None]
Reader = Callable[[bytes], tuple[Arrays, str | None]]


def _format(name: str, path: Path) -> tuple[Writer, Reader]:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return _write_npz, _read_npz
    if suffix != ".safetensors":
        raise ValueError(
            f"{name}: the suffix chooses the format, .npz or .safetensors, and {str(path)!r} "
            f"has {f'the suffix {path.suffix}' if path.suffix else 'none'}"
        )
    try:
        importlib.import_module("safetensors.numpy")  # before any file is touched
    except ImportError as error:
        raise ImportError(
            f"{name}: .safetensors files need an extra: pip install 'minigrad[safetensors]'; "
            ".npz files need none"
        ) from error
    return _write_safetensors, _read_safetensors


# The nest, taken apart and put together


def _is_plain(state: Any) -> bool:
    return isinstance(state, dict) and all(
        type(name) is str and _is_name(name) and isinstance(value, np.ndarray | Tensor)
        for name, value in state.items()
    )


def _is_name(text: str) -> bool:
    """Whether each format, on each system, keeps it as the name of an array."""
    # What is printable can be encoded; a zip file ends a name at a NUL, and has 65535 bytes for it.
    return text.isprintable() and "\\" not in text and len(text) < 10_000 and text not in _RESERVED


def _as_array(value: Any, path: tuple[Any, ...]) -> Array:
    array: Array = value.numpy() if isinstance(value, Tensor) else np.asarray(value)
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"save: {_place(path)} is a masked array; save its data and its mask")
    if array.dtype.kind not in "biufcSUmM" or array.dtype.itemsize == 0:
        kind = "structured" if array.dtype.names else str(array.dtype)
        raise TypeError(
            f"save: {_place(path)} is a {kind} array; what is saved are numbers, booleans, dates "
            "and strings of fixed length"
        )
    return array


def _separated(value: Any, path: tuple[Any, ...], arrays: Arrays) -> Any:
    """Return the skeleton of a value, and put its arrays into `arrays`."""
    if isinstance(value, np.ndarray | Tensor | np.generic):
        array = _as_array(value, path)
        name = "/".join(map(str, path))
        if name in arrays or not _is_name(name):
            # Other names can be longer, but none has this form before its turn.
            name = next(n for i in range(len(arrays) + 1) if (n := f"array {i}") not in arrays)
        arrays[name] = array
        return {"scalar" if isinstance(value, np.generic) else "array": name}
    if value is None or isinstance(value, int | float | str):
        return value
    if isinstance(value, Mapping):
        return {
            "dict": [
                [_separated_key(key, path, arrays), _separated(held, (*path, key), arrays)]
                for key, held in value.items()
            ]
        }
    if isinstance(value, list | tuple):
        held = [_separated(entry, (*path, i), arrays) for i, entry in enumerate(value)]
        return held if isinstance(value, list) else {"tuple": held}
    kind = type(value)
    remedy = "; convert it by t.numpy()" if hasattr(value, "numpy") else ""
    if hasattr(value, "state_dict"):
        remedy = "; save its state_dict()"
    raise TypeError(
        f"save: {_place(path)} is a {kind.__module__}.{kind.__qualname__}, expected arrays, "
        f"tensors, numbers, strings, booleans, None, and dicts, lists and tuples of these{remedy}"
    )


def _separated_key(key: Any, path: tuple[Any, ...], arrays: Arrays) -> Any:
    parts = [key]
    for part in parts:
        if isinstance(part, Tensor):  # it would come back as an array, which is no key
            raise TypeError(
                f"save: {_place(path)} is a dict whose keys are tensors, expected numbers, strings "
                "and tuples of these; of an optimiser, save its state_dict()"
            )
        parts += part if isinstance(part, tuple) else ()
    return _separated(key, (*path, "key"), arrays)


def _joined(skeleton: Any, arrays: Arrays) -> Any:
    """Undo `_separated`."""
    if isinstance(skeleton, list):
        return [_joined(entry, arrays) for entry in skeleton]
    if not isinstance(skeleton, dict):
        return skeleton
    ((kind, held),) = skeleton.items()
    if kind == "array":
        return arrays[held]
    if kind == "scalar":
        return arrays[held][()]
    if kind == "tuple":
        return tuple(_joined(held, arrays))
    if kind == "dict":
        return {_joined(key, arrays): _joined(value, arrays) for key, value in held}
    raise ValueError(f"its skeleton has an unknown part {kind!r}")


def _place(path: tuple[Any, ...]) -> str:
    return "state" + "".join(f"[{key!r}]" for key in path)


# .npz: a zip file of .npy files


def _write_npz(file: IO[bytes], arrays: Arrays, skeleton: str | None) -> None:
    if skeleton is not None:
        arrays = arrays | {_SKELETON: np.frombuffer(skeleton.encode(), np.uint8)}
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            # The date of a ZipInfo is fixed: equal states are equal files.
            entry = zipfile.ZipInfo(f"{name}.npy")
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _read_npz(raw: bytes) -> tuple[Arrays, str | None]:
    arrays: Arrays = {}
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        entries = archive.infolist()
        # Entries that share their bytes could hold far more than the file.
        if sum(entry.compress_size for entry in entries) > len(raw):
            raise ValueError("its entries overlap")
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            if name == entry.filename:
                raise ValueError(f"its entry {name!r} is no array")
            if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise ValueError(f"its entry {entry.filename!r} is compressed in an unknown way")
            if name in arrays:
                raise ValueError(f"it has two arrays named {name!r}")
            # What is read is what is there, whatever size the entry claims.
            arrays[name] = _read_npy(archive.read(entry), name)
    skeleton = arrays.pop(_SKELETON, None)
    return arrays, None if skeleton is None else skeleton.tobytes().decode()


def _read_npy(raw: bytes, name: str) -> Array:
    stream = BytesIO(raw)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    read_header = readers.get(np.lib.format.read_magic(stream))
    if read_header is None:
        raise ValueError(f"{name!r} has another version of the .npy format than 1.0 or 2.0")
    shape, by_columns, dtype = read_header(stream)
    if dtype.hasobject:
        raise ValueError(f"{name!r} is an array of pickled objects, which are never loaded")
    if dtype.kind not in "biufcSUmM":
        raise ValueError(f"{name!r} is a structured array, expected plain numbers or strings")
    claimed, held = math.prod(shape) * dtype.itemsize, len(raw) - stream.tell()
    if claimed != held or dtype.itemsize == 0 or min(shape, default=0) < 0:
        raise ValueError(f"{name!r} has {held} bytes of values, its header claims {claimed}")
    array: Array = np.ndarray(shape, dtype, raw, stream.tell(), order="F" if by_columns else "C")
    return array.copy(order="K")


# .safetensors: a header in JSON, then the values


def _write_safetensors(file: IO[bytes], arrays: Arrays, skeleton: str | None) -> None:
    known = set(_SAFETENSORS_DTYPES.values())
    little = {}
    for name, array in arrays.items():
        dtype = array.dtype.newbyteorder("<")
        if dtype.str not in known:
            raise TypeError(
                f"save: the array {name!r} is {array.dtype}, which .safetensors does not have; "
                "save an .npz"
            )
        little[name] = array.astype(dtype, order="C", copy=False)
    serialized = importlib.import_module("safetensors.numpy").save
    file.write(serialized(little, None if skeleton is None else {_SKELETON: skeleton}))


def _read_safetensors(raw: bytes) -> tuple[Arrays, str | None]:
    safetensors = importlib.import_module("safetensors")
    try:
        # It compares the shapes and places in the header with the bytes that follow it.
        entries = safetensors.deserialize(raw)
    except safetensors.SafetensorError as error:
        raise ValueError(str(error)) from error
    arrays: Arrays = {}
    for name, entry in entries:
        shape, code, values = entry["shape"], entry["dtype"], entry["data"]
        if code == "BF16":
            # The upper half of a float32.
            wide = np.frombuffer(values, "<u2").astype("<u4") << 16
            arrays[name] = wide.view(np.float32).reshape(shape)
        elif code in _SAFETENSORS_DTYPES:
            array = np.frombuffer(values, _SAFETENSORS_DTYPES[code]).reshape(shape)
            arrays[name] = array.astype(array.dtype.newbyteorder("="))
        else:
            raise ValueError(f"the array {name!r} is {code}, which NumPy does not have")
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return arrays, (header.get("__metadata__") or {}).get(_SKELETON)
