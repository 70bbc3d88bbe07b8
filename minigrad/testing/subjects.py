"""What is checked: a function of arrays and its backward, wherever they come from."""

from __future__ import annotations

import contextlib
import copy as copies
import dataclasses
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from .. import autograd, containers
from ..autograd import enable_grad
from ..ops import copy, zeros_like
from ..registry import lookup
from ..tensor import Tensor
from ..transforms import grad

Array: TypeAlias = np.ndarray[Any, Any]
# From a gradient of each output to a gradient of each input, None where no path leads to it.
Pullback: TypeAlias = Callable[[Sequence[Array]], Sequence[Array | None]]


class ChangedInput(Exception):
    """A function writes to what it is given; the text says to what."""


@dataclass(frozen=True)
class Subject:
    """A function of arrays and its backward.

    Attributes
    ----------
    name : str
        What the function is called.
    parameters : sequence of str
        The names of its inputs.
    values : sequence of array
        Where it is checked, in float64.
    evaluate : callable
        ``evaluate(values)`` returns the outputs, a list of floating arrays. It computes as in
        `linearize`, and raises `ChangedInput` if the function writes to its inputs.
    linearize : callable
        ``linearize(values)`` returns the outputs and a pullback, which may be called many times.
    dtypes : sequence of dtype
        What dtype the user gave each input in; others than float64 are checked, too.
    plain : callable or None
        As `evaluate`, on arrays of any dtype, complex ones included, and recording nothing.
    derivative : callable or None
        ``derivative(cotangents)`` returns the gradient as a subject, by the inputs and by the
        gradients of the outputs.
    through : callable or None
        ``through(maps)`` returns the subject whose inputs pass through these functions first.
    """

    name: str
    parameters: Sequence[str]
    values: Sequence[Array]
    evaluate: Callable[[Sequence[Array]], list[Array]]
    linearize: Callable[[Sequence[Array]], tuple[list[Array], Pullback]]
    dtypes: Sequence[np.dtype[Any]] = ()
    plain: Callable[[Sequence[Array]], list[Any]] | None = None
    derivative: Callable[[Sequence[Array]], Subject] | None = None
    through: Callable[[Sequence[Callable[[Any], Any] | None]], Subject] | None = None


def counted(subject: Subject, calls: list[int]) -> Subject:
    """Return a subject that counts in the first entry how often its function is called."""

    def counting(function: Callable[..., Any] | None) -> Any:
        def called(*arguments: Any) -> Any:
            calls[0] += 1
            return function(*arguments)  # type: ignore[misc]  # None is not wrapped

        return None if function is None else called

    def with_calls(make: Callable[..., Subject] | None) -> Any:
        return None if make is None else lambda argument: counted(make(argument), calls)

    return dataclasses.replace(
        subject,
        evaluate=counting(subject.evaluate),
        linearize=counting(subject.linearize),
        plain=counting(subject.plain),
        derivative=with_calls(subject.derivative),
        through=with_calls(subject.through),
    )


# A function of tensors


@dataclass
class Arguments:
    """Where the checked inputs stand among the arguments of a function.

    Attributes
    ----------
    leaves : list
        All leaves of the arguments, arrays and others, and the parameters of a module.
    names : list of str
        What each leaf is called.
    checked : list of int
        Which of the leaves are floating, and so are checked.
    """

    structure: Any
    leaves: list[Any]
    names: list[str]
    module_parameters: list[Tensor] = field(default_factory=list)
    module_buffers: list[Tensor] = field(default_factory=list)
    frozen: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.checked = [i for i, leaf in enumerate(self.leaves) if is_floating(leaf)]

    def call(self, f: Callable[..., Any], tensors: Sequence[Any]) -> Any:
        """Call the function with these in the places of the checked leaves."""
        leaves = list(self.leaves)
        for place, tensor in zip(self.checked, tensors, strict=True):
            leaves[place] = tensor
        count = len(leaves) - len(self.module_parameters)
        arguments = containers.unflatten(self.structure, leaves[:count])
        # Parameters that are frozen must not be of fewer digits than those beside them.
        constants = [p.numpy().astype(np.float64) for p in self.frozen]
        with (
            _standing_for(self.module_parameters, leaves[count:]),
            _standing_for(self.frozen, constants),
            _kept(self.module_buffers),
        ):
            return f(*arguments)


