"""L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..autograd import no_grad
from ..tensor import Tensor
from .checks import check_range
from .line_search import Point, strong_wolfe
from .optimizer import Array, Optimizer


class LBFGS(Optimizer):
    """L-BFGS: Newton's method with a Hessian that is guessed from the last gradients.

    It is for losses without noise: all data in every call of the closure. One step makes up to
    `max_iter` iterations. An iteration moves all parameters, as one vector ``p`` with the gradient
    ``g``, by::

        p = p - t * H g

    where ``H`` is the inverse Hessian after BFGS updates of ``(s·y) / (y·y)`` times the identity by
    the last differences ``s`` of ``p`` and ``y`` of ``g``, in which ``s·y > 1e-10``.

    Parameters
    ----------
    params : iterable of Tensor
        The tensors to be changed, in one group.
    lr : float
        The step ``t``, or the first that a line search tries. In the very first iteration it is
        multiplied by ``min(1, 1 / sum(abs(g)))``.
    max_iter : int
        Most iterations of a step.
    max_eval : int, optional
        Most evaluations of the closure in a step; by default ``max_iter * 5 // 4``.
    tolerance_grad : float
        A step ends where no element of the gradient is larger.
    tolerance_change : float
        A step ends when no parameter, or not the loss, changes by more.
    history_size : int
        How many of the last differences are kept.
    line_search_fn : str, optional
        ``"strong_wolfe"`` for a line search, which is the safe choice; by default there is none.

    Raises
    ------
    TypeError
        If a parameter is no tensor, or a setting is unknown or no number.
    ValueError
        If there are several groups, or a setting is out of range.

    References
    ----------
    J. Nocedal, S. Wright, "Numerical Optimization" (2nd edition, 2006), algorithms 7.4 and 7.5.

    Examples
    --------
    >>> p = mg.tensor([-1.2, 1.0], requires_grad=True)
    >>> optimizer = mg.optim.LBFGS([p], max_iter=50, line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2
    ...     loss.backward()
    ...     return loss
    >>> round(optimizer.step(closure).item(), 4)  # the loss before
    24.2
    >>> np.round(p.numpy(), 4)
    array([1., 1.])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            max_iter=max_iter,
            max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change,
            history_size=history_size,
            line_search_fn=line_search_fn,
        )

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Take the parameters; a second group is refused."""
        if self.param_groups:
            raise ValueError("LBFGS: all parameters are one vector, so there can be but one group")
        super().add_param_group(group)

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise an error if a setting is out of range."""
        check_range(
            "LBFGS",
            settings,
            *("lr", "max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size"),
        )
        search = settings["line_search_fn"]
        if search not in {None, "strong_wolfe"}:
            raise ValueError(
                f"LBFGS: line_search_fn must be None or 'strong_wolfe', got {search!r}"
            )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make up to `max_iter` iterations.

        Parameters
        ----------
        closure : callable
            Computes the loss anew: it forgets the gradients, calls the loss's backward, and returns
            the loss.

        Returns
        -------
        Tensor
            What the closure returned first.
        """
        if closure is None:
            raise TypeError(
                "LBFGS.step: needs a closure, a function that calls zero_grad(), computes the "
                "loss, calls its backward and returns it; each step evaluates it several times"
            )
        with no_grad():
            return self._iterate(closure, self.param_groups[0])

    def _iterate(self, closure: Callable[[], Any], settings: Mapping[str, Any]) -> Any:
        tolerance_grad, tolerance_change = settings["tolerance_grad"], settings["tolerance_change"]
        first = self._evaluated(closure)
        loss, gradient = _number(first), self._gradient()
        evaluations = 1
        state = self.state.setdefault(self._tensors()[0], {})
        state["func_evals"] = state.get("func_evals", 0) + 1
        state.setdefault("n_iter", 0)
        if _largest(gradient) <= tolerance_grad:
            return first

        for iteration in range(1, settings["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self._direction(state, gradient, settings["history_size"])
            state |= {"d": direction, "prev_flat_grad": gradient, "prev_loss": loss}
            step = float(settings["lr"])
            if state["n_iter"] == 1:
                step *= min(1.0, 1.0 / float(np.abs(gradient).sum()))
            state["t"] = step
            slope = float(gradient @ direction)
            if slope > -tolerance_change:
                break

            start, before = self._values(), loss
            if settings["line_search_fn"] is not None:

                def evaluate(
                    step: float, start: Array = start, direction: Array = direction
                ) -> Point:
                    self._set_values(start + step * direction)
                    loss, gradient = _number(self._evaluated(closure)), self._gradient()
                    return Point(step, loss, gradient, float(gradient @ direction))

                point, extra = strong_wolfe(
                    evaluate,
                    Point(0.0, loss, gradient, slope),
                    step,
                    _largest(direction),
                    tolerance_change,
                    settings["max_eval"] - evaluations,
                )
                step, loss, gradient = point.step, point.loss, point.gradient
                state["t"] = step
                self._set_values(start + step * direction)
            else:
                self._set_values(start + step * direction)
                extra = int(iteration < settings["max_iter"])  # the next step begins with it
                if extra:
                    loss, gradient = _number(self._evaluated(closure)), self._gradient()
            evaluations += extra
            state["func_evals"] += extra
            if (
                evaluations >= settings["max_eval"]
                or _largest(gradient) <= tolerance_grad
                or _largest(step * direction) <= tolerance_change
                or abs(loss - before) < tolerance_change
            ):
                break
        return first

    def _direction(self, state: dict[str, Any], gradient: Array, history_size: int) -> Array:
        """Return ``-H g``, after an update of ``H`` by the last iteration."""
        if state["n_iter"] == 1:
            state |= {"old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1.0}
            return -gradient
        gradients, steps, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        y = gradient - state["prev_flat_grad"]
        s = state["d"] * state["t"]
        product = float(y @ s)
        if product > 1e-10:
            if len(gradients) >= history_size:
                for kept in (gradients, steps, inverses):
                    kept[:1] = []
            gradients.append(y)
            steps.append(s)
            inverses.append(1.0 / product)
            state["H_diag"] = product / float(y @ y)
        direction = -gradient
        shares = []
        for y, s, inverse in zip(gradients[::-1], steps[::-1], inverses[::-1], strict=True):
            shares.append(float(s @ direction) * inverse)
            direction -= shares[-1] * y
        direction *= state["H_diag"]
        for y, s, inverse, share in zip(gradients, steps, inverses, shares[::-1], strict=True):
            direction += (share - float(y @ direction) * inverse) * s
        return direction

    # All parameters as one vector

    def _values(self) -> Array:
        return np.concatenate([tensor.numpy().reshape(-1) for tensor in self._tensors()])

    def _gradient(self) -> Array:
        gradients = [tensor.grad for tensor in self._tensors()]
        if all(gradient is None for gradient in gradients):
            raise RuntimeError(
                "LBFGS.step: no parameter has a gradient after the closure, which must call the "
                "loss's backward"
            )
        return np.concatenate(
            [
                np.zeros(tensor.size, tensor.dtype) if gradient is None else _flat(gradient)
                for tensor, gradient in zip(self._tensors(), gradients, strict=True)
            ]
        )

    def _set_values(self, vector: Array) -> None:
        start = 0
        for tensor in self._tensors():
            part = vector[start : start + tensor.size]
            tensor._value = part.reshape(tensor.shape).astype(tensor.dtype)
            start += tensor.size

    def _loaded(
        self, where: str, value: Array, kept: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return a copy of what is kept, in the parameters' dtype."""
        vector = self._values()

        def fitted(key: str, entry: Any) -> Any:
            if isinstance(entry, list):
                return [fitted(key, part) for part in entry]
            if key in {"func_evals", "n_iter"}:
                return int(entry)
            if key not in {"d", "prev_flat_grad", "old_dirs", "old_stps"}:
                return float(entry)
            array = np.asarray(entry)
            if array.shape != vector.shape:
                raise ValueError(
                    f"LBFGS.load_state_dict: {key!r} has shape {array.shape}, the parameters have "
                    f"{vector.size} elements"
                )
            return array.astype(vector.dtype)

        # PyTorch also keeps "al", which is scratch.
        return {key: fitted(key, entry) for key, entry in kept.items() if key != "al"}


def _flat(tensor: Tensor) -> Array:
    return tensor.numpy().reshape(-1)


def _largest(vector: Array) -> float:
    return float(np.max(np.abs(vector), initial=0.0))


def _number(loss: Any) -> float:
    if loss is None:
        raise TypeError("LBFGS.step: the closure returned None; it must return the loss")
    return float(loss.item() if isinstance(loss, Tensor) else loss)
