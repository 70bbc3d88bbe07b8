"""How a layer that somebody else wrote is called: with a cache, its inputs, or as an object."""

from __future__ import annotations

import contextlib
import copy
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from .layer_parameters import by_name, gradients_of, order_of, parameters_of
from .subjects import ChangedInput, names_of

Array: TypeAlias = np.ndarray[Any, Any]

# What a parameter of backward is called that stands for what forward returned.
OUTPUT = ("out", "output", "outputs", "y")

FORMS = (
    "forward(x, w) returns (output, cache), and backward(gradient, cache) takes that cache; or "
    "forward(x, w) returns the output, and backward takes the gradient and then all inputs in "
    "order, or some of them by their names, or the output by the name 'out'; or both are methods "
    "of an object, and backward(gradient) takes nothing else"
)


@dataclass
class Layer:
    """A layer, and how it is called, which a first call shows.

    Attributes
    ----------
    name : str
        What it is called in reports.
    owner : object or None
        What `forward` is a method of.
    forward, backward : callable
        See `check_vjp`.
    arguments : list
        What forward takes.
    cache : bool or None
        Whether forward returns what backward takes besides the gradient; None to find out.
    wrt, wanted : sequence of str or None
        The inputs and the parameters that gradients are expected of; None to find out.
    is_loss : bool
        Whether forward returns a number and its gradients, perhaps of the first inputs only.
    """

    name: str
    owner: Any
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    arguments: list[Any]
    cache: bool | None = None
    wrt: Sequence[str] | None = None
    wanted: Sequence[str] | None = None
    is_loss: bool = False
    parameters: dict[str, Array] = field(default_factory=dict)
    order: Sequence[str] = ()
    # Found in the first call: what backward takes after the gradients, whether it takes gradients
    # of several outputs one by one, and the inputs that the gradients it returns belong to.
    further: Sequence[str] = ()
    apart: bool = False
    layout: Sequence[str] | None = None
    checked: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = names_of(self.forward, len(self.arguments))
        if self.owner is not None:
            self.parameters = parameters_of(self.owner, self.wanted, self.names)
            self.order = self.wanted or order_of(self.owner)
        self.names = [f"input {n}" if n in self.parameters else n for n in self.names]
        given = dict(zip(self.names, self.arguments, strict=True))
        if unknown := [name for name in self.wrt or () if name not in given]:
            raise ValueError(
                f"{self.who}: wrt={tuple(self.wrt or ())}, but {self.name} has no input "
                f"{unknown[0]}; it has: {', '.join(self.names)}"
            )
        self.floating = [
            name
            for name, value in given.items()
            if _is_floating(value) and (self.wrt is None or name in self.wrt)
        ]
        self.values = {**self.parameters, **given}
        with np.errstate(all="ignore"):
            self._call_first()

    @property
    def who(self) -> str:
        """The check that errors speak of."""
        return "check_value_and_grad" if self.is_loss else "check_vjp"

    def _call_first(self) -> None:
        candidates = [*self.floating, *self.parameters]
        run = Run(self, {n: np.array(self.values[n], dtype=np.float64) for n in candidates})
        self._choose_form(run.result)
        found = run.pull([np.ones_like(output) for output in run.outputs()])
        if lost := [name for name in self.wanted or () if name not in found]:
            raise ValueError(
                f"{self.who}: there is no gradient of {', '.join(lost)}; backward must return it "
                f"in (dx, grads), or leave it in layer.grads or layer.d{lost[0]}"
            )
        # What forward assigns is a cache, and no parameter.
        still = {} if self.owner is None else parameters_of(run.owner, self.wanted)
        candidates = [
            n for n in candidates if n in self.floating or still.get(n) is run.parameters[n]
        ]
        self.checked = [name for name in candidates if name in found]
        self.unchecked = [name for name in candidates if name not in found]

    def _choose_form(self, result: Any) -> None:
        """Decide what backward takes from what forward returned and what backward's names are."""
        wanted = _required(self.backward)
        count = len(result) if isinstance(result, tuple | list) else 1
        if self.cache is None:
            self.cache = (
                self.owner is None
                and count > 1
                and (count == 2 if wanted is None else len(wanted) == count)
                and not self._is_input(wanted, result)
            )
        if self.cache:
            if count < 2:
                expected = (
                    "(loss, gradients)"
                    if self.is_loss
                    else "a tuple of its output and what backward takes"
                )
                raise TypeError(
                    f"{self.who}: {self.name} returned a {type(result).__name__}, expected "
                    f"{expected}"
                )
            self.apart = count > 2 and not self.is_loss
        elif wanted is None:
            self.further = self.names if self.owner is None else ()
        elif len(wanted) == 1:
            self.further = ()
        elif self.owner is not None and len(wanted) == count:
            self.apart = True
        elif all(name in self.names or name in OUTPUT for name in wanted[1:]):
            self.further = wanted[1:]
        elif len(wanted) == 1 + len(self.names):
            self.further = self.names
        elif len(wanted) == count + len(self.names):
            self.apart, self.further = True, self.names
        else:
            returned = f"{count} things" if count > 1 else f"a {type(result).__name__}"
            raise TypeError(
                f"{self.who}: {self.name} returned {returned}, and its backward takes "
                f"({', '.join(wanted)}); that is none of these forms: {FORMS}"
            )

    def _is_input(self, wanted: Sequence[str] | None, result: Any) -> bool:
        """Whether backward takes an input last, and forward returns something else last."""
        if wanted is None or wanted[-1] not in self.names or not _is_floating(result[-1]):
            return False
        value = self.values[wanted[-1]]
        return not (np.shape(value) == np.shape(result[-1]) and np.allclose(value, result[-1]))

    def parted(self, result: Any) -> tuple[Any, Any]:
        """What backward returned for the inputs, and for the parameters."""
        if isinstance(result, dict):
            known = {*by_name(result, [*self.names, *self.parameters])}
            if strange := [key for key in result if {key, key[1:]}.isdisjoint(known)]:
                raise ValueError(
                    f"{self.who}: {self.name} has a gradient of {strange[0]!r}, but no input or "
                    f"parameter of this name; it has: {', '.join([*self.names, *self.parameters])}"
                )
            return result, result if self.owner is not None else None
        if self.owner is None or not isinstance(result, tuple | list):
            return result, None
        if len(result) == 2 and isinstance(result[1], dict | list | tuple):
            return result[0], result[1]
        count = len(result) - len(self.order)
        if count > 0 and self.order and count == len(self.floating):
            return result[:count], result[count:]
        return result, None

    def by_input(self, result: Any) -> dict[str, Any]:
        """What backward returned for the inputs, by their names."""
        if isinstance(result, dict):
            return by_name(result, self.floating)
        if result is None:
            return dict.fromkeys(self.floating)
        if not isinstance(result, tuple | list):
            result = (result,)
        if self.layout is None:
            self.layout = self._layout(len(result))
        if len(self.layout) != len(result):
            raise ValueError(
                f"{self.who}: the backward of {self.name} returned {len(result)} gradients, and "
                f"{len(self.layout)} before"
            )
        found = zip(self.layout, result, strict=True)
        return {name: gradient for name, gradient in found if name in self.floating}

    def _layout(self, count: int) -> Sequence[str]:
        """The inputs that so many gradients belong to."""
        arrays = [name for name in self.floating if isinstance(self.values[name], np.ndarray)]
        layouts = [self.names, self.floating, arrays] if self.wrt is None else [self.wrt]
        for layout in layouts:
            if len(layout) == count:
                return layout
        if self.is_loss and count < len(self.floating):
            return self.floating[:count]
        expected = self.floating if self.wrt is None else self.wrt
        raise ValueError(
            f"{self.who}: the backward of {self.name} returned {count} "
            f"gradient{'' if count == 1 else 's'}, expected {len(expected)}, for "
            f"{', '.join(expected) or 'no floating input'}; return None for an input without one, "
            "or name with wrt=... the inputs they are for"
        )