def arguments_of(f: Callable[..., Any], inputs: Sequence[Any]) -> Arguments:
    """Find the leaves of the arguments, and the parameters if `f` is a module."""
    arrays = tuple(map(as_arrays, inputs))
    leaves, structure = containers.flatten(arrays)
    names = [
        name + path
        for name, argument in zip(names_of(f, len(inputs)), arrays, strict=True)
        for path in containers.paths(argument)
    ]
    parameters = dict(f.named_parameters()) if hasattr(f, "named_parameters") else {}
    trained = {name: p for name, p in parameters.items() if p.requires_grad}
    frozen = [p for p in parameters.values() if not p.requires_grad]
    return Arguments(
        structure,
        [*leaves, *(p.numpy() for p in trained.values())],
        [*names, *trained],
        list(trained.values()),
        list(f.buffers()) if hasattr(f, "buffers") else [],
        frozen,
    )


def subject_of(f: Callable[..., Any], inputs: Sequence[Any]) -> Subject:
    """Return a function of tensors, or a module, as a subject.

    Raises
    ------
    ValueError
        If no input is floating.
    """
    arguments = arguments_of(f, inputs)
    if not arguments.checked:
        kinds = [str(getattr(leaf, "dtype", type(leaf).__name__)) for leaf in arguments.leaves]
        raise ValueError(
            f"gradcheck: no input is floating (got {', '.join(kinds) or 'none'}), so there is "
            "nothing to check; write 1.0 for 1, and complex numbers as two real ones"
        )
    given = [np.asarray(arguments.leaves[place]) for place in arguments.checked]
    return _of_tensors(
        lambda *tensors: arguments.call(f, tensors),
        function_name(f),
        [arguments.names[place] for place in arguments.checked],
        [np.array(array, dtype=np.float64) for array in given],
        [array.dtype for array in given],
    )


def _of_tensors(
    f: Callable[..., Any],
    name: str,
    parameters: Sequence[str],
    values: Sequence[Array],
    dtypes: Sequence[np.dtype[Any]] = (),
) -> Subject:
    """A function of tensors alone."""

    def evaluate(arrays: Sequence[Array]) -> list[Array]:
        return [output.numpy() for output in _run(f, name, _leaves(arrays))]

    def linearize(arrays: Sequence[Array]) -> tuple[list[Array], Pullback]:
        inputs = _leaves(arrays)
        outputs = _run(f, name, inputs)

        def pullback(cotangents: Sequence[Array]) -> list[Array | None]:
            # A gradient of 0 leads nowhere: so it is seen which outputs a path leads from.
            pairs = zip(outputs, cotangents, strict=True)
            wanted = [(o, c) for o, c in pairs if not c.size or np.any(c)]
            given = [_read_only(Tensor(c)) for _, c in wanted]
            with no_writing(f"{name} writes to its input, or to the gradient it is given"):
                found = gradients([o for o, _ in wanted], inputs, given, retain_graph=True)
            return [None if g is None else g.numpy() for g in found]

        return [output.numpy() for output in outputs], pullback

    def plain(arrays: Sequence[Array]) -> list[Any]:
        return _parts(f(*arrays))

    def derivative(cotangents: Sequence[Array]) -> Subject:
        count = len(values)

        def gradient(*arguments: Any) -> list[Tensor]:
            inputs = arguments[:count]
            outputs = _tensors(name, f(*inputs))
            found = gradients(outputs, inputs, arguments[count:], create_graph=True)
            return [zeros_like(t) if g is None else g for g, t in zip(found, inputs, strict=True)]

        def without_graph(arrays: Sequence[Array]) -> list[Array]:
            found = linearize(arrays[:count])[1](arrays[count:])
            return [
                np.zeros_like(v) if g is None else g for g, v in zip(found, values, strict=True)
            ]

        subject = _of_tensors(
            gradient,
            f"gradient of {name}",
            [*parameters, *gradient_names(cotangents)],
            [*values, *cotangents],
        )
        # Its values need no graph, and where they are checked it is seen that both are the same.
        return dataclasses.replace(subject, evaluate=without_graph)

    def through(maps: Sequence[Callable[[Any], Any] | None]) -> Subject:
        def mapped(*inputs: Any) -> Any:
            return f(*(x if m is None else m(x) for m, x in zip(maps, inputs, strict=True)))

        return _of_tensors(mapped, name, parameters, values, dtypes)

    return Subject(
        name, parameters, values, evaluate, linearize, dtypes, plain, derivative, through
    )


def gradients(
    outputs: Sequence[Tensor], inputs: Sequence[Any], cotangents: Sequence[Any], **settings: Any
) -> Sequence[Tensor | None]:
    """The gradients of the inputs, None for one that no tracked output depends on."""
    connected = [pair for pair in zip(outputs, cotangents, strict=True) if pair[0].requires_grad]
    if not connected:
        return [None] * len(inputs)
    return grad(
        [output for output, _ in connected],
        inputs,
        [cotangent for _, cotangent in connected],
        allow_unused=True,
        **settings,
    )


