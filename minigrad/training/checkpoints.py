"""Checkpoints: all that is needed to continue a training to the same numbers."""

from __future__ import annotations

import contextlib
import copy
import functools
import os
import types
from typing import Any

import numpy as np

from .. import random
from ..nn import Module
from ..saving import load, save
from ..tensor import Tensor

_KIND, _VERSION = "minigrad checkpoint", 1

# A longer container is data, not settings; whoever looks for generators passes it by.
_LONG = 1000


def save_checkpoint(
    path: str | os.PathLike[str],
    *,
    model: Module | None = None,
    optimizer: Any = None,
    scheduler: Any = None,
    data: Any = None,
    epoch: int = 0,
    **extra: Any,
) -> None:
    """Write the state of a training to a file, from which `load_checkpoint` restores it.

    The state of the shared random generator is always in it.

    Parameters
    ----------
    path : str or path
        An ``.npz`` or ``.safetensors`` file; see `minigrad.save`.
    model : Module, optional
        With the random generators that its modules hold, such as ``nn.Dropout(rng=0)``.
    optimizer, scheduler : optional
        Those of `minigrad.optim`, or any with ``state_dict`` and ``load_state_dict``.
    data : optional
        Loaders whose own random generators shall continue too: one, or a tuple of several.
    epoch : int
        The number of epochs that are done.
    **extra
        What else shall be found again: whatever `minigrad.save` takes.

    Examples
    --------
    >>> model = mg.nn.Linear(2, 1)
    >>> optimizer = mg.optim.Adam(model.parameters())
    >>> mg.training.save_checkpoint(
    ...     "last.npz", model=model, optimizer=optimizer, epoch=5, losses=[0.5, 0.25]
    ... )
    >>> mg.training.load_checkpoint("last.npz", model=model, optimizer=optimizer)
    {'epoch': 5, 'losses': [0.5, 0.25]}
    """
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    state: dict[str, Any] = {"kind": _KIND, "version": _VERSION, "epoch": epoch, "extra": extra}
    for name, part in parts.items():
        if part is not None:
            state[name] = {"class": type(part).__name__, "state": part.state_dict()}
    state["random"] = {"shared": random.get_state()} | {
        name: {place: random.get_state(rng) for place, rng in _generators(holder).items()}
        for name, holder in (("model", model), ("data", data))
        if holder is not None
    }
    save(state, path)


def load_checkpoint(
    path: str | os.PathLike[str],
    *,
    model: Module | None = None,
    optimizer: Any = None,
    scheduler: Any = None,
    data: Any = None,
) -> dict[str, Any]:
    """Restore, in place, what `save_checkpoint` wrote, and return the rest.

    All is restored or, after an error, nothing. Random generators continue where they were: the
    shared one always, those of the model and of the data with these.

    Parameters
    ----------
    path : str or path
    model, optimizer, scheduler, data : optional
        Made as they were for `save_checkpoint`. What is not given is left out.

    Returns
    -------
    dict
        ``"epoch"`` and the extra entries.

    Raises
    ------
    ValueError
        If the file is no checkpoint, lacks what is asked for, or what it holds is of another
        architecture, optimiser or scheduler.

    Notes
    -----
    For the weights alone: ``model.load_state_dict(mg.load(path)["model"]["state"])``.
    """
    place = repr(os.fspath(path))
    saved = load(path)
    kind = saved.get("kind") if isinstance(saved, dict) else None
    if not isinstance(kind, str) or kind != _KIND or "version" not in saved:
        raise ValueError(
            f"load_checkpoint: {place} is no checkpoint; mg.load reads it, and "
            "model.load_state_dict takes weights"
        )
    if saved["version"] != _VERSION:
        raise ValueError(
            f"load_checkpoint: {place} has version {saved['version']} of checkpoints, and this "
            f"minigrad reads version {_VERSION}"
        )
    with contextlib.ExitStack() as undo:
        for name, part in (("model", model), ("optimizer", optimizer), ("scheduler", scheduler)):
            if part is None:
                continue
            if name not in saved:
                raise ValueError(f"load_checkpoint: {place} was saved without the {name}")
            kind, state = saved[name]["class"], saved[name]["state"]
            # The names and shapes of its tensors tell a model; other classes may share settings.
            if name != "model" and kind != type(part).__name__:
                raise ValueError(
                    f"load_checkpoint: in {place} the {name} is a {kind}, not a "
                    f"{type(part).__name__}"
                )
            undo.callback(part.load_state_dict, copy.deepcopy(part.state_dict()))
            try:
                part.load_state_dict(state)
            except (ValueError, TypeError, KeyError, IndexError) as error:
                raise ValueError(
                    f"load_checkpoint: {place} does not fit the {name}: {error}"
                ) from error
        for name, holder in (("model", model), ("data", data)):
            if holder is not None:
                found, states = _generators(holder), saved["random"].get(name, {})
                if found.keys() != states.keys():
                    raise ValueError(
                        f"load_checkpoint: the {name} has the random generators {sorted(found)}, "
                        f"in {place} it had {sorted(states)}"
                    )
                for where, rng in found.items():
                    undo.callback(random.set_state, random.get_state(rng), rng)
                    random.set_state(states[where], rng)
        random.set_state(saved["random"]["shared"])
        undo.pop_all()
    return {"epoch": saved["epoch"], **saved["extra"]}


def _generators(holder: Any) -> dict[str, np.random.Generator]:
    """The random generators that an object holds, without the shared one, by their places."""
    found = {}
    # Strings and the like have no attributes of interest, and arrays no generators.
    leaves = (str, bytes, np.ndarray, Tensor, type, types.ModuleType)
    seen = {id(random.generator())}
    ahead = [("", holder)]
    while ahead:
        place, value = ahead.pop()
        if isinstance(value, leaves) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, np.random.Generator):
            found[place] = value
            continue
        if isinstance(value, list | tuple):
            value = dict(enumerate(value)) if len(value) <= _LONG else {}
        elif not isinstance(value, dict):
            value = _attributes(value)
        # Those passed by are seen last: of two places of a generator, the first gives the name.
        ahead += [(f"{place}.{key}".lstrip("."), held) for key, held in reversed(value.items())]
    return found


def _attributes(value: Any) -> dict[str, Any]:
    """What an object holds; a function holds its defaults and the variables around it."""
    if isinstance(value, types.MethodType):
        return {"self": value.__self__, "function": value.__func__}
    if isinstance(value, functools.partial):
        return {"function": value.func, "args": value.args, "keywords": value.keywords}
    if isinstance(value, types.FunctionType):
        around = {}
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # the variable has no value yet
                around[name] = cell.cell_contents
        return {"defaults": value.__defaults__, "kwdefaults": value.__kwdefaults__, **around}
    attributes: dict[str, Any] = getattr(value, "__dict__", {})
    return attributes
