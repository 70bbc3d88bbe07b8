"""Comparing the derivatives of a function with finite differences of its values."""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..autograd import enable_grad
from ..ops import zeros_like
from ..tensor import Tensor
from ..transforms import grad

Vector = np.ndarray[Any, np.dtype[np.float64]]

# The largest step relative to the size of the element, and what takes its place while the
# differences do not converge: the function may bend sharply, have a kink or end nearby.
STEPS = (1e-2, 1e-4, 1e-6)
# Each estimate is made of three steps, each a quarter of the last.
SHRINK = 4.0
# What two extrapolations differ by is only the order of their error.
SAFETY = 10.0
# How many times the tolerance of the caller the estimated error may be: beyond, nothing is judged.
IMPRECISE = 1e3

# Why a derivative cannot be judged, and what to do.
OUTSIDE = "\n  the values a step away are not finite: check at a point further inside of the domain"
DIVERGING = (
    "\n  the differences of shrinking steps do not converge: there may be a kink or a jump nearby, "
    "or the values may be noisy"
)
COARSE = (
    "\n  it is lost in the rounding of large values: check the function without the large terms "
    "that do not change"
)


class GradientError(AssertionError):
    """A derivative that disagrees with finite differences, or that they cannot judge.

    Attributes
    ----------
    function, parameter : str
        Names of the function and of its parameter.
    index : tuple of int
        The element of the input.
    analytic, numeric, tolerance : float
        The derivative by that element as computed and as measured, and how much they may differ.
        Where nothing could be measured, `numeric` and `tolerance` are nan.
    """

    def __init__(
        self,
        message: str,
        *,
        function: str,
        parameter: str,
        index: tuple[int, ...],
        analytic: float,
        numeric: float,
        tolerance: float,
    ) -> None:
        super().__init__(message)
        self.function = function
        self.parameter = parameter
        self.index = index
        self.analytic = analytic
        self.numeric = numeric
        self.tolerance = tolerance


def gradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    order: int = 1,
    seed: int = 0,
    rtol: float = 1e-6,
    atol: float = 1e-9,
) -> bool:
    """Check the derivatives of a function against finite differences.

    Parameters
    ----------
    f : callable
        Takes the inputs as tensors and returns a tensor or a sequence of tensors. It must give the
        same values every time.
    *inputs : array_like or Tensor
        Where to check. Floating ones, Python floats included, are converted to float64 and checked;
        all others are passed as they are.
    order : int
        The highest order of derivative to check; each lower one is checked first.
    seed : int
        For the random gradient of the outputs that is propagated back.
    rtol, atol : float
        How far apart the two derivatives may be, relative and absolute, beyond the error that the
        measurement estimates for itself.

    Returns
    -------
    bool
        True.

    Raises
    ------
    GradientError
        If a derivative is wrong, or if the measured one is too imprecise to tell. It names the
        function, the input, the index of the worst element, both values and the tolerance.
    ValueError
        If nothing is to be checked, `f` is not deterministic, its values are not finite, or it
        writes to what it is given.
    TypeError
        If `f` does not return tensors.

    Notes
    -----
    The outputs are contracted with random numbers of both signs, all different; a uniform gradient
    would hide every error that a sum cancels. The contraction is differenced by each element with
    central differences of three steps, extrapolated to step zero (Richardson), which also gives the
    estimate of the error. Where that does not converge, as next to a kink, it is tried again with
    steps a hundred times smaller, and ten thousand times.

    The arrays of the inputs, and of the gradient that is propagated back, are read-only, so that an
    op that writes to them is found.

    Order n + 1 checks the gradient itself as a function of the inputs and of the gradient that is
    propagated back.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.gradcheck(mg.tanh, [0.1, 0.2], order=2)
    True
    >>> @mg.op
    ... def square(x):
    ...     return x * x, lambda g: g * x
    >>> mg.gradcheck(square, [3.0])
    Traceback (most recent call last):
        ...
    minigrad.testing.checker.GradientError: square: wrong derivative by 'x' at index (0,)
    (of the outputs times random numbers)
      analytic   3.4108851
      numeric    6.8217701
      tolerance  6.8e-06
    """
    if order < 1:
        raise ValueError(f"gradcheck: order is at least 1, got {order}")
    values = [_as_input(value) for value in inputs]
    if not any(map(_is_checked, values)):
        raise ValueError(
            "gradcheck: no input is floating, so there is nothing to check; write 1.0 for 1"
        )
    names = _input_names(f, len(values))
    _check(f, _function_name(f), values, names, order, np.random.default_rng(seed), rtol, atol)
    return True