def _run(f: Callable[..., Any], name: str, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Call a function with handles of its own, which must stay what they are."""
    handles = [_handle(leaf) for leaf in inputs]
    with enable_grad(), no_writing(f"{name} writes to its input"):
        outputs = _tensors(name, f(*handles))
    if any(h._value is not leaf._value for h, leaf in zip(handles, inputs, strict=True)):
        raise ChangedInput(f"{name} assigns to its input in place")
    return outputs


def _handle(leaf: Tensor) -> Tensor:
    """A computed tensor of the same array: one that may be assigned to while it is recorded."""
    value = leaf._value
    node = autograd.Node(lookup(copy), [leaf._node], (_same,), None, {}, value.shape, value.dtype)
    return autograd.wrap(Tensor, value, node)


def _same(g: Any) -> Any:
    return g


def _leaves(arrays: Sequence[Array]) -> list[Tensor]:
    return [_read_only(Tensor(array, requires_grad=True)) for array in arrays]


def _read_only(tensor: Tensor) -> Tensor:
    """Protect the array itself, which rules and closures are given."""
    tensor._value.flags.writeable = False
    return tensor


@contextlib.contextmanager
def no_writing(what: str) -> Iterator[None]:
    """Say who writes, where NumPy only says that an array is read-only."""
    try:
        yield
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise ChangedInput(what) from error


def _tensors(name: str, result: Any) -> list[Tensor]:
    """The floating outputs; arrays and numbers among them are untracked."""
    outputs = _parts(result)
    for output in outputs:
        if not isinstance(output, Tensor | np.ndarray | np.generic | float | int):
            raise TypeError(
                f"gradcheck: {name} returned a {type(output).__name__}, expected a tensor or a "
                "container of tensors"
            )
    found = [o if isinstance(o, Tensor) else Tensor(o) for o in outputs]
    return [output for output in found if output.dtype.kind == "f"]


def _parts(result: Any) -> list[Any]:
    """The leaves of what a function returned; None is no container here."""
    return [None] if result is None else containers.flatten(result)[0]


@contextlib.contextmanager
def _standing_for(parameters: Sequence[Tensor], tensors: Sequence[Any]) -> Iterator[None]:
    """Let the parameters of a module be these tensors or arrays for a while."""
    kept = [(p, p._value, p._node) for p in parameters]
    try:
        for parameter, tensor in zip(parameters, tensors, strict=True):
            is_tensor = isinstance(tensor, Tensor)
            parameter._value = tensor._value if is_tensor else tensor
            parameter._node = tensor._node if is_tensor else None
        yield
    finally:
        for parameter, value, node in kept:
            parameter._value, parameter._node = value, node


@contextlib.contextmanager
def _kept(buffers: Sequence[Tensor]) -> Iterator[None]:
    """Give the buffers of a module, such as running statistics, their values back."""
    values = [buffer._value for buffer in buffers]
    try:
        yield
    finally:
        for buffer, value in zip(buffers, values, strict=True):
            buffer._value = value


# Arguments and their names


def gradient_names(cotangents: Sequence[Array]) -> list[str]:
    """What the gradients of the outputs are called where they are inputs."""
    if len(cotangents) == 1:
        return ["the gradient of the output"]
    return [f"the gradient of output {i}" for i in range(len(cotangents))]


def as_arrays(argument: Any) -> Any:
    """Arrays in place of tensors, of floating numbers and of lists of numbers."""
    if isinstance(argument, Tensor):
        return argument.numpy()
    if isinstance(argument, (list, tuple)):
        leaves = containers.flatten(argument)[0]
        if leaves and all(isinstance(leaf, float | int | np.generic) for leaf in leaves):
            return np.asarray(argument)
        kind = type(argument)
        return getattr(kind, "_make", kind)(map(as_arrays, argument))
    if isinstance(argument, dict):
        same = copies.copy(argument)  # keeps what a subclass has besides
        same.update({key: as_arrays(value) for key, value in argument.items()})
        return same
    if hasattr(argument, "detach"):  # a tensor of PyTorch
        return argument.detach().cpu().numpy()
    if isinstance(argument, float) or (
        hasattr(type(argument), "__array__") and not isinstance(argument, np.ndarray | np.integer)
    ):
        return np.asarray(argument)  # a series of pandas, too
    return argument


def is_floating(leaf: Any) -> bool:
    """Whether something is an array that can be checked."""
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"


def function_name(f: Callable[..., Any]) -> str:
    """What a function is called in reports."""
    return getattr(f, "__name__", None) or type(f).__name__


def names_of(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the first parameters of a function."""
    names = [f"input {i}" for i in range(count)]
    target = getattr(f, "forward", f) if hasattr(f, "named_parameters") else f
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        return names
    for i, parameter in enumerate(list(parameters)[:count]):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.KEYWORD_ONLY):
            break
        names[i] = parameter.name
    return names
