"""What can be done at the end of an epoch: stop, keep the best weights, write a file."""

from __future__ import annotations

import csv
import math
import os
from typing import Any

from ..saving import check_place
from .run import Callback, Run


class Best:
    """The best value of what is monitored, so far.

    Parameters
    ----------
    owner : str
        What an error names.
    monitor : str or None
        A name in the history. By default ``"val_loss"``, or without validation ``"loss"``.
    mode : {"min", "max"} or None
        Which is better, less or more. By default what a loss or an accuracy asks for.
    min_delta : float
        By how much it must be better.
    """

    def __init__(self, owner: str, monitor: str | None, mode: str | None, min_delta: float) -> None:
        if mode is None:
            mode = "max" if (monitor or "").endswith("accuracy") else "min"
            if mode == "min" and not (monitor or "loss").endswith("loss"):
                raise ValueError(
                    f"{owner}: is less of {monitor!r} better or more? Say mode='min' or mode='max'"
                )
        if mode not in {"min", "max"}:
            raise ValueError(f"{owner}: mode is 'min' or 'max', got {mode!r}")
        if not 0 <= min_delta < math.inf:
            raise ValueError(f"{owner}: min_delta must be at least 0, got {min_delta!r}")
        self._owner, self.monitor, self._delta = owner, monitor, min_delta
        self._sign = 1 if mode == "min" else -1
        self.forget()

    def forget(self) -> None:
        """Begin again."""
        self.value, self.epoch = self._sign * math.inf, 0

    def check(self, run: Run) -> None:
        """Raise ValueError if what is monitored is not recorded."""
        name = self.monitor or run.monitor
        if name not in run.names:
            raise ValueError(
                f"{self._owner}: {name!r} is monitored but not recorded; recorded are "
                f"{', '.join(run.names)}"
            )

    def improved(self, run: Run) -> bool:
        """Look at the last epoch, and tell whether it is the best."""
        value = run.history[self.monitor or run.monitor][-1]
        # A nan never is.
        better = self._sign * (self.value - value) > self._delta
        if better:
            self.value, self.epoch = value, run.epoch
        return better


