"""A module as a function of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...tensor import Tensor
from ..module import Module
from ..parameter import Buffer, Parameter
from ..tree import below


def functional_call(
    module: Module,
    parameters_and_buffers: Mapping[str, Any],
    args: Any = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    strict: bool = False,
) -> Any:
    """Call a module with other values in the place of its parameters and buffers.

    Gradients flow to these values. Afterwards the module is as it was, also after an error.

    Parameters
    ----------
    module : Module
    parameters_and_buffers : mapping of str to array
        By the names of ``named_parameters()`` and ``named_buffers()``. What is held under two names
        needs one of them.
    args : tuple, or any other value
        Positional arguments; what is no tuple is the only one.
    kwargs : mapping, optional
        Keyword arguments.
    strict : bool
        Whether every parameter and buffer must be given.

    Raises
    ------
    ValueError
        If a name is not one of the module's, two names of one parameter have different values, a
        shape differs, or a name is missing with `strict`.

    Notes
    -----
    A buffer that the call changes, such as a running mean, changes in the mapping, if it is a
    tensor there. It is not for several threads that share the module.

    Examples
    --------
    A Hessian-vector product of a loss by all parameters:

    >>> layer = mg.nn.Linear(3, 1, dtype=np.float64)
    >>> x, y = np.ones((5, 3)), np.zeros((5, 1))
    >>> def loss(parameters):
    ...     out = mg.nn.utils.functional_call(layer, parameters, x)
    ...     return ((out - y) ** 2).mean()
    >>> parameters = dict(layer.named_parameters())
    >>> v = {name: np.ones(p.shape) for name, p in parameters.items()}
    >>> {name: part.shape for name, part in mg.hvp(loss, (parameters,), (v,))[0].items()}
    {'weight': (1, 3), 'bias': (1,)}
    """
    own: dict[str, Tensor] = {
        name: tensor
        for name, tensor in below(module, Tensor)
        if isinstance(tensor, Parameter | Buffer)
    }
    given: dict[int, tuple[Tensor, Any]] = {}
    for name, value in parameters_and_buffers.items():
        if name not in own:
            raise ValueError(
                f"functional_call: {type(module).__name__} has no parameter or buffer {name!r}; "
                f"there are: {', '.join(own) or 'none'}"
            )
        held = own[name]
        if not _agree(given.setdefault(id(held), (held, value))[1], value):
            raise ValueError(f"functional_call: {name!r} has another name with another value")
        if np.shape(value) != held.shape:
            raise ValueError(
                f"functional_call: {name!r} has shape {np.shape(value)}, the module {held.shape}"
            )
    if strict and (missing := [n for n, held in own.items() if id(held) not in given]):
        raise ValueError(f"functional_call: missing: {', '.join(map(repr, missing))}")
    swapped = [(held, value) for held, value in given.values() if value is not held]
    before = [(held, held._value, held._node) for held, _ in swapped]
    tensors = [_tensor(value, held) for held, value in swapped]
    after = [(tensor._value, tensor._node) for tensor in tensors]
    args = args if isinstance(args, tuple) else (args,)
    try:
        # The same objects stand for other values, wherever the module has put them.
        for (handle, _), (array, node) in zip(swapped, after, strict=True):
            handle._value, handle._node = array, node
        result = module(*args, **(kwargs or {}))
        for handle, value in swapped:
            if isinstance(handle, Buffer) and isinstance(value, Tensor):
                value._value, value._node = handle._value, handle._node
        return result
    finally:
        for handle, array, node in before:
            handle._value, handle._node = array, node


def _agree(first: Any, second: Any) -> bool:
    """Whether two values of one parameter are the same, as in a state with both of its names."""
    if first is second:
        return True
    tracked = any(isinstance(v, Tensor) and v.requires_grad for v in (first, second))
    return not tracked and np.array_equal(first, second, equal_nan=True)


def _tensor(value: Any, held: Tensor) -> Tensor:
    """What shall stand in the place of a tensor: arrays in its dtype, tensors as they are."""
    return value if isinstance(value, Tensor) else Tensor(value, held.dtype)
