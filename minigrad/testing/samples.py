"""Calls to check every op with, and what NumPy says of them.

A row of `SAMPLES` has a Hypothesis strategy for calls and a reference over plain arrays. Inputs
keep away from kinks by construction: where an op has one, values are well separated. Values come
from a drawn seed, so an example shrinks in its shapes and settings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from .. import ops
from ..ops.windows import Windows, windows_over

Array: TypeAlias = np.ndarray[Any, Any]
Values: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Array]
Settings: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """Arguments of an op: arrays (the first may be a list of them), and settings by name."""

    arrays: tuple[Any, ...]
    settings: Settings

    def map(self, function: Callable[[Array], Any]) -> Call:
        """Return the call with a function applied to every array."""
        return Call(
            tuple(
                [function(part) for part in array] if isinstance(array, list) else function(array)
                for array in self.arrays
            ),
            self.settings,
        )

    def flat(self) -> list[Array]:
        """Return the arrays of the call, those of a sequence one by one."""
        return [
            part
            for array in self.arrays
            for part in (array if isinstance(array, list) else [array])
        ]

    def of(self, op: Callable[..., Any]) -> Callable[..., Any]:
        """Return the op as a function of the flat arrays alone."""

        def function(*flat: Any) -> Any:
            rest = iter(flat)
            return self.map(lambda _: next(rest)).apply(op)

        function.__name__ = (
            f"{op.__name__}({', '.join(f'{k}={v}' for k, v in self.settings.items())})"
        )
        return function

    def apply(self, op: Callable[..., Any]) -> Any:
        """Make the call."""
        return op(*self.arrays, **self.settings)


@dataclass(frozen=True)
class Samples:
    """How to check an op.

    Attributes
    ----------
    calls : strategy of Call
        In float64, off the kinks.
    reference : callable
        The same function of plain arrays, written with NumPy alone.
    """

    calls: st.SearchStrategy[Call]
    reference: Callable[..., Any]


# Values


def real(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs."""
    return np.asarray(rng.uniform(-2, 2, shape))


def positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers well above 0."""
    return np.asarray(rng.uniform(0.3, 2, shape))


def nonzero(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs, well away from 0."""
    return np.asarray(positive(rng, shape) * rng.choice([-1.0, 1.0], shape))


