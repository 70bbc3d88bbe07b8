"""Gradients of other frameworks: functions and modules of PyTorch, and functions of JAX."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from .. import containers
from .cases import Settings, check
from .judging import RTOL
from .reports import Report
from .subjects import (
    ChangedInput,
    Pullback,
    Subject,
    as_arrays,
    function_name,
    gradient_names,
    is_floating,
    names_of,
)

Array: TypeAlias = np.ndarray[Any, Any]


def check_torch(
    function: Any,
    /,
    *inputs: Any,
    order: int = 1,
    name: str | None = None,
    seed: int = 0,
    fast: bool | None = None,
    strict: bool = False,
    rtol: float = RTOL,
    atol: float = 0.0,
) -> Report:
    """Check the derivatives of a function or module of PyTorch, in float64.

    Parameters
    ----------
    function : callable
        A subclass of ``torch.autograd.Function``, a module, or any function of tensors. The
        parameters of a module that require gradients are checked, too, and its buffers are
        copied, so that it stays as it is.
    *inputs
        Arrays, tensors, floats, lists of numbers, or containers of these. The floating ones are
        checked; arrays of integers become tensors, and all others are passed on.
    order : int
        Up to which order; from 2 on the backward must be differentiable itself.
    name : str, optional
        What the report calls the function.
    seed, fast, strict, rtol, atol
        As of `gradcheck`.

    Returns
    -------
    Report

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    """
    torch = _imported("torch", "check_torch")
    module = function if isinstance(function, torch.nn.Module) else None
    called, skipped = function, 0
    is_class = isinstance(function, type)
    if is_class and issubclass(function, torch.autograd.Function):
        called = function.apply
        # Older functions take a context first.
        skipped = int(function.setup_context is torch.autograd.Function.setup_context)
    leaves, structure = containers.flatten(tuple(map(as_arrays, inputs)))
    names = _names(getattr(function, "forward", function), inputs, skipped)
    count = len(leaves)
    trained: dict[str, Any] = {}
    if module is not None:
        trained = {n: p for n, p in module.named_parameters() if p.requires_grad}
        leaves += [p.detach().cpu().numpy() for p in trained.values()]
        names += list(trained)
    checked = [i for i, leaf in enumerate(leaves) if is_floating(leaf)]

    def call(tensors: Sequence[Any]) -> list[Any]:
        """The floating outputs, where these tensors take the places of the checked leaves."""
        moved = dict(zip(checked, tensors, strict=True))
        given = [moved.get(i, _own_tensor(torch, leaf)) for i, leaf in enumerate(leaves)]
        arguments = containers.unflatten(structure, given[:count])
        if module is None:
            result = called(*arguments)
        else:
            dtype = tensors[0].dtype
            state = {
                n: t.detach().clone().to(dtype if t.is_floating_point() else t.dtype)
                for n, t in (*module.named_buffers(), *module.named_parameters())
            }
            state |= dict(zip(trained, given[count:], strict=True))
            result = torch.func.functional_call(module, state, arguments)
        outputs = containers.flatten(result)[0]
        for output in outputs:
            if not isinstance(output, torch.Tensor):
                raise TypeError(
                    f"check_torch: {title} returned a {type(output).__name__}, expected a tensor "
                    "or a container of tensors"
                )
        return [output for output in outputs if output.is_floating_point()]

    title = name or function_name(function)
    subject = _of_torch(
        torch,
        call,
        title,
        [names[i] for i in checked],
        _values("check_torch", [leaves[i] for i in checked]),
    )
    return _report(subject, order, seed, fast, strict, rtol, atol)


def _of_torch(
    torch: Any,
    call: Callable[[Sequence[Any]], list[Any]],
    name: str,
    parameters: Sequence[str],
    values: Sequence[Array],
) -> Subject:
    def evaluate(arrays: Sequence[Array]) -> list[Array]:
        return [o.detach().cpu().numpy().copy() for o in recorded(arrays)[1]]

    def recorded(arrays: Sequence[Array]) -> tuple[list[Any], list[Any]]:
        leaves = [torch.from_numpy(np.array(a)).requires_grad_() for a in arrays]
        # Copies, as leaves must not be written to while they are recorded.
        copies = [leaf.clone() for leaf in leaves]
        with torch.enable_grad():
            outputs = call(copies)
        for parameter, leaf, given in zip(parameters, leaves, copies, strict=True):
            if not torch.allclose(leaf, given, rtol=0.0, atol=0.0, equal_nan=True):
                raise ChangedInput(f"{name} writes to {parameter}")
        return leaves, outputs

    def linearize(arrays: Sequence[Array]) -> tuple[list[Array], Pullback]:
        inputs, outputs = recorded(arrays)

        def pullback(cotangents: Sequence[Array]) -> list[Array | None]:
            # A gradient of 0 leads nowhere: so it is seen which outputs a path leads from.
            pairs = zip(outputs, cotangents, strict=True)
            wanted = [(o, np.array(c)) for o, c in pairs if not c.size or np.any(c)]
            given = [torch.from_numpy(c.copy()) for _, c in wanted]
            found = _torch_gradients(
                torch, [o for o, _ in wanted], inputs, given, retain_graph=True
            )
            if any(
                not np.array_equal(g.numpy(), c) for g, (_, c) in zip(given, wanted, strict=True)
            ):
                raise ChangedInput(f"the backward of {name} writes to the gradient it is given")
            return [None if g is None else g.detach().cpu().numpy() for g in found]

        return [o.detach().cpu().numpy().copy() for o in outputs], pullback

    def derivative(cotangents: Sequence[Array]) -> Subject:
        count = len(values)

        def gradient(tensors: Sequence[Any]) -> list[Any]:
            inputs = tensors[:count]
            found = _torch_gradients(
                torch, call(inputs), inputs, tensors[count:], create_graph=True
            )
            return [
                torch.zeros_like(t) if g is None else g for g, t in zip(found, inputs, strict=True)
            ]

        return _of_torch(
            torch,
            gradient,
            f"gradient of {name}",
            [*parameters, *gradient_names(cotangents)],
            [*values, *cotangents],
        )

    return Subject(name, parameters, values, evaluate, linearize, derivative=derivative)


def _torch_gradients(
    torch: Any,
    outputs: Sequence[Any],
    inputs: Sequence[Any],
    cotangents: Sequence[Any],
    **settings: Any,
) -> Sequence[Any]:
    """The gradients of the inputs, None for one that no recorded output depends on."""
    pairs = [(o, c) for o, c in zip(outputs, cotangents, strict=True) if o.requires_grad]
    if not pairs:
        return [None] * len(inputs)
    recorded, given = zip(*pairs, strict=True)
    found: Sequence[Any] = torch.autograd.grad(
        recorded, inputs, given, allow_unused=True, **settings
    )
    return found


def _own_tensor(torch: Any, leaf: Any) -> Any:
    return torch.from_numpy(leaf.copy()) if isinstance(leaf, np.ndarray) else leaf


def check_jax(
    f: Callable[..., Any],
    /,
    *inputs: Any,
    order: int = 1,
    name: str | None = None,
    seed: int = 0,
    fast: bool | None = None,
    strict: bool = False,
    rtol: float = RTOL,
    atol: float = 0.0,
) -> Report:
    """Check the reverse-mode derivatives of a function of JAX, in float64.

    Parameters
    ----------
    f : callable
        A function of arrays or containers of them, perhaps with a ``jax.custom_vjp``.
    *inputs
        Arrays, floats, lists of numbers, or containers of these. The floating ones are checked,
        all others are passed on.
    order : int
        Up to which order; from 2 on the backward must be differentiable itself.
    name : str, optional
        What the report calls the function.
    seed, fast, strict, rtol, atol
        As of `gradcheck`.

    Returns
    -------
    Report

    Raises
    ------
    ImportError
        If JAX is not installed.
    """
    jax = _imported("jax", "check_jax")
    leaves, structure = containers.flatten(tuple(map(as_arrays, inputs)))
    names = _names(f, inputs, 0)
    checked = [i for i, leaf in enumerate(leaves) if is_floating(leaf)]

    def call(*arrays: Any) -> list[Any]:
        given = list(leaves)
        for place, array in zip(checked, arrays, strict=True):
            given[place] = array
        outputs = jax.tree_util.tree_leaves(f(*containers.unflatten(structure, given)))
        return [o for o in map(jax.numpy.asarray, outputs) if o.dtype.kind == "f"]

    subject = _of_jax(
        jax,
        call,
        name or function_name(f),
        [names[i] for i in checked],
        _values("check_jax", [leaves[i] for i in checked]),
    )
    return _report(subject, order, seed, fast, strict, rtol, atol)


def _of_jax(
    jax: Any,
    call: Callable[..., list[Any]],
    name: str,
    parameters: Sequence[str],
    values: Sequence[Array],
) -> Subject:
    def evaluate(arrays: Sequence[Array]) -> list[Array]:
        with _double(jax):
            return list(map(np.array, call(*map(jax.numpy.asarray, arrays))))

    def linearize(arrays: Sequence[Array]) -> tuple[list[Array], Pullback]:
        with _double(jax):
            outputs, vjp = jax.vjp(call, *map(jax.numpy.asarray, arrays))

        def pullback(cotangents: Sequence[Array]) -> list[Array | None]:
            with _double(jax):
                return list(map(np.array, vjp(list(map(jax.numpy.asarray, cotangents)))))

        return list(map(np.array, outputs)), pullback

    def derivative(cotangents: Sequence[Array]) -> Subject:
        count = len(values)

        def gradient(*arrays: Any) -> list[Any]:
            return list(jax.vjp(call, *arrays[:count])[1](list(arrays[count:])))

        return _of_jax(
            jax,
            gradient,
            f"gradient of {name}",
            [*parameters, *gradient_names(cotangents)],
            [*values, *cotangents],
        )

    return Subject(name, parameters, values, evaluate, linearize, derivative=derivative)


def _double(jax: Any) -> Any:
    """A context in which arrays of JAX may be of float64."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return importlib.import_module("jax.experimental").enable_x64()


# What both have in common


def _imported(package: str, who: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(
            f"{who} needs the package {package}, which is not installed: {error}"
        ) from error


def _report(
    subject: Subject,
    order: int,
    seed: int,
    fast: bool | None,
    strict: bool,
    rtol: float,
    atol: float,
) -> Report:
    if order < 1:
        raise ValueError(f"{subject.name}: order is at least 1, got {order}")
    return check(
        subject, order, Settings(seed=seed, fast=fast, strict=strict, rtol=rtol, atol=atol)
    )


def _values(who: str, leaves: Sequence[Array]) -> list[Array]:
    if not leaves:
        raise ValueError(
            f"{who}: no input is floating, so there is nothing to check; write 1.0 for 1"
        )
    return [np.array(leaf, dtype=np.float64) for leaf in leaves]


def _names(f: Callable[..., Any], inputs: Sequence[Any], skipped: int) -> list[str]:
    """What the leaves of the inputs are called."""
    names = names_of(f, len(inputs) + skipped)[skipped:]
    return [
        name + path
        for name, argument in zip(names, inputs, strict=True)
        for path in containers.paths(as_arrays(argument))
    ]
