"""Gradients written by hand: layers in NumPy that are functions, or objects with parameters."""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from .. import containers
from ..tensor import Tensor
from .cases import Settings, examine, shown
from .fitting import fitted
from .judging import RTOL
from .layer_calls import Layer, Run
from .reports import Diagnosis, Element, Report
from .subjects import Pullback, Subject, function_name

Array: TypeAlias = np.ndarray[Any, Any]


def check_vjp(
    forward: Any,
    /,
    *arguments: Any,
    parameters: Sequence[str] | None = None,
    wrt: Sequence[str] | None = None,
    cache: bool | None = None,
    name: str | None = None,
    seed: int = 0,
    fast: bool | None = None,
    strict: bool = False,
    rtol: float = RTOL,
    atol: float = 0.0,
) -> Report:
    """Check a layer whose backward is written by hand, in NumPy alone.

    It is called as ``check_vjp(forward, backward, *arrays)`` or ``check_vjp(layer, *arrays)``.

    Parameters
    ----------
    forward : callable or object
        A function, a method, or an object with the methods ``forward`` and ``backward``.
    *arguments
        The backward, if `forward` is callable and no layer, and what forward takes. Floating
        arrays, lists of numbers and floats are checked, in float64. All others are passed on:
        arrays of integers such as labels, shapes, dicts of settings.
    parameters : sequence of str, optional
        Which parameters of the layer are checked: names of its attributes, or keys of its
        ``params``. By default all whose gradients are found, see the notes.
    wrt : sequence of str, optional
        Of which inputs backward returns gradients, in this order. By default of all, of all that
        are floating, or of all floating arrays.
    cache : bool, optional
        Whether the last thing that forward returns is not an output but what backward takes. By
        default it is if forward is a function that returns as many things as backward takes,
        unless backward calls the last by the name of an input that it is not.
    name : str, optional
        What the report calls the layer.
    seed, fast, strict, rtol, atol
        As of `gradcheck`.

    Returns
    -------
    Report
        It is also ``stateful`` if forward or backward writes to an array that it is given.

    Raises
    ------
    TypeError
        If it is not clear how forward and backward are called.
    ValueError
        If backward returns another number of gradients than there are inputs.

    Notes
    -----
    These forms of functions are recognised:

    - ``out, cache = forward(x, w)`` and ``dx, dw = backward(dout, cache)``. With several outputs,
      ``h, c, cache = forward(...)`` and ``backward(dh, dc, cache)``.
    - ``out = forward(x, w)`` and ``backward(dout, x, w)``. Where the parameters of backward have
      the names of inputs, it may take a few of them, and the output as ``out``, ``output`` or
      ``y``. If `out` is a tuple, so is `dout`.

    Gradients may come as one array, as a tuple or list in the order of the inputs, or as a dict
    with the names of the inputs as keys, perhaps with a "d" before them. None stands for zeros.

    An object is copied before each call, with other arrays in place of its parameters, and stays
    as it is. Its parameters are the floating arrays in ``layer.params`` (a dict, list or tuple)
    and in its attributes. These are gradients of them, in this order of preference:

    1. ``backward`` returns ``(dx, grads)``, where `grads` is a list or tuple in the order of
       ``layer.params``, or a dict with the names of parameters as keys, perhaps after a "d";
    2. ``layer.grads``, likewise;
    3. the attribute ``dW`` for the attribute ``W``, and so for any name.

    Gradients that are kept are set to 0 before backward is called.

    Examples
    --------
    >>> from minigrad.testing.layers import check_vjp
    >>> def affine(x, w, b):
    ...     return x @ w + b, (x, w)
    >>> def affine_backward(dout, cache):
    ...     x, w = cache
    ...     return dout @ w.T, x.T @ dout, dout
    >>> x, w, b = np.ones((2, 3)), np.ones((3, 4)), np.ones(4)
    >>> report = check_vjp(affine, affine_backward, x, w, b)
    >>> bool(report), report.verdict
    (False, 'wrong')
    >>> print(report.diagnosis[0])
    Its shape is (2, 4), that of b is (4,): is the sum over axis 0 missing? Apart from that ...

    A layer with parameters:

    >>> class Scale:
    ...     def __init__(self, factor):
    ...         self.factor = factor
    ...     def forward(self, x):
    ...         self.x = x
    ...         return x * self.factor
    ...     def backward(self, dout):
    ...         self.dfactor = np.sum(dout * self.x, axis=0)
    ...         return dout * self.factor
    >>> bool(check_vjp(Scale(np.array([1.0, 2.0])), np.ones((3, 2))))
    True
    """
    called = name or _name_of(forward)
    owner, forward, backward, inputs = _callables(forward, arguments)
    inputs = [_as_array(value) for value in inputs]
    layer = Layer(called, owner, forward, backward, inputs, cache, wrt, parameters)
    return check_layer(layer, Settings(seed=seed, fast=fast, strict=strict, rtol=rtol, atol=atol))


