"""What an op is: how a rule over arrays becomes a public function, and the list of all of them.

A *rule* computes an output and hands back one *closure* for each differentiable input, a function
from the output's gradient to that input's. `op` turns a rule into a plain function: on arrays it
returns the output; as soon as an argument wants to take the call (a tensor does), that argument
gets it. This module knows no tensor, only the class that such arguments derive from.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar, overload

import numpy as np

from .names import parameter_hint

if TYPE_CHECKING:
    from .tensor import Tensor

P = ParamSpec("P")
R = TypeVar("R")

# An ndarray or whatever speaks NumPy's protocols, a tensor included: rules are written once for
# all of them, so for a type checker an operand is anything.
Array: TypeAlias = Any
Closure: TypeAlias = Callable[..., Array]
# What a rule returns: the output (or a tuple of outputs), and a closure for each array; or None for
# an output without a gradient, such as integers.
Forward: TypeAlias = tuple[Array, Closure | Sequence[Closure | None] | None]


class Dispatched:
    """Base of the values that take over the calls of the ops they are passed to."""

    __slots__ = ()

    def detach(self) -> Array:
        """Return the value without its history."""
        raise NotImplementedError

    def __op__(self, op: Op, arrays: Sequence[Array], settings: dict[str, Any]) -> Any:
        """Carry out a call of `op`; `arrays` are flat, `settings` have their names."""
        raise NotImplementedError

    def _become(self, function: Callable[..., Any], *operands: Any, **settings: Any) -> Any:
        """Stand for the result of a function of itself from now on."""
        raise NotImplementedError


class Op:
    """One entry of the registry.

    Attributes
    ----------
    name, family : str
        The function's name, and the file that it stands in.
    function : callable
        What a user calls.
    run : callable or None
        The rule with its arrays flat: ``run(*arrays, **settings) -> (output, closures)``. None for
        a function that is composed of ops and so needs no rule.
    count : int or None
        How many of the parameters are arrays, where the signature alone does not tell.
    twins : tuple of callable
        The NumPy functions that arrive here when they are called on a tensor.
    piecewise_linear : bool
        Whether the closures use only masks, indices and shapes, and so serve at every order.
    differentiable : bool
        False for a function whose result is never tracked, such as a comparison.
    in_place : bool
        Whether its twins write to their first argument.
    """

    def __init__(
        self,
        name: str,
        family: str,
        function: Callable[..., Any],
        run: Callable[..., Forward] | None,
        count: int | None = None,
        twins: tuple[Callable[..., Any], ...] = (),
        *,
        piecewise_linear: bool = False,
        differentiable: bool = True,
        in_place: bool = False,
    ) -> None:
        self.name = name
        self.family = family
        self.function = function
        self.run = run
        self.count = count
        self.twins = twins
        self.piecewise_linear = piecewise_linear
        self.differentiable = differentiable
        self.in_place = in_place

    # Found when they are first asked for: of hundreds of ops at import, few ever are.

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The function's parameters."""
        return inspect.signature(self.function)

    @functools.cached_property
    def arrays(self) -> tuple[str, ...]:
        """Names of the parameters that are arrays; the others are settings."""
        return _array_names(self.name, self.signature, self.count)

    def array_name(self, position: int) -> str:
        """Name of the array at `position`, as error messages give it."""
        if position < len(self.arrays) and self.arrays[position][0] != "*":
            return self.arrays[position]
        return f"{self.arrays[-1].lstrip('*')}[{position - len(self.arrays) + 1}]"

    def __repr__(self) -> str:
        return f"<op {self.family}.{self.name}{self.signature}>"


_ops: dict[Callable[..., Any], Op] = {}
_by_path: dict[tuple[str, str], Op] = {}  # by module and name, to find the op that one replaces
_twins: dict[Callable[..., Any], Op] = {}
# Twins in modules that may never be loaded: by name, until one of them is called on a tensor.
_distant_twins: dict[str, Op] = {}
_refusals: dict[str, str] = {}


