"""A function of PyTorch's tensors for each op, with the arrays and settings of the op.

Where PyTorch has no such function, a few of its functions in a row are as good a reference.
"""

import functools
import itertools
import math
import operator

import numpy as np
import torch
from hypothesis import reject
from torch.nn import functional as F


def axes_of(x, axis):
    """The axes that a setting of NumPy stands for, counted from the front."""
    axes = range(x.ndim) if axis is None else np.atleast_1d(np.asarray(axis, int))
    return [int(i) % x.ndim for i in axes]


def over_axes(function):
    """A function along the last axis as a reduction in NumPy's manner."""

    def reduction(x, axis=None, keepdims=False, **settings):
        axes = axes_of(x, axis)
        rest = [i for i in range(x.ndim) if i not in axes]
        lengths = [x.shape[i] for i in rest]
        rows = x.permute([*rest, *axes]).reshape([*lengths, math.prod(x.shape[i] for i in axes)])
        out = function(rows, dim=-1, **settings)
        front = out.shape[: out.ndim - len(rest)]
        kept = [1 if i in axes else length for i, length in enumerate(x.shape)]
        return out.reshape([*front, *kept]) if keepdims else out

    return reduction


def in_place_of_axes(function):
    """A function along the last axis that keeps the shape, over one or more axes."""

    def along(x, axis):
        axes = axes_of(x, axis)
        order = [*(i for i in range(x.ndim) if i not in axes), *axes]
        moved = x.permute(order)
        out = function(moved.flatten(-len(axes)), dim=-1)
        return out.reshape(moved.shape).permute([order.index(i) for i in range(x.ndim)])

    return along


def interpolate(x, mode, size=None, scale_factor=None, **settings):
    if mode.startswith("nearest"):
        # Its kernels find different pixels, and only that for two axes has the right gradient.
        settings = {"mode": mode, "recompute_scale_factor": settings.get("recompute_scale_factor")}
        for axis in range(2, x.ndim):
            along = [
                (1, value[axis - 2]) if isinstance(value, tuple) else value and (1, value)
                for value in (size, scale_factor)
            ]
            rows = x.movedim(axis, -1)
            out = F.interpolate(rows.reshape(-1, 1, 1, rows.shape[-1]), *along, **settings)
            x = out.reshape(*rows.shape[:-1], out.shape[-1]).movedim(-1, axis)
        return x
    out = F.interpolate(x, size, scale_factor, mode, **settings)
    if settings.get("antialias"):
        stays = any(n == m for n, m in zip(x.shape[2:], out.shape[2:], strict=True))
        if out.shape[-1] == 1 or (scale_factor and stays):
            reject()  # it reads the first row alone; its gradient is that of another factor
    return out


def not_empty(function):
    """A function that gives an array without elements another shape than one with some."""

    def of_some(x, **settings):
        if not x.numel():
            reject()
        return function(x, **settings)

    return of_some


def without_nan(x, value):
    return torch.where(torch.isnan(x), value, x)


def cumulative(function):
    """A cumulative function that flattens without an axis."""

    def along(x, axis=None):
        return function(x.reshape(-1), 0) if axis is None else function(x, axis)

    return along


def with_initial(function, initial):
    def along(x, axis=None, include_initial=False):
        axis = 0 if axis is None else axis
        out = function(x, axis)
        if not include_initial:
            return out
        return torch.cat(
            [torch.full_like(x.narrow(axis, 0, 0).sum(axis, True), initial), out], axis
        )

    return along


