"""The usual training loop."""

from __future__ import annotations

import contextlib
import inspect
import math
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import containers
from ..nn import Module
from ..nn.utils import clip_grad_norm_
from ..tensor import Tensor
from .checkpoints import load_checkpoint
from .evaluation import Means, Metric, evaluated, in_mode, is_pair_of_arrays, measure, number, pairs
from .history import History
from .progress import ProgressBar
from .run import Callback, Function, Run


def fit(
    model: Module,
    optimizer: Any,
    loss: Callable[[Any, Any], Any],
    train: Iterable[Any],
    *,
    epochs: int,
    validation: Any = None,
    metrics: Mapping[str, Metric] | None = None,
    scheduler: Any = None,
    schedule: str = "epoch",
    monitor: str | None = None,
    clip_norm: float | None = None,
    callbacks: Iterable[Callback | Callable[[Run], Any]] = (),
    progress: bool = True,
    resume: str | os.PathLike[str] | None = None,
) -> History:
    """Train a model, and return what was recorded.

    An epoch is one step of the optimiser for each batch, then the validation, a step of the
    scheduler and the callbacks. A KeyboardInterrupt ends the training, and the history of the
    epochs before is returned.

    Parameters
    ----------
    model : Module
        In training mode meanwhile, and in evaluation mode for the validation; afterwards in the
        mode that it had.
    optimizer
        Of `minigrad.optim`, for the model's parameters.
    loss : callable
        ``loss(prediction, y)``, the mean over a batch, such as `minigrad.cross_entropy` or
        ``nn.MSELoss()``.
    train : iterable
        Batches ``(x, y)``, anew for each epoch: `minigrad.data.batches` or a ``DataLoader``.
    epochs : int
        The total, with those before a checkpoint.
    validation : iterable or tuple, optional
        Batches ``(x, y)``, or two arrays. What is measured with it has names with ``val_`` before
        them.
    metrics : dict, optional
        Functions of prediction and target by name, each a mean over the batch, such as
        ``{"accuracy": mg.training.accuracy}``. They are recorded as the loss is: the mean over the
        examples of an epoch, as they were when their batch was trained on.
    scheduler : optional
        Of ``minigrad.optim.lr_scheduler``. The learning rate is then recorded as ``"lr"``.
    schedule : {"epoch", "batch"}
        What the scheduler counts.
    monitor : str, optional
        What a ``ReduceLROnPlateau`` is given after an epoch, and what callbacks look at that name
        nothing else. By default ``"val_loss"``, or without validation ``"loss"``.
    clip_norm : float, optional
        The largest norm of all gradients together; larger ones are scaled down to it, by
        `nn.utils.clip_grad_norm_`.
    callbacks : iterable
        `Callback` objects, or functions of a `Run`, called at the end of each epoch.
    progress : bool
        Whether to show a `ProgressBar`.
    resume : str or path, optional
        A checkpoint, as `Checkpoint` writes it, from which to continue. As long as there is no
        such file, the training begins; so a script that names it can be started again and again.

    Returns
    -------
    History
        The numbers of each epoch.

    Raises
    ------
    FloatingPointError
        If the loss of a batch is nan or infinite, before the parameters are changed by it.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 64)[:, None]
    >>> model = mg.nn.Sequential(mg.nn.Linear(1, 16), mg.nn.ReLU(), mg.nn.Linear(16, 1))
    >>> history = mg.fit(
    ...     model,
    ...     mg.optim.Adam(model.parameters(), lr=0.02),
    ...     lambda prediction, y: ((prediction - y) ** 2).mean(),
    ...     mg.data.batches(x, x**2, batch_size=8),
    ...     epochs=20,
    ...     progress=False,
    ... )
    >>> history["loss"][-1] < history["loss"][0] / 10
    True
    """
    _check_parts(model, optimizer, loss, scheduler)
    _check(train, validation, epochs, metrics, schedule, clip_norm)
    measured = ["loss", *(metrics or ())]
    validated = [f"val_{name}" for name in measured] if validation is not None else []
    run = Run(
        *(model, optimizer, scheduler, train, validation, epochs),
        monitor=monitor or ("loss" if validation is None else "val_loss"),
        names=[*measured, *validated, *(["lr"] if scheduler is not None else [])],
        callbacks=_ordered(callbacks, progress),
    )
    if run.monitor not in run.names:
        raise ValueError(f"fit: {monitor!r} is not recorded; recorded are {', '.join(run.names)}")
    if resume is not None and Path(resume).exists():
        _resume(run, resume)
    for callback in run.callbacks:
        callback.on_fit_begin(run)
    with in_mode(model, training=True):
        try:
            while run.epoch < epochs and not run.stopped:
                run.epoch += 1
                record = _epoch(run, loss, metrics, clip_norm, schedule == "batch")
                if validation is not None:
                    found = evaluated("validation", model, loss, validation, metrics)
                    record |= {f"val_{name}": value for name, value in found.items()}
                if scheduler is not None:
                    record["lr"] = float(optimizer.param_groups[0]["lr"])
                    if schedule == "epoch":
                        _advance(scheduler, record[run.monitor])
                run.history.add({name: record[name] for name in run.names})
                for callback in run.callbacks:
                    callback.on_epoch_end(run)
        except KeyboardInterrupt:
            run.history.interrupted = True
        finally:
            with contextlib.ExitStack() as endings:  # all of them, also if one raises
                for callback in reversed(run.callbacks):
                    endings.callback(callback.on_fit_end, run)
    run.history.stopped = run.stopped
    return run.history