def _check(
    f: Callable[..., Any],
    name: str,
    values: Sequence[Any],
    names: Sequence[str],
    order: int,
    rng: np.random.Generator,
    rtol: float,
    atol: float,
) -> None:
    outputs = _outputs(f, name, _tracked(values))
    if not outputs:
        raise ValueError(f"gradcheck: {name} returned nothing floating, so there is no derivative")
    if not all(np.all(np.isfinite(output.numpy())) for output in outputs):
        raise ValueError(f"gradcheck: {name} returned values that are not finite")
    cotangents = [_random_like(output, rng) for output in outputs]
    contract = _contraction(f, name, cotangents)
    if contract(values) != contract(values):
        raise ValueError(
            f"gradcheck: {name} returned different values for the same input; draw its random "
            "numbers outside, or from a generator that it makes anew with a fixed seed"
        )

    computed = {name: _gradients(f, name, values, cotangents)}
    if order > 1:
        # A rule that runs again on tensors may take another path there.
        again = f"{name} with create_graph=True"
        computed[again] = _gradients(f, name, values, cotangents, create_graph=True)
    for position, value in enumerate(values):
        if not _is_checked(value):
            continue
        measured = _measured(contract, values, position, rtol, atol)
        for what, gradients in computed.items():
            _compare(what, names[position], gradients[position], measured, rtol, atol)

    if order > 1:
        count = len(values)

        def gradient(*args: Any) -> list[Tensor]:
            outputs = _outputs(f, name, args[:count])
            inputs = [a for a in args[:count] if isinstance(a, Tensor) and a.requires_grad]
            found = _grad(outputs, inputs, args[count:], create_graph=True)
            return [zeros_like(t) if g is None else g for g, t in zip(found, inputs, strict=True)]

        _check(
            gradient,
            f"gradient of {name}",
            [*values, *cotangents],
            [*names, *(f"gradient of output {i}" for i in range(len(outputs)))],
            order - 1,
            rng,
            rtol,
            atol,
        )


def _compare(
    name: str,
    parameter: str,
    analytic: Vector,
    measured: Measurement,
    rtol: float,
    atol: float,
) -> None:
    """Raise for the worst element if it is wrong, or else if it cannot be judged."""
    if not analytic.size:
        return
    numeric, error = measured.slope, measured.error
    allowed = atol + rtol * np.maximum(np.abs(analytic), np.abs(numeric))
    tolerance = allowed + error
    with np.errstate(invalid="ignore"):
        excess = np.abs(analytic - numeric) / tolerance
    # A derivative that is not finite agrees with nothing; without a measured one, nothing is wrong.
    excess = np.where(np.isfinite(excess), excess, np.inf)
    excess = np.where(np.isinf(error), 0.0, excess)
    # By rounding the error is as large for a small derivative, or for zero, as for a large one: it
    # is compared with the largest of the input. What agrees in every digit needs no tolerance.
    coarse = (error > IMPRECISE * np.max(allowed)) & (analytic != numeric)

    unclear = "cannot judge the derivative"
    for concerned, severity, verdict, advice in (
        (excess > 1, excess, "wrong derivative", ""),
        (np.isinf(error), error, unclear, OUTSIDE),
        (measured.is_doubtful(rtol, atol), error / allowed, unclear, DIVERGING),
        (coarse, error / allowed, unclear, COARSE),
    ):
        if not concerned.any():
            continue
        worst = int(np.argmax(np.where(concerned, severity, 0.0)))
        index = tuple(int(i) for i in np.unravel_index(worst, analytic.shape))
        raise GradientError(
            f"{name}: {verdict} by {parameter!r} at index {index}\n"
            "(of the outputs times random numbers)\n"
            f"  analytic   {analytic[index]:.8g}\n"
            f"  numeric    {numeric[index]:.8g}\n"
            f"  tolerance  {tolerance[index]:.2g}{advice}",
            function=name,
            parameter=parameter,
            index=index,
            analytic=float(analytic[index]),
            numeric=float(numeric[index]),
            tolerance=float(tolerance[index]),
        )


