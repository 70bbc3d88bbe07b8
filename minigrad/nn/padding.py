"""Layers that put a margin around images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..tensor import Tensor
from .functional import pad
from .module import Module

Padding = int | Sequence[int]


class _Pad(Module):
    """A margin before and behind each of the last axes; the mode is that of the class."""

    axes: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: Padding) -> None:
        layer, sides = type(self).__name__, 2 * self.axes
        try:
            widths = tuple(
                width.__index__()
                for width in (padding if isinstance(padding, Sequence) else [padding] * sides)
            )
        except AttributeError:
            raise TypeError(f"{layer}: padding must be integers, got {padding!r}") from None
        if len(widths) != sides:
            raise ValueError(
                f"{layer}: padding is an integer or {sides} of them, (before, behind) for the last "
                f"axis first, got {padding!r}"
            )
        if self.mode != "constant" and min(widths) < 0:
            raise ValueError(f"{layer}: padding must be at least 0, got {padding!r}")
        self.padding = widths

    def forward(self, x: Any) -> Tensor:
        """Map images to images with a margin."""
        return pad(x, self.padding, self.mode)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return str(self.padding)


class ConstantPad1d(_Pad):
    """A margin of a constant around the last axis.

    Parameters
    ----------
    padding : int or (left, right)
        Negative numbers cut off.
    value : float
        The constant.

    Examples
    --------
    >>> mg.nn.ConstantPad1d((1, 2), 7)(np.array([[1, 2]]))
    array([[7, 1, 2, 7, 7]])
    """

    axes = 1
    mode = "constant"

    def __init__(self, padding: Padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, x: Any) -> Tensor:
        """Map images to images with a margin."""
        return pad(x, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad2d(ConstantPad1d):
    """A margin of a constant around the last two axes.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        Negative numbers cut off.
    value : float
        The constant.
    """

    axes = 2


class ConstantPad3d(ConstantPad1d):
    """A margin of a constant around the last three axes.

    Parameters
    ----------
    padding : int or (left, right, top, bottom, front, back)
        Negative numbers cut off.
    value : float
        The constant.
    """

    axes = 3


class ZeroPad1d(_Pad):
    """A margin of zeros around the last axis.

    Parameters
    ----------
    padding : int or (left, right)
        Negative numbers cut off.
    """

    axes = 1
    mode = "constant"


class ZeroPad2d(ZeroPad1d):
    """A margin of zeros around the last two axes.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        Negative numbers cut off.

    Examples
    --------
    >>> mg.nn.ZeroPad2d((0, 0, 1, 0))(np.array([[[1, 2]]]))
    array([[[0, 0],
            [1, 2]]])
    """

    axes = 2


class ZeroPad3d(ZeroPad1d):
    """A margin of zeros around the last three axes.

    Parameters
    ----------
    padding : int or (left, right, top, bottom, front, back)
        Negative numbers cut off.
    """

    axes = 3


class ReflectionPad1d(_Pad):
    """A margin in which the last axis is mirrored at its outermost elements.

    Parameters
    ----------
    padding : int or (left, right)
        Less than the length of the axis.

    Examples
    --------
    >>> mg.nn.ReflectionPad1d(2)(np.array([[1, 2, 3]]))
    array([[3, 2, 1, 2, 3, 2, 1]])
    """

    axes = 1
    mode = "reflect"


class ReflectionPad2d(ReflectionPad1d):
    """A margin in which the last two axes are mirrored at their outermost elements.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        Less than the length of the axis.
    """

    axes = 2


class ReflectionPad3d(ReflectionPad1d):
    """A margin in which the last three axes are mirrored at their outermost elements.

    Parameters
    ----------
    padding : int or (left, right, top, bottom, front, back)
        Less than the length of the axis.
    """

    axes = 3


class ReplicationPad1d(_Pad):
    """A margin in which the outermost elements of the last axis go on.

    Parameters
    ----------
    padding : int or (left, right)

    Examples
    --------
    >>> mg.nn.ReplicationPad1d(2)(np.array([[1, 2, 3]]))
    array([[1, 1, 1, 2, 3, 3, 3]])
    """

    axes = 1
    mode = "replicate"


class ReplicationPad2d(ReplicationPad1d):
    """A margin in which the outermost elements of the last two axes go on.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
    """

    axes = 2


class ReplicationPad3d(ReplicationPad1d):
    """A margin in which the outermost elements of the last three axes go on.

    Parameters
    ----------
    padding : int or (left, right, top, bottom, front, back)
    """

    axes = 3


class CircularPad1d(_Pad):
    """A margin that continues the last axis from its opposite side.

    Parameters
    ----------
    padding : int or (left, right)
        At most the length of the axis.

    Examples
    --------
    >>> mg.nn.CircularPad1d(2)(np.array([[1, 2, 3]]))
    array([[2, 3, 1, 2, 3, 1, 2]])
    """

    axes = 1
    mode = "circular"


class CircularPad2d(CircularPad1d):
    """A margin that continues the last two axes from their opposite sides.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        At most the length of the axis.
    """

    axes = 2


class CircularPad3d(CircularPad1d):
    """A margin that continues the last three axes from their opposite sides.

    Parameters
    ----------
    padding : int or (left, right, top, bottom, front, back)
        At most the length of the axis.
    """

    axes = 3