def _epoch(
    run: Run,
    loss: Callable[[Any, Any], Any],
    metrics: Mapping[str, Metric] | None,
    clip_norm: float | None,
    schedule_batches: bool,
) -> dict[str, float]:
    """Train for an epoch, and return the means of what was measured."""
    model, optimizer, means = run.model.train(), run.optimizer, Means()
    takes_closure = _takes(optimizer.step, "closure")
    run.batch = 0
    for x, y in pairs("train", run.train):
        seen: list[tuple[float, Any]] = []

        def closure(x: Any = x, y: Any = y, seen: list[tuple[float, Any]] = seen) -> Any:
            optimizer.zero_grad()
            prediction = model(x)
            value = loss(prediction, y)
            seen.append((number(value, "the loss"), prediction))
            if not math.isfinite(seen[-1][0]):
                raise FloatingPointError(
                    f"fit: the loss is {seen[-1][0]} in epoch {run.epoch}, batch {run.batch + 1}; "
                    + _remedy(x, y)
                )
            value.backward()
            if clip_norm is not None:
                clip_grad_norm_(model.parameters(), clip_norm)
            return value

        if takes_closure:  # LBFGS calls it again and again
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        value, prediction = seen[0]
        means.add(x, y, {"loss": value, **measure(metrics, prediction, y)})
        if schedule_batches:
            _advance(run.scheduler, value)
        run.batch, run.loss = run.batch + 1, value
        for callback in run.callbacks:
            callback.on_batch_end(run)
    return means.result("train")


def _remedy(x: Any, y: Any) -> str:
    """What to do about a loss that is no number."""
    for name, part in (("x", x), ("y", y)):
        for leaf in containers.flatten(part)[0]:
            floating = isinstance(leaf, np.ndarray | Tensor) and leaf.dtype.kind == "f"
            if floating and not np.isfinite(leaf).all():
                return f"the data have a nan or an infinity there, in {name}"
    return (
        "run under `with mg.detect_anomaly():` to find the op that it comes from, or try a "
        "smaller learning rate, or clip_norm"
    )


def _advance(scheduler: Any, monitored: float) -> None:
    """Step a scheduler; one for plateaus wants to know how it goes."""
    if _takes(scheduler.step, "metrics"):
        scheduler.step(monitored)
    else:
        scheduler.step()


def _takes(function: Callable[..., Any], parameter: str) -> bool:
    return parameter in inspect.signature(function).parameters


def _resume(run: Run, path: str | os.PathLike[str]) -> None:
    saved = load_checkpoint(
        path,
        model=run.model,
        optimizer=run.optimizer,
        scheduler=run.scheduler,
        data=(run.train, run.validation),
    )
    run.resumed, run.epoch = True, saved["epoch"]
    run.history = History(saved.get("history", {}))
    waiting = list(run.callbacks)
    for name, state in saved.get("callbacks", []):
        callback = next((c for c in waiting if type(c).__name__ == name), None)
        if callback is not None:
            waiting.remove(callback)
            callback.load_state_dict(state)