def integral(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A few small numbers, so that many are equal."""
    return np.asarray(rng.integers(-2, 3, shape), dtype=np.float64)


def special(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers, infinities and nan."""
    return np.asarray(rng.choice([0.0, 1.5, np.inf, -np.inf, np.nan], shape))


def mask(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Booleans."""
    return np.asarray(rng.random(shape) < 0.5)


def separated(offset: float = 0.1) -> Values:
    """Numbers no two of which are close, nor close to those of another offset."""

    def values(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        count = math.prod(shape)
        return (0.5 * (rng.permutation(count) - count // 2) + offset).reshape(shape)

    return values


# Strategies


def rngs() -> st.SearchStrategy[np.random.Generator]:
    """Generators from drawn seeds."""
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def shapes(dims: int = 0, side: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes with at least so many axes, none shorter than `side`."""
    return hnp.array_shapes(min_dims=dims, max_dims=3, min_side=side, max_side=3)


@st.composite
def elementwise(draw: st.DrawFn, *values: Values) -> Call:
    """Arrays that broadcast together, one for each kind of values."""
    drawn = draw(
        hnp.mutually_broadcastable_shapes(
            num_shapes=len(values), max_dims=3, min_side=0, max_side=3
        )
    )
    rng = draw(rngs())
    return Call(
        tuple(kind(rng, shape) for kind, shape in zip(values, drawn.input_shapes, strict=True)), {}
    )


def unary(values: Values) -> st.SearchStrategy[Call]:
    """One array of any shape."""
    return st.builds(lambda rng, shape: Call((values(rng, shape),), {}), rngs(), shapes())


@st.composite
def reduction(draw: st.DrawFn, values: Values, side: int = 1, tuples: bool = True) -> Call:
    """One array, an axis or several or none, and whether to keep them."""
    shape = draw(shapes(side=side))
    axes: list[st.SearchStrategy[Any]] = [st.none()]
    if shape:
        axes.append(st.integers(-len(shape), len(shape) - 1))
    if tuples:
        axes.append(hnp.valid_tuple_axes(len(shape)))
    settings = {"axis": draw(st.one_of(axes)), "keepdims": draw(st.booleans())}
    return Call((values(draw(rngs()), shape),), settings)


@st.composite
def along_axis(draw: st.DrawFn, values: Values) -> Call:
    """One array and one or more of its axes."""
    shape = draw(shapes(dims=1, side=1))
    axis = draw(
        st.one_of(
            st.integers(-len(shape), len(shape) - 1), hnp.valid_tuple_axes(len(shape), min_size=1)
        )
    )
    return Call((values(draw(rngs()), shape),), {"axis": axis})


@st.composite
def _reshapes(draw: st.DrawFn) -> Call:
    shape = draw(shapes(side=1))
    options: list[Any] = [-1, shape[::-1], (1, *shape), (*shape, 1), (math.prod(shape),)]
    return Call((real(draw(rngs()), shape),), {"shape": draw(st.sampled_from(options))})


@st.composite
def _squeezes(draw: st.DrawFn) -> Call:
    shape = draw(shapes())
    ones = [axis for axis, length in enumerate(shape) if length == 1]
    options: list[Any] = [None, tuple(ones), *ones]
    return Call((real(draw(rngs()), shape),), {"axis": draw(st.sampled_from(options))})


@st.composite
def _transposes(draw: st.DrawFn) -> Call:
    shape = draw(shapes())
    order = draw(
        st.permutations([axis - len(shape) * draw(st.booleans()) for axis in range(len(shape))])
    )
    axes = draw(st.sampled_from([None, tuple(order)]))
    return Call((real(draw(rngs()), shape),), {"axes": axes})


@st.composite
def _broadcasts(draw: st.DrawFn, back: bool = False) -> Call:
    """A shape, and one to which it broadcasts: to sum from the second, or to stretch the first."""
    shape = draw(shapes())
    wide = draw(hnp.broadcastable_shapes(shape, max_dims=4, max_side=3))
    wide = np.broadcast_shapes(shape, wide)
    start, end = (wide, shape) if back else (shape, wide)
    return Call((real(draw(rngs()), start),), {"shape": end})


@st.composite
def _conversions(draw: st.DrawFn) -> Call:
    # Differences need the precision, so the dtypes are not smaller than float64.
    dtype = draw(st.sampled_from([np.float64, np.longdouble, "f8"]))
    return Call((real(draw(rngs()), draw(shapes())),), {"dtype": dtype})


@st.composite
def _sequences(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1)), draw(rngs())
    axis = draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1)))
    arrays = []
    for length in draw(st.lists(st.integers(0, 3), min_size=1, max_size=3)):
        part = list(shape)
        part[0 if axis is None else axis] = length
        arrays.append(real(rng, tuple(part)))
    return Call((arrays,), {"axis": axis})