def registered() -> Iterator[Op]:
    """Every op, in the order of registration.

    Examples
    --------
    >>> import minigrad as mg
    >>> [op.name for op in mg.registry.registered() if op.family == "winners"]
    ['scatter_winners', 'gather_winners']
    """
    return iter(tuple(_ops.values()))


def lookup(function: Callable[..., Any]) -> Op:
    """Return the op that stands behind a public function or behind a NumPy function.

    Raises
    ------
    KeyError
        If no op stands behind it.
    """
    return _ops[function] if function in _ops else _twins[function]


def twin(function: Callable[..., Any]) -> Op | None:
    """Return the op at which a NumPy function arrives when it is called on a tensor, if any."""
    found = _twins.get(function)
    if found is None:
        for path, entry in _distant_twins.items():
            module, _, name = path.rpartition(".")
            if getattr(sys.modules.get(module), name, None) is function:
                _twins[function] = found = entry
    return found


def refuse(reason: str, *functions: str) -> None:
    """Say why NumPy functions do not take tensors, and what to do instead.

    Parameters
    ----------
    reason : str
        Ends the sentence "np.f does not take tensors: ...".
    *functions : str
        Their names, such as ``"numpy.fft.fft"``, so that nothing is imported.
    """
    _refusals.update(dict.fromkeys(functions, reason))


def refusal(function: Callable[..., Any]) -> str | None:
    """Return why a NumPy function does not take tensors, if that was said."""
    module = getattr(function, "__module__", None) or "numpy"  # a ufunc may have none
    module = module.replace("numpy.lib._scimath_impl", "numpy.lib.scimath")  # before NumPy 2.3
    return _refusals.get(f"{module}.{getattr(function, '__name__', '')}")


# In the order of trial: a ufunc is no rule, but any other function of NumPy could be one for a type
# checker, so a single one is given together with a setting.
@overload
def op(
    twin: np.ufunc,
    /,
    *twins: Callable[..., Any] | str,
    piecewise_linear: bool = ...,
    arrays: int | None = ...,
    sequence: bool = ...,
) -> Callable[[Callable[P, Forward]], Callable[P, Tensor]]: ...
@overload
def op(rule: Callable[P, Forward], /) -> Callable[P, Tensor]: ...
@overload
def op(
    *twins: Callable[..., Any] | str,
    piecewise_linear: bool = ...,
    arrays: int | None = ...,
    sequence: bool = ...,
) -> Callable[[Callable[P, Forward]], Callable[P, Tensor]]: ...
def op(
    *twins: Callable[..., Any] | str,
    piecewise_linear: bool = False,
    arrays: int | None = None,
    sequence: bool = False,
) -> Any:
    """Register a rule as an op and return the public function.

    The parameters before ``/`` are the op's arrays, the others its settings; without a ``/``, those
    before ``*`` are its arrays. A rule returns ``(output, closures)``: one closure for each array,
    alone or in a tuple, None where the op is not differentiable in that array; None in the place of
    all of them says that the output is untracked, as integers are. A closure takes the
    gradient of the output and returns the gradient of its array, in any shape that broadcasting
    the array could have given: the engine sums it back and casts it.

    A rule is pure: it writes to none of its inputs, nor do its closures. It may be run again on
    tensors to differentiate its derivative, so what it does to its inputs must be operators, NumPy
    functions that have an op, and ops. An op with several outputs returns a tuple of them, and
    each closure takes as many gradients.

    Parameters
    ----------
    *twins : callable or str
        NumPy functions that shall arrive here when they are called on a tensor. The name of a
        function that speaks NumPy's protocols, such as ``"scipy.special.erf"``, imports nothing.
    piecewise_linear : bool
        A promise that the closures use only masks, indices and shapes of the inputs, never their
        values. Then the rule is never run on tensors and may use any NumPy.
    arrays : int, optional
        How many of the parameters are arrays, where the signature alone does not tell.
    sequence : bool
        Whether the first parameter is a sequence of arrays, as in ``concatenate(arrays)``; the
        closures are then one for each of its elements.

    Returns
    -------
    callable
        The function, with the rule's signature and docstring. It is annotated for tensors; given
        only arrays it returns an array.

    Raises
    ------
    TypeError
        If the rule has no array parameters.
    ValueError
        If a NumPy function already arrives at another op.

    Examples
    --------
    >>> import minigrad as mg
    >>> @mg.op
    ... def cube(x):
    ...     return x * x * x, lambda g: 3 * g * x * x
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> (slope,) = mg.grad(cube(x), x, create_graph=True)
    >>> (curvature,) = mg.grad(slope, x)
    >>> slope.item(), curvature.item()
    (12.0, 12.0)
    """

    def register(rule: Callable[P, Forward]) -> Callable[P, Tensor]:
        run: Callable[..., Forward] = rule
        if sequence:

            def run(*elements: Array, **settings: Any) -> Forward:
                return rule(elements, **settings)  # type: ignore[arg-type]  # P: (arrays, **settings)

        return _dispatching(
            rule,
            run,
            twins,
            piecewise_linear=piecewise_linear,
            count=arrays,
            sequence=sequence,
        )

    # `@op` and `@op(np.multiply)` both pass one function.
    if len(twins) == 1 and inspect.isfunction(twins[0]):
        rule, twins = twins[0], ()
        return register(rule)
    for numpy_function in twins:
        if isinstance(numpy_function, str):
            continue
        module = getattr(numpy_function, "__module__", None) or ""
        if not isinstance(numpy_function, np.ufunc) and module.partition(".")[0] != "numpy":
            raise TypeError(
                f"op: {numpy_function!r} is neither a rule made by `def` nor a function of NumPy"
            )
    return register