def _ordered(callbacks: Iterable[Any], progress: bool) -> list[Callback]:
    found: list[Callback] = []
    if isinstance(callbacks, Callback) or not isinstance(callbacks, Iterable):
        raise TypeError(f"fit: callbacks is {callbacks!r}, expected several; put it in a list")
    for callback in callbacks:
        if isinstance(callback, Callback):
            found.append(callback)
        elif callable(callback) and not isinstance(callback, type):
            found.append(Function(callback))
        else:
            raise TypeError(
                f"fit: {callback!r} among the callbacks is no Callback and no function of a run"
                + (
                    "; make one, as in EarlyStopping(patience=3)"
                    if isinstance(callback, type)
                    else ""
                )
            )
    if progress:
        found.append(ProgressBar())
    return sorted(found, key=lambda callback: callback.comes_last)


def _check_parts(model: Any, optimizer: Any, loss: Any, scheduler: Any) -> None:
    wanted = "fit: takes (model, optimizer, loss, batches), and "
    for name, part, fits, example in (
        ("model", model, isinstance(model, Module), "a Module"),
        ("optimizer", optimizer, hasattr(optimizer, "step"), "optim.Adam(model.parameters())"),
        ("loss", loss, callable(loss), "mg.cross_entropy or nn.CrossEntropyLoss()"),
        (
            "scheduler",
            scheduler,
            scheduler is None or hasattr(scheduler, "step"),
            "optim.lr_scheduler.StepLR(optimizer, 10)",
        ),
    ):
        if isinstance(part, type):
            raise TypeError(f"{wanted}{name} is the class {part.__name__}, not {example}")
        if not fits:
            raise TypeError(f"{wanted}{name} is a {type(part).__name__}, not {example}")
    _check_parameters(model, optimizer)
    if getattr(scheduler, "optimizer", optimizer) is not optimizer:
        raise ValueError("fit: the scheduler is for another optimizer, so the rate would stay")


def _check(
    train: Any,
    validation: Any,
    epochs: int,
    metrics: Any,
    schedule: str,
    clip_norm: float | None,
) -> None:
    if is_pair_of_arrays(train):
        raise TypeError(
            "fit: train is two arrays, expected batches of them; pass "
            "mg.data.batches(x, y, batch_size=32)"
        )
    for name, data in (("train", train), ("validation", validation)):
        if hasattr(data, "__next__") and epochs > 1:
            raise TypeError(
                f"fit: {name} is a {type(data).__name__}, which is used up after one epoch; pass "
                "what can be iterated again, such as mg.data.batches(x, y, batch_size=32)"
            )
    if epochs < 1:
        raise ValueError(f"fit: epochs must be at least 1, got {epochs!r}")
    if schedule not in {"epoch", "batch"}:
        raise ValueError(f"fit: schedule is 'epoch' or 'batch', got {schedule!r}")
    if clip_norm is not None and not clip_norm > 0:
        raise ValueError(f"fit: clip_norm must be above 0, got {clip_norm!r}")
    if metrics is not None and not (
        isinstance(metrics, Mapping) and all(map(callable, metrics.values()))
    ):
        seen = f"a {type(metrics).__name__}" if not isinstance(metrics, Mapping) else repr(metrics)
        raise TypeError(
            f"fit: metrics is {seen}, expected a dict of functions by name, "
            'such as {"accuracy": mg.training.accuracy}'
        )
    taken = {"epoch", "loss", "lr"}
    if validation is not None:
        taken |= {f"val_{name}" for name in ("loss", *(metrics or ()))}
    taken &= {*(metrics or ())}
    if taken:
        raise ValueError(f"fit: {taken.pop()!r} is recorded anyway; give the metric another name")


def _check_parameters(model: Module, optimizer: Any) -> None:
    """Refuse an optimiser of another model, with which nothing would be learnt."""
    groups = getattr(optimizer, "param_groups", None)  # an optimiser of one's own may have none
    if groups is None:
        return
    own = {id(parameter) for parameter in model.parameters()}
    if not any(id(parameter) in own for group in groups for parameter in group["params"]):
        raise ValueError(
            f"fit: none of the parameters of the {type(optimizer).__name__} is one of the model's; "
            "make it of model.parameters(), after the model is made"
        )