def check_value_and_grad(
    f: Callable[..., Any],
    /,
    *arguments: Any,
    parameters: Sequence[str] | None = None,
    wrt: Sequence[str] | None = None,
    name: str | None = None,
    seed: int = 0,
    fast: bool | None = None,
    strict: bool = False,
    rtol: float = RTOL,
    atol: float = 0.0,
) -> Report:
    """Check a function that returns a loss and its gradients in one call.

    It is called as ``check_value_and_grad(f, *arrays)``, or with the gradients from a function of
    their own, ``check_value_and_grad(loss, gradient, *arrays)``.

    Parameters
    ----------
    f : callable
        ``f(*arguments)`` returns ``(loss, gradients)``: a number, and one array, a tuple or list
        in the order of the floating inputs, or a dict with the names of inputs as keys; or
        ``(loss, dx, dw)``. If gradients are fewer than the inputs, they belong to the first ones.
        If `f` is a method, keys may also be names of its object's parameters, see `check_vjp`.
    *arguments
        The function that returns the gradients, if `f` returns the loss alone, and what `f` takes,
        see `check_vjp`.
    parameters, wrt, name, seed, fast, strict, rtol, atol
        As of `check_vjp`.

    Returns
    -------
    Report

    Examples
    --------
    >>> from minigrad.testing.layers import check_value_and_grad
    >>> def squared_error(prediction, target):
    ...     difference = prediction - target
    ...     return np.mean(difference**2), 2 * difference
    >>> check_value_and_grad(squared_error, [1.0, 2.0], np.array([0.5, 0.1])).verdict
    'wrong'
    """
    called = name or _name_of(f)
    owner = f.__self__ if _is_method(f) else None
    if arguments and callable(arguments[0]):
        f, arguments = _Both(f, arguments[0]), arguments[1:]
    inputs = [_as_array(value) for value in arguments]
    layer = Layer(called, owner, f, _scaled, inputs, True, wrt, parameters, is_loss=True)
    return check_layer(layer, Settings(seed=seed, fast=fast, strict=strict, rtol=rtol, atol=atol))


class _Both:
    """A loss and its gradients as one function."""

    def __init__(self, loss: Callable[..., Any], gradient: Callable[..., Any]) -> None:
        self.loss, self.gradient = loss, gradient
        self.__signature__ = inspect.signature(loss)  # tells the names of its inputs

    def __call__(self, *arguments: Any) -> tuple[Any, Any]:
        return self.loss(*arguments), self.gradient(*arguments)


def _scaled(factor: Any, gradients: Any) -> Any:
    """The gradients of a loss times the gradient of the loss."""

    def times(gradient: Any) -> Array:
        gradient = np.asarray(gradient)
        # Integers need not be wrong, but their dtype is told where it is seen.
        return gradient if factor == 1 else np.asarray(factor * gradient)

    return containers.map_leaves(times, gradients)


