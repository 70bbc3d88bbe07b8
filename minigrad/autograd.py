"""The engine: recording calls of ops as nodes, and walking the nodes backward.

A node stands for one recorded call. It holds an edge to the node of every tracked input, and the
closure that carries the gradient of its output along that edge. Births number the nodes: inputs
are born before outputs, so visiting the youngest first meets every node after all of its uses.

The tensor is known here only as a `Traced`: a value, and the node that it came from.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import Any, TypeVar, overload

import numpy as np
from numpy import ndarray

from .ops.shaping import astype, sum_to
from .registry import Array, Closure, Dispatched, Forward, Op, no_closures

T = TypeVar("T", bound="Traced")
F = TypeVar("F", bound=Callable[..., Any])

_births = itertools.count().__next__
_accumulation = threading.Lock()
_NUMBERS = frozenset((float, int, bool, type(None)))  # cannot change, and hold nothing


class Node:
    """One recorded call of an op, or a leaf.

    Attributes
    ----------
    op : Op or None
        The op that was called; None only for a `Leaf`.
    edges : sequence of (Node or None)
        The node of each array of the call; None where it is not tracked.
    closures : sequence of (callable or None), or None
        For each edge the closure that carries a gradient along it. None once they are freed.
    values : list of array, or None
        The values of the arrays, kept only by an op whose rule may have to run again.
    settings : dict
        The settings of the call.
    shape, dtype
        Of the output; for a call with several outputs, a list of each.
    birth : int
        Place in the order of recording.
    notes : Notes or None
        What only few nodes have.
    """

    __slots__ = (
        "birth",
        "closures",
        "dtype",
        "edges",
        "notes",
        "op",
        "settings",
        "shape",
        "values",
    )

    def __init__(
        self,
        op: Op | None,
        edges: Sequence[Node | None],
        closures: Sequence[Closure | None] | None,
        values: Sequence[Array] | None,
        settings: dict[str, Any],
        shape: Any,
        dtype: Any,
    ) -> None:
        self.birth = _births()
        self.op = op
        self.edges = edges
        self.closures = closures
        self.values = values
        self.settings = settings
        self.shape = shape
        self.dtype = dtype
        self.notes: Notes | None = None


class Notes:
    """What only few nodes have.

    Attributes
    ----------
    hooks : dict of int to callable
        Called in this order with the complete gradient; what they return takes its place.
    retains_grad : bool
        Whether `backward` shall keep the gradient of a computed tensor.
    grad : tensor or None
        The gradient that was kept.
    origin : str
        The line of the user's code that recorded the call, if a watch has noted it.
    values : sequence of array, or None
        The values of the arrays, also of an op that does not keep them, if a watch has noted them.
    """

    __slots__ = ("grad", "hooks", "origin", "retains_grad", "values")

    def __init__(self) -> None:
        self.hooks: dict[int, Callable[[Any], Any]] = {}
        self.retains_grad = False
        self.grad: Any = None
        self.origin = ""
        self.values: Sequence[Array] | None = None


def notes(node: Node) -> Notes:
    """Return the notes of a node, which has some from now on."""
    if node.notes is None:
        node.notes = Notes()
    return node.notes


class Leaf(Node):
    """A tensor that requires grad and was not computed, and the gradient accumulated in it."""

    __slots__ = ("grad",)

    def __init__(self, value: np.ndarray[Any, Any]) -> None:
        if value.dtype.kind != "f":
            raise TypeError(
                f"requires_grad: only floating tensors have gradients, got {value.dtype}; "
                "convert first, as in mg.tensor(data, dtype=float, requires_grad=True)"
            )
        super().__init__(None, (), None, None, {}, value.shape, value.dtype)
        self.grad: Any = None


class Output(Node):
    """One of several outputs of a call: a step between its tensor and the node of the call."""

    __slots__ = ("index",)

    def __init__(self, call: Node, index: int) -> None:
        super().__init__(call.op, (call,), (None,), None, {}, call.shape[index], call.dtype[index])
        self.index = index


def call_of(node: Node) -> Node:
    """Return the node of the call that an output belongs to."""
    call = node.edges[0] if type(node) is Output else node
    assert call is not None
    return call


# Recording modes


class Watch:
    """What looks at every recorded call and every step of the walk while it is switched on."""

    def called(self, op: Op, values: Sequence[Array], output: Any) -> None:
        """Look at the result of a call."""
        raise NotImplementedError

    def recorded(self, node: Node, values: Sequence[Array]) -> None:
        """Look at a call that was recorded: at the node of each output, and the arrays' values."""
        raise NotImplementedError

    def passed(self, node: Node, position: int, gradient: Array, part: Array) -> None:
        """Look at the gradient that came to a node and at the part of it that an edge gets."""
        raise NotImplementedError