def composed(
    *twins: Callable[..., Any] | str, in_place: bool = False, arrays: int | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a function that is made of ops, and so needs no derivative of its own.

    It is listed, checked and found by NumPy's dispatch like an op.

    Parameters
    ----------
    *twins : callable or str
        NumPy functions that shall arrive here when they are called on a tensor.
    in_place : bool
        Whether these write to their first argument, which then stands for what is returned here.
    arrays : int, optional
        How many of the parameters are arrays, where the signature alone does not tell.
    """

    def register(rule: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(rule)
        def explained(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return rule(*args, **kwargs)
            except TypeError as error:
                if error.__traceback__ is not None and error.__traceback__.tb_next is None:
                    signature = inspect.signature(rule)
                    _bound(rule.__name__, signature, args, kwargs)  # raises: the call does not fit
                raise

        # One that has no settings is called without another frame.
        function = rule if _fixed_arity(rule) else explained
        _enter(rule, function, None, arrays, twins, in_place=in_place)
        return function

    return register


def nondifferentiable(
    *twins: Callable[..., Any] | str,
    sequence: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a function over arrays whose result has no useful derivative.

    On tensors, tracked or not, it is called with their values, and an array that it returns
    becomes an untracked tensor. With `sequence` the first parameter is a sequence of arrays.
    """

    def register(rule: Callable[P, R]) -> Callable[P, R]:
        function: Callable[..., Any] = rule

        def run(*arrays: Array, **settings: Any) -> Forward:
            return function(*((arrays,) if sequence else arrays), **settings), ()

        return _dispatching(rule, run, twins, differentiable=False, sequence=sequence)

    return register


def no_closures(op: Op, result: Any) -> str:
    """Say that a rule did not return what a rule must."""
    return f"{op.name}: the rule must return (output, closures), got a {type(result).__name__}"


def constant(x: Array) -> Array:
    """Return `x` without its history, for a value that cancels from the derivative."""
    return x.detach() if isinstance(x, Dispatched) else x


def replayed(x: Array) -> bool:
    """Whether a rule is run again, on tensors.

    Then only its closures are wanted. A rule whose closures do not use its output may leave it out.
    """
    return isinstance(x, Dispatched)


def _dispatching(
    rule: Callable[..., Any],
    run: Callable[..., Forward],
    twins: tuple[Callable[..., Any] | str, ...],
    *,
    count: int | None = None,
    sequence: bool = False,
    piecewise_linear: bool = False,
    differentiable: bool = True,
) -> Callable[..., Any]:
    """Register a rule, and return the function that lets an argument take the call."""

    def prepare(
        args: tuple[Array, ...], settings: dict[str, Any]
    ) -> tuple[tuple[Array, ...], dict[str, Any]]:
        nonlocal prepare  # from the second call on, what the first has found
        prepare = _preparation(entry, sequence)
        return prepare(args, settings)

    def on_arrays(*args: Any, **settings: Any) -> Any:
        if not _LISTS.isdisjoint(map(type, args)):
            args = tuple(map(_as_array, args))
        result = run(*args, **settings)
        if type(result) is not tuple or len(result) != 2:
            raise TypeError(no_closures(entry, result))
        return result[0]

    # Most calls are of one or two arrays and no setting: they need no dict and no loop.
    def unary(x: Any, /) -> Any:
        return x.__op__(entry, (x,), _NONE) if isinstance(x, Dispatched) else on_arrays(x)

    def binary(x: Any, y: Any, /) -> Any:
        if isinstance(x, Dispatched):
            return x.__op__(entry, (x, y), _NONE)
        return y.__op__(entry, (x, y), _NONE) if isinstance(y, Dispatched) else on_arrays(x, y)

    def general(*args: Any, **settings: Any) -> Any:
        args, settings = prepare(args, settings)
        for value in args:
            if isinstance(value, Dispatched):
                return value.__op__(entry, args, settings)
        for value in settings.values():  # of arrays: NumPy would send the call back here
            if isinstance(value, Dispatched):
                return value.__op__(entry, args, settings)
        return on_arrays(*args, **settings)

    by_arity: dict[int, Callable[..., Any]] = {1: unary, 2: binary}
    arity = 0 if sequence or count is not None else _fixed_arity(rule)
    _says_what_it_returns(rule)
    function: Callable[..., Any] = functools.wraps(rule)(by_arity.get(arity, general))
    entry = _enter(
        rule,
        function,
        run,
        count,
        twins,
        piecewise_linear=piecewise_linear,
        differentiable=differentiable,
    )
    return function


def _enter(
    rule: Callable[..., Any],
    function: Callable[..., Any],
    run: Callable[..., Any] | None,
    count: int | None,
    twins: tuple[Callable[..., Any] | str, ...],
    *,
    piecewise_linear: bool = False,
    differentiable: bool = True,
    in_place: bool = False,
) -> Op:
    family = (rule.__module__ or "").rpartition(".")[2]  # a bare exec has no module
    distant = [name for name in twins if isinstance(name, str)]
    near = tuple(function for function in twins if not isinstance(function, str))
    for numpy_function in near:
        if numpy_function in _twins and not _is_redefinition(_twins[numpy_function], rule):
            raise ValueError(
                f"{rule.__name__}: {numpy_function!r} already arrives at "
                f"{_twins[numpy_function]!r}; a NumPy function has one op"
            )
    path = (rule.__module__, rule.__qualname__)
    if "<locals>" not in rule.__qualname__ and path in _by_path:
        _ops.pop(_by_path[path].function, None)
    entry = Op(
        rule.__name__,
        family,
        function,
        run,
        count,
        near,
        piecewise_linear=piecewise_linear,
        differentiable=differentiable,
        in_place=in_place,
    )
    _ops[function] = _by_path[path] = entry
    _twins.update(dict.fromkeys(near, entry))
    _distant_twins.update(dict.fromkeys(distant, entry))
    return entry


def _is_redefinition(entry: Op, rule: Callable[..., Any]) -> bool:
    """Whether a notebook cell or a reloaded module defines the same op once more."""
    old = entry.function
    return (old.__module__, old.__qualname__) == (rule.__module__, rule.__qualname__)


def _says_what_it_returns(rule: Callable[..., Any]) -> None:
    """Annotate for whoever looks at the function: it does not return what the rule returns."""
    if inspect.isfunction(rule) and rule.__annotations__.get("return") not in ("Any", "bool"):
        rule.__annotations__["return"] = "Tensor"


def _fixed_arity(rule: Callable[..., Any]) -> int:
    """How many arrays a rule takes that has neither settings nor defaults; else 0.

    Read off its code, which is ten times as fast as asking for its signature.
    """
    code = getattr(rule, "__code__", None)
    if code is None or hasattr(rule, "__signature__") or not _has_arrays(code):
        # A signature that somebody has written, or an error about it.
        _array_names(rule.__name__, inspect.signature(rule), None)
        return 0
    is_fixed = (
        code.co_posonlyargcount == code.co_argcount
        and not code.co_kwonlyargcount
        and not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
        and not getattr(rule, "__defaults__", None)
    )
    return code.co_argcount if is_fixed else 0


def _has_arrays(code: Any) -> bool:
    return bool(code.co_argcount or code.co_flags & inspect.CO_VARARGS)


def _array_names(name: str, signature: inspect.Signature, count: int | None) -> tuple[str, ...]:
    """Names of the parameters that are arrays: before ``/``, or else all before ``*``."""
    parameters = list(signature.parameters.values())
    kinds = {parameter.kind for parameter in parameters}
    arrays = (
        (inspect.Parameter.POSITIONAL_ONLY,)
        if inspect.Parameter.POSITIONAL_ONLY in kinds and count is None
        else (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    )
    names = [
        "*" * (parameter.kind is inspect.Parameter.VAR_POSITIONAL) + parameter.name
        for parameter in parameters
        if parameter.kind in (*arrays, inspect.Parameter.VAR_POSITIONAL)
    ][:count]
    if not names:
        raise TypeError(
            f"op {name}{signature} has no arrays: they are the parameters before '/', "
            "or, without a '/', those before '*'"
        )
    return tuple(names)


def _preparation(
    entry: Op, sequence: bool
) -> Callable[..., tuple[tuple[Array, ...], dict[str, Any]]]:
    """Return what turns a call of an op into flat arrays and named settings."""
    function, signature, names = entry.name, entry.signature, entry.arrays
    parameters = signature.parameters
    if names[-1][0] == "*":
        return _as_it_is
    if not sequence and all(
        parameter.kind is inspect.Parameter.KEYWORD_ONLY
        or (
            parameter.kind is inspect.Parameter.POSITIONAL_ONLY
            and parameter.default is inspect.Parameter.empty
        )
        for parameter in parameters.values()
    ):
        return _as_it_is
    count = len(names)
    setting_names = set(parameters).difference(names)
    positional_settings = [
        name
        for name, parameter in parameters.items()
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD and name not in names
    ]
    most = count + len(positional_settings)

    def prepare(
        args: tuple[Array, ...], settings: dict[str, Any]
    ) -> tuple[tuple[Array, ...], dict[str, Any]]:
        given = len(args)
        if given < count or given > most or (settings and not settings.keys() <= setting_names):
            bound = _bound(function, signature, args, settings)
            # An array that was left out is at its default.
            args = tuple(bound.pop(name, parameters[name].default) for name in names)
            settings = bound
        elif given > count:
            named = dict(zip(positional_settings, args[count:], strict=False))
            if settings and not settings.keys().isdisjoint(named):
                _bound(function, signature, args, settings)  # raises: a setting was given twice
            args, settings = args[:count], named | settings
        return (tuple(args[0]), settings) if sequence else (args, settings)

    return prepare


def _as_it_is(
    args: tuple[Array, ...], settings: dict[str, Any]
) -> tuple[tuple[Array, ...], dict[str, Any]]:
    return args, settings


def _bound(
    function: str, signature: inspect.Signature, args: tuple[Any, ...], settings: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by name; an error names the function."""
    try:
        return signature.bind(*args, **settings).arguments
    except TypeError as error:
        parameters = ", ".join(signature.parameters)
        hint = parameter_hint(str(error), frozenset(signature.parameters))
        raise TypeError(f"{function}: {error}; its parameters are {parameters}{hint}") from None


_LISTS = frozenset((list, tuple))
_NONE: dict[str, Any] = {}  # the settings of most calls; nobody writes to it


def _as_array(value: Any) -> Any:
    return np.asarray(value) if type(value) in _LISTS else value
