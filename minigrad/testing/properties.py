"""The gradient check as a property: for all the inputs that Hypothesis thinks of."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..containers import flatten, paths, unflatten
from ..registry import lookup
from ..tensor import Tensor
from .checker import assert_gradients, gradcheck

if TYPE_CHECKING:
    from hypothesis import settings as Settings

# The second derivative of an op is checked on calls with no more elements.
FEW = 60


def property_gradcheck(
    *given: Any,
    max_examples: int | None = None,
    settings: Settings | None = None,
    **named: Any,
) -> Callable[..., Any]:
    """Check the derivatives of a function for all inputs that strategies give.

    The decorated function becomes a test without parameters, which pytest collects and anyone may
    call; a method of a test class stays one. Where a derivative is wrong, Hypothesis looks for the
    simplest inputs at which it is, and the error tells both.

    Parameters
    ----------
    *given : strategies, or an op
        One for each parameter of the function, from the first one on; `self` needs none. What is
        drawn is checked where it is floating, also in tuples, lists and dicts; all else, such as an
        axis or an index, is passed on as it is.
        An op of the library needs no strategies and no function to decorate: the test of the op on
        its own samples is returned.
    max_examples : int, optional
        How many inputs are tried.
    settings : hypothesis.settings, optional
        By default the present ones without a deadline.
    **named
        Strategies by the names of parameters; and what `gradcheck` takes: ``order=2``, ``seed=1``.

    Raises
    ------
    TypeError
        If a parameter has no strategy and no default, or something given is none.

    Examples
    --------
    >>> from minigrad.testing import strategies as st
    >>> from minigrad.testing.properties import property_gradcheck
    >>> @property_gradcheck(st.arrays(shape=3), st.arrays(shape=3, domain="positive"))
    ... def test_quotient(x, y):
    ...     return mg.tanh(x) / y
    >>> test_quotient()
    >>> @property_gradcheck(st.arrays(shape=(2, 3)), axis=st.axes(2), order=2, max_examples=20)
    ... def test_squares(x, axis):
    ...     return (x**2).sum(axis)
    >>> test_squares()
    >>> property_gradcheck(mg.tanh, max_examples=20)()
    """
    from hypothesis.strategies import SearchStrategy

    known = inspect.signature(gradcheck).parameters
    strategies = {k: v for k, v in named.items() if isinstance(v, SearchStrategy)}
    checks = {k: v for k, v in named.items() if k not in strategies}
    for name, value in checks.items():
        if name not in known or known[name].kind is not inspect.Parameter.KEYWORD_ONLY:
            raise TypeError(
                f"property_gradcheck: {name}={value!r} is neither a strategy nor a setting of "
                "gradcheck; for a constant, pass hypothesis.strategies.just(...)"
            )

    if len(given) == 1 and callable(given[0]) and not isinstance(given[0], SearchStrategy):
        if strategies:
            raise TypeError(
                "property_gradcheck: pass the strategies first and the function to what they "
                "return, as a decorator does: property_gradcheck(strategies.arrays())(f)"
            )
        return _op_test(given[0], checks, _settings(settings, max_examples))
    for strategy in given:
        if not isinstance(strategy, SearchStrategy):
            raise TypeError(
                f"property_gradcheck: expected strategies, got {strategy!r}; for a constant, pass "
                "hypothesis.strategies.just(...)"
            )

    def decorator(f: Callable[..., Any]) -> Callable[..., Any]:
        return _function_test(f, given, strategies, checks, _settings(settings, max_examples))

    return decorator


def _function_test(
    f: Callable[..., Any],
    given: tuple[Any, ...],
    named: Mapping[str, Any],
    checks: Mapping[str, Any],
    settings: Settings,
) -> Callable[..., Any]:
    try:
        signature = inspect.signature(f)
    except ValueError:  # it is written in C
        signature = inspect.signature(lambda *inputs: None)
    strategies = _by_name(f, signature, given, named)
    method = _parameters(signature)[0]

    @functools.wraps(f)
    def test(*self: Any, **drawn: Any) -> None:
        known = dict(zip(method, self, strict=True))

        def call(**arguments: Any) -> Any:
            bound = inspect.BoundArguments(signature, {**known, **arguments})
            return f(*bound.args, **bound.kwargs)

        function, inputs = _of_floating(call, drawn)
        function.__name__ = getattr(f, "__name__", type(f).__name__)
        assert_gradients(function, *inputs, **checks)

    # Neither Hypothesis nor pytest looks for parameters elsewhere then.
    own, kind = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(name, own) for name in method]
    _sign(test, parameters + [inspect.Parameter(name, kind) for name in strategies])
    return _test(test, strategies, settings)


def _op_test(
    op: Callable[..., Any], checks: Mapping[str, Any], settings: Settings
) -> Callable[..., Any]:
    from hypothesis import assume

    from .samples import SAMPLES, Call

    name = getattr(op, "__name__", repr(op))
    if op not in SAMPLES:
        raise TypeError(
            f"property_gradcheck: {name} is no op of the library, so there are no samples of its "
            "inputs; pass a strategy for each of its parameters: "
            f"property_gradcheck(strategies.arrays(), ...)({name})"
        )
    if not lookup(op).differentiable:
        raise TypeError(f"property_gradcheck: {name} is not differentiable")

    def test(call: Call) -> None:
        inputs = call.flat()
        assume(checks.get("order", 1) == 1 or sum(map(np.size, inputs)) <= FEW)
        assert_gradients(SAMPLES[op].checked(op, call), *inputs, **checks)

    test.__name__ = test.__qualname__ = f"test_{name}"
    test.__doc__ = f"The derivatives of {name} are right."
    return _test(test, {"call": SAMPLES[op].calls}, settings)


def _test(
    test: Callable[..., None], strategies: Mapping[str, Any], settings: Settings
) -> Callable[..., Any]:
    from hypothesis import given

    return settings(given(**strategies)(test))


def _settings(settings: Settings | None, max_examples: int | None) -> Settings:
    import hypothesis

    # How long a check takes says nothing about the derivatives.
    found = settings or hypothesis.settings(deadline=None)
    return found if max_examples is None else hypothesis.settings(found, max_examples=max_examples)


# Parameters and what is drawn for them


def _by_name(
    f: Callable[..., Any],
    signature: inspect.Signature,
    given: tuple[Any, ...],
    named: Mapping[str, Any],
) -> dict[str, Any]:
    """The strategy of each parameter that has one; a parameter `*arrays` has one of tuples."""
    from hypothesis import strategies as st

    name = getattr(f, "__name__", type(f).__name__)
    _, parameters = _parameters(signature)
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    more = given[len(places) :]
    if more and not rest:
        raise TypeError(
            f"property_gradcheck: {len(given)} strategies for the {len(places)} parameters of "
            f"{name}{signature}"
        )
    found = {p.name: strategy for p, strategy in zip(places, given, strict=False)}
    if more:
        found[rest[0]] = st.tuples(*more)
    for key, strategy in named.items():
        if key in found or key not in {p.name for p in parameters} - {*rest}:
            problem = "has two strategies" if key in found else "is no parameter"
            raise TypeError(f"property_gradcheck: {key!r} {problem} of {name}{signature}")
        found[key] = strategy
    needed = [p.name for p in places if p.default is p.empty]
    needed += [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    without = [key for key in needed if key not in found]
    if without or not found:
        what = " and ".join(map(repr, without)) or "the function"
        example = without[0] if without else "x"
        raise TypeError(
            f"property_gradcheck: there is no strategy for {what} of {name}{signature}; pass one "
            f"by position, or by name: {example}=strategies.arrays(shape=(3,))"
        )
    return found


def _parameters(signature: inspect.Signature) -> tuple[list[str], list[inspect.Parameter]]:
    """The name of a method's own instance, if it is one, and the other parameters."""
    parameters = list(signature.parameters.values())
    count = bool(parameters) and parameters[0].name == "self"
    return [p.name for p in parameters[:count]], parameters[count:]


def _of_floating(
    call: Callable[..., Any], arguments: Mapping[str, Any]
) -> tuple[Callable[..., Any], list[Any]]:
    """Return a call as a function of the floating values in its arguments alone, and these."""
    leaves, structure = flatten(dict(arguments))
    floating = [place for place, leaf in enumerate(leaves) if _is_floating(leaf)]

    def function(*inputs: Any) -> Any:
        filled = list(leaves)
        for place, value in zip(floating, inputs, strict=True):
            filled[place] = value
        return call(**unflatten(structure, filled))

    # ['pair'][0] is called pair_0.
    names = [re.sub(r"\W+", "_", path).strip("_") for path in paths(dict(arguments))]
    kind = inspect.Parameter.POSITIONAL_ONLY
    _sign(function, [inspect.Parameter(names[place], kind) for place in floating])
    return function, [leaves[place] for place in floating]


def _is_floating(leaf: Any) -> bool:
    if isinstance(leaf, Tensor | np.ndarray):
        return leaf.dtype.kind == "f"
    return isinstance(leaf, float | np.floating)


def _sign(function: Callable[..., Any], parameters: list[inspect.Parameter]) -> None:
    vars(function)["__signature__"] = inspect.Signature(parameters)
