"""Files from the network, checked before they are there."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

_BLOCK = 1 << 18


class _Failed(Exception):
    """Why an address did not give the file."""


def download(
    url: str | Sequence[str],
    path: str | os.PathLike[str],
    sha256: str,
    *,
    timeout: float = 30.0,
) -> Path:
    """Download a file, unless it is there already, and return its path.

    The file is written under another name and takes its own only when its SHA-256 is right, so
    there is never half a file, and a file that is there stays until a better one is. With tqdm
    installed, a terminal shows the progress.

    Parameters
    ----------
    url
        The address, or several that are tried in turn.
    path
        Where the file shall be; folders are made.
    sha256
        What the file must be, in 64 hexadecimal digits.
    timeout
        How many seconds to wait for an answer.

    Raises
    ------
    OSError
        If no address gives the file. The message tells why, and how to put it there by hand.
    ValueError
        If `sha256` is not 64 hexadecimal digits, or there is no address.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("there.txt").write_text("hello")
    >>> sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    >>> mg.data.download("https://example.org/there.txt", "there.txt", sha256).name
    'there.txt'
    """
    addresses = [url] if isinstance(url, str) else list(url)
    sha256 = sha256.lower()
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ValueError(f"download: sha256 must be 64 hexadecimal digits, got {sha256!r}")
    if not addresses:
        raise ValueError("download: at least one address is needed")
    path = Path(path)
    if path.is_file():
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
                return path
    path.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    # In the same folder, for a file is renamed at once only within one file system.
    with TemporaryDirectory(prefix=".download-", dir=path.parent) as folder:
        part = Path(folder) / path.name
        for address in addresses:
            try:
                with part.open("wb") as file:
                    found = _fetch(address, file, timeout)
                if found != sha256:
                    raise _Failed(f"the file there has the SHA-256 {found}")
            except _Failed as failure:
                reasons.append(f"  {address}: {failure}")
            else:
                return part.replace(path)
    tried = "\n".join(reasons)
    raise OSError(
        f"download: {path.name} could not be had:\n{tried}\n"
        f"Without a network, get the file on another machine and put it at {path}. "
        f"Its SHA-256 is {sha256}."
    )


def _fetch(address: str, file: BinaryIO, timeout: float) -> str:
    """Write what is at an address to a file and return its SHA-256."""
    digest = hashlib.sha256()
    for block in _blocks(address, timeout):
        digest.update(block)
        file.write(block)
    return digest.hexdigest()


def _blocks(address: str, timeout: float) -> Iterator[bytes]:
    # Heavy, and most never download.
    from http.client import HTTPException
    from urllib.request import Request, urlopen

    request = Request(address, headers={"User-Agent": "minigrad"})
    received = 0
    try:
        with urlopen(request, timeout=timeout) as answer:
            length = answer.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            with _progress(address.rpartition("/")[2], total) as bar:
                while block := answer.read(_BLOCK):
                    received += len(block)
                    yield block
                    if bar is not None:
                        bar.update(len(block))
    except (OSError, HTTPException) as error:
        raise _Failed(str(error) or type(error).__name__) from error
    if total is not None and received < total:
        raise _Failed(f"the connection ended after {received} of {total} bytes")


def _progress(name: str, total: int | None) -> AbstractContextManager[Any]:
    if importlib.util.find_spec("tqdm") is None:
        return nullcontext()
    from tqdm import tqdm  # type: ignore[import-untyped]  # its types are a package of their own

    # disable=None: only a terminal shows it.
    bar: AbstractContextManager[Any] = tqdm(
        desc=name, total=total, unit="B", unit_scale=True, unit_divisor=1024, disable=None
    )
    return bar