class Run:
    """One call of a layer, with arrays of its own in place of its inputs and parameters."""

    def __init__(self, layer: Layer, moved: Mapping[str, Array]) -> None:
        self.layer = layer
        self.inputs = {
            name: _like(value, moved[name]) if name in moved else _own(value)
            for name, value in zip(layer.names, layer.arguments, strict=True)
        }
        self.parameters = {
            name: np.array(moved.get(name, array)) for name, array in layer.parameters.items()
        }
        self.owner, forward, self.backward = self._copied()
        self.watched = {**self.inputs, **self.parameters}
        with self._unchanged(layer.name):
            self.result = forward(*self.inputs.values())

    def _copied(self) -> tuple[Any, Callable[..., Any], Callable[..., Any]]:
        """The layer as it was before any call, with the parameters of this one."""
        layer = self.layer
        if layer.owner is None:
            return None, layer.forward, layer.backward
        memo: dict[int, Any] = {id(layer.parameters[n]): a for n, a in self.parameters.items()}
        try:
            return copy.deepcopy((layer.owner, layer.forward, layer.backward), memo)
        except TypeError as error:
            raise TypeError(
                f"{layer.who}: {layer.name} cannot be copied ({error}); pass functions that call "
                "it, as in check_vjp(lambda x: layer.forward(x), lambda g: layer.backward(g), x)"
            ) from error

    def _returned(self) -> Any:
        """What forward returned, without a cache."""
        if not self.layer.cache:
            return self.result
        return tuple(self.result[:-1]) if self.layer.apart else self.result[0]

    def outputs(self) -> list[Array]:
        """The outputs, as arrays that nobody else holds."""
        returned = self._returned()
        outputs = [np.array(output) for output in _sequence(returned)]
        for output in outputs:
            if output.dtype.kind != "f":
                raise TypeError(
                    f"{self.layer.who}: {self.layer.name} returned an output of dtype "
                    f"{output.dtype}, expected floating numbers; the forms are: {FORMS}"
                )
            if self.layer.is_loss and output.size != 1:
                raise ValueError(
                    f"{self.layer.who}: {self.layer.name} returned a loss of shape {output.shape}, "
                    "expected a number"
                )
        return outputs

    def pull(self, cotangents: Sequence[Array]) -> dict[str, Any]:
        """Call backward; return the gradients that there are, by name."""
        layer, returned = self.layer, self._returned()
        gradients = [_like(o, c) for o, c in zip(_sequence(returned), cotangents, strict=True)]
        several = isinstance(returned, tuple | list)
        given = {
            f"the gradient of output {i}" if several else "the gradient that it is given": gradient
            for i, gradient in enumerate(gradients)
        }
        arguments: list[Any] = [tuple(gradients)] if several and not layer.apart else gradients
        if layer.cache:
            one_by_one = layer.is_loss and len(self.result) > 2
            arguments = [*arguments, self.result[1:] if one_by_one else self.result[-1]]
        arguments += [self.inputs.get(name, returned) for name in layer.further]
        names = list(layer.parameters)
        if self.owner is not None:
            # Some layers add to what they keep.
            for kept in gradients_of(self.owner, None, names, layer.order).values():
                if isinstance(kept, np.ndarray) and kept.flags.writeable:
                    kept[...] = 0
        self.watched |= given
        with self._unchanged(f"the backward of {layer.name}"):
            result = self.backward(*arguments)
        for_inputs, for_parameters = layer.parted(result)
        found = layer.by_input(for_inputs)
        if self.owner is not None:
            found |= gradients_of(self.owner, for_parameters, names, layer.order)
        return found

    @contextlib.contextmanager
    def _unchanged(self, who: str) -> Iterator[None]:
        """Raise `ChangedInput` if an array is written to that was given."""
        # What else a layer keeps may be statistics.
        kept = set(self.layer.parameters) - set(self.layer.checked)
        before = {
            name: value.copy()
            for name, value in self.watched.items()
            if isinstance(value, np.ndarray) and name not in kept
        }
        yield
        for name, array in before.items() if self.layer.checked else ():
            same = np.array_equal(array, self.watched[name], equal_nan=array.dtype.kind == "f")
            if not same:
                raise ChangedInput(f"{who} writes to {name}")


def _required(function: Callable[..., Any]) -> list[str] | None:
    """The names of the parameters that must be given by position; None if that is not known."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional and p.default is p.empty]


def _sequence(returned: Any) -> Sequence[Any]:
    return returned if isinstance(returned, tuple | list) else (returned,)


def _is_floating(value: Any) -> bool:
    return isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f"


def _like(original: Any, array: Array) -> Any:
    """An array of one's own, or a number in place of a number."""
    return np.array(array) if isinstance(original, np.ndarray) else np.asarray(array)[()]


def _own(argument: Any) -> Any:
    """What may be written to without being seen elsewhere."""
    return copy.deepcopy(argument) if isinstance(argument, np.ndarray | dict | list) else argument