class _Modes(threading.local):
    def __init__(self) -> None:
        # The watch in place of True, so that an ordinary call asks one question and not two.
        self.recording: bool | Watch = True
        self.watch: Watch | None = None
        self.outside: list[tuple[bool | Watch, Watch | None]] = []  # the modes to return to


_modes = _Modes()


def is_grad_enabled() -> bool:
    """Whether calls on tracked tensors are recorded in this thread."""
    return _modes.recording is not False


def enter(*, recording: bool | None = None, watch: Watch | None = None) -> None:
    """Change the modes of this thread until `leave`."""
    _modes.outside.append((_modes.recording, _modes.watch))
    if watch is not None:
        _modes.watch = watch
    if recording is None:
        recording = is_grad_enabled()
    _modes.recording = recording and (_modes.watch or True)


def leave() -> None:
    """Return to the modes before `enter`."""
    _modes.recording, _modes.watch = _modes.outside.pop()


class _Recording:
    """Recording switched on or off: a context manager, reusable, and a decorator."""

    def __init__(self, recording: bool) -> None:
        self.recording = recording

    def __enter__(self) -> None:
        enter(recording=self.recording)

    def __exit__(self, *exception: object) -> None:
        leave()

    def __call__(self, function: F) -> F:
        if not callable(function):
            raise TypeError(
                f"a recording mode is for a function or a with statement, not for a "
                f"{type(function).__name__}; write `with mg.no_grad():`"
            )
        kinds = (
            inspect.isgeneratorfunction,
            inspect.iscoroutinefunction,
            inspect.isasyncgenfunction,
        )
        if any(is_kind(function) for is_kind in kinds):
            raise TypeError(
                f"{function.__name__} is a generator or a coroutine, whose body runs later; use "
                "the recording mode inside of it, in a with statement"
            )
        recording = self.recording

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with _Recording(recording):
                return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]  # wraps() keeps the signature


@overload
def no_grad(function: F, /) -> F: ...
@overload
def no_grad() -> _Recording: ...
def no_grad(function: Any = None, /) -> Any:
    """Switch recording off: results are untracked. A context manager and a decorator.

    Examples
    --------
    >>> import minigrad as mg
    >>> weight = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> with mg.no_grad():
    ...     weight -= 0.5
    >>> weight
    tensor([0.5, 1.5], dtype=float64, requires_grad=True)
    """
    return _Recording(False) if function is None else _Recording(False)(function)


# PyTorch's other name: without version counters there is no more to save.
inference_mode = no_grad


@overload
def enable_grad(function: F, /) -> F: ...
@overload
def enable_grad() -> _Recording: ...
def enable_grad(function: Any = None, /) -> Any:
    """Switch recording on, inside of `no_grad`. A context manager and a decorator."""
    return _Recording(True) if function is None else _Recording(True)(function)


# Recording


