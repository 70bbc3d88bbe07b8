"""Real handwritten digits, small enough to travel inside the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from ._pixels import Part


def digits(dtype: DTypeLike = np.float32) -> tuple[Part, Part]:
    """Return the 1,797 handwritten digits of the UCI "optdigits" test set, split in two.

    The test part holds 36 images of each digit, drawn once with a fixed seed; ``digits.txt``,
    beside the data, tells how. Each call returns new arrays.

    Parameters
    ----------
    dtype
        A floating type for the images.

    Returns
    -------
    train : tuple of ndarray
        Images of shape (1437, 1, 8, 8), with values from 0 (paper) to 1 (ink), and their digits,
        int64 of shape (1437,).
    test : tuple of ndarray
        The same for the other 360.

    Raises
    ------
    TypeError
        If `dtype` is not a floating type.

    References
    ----------
    E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49, CC BY 4.0.

    Examples
    --------
    >>> (x_train, y_train), (x_test, y_test) = mg.data.digits()
    >>> x_train.shape, x_train.dtype, x_test.shape
    ((1437, 1, 8, 8), dtype('float32'), (360, 1, 8, 8))
    >>> for row in x_test[0, 0]:
    ...     print("".join(" .:-=+*#@"[int(8 * value)] for value in row))
      :*=
      *#+#:
     .#. +=
     :*  ==
     :=  ==
     :+  *-
     .#:+*
      -*+
    """
    from importlib.resources import files

    dtype = np.dtype(dtype)
    if not np.issubdtype(dtype, np.floating):
        raise TypeError(f"digits: dtype must be floating, for values from 0 to 1, got {dtype}")
    with files(__package__).joinpath("digits.npz").open("rb") as file, np.load(file) as stored:
        x = stored["images"][:, None].astype(dtype) / dtype.type(16)
        y = stored["labels"].astype(np.int64)
        for_test = np.isin(np.arange(len(y)), stored["test"])
    return (x[~for_test], y[~for_test]), (x[for_test], y[for_test])