@st.composite
def _margins(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    width = st.integers(0, 2)
    widths = draw(
        st.one_of(
            width,
            st.tuples(width, width),
            st.lists(st.tuples(width, width), min_size=len(shape), max_size=len(shape)),
        )
    )
    settings = {"pad_width": widths, "constant_values": draw(st.sampled_from([0.0, 1.5]))}
    return Call((real(draw(rngs()), shape),), settings)


@st.composite
def indices(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """An index into an array: basic, repeated integers, a mask, or integers among slices."""
    rng = draw(rngs())
    kind = draw(st.sampled_from(["basic", "integers", "mask", "mixed"]))
    if kind == "basic" or not shape[0]:
        return draw(hnp.basic_indices(shape, allow_newaxis=True))
    if kind == "mask":
        return mask(rng, shape[: draw(st.integers(1, len(shape)))])
    rows = rng.integers(-shape[0], shape[0], draw(shapes(dims=1)))
    if kind == "integers":
        return rows.tolist() if draw(st.booleans()) else rows
    return (rows, ..., None, slice(None, None, draw(st.sampled_from([1, -1, 2]))))[
        : 4 if len(shape) > 1 else 3
    ]


@st.composite
def _readings(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    return Call((real(draw(rngs()), shape),), {"index": draw(indices(shape))})


@st.composite
def _scatterings(draw: st.DrawFn) -> Call:
    shape = draw(shapes(dims=1))
    index = draw(indices(shape))
    part = np.zeros(shape)[index].shape
    return Call((real(draw(rngs()), part),), {"index": index, "shape": shape})


@st.composite
def _writings(draw: st.DrawFn) -> Call:
    shape, rng = draw(shapes(dims=1)), draw(rngs())
    index = draw(indices(shape))
    part = np.zeros(shape)[index].shape
    value = draw(st.sampled_from([part, part[1:], ()]))
    return Call((real(rng, shape), real(rng, value)), {"index": index})


@st.composite
def _products(draw: st.DrawFn) -> Call:
    drawn = draw(
        hnp.mutually_broadcastable_shapes(
            signature=np.matmul.signature, max_dims=2, min_side=0, max_side=3
        )
    )
    rng = draw(rngs())
    return Call(tuple(real(rng, shape) for shape in drawn.input_shapes), {})


@st.composite
def _classifications(draw: st.DrawFn) -> Call:
    classes, items = draw(st.integers(1, 4)), draw(shapes(side=1))
    shape = (items[0], classes, *items[1:]) if items else (classes,)
    rng = draw(rngs())
    targets = rng.integers(0, classes, items)
    reduction = draw(st.sampled_from(["mean", "sum", "none"]))
    return Call((real(rng, shape), targets), {"reduction": reduction})


def pairs(least: int, most: int) -> st.SearchStrategy[Any]:
    """A setting of windows: a number, or one for each direction."""
    number = st.integers(least, most)
    return number | st.tuples(number, number)


@st.composite
def window_settings(
    draw: st.DrawFn, side: int = 5, pool: bool = False
) -> tuple[tuple[int, int, int, int], Settings]:
    """An image shape, and windows that fit in it."""
    size = draw(pairs(1, 3))
    heights = (size, size) if isinstance(size, int) else size
    padding = draw(pairs(0, min(heights) // 2 if pool else 2))
    around = (padding, padding) if isinstance(padding, int) else padding
    shape = (
        draw(st.integers(0, 2)),
        draw(st.integers(1, 2)),
        *(draw(st.integers(max(1, k - 2 * p), side)) for k, p in zip(heights, around, strict=True)),
    )
    settings = {"kernel_size": size, "stride": draw(pairs(1, 3)), "padding": padding}
    return (shape[0], shape[1], shape[2], shape[3]), settings


def _windows(shape: tuple[int, ...], settings: Settings) -> Windows:
    return windows_over(
        "samples", shape, settings["kernel_size"], settings["stride"], settings["padding"]
    )


@st.composite
def _images(draw: st.DrawFn, pool: bool = False) -> Call:
    shape, settings = draw(window_settings(pool=pool))
    return Call(((separated() if pool else real)(draw(rngs()), shape),), settings)


@st.composite
def _column_matrices(draw: st.DrawFn) -> Call:
    shape, settings = draw(window_settings())
    columns = real(draw(rngs()), _windows(shape, settings).columns)
    return Call((columns,), {"shape": shape, **settings})


@st.composite
def _convolutions(draw: st.DrawFn) -> Call:
    shape, settings = draw(window_settings(side=4))
    rng, filters = draw(rngs()), draw(st.integers(1, 2))
    size = _windows(shape, settings).size
    del settings["kernel_size"]
    arrays = [real(rng, shape), real(rng, (filters, shape[1], *size))]
    if draw(st.booleans()):
        arrays.append(real(rng, (filters,)))
    return Call(tuple(arrays), settings)


@st.composite
def _won(draw: st.DrawFn, gather: bool = False) -> Call:
    """Values for windows, or images to take them from, and a winner in each window."""
    shape, settings = draw(window_settings(pool=True))
    rng, windows = draw(rngs()), _windows(shape, settings)
    n, c, *_ = shape
    winners = np.zeros((c, *windows.out, n), np.uint8)
    for i, j in np.ndindex(windows.out):
        inside = [k for k, at in enumerate(_places(windows, i, j)) if _inside(shape, at)]
        winners[:, i, j] = rng.choice(inside, (c, n))
    x = real(rng, shape if gather else (n, c, *windows.out))
    return Call((x,), {"winners": winners, "windows": windows})


# References: windows as plain loops


def _places(windows: Windows, i: int, j: int) -> list[tuple[int, int]]:
    """Rows and columns of the image under the window (i, j), in row-major order."""
    return [
        (
            i * windows.stride[0] + di - windows.padding[0],
            j * windows.stride[1] + dj - windows.padding[1],
        )
        for di, dj in np.ndindex(windows.size)
    ]


def _inside(shape: tuple[int, ...], at: tuple[int, int]) -> bool:
    return 0 <= at[0] < shape[2] and 0 <= at[1] < shape[3]


def _im2col_by_loops(x: Array, **settings: Any) -> Array:
    windows = _windows(x.shape, settings)
    n, c, *_ = x.shape
    columns = np.zeros((c, math.prod(windows.size), *windows.out, n), x.dtype)
    for i, j in np.ndindex(windows.out):
        for k, at in enumerate(_places(windows, i, j)):
            if _inside(x.shape, at):
                columns[:, k, i, j] = x[:, :, *at].T
    return columns.reshape(windows.columns)


def _col2im_by_loops(columns: Array, shape: tuple[int, ...], **settings: Any) -> Array:
    windows = _windows(shape, settings)
    images = np.zeros(shape, columns.dtype)
    slots = columns.reshape(windows.slots)
    for i, j in np.ndindex(windows.out):
        for k, at in enumerate(_places(windows, i, j)):
            if _inside(shape, at):
                images[:, :, *at] += slots[:, k, i, j].T
    return images


def _conv2d_by_loops(x: Array, weight: Array, bias: Array | None = None, **settings: Any) -> Array:
    windows = _windows(x.shape, {"kernel_size": weight.shape[2:], **settings})
    out = np.zeros((x.shape[0], weight.shape[0], *windows.out), x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        for (di, dj), at in zip(np.ndindex(windows.size), _places(windows, i, j), strict=True):
            if _inside(x.shape, at):
                out[n, f, i, j] += np.sum(x[n, :, *at] * weight[f, :, di, dj])
        if bias is not None:
            out[n, f, i, j] += bias[f]
    return out


def _max_pool2d_by_loops(x: Array, **settings: Any) -> Array:
    windows = _windows(x.shape, settings)
    out = np.empty((*x.shape[:2], *windows.out), x.dtype)
    for n, c, i, j in np.ndindex(out.shape):
        out[n, c, i, j] = max(x[n, c, *at] for at in _places(windows, i, j) if _inside(x.shape, at))
    return out


def _scatter_winners_by_loops(x: Array, winners: Array, windows: Windows) -> Array:
    images = np.zeros(windows.image, x.dtype)
    for n, c, i, j in np.ndindex(x.shape):
        images[n, c, *_places(windows, i, j)[winners[c, i, j, n]]] += x[n, c, i, j]
    return images


def _gather_winners_by_loops(x: Array, winners: Array, windows: Windows) -> Array:
    values = np.empty((*x.shape[:2], *windows.out), x.dtype)
    for n, c, i, j in np.ndindex(values.shape):
        values[n, c, i, j] = x[n, c, *_places(windows, i, j)[winners[c, i, j, n]]]
    return values


# Other references


def _reshape(x: Array, shape: tuple[int, ...]) -> Array:
    return np.reshape(x, shape)  # by position: NumPy has changed the name


def _scatter(x: Array, index: Any, shape: tuple[int, ...]) -> Array:
    out = np.zeros(shape, x.dtype)
    np.add.at(out, index, x)
    return out


def _setitem(x: Array, value: Array, index: Any) -> Array:
    out = x.copy()
    out[index] = value
    return out


def _sum_to(x: Array, shape: tuple[int, ...]) -> Array:
    wide = (1,) * (x.ndim - len(shape)) + shape
    for axis, length in enumerate(wide):
        if length == 1:
            x = x.sum(axis=axis, keepdims=True)
    return x.reshape(shape)


def _softmax(x: Array, axis: Any) -> Array:
    e: Array = np.exp(x)
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def _cross_entropy(logits: Array, targets: Array, reduction: str) -> Array:
    rows = np.moveaxis(logits, 1 if logits.ndim > 1 else 0, -1)
    chosen = np.take_along_axis(_softmax(rows, -1), targets[..., None], -1)[..., 0]
    losses: Array = -np.log(chosen)
    reduced = {"mean": losses.mean(), "sum": losses.sum(), "none": losses}
    return np.asarray(reduced[reduction])


SAMPLES: dict[Callable[..., Any], Samples] = {
    # activations
    ops.relu: Samples(unary(nonzero), lambda x: np.where(x > 0, x, 0)),
    ops.sigmoid: Samples(unary(real), lambda x: 1 / (1 + np.exp(-x))),
    ops.softmax: Samples(along_axis(real), _softmax),
    ops.log_softmax: Samples(along_axis(real), lambda x, axis: np.log(_softmax(x, axis))),
    # arithmetic
    ops.add: Samples(elementwise(real, real), np.add),
    ops.subtract: Samples(elementwise(real, real), np.subtract),
    ops.multiply: Samples(elementwise(real, real), np.multiply),
    ops.divide: Samples(elementwise(real, nonzero), np.divide),
    ops.negative: Samples(unary(real), np.negative),
    ops.power: Samples(elementwise(positive, real), np.power),
    # comparison and other functions without a derivative
    ops.equal: Samples(elementwise(integral, integral), np.equal),
    ops.not_equal: Samples(elementwise(integral, integral), np.not_equal),
    ops.less: Samples(elementwise(integral, integral), np.less),
    ops.less_equal: Samples(elementwise(integral, integral), np.less_equal),
    ops.greater: Samples(elementwise(integral, integral), np.greater),
    ops.greater_equal: Samples(elementwise(integral, integral), np.greater_equal),
    ops.logical_and: Samples(elementwise(integral, integral), np.logical_and),
    ops.logical_or: Samples(elementwise(integral, integral), np.logical_or),
    ops.allclose: Samples(elementwise(integral, integral), np.allclose),
    ops.array_equal: Samples(elementwise(integral, integral), np.array_equal),
    ops.bitwise_and: Samples(elementwise(mask, mask), np.bitwise_and),
    ops.bitwise_or: Samples(elementwise(mask, mask), np.bitwise_or),
    ops.bitwise_xor: Samples(elementwise(mask, mask), np.bitwise_xor),
    ops.invert: Samples(unary(mask), np.invert),
    ops.logical_not: Samples(unary(integral), np.logical_not),
    ops.isnan: Samples(unary(special), np.isnan),
    ops.isinf: Samples(unary(special), np.isinf),
    ops.isfinite: Samples(unary(special), np.isfinite),
    ops.zeros_like: Samples(unary(integral), np.zeros_like),
    ops.ones_like: Samples(unary(integral), np.ones_like),
    ops.shape: Samples(unary(integral), np.shape),
    ops.ndim: Samples(unary(integral), np.ndim),
    ops.size: Samples(unary(integral), np.size),
    ops.any: Samples(reduction(integral), np.any),
    ops.all: Samples(reduction(integral), np.all),
    ops.argmax: Samples(reduction(integral, tuples=False), np.argmax),
    ops.argmin: Samples(reduction(integral, tuples=False), np.argmin),
    # contraction and convolution
    ops.matmul: Samples(_products(), np.matmul),
    ops.conv2d: Samples(_convolutions(), _conv2d_by_loops),
    # elementary
    ops.exp: Samples(unary(real), np.exp),
    ops.log: Samples(unary(positive), np.log),
    ops.sqrt: Samples(unary(positive), np.sqrt),
    ops.tanh: Samples(unary(real), np.tanh),
    # indexing
    ops.getitem: Samples(_readings(), lambda x, index: x[index]),
    ops.scatter: Samples(_scatterings(), _scatter),
    ops.setitem: Samples(_writings(), _setitem),
    # losses
    ops.cross_entropy: Samples(_classifications(), _cross_entropy),
    # pooling
    ops.max_pool2d: Samples(_images(pool=True), _max_pool2d_by_loops),
    ops.scatter_winners: Samples(_won(), _scatter_winners_by_loops),
    ops.gather_winners: Samples(_won(gather=True), _gather_winners_by_loops),
    # reductions
    ops.sum: Samples(reduction(real, side=0), np.sum),
    ops.mean: Samples(reduction(real), np.mean),
    ops.max: Samples(reduction(separated()), np.max),
    ops.min: Samples(reduction(separated()), np.min),
    ops.logsumexp: Samples(
        reduction(real), lambda x, **settings: np.log(np.sum(np.exp(x), **settings))
    ),
    # selection
    ops.keep_where: Samples(elementwise(mask, real), lambda keep, x: np.where(keep, x, 0)),
    ops.where: Samples(elementwise(mask, real, real), np.where),
    ops.maximum: Samples(elementwise(separated(), separated(0.35)), np.maximum),
    ops.minimum: Samples(elementwise(separated(), separated(0.35)), np.minimum),
    # shaping
    ops.reshape: Samples(_reshapes(), _reshape),
    ops.squeeze: Samples(_squeezes(), np.squeeze),
    ops.transpose: Samples(_transposes(), np.transpose),
    ops.broadcast_to: Samples(_broadcasts(), np.broadcast_to),
    ops.sum_to: Samples(_broadcasts(back=True), _sum_to),
    ops.astype: Samples(_conversions(), lambda x, dtype: x.astype(dtype)),
    ops.concatenate: Samples(_sequences(), np.concatenate),
    ops.pad: Samples(_margins(), np.pad),
    # windows
    ops.im2col: Samples(_images(), _im2col_by_loops),
    ops.col2im: Samples(_column_matrices(), _col2im_by_loops),
}
