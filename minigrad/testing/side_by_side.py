"""Gradients beside each other: those derived by hand, and measured or exact ones."""

from __future__ import annotations

import importlib
import inspect
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..tensor import Tensor
from .cases import Settings, examine
from .diagnosis import Evidence, diagnose
from .gradient_comparison import Compared, GradientComparison
from .judging import RTOL
from .reports import Diagnosis, Element
from .subjects import Pullback, Subject, function_name

Array: TypeAlias = np.ndarray[Any, Any]

# Below this, a difference is not made relative (as in CS231n's notes).
SMALLEST = 1e-8


def compare_gradients(
    mine: Mapping[str, Any],
    other: Callable[..., Any] | Mapping[str, Any],
    inputs: Mapping[str, Any] | None = None,
    *,
    rtol: float | None = None,
    atol: float = 0.0,
) -> GradientComparison:
    """Put gradients that are derived by hand beside measured or exact ones.

    Parameters
    ----------
    mine : mapping
        The gradients by name; a "d" before the name may be there or not.
    other : callable or mapping
        A function that returns the loss, a number: it is called as ``other(**inputs)``, or as
        ``other(inputs)`` if that is not possible, and the gradients are measured from its values.
        Or the exact gradients by name: arrays, tensors of minigrad or PyTorch, and arrays of JAX;
        a tensor that has a ``grad`` stands for that.
    inputs : mapping, optional
        What the function takes; `mine` may have the gradients of a few of these. They become
        float64; where a tensor is given, the function gets a tensor.
    rtol : float, optional
        By how much gradients may differ, relative to their size; by default by a few of the last
        half of the digits. Measured ones may differ by their own error besides.
    atol : float, optional
        By how much they may differ in any case.

    Returns
    -------
    GradientComparison

    Raises
    ------
    ValueError
        If a gradient has no counterpart, or the loss is no number.

    Examples
    --------
    >>> from minigrad.testing.side_by_side import compare_gradients
    >>> x, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([1.0, -1.0])
    >>> def loss(w, b):
    ...     return np.mean((x @ w + b - y) ** 2)
    >>> w, b = np.array([0.5, -0.5]), 0.25
    >>> difference = x @ w + b - y
    >>> dw, db = 2 * x.T @ difference / 2, 2 * np.sum(difference)
    >>> print(compare_gradients({"dw": dw, "db": db}, loss, {"w": w, "b": b}))
    dw   | exact: False | approximate: True  | max difference: ...
    db   | exact: False | approximate: False | max difference: 1 | relative: 0.333 | worst at []: \
-2, measured -1
    db: It is 2 times the right gradient everywhere: ...
    >>> print(compare_gradients({"dw": dw}, {"w": dw}))
    dw   | exact: True  | approximate: True  | max difference: 0
    """
    if not mine:
        raise ValueError("compare_gradients: there are no gradients to compare")
    if isinstance(other, Mapping):
        if inputs is not None:
            raise ValueError(
                "compare_gradients: inputs are for a function, not for exact gradients"
            )
        return _with_exact(mine, other, rtol, atol)
    if inputs is None:
        raise TypeError(
            "compare_gradients: expected compare_gradients(mine, loss, inputs) with a function "
            "and a dict of its inputs, or compare_gradients(mine, exact) with a dict of gradients"
        )
    return _with_measured(mine, other, inputs, RTOL if rtol is None else rtol, atol)


def _with_exact(
    mine: Mapping[str, Any], exact: Mapping[str, Any], rtol: float | None, atol: float
) -> GradientComparison:
    names = _counterparts(mine, exact)
    gradients = {name: _array(mine[name]) for name in names}
    others = {name: _gradient_of(key, exact[key]) for name, key in names.items()}
    rows, diagnosis = [], []
    for name, gradient in gradients.items():
        other = others[name]
        if gradient.shape == other.shape:
            part = _part(gradient, other) if rtol is None else rtol
            margins = _margins(gradient, other, part, atol)
            rows.append(_compared(name, gradient, other, margins, bool(np.all(margins <= 1))))
        else:
            rows.append(_of_other_shape(name, gradient))
        if not rows[-1].approximate:
            nothing = np.zeros_like(other)
            diagnosis += _diagnosed(name, gradient, others, nothing, nothing)
    return GradientComparison(tuple(rows), "exact", tuple(diagnosis))


def _part(mine: Array, other: Array) -> float:
    """How much gradients of so many digits may differ, relative to their size."""
    eps = float(max(np.finfo(mine.dtype).eps, np.finfo(other.dtype).eps))
    return max(min(10 * math.sqrt(eps), 1e-3), 10 * eps)


def _margins(mine: Array, other: Array, rtol: float, atol: float) -> Array:
    """How much of the tolerance each difference takes, nan where it cannot be told."""
    sizes = np.maximum(np.abs(mine), np.abs(other))
    largest = np.max(sizes, where=np.isfinite(sizes), initial=0.0)
    tolerance = atol + rtol * sizes + rtol / 10 * largest
    with np.errstate(all="ignore"):
        same = (mine == other) | (np.isnan(mine) & np.isnan(other))
        return np.where(same, 0.0, np.abs(mine - other) / tolerance)


def _diagnosed(
    name: str, mine: Array, right: Mapping[str, Array], error: Array, value: Array
) -> list[Diagnosis]:
    """What may be wrong with the gradient of a loss, from what is right for all inputs."""
    evidence = Evidence(
        value=value,
        output=np.zeros(()),
        cotangent=np.ones(()),
        returned=np.asarray(mine, dtype=np.float64),
        expected=np.asarray(right[name], dtype=np.float64),
        error=error,
        others={other: gradient for other, gradient in right.items() if other != name},
        parameter=name,
    )
    return [Diagnosis(known.kind, known.text, name) for known in diagnose(evidence)]


