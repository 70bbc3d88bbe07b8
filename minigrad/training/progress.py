"""How far a training is."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sized
from typing import Any

from .run import Callback, Run


class ProgressBar(Callback):
    """A bar on the terminal, or a line for each epoch.

    The bar is ``tqdm``'s: ``pip install tqdm``. Without it, or where the standard error is no
    terminal but a file or a notebook, there is a line for each epoch.
    """

    _bar: Any = None

    def on_fit_begin(self, run: Run) -> None:
        """Begin the bar."""
        self._bar = _bar(run) if sys.stderr.isatty() else None

    def on_batch_end(self, run: Run) -> None:
        """Advance the bar."""
        if self._bar is not None:
            self._bar.set_description(f"epoch {run.epoch}/{run.epochs}", refresh=False)
            self._bar.update()

    def on_epoch_end(self, run: Run) -> None:
        """Show the last numbers."""
        shown = ", ".join(f"{name} {values[-1]:.4g}" for name, values in run.history.items())
        if self._bar is not None:
            self._bar.set_postfix_str(shown)
        else:
            sys.stderr.write(f"epoch {run.epoch}/{run.epochs}: {shown}\n")

    def on_fit_end(self, run: Run) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _bar(run: Run) -> Any:
    try:
        tqdm = importlib.import_module("tqdm").tqdm
    except ImportError:
        return None
    # An iterable may not know its length.
    batches = len(run.train) if isinstance(run.train, Sized) else None
    total = None if batches is None else batches * run.epochs
    return tqdm(total=total, initial=(batches or 0) * run.epoch, unit="batch")
