"""Schedules of rate and momentum, one against the other, that count minibatches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..optimizer import Optimizer
from .scheduler import LRScheduler, check_optimizer, for_groups


class Cycle(LRScheduler):
    """Base of schedules that also set the momentum: ``momentum``, or the first of the ``betas``."""

    cycle_momentum: bool

    def get_momentum(self) -> list[float]:
        """Return the momenta for the minibatch `last_epoch`, one for each group."""
        raise NotImplementedError(f"{type(self).__name__} has no get_momentum method")

    def _check(self, optimizer: Optimizer) -> None:
        check_optimizer(type(self).__name__, optimizer)
        if self.cycle_momentum and not {"momentum", "betas"} & optimizer.defaults.keys():
            raise ValueError(
                f"{type(self).__name__}: {type(optimizer).__name__} has no momentum to cycle; pass "
                "cycle_momentum=False"
            )

    def _set(self, rates: Sequence[float]) -> None:
        super()._set(rates)
        if self.cycle_momentum:
            groups = self.optimizer.param_groups
            for group, momentum in zip(groups, self.get_momentum(), strict=True):
                if "betas" in group:
                    group["betas"] = (momentum, *group["betas"][1:])
                else:
                    group["momentum"] = momentum


class CyclicLR(Cycle):
    """The rate up and down between two bounds, in straight lines.

    Parameters
    ----------
    optimizer : Optimizer
        Its groups get the rates.
    base_lr, max_lr : float or list of float
        The bounds; for all groups, or for each.
    step_size_up : int
        Minibatches of the way up.
    step_size_down : int, optional
        And of the way down; by default as many.
    mode : str
        How the height changes: ``"triangular"`` not at all, ``"triangular2"`` halves after each
        cycle, ``"exp_range"`` is ``gamma**minibatch``.
    gamma : float
        For ``"exp_range"``.
    scale_fn : callable, optional
        Another function for the height, of the cycle (from 1) or the minibatch; it is not saved.
    scale_mode : str
        What `scale_fn` takes: ``"cycle"`` or ``"iterations"``.
    cycle_momentum : bool
        Whether momentum falls while the rate grows.
    base_momentum, max_momentum : float or list of float
        The bounds of momentum.
    last_epoch : int
        The minibatch before the one that comes.

    References
    ----------
    L. Smith, "Cyclical learning rates for training neural networks", WACV 2017.

    Examples
    --------
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], momentum=0.9)
    >>> schedule = mg.optim.lr_scheduler
    >>> scheduler = schedule.CyclicLR(optimizer, base_lr=1.0, max_lr=5.0, step_size_up=2)
    >>> for batch in range(6):
    ...     print(optimizer.param_groups[0]["lr"], end=" ")
    ...     scheduler.step()
    1.0 3.0 5.0 3.0 1.0 3.0
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self.cycle_momentum = cycle_momentum
        self._check(optimizer)
        if scale_fn is None and mode not in {"triangular", "triangular2", "exp_range"}:
            raise ValueError(
                "CyclicLR: mode must be 'triangular', 'triangular2' or 'exp_range', or scale_fn "
                f"given; got {mode!r}"
            )
        if scale_mode not in {"cycle", "iterations"}:
            raise ValueError(
                f"CyclicLR: scale_mode must be 'cycle' or 'iterations', got {scale_mode!r}"
            )
        self.step_size_up = step_size_up
        self.step_size_down = step_size_up if step_size_down is None else step_size_down
        if not (self.step_size_up > 0 and self.step_size_down >= 0):
            raise ValueError(
                "CyclicLR: step_size_up must be above 0 and step_size_down at least 0, got "
                f"{step_size_up!r} and {step_size_down!r}"
            )
        self.mode, self.gamma = mode, gamma
        self.scale_fn, self.scale_mode = scale_fn, scale_mode
        self.max_lrs = for_groups("CyclicLR", "max_lr", max_lr, optimizer)
        self.base_momentums = for_groups("CyclicLR", "base_momentum", base_momentum, optimizer)
        self.max_momentums = for_groups("CyclicLR", "max_momentum", max_momentum, optimizer)
        lowest = for_groups("CyclicLR", "base_lr", base_lr, optimizer)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, lowest, strict=True):
                group["lr"] = rate
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lowest
        self._set(self.get_lr())

    def get_lr(self) -> list[float]:
        """Return the rates for the minibatch `last_epoch`, one for each group."""
        height = self._height()
        return [
            low + (high - low) * height
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def get_momentum(self) -> list[float]:
        """Return the momenta for the minibatch `last_epoch`, one for each group."""
        height = self._height()
        return [
            high - (high - low) * height
            for low, high in zip(self.base_momentums, self.max_momentums, strict=True)
        ]

    def _height(self) -> float:
        """How high in the bounds the rate is, from 0 to 1."""
        number = self.last_epoch
        cycles, place = divmod(number, self.step_size_up + self.step_size_down)
        if place <= self.step_size_up:
            height = place / self.step_size_up
        else:
            height = 1 - (place - self.step_size_up) / self.step_size_down
        if self.scale_fn is not None:
            return height * self.scale_fn(cycles + 1 if self.scale_mode == "cycle" else number)
        if self.mode == "triangular2":
            return float(height * 0.5**cycles)
        if self.mode == "exp_range":
            return float(height * self.gamma**number)
        return height


class OneCycleLR(Cycle):
    """The rate up to `max_lr` and down to nearly 0, once; momentum the other way round.

    It starts at ``max_lr / div_factor`` and ends at ``max_lr / div_factor / final_div_factor``.

    Parameters
    ----------
    optimizer : Optimizer
        Its groups get the rates.
    max_lr : float or list of float
        The highest rate; for all groups, or for each.
    total_steps : int, optional
        Minibatches of the cycle, or else `epochs` and `steps_per_epoch`, whose product it is.
    epochs, steps_per_epoch : int, optional
        See `total_steps`.
    pct_start : float
        The part of the cycle in which the rate grows.
    anneal_strategy : str
        ``"cos"`` or ``"linear"``.
    cycle_momentum : bool
        Whether momentum falls while the rate grows.
    base_momentum, max_momentum : float or list of float
        The bounds of momentum.
    div_factor, final_div_factor : float
        How much lower the rate is at first, and how much lower than that at last.
    three_phase : bool
        Whether the rate falls as slowly as it grew, and goes down to its end in a third phase.
    last_epoch : int
        The minibatch before the one that comes.

    References
    ----------
    L. Smith, N. Topin, "Super-convergence: very fast training of neural networks using large
    learning rates", arXiv:1708.07120 (2017).

    Examples
    --------
    >>> optimizer = mg.optim.Adam([mg.tensor(0.0, requires_grad=True)])
    >>> schedule = mg.optim.lr_scheduler
    >>> scheduler = schedule.OneCycleLR(optimizer, max_lr=1.0, total_steps=6, pct_start=0.5)
    >>> for batch in range(5):
    ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
    ...     scheduler.step()
    0.04 0.52 1.0 0.75 0.25
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.cycle_momentum = cycle_momentum
        self._check(optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if total_steps < 1:
            raise ValueError(f"OneCycleLR: needs at least 1 step in all, got {total_steps!r}")
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must be from 0 to 1, got {pct_start!r}")
        if anneal_strategy not in {"cos", "linear"}:
            raise ValueError(
                f"OneCycleLR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}"
            )
        self.total_steps, self.anneal_strategy = total_steps, anneal_strategy
        self.pct_start, self.three_phase = pct_start, three_phase
        self.final_div_factor = final_div_factor
        self.max_lrs = for_groups("OneCycleLR", "max_lr", max_lr, optimizer)
        self.base_momentums = for_groups("OneCycleLR", "base_momentum", base_momentum, optimizer)
        self.max_momentums = for_groups("OneCycleLR", "max_momentum", max_momentum, optimizer)
        if last_epoch == -1:
            for group, highest in zip(optimizer.param_groups, self.max_lrs, strict=True):
                group["initial_lr"] = highest / div_factor
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates for the minibatch `last_epoch`, one for each group."""
        return [
            self._between(low, high, low / self.final_div_factor)
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def get_momentum(self) -> list[float]:
        """Return the momenta for the minibatch `last_epoch`, one for each group."""
        return [
            self._between(high, low, high)
            for low, high in zip(self.base_momentums, self.max_momentums, strict=True)
        ]

    def _between(self, first: float, middle: float, last: float) -> float:
        """The value in a cycle from the first over the middle to the last."""
        number, end = self.last_epoch, self.total_steps - 1
        if number > self.total_steps:
            raise ValueError(f"OneCycleLR: step {number} of {self.total_steps}; the cycle is over")
        top = self.pct_start * self.total_steps - 1
        phases: list[tuple[float, float]] = [(top, middle), (end, last)]
        if self.three_phase:
            phases.insert(1, (2 * top, first))
        start, value = 0.0, first
        for stop, target in phases:
            if number <= stop or stop == end:
                # A phase of no length is over where it begins.
                share = (number - start) / (stop - start) if stop > start else 1.0
                return self._anneal(value, target, share)
            start, value = stop, target
        return last

    def _anneal(self, start: float, stop: float, share: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (stop - start) * share
        return stop + (start - stop) / 2 * (1 + math.cos(math.pi * share))
