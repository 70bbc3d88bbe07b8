"""A training in progress, and the hooks by which others take part in it."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable
from typing import Any

from ..nn import Module
from .checkpoints import save_checkpoint
from .history import History


@dataclasses.dataclass(eq=False)
class Run:
    """A training in progress, as `fit` shows it to callbacks.

    Attributes
    ----------
    model, optimizer, scheduler, train, validation, epochs
        What `fit` was given.
    history : History
        What was recorded; at the end of an epoch, with that epoch.
    epoch : int
        The epoch, from 1.
    batch : int
        The number of batches of this epoch that are done.
    loss : float
        The loss of the last batch.
    monitor : str
        What is monitored by who does not choose: ``"val_loss"``, or without validation
        ``"loss"``.
    names : list of str
        All that is recorded.
    resumed : bool
        Whether this run continues from a checkpoint.
    stopped : str
        The reason given to `stop`.
    """

    model: Module
    optimizer: Any
    scheduler: Any
    train: Any
    validation: Any
    epochs: int
    monitor: str
    names: list[str]
    callbacks: list[Callback] = dataclasses.field(default_factory=list)
    history: History = dataclasses.field(default_factory=History)
    epoch: int = 0
    batch: int = 0
    loss: float = math.nan
    resumed: bool = False
    stopped: str = ""

    def stop(self, reason: str) -> None:
        """End the training after this epoch."""
        self.stopped = reason

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint from which ``fit(..., resume=path)`` continues."""
        save_checkpoint(
            path,
            model=self.model,
            optimizer=self.optimizer,
            scheduler=self.scheduler,
            data=(self.train, self.validation),
            epoch=self.epoch,
            history=dict(self.history),
            callbacks=[(type(c).__name__, c.state_dict()) for c in self.callbacks],
        )


class Callback:
    """Base of callbacks; derive from it and define the hooks that you need.

    A plain function of a `Run` is a callback as well: it is called at the end of each epoch.

    Examples
    --------
    >>> class Halve(mg.training.Callback):
    ...     def on_epoch_end(self, run):
    ...         if run.epoch % 10 == 0:
    ...             run.optimizer.param_groups[0]["lr"] /= 2
    """

    # Those that save the others' state come after them.
    comes_last = False

    def on_fit_begin(self, run: Run) -> None:
        """Run before the first epoch."""

    def on_batch_end(self, run: Run) -> None:
        """Run after each step of the optimiser."""

    def on_epoch_end(self, run: Run) -> None:
        """Run when an epoch, with its validation, is in ``run.history``."""

    def on_fit_end(self, run: Run) -> None:
        """Run at the end, also after an interruption or an error."""

    def state_dict(self) -> dict[str, Any]:
        """Return what it must remember when training is resumed."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned."""


class Function(Callback):
    """A function that is called at the end of each epoch."""

    def __init__(self, function: Callable[[Run], Any]) -> None:
        self._function = function

    def on_epoch_end(self, run: Run) -> None:
        """Call it."""
        self._function(run)