def _with_measured(
    mine: Mapping[str, Any],
    f: Callable[..., Any],
    inputs: Mapping[str, Any],
    rtol: float,
    atol: float,
) -> GradientComparison:
    names = _counterparts(mine, inputs)
    gradients = {name: _array(mine[name]) for name in names}
    values = {name: np.array(_array(inputs[key]), dtype=np.float64) for name, key in names.items()}
    name_of_f = function_name(f)
    by_keyword = _takes(f, inputs)
    # There is nothing to compare with a gradient of another shape, but its input is measured.
    pulled = [
        gradients[n] if gradients[n].shape == values[n].shape else np.full_like(values[n], np.nan)
        for n in names
    ]

    def evaluate(moved: Sequence[Array]) -> list[Array]:
        given = dict(inputs)
        for key, array in zip(names.values(), moved, strict=True):
            given[key] = _like(inputs[key], array)
        loss = f(**given) if by_keyword else f(given)
        if isinstance(loss, tuple | list | dict):
            raise ValueError(
                f"compare_gradients: {name_of_f} returned a {type(loss).__name__}, expected the "
                "loss, a number"
            )
        found = _array(loss)
        if found.size != 1:
            raise ValueError(
                f"compare_gradients: {name_of_f} returned an array of shape {found.shape}, "
                "expected the loss, a number"
            )
        return [np.array(found, dtype=np.float64).reshape(())]

    def linearize(moved: Sequence[Array]) -> tuple[list[Array], Pullback]:
        return evaluate(moved), lambda cotangents: [cotangents[0] * g for g in pulled]

    subject = Subject(name_of_f, list(names), list(values.values()), evaluate, linearize)
    report = examine(subject, 1, Settings(fast=False, rtol=rtol, atol=atol))
    elements = {n: [e for e in report.elements if e.parameter == n] for n in names}
    measured = {
        n: np.array([_measured(e) for e in elements[n]]).reshape(values[n].shape) for n in names
    }
    rows, diagnosis = [], []
    for name, gradient in gradients.items():
        if gradient.shape == values[name].shape:
            margins = np.array([e.margin for e in elements[name]])
            passes = all(map(report.passes, elements[name]))
            rows.append(_compared(name, gradient, measured[name], margins, passes))
        else:
            rows.append(_of_other_shape(name, gradient))
        if not rows[-1].approximate and report.verdict != "nondeterministic":
            error = np.array([e.tolerance for e in elements[name]]).reshape(values[name].shape)
            diagnosis += _diagnosed(name, gradient, measured, error, values[name])
    return GradientComparison(tuple(rows), "measured", tuple(diagnosis), report.notes, report)


def _measured(element: Element) -> float:
    """The slope that was measured; at a kink, the nearest of those between both sides."""
    if element.verdict != "kink":
        return float(element.numeric)
    low, high = sorted((element.left, element.right))
    return float(min(max(element.analytic, low), high))


def _compared(name: str, mine: Array, other: Array, margins: Array, passes: bool) -> Compared:
    if not mine.size:
        return Compared(name, mine.shape, True, passes, 0.0, 0.0, (), np.nan, np.nan)
    with np.errstate(all="ignore"):
        difference = np.abs(mine - other)
        relative = difference / np.maximum(SMALLEST, np.abs(mine) + np.abs(other))
    position = int(np.argmax(np.nan_to_num(margins, nan=np.inf, posinf=np.inf)))
    worst = tuple(map(int, np.unravel_index(position, mine.shape)))
    return Compared(
        name,
        mine.shape,
        bool(np.array_equal(mine, other)),
        passes,
        float(np.max(difference)),
        float(np.max(relative)),
        worst,
        float(mine[worst]),
        float(other[worst]),
    )


def _of_other_shape(name: str, mine: Array) -> Compared:
    nan = float("nan")
    return Compared(name, mine.shape, False, False, nan, nan, (), nan, nan)


# What is given


def _counterparts(mine: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, str]:
    """The name that each gradient has among the others, perhaps with or without a "d"."""
    found = {}
    for name in mine:
        keys = [key for key in (name, name.removeprefix("d"), f"d{name}") if key in others]
        if not keys:
            raise ValueError(
                f"compare_gradients: there is nothing to compare {name!r} with; there are: "
                f"{', '.join(map(repr, others)) or 'none'}"
            )
        found[name] = keys[0]
    return found


def _array(value: Any) -> Array:
    """An array of floating numbers, of one's own."""
    if isinstance(value, Tensor):
        value = value.numpy()
    elif hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    array = np.array(value)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _gradient_of(name: str, value: Any) -> Array:
    """The gradient that a tensor has, or what is a gradient itself."""
    if not getattr(value, "requires_grad", False):
        return _array(value)
    with warnings.catch_warnings():
        # Where no gradient is kept, the tensor itself is one that was recorded.
        warnings.simplefilter("ignore", UserWarning)
        gradient = value.grad
    if gradient is None and not value.is_leaf:
        return _array(value)
    if gradient is None:
        raise ValueError(
            f"compare_gradients: {name} is a tensor without a gradient; call backward first"
        )
    return _array(gradient)


def _like(given: Any, array: Array) -> Any:
    """The array as what was given: a tensor, an array or a number."""
    if isinstance(given, Tensor):
        return Tensor(array.copy())
    if hasattr(given, "detach"):
        return importlib.import_module("torch").from_numpy(array.copy())
    return array.copy() if array.ndim or isinstance(given, np.ndarray) else array[()]


def _takes(f: Callable[..., Any], inputs: Mapping[str, Any]) -> bool:
    """Whether a function can be called with these inputs by keyword."""
    try:
        inspect.signature(f).bind(**inputs)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True