def check_layer(layer: Layer, settings: Settings) -> Report:
    """Check what has a gradient, and say what else was seen."""
    if not layer.checked:
        raise ValueError(
            f"{layer.who}: there is no gradient of a floating input or parameter of {layer.name}, "
            "so there is nothing to check; write 1.0 for 1"
        )
    shapes: dict[str, Diagnosis] = {}
    truncated: dict[str, Diagnosis] = {}

    def run(values: Sequence[Array]) -> Run:
        return Run(layer, dict(zip(layer.checked, values, strict=True)))

    def gradient_of(name: str, gradient: Any) -> Array | None:
        """The gradient in the shape of its input; what else is wrong with it is noted."""
        if gradient is None:
            return None
        gradient = np.array(gradient)
        if gradient.dtype.kind not in "fiub":
            raise TypeError(
                f"{layer.who}: the gradient of {name} has dtype {gradient.dtype}, expected real "
                "numbers"
            )
        if gradient.dtype.kind != "f":
            text = (
                f"Its dtype is {gradient.dtype}, which cuts off fractions: make it an array of "
                "floats, not one like an array of integers."
            )
            truncated[name] = Diagnosis("rounded", text, name)
        shape = np.shape(layer.values[name])
        found, kind, question = fitted(gradient, shape)
        if kind:
            text = f"Its shape is {gradient.shape}, that of {name} is {shape}"
            shapes[name] = Diagnosis(kind, f"{text}: {question}" if question else f"{text}.", name)
        return found

    def evaluate(values: Sequence[Array]) -> list[Array]:
        return run(values).outputs()

    def linearize(values: Sequence[Array]) -> tuple[list[Array], Pullback]:
        def pullback(cotangents: Sequence[Array]) -> list[Array | None]:
            # An object may have been called since, and backward may have used up its cache.
            found = run(values).pull(cotangents)
            return [gradient_of(name, found.get(name)) for name in layer.checked]

        return evaluate(values), pullback

    given = [np.asarray(layer.values[name]) for name in layer.checked]
    subject = Subject(
        layer.name,
        layer.checked,
        [np.array(value, dtype=np.float64) for value in given],
        evaluate,
        linearize,
        [value.dtype for value in given],
    )
    report = examine(subject, 1, settings)
    if report.verdict not in ("stateful", "nondeterministic"):
        report = _with_misfits(report, layer, shapes, truncated)
    return shown(report)


def _with_misfits(
    report: Report,
    layer: Layer,
    shapes: Mapping[str, Diagnosis],
    truncated: Mapping[str, Diagnosis],
) -> Report:
    """The report with what was seen of shapes and dtypes, and of what has no gradient."""

    def suffers(element: Element, names: Collection[str]) -> bool:
        """Whether an element is of these inputs; a random direction is of all inputs."""
        return bool(names) and (
            element.parameter in names or element.parameter not in layer.checked
        )

    failing = [element for element in report.elements if not report.passes(element)]
    diagnosis = [
        known
        for name, known in truncated.items()
        if any(suffers(element, {name}) for element in failing)
    ]
    diagnosis += [
        known
        if any(suffers(element, {name}) for element in failing)
        else dataclasses.replace(known, text=f"{known} Apart from that it is right.")
        for name, known in shapes.items()
    ]
    missing = ", ".join(layer.unchecked)
    notes = [f"not checked, as there is no gradient: {missing}"] if missing else []
    return dataclasses.replace(
        report,
        # Of another shape a gradient is wrong, whatever its numbers.
        elements=tuple(
            dataclasses.replace(element, verdict="wrong") if suffers(element, shapes) else element
            for element in report.elements
        ),
        clues=(*diagnosis, *report.clues),
        notes=(*notes, *report.notes),
    )


def _callables(forward: Any, arguments: Sequence[Any]) -> tuple[Any, Any, Any, list[Any]]:
    """The object that forward belongs to, forward, backward, and what forward takes."""
    if isinstance(forward, type):
        raise TypeError(
            f"check_vjp: {forward.__name__} is a class; pass a layer, as in "
            f"check_vjp({forward.__name__}(), x)"
        )
    if arguments and arguments[0] is None:
        raise TypeError(
            "check_vjp: backward is None; a function that returns a loss and its gradients in one "
            "call is checked by check_value_and_grad(f, x, y)"
        )
    if callable(forward) and arguments and callable(arguments[0]):
        backward, *inputs = arguments
        owners = [f.__self__ for f in (forward, backward) if _is_method(f)]
        return (owners[0] if owners else None), forward, backward, inputs
    methods = [getattr(forward, name, None) for name in ("forward", "backward")]
    if not all(map(callable, methods)):
        raise TypeError(
            "check_vjp: expected check_vjp(forward, backward, *arrays), or check_vjp(layer, "
            "*arrays) with a layer that has the methods forward and backward; got a "
            f"{type(forward).__name__}"
        )
    return forward, *methods, list(arguments)


def _is_method(f: Any) -> TypeGuard[types.MethodType]:
    return isinstance(f, types.MethodType) and not isinstance(f.__self__, type)


def _name_of(f: Any) -> str:
    return type(f.__self__).__name__ if _is_method(f) else function_name(f)


def _as_array(argument: Any) -> Any:
    """An array in place of a tensor or of a list of numbers."""
    if isinstance(argument, Tensor):
        return argument.numpy()
    if isinstance(argument, list):
        leaves = containers.flatten(argument)[0]
        if leaves and all(type(leaf) in {float, int, bool} for leaf in leaves):
            return np.asarray(argument)
    return argument
