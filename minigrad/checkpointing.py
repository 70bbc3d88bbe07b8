"""Memory for time: parts of a computation that are run again when they are differentiated."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import autograd, containers
from .random import generator
from .registry import Op
from .tensor import Tensor


def checkpoint(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``f(*args, **kwargs)``, and keep nothing of it but its arguments and its result.

    What its derivative needs is computed again during the walk back. So a network in N parts, each
    a checkpoint, keeps N results, and the inside of one part at a time.

    Parameters
    ----------
    f : callable
        A function, or a module. Tracked tensors that it captures, such as parameters, get their
        gradients as ever.
    *args, **kwargs
        Its arguments: anything, also in nested containers.

    Returns
    -------
    Any
        What `f` returns; tensors in nested containers are tracked as they would be without it.

    Raises
    ------
    RuntimeError
        On the way back, if the second run of `f` does not repeat the first: say because a
        parameter was changed in between.

    Notes
    -----
    The second run draws the same numbers from the generator of `mg.random`, and from generators
    among the arguments, but not from one that `f` captures. Whatever else `f` does, such as
    printing or updating a running mean, it does twice.

    Examples
    --------
    >>> x = mg.tensor([0.5, 1.0], requires_grad=True)
    >>> mg.checkpoint(lambda x: mg.exp(mg.tanh(x)), x).sum().backward()
    >>> x.grad
    tensor([1.24843172, 0.89945388], dtype=float64)
    """
    if not callable(f):
        raise TypeError(
            f"checkpoint: the first argument must be a function, it is a {type(f).__name__}; "
            "write mg.checkpoint(f, x)"
        )
    if not autograd.is_grad_enabled():
        return f(*args, **kwargs)
    leaves, structure = containers.flatten((args, kwargs))
    leaves = [_snapshot(leaf) for leaf in leaves]
    state = generator().bit_generator.state
    first = _run(f, args, kwargs)
    if not first.computed or not first.sources:
        return first.result
    values = [output._value for output in first.computed.values()]
    positions, sources, used = list(first.computed), first.sources, first.used
    outputs, result_structure = containers.flatten(first.result)
    del first

    def closure(*gradients: Any) -> _Together:
        own_args, own_kwargs = containers.unflatten(structure, [_snapshot(x) for x in leaves])
        shared = generator().bit_generator
        now = shared.state
        shared.state = state
        try:
            with autograd.enable_grad():
                again = _run(f, own_args, own_kwargs)
        finally:
            shared.state = now
        _compare(again, positions, values, sources, used)
        return _pulled_back(again, sources, gradients)

    for position, output in zip(positions, _recorded(values, sources, closure), strict=True):
        outputs[position] = output
    return containers.unflatten(result_structure, outputs)


class _Run(NamedTuple):
    """What a call returned, and from which nodes outside it was computed."""

    result: Any
    computed: dict[int, Tensor]  # by their place among the leaves of the result
    sources: list[autograd.Node]
    used: list[Any]  # the value of each source, where it was recorded
    frontier: set[autograd.Node]  # the sources, and leaves that were made inside


class _Together:
    """The gradients of all sources, as one: a second run of `f` gives them all at once."""

    shape, dtype = (), np.dtype(float)

    def __init__(self, gradients: list[Any]) -> None:
        self.gradients = gradients


def _snapshot(leaf: Any) -> Any:
    """What an argument is now, whatever becomes of it."""
    if isinstance(leaf, Tensor):
        return autograd.wrap(type(leaf), leaf._value, leaf._node)
    return copy.deepcopy(leaf) if isinstance(leaf, np.ndarray | np.random.Generator) else leaf


