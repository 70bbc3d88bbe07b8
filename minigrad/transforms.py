"""Derivatives that accumulate nothing: `grad` of tensors, and functions of functions.

The latter take nested containers as arguments. A function is called with inputs that have nodes of
their own, so it may also use the same tensors by another way, and only the way through its
arguments is differentiated. The node of an input that is tracked outside is connected to the node
there; that is all it takes for them to nest.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from . import autograd, containers, ops
from .tensor import Tensor, starting_gradient


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor] = (),
    grad_outputs: Any = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    allow_unused: bool = False,
) -> tuple[Any, ...]:
    """Return the gradients of outputs by inputs; nothing is accumulated anywhere.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        What is differentiated; several are summed, each times its gradient.
    inputs : Tensor or sequence of Tensor
        By what it is differentiated: leaves, or results on the way.
    grad_outputs : array_like or sequence of array_like or None, optional
        The gradient by each output, of its shape; a scalar output needs none.
    create_graph : bool
        Whether the gradients are tracked, so that they can be differentiated in turn.
    retain_graph : bool, optional
        Whether to keep the graph for another walk; by default as `create_graph`.
    allow_unused : bool
        Whether an input may have no influence on the outputs; its gradient is then None.

    Returns
    -------
    tuple of Tensor
        A gradient for each input, of its shape and dtype; also for a single input.

    Raises
    ------
    RuntimeError
        If an input or all outputs are untracked, if an input has no influence, or if the graph was
        freed.
    ValueError
        If a gradient of an output is missing or has the wrong shape.

    Examples
    --------
    The third derivative of x**4 is 24 x:

    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> y = x**4
    >>> for order in range(3):
    ...     (y,) = mg.grad(y, x, create_graph=True)
    >>> y.item()
    48.0
    """
    if callable(outputs):
        raise TypeError(
            "grad: differentiates tensors, by tensors, but its first argument is a function; for "
            "the gradient of a function use mg.value_and_grad(f), which returns a function"
        )
    single = isinstance(outputs, Tensor)
    outputs = _tensors("outputs", outputs)
    inputs = _tensors("inputs", inputs)
    if grad_outputs is None:
        given: list[Any] = [None] * len(outputs)
    elif isinstance(grad_outputs, (list, tuple)) and not _is_one(single, grad_outputs):
        given = list(grad_outputs)
    else:
        given = [grad_outputs]
    if len(given) != len(outputs):
        raise ValueError(f"grad: {len(given)} grad_outputs for {len(outputs)} outputs")
    for position, tensor in enumerate(inputs):
        if tensor._node is None:
            raise RuntimeError(
                f"grad: input {position} is untracked, so nothing was recorded for it; before the "
                "computation ask for its gradient, by t.requires_grad_()"
            )

    seeds: dict[autograd.Node, Any] = {}
    for output, gradient in zip(outputs, given, strict=True):
        if output._node is None:
            continue
        seed = starting_gradient("grad", output, gradient)
        seed_array = seed if create_graph else seed._value
        other = seeds.get(output._node)
        seeds[output._node] = seed_array if other is None else other + seed_array
    if not seeds and not allow_unused:
        raise RuntimeError(
            "grad: no output is tracked: nothing that they were computed from requires grad, they "
            "were computed under no_grad(), or they are a derivative that does not depend on any "
            "input (allow_unused=True gives None for it)"
        )

    nodes = [cast(autograd.Node, tensor._node) for tensor in inputs]
    with autograd.enable_grad() if create_graph else autograd.no_grad():
        found = autograd.gradients(
            Tensor,
            seeds,
            nodes,
            create_graph=create_graph,
            retain_graph=create_graph if retain_graph is None else retain_graph,
        )
    for position, node in enumerate(nodes):
        if node not in found and not allow_unused:
            raise RuntimeError(
                f"grad: input {position} has no influence on the outputs; pass allow_unused=True "
                "for a gradient of None"
            )
    return tuple(
        None if gradient is None else _as_tensor(gradient) for gradient in map(found.get, nodes)
    )


def _tensors(name: str, tensors: Tensor | Sequence[Tensor]) -> Sequence[Tensor]:
    one = isinstance(tensors, Tensor) or not isinstance(tensors, Iterable)
    several: list[Any] = [tensors] if one else list(tensors)
    for position, candidate in enumerate(several):
        if not isinstance(candidate, Tensor):
            raise TypeError(
                f"grad: {name}[{position}] is a {type(candidate).__name__}, expected a Tensor"
            )
    if not several:
        raise ValueError(f"grad: {name} is empty")
    return several


def _is_one(single: bool, grad_outputs: Sequence[Any]) -> bool:
    """Whether a list of numbers is the gradient of a single output, not one for each of several."""
    return single and not any(part is None or hasattr(part, "shape") for part in grad_outputs)


def _as_tensor(gradient: Any) -> Tensor:
    return gradient if isinstance(gradient, Tensor) else autograd.wrap(Tensor, gradient, None)


# Functions of functions


class _Call(NamedTuple):
    """A call of a function, recorded so that it can be differentiated by its inputs."""

    inputs: list[Tensor]
    inputs_structure: Any
    outputs: list[Tensor]
    outputs_structure: Any
    aux: Any
    tracked: bool  # whether the outputs depend on something tracked outside of the call
    start: int  # nodes of a lower birth are outside

    def result(self) -> Any:
        """What the function returned; tracked only by what is tracked outside."""
        return self.outside(containers.unflatten(self.outputs_structure, self.outputs))

    def outside(self, container: Any) -> Any:
        """Rid a container of tensors of the history that belongs to this call alone."""
        if self.tracked:
            return container
        return containers.map_leaves(
            lambda leaf: leaf.detach() if _is_inside(leaf, self.start) else leaf, container
        )

    def with_aux(self, result: Any, has_aux: bool) -> Any:
        return (result, self.outside(self.aux)) if has_aux else result

    def by_input(self, leaves: Sequence[Any]) -> Any:
        """A derivative for each input, in the inputs' structure."""
        return containers.unflatten(self.inputs_structure, leaves)


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """Return a function that computes the value of `f` and its gradient.

    Parameters
    ----------
    f : callable
        A function that returns a scalar tensor; a module is one.
    argnums : int or sequence of int
        Positions of the arguments to differentiate by. Such an argument is a floating tensor,
        array or number, or a container of these: a tuple, list or dict, nested at will. `f` gets
        tensors for them. All other arguments reach `f` untouched.
    has_aux : bool
        Whether `f` returns ``(scalar, aux)``, where `aux` is anything else to be returned.

    Returns
    -------
    callable
        Takes the arguments of `f`, returns ``(value, gradient)``, or ``((value, aux), gradient)``.
        The gradient has the structure of the argument; for a sequence of `argnums` it is a tuple.

    Raises
    ------
    TypeError
        By the returned function, if an argument or a result of `f` is not what it must be.
    ValueError
        By the returned function, if the result is not a scalar, or `argnums` is out of range or
        names an argument twice.

    Notes
    -----
    What is returned is tracked as the result of any other function would be: if `f` computes with
    tracked tensors, captured or passed in, so that all derivatives can be nested; not under
    `no_grad`, where it costs less.

    Examples
    --------
    >>> def loss(parameters, x):
    ...     return mg.sum((parameters["slope"] * x + parameters["offset"]) ** 2)
    >>> value, slopes = mg.value_and_grad(loss)({"slope": 2.0, "offset": 1.0}, np.ones(3))
    >>> value
    tensor(27., dtype=float64)
    >>> slopes
    {'slope': tensor(18., dtype=float64), 'offset': tensor(18., dtype=float64)}
    """
    _check_callable("value_and_grad", f)
    _check_argnums("value_and_grad", argnums)

    @functools.wraps(f, updated=())
    def differentiated(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = _called("value_and_grad", f, args, kwargs, argnums, has_aux)
        value = _scalar("value_and_grad", call)
        seeds = [np.ones_like(value._value)]
        slopes = _pulled_back(call, seeds, create_graph=call.tracked, retain_graph=call.tracked)
        return call.with_aux(call.result(), has_aux), call.by_input(slopes)

    return differentiated


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Call `f`, and return its output and the function that pulls gradients back through it.

    Parameters
    ----------
    f : callable
        Returns a tensor, or a container of tensors.
    *primals
        Its arguments, to be differentiated by: floating tensors, arrays or numbers, or containers
        of these.
    has_aux : bool
        Whether `f` returns ``(output, aux)``.

    Returns
    -------
    tuple
        ``(output, vjp_fn)``, or ``(output, vjp_fn, aux)``. ``vjp_fn(cotangents)`` takes the
        gradient by the output, of its structure, and returns a tuple with the gradient by each
        primal: zeros where the output does not depend on it. It may be called several times.

    Examples
    --------
    >>> output, vjp_fn = mg.vjp(lambda x, y: x * y, 3.0, 5.0)
    >>> vjp_fn(2.0)
    (tensor(10., dtype=float64), tensor(6., dtype=float64))
    """
    _check_callable("vjp", f)
    call = _called("vjp", f, primals, {}, range(len(primals)), has_aux)

    def vjp_fn(cotangents: Any) -> tuple[Any, ...]:
        """Return the gradient by each primal, from that by the output."""
        seeds = _directions(
            "vjp", "cotangents", call.outputs_structure, call.outputs, cotangents, "output"
        )
        tracked = _is_followed(call, seeds)
        slopes = _pulled_back(call, seeds, create_graph=tracked, retain_graph=True)
        found: tuple[Any, ...] = call.by_input(slopes)
        return found

    result = (call.result(), vjp_fn)
    return (*result, call.outside(call.aux)) if has_aux else result


def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> Any:
    """Call `f`, and return its output and its derivative in a direction.

    Parameters
    ----------
    f : callable
        Returns a tensor, or a container of tensors.
    primals : tuple
        Its arguments: floating tensors, arrays or numbers, or containers of these.
    tangents : tuple
        The direction: for each argument one of the same structure and shapes.
    has_aux : bool
        Whether `f` returns ``(output, aux)``.

    Returns
    -------
    tuple
        ``(output, tangent)``, or ``(output, tangent, aux)``; the tangent is what the output
        changes by, for each unit of the direction.

    Notes
    -----
    The vjp is linear in the gradient that it pulls back; the derivative by that gradient is the
    jvp. So no op needs a second rule, and the cost is that of a second derivative.

    Examples
    --------
    >>> mg.jvp(lambda x, y: x * y, (3.0, 5.0), (1.0, 10.0))
    (tensor(15., dtype=float64), tensor(35., dtype=float64))
    """
    _check_callable("jvp", f)
    call, directions = _pushed("jvp", f, primals, tangents, has_aux)
    tracked = _is_followed(call, directions)
    with autograd.enable_grad():
        # Any cotangents do, as the vjp is linear in them; zeros could make 0 * inf.
        cotangents = [
            autograd.wrap(Tensor, value, autograd.Leaf(value))
            for value in (np.ones_like(output._value) for output in call.outputs)
        ]
    pulled = _pulled_back(call, cotangents, create_graph=True, retain_graph=True)
    tangent = _differentiated(
        pulled, directions, cotangents, create_graph=tracked, retain_graph=tracked
    )
    result = (call.result(), containers.unflatten(call.outputs_structure, tangent))
    return (*result, call.outside(call.aux)) if has_aux else result


def jacobian(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes the derivatives of all outputs of `f` by all inputs.

    Parameters
    ----------
    f : callable
        Returns a tensor, or a container of tensors.
    argnums, has_aux
        As for `value_and_grad`.

    Returns
    -------
    callable
        Takes the arguments of `f`, returns the Jacobian, or ``(jacobian, aux)``. For an output of
        shape ``(M, N)`` and an argument of shape ``(K,)`` it has the shape ``(M, N, K)``. With
        containers it has the structure of the output, with that of the argument in the place of
        each leaf.

    Notes
    -----
    It walks back once for each element of the output. For one direction, `jvp` costs less.

    Examples
    --------
    >>> mg.jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]], dtype=float64)
    """
    return _jacobian("jacobian", f, argnums, has_aux)


def hessian(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes the second derivatives of `f`: the Jacobian's Jacobian.

    Parameters
    ----------
    f : callable
        Returns a scalar tensor; or any other, or a container of tensors.
    argnums, has_aux
        As for `value_and_grad`.

    Returns
    -------
    callable
        Takes the arguments of `f`, returns the Hessian, or ``(hessian, aux)``. For a scalar and an
        argument of shape ``(K,)`` it has the shape ``(K, K)``. With containers it has the structure
        of the argument, with that structure once more in the place of each leaf.

    Examples
    --------
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    tensor([[4., 2.],
            [2., 0.]], dtype=float64)
    """
    first = _jacobian("hessian", f, argnums, has_aux)
    return _jacobian("hessian", first, argnums, has_aux)


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
    """Return the product of the Hessian of `f` and a direction, without forming the Hessian.

    Parameters
    ----------
    f : callable
        Returns a scalar tensor.
    primals : tuple
        Its arguments: floating tensors, arrays or numbers, or containers of these.
    tangents : tuple
        The direction: for each argument one of the same structure and shapes.

    Returns
    -------
    tuple
        The product: for each argument one of the same structure and shapes.

    Examples
    --------
    >>> mg.hvp(lambda x: x[0] ** 2 * x[1], (np.array([1.0, 2.0]),), ([1.0, 10.0],))
    (tensor([24.,  2.], dtype=float64),)
    """
    _check_callable("hvp", f)
    call, directions = _pushed("hvp", f, primals, tangents, has_aux=False)
    value = _scalar("hvp", call)
    tracked = _is_followed(call, directions)
    seed = autograd.wrap(Tensor, np.ones_like(value._value), None)
    slopes = _pulled_back(call, [seed], create_graph=True, retain_graph=True)
    product = _differentiated(
        slopes, directions, call.inputs, create_graph=tracked, retain_graph=tracked
    )
    found: tuple[Any, ...] = call.by_input(product)
    return found


def _jacobian(
    name: str, f: Callable[..., Any], argnums: int | Sequence[int], has_aux: bool
) -> Callable[..., Any]:
    _check_callable(name, f)
    _check_argnums(name, argnums)

    @functools.wraps(f, updated=())
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        call = _called(name, f, args, kwargs, argnums, has_aux)
        rows = [call.by_input(_rows(call, output)) for output in call.outputs]
        return call.with_aux(containers.unflatten(call.outputs_structure, rows), has_aux)

    return differentiated


def _rows(call: _Call, output: Tensor) -> list[Tensor]:
    """The Jacobian of an output by each input."""
    shapes = [output.shape + source.shape for source in call.inputs]
    if output._node is None or not output.size:
        return [
            autograd.wrap(Tensor, np.zeros(shape, source.dtype), None)
            for shape, source in zip(shapes, call.inputs, strict=True)
        ]
    rows = []
    for index in np.ndindex(output.shape):
        seed = np.zeros_like(output._value)
        seed[index] = 1
        one = call._replace(outputs=[output])
        rows.append(_pulled_back(one, [seed], create_graph=call.tracked, retain_graph=True))
    return [
        # Joined by an op, for they may be tracked.
        ops.reshape(ops.concatenate([ops.reshape(row, (1, *row.shape)) for row in column]), shape)
        for shape, column in zip(shapes, zip(*rows, strict=True), strict=True)
    ]


def _called(
    name: str,
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any],
    argnums: int | Sequence[int],
    has_aux: bool,
) -> _Call:
    """Call `f` with inputs of its own, recording."""
    args = list(args)
    one = isinstance(argnums, int | np.integer)
    positions = [
        _position(name, argnum, len(args))
        for argnum in ([argnums] if one else argnums)  # type: ignore[union-attr]  # as `one` says
    ]
    if len(set(positions)) < len(positions):
        raise ValueError(f"{name}: argnums names an argument twice: {argnums}")
    chosen: Any = args[positions[0]] if one else tuple(args[i] for i in positions)
    leaves, structure = containers.flatten(chosen)
    places = [
        f"argument {position}{path}"
        for position in positions
        for path in containers.paths(args[position])
    ]
    recording = autograd.is_grad_enabled()
    start = autograd._births()
    with autograd.enable_grad():
        inputs = [
            _input(name, place, leaf, recording) for place, leaf in zip(places, leaves, strict=True)
        ]
        # Handles of its own, for `f` may assign to their elements.
        own = containers.unflatten(
            structure, [autograd.wrap(Tensor, source._value, source._node) for source in inputs]
        )
        for position, argument in zip(positions, [own] if one else own, strict=True):
            args[position] = argument
        result = f(*args, **kwargs)
    aux = None
    if has_aux:
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(
                f"{name}: with has_aux=True the function must return (output, aux), "
                f"it returned a {_kind(result)}"
            )
        result, aux = result
    outputs, outputs_structure = containers.flatten(result)
    for path, output in zip(containers.paths(result), outputs, strict=True):
        if not isinstance(output, Tensor) or output.dtype.kind != "f":
            raise TypeError(
                f"{name}: the function must return floating tensors, but output{path} is a "
                f"{_kind(output)}; compute it with functions of minigrad, or return it as aux, "
                "with has_aux=True"
            )
    return _Call(
        inputs,
        structure,
        outputs,
        outputs_structure,
        aux,
        recording and _reaches_outside([*outputs, *containers.flatten(aux)[0]], start),
        start,
    )


def _check_argnums(name: str, argnums: Any) -> None:
    several = argnums if isinstance(argnums, (tuple, list, range)) else (argnums,)
    if not all(isinstance(argnum, int | np.integer) for argnum in several):
        raise TypeError(
            f"{name}: argnums must be an integer or a tuple of integers, got {argnums!r}; it "
            f"returns a function, which takes the arguments: mg.{name}(f)(x)"
        )


def _position(name: str, argnum: Any, count: int) -> int:
    if not -count <= argnum < count:
        raise ValueError(
            f"{name}: argnums has {argnum}, but the function was given {count} positional arguments"
        )
    return int(argnum) % count


def _input(name: str, place: str, leaf: Any, recording: bool) -> Tensor:
    """A tensor of the leaf's values and of a node of its own, connected to the leaf's."""
    if not isinstance(leaf, Tensor):
        if not isinstance(leaf, float | int | np.ndarray | np.generic):
            raise TypeError(
                f"{name}: {place} is a {_kind(leaf)}; it can differentiate by floating tensors, "
                "arrays and numbers, and containers of these (argnums= says by which arguments)"
            )
        leaf = Tensor(leaf)
    if leaf.dtype.kind != "f":
        raise TypeError(
            f"{name}: {place} is {leaf.dtype}, and only floating values have gradients; convert it "
            "first, as in float(n) or array.astype(float)"
        )
    if leaf._node is None or not recording:
        leaf = autograd.wrap(Tensor, leaf._value, autograd.Leaf(leaf._value))
    # Computed, and so no leaf: a function may change its arguments in place.
    return ops.reshape(leaf, leaf.shape)


def _scalar(name: str, call: _Call) -> Tensor:
    if call.outputs_structure != 0:
        raise TypeError(
            f"{name}: the function must return a scalar tensor, it returned a "
            f"{type(call.outputs_structure).__name__}"
            + (
                "; if it is (scalar, aux), pass has_aux=True"
                if isinstance(call.outputs_structure, tuple) and name == "value_and_grad"
                else ""
            )
        )
    (value,) = call.outputs
    if value.size != 1:
        raise ValueError(
            f"{name}: the function must return a scalar, it returned a tensor of shape "
            f"{value.shape}; reduce it, as in t.sum(), or use mg.jacobian or mg.vjp"
        )
    return value


def _pushed(
    name: str, f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool
) -> tuple[_Call, list[Tensor]]:
    """Call `f`; return the call, and the direction as a tensor for each input."""
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(
                f"{name}: {what} must be a tuple with an entry for each argument, as in "
                f"mg.{name}(f, (x,), (v,)); it is a {_kind(given)}"
            )
    call = _called(name, f, primals, {}, range(len(primals)), has_aux)
    directions = _directions(
        name, "tangents", call.inputs_structure, call.inputs, tangents, "argument"
    )
    return call, directions


def _directions(
    name: str, what: str, structure: Any, likes: Sequence[Tensor], given: Any, of: str
) -> list[Tensor]:
    """Given cotangents or tangents as tensors of the shapes and dtypes that they must have."""
    found = []
    entries = containers.matching(structure, given, f"{name}: {what}")
    for path, like, entry in zip(containers.paths(structure), likes, entries, strict=True):
        direction = entry if isinstance(entry, Tensor) else Tensor(entry)
        if direction.shape != like.shape:
            raise ValueError(
                f"{name}: {what}{path} has shape {direction.shape}, but the {of} {like.shape}"
            )
        if direction.dtype.kind not in "fiu":
            raise TypeError(f"{name}: {what}{path} is {direction.dtype}, but the {of} {like.dtype}")
        same = direction.dtype == like.dtype
        found.append(direction if same else ops.astype(direction, like.dtype))
    return found


def _pulled_back(
    call: _Call, seeds: Sequence[Any], *, create_graph: bool, retain_graph: bool
) -> list[Tensor]:
    """The gradient by each input, given those by the outputs."""
    return _differentiated(
        call.outputs, seeds, call.inputs, create_graph=create_graph, retain_graph=retain_graph
    )


def _differentiated(
    outputs: Sequence[Tensor],
    seeds: Sequence[Any],
    inputs: Sequence[Tensor],
    *,
    create_graph: bool,
    retain_graph: bool,
) -> list[Tensor]:
    """The gradient by each input; zeros where the outputs do not depend on it."""
    nodes = [cast(autograd.Node, source._node) for source in inputs]
    with autograd.enable_grad() if create_graph else autograd.no_grad():
        pending: dict[autograd.Node, Any] = {}
        for output, seed in zip(outputs, seeds, strict=True):
            if output._node is not None:
                seed = _as_tensor(seed) if create_graph else getattr(seed, "_value", seed)
                other = pending.get(output._node)
                pending[output._node] = seed if other is None else other + seed
        found = (
            autograd.gradients(
                Tensor, pending, nodes, create_graph=create_graph, retain_graph=retain_graph
            )
            if pending and nodes
            else {}
        )
    return [
        _as_tensor(found[node] if node in found else np.zeros(node.shape, node.dtype))
        for node in nodes
    ]


def _is_followed(call: _Call, directions: Sequence[Tensor]) -> bool:
    """Whether a derivative in some directions depends on something tracked outside of the call."""
    return autograd.is_grad_enabled() and (
        call.tracked or any(direction._node is not None for direction in directions)
    )


def _is_inside(leaf: Any, start: int) -> bool:
    return isinstance(leaf, Tensor) and leaf._node is not None and leaf._node.birth >= start


def _reaches_outside(leaves: Iterable[Any], start: int) -> bool:
    """Whether one of some tensors was computed from a node that was born before `start`."""
    stack = [leaf._node for leaf in leaves if isinstance(leaf, Tensor) and leaf._node is not None]
    seen = set(stack)
    while stack:
        node = stack.pop()
        if node.birth < start:
            return True
        for edge in node.edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                stack.append(edge)
    return False


def _check_callable(name: str, f: Any) -> None:
    if not callable(f):
        raise TypeError(
            f"{name}: the first argument must be a function, it is a {_kind(f)}"
            + ("; for tensors use mg.grad(outputs, inputs)" if isinstance(f, Tensor) else "")
        )


def _kind(value: Any) -> str:
    dtype = getattr(value, "dtype", None)
    kind = type(value).__name__
    return kind if dtype is None or isinstance(value, np.generic) else f"{kind} of {dtype}"