# The analytic side


def _gradients(
    f: Callable[..., Any],
    name: str,
    values: Sequence[Any],
    cotangents: Sequence[Vector],
    create_graph: bool = False,
) -> list[Vector]:
    arguments = _tracked(values)
    outputs = _outputs(f, name, arguments)
    given = [_read_only(Tensor(cotangent)) for cotangent in cotangents]
    with _no_writing(name, "its input, or to the gradient that a closure is given"):
        found = iter(_grad(outputs, arguments, given, create_graph))
    # An input without influence on the graph has a gradient of zero, which the values must confirm.
    return [
        np.zeros(()) if not _is_checked(value) else _or_zeros(next(found), value)
        for value in values
    ]


def _grad(
    outputs: Sequence[Tensor],
    arguments: Sequence[Any],
    cotangents: Sequence[Any],
    create_graph: bool = False,
) -> Sequence[Tensor | None]:
    inputs = [a for a in arguments if isinstance(a, Tensor) and a.requires_grad]
    connected = [pair for pair in zip(outputs, cotangents, strict=True) if pair[0].requires_grad]
    if not connected:
        return [None] * len(inputs)
    return grad(
        [output for output, _ in connected],
        inputs,
        [cotangent for _, cotangent in connected],
        create_graph=create_graph,
        allow_unused=True,
    )


def _or_zeros(gradient: Tensor | None, value: Vector) -> Vector:
    return np.zeros_like(value) if gradient is None else gradient.numpy()


# The numeric side


def _contraction(
    f: Callable[..., Any], name: str, cotangents: Sequence[Vector]
) -> Callable[[Sequence[Any]], tuple[float, float]]:
    """Return the sum of the outputs times the cotangents, and of its absolute terms."""

    def contract(values: Sequence[Any]) -> tuple[float, float]:
        total = size = 0.0
        for output, cotangent in zip(_outputs(f, name, _tracked(values)), cotangents, strict=True):
            terms = output.numpy() * cotangent
            total += float(np.sum(terms))
            size += float(np.sum(np.abs(terms)))
        return total, size

    return contract


class Measurement(NamedTuple):
    """A derivative as measured: of one element, or arrays for those of an input."""

    slope: Any
    doubt: Any  # error by which the differences of shrinking steps seem not to have converged
    rounding: Any  # error of the values by rounding, divided by the step

    @property
    def error(self) -> Any:
        """The estimate of the whole error; infinite where nothing could be measured."""
        return self.doubt + self.rounding

    def is_doubtful(self, rtol: float, atol: float) -> Any:
        """Whether the doubt is too large, and more than rounding explains."""
        allowed = atol + rtol * np.abs(self.slope)
        return ~np.less_equal(self.doubt, IMPRECISE * allowed + SAFETY * self.rounding)


def _measured(
    contract: Callable[[Sequence[Any]], tuple[float, float]],
    values: Sequence[Any],
    position: int,
    rtol: float,
    atol: float,
) -> Measurement:
    """Measure the derivatives by each element of one input."""
    value: Vector = values[position]

    def moved(index: tuple[int, ...], offset: float) -> tuple[float, float]:
        there = value.copy()
        there[index] += offset
        return contract([*values[:position], there, *values[position + 1 :]])

    middle, _ = contract(values)
    found = np.zeros((3, *value.shape))
    # A step may leave the domain of the function; that is no fault of the input.
    with np.errstate(all="ignore"):
        for index in np.ndindex(value.shape):
            scale = max(abs(float(value[index])), 0.1)
            found[:, *index] = _slope(functools.partial(moved, index), middle, scale, rtol, atol)
    return Measurement(*found)