def _run(f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> _Run:
    start = autograd._births()
    result = f(*args, **kwargs)
    computed = {
        position: leaf
        for position, leaf in enumerate(containers.flatten(result)[0])
        if isinstance(leaf, Tensor)
        and leaf._node is not None
        and leaf._node.birth >= start
        and not leaf.is_leaf
    }
    sources: dict[autograd.Node, Any] = {}
    frontier: set[autograd.Node] = set()
    stack: list[autograd.Node] = [
        output._node for output in computed.values() if output._node is not None
    ]
    seen = set(stack)
    while stack:
        node = stack.pop()
        for position, edge in enumerate(node.edges):
            if edge is None:
                continue
            if edge.birth < start:
                value = None if node.values is None else node.values[position]
                if sources.get(edge) is None:
                    sources[edge] = value
            if edge.birth < start or edge.op is None:
                frontier.add(edge)
            elif edge not in seen:
                seen.add(edge)
                stack.append(edge)
    return _Run(result, computed, list(sources), list(sources.values()), frontier)


def _recorded(
    values: list[Any], sources: list[autograd.Node], closure: Callable[..., _Together]
) -> Sequence[Tensor]:
    """Record one call in the place of all that `f` computed.

    Below its node is another, to which all the gradients go at once; that hands each on.
    """
    inputs = autograd.Node(
        _SEGMENT,
        sources,
        [lambda together, i=i: together.gradients[i] for i in range(len(sources))],
        None,
        {},
        _Together.shape,
        _Together.dtype,
    )
    if len(values) > 1:
        return autograd._several(Tensor, _SEGMENT, [inputs], [closure], None, {}, values)
    (value,) = values
    node = autograd.Node(_SEGMENT, [inputs], [closure], None, {}, value.shape, value.dtype)
    return [autograd.wrap(Tensor, value, node)]


def _compare(
    again: _Run,
    positions: list[int],
    values: list[Any],
    sources: list[autograd.Node],
    used: list[Any],
) -> None:
    """Raise if the second run did not repeat the first."""
    difference = None
    if list(again.computed) != positions or set(again.sources) != set(sources):
        difference = "it computed with other tracked tensors"
    elif again.sources == sources and any(
        then is not now and then is not None for then, now in zip(used, again.used, strict=True)
    ):
        difference = "a tracked tensor that it computes with has other values"
    elif not all(map(_agree, values, (output._value for output in again.computed.values()))):
        difference = "its result is another"
    if difference is not None:
        raise RuntimeError(
            f"checkpoint: the second run of the function did not repeat the first: {difference}; "
            "between the forward and the backward, change no parameter or array that it captures, "
            "and let it draw random numbers from the generator of mg.random or from an argument"
        )


def _agree(then: Any, now: Any) -> bool:
    """Whether two results are the same but for rounding, which may differ with the memory used."""
    if then.shape != now.shape or then.dtype != now.dtype:
        return False
    finite = np.abs(then[np.isfinite(then)])
    rounding = float(np.finfo(then.dtype).eps) ** 0.75
    scale = float(finite.max()) if finite.size else 0.0
    return np.allclose(then, now, rtol=0, atol=rounding * scale, equal_nan=True)


def _pulled_back(again: _Run, sources: list[autograd.Node], gradients: Sequence[Any]) -> _Together:
    """Carry the gradients of the outputs through the second run, as far as to the sources."""
    seeds: dict[autograd.Node, Any] = {}
    for output, gradient in zip(again.computed.values(), gradients, strict=True):
        node = output._node
        assert node is not None
        seeds[node] = gradient if node not in seeds else seeds[node] + gradient
    create_graph = any(isinstance(gradient, Tensor) for gradient in gradients)
    # Not only what is between: every way out of the run ends at its frontier, where the walk ends.
    found = autograd._walk(
        seeds,
        targets=again.frontier,
        retain_graph=create_graph,
        tensor_type=Tensor,
        create_graph=create_graph,
        # Those run where the walk outside meets the sources.
        hooks_of_targets=False,
    )
    return _Together([found[source] for source in sources])


# In no list of ops: nobody calls it, it stands for a checkpoint in the record.
_SEGMENT = Op(
    "checkpoint",
    "checkpointing",
    checkpoint,
    None,
    piecewise_linear=True,
)