class BestWeights(Callback):
    """At the end of the training, the model has the weights of its best epoch.

    Parameters
    ----------
    monitor : str, optional
        A name in the history. By default ``"val_loss"``, or without validation ``"loss"``.
    mode : {"min", "max"}, optional
        Which is better, less or more. By default what a loss or an accuracy asks for.

    Attributes
    ----------
    weights : dict or None
        The model's state in the best epoch.
    """

    def __init__(
        self, monitor: str | None = None, *, mode: str | None = None, min_delta: float = 0.0
    ) -> None:
        self._best = Best(type(self).__name__, monitor, mode, min_delta)
        self.weights: dict[str, Any] | None = None

    @property
    def best(self) -> float:
        """What was monitored, in the best epoch."""
        return self._best.value

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1; before the first it is 0."""
        return self._best.epoch

    def on_fit_begin(self, run: Run) -> None:
        """Forget an earlier training."""
        self._best.check(run)
        if not run.resumed:
            self._best.forget()
            self.weights = None

    def on_epoch_end(self, run: Run) -> None:
        """Keep the weights if the epoch was the best."""
        if self._best.improved(run):
            self.weights = run.model.state_dict()

    def on_fit_end(self, run: Run) -> None:
        """Give the model the best weights."""
        if self.weights is not None:
            run.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the best epoch, its value and its weights."""
        return {"best": self.best, "best_epoch": self.best_epoch, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        self._best.value, self._best.epoch = state["best"], state["best_epoch"]
        self.weights = state["weights"]


class EarlyStopping(BestWeights):
    """End the training when there was no improvement for some epochs.

    Parameters
    ----------
    monitor : str, optional
        A name in the history. By default ``"val_loss"``, or without validation ``"loss"``.
    patience : int
        The number of epochs in a row without an improvement after which the training ends.
    mode : {"min", "max"}, optional
        Which is better, less or more. By default what a loss or an accuracy asks for.
    min_delta : float
        By how much a value must be better than the best to be an improvement.
    restore_best : bool
        Whether the model gets the weights of its best epoch at the end, as by `BestWeights`.
    """

    def __init__(
        self,
        monitor: str | None = None,
        *,
        patience: int,
        mode: str | None = None,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        if not isinstance(monitor, str | None):
            raise TypeError(
                f"EarlyStopping: monitor is {monitor!r}, expected a name in the history, such as "
                "'val_loss'; how long to wait is patience="
            )
        super().__init__(monitor, mode=mode, min_delta=min_delta)
        if patience < 1:
            raise ValueError(f"EarlyStopping: patience must be at least 1, got {patience!r}")
        self.patience, self.restore_best = patience, restore_best
        self.waited = 0

    def on_fit_begin(self, run: Run) -> None:
        """Forget an earlier training."""
        super().on_fit_begin(run)
        if not run.resumed:
            self.waited = 0
        self._stop_if_in_vain(run)

    def on_epoch_end(self, run: Run) -> None:
        """Count the epochs without improvement."""
        if not self._best.improved(run):
            self.waited += 1
            self._stop_if_in_vain(run)
            return
        self.waited = 0
        if self.restore_best:
            self.weights = run.model.state_dict()

    def _stop_if_in_vain(self, run: Run) -> None:
        if self.waited >= self.patience:
            name = self._best.monitor or run.monitor
            run.stop(f"{name} was best in epoch {self.best_epoch}, with {self.best:.6g}")

    def state_dict(self) -> dict[str, Any]:
        """Return the best epoch, its value and its weights, and how long none was better."""
        return {**super().state_dict(), "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        super().load_state_dict(state)
        self.waited = state["waited"]


class Checkpoint(Callback):
    """Write checkpoints, from which ``fit(..., resume=path)`` continues to the same numbers.

    Parameters
    ----------
    path : str or path
        An ``.npz`` or ``.safetensors`` file. Each checkpoint takes the place of the one before, at
        once, so that there is always a whole one.
    every : int
        The number of epochs between checkpoints; there is also one after the last epoch.
    best : str or path, optional
        A second file, which holds the checkpoint of the best epoch.
    monitor, mode
        What is best, as for `BestWeights`.
    """

    comes_last = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        every: int = 1,
        best: str | os.PathLike[str] | None = None,
        monitor: str | None = None,
        mode: str | None = None,
    ) -> None:
        if every < 1:
            raise ValueError(f"Checkpoint: every must be at least 1, got {every!r}")
        self._path, self._every, self._best_path = path, every, best
        self._best = Best("Checkpoint", monitor, mode, 0.0)

    def on_fit_begin(self, run: Run) -> None:
        """Forget an earlier training, and see that there is a place for the files."""
        for path in (self._path, self._best_path):
            if path is not None:  # now rather than after an epoch of hours
                check_place("Checkpoint", path)
        if self._best_path is not None:
            self._best.check(run)
        if not run.resumed:
            self._best.forget()

    def on_epoch_end(self, run: Run) -> None:
        """Write what is due."""
        if self._best_path is not None and self._best.improved(run):
            run.save(self._best_path)
        if run.epoch % self._every == 0 or run.epoch == run.epochs or run.stopped:
            run.save(self._path)

    def state_dict(self) -> dict[str, Any]:
        """Return the best epoch and its value."""
        return {"best": self._best.value, "best_epoch": self._best.epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        self._best.value, self._best.epoch = state["best"], state["best_epoch"]


class CSVHistory(Callback):
    """Write the history to a file, a row at the end of each epoch, for a look meanwhile.

    The file is written anew by each training; one that is resumed begins with the epochs before.

    Parameters
    ----------
    path : str or path
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path

    def on_fit_begin(self, run: Run) -> None:
        """Begin the file, with the epochs before."""
        run.history.to_csv(self._path)

    def on_epoch_end(self, run: Run) -> None:
        """Write a row, and at first the names."""
        if run.history.epochs == 1:
            run.history.to_csv(self._path)
            return
        *_, row = run.history.rows()
        with open(self._path, "a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(row)

    def on_fit_end(self, run: Run) -> None:
        """Write all, with what an interruption may have left out."""
        run.history.to_csv(self._path)