def _slope(
    moved: Callable[[float], tuple[float, float]],
    middle: float,
    scale: float,
    rtol: float,
    atol: float,
) -> Measurement:
    """Measure the derivative by one element with the largest steps that suffice."""
    best = Measurement(np.nan, np.inf, 0.0)
    changed_sides = 0
    for largest in STEPS:
        steps = [largest * scale / SHRINK**shrunk for shrunk in range(3)]
        ups, downs = ([moved(sign * step) for step in steps] for sign in (1.0, -1.0))
        previously = changed_sides
        changed_sides = sum(any(total != middle for total, _ in side) for side in (ups, downs))
        # Values that change on both sides, but not close by, are steps of a staircase: rounded.
        if previously == 2 and not changed_sides:
            break
        measurement = _converged(steps, ups, downs, middle)
        # A smaller step brings more rounding; only one that gets free of a kink is far better.
        if measurement.error < best.error / 10:
            best = measurement
        if not best.is_doubtful(rtol, atol):
            break
    return best


def _converged(
    steps: Sequence[float],
    ups: Sequence[tuple[float, float]],
    downs: Sequence[tuple[float, float]],
    middle: float,
) -> Measurement:
    """Extrapolate the differences of three steps up and down to a step of zero."""
    slopes, bends = [], []
    for step, (up, _), (down, _) in zip(steps, ups, downs, strict=True):
        slopes.append((up - down) / (2 * step))
        bends.append((up - 2 * middle + down) / (2 * step))
    # The error of a central difference is a series in even powers of the step.
    slope, change = _extrapolated(slopes, 2, 4)
    # The slopes on both sides differ by odd powers, and at a kink by a constant.
    kink, _ = _extrapolated(bends, 1, 3)
    doubt = SAFETY * (change + abs(kink))
    _, size = ups[-1]
    rounding = 4 * float(np.finfo(float).eps) * size / steps[-1]
    if not np.isfinite(doubt + rounding):
        return Measurement(np.nan, np.inf, 0.0)
    return Measurement(slope, doubt, rounding)


def _extrapolated(terms: Sequence[float], *powers: int) -> tuple[float, float]:
    """Three terms at shrinking steps without two powers of the step, and how much is in doubt."""
    first, second = (SHRINK**power for power in powers)
    early, late = ((first * b - a) / (first - 1) for a, b in itertools.pairwise(terms))
    best = (second * late - early) / (second - 1)
    return best, abs(best - late)


# Arguments


def _as_input(value: Any) -> Any:
    if isinstance(value, Tensor):
        value = value.numpy()
    elif isinstance(value, (list, tuple)):
        value = np.asarray(value)
    if isinstance(value, (float, np.floating)) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f"
    ):
        return np.array(value, dtype=np.float64)
    return value


def _is_checked(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float64


def _tracked(values: Sequence[Any]) -> list[Any]:
    return [
        _read_only(Tensor(value, requires_grad=_is_checked(value)))
        if isinstance(value, np.ndarray)
        else value
        for value in values
    ]


def _read_only(tensor: Tensor) -> Tensor:
    """Protect the array itself, which rules and closures are given."""
    tensor._value.flags.writeable = False
    return tensor


@contextlib.contextmanager
def _no_writing(name: str, what: str) -> Iterator[None]:
    """Say who writes, where NumPy only says that an array is read-only."""
    try:
        yield
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise ValueError(
            f"gradcheck: {name} writes to {what}; others may hold that array, so compute a new one"
        ) from error


def _outputs(f: Callable[..., Any], name: str, arguments: Sequence[Any]) -> list[Tensor]:
    with enable_grad(), _no_writing(name, "its input"):
        result = f(*arguments)
    outputs = list(result) if isinstance(result, (list, tuple)) else [result]
    for output in outputs:
        if not isinstance(output, Tensor):
            raise TypeError(
                f"gradcheck: {name} returned a {type(output).__name__}, expected a tensor or a "
                "sequence of tensors"
            )
    return [output for output in outputs if output.dtype.kind == "f"]


def _random_like(output: Tensor, rng: np.random.Generator) -> Vector:
    return np.asarray(rng.uniform(0.5, 1.5, output.shape) * rng.choice([-1.0, 1.0], output.shape))


def _function_name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", None) or type(f).__name__


def _input_names(f: Callable[..., Any], count: int) -> list[str]:
    names = [f"input {i}" for i in range(count)]
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        return names
    for i, parameter in enumerate(list(parameters)[:count]):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.KEYWORD_ONLY):
            break
        names[i] = parameter.name
    return names