class Traced(Dispatched):
    """What the engine knows of a tensor: its value, and its node where it is tracked."""

    __slots__ = ("_node", "_value")

    _value: np.ndarray[tuple[int, ...], np.dtype[Any]]
    _node: Node | None
    _result_type: type[Traced]  # what calls return, also those on a subclass

    def __op__(self, op: Op, arrays: Sequence[Array], settings: dict[str, Any]) -> Any:
        """Call an op on the values of `arrays`; if one of them is tracked, record the call."""
        recording = _modes.recording
        if recording is False:
            return self._untracked_call(op, arrays, settings)
        values: list[Array] = []
        edges: list[Node | None] = []
        tracked = constants = outside = False
        for array in arrays:
            if isinstance(array, Traced):
                values.append(array._value)
                node = array._node
                edges.append(node)
                if node is None:
                    constants = True
                else:
                    tracked = True
            else:
                values.append(array)
                edges.append(None)
                constants = True
                if type(array) not in _NUMBERS:
                    outside = True
        tracked = tracked and op.differentiable
        if settings:
            settings = {
                name: setting
                if type(setting) in _NUMBERS
                else _own_setting(op, name, setting, tracked)
                for name, setting in settings.items()
            }
        if outside:
            values = [
                value if isinstance(array, Traced) else _own(op, array, tracked)
                for value, array in zip(values, arrays, strict=True)
            ]

        # As in `_run`, without another frame: most of the time of a small op is spent here.
        try:
            result = op.run(*values, **settings) if settings else op.run(*values)  # type: ignore[misc]  # only a rule gets here
        except (TypeError, ValueError, IndexError) as error:
            raise _explained(error, op, values) from error
        try:
            output, closures = result
        except (TypeError, ValueError):
            raise TypeError(no_closures(op, result)) from None
        if recording is not True:
            recording.called(op, values, output)
        if not tracked or closures is None:
            return _untracked(self._result_type, op, output)
        if type(closures) is not tuple:
            closures = (closures,) if callable(closures) else _as_tuple(op, closures)
        if constants or len(closures) != len(edges) or None in closures:
            closures = _of_tracked(op, edges, closures)
        # A piecewise-linear rule never runs again: its node keeps only its edges.
        retained = None if op.piecewise_linear else values
        if type(output) is not ndarray:
            if isinstance(output, (tuple, list)):
                tensors = _several(
                    self._result_type, op, edges, closures, retained, settings, output
                )
                if recording is not True:
                    for part in tensors:
                        if part._node is not None:
                            recording.recorded(part._node, values)
                return tensors
            output = np.asarray(output)
        dtype = output.dtype
        if dtype.kind != "f":
            raise TypeError(
                f"{op.name}: the result of a tracked call is {dtype}, which has no "
                "gradient; only floating results do (use t.detach() for one without history)"
            )
        # Set here and not by `Node(...)`, for the same reason.
        node = _new(Node)
        node.birth = _births()
        node.op = op
        node.edges = edges
        node.closures = closures
        node.values = retained
        node.settings = settings
        node.shape = output.shape
        node.dtype = dtype
        node.notes = None
        tensor = _new(self._result_type)
        tensor._value = output
        tensor._node = node
        if recording is not True:
            recording.recorded(node, values)
        return tensor

    def _untracked_call(self, op: Op, arrays: Sequence[Array], settings: dict[str, Any]) -> Any:
        """Call an op on the values of `arrays`, recording nothing."""
        values: list[Array] = []
        for array in arrays:
            if isinstance(array, Traced):
                values.append(array._value)
            else:
                values.append(array if type(array) in _NUMBERS else _own(op, array, False))
        if settings:
            settings = {
                name: setting
                if type(setting) in _NUMBERS
                else _own_setting(op, name, setting, False)
                for name, setting in settings.items()
            }
        output = _run(op, values, settings)[0]
        if type(output) is ndarray and op.differentiable:
            tensor = _new(self._result_type)
            tensor._value = output
            tensor._node = None
            return tensor
        return _untracked(self._result_type, op, output)


_new = object.__new__


def _run(op: Op, values: Sequence[Array], settings: dict[str, Any]) -> Forward:
    """Run the rule of an op; an error says what it was given."""
    try:
        result = op.run(*values, **settings) if settings else op.run(*values)  # type: ignore[misc]  # only a rule gets here
    except (TypeError, ValueError, IndexError) as error:
        raise _explained(error, op, values) from error
    try:
        output, closures = result
    except (TypeError, ValueError):
        raise TypeError(no_closures(op, result)) from None
    return output, closures


def wrap(tensor_type: type[T], value: Array, node: Node | None) -> T:
    """Return a tensor of a value and the node that it came from."""
    tensor = _new(tensor_type)
    tensor._value = value if type(value) is np.ndarray else np.asarray(value)
    tensor._node = node
    return tensor


def _untracked(tensor_type: type[Traced], op: Op, output: Any) -> Any:
    if isinstance(output, (tuple, list)):
        parts = [_untracked(tensor_type, op, part) for part in output]
        return _sequence_like(output, parts)
    if op.differentiable or isinstance(output, np.ndarray | np.generic):
        return wrap(tensor_type, output, None)
    return output  # a number of a shape, or a Python truth value