def indexed(index):
    """NumPy's index as one of PyTorch, or None where PyTorch has no such."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, slice) and (part.step or 1) < 0 for part in parts):
        return None
    return tuple(
        torch.tensor(np.asarray(part, None if np.size(part) else int))
        if isinstance(part, list)
        else torch.tensor(part)
        if isinstance(part, np.ndarray)
        else part
        for part in parts
    )


def positions(shape, select):
    """Where the elements that a function of NumPy selects stand in the flattened array."""
    return torch.tensor(select(np.arange(math.prod(shape)).reshape(shape)).copy())


def moved(x, function):
    """What a function of NumPy that only moves and repeats elements makes of `x`."""
    return x.reshape(-1)[positions(x.shape, function)]


def getitem(x, index):
    of_torch = indexed(index)
    return moved(x, operator.itemgetter(index)) if of_torch is None else x[of_torch]


def written(x, at, value):
    """`x` with `value` at positions of the flattened array; of equal ones the last counts."""
    # PyTorch leaves open which of several writes stays, and gives all of them the gradient.
    source = np.full(x.numel(), -1)
    source[at.numpy().reshape(-1)] = np.arange(at.numel())
    source = torch.tensor(source).reshape(x.shape)
    if not at.numel():
        return x.clone()
    value = torch.broadcast_to(value, at.shape).reshape(-1)
    return torch.where(source < 0, x, value[source.clamp(min=0)])


def setitem(x, value, index):
    at, of_torch = positions(x.shape, operator.itemgetter(index)), indexed(index)
    if of_torch is None or len(at.unique()) < at.numel():
        return written(x, at, value)
    out = x.clone()
    out[of_torch] = value
    return out


def scatter_add(x, value, index):
    at = positions(x.shape, operator.itemgetter(index))
    return torch.index_put(
        x.reshape(-1), (at,), torch.broadcast_to(value, at.shape), accumulate=True
    ).reshape(x.shape)


def take(x, indices, axis=None, mode="raise"):
    if axis is None:
        x, axis = x.reshape(-1), 0
    length = x.shape[axis]
    indices = indices.clamp(0, length - 1) if mode == "clip" else indices % length
    out = x.index_select(axis, indices.reshape(-1))
    axis %= x.ndim
    return out.reshape([*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]])


def compress(condition, x, axis=None):
    if axis is None:
        x, axis = x.reshape(-1), 0
    return x.index_select(axis, condition.nonzero()[:, 0])


def take_along_axis(x, indices, axis=-1):
    if axis is None:
        x, axis = x.reshape(-1), 0
    return torch.take_along_dim(x, indices % x.shape[axis], axis)


def put_along_axis(x, indices, values, axis=-1):
    def places(flat):
        flat = flat.reshape(-1) if axis is None else flat
        return np.take_along_axis(flat, indices.numpy(), -1 if axis is None else axis)

    return written(x, positions(x.shape, places), values)


def put(x, indices, values, mode="raise"):
    at = indices.clamp(0, x.numel() - 1) if mode == "clip" else indices % x.numel()
    repeated = values.repeat(at.numel() // values.numel() + 1)[: at.numel()]
    return written(x, at, repeated)


def place(x, mask, values):
    count = int(mask.sum())
    values = values.reshape(-1)
    return x.masked_scatter(mask, values.repeat(count // values.numel() + 1))


def putmask(x, mask, values):
    values = values.reshape(-1)
    repeated = values.repeat(x.numel() // values.numel() + 1)[: x.numel()]
    return torch.where(mask, repeated.reshape(x.shape), x)


def fill_diagonal(x, values, wrap=False):
    def diagonal(flat):
        # NumPy's function writes only, so its places are those that it changes.
        changed = np.zeros_like(flat)
        np.fill_diagonal(changed, 1, wrap)
        return flat[changed == 1]

    at = positions(x.shape, diagonal)
    values = values.reshape(-1)
    return written(x, at, values.repeat(at.numel() // values.numel() + 1)[: at.numel()])


def bincount(x, weights, minlength):
    length = max(minlength, int(x.max()) + 1 if x.numel() else 0)
    return torch.zeros(length).to(weights).index_add(0, x, weights)


def piecewise(x, condlist, funclist):
    pieces = [function(x) if callable(function) else function for function in funclist]
    default = pieces.pop() if len(funclist) > len(condlist) else torch.tensor(0.0).to(x)
    out = torch.zeros_like(x) + default
    for condition, piece in zip(condlist, pieces, strict=True):
        out = torch.where(torch.tensor(condition), piece, out)
    return out.to(x.dtype)


def select(conditions, choices, default=0):
    out = default
    for condition, choice in zip(conditions[::-1], choices[::-1], strict=True):
        out = torch.where(condition, choice, out)
    return out


def choose(a, choices, mode="raise"):
    count = len(choices)
    a = a.clamp(0, count - 1) if mode == "clip" else a % count
    shape = torch.broadcast_shapes(a.shape, *(choice.shape for choice in choices))
    wide = torch.stack([torch.broadcast_to(choice, shape) for choice in choices])
    return wide.gather(0, torch.broadcast_to(a, shape)[None])[0]


def clip(x, lower=None, upper=None, a_min=None, a_max=None):
    lower, upper = (a_min if lower is None else lower), (a_max if upper is None else upper)
    if isinstance(lower, torch.Tensor):
        x, lower, upper = torch.broadcast_tensors(x, lower, upper)
    return torch.clamp(x, lower, upper)


def sinc(x):
    """PyTorch's, but for its derivative close to 0, where it cancels."""
    square = (math.pi * x) ** 2
    series = 1 - square / 6 * (1 - square / 20 * (1 - square / 42))
    return torch.where(abs(x) < 0.01, series, torch.sinc(torch.where(abs(x) < 0.01, 1.0, x)))


def ldexp(x, y):
    # As a float: PyTorch takes the derivative 2**y in integers, where it is 0 for y < 0.
    return torch.ldexp(*torch.broadcast_tensors(x, y.to(x.dtype)))


def gamma(x):
    sign = torch.where((x < 0) & (x.floor() % 2 == 1), -1, 1)
    return sign * torch.lgamma(x).exp()


def sort(x, axis=-1, kind=None, stable=None):
    return cumulative(lambda x, dim: torch.sort(x, dim).values)(x, axis)


def argsort(x, axis=-1, kind=None, stable=None):
    return cumulative(lambda x, dim: torch.argsort(x, dim=dim, stable=True))(x, axis)


def partition(x, kth, axis=-1):
    if axis is None:
        x, axis = x.reshape(-1), 0
    return x.gather(axis, torch.tensor(np.argpartition(x.detach().numpy(), kth, axis)))


def topk(x, k, axis=-1, largest=True):
    return tuple(torch.topk(x, k, axis, largest))


def transpose(x, axes=None):
    return x.permute([*range(x.ndim)][::-1] if axes is None else axes)


def concatenate(arrays, axis=0):
    if axis is None:
        arrays, axis = [x.reshape(-1) for x in arrays], 0
    return torch.cat(arrays, axis)


def pad(x, pad_width, mode="constant", constant_values=0):
    if mode != "constant":
        return moved(x, lambda flat: np.pad(flat, pad_width, mode=mode))
    widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2))
    values = np.broadcast_to(np.asarray(constant_values), (x.ndim, 2))
    for axis, ((before, after), (first, last)) in enumerate(zip(widths, values, strict=True)):
        width = [0, 0] * (x.ndim - axis)
        width[-2] = int(before)
        x = F.pad(x, width, value=float(first))
        width[-2:] = 0, int(after)
        x = F.pad(x, width, value=float(last))
    return x


def squeeze(x, axis=None):
    return x.squeeze() if axis is None else x.squeeze(axis)


def per_axis(setting, rank):
    return (setting,) * rank if isinstance(setting, int) else tuple(setting)


def with_sides(x, padding):
    """Images with zeros around them: a number of them for each axis, or (before, after)."""
    sides = [(p, p) if isinstance(p, int) else p for p in per_axis(padding, x.ndim - 2)]
    return F.pad(x, [p for side in reversed(sides) for p in side])


def windows_of(x, kernel_size, stride, padding, dilation):
    """Windows as (N, C, *out, *size), by slices of PyTorch's tensors."""
    rank = x.ndim - 2
    size, stride, dilation = (per_axis(s, rank) for s in (kernel_size, stride, dilation))
    x = with_sides(x, padding)
    for axis in range(rank):
        x = x.unfold(2 + axis, dilation[axis] * (size[axis] - 1) + 1, stride[axis])
        x = x[..., :: dilation[axis]]
    return x


def im2col(x, kernel_size, stride=1, padding=0, dilation=1, layout="columns"):
    windows = windows_of(x, kernel_size, stride, padding, dilation)
    rank = x.ndim - 2
    out, size = list(range(2, 2 + rank)), list(range(2 + rank, 2 + 2 * rank))
    order = [1, *size, *out, 0] if layout == "columns" else [0, *out, 1, *size]
    kernel = math.prod(windows.shape[axis] for axis in size)
    columns = [x.shape[1] * kernel, math.prod(windows.shape[axis] for axis in [0, *out])]
    return windows.permute(order).reshape(columns if layout == "columns" else columns[::-1])


