"""Labels as rows of zeros and a one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .._checks import checked_integer


@dataclass(eq=False)
class OneHot:
    """Integer labels as rows that are 1 at the label and 0 elsewhere.

    Labels of any shape give (..., num_classes).

    Parameters
    ----------
    num_classes
        The length of a row.
    dtype
        By default float32, so that rows can be the targets of a loss.

    Raises
    ------
    TypeError
        If labels are not integers.
    ValueError
        If a label is below 0 or not below `num_classes`, or that is below 1.

    Examples
    --------
    >>> mg.data.transforms.OneHot(3)([2, 0])
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """

    num_classes: int
    dtype: DTypeLike = np.float32

    def __post_init__(self) -> None:
        checked_integer("OneHot", "num_classes", self.num_classes)

    def __call__(self, labels: ArrayLike) -> NDArray[Any]:
        """Return the row of each label."""
        array, last = np.asarray(labels), self.num_classes - 1
        if not np.issubdtype(array.dtype, np.integer):
            raise TypeError(f"OneHot: labels must be integers, got {array.dtype}")
        if array.size and not 0 <= array.min() <= array.max() <= last:
            raise ValueError(
                f"OneHot: labels must be from 0 to num_classes - 1 = {last}; they go from "
                f"{array.min()} to {array.max()}"
            )
        rows: NDArray[Any] = (array[..., None] == np.arange(self.num_classes)).astype(self.dtype)
        return rows