def _sequence_like(template: Sequence[Any], parts: Sequence[Any]) -> Any:
    """The parts as a list, tuple or named tuple, as the template is one."""
    kind = type(template)
    return kind._make(parts) if hasattr(kind, "_make") else kind(parts)  # type: ignore[call-arg]  # a list or a tuple


def _as_tuple(op: Op, closures: Any) -> tuple[Closure | None, ...]:
    if not isinstance(closures, list):
        raise TypeError(
            f"{op.name}: behind the output a rule returns closures, which are functions or None, "
            f"got a {type(closures).__name__}"
        )
    return tuple(closures)


def _of_tracked(
    op: Op, edges: Sequence[Node | None], closures: Sequence[Closure | None]
) -> list[Closure | None]:
    """Check the closures, and drop those of untracked arrays with what they captured."""
    if len(closures) != len(edges):
        raise TypeError(
            f"{op.name}: the rule returned {len(closures)} closures for {len(edges)} arrays "
            f"({', '.join(op.array_name(i) for i in range(len(edges)))}); it must return one for "
            "each, None where it is not differentiable (settings go behind '/' or '*')"
        )
    kept = list(closures)
    for position, edge in enumerate(edges):
        if edge is None:
            kept[position] = None
        elif kept[position] is None:
            raise TypeError(
                f"{op.name}: not differentiable in {op.array_name(position)!r}, which is "
                "tracked; pass it detached, as in t.detach()"
            )
    return kept


def _several(
    tensor_type: type[T],
    op: Op,
    edges: Sequence[Node | None],
    closures: Sequence[Closure | None],
    values: Sequence[Array] | None,
    settings: dict[str, Any],
    outputs: Sequence[Array],
) -> Sequence[T]:
    """Record a call with several outputs: a node for the call, and one for each output above it."""
    parts = [np.asarray(part) for part in outputs]
    shapes, dtypes = [part.shape for part in parts], [part.dtype for part in parts]
    call = Node(op, edges, closures, values, settings, shapes, dtypes)
    tensors = [
        # An integer output, such as the indices of a maximum, has no gradient.
        wrap(tensor_type, part, Output(call, i) if part.dtype.kind == "f" else None)
        for i, part in enumerate(parts)
    ]
    found: Sequence[T] = _sequence_like(outputs, tensors)
    return found


def _own(op: Op, array: Array, tracked: bool) -> Array:
    """Return an array of the caller's as one of our own.

    In a tracked call it is copied if the caller could write to it before a closure reads it.
    """
    if isinstance(array, (list, tuple)):
        return np.asarray(array)
    if not isinstance(array, ndarray):
        if isinstance(array, np.generic) or not hasattr(type(array), "__array__"):
            return array
        # A tensor of PyTorch, say, whose `*` is another. It refuses if it has a history.
        array = np.asarray(array)
    if type(array) is not ndarray:
        if isinstance(array, np.ma.MaskedArray):
            raise TypeError(f"{op.name}: a masked array would lose its mask; use array.filled(...)")
        array = np.asarray(array)  # a matrix, say, whose `*` is another
    return array.copy("K") if tracked and _may_change(array) else array


def _may_change(array: Any) -> bool:
    """Whether somebody could write to the memory of an array, also behind a read-only view."""
    while isinstance(array, ndarray):
        if array.flags.writeable:
            return True
        array = array.base
    return array is not None and not isinstance(array, bytes)


def _own_setting(op: Op, name: str, setting: Any, tracked: bool) -> Any:
    """Return a setting without tensors, and without arrays that the caller could write to."""
    if isinstance(setting, Traced):
        if setting._node is not None:
            raise TypeError(
                f"{op.name}: {name!r} is a setting and not differentiable, but it is a tracked "
                "tensor, whose history would be lost; pass its value, as in t.detach()"
            )
        return setting._value
    if type(setting) is tuple:
        return tuple(_own_setting(op, name, part, tracked) for part in setting)
    if type(setting) is list:
        return [_own_setting(op, name, part, tracked) for part in setting]
    if tracked and type(setting) is ndarray and _may_change(setting):
        return setting.copy("K")
    return setting


