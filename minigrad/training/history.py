"""What a training recorded, epoch by epoch."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Mapping

# A longer table shows this many of its first and of its last rows.
_SHOWN = 8


class History(dict[str, list[float]]):
    """A dict from names, such as ``"loss"``, to a list with one number for each epoch.

    Attributes
    ----------
    interrupted : bool
        Whether a KeyboardInterrupt ended the training.
    stopped : str
        Why a callback ended it, or an empty string.

    Examples
    --------
    >>> history = mg.training.History(loss=[2.25, 1.5], val_accuracy=[0.5, 0.625])
    >>> history
    epoch  loss  val_accuracy
        1  2.25           0.5
        2   1.5         0.625
    >>> history["loss"][-1], history.epochs
    (1.5, 2)
    """

    interrupted: bool = False
    stopped: str = ""

    @property
    def epochs(self) -> int:
        """The number of epochs."""
        return max(map(len, self.values()), default=0)

    def add(self, record: Mapping[str, float]) -> None:
        """Append the numbers of an epoch; what it or earlier ones do not have is nan."""
        before = self.epochs
        for name in record:
            self.setdefault(name, [math.nan] * before)
        for name, values in self.items():
            values.append(record.get(name, math.nan))

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a table with a column for each name, in full precision."""
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(self.rows())

    def rows(self) -> Iterator[list[object]]:
        """The names, with "epoch" before them, and then the numbers of each epoch."""
        yield ["epoch", *self]
        for epoch in range(self.epochs):
            yield [epoch + 1, *(values[epoch] for values in self.values())]

    def __repr__(self) -> str:
        header, *rows = self.rows()
        if len(rows) > 2 * _SHOWN:
            rows[_SHOWN:-_SHOWN] = [["..."] * len(header)]
        table = [
            [f"{entry:.4g}" if isinstance(entry, float) else str(entry) for entry in row]
            for row in [header, *rows]
        ]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        return "\n".join(
            "  ".join(entry.rjust(width) for entry, width in zip(row, widths, strict=True))
            for row in table
        )
