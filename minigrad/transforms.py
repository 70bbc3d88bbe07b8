"""Derivatives as functions: what `mg.grad` and its relatives return, accumulating nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from . import autograd
from .tensor import Tensor, starting_gradient


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
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
            raise RuntimeError(f"grad: input {position} is untracked; it does not require grad")

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