def _explained(error: Exception, op: Op, values: Sequence[Array]) -> Exception:
    """The error of a rule, with the op's name and what it was given."""
    if str(error).startswith(f"{op.name}: "):
        return error
    seen = ", ".join(f"{op.array_name(i)}: {_described(value)}" for i, value in enumerate(values))
    remedy = ""
    shapes = [np.shape(value) for value in values]
    if isinstance(error, ValueError) and any(isinstance(t, np.ufunc) for t in op.twins):
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            remedy = (
                "; shapes broadcast where, counted from the last axis, lengths are equal or 1: "
                "reshape one of them"
            )
    message = f"{op.name}: {error}; called with {seen}{remedy}"
    try:
        return type(error)(message)
    except TypeError:  # an error of NumPy's that is not made from a message
        kind = next(k for k in (TypeError, IndexError, ValueError) if isinstance(error, k))
        return kind(message)


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return repr(value)


# The backward walk


def backward(tensor_type: type[T], root: Node, gradient: Array, retain_graph: bool) -> None:
    """Add to the `grad` of every leaf below `root` its part of the gradient."""
    found = _walk({root: gradient}, retain_graph=retain_graph, tensor_type=tensor_type)
    with _accumulation:  # threads may share a leaf
        for node, g in found.items():
            assert isinstance(node, Leaf)
            total = g if node.grad is None else node.grad._value + g
            node.grad = wrap(tensor_type, total, None)


def gradients(
    tensor_type: type[T],
    seeds: dict[Node, Array],
    targets: Iterable[Node],
    *,
    create_graph: bool,
    retain_graph: bool,
) -> dict[Node, Array]:
    """Return the gradients at `targets`, walking only what lies between them and the seeds."""
    targets = set(targets)
    return _walk(
        seeds,
        targets=targets,
        between=_between(seeds, targets),
        retain_graph=retain_graph,
        tensor_type=tensor_type,
        create_graph=create_graph,
    )


def _between(seeds: Iterable[Node], targets: set[Node]) -> set[Node]:
    """The nodes below `seeds` that are a target or lead to one."""
    oldest = min(node.birth for node in targets)
    found = {node for node in seeds if node.birth >= oldest}
    stack = list(found)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge.birth >= oldest and edge not in found:
                found.add(edge)
                stack.append(edge)
    leading: set[Node] = set()
    for node in sorted(found, key=lambda node: node.birth):
        if node in targets or not leading.isdisjoint(node.edges):
            leading.add(node)
    return leading


def _walk(
    pending: dict[Node, Array],
    *,
    targets: set[Node] | None = None,
    between: set[Node] | None = None,
    retain_graph: bool,
    tensor_type: type[Traced],
    create_graph: bool = False,
    hooks_of_targets: bool = True,
) -> dict[Node, Array]:
    """Carry gradients from the nodes of `pending` down; return those of the targets.

    Without targets, the leaves are the targets.
    """
    reached: dict[Node, Array] = {}
    watch = _modes.watch
    youngest = [(-node.birth, node) for node in pending if between is None or node in between]
    heapify(youngest)
    while youngest:
        # 1. The youngest node: all of its uses were younger, so its gradient is complete.
        node = heappop(youngest)[1]
        gradient = pending.pop(node)
        if node.notes is not None and (hooks_of_targets or node not in targets):  # type: ignore[operator]  # without targets all hooks run
            gradient = _noted(tensor_type, node, node.notes, gradient, keep=targets is None)
        if targets is None:
            if node.op is None:
                reached[node] = gradient
                continue
        elif node in targets:
            reached[node] = gradient
            if between is None or between.isdisjoint(node.edges):
                continue

        # 2. Its closures: those recorded, or of a new run of the rule on tensors.
        if type(node) is Output:
            call = call_of(node)
            if call not in pending:
                pending[call] = [None] * len(call.shape)
                heappush(youngest, (-call.birth, call))
            pending[call][node.index] = gradient
            continue
        closures = node.closures
        if closures is None:
            raise RuntimeError(
                f"backward through {node.op.name!r} a second time, but its closures were freed "  # type: ignore[union-attr]  # a leaf has no edges to get here
                "after the first; pass retain_graph=True to the first call to keep them, or "
                "detach() what a loop carries over, so that backward stops there"
            )
        if create_graph and not node.op.piecewise_linear:  # type: ignore[union-attr]  # as above
            closures = _replayed(tensor_type, node)

        # 3. The gradient of each input, added to what other uses of it sent.
        if type(gradient) is list:  # once: all closures of a call are given the same
            gradient = _filled(node, gradient)
        for position, edge in enumerate(node.edges):
            if edge is None or (between is not None and edge not in between):
                continue
            closure = closures[position]
            assert closure is not None
            if type(gradient) is list:
                part = closure(*gradient)
            else:
                part = closure(gradient)
            try:
                fits = part.shape == edge.shape and part.dtype is edge.dtype
            except AttributeError:
                fits = False
            if not fits:
                part = fitted(part, node, position, edge)
            if watch is not None:
                watch.passed(node, position, gradient, part)
            other = pending.get(edge)
            if other is None:
                pending[edge] = part
                heappush(youngest, (-edge.birth, edge))
            else:
                pending[edge] = other + part  # out of place: a closure may return what it was given

        # 4. What the node held is not needed any more.
        if not retain_graph:
            node.closures = node.values = None
    return reached


