"""The parameters of a layer that somebody else wrote, and where it keeps their gradients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]


def parameters_of(
    layer: Any, wanted: Sequence[str] | None = None, taken: Iterable[str] = ()
) -> dict[str, Array]:
    """Find the floating arrays in ``layer.params`` and in the attributes, each once.

    Parameters
    ----------
    layer : object
        With ``params``, a dict, list or tuple, or without.
    wanted : sequence of str, optional
        Only these: keys of ``params`` or names of attributes.
    taken : iterable of str, optional
        Attributes that are left out: an input of this name is kept there.

    Raises
    ------
    ValueError
        If there is no parameter of a wanted name.
    """
    kept = getattr(layer, "params", None)
    attributes = {n: a for n, a in getattr(layer, "__dict__", {}).items() if _is_floating(a)}
    found = {n: a for n, a in zip(order_of(layer), _values(kept), strict=True) if _is_floating(a)}
    gradients = [*_values(getattr(layer, "grads", None))]
    others = {
        name: array
        for name, array in attributes.items()
        if not any(array is other for other in (*found.values(), *gradients))
        and not (name[0] == "d" and (name[1:] in attributes or name[1:] in found))
        and name not in taken
    }
    found |= others
    if wanted is None:
        return found
    for name in wanted:
        array = found.get(name, getattr(layer, name, None))
        if not _is_floating(array):
            seen = f"a {type(array).__name__}" if array is not None else "nothing"
            raise ValueError(
                f"check_vjp: parameters={tuple(wanted)}, but {name} is {seen}, not a floating "
                f"array; there are: {', '.join(found) or 'none'}"
            )
        found[name] = array
    return {name: found[name] for name in wanted}


def order_of(layer: Any) -> list[str]:
    """The names of what is in ``layer.params``: keys, or names of attributes, or positions."""
    kept = getattr(layer, "params", None)
    if isinstance(kept, dict):
        return list(kept)
    attributes = getattr(layer, "__dict__", {}).items()
    return [
        next((name for name, value in attributes if value is array), f"params[{i}]")
        for i, array in enumerate(_values(kept))
    ]


def gradients_of(layer: Any, returned: Any, names: Sequence[str], order: Sequence[str]) -> Any:
    """The gradients of parameters by name: returned, or in ``layer.grads``, or in ``layer.dW``.

    Parameters
    ----------
    layer : object
        After its backward was called, or before.
    returned : list, tuple, dict or None
        What backward returned of them.
    names : sequence of str
        All parameters.
    order : sequence of str
        Those that a list of gradients belongs to.
    """
    found = {name: getattr(layer, f"d{name}") for name in names if hasattr(layer, f"d{name}")}
    for gradients in (getattr(layer, "grads", None), returned):
        if isinstance(gradients, dict):
            found |= by_name(gradients, names)
        elif len(_values(gradients)) == len(order):
            found |= dict(zip(order, _values(gradients), strict=True))
        elif returned is not None and gradients is returned:
            raise ValueError(
                f"check_vjp: backward returned {len(_values(gradients))} gradients of parameters, "
                f"but there are {len(order)} in layer.params; name the parameters in this order, "
                "as in parameters=('W', 'b')"
            )
    return {name: found[name] for name in names if name in found}


def by_name(gradients: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Those of the gradients whose key is one of the names, perhaps with a "d" before it."""
    found = {}
    for key, gradient in gradients.items():
        if key in names:
            found[key] = gradient
        elif key[:1] == "d" and key[1:] in names:
            found[key[1:]] = gradient
    return found


def _values(container: Any) -> list[Any]:
    if isinstance(container, dict):
        return list(container.values())
    return list(container) if isinstance(container, list | tuple) else []


def _is_floating(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"