def adjoint(linear, shape, y):
    """What the adjoint of a linear function of arrays of a shape makes of `y`."""
    x = y.new_zeros(shape, requires_grad=True)
    with torch.enable_grad():
        return torch.autograd.grad(linear(x), x, y, create_graph=True)[0]


def col2im(columns, shape, **settings):
    return adjoint(lambda x: im2col(x, **settings), shape, columns)


def unfold(x, kernel_size, dilation, padding, stride):
    columns = im2col(x, kernel_size, stride, padding, dilation)
    n = x.shape[0]
    windows = windows_of(x, kernel_size, stride, padding, dilation)
    places = math.prod(windows.shape[2 : x.ndim])
    return columns.reshape(len(columns), places, n).permute(2, 0, 1)


def fold(x, output_size, kernel_size, **settings):
    channels = x.shape[1] // math.prod(per_axis(kernel_size, len(output_size)))
    shape = (x.shape[0], channels, *output_size)
    return adjoint(lambda x: unfold(x, kernel_size, **settings), shape, x)


def conv(rank):
    function = getattr(F, f"conv{rank}d")

    def of_images(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        if not isinstance(padding, str):
            x, padding = with_sides(x, padding), 0
        return function(x, weight, bias, stride, padding, dilation, groups)

    return of_images


def prelu(x, weight):
    # PyTorch takes no number without axes, and slopes along the second axis alone.
    return F.prelu(torch.atleast_1d(x), weight.reshape(-1)).reshape(x.shape)


def with_weights(function):
    """A loss whose settings may be arrays of factors."""

    def of_torch(*arrays, **settings):
        arrays_too = {
            name: torch.tensor(value, dtype=arrays[0].dtype)
            for name, value in settings.items()
            if isinstance(value, np.ndarray)
        }
        return function(*arrays, **settings | arrays_too)

    return of_torch


def reduced(losses, reduction):
    return losses if reduction == "none" else getattr(torch, reduction)(losses)


# PyTorch's own hinge losses are differentiable only once.


def multi_margin_loss(x, targets, p, margin, reduction, weight=None):
    others = torch.arange(x.shape[-1]) != targets[..., None]
    short = torch.relu(margin + x - x.gather(-1, targets[..., None])) ** p
    losses = (short * others).mean(-1)
    return reduced(losses if weight is None else losses * weight[targets], reduction)


def multilabel_margin_loss(x, targets, reduction):
    listed = torch.cumprod(targets != -1, -1)
    classes = targets * listed
    own = torch.zeros_like(targets).scatter_add(-1, classes, listed) > 0
    short = torch.relu(1 + x[..., None, :] - x.gather(-1, classes)[..., :, None])
    pairs = listed[..., :, None] * ~own[..., None, :]
    return reduced((short * pairs).sum((-2, -1)) / x.shape[-1], reduction)


def soft_margin_loss(x, target, reduction):
    # Its own is not differentiable by the target.
    return reduced(F.softplus(-target * x), reduction)


def gaussian_nll_loss(x, target, var, **settings):
    return F.gaussian_nll_loss(x, target, var if var.ndim else var.expand(x.shape), **settings)


def triplet_margin_with_distance_loss(*arrays, distance_function, **settings):
    if distance_function is not None:
        distance_function = lambda x1, x2: torch.abs(x1 - x2).sum(-1)
    return F.triplet_margin_with_distance_loss(
        *arrays, distance_function=distance_function, **settings
    )


def attention_weights(query, key, bias=None, keep=None, is_causal=False, scale=None):
    scores = query @ key.mT * (query.shape[-1] ** -0.5 if scale is None else scale)
    scores = scores if bias is None else scores + bias
    seen = torch.ones(scores.shape, dtype=bool)
    if keep is not None:
        seen = seen & torch.tensor(keep)
    if is_causal:
        seen = seen.tril()
    # The weights of PyTorch's scaled_dot_product_attention, which has no second derivative.
    return torch.softmax(scores.masked_fill(~seen, -1e30), -1).masked_fill(~seen, 0.0)


def quantile(x, q, dim, function=torch.quantile, method="linear"):
    q = torch.as_tensor(np.asarray(q), dtype=x.dtype)
    if method not in ("linear", "lower", "higher", "midpoint", "nearest"):
        reject()  # PyTorch has no others
    out = function(x, q.reshape(-1), dim, interpolation=method)
    return out.reshape([*q.shape, *x.shape[:-1]])


def variance(function):
    def of_rows(x, dim, ddof=0, correction=None):
        return function(x, dim=dim, correction=ddof if correction is None else correction)

    return over_axes(of_rows)


def average(x, axis=None, weights=None, keepdims=False):
    if weights is None:
        return over_axes(torch.mean)(x, axis, keepdims)
    weights = torch.tensor(weights).to(x.dtype)
    if weights.ndim < x.ndim:
        lengths = [1] * x.ndim
        lengths[axis] = -1
        weights = weights.reshape(lengths)
    total = over_axes(torch.sum)
    weights = torch.broadcast_to(weights, x.shape)
    return total(x * weights, axis, keepdims) / total(weights, axis, keepdims)


def observations(function):
    def of_all(x, y=None, rowvar=True, **settings):
        rows = [torch.atleast_2d(part) for part in (x, y) if part is not None]
        if not rowvar:
            rows = [part.mT if part.shape[0] != 1 else part for part in rows]
        return function(torch.cat(rows), **settings)

    return of_all


def covariance(rows, bias=False, ddof=None):
    return torch.cov(rows, correction=int(not bias) if ddof is None else ddof)


def diff(x, n=1, axis=-1, prepend=None, append=None):
    def edge(value):
        if value is None:
            return None
        value = torch.as_tensor(value, dtype=x.dtype)
        return value if value.ndim else torch.full_like(x.sum(axis, keepdim=True), float(value))

    # PyTorch differentiates the joined array in the same way, but refuses n=0 with an edge.
    parts = [part for part in (edge(prepend), x, edge(append)) if part is not None]
    return torch.diff(torch.cat(parts, axis), n, axis) if n else x


def ediff1d(x, to_end=None, to_begin=None):
    parts = (to_begin, torch.diff(x.reshape(-1)), to_end)
    return torch.cat([part.reshape(-1) for part in parts if part is not None])


def gradient(x, *spacings, axis=None, edge_order=1):
    axes = axes_of(x, axis)
    if len(spacings) == 1 and not spacings[0].ndim:
        spacings = spacings * len(axes)
    slopes = []
    for i, spacing in zip(axes, spacings or [torch.tensor(1.0).to(x)] * len(axes), strict=True):
        # PyTorch takes numbers for distances, through which it does not differentiate.
        points = spacing if spacing.ndim else spacing * torch.arange(x.shape[i]).to(x)
        slopes.append(_slope(x.movedim(i, -1), points, edge_order).movedim(-1, i))
    return slopes[0] if np.ndim(axis) == 0 and len(slopes) == 1 else slopes


def _slope(x, points, edge_order):
    (out,) = torch.gradient(x, spacing=(points,), dim=-1, edge_order=edge_order)
    return out


def trapezoid(y, x=None, dx=1.0, axis=-1):
    if x is None:
        return torch.trapezoid(y, dx=dx, dim=axis)
    return torch.trapezoid(y.movedim(axis, -1), x if x.ndim < 2 else x.movedim(axis, -1), dim=-1)


def broadcast_stack(x, y, axis):
    return torch.broadcast_tensors(x.movedim(axis, -1), y.movedim(axis, -1))


def dot(x, y):
    if not (x.ndim and y.ndim):
        return x * y
    return torch.tensordot(x, y, ([-1], [max(y.ndim - 2, 0)]))


def inner(x, y):
    return torch.inner(x, y)


def tensordot(x, y, axes=2):
    if not isinstance(axes, int):
        axes = [[part] if isinstance(part, int) else list(part) for part in axes]
    return torch.tensordot(x, y, axes)


def vecdot(x, y, axis=-1):
    return torch.linalg.vecdot(*broadcast_stack(x, y, axis), dim=-1)


def cross(x, y, axisa=-1, axisb=-1, axisc=-1, axis=None):
    if axis is not None:
        axisa = axisb = axisc = axis
    pair = torch.broadcast_tensors(x.movedim(axisa, -1), y.movedim(axisb, -1))
    return torch.linalg.cross(*pair, dim=-1).movedim(-1, axisc)


def einsum(subscripts, *operands, optimize=None):
    return torch.einsum(subscripts, *operands)


def correlate(x, y, mode="valid"):
    if len(x) < len(y):
        return correlate(y, x, mode).flip(0)
    return convolve(x, y.flip(0), mode)


def polyval(p, x):
    powers = [x ** (len(p) - 1 - i) for i in range(len(p))]
    return sum(p[i] * power for i, power in enumerate(powers))


def convolve(x, y, mode="full"):
    if mode != "full" and len(x) < len(y):
        x, y = y, x
    padding = {"full": len(y) - 1, "same": len(y) - 1, "valid": 0}[mode]
    out = F.conv1d(x[None, None], y.flip(0)[None, None], padding=padding)[0, 0]
    cut = (len(y) - 1) // 2 if mode == "same" else 0
    return out[cut : cut + len(x)] if mode == "same" else out


def symmetric(function):
    """A function of the symmetric part, as the samples' domain has it."""
    return lambda x, **settings: function((x + x.mT) / 2, **settings)


def projectors(u, v):
    return torch.einsum("...ik,...jk->...kij", u, v)


def eigh(x, UPLO="L"):
    values, vectors = torch.linalg.eigh(x, UPLO=UPLO)
    return [values, projectors(vectors, vectors)]


def svd(x, full_matrices=True, compute_uv=True):
    # With a square matrix the full factors are the reduced ones, which PyTorch differentiates.
    if not compute_uv:
        return torch.linalg.svdvals(x)
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    return [s, projectors(u, vh.mT), projectors(u, u), projectors(vh.mT, vh.mT)]


def qr(x, mode="reduced"):
    q, r = torch.linalg.qr(x, mode="complete" if mode == "complete" else "reduced")
    return r if mode == "r" else (q, r)


def solve(x, y):
    if y.ndim == 1:
        return torch.linalg.solve(x, y[:, None])[..., 0]
    # Where the shapes allow it, PyTorch would take a matrix for several vectors.
    front = torch.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return torch.linalg.solve(x, torch.broadcast_to(y, (*front, *y.shape[-2:])))


def solve_triangular(x, y, upper, left=True, unitriangular=False):
    matrix = y[:, None] if y.ndim == 1 else y
    out = torch.linalg.solve_triangular(
        x, matrix, upper=upper, left=left, unitriangular=unitriangular
    )
    return out[..., 0] if y.ndim == 1 else out


def lstsq(x, y, rcond=None):
    m, n = x.shape
    solution = torch.linalg.pinv(x) @ y
    residuals = ((y - x @ solution) ** 2).sum(0, keepdim=y.ndim == 1)
    return [solution, residuals if m > n else residuals[..., :0], torch.linalg.svdvals(x)]


def cofactors_det(x):
    """The determinant by its definition."""
    rows, n = range(x.shape[-1]), x.shape[-1]
    total = torch.zeros_like(x[..., 0, 0])
    for order in itertools.permutations(rows):
        crossings = sum(order[i] > order[j] for i in rows for j in range(i + 1, n))
        factors = [x[..., i, j] for i, j in enumerate(order)]
        total = total + (-1) ** crossings * functools.reduce(torch.mul, factors)
    return total


def det(x):
    # At singular matrices PyTorch's has nan for a second derivative, and in single precision 0
    # for a first.
    out = torch.linalg.det(x)
    return out if (abs(out) > 0.05).all() else cofactors_det(x)


def cond(x, p=None):
    if p in (None, 2, -2):
        return torch.linalg.cond(x, p)
    # PyTorch's own writes to what its derivative needs.
    return torch.linalg.matrix_norm(x, p) * torch.linalg.matrix_norm(torch.linalg.inv(x), p)


def matrix_rank(x, tol):
    return torch.linalg.matrix_rank(x) if tol is None else torch.linalg.matrix_rank(x, tol)


def norm(x, axis=None, keepdims=False, **settings):
    return torch.linalg.norm(x, dim=axis, keepdim=keepdims, **settings)


def matrix_norm(x, keepdims=False, **settings):
    return torch.linalg.matrix_norm(x, keepdim=keepdims, **settings)


def sliding_window_view(x, window_shape, axis=None):
    lengths = window_shape if isinstance(window_shape, tuple) else (window_shape,)
    for i, length in zip(axes_of(x, axis), lengths, strict=True):
        x = x.unfold(i, length, 1)
    return x


def repeat(x, repeats, axis=None):
    repeats = torch.tensor(repeats) if isinstance(repeats, np.ndarray) else repeats
    return torch.repeat_interleave(x, repeats, axis)


def roll(x, shift, axis=None):
    if isinstance(axis, tuple) and isinstance(shift, int):
        shift = (shift,) * len(axis)
    return torch.roll(x, shift, axis)


def expand_dims(x, axis):
    axes = axis if isinstance(axis, tuple) else (axis,)
    rank = x.ndim + len(axes)
    for i in sorted(i % rank for i in axes):
        x = x.unsqueeze(i)
    return x


def rollaxis(x, axis, start=0):
    start += x.ndim * (start < 0)
    return x.movedim(axis, start - (axis % x.ndim < start))


def flip(x, axis=None):
    return torch.flip(x, axes_of(x, axis)) if axis != () else x.clone()


def delete(x, obj, axis=None):
    return moved(x, lambda flat: np.delete(flat, obj, axis))


def tensor_split(x, indices_or_sections, axis=0):
    # PyTorch's own goes back to the start where indices descend, as NumPy's does.
    return list(torch.tensor_split(x, indices_or_sections, axis))


def split_by(function):
    return lambda x, indices_or_sections: list(function(x, indices_or_sections))


def trace(x, offset=0, axis1=0, axis2=1):
    return torch.diagonal(x, offset, axis1, axis2).sum(-1)


def meshgrid(*arrays, copy=True, sparse=False, indexing="xy"):
    if not sparse:
        return list(torch.meshgrid(*arrays, indexing=indexing))
    axes = list(range(len(arrays)))
    if indexing == "xy" and len(arrays) > 1:
        axes[:2] = 1, 0
    return [
        x.reshape([-1 if i == axis else 1 for i in range(len(arrays))])
        for axis, x in zip(axes, arrays, strict=True)
    ]


def vander(x, N=None, increasing=False):
    count = len(x) if N is None else N
    powers = torch.linalg.vander(x, N=max(count, 2))[:, :count]  # PyTorch makes no fewer
    return powers if increasing else powers.flip(-1)


def full(function):
    """A function of NumPy's axis and keepdims that PyTorch has for one axis or for all."""

    def reduction(x, axis=None, keepdims=False):
        out = function(x.reshape(-1) if axis is None else x, dim=0 if axis is None else axis)
        if not keepdims:
            return out
        return out.reshape((1,) * x.ndim) if axis is None else out.unsqueeze(axis)

    return reduction


amax, amin, total = over_axes(torch.amax), over_axes(torch.amin), over_axes(torch.sum)


def by_given(x, mean, var, *parameters, eps):
    """A normalisation by given statistics, by which PyTorch's own does not differentiate."""
    mean, var, *parameters = (v.reshape(-1, *[1] * (x.ndim - 2)) for v in (mean, var, *parameters))
    out = (x - mean) / (var + eps).sqrt()
    for combine, parameter in zip((torch.mul, torch.add), parameters, strict=False):
        out = combine(out, parameter)
    return out


def batch_norm(x, *vectors, eps):
    if vectors:
        return by_given(x, *vectors, eps=eps)
    return F.batch_norm(x, None, None, training=True, eps=eps)


def instance_norm(x, *vectors, eps):
    return by_given(x, *vectors, eps=eps) if vectors else F.instance_norm(x, eps=eps)


def normalize(x, p, axis):
    return x / over_axes(torch.linalg.vector_norm)(x, axis, keepdims=True, ord=p)


def along_last(function):
    """A normalisation by the shape of the last axes, which an integer gives of one."""

    def normalization(x, normalized_shape, *parameters, eps):
        lengths = np.atleast_1d(np.asarray(normalized_shape)).tolist()
        return function(x, lengths, *parameters, eps=eps)

    return normalization


def gathered(x, kernel_size, stride, padding, dilation=1, ceil_mode=False):
    """Elements of pooling windows along a last axis, and whether they lie inside of the image."""
    rank = x.ndim - 2
    inside = torch.ones(x.shape[2:], dtype=bool)[None, None]
    stride = kernel_size if stride is None else stride
    settings = [np.broadcast_to(v, rank) for v in (kernel_size, stride, padding, dilation)]
    for axis, (k, s, p, d) in enumerate(zip(*settings, strict=True), start=2):
        length = x.shape[axis]
        span = length + 2 * p - d * (k - 1) - 1
        out = span // s + 1
        out += bool(ceil_mode and span % s and out * s < length + p)
        at = torch.tensor(s * np.arange(out)[:, None] + d * np.arange(k) - p)
        places = at.clamp(0, length - 1).reshape(-1)

        def windowed(values, axis=axis, places=places, at=at):
            return values.index_select(axis, places).unflatten(axis, at.shape).movedim(axis + 1, -1)

        valid = ((at >= 0) & (at < length)).reshape(
            *[out if i == axis else 1 for i in range(windowed(inside).ndim - 1)], k
        )
        x, inside = windowed(x), windowed(inside) & valid
    return x.flatten(2 + rank), inside.flatten(2 + rank)


def by_window(reduce, blank):
    """Pooling by a function along the last axis, which does not count what is blank."""

    def pool(x, return_indices=False, **settings):
        elements, inside = gathered(x, **settings)
        return reduce(torch.where(inside, elements, blank))

    return pool


def min_pool(function):
    def pool(x, return_indices, **settings):
        out = function(-x, return_indices=return_indices, **settings)
        return (-out[0], out[1]) if return_indices else -out

    return pool


def avg_pool(function, rank):
    def pool(x, kernel_size, dilation, divisor_override, count_include_pad, **settings):
        if divisor_override:  # PyTorch has none in one dimension
            settings |= {"kernel_size": kernel_size, "dilation": dilation}
            return by_window(lambda x: x.sum(-1), 0)(x, **settings) / divisor_override
        # PyTorch's has no dilation, and in three dimensions takes no image smaller than a window.
        if np.max(dilation) > 1 or (rank == 3 and np.any(np.greater(kernel_size, x.shape[2:]))):
            reject()
        return function(x, kernel_size, count_include_pad=count_include_pad, **settings)

    return pool


def adaptive(function):
    def pool(x, output_size, **settings):
        sizes = np.broadcast_to(np.array(output_size, object), x.ndim - 2)
        sizes = [size or length for size, length in zip(sizes, x.shape[2:], strict=True)]
        return function(x, sizes, **settings)

    return pool


def median(x):
    return torch.nanquantile(x, 0.5, -1) if x.numel() else x.sum(-1)


def lp_pool(function):
    def pool(x, norm_type, kernel_size, stride, ceil_mode):
        if x.ndim == 3:
            stride = kernel_size if stride is None else stride
            kernel_size, stride = (int(np.squeeze(v)) for v in (kernel_size, stride))
        return function(x.abs(), norm_type, kernel_size, stride, ceil_mode)

    return pool


def max_unpool(x, indices, kernel_size, stride, padding, output_size):
    rank = x.ndim - 2
    if output_size is None:
        settings = (np.broadcast_to(v, rank) for v in (kernel_size, stride, padding))
        output_size = [
            (o - 1) * s - 2 * p + k for o, k, s, p in zip(x.shape[2:], *settings, strict=True)
        ]
    out = torch.zeros(*x.shape[:2], *output_size[-rank:]).to(x)
    channel = math.prod(out.shape[2:])
    first = channel * torch.arange(math.prod(x.shape[:2])).reshape(*x.shape[:2], *[1] * rank)
    return written(out, torch.tensor(indices) + first, x)


PAIRS = {
    # Arithmetic
    "add": torch.add,
    "subtract": torch.subtract,
    "multiply": torch.multiply,
    "divide": torch.divide,
    "negative": torch.negative,
    "positive": torch.positive,
    "reciprocal": torch.reciprocal,
    "square": torch.square,
    "power": torch.pow,
    "float_power": torch.float_power,
    "absolute": torch.absolute,
    "fabs": torch.abs,
    "copysign": torch.copysign,
    "floor_divide": lambda x, y: torch.div(x, y, rounding_mode="floor"),
    "remainder": torch.remainder,
    "fmod": torch.fmod,
    "divmod": lambda x, y: (torch.div(x, y, rounding_mode="floor"), torch.remainder(x, y)),
    "modf": lambda x: (torch.frac(x), torch.trunc(x)),
    "ldexp": ldexp,
    "frexp": lambda x: tuple(torch.frexp(x)),
    "hypot": torch.hypot,
    # Elementary functions
    "exp": torch.exp,
    "exp2": torch.exp2,
    "expm1": torch.expm1,
    "log": torch.log,
    "log2": torch.log2,
    "log10": torch.log10,
    "log1p": torch.log1p,
    "logaddexp": torch.logaddexp,
    "logaddexp2": torch.logaddexp2,
    "sqrt": torch.sqrt,
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    "tanh": torch.tanh,
    "sinc": sinc,
    "i0": torch.special.i0,
    "nan_to_num": lambda x, copy, **settings: torch.nan_to_num(x, **settings),
    "real": torch.real,
    "real_if_close": torch.real,
    "conjugate": torch.conj,
    "angle": lambda x, deg: torch.rad2deg(torch.angle(x)) if deg else torch.angle(x),
    # Special functions
    "erf": torch.erf,
    "erfc": torch.erfc,
    "erfinv": torch.erfinv,
    "ndtr": torch.special.ndtr,
    "gamma": gamma,
    "gammaln": torch.special.gammaln,
    "digamma": torch.digamma,
    "polygamma": lambda n, x: torch.polygamma(int(n), x),
    "expit": torch.special.expit,
    "logit": torch.logit,
    "xlogy": torch.xlogy,
    # Trigonometric functions
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "arcsin": torch.arcsin,
    "arccos": torch.arccos,
    "arctan": torch.arctan,
    "arctan2": torch.arctan2,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "arcsinh": torch.arcsinh,
    "arccosh": torch.arccosh,
    "arctanh": torch.arctanh,
    "deg2rad": torch.deg2rad,
    "rad2deg": torch.rad2deg,
    # Rounding and limits
    "floor": torch.floor,
    "ceil": torch.ceil,
    "trunc": torch.trunc,
    "rint": torch.round,
    "round": torch.round,
    "sign": torch.sign,
    "heaviside": lambda x, y: torch.where(x == 0, y, torch.where(x < 0, 0.0, 1.0).to(y)),
    "clip": clip,
    # Selection
    "where": torch.where,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "fmax": torch.fmax,
    "fmin": torch.fmin,
    "select": select,
    "choose": choose,
    # Indexing
    "getitem": getitem,
    "setitem": setitem,
    "scatter": lambda x, index, shape: scatter_add(torch.zeros(shape).to(x), x, index),
    "scatter_add": scatter_add,
    "take": take,
    "compress": compress,
    "extract": lambda condition, x: torch.masked_select(x, condition),
    "take_along_axis": take_along_axis,
    "put_along_axis": put_along_axis,
    "piecewise": piecewise,
    "put": put,
    "place": place,
    "putmask": putmask,
    "copyto": lambda x, source, casting, where: torch.where(torch.tensor(where), source, x),
    "fill_diagonal": fill_diagonal,
    "bincount": bincount,
    # Order
    "sort": sort,
    "partition": partition,
    "topk": topk,
    # Reductions
    "sum": total,
    "mean": over_axes(torch.mean),
    "max": amax,
    "min": amin,
    "ptp": lambda x, axis, keepdims: amax(x, axis, keepdims) - amin(x, axis, keepdims),
    "prod": over_axes(torch.prod),
    "logsumexp": over_axes(torch.logsumexp),
    "nansum": over_axes(torch.nansum),
    "nanmean": over_axes(torch.nanmean),
    "nanprod": over_axes(lambda x, dim: torch.prod(without_nan(x, 1), dim)),
    "nanmax": over_axes(lambda x, dim: torch.amax(without_nan(x, -math.inf), dim)),
    "nanmin": over_axes(lambda x, dim: torch.amin(without_nan(x, math.inf), dim)),
    # Statistics
    "var": variance(torch.var),
    "std": variance(torch.std),
    "average": average,
    "cov": observations(covariance),
    "corrcoef": observations(torch.corrcoef),
    "quantile": over_axes(quantile),
    "percentile": over_axes(lambda x, q, **settings: quantile(x, np.divide(q, 100), **settings)),
    "median": over_axes(lambda x, dim: torch.quantile(x, 0.5, dim)),
    "nanquantile": over_axes(functools.partial(quantile, function=torch.nanquantile)),
    "nanpercentile": over_axes(
        lambda x, q, **settings: quantile(
            x, np.divide(q, 100), function=torch.nanquantile, **settings
        )
    ),
    "nanmedian": over_axes(lambda x, dim: torch.nanquantile(x, 0.5, dim)),
    # Cumulative functions and differences
    "cumsum": cumulative(torch.cumsum),
    "cumprod": cumulative(torch.cumprod),
    "logcumsumexp": cumulative(torch.logcumsumexp),
    "cummax": cumulative(lambda x, dim: torch.cummax(x, dim).values),
    "cummin": cumulative(lambda x, dim: torch.cummin(x, dim).values),
    "cumulative_sum": with_initial(torch.cumsum, 0),
    "cumulative_prod": with_initial(torch.cumprod, 1),
    "nancumsum": cumulative(lambda x, dim: torch.cumsum(without_nan(x, 0), dim)),
    "nancumprod": cumulative(lambda x, dim: torch.cumprod(without_nan(x, 1), dim)),
    "diff": diff,
    "ediff1d": ediff1d,
    "gradient": gradient,
    "trapezoid": trapezoid,
    # Shapes
    "reshape": lambda x, shape: x.reshape(shape),
    "ravel": torch.ravel,
    "flatten": torch.flatten,
    "squeeze": squeeze,
    "expand_dims": expand_dims,
    "transpose": transpose,
    "matrix_transpose": lambda x: x.mT,
    "swapaxes": lambda x, axis1, axis2: torch.swapaxes(x, axis1, axis2),
    "moveaxis": torch.moveaxis,
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "broadcast_arrays": torch.broadcast_tensors,
    "sum_to": lambda x, shape: x.sum_to_size(shape),
    "atleast_1d": torch.atleast_1d,
    "atleast_2d": torch.atleast_2d,
    "atleast_3d": torch.atleast_3d,
    "rollaxis": rollaxis,
    "astype": lambda x, dtype: x.to(torch.float64),
    "copy": torch.clone,
    # Joining, splitting, repeating, turning
    "concatenate": concatenate,
    "append": lambda x, values, axis=None: concatenate([x, values], axis),
    "stack": lambda arrays, axis=0: torch.stack(arrays, axis),
    "hstack": torch.hstack,
    "vstack": torch.vstack,
    "dstack": torch.dstack,
    "column_stack": torch.column_stack,
    "block": lambda arrays: torch.cat(torch.atleast_1d(arrays), -1),
    "delete": delete,
    "array_split": tensor_split,
    "split": tensor_split,
    "hsplit": split_by(torch.hsplit),
    "vsplit": split_by(torch.vsplit),
    "dsplit": split_by(torch.dsplit),
    "unstack": lambda x, axis=0: list(torch.unbind(x, axis)),
    "pad": pad,
    "repeat": repeat,
    "tile": lambda x, reps: torch.tile(x, reps if isinstance(reps, tuple) else (reps,)),
    "flip": flip,
    "fliplr": torch.fliplr,
    "flipud": torch.flipud,
    "roll": roll,
    "rot90": lambda x, k, axes: torch.rot90(x, k, axes),
    "fftshift": lambda x, axes: torch.fft.fftshift(x, axes_of(x, axes)),
    "ifftshift": lambda x, axes: torch.fft.ifftshift(x, axes_of(x, axes)),
    "meshgrid": meshgrid,
    # Diagonals and triangles
    "diagonal": lambda x, offset, axis1, axis2: torch.diagonal(x, offset, axis1, axis2),
    "diag": lambda x, k: torch.diag(x, k),
    "diagflat": lambda x, k: torch.diagflat(x, k),
    "trace": trace,
    "tril": lambda x, k: torch.tril(x if x.ndim > 1 else x.expand(len(x), len(x)), k),
    "triu": lambda x, k: torch.triu(x if x.ndim > 1 else x.expand(len(x), len(x)), k),
    "vander": vander,
    # Products
    "linear": F.linear,
    "matmul": torch.matmul,
    "dot": dot,
    "inner": inner,
    "outer": lambda x, y: torch.outer(x.reshape(-1), y.reshape(-1)),
    "vdot": lambda x, y: torch.vdot(x.reshape(-1), y.reshape(-1)),
    "tensordot": tensordot,
    "kron": torch.kron,
    "vecdot": vecdot,
    "matvec": lambda x, y: (x @ y[..., None])[..., 0],
    "vecmat": lambda x, y: (x[..., None, :] @ y)[..., 0, :],
    "cross": cross,
    "einsum": einsum,
    "convolve": convolve,
    "correlate": correlate,
    "polymul": convolve,
    "polyval": polyval,
    # Linear algebra
    "linalg.cholesky": symmetric(torch.linalg.cholesky),
    "linalg.qr": qr,
    "linalg.eigh": symmetric(eigh),
    "linalg.eigvalsh": symmetric(torch.linalg.eigvalsh),
    "linalg.svd": svd,
    "linalg.svdvals": torch.linalg.svdvals,
    "linalg.inv": torch.linalg.inv,
    "linalg.solve": solve,
    "linalg.solve_triangular": solve_triangular,
    "linalg.pinv": torch.linalg.pinv,
    "linalg.lstsq": lstsq,
    "linalg.tensorinv": torch.linalg.tensorinv,
    "linalg.tensorsolve": lambda x, y, axes=None: torch.linalg.tensorsolve(x, y, dims=axes),
    "linalg.det": det,
    "linalg.diagonal": lambda x, offset: torch.diagonal(x, offset, -2, -1),
    "linalg.trace": lambda x, offset: torch.diagonal(x, offset, -2, -1).sum(-1),
    "linalg.slogdet": lambda x: tuple(torch.linalg.slogdet(x)),
    "linalg.matrix_power": torch.linalg.matrix_power,
    "linalg.multi_dot": torch.linalg.multi_dot,
    "linalg.expm": torch.linalg.matrix_exp,
    "linalg.norm": norm,
    "linalg.vector_norm": over_axes(torch.linalg.vector_norm),
    "linalg.matrix_norm": matrix_norm,
    "linalg.cond": cond,
    # Networks
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "softmax": in_place_of_axes(torch.softmax),
    "log_softmax": in_place_of_axes(torch.log_softmax),
    "softmin": in_place_of_axes(F.softmin),
    "step": lambda x: torch.heaviside(x.detach(), torch.zeros(()).to(x)) + 0 * x,
    "glu": lambda x, axis: F.glu(x, axis),
    "maxout": lambda x, pieces, axis: x.unflatten(axis, (-1, pieces)).amax(axis % x.ndim + 1),
    "leaky_relu": F.leaky_relu,
    "prelu": prelu,
    "elu": F.elu,
    "selu": F.selu,
    # PyTorch takes 1 / alpha, and the slope 1 / 6, in single precision.
    "celu": lambda x, alpha: alpha * F.elu(x / alpha),
    "hardtanh": F.hardtanh,
    "relu6": F.relu6,
    "hardsigmoid": lambda x: F.relu6(x + 3) / 6,
    "hardswish": F.hardswish,
    "threshold": F.threshold,
    "hardshrink": F.hardshrink,
    "softshrink": F.softshrink,
    "softplus": F.softplus,
    "logsigmoid": F.logsigmoid,
    "silu": F.silu,
    "gelu": F.gelu,
    "mish": F.mish,
    "softsign": F.softsign,
    "tanhshrink": F.tanhshrink,
    **{
        name: with_weights(getattr(F, name))
        for name in (
            *("cross_entropy", "nll_loss", "multilabel_soft_margin_loss"),
            *("binary_cross_entropy", "binary_cross_entropy_with_logits"),
            *("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"),
        )
    },
    "multi_margin_loss": with_weights(multi_margin_loss),
    "multilabel_margin_loss": multilabel_margin_loss,
    "soft_margin_loss": soft_margin_loss,
    "kl_div": F.kl_div,
    "poisson_nll_loss": F.poisson_nll_loss,
    "gaussian_nll_loss": gaussian_nll_loss,
    "cosine_similarity": lambda x1, x2, axis: F.cosine_similarity(x1, x2, axis),
    "pairwise_distance": lambda x1, x2, p, eps, keepdims: F.pairwise_distance(
        x1, x2, p, eps, keepdims
    ),
    "hinge_embedding_loss": F.hinge_embedding_loss,
    "cosine_embedding_loss": F.cosine_embedding_loss,
    "margin_ranking_loss": F.margin_ranking_loss,
    "triplet_margin_loss": F.triplet_margin_loss,
    "triplet_margin_with_distance_loss": triplet_margin_with_distance_loss,
    "attention_weights": attention_weights,
    "embedding": F.embedding,
    **{f"conv{rank}d": conv(rank) for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": getattr(F, f"conv_transpose{rank}d") for rank in (1, 2, 3)},
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "group_norm": F.group_norm,
    "layer_norm": along_last(F.layer_norm),
    "rms_norm": along_last(F.rms_norm),
    "local_response_norm": F.local_response_norm,
    "normalize": normalize,
    "interpolate": interpolate,
    "pixel_shuffle": not_empty(torch.pixel_shuffle),
    "pixel_unshuffle": not_empty(torch.pixel_unshuffle),
    "channel_shuffle": torch.channel_shuffle,
    **{
        f"{name}{rank}d": pair
        for rank in (1, 2, 3)
        for name, pair in {
            "max_pool": getattr(F, f"max_pool{rank}d"),
            "min_pool": min_pool(getattr(F, f"max_pool{rank}d")),
            "median_pool": by_window(median, math.nan),
            "sum_pool": by_window(lambda x: x.sum(-1), 0),
            "avg_pool": avg_pool(getattr(F, f"avg_pool{rank}d"), rank),
            "lp_pool": lp_pool(getattr(F, f"lp_pool{rank}d")),
            "adaptive_max_pool": adaptive(getattr(F, f"adaptive_max_pool{rank}d")),
            "adaptive_avg_pool": adaptive(getattr(F, f"adaptive_avg_pool{rank}d")),
            "max_unpool": max_unpool,
        }.items()
    },
    "global_avg_pool": lambda x: x.mean([*range(2, x.ndim)], keepdim=True),
    "global_max_pool": lambda x: x.amax([*range(2, x.ndim)], keepdim=True),
    "im2col": im2col,
    "col2im": col2im,
    "unfold": unfold,
    "fold": fold,
    "sliding_window_view": sliding_window_view,
}

# Functions whose results have no derivative.
VALUES_ONLY = {
    "one_hot": F.one_hot,
    "equal": torch.eq,
    "not_equal": torch.ne,
    "less": torch.lt,
    "less_equal": torch.le,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
    "logical_not": torch.logical_not,
    "bitwise_and": torch.bitwise_and,
    "bitwise_or": torch.bitwise_or,
    "bitwise_xor": torch.bitwise_xor,
    "invert": torch.bitwise_not,
    "gcd": torch.gcd,
    "lcm": torch.lcm,
    "isnan": torch.isnan,
    "isinf": torch.isinf,
    "isfinite": torch.isfinite,
    "isposinf": torch.isposinf,
    "isneginf": torch.isneginf,
    "isreal": torch.isreal,
    "iscomplexobj": torch.is_complex,
    "array_equal": torch.equal,
    "isclose": lambda x, y: torch.isclose(*torch.broadcast_tensors(x, y)),
    "signbit": torch.signbit,
    "nextafter": torch.nextafter,
    "any": over_axes(torch.any),
    "all": over_axes(torch.all),
    "argmax": full(torch.argmax),
    "argmin": full(torch.argmin),
    "count_nonzero": over_axes(torch.count_nonzero),
    "nonzero": lambda x: torch.nonzero(x, as_tuple=True),
    "flatnonzero": lambda x: torch.nonzero(x.reshape(-1))[:, 0],
    "argwhere": torch.argwhere,
    "zeros_like": torch.zeros_like,
    "ones_like": torch.ones_like,
    "size": torch.numel,
    "argsort": argsort,
    "searchsorted": lambda a, v, side: torch.searchsorted(a, v, side=side),
    "unique_values": torch.unique,
    "unique_counts": lambda x: torch.unique(x, return_counts=True),
    "unique_inverse": lambda x: torch.unique(x, return_inverse=True),
    "isin": lambda x, test, assume_unique, invert: torch.isin(x, test, invert=invert),
    "linalg.matrix_rank": matrix_rank,
}