def _noted(
    tensor_type: type[Traced], node: Node, notes: Notes, gradient: Array, keep: bool
) -> Array:
    """The complete gradient of a node after its hooks; kept where that was asked for."""
    for hook in tuple(notes.hooks.values()):
        given = gradient if isinstance(gradient, Traced) else wrap(tensor_type, gradient, None)
        taken = hook(given)
        if taken is None:
            continue
        if not isinstance(taken, Traced):
            raise TypeError(
                f"register_hook: the hook returned a {type(taken).__name__}; it must return a "
                "tensor, the gradient from now on, or None"
            )
        if taken._value.shape != node.shape or taken._value.dtype != node.dtype:
            raise ValueError(
                f"register_hook: the hook returned a gradient of shape {taken._value.shape} and "
                f"dtype {taken._value.dtype}, the tensor has {node.shape} and {node.dtype}"
            )
        gradient = taken if isinstance(gradient, Traced) else taken._value
    if keep and notes.retains_grad:
        total = gradient if notes.grad is None else notes.grad._value + gradient
        notes.grad = wrap(tensor_type, total, None)
    return gradient


def _replayed(tensor_type: type[Traced], node: Node) -> Sequence[Closure | None]:
    """Run the rule of a recorded call on tensors, for closures that are connected to its inputs."""
    assert node.op is not None
    assert node.op.run is not None
    assert node.values is not None
    arrays = [
        # Constants too: in `out += bias` a tensor takes a tracked bias, an array would not.
        wrap(tensor_type, value, edge) if isinstance(value, ndarray) else value
        for value, edge in zip(node.values, node.edges, strict=True)
    ]
    closures = node.op.run(*arrays, **node.settings)[1]
    assert closures is not None  # else the call was not recorded
    return (closures,) if callable(closures) else closures


def _filled(call: Node, gradients: list[Array | None]) -> list[Array]:
    """The gradients of all outputs of a call; zeros for those that were not used."""
    return [
        np.broadcast_to(np.zeros((), dtype), shape) if gradient is None else gradient
        for gradient, shape, dtype in zip(gradients, call.shape, call.dtype, strict=True)
    ]


def fitted(part: Array, node: Node, position: int, edge: Node) -> Array:
    """Sum what a closure returned to the shape and dtype of its array; raise if that fails."""
    op = node.op
    assert op is not None
    where = f"{op.name}: the closure of {op.array_name(position)!r} returned"
    try:
        shape, dtype = part.shape, part.dtype
    except AttributeError:
        raise TypeError(
            f"{where} {part!r}, which is no array; it must return the gradient of an array of "
            f"shape {edge.shape}"
        ) from None
    if dtype.kind != "f":
        raise TypeError(
            f"{where} an array of {dtype}; a gradient is floating (was the gradient of the output "
            "multiplied in?)"
        )
    if shape != edge.shape:
        surplus = len(shape) - len(edge.shape)
        if surplus < 0 or any(
            length not in (1, longer)
            for length, longer in zip(edge.shape, shape[surplus:], strict=True)
        ):
            raise ValueError(
                f"{where} a gradient of shape {shape} for an array of shape {edge.shape}; it must "
                "have that shape, or one to which that shape broadcasts"
            )
        part = sum_to(part, edge.shape)
    return part if dtype == edge.dtype else astype(part, edge.dtype)
