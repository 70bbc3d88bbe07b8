"""Checking the derivatives of a function of tensors."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

from .blame import blame as blamed
from .cases import Settings, examine, shown
from .judging import RTOL
from .reports import GradientError, Report
from .subjects import function_name, subject_of

# Where an op may be to blame, and not what is between them.
BLAMABLE = ("wrong", "not finite", "discontinuous", "imprecise")


def gradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    order: int = 1,
    seed: int = 0,
    fast: bool | None = None,
    strict: bool = False,
    rtol: float = RTOL,
    atol: float = 0.0,
    blame: bool = False,
) -> Report:
    """Check the derivatives of a function against its values, and say what is wrong.

    It raises nothing for a wrong derivative: the report that it returns is true or false.
    `assert_gradients` raises.

    Parameters
    ----------
    f : callable or Module
        Takes the inputs as tensors and returns a tensor or a container of tensors. Of a module, the
        parameters are checked too, under their names.
    *inputs : array_like, Tensor or containers of them
        Where to check. Floating ones, Python floats included, are converted to float64 and checked;
        all others are passed as they are.
    order : int
        The highest order of derivative to check; each only if all is well below.
    seed : int
        For the random gradient of the outputs, and for random directions.
    fast : bool, optional
        Whether to move all inputs at once along a few random directions, in at most 60 calls of the
        function, in place of each element alone. By default that is done for more than 256
        elements. Where a direction differs, one wrong element is then searched for, with some calls
        more.
    strict : bool
        Whether a kink does not pass, however sensible the value between its two slopes.
    rtol, atol : float
        How far apart the two derivatives may be beyond the estimated error of the measured one,
        relative and absolute. By default the former is ten times the root of the spacing of
        floating numbers at 1, the latter 0.
    blame : bool
        Whether to look for the op that is wrong, where a derivative is wrong, not finite,
        discontinuous or imprecise: see `minigrad.testing.blame`.

    Returns
    -------
    Report
        True if all is well. It has a verdict on every element of every input: ``ok``; ``kink``: the
        slopes to both sides differ, and backward returned one of them or a value between;
        ``wrong``; ``detached``: values change with the input, but no path of the graph leads to it;
        ``not finite``: the values, the slope or the gradient is not; ``discontinuous``;
        ``imprecise``: the error of the measured derivative is too large to judge;
        ``nondeterministic``: other values for the same input; ``stateful``: the function changes
        its input. Only the first two pass.

    Raises
    ------
    ValueError
        If nothing is to be checked.
    TypeError
        If `f` does not return tensors.

    Notes
    -----
    Each element is moved up and down by three steps, each about a quarter of the last. The central
    differences are extrapolated to a step of 0 (L. F. Richardson, 1911), and what two
    extrapolations differ by estimates the error. Where these do not converge, as next to a kink,
    smaller steps are tried, down to 1e-8 of the element's size; then the slopes and limits to both
    sides tell a kink from a jump, and both from noise. So the tolerance is not a constant: it
    follows from the estimate, the digits of the values, and the sizes of values and slopes around
    the point. Where differences are too imprecise, and the function takes complex numbers, a
    derivative that a complex step (W. Squire and G. Trapp, 1998) confirms passes too.

    All outputs are differentiated one by one, and once all together with a random gradient, which
    shows a backward that is not linear in it. Of more than 256 outputs, random sums are
    differentiated. The arrays of the inputs, and of the gradient that is propagated back, are
    read-only, so that an op that writes to them is found.

    Inputs of lower precision are checked in float64 where the function computes in it; then the
    gradient is computed again in their own precision, where half of its digits must agree.

    Order n + 1 checks the gradient itself as a function of the inputs and of the gradient that is
    propagated back. The parameters and buffers of a module are afterwards what they were.

    Examples
    --------
    >>> import minigrad as mg
    >>> bool(mg.gradcheck(mg.tanh, [0.1, 0.2], order=2))
    True
    >>> @mg.op
    ... def square(x):
    ...     return x * x, lambda g: g * x
    >>> report = mg.gradcheck(square, [3.0])
    >>> bool(report), report.verdict
    (False, 'wrong')
    >>> print(report.diagnosis[0])
    It is 0.5 times the right gradient everywhere: is a factor 2 missing, ...
    """
    if order < 1:
        raise ValueError(f"gradcheck: order is at least 1, got {order}")
    if len(inputs) == 1 and isinstance(inputs[0], tuple) and _takes(f, inputs[0]):
        raise TypeError(
            f"gradcheck: {function_name(f)} takes {len(inputs[0])} inputs; pass them one by one, "
            "as in gradcheck(f, x, y), not as a tuple"
        )
    settings = Settings(seed, fast, strict, rtol, atol)
    report = examine(subject_of(f, inputs), order, settings)
    if blame and report.verdict in BLAMABLE:
        found = blamed(f, *inputs, **dataclasses.asdict(settings))
        report = dataclasses.replace(report, blame=found)
    return shown(report)


def _takes(f: Callable[..., Any], inputs: tuple[Any, ...]) -> bool:
    """Whether a function takes these one by one, and not as a tuple."""
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):  # a builtin without a signature
        return False
    try:
        signature.bind(inputs)
    except TypeError:
        try:
            signature.bind(*inputs)
        except TypeError:
            return False
        return True
    return False


def gradgradcheck(f: Callable[..., Any], *inputs: Any, **settings: Any) -> Report:
    """Check first and second derivatives: `gradcheck` with ``order=2``."""
    return gradcheck(f, *inputs, **{"order": 2, **settings})


def assert_gradients(f: Callable[..., Any], *inputs: Any, **settings: Any) -> None:
    """Raise an error with the report of `gradcheck`, which takes the same, unless all is well.

    Raises
    ------
    GradientError
        An `AssertionError`, with the report as its text and as its attribute ``report``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.testing.assert_gradients(mg.matmul, [[1.0, 2.0]], [[3.0], [4.0]])
    """
    __tracebackhide__ = True  # what pytest shows ends at the caller
    report = gradcheck(f, *inputs, **settings)
    if not report:
        raise GradientError(report)
