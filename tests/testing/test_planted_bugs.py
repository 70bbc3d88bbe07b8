"""Wrong derivatives that the checker must find, and what a uniform gradient would have missed."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.registry import Dispatched
from minigrad.testing import GradientError

VECTOR = np.array([0.3, -1.2, 0.8])
OTHER = np.array([1.5, 0.4, -0.7])
SQUARE = np.array([[0.2, 1.3, -0.5], [0.9, -1.1, 0.6], [-0.8, 0.1, 1.7]])


@dataclass
class Planted:
    """A bug: an op, where to check it, and who sees it."""

    rule: Any
    inputs: tuple[np.ndarray, ...]
    order: int = 1
    misses: bool = False  # whether a gradient of ones does not show it
    says: str = "wrong derivative"
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def op(self):
        return mg.op(**self.settings)(self.rule)


PLANTED: list[Planted] = []


def planted(*inputs, **more):
    def plant(rule):
        PLANTED.append(Planted(rule, inputs, **more))
        return rule

    return plant


@planted(VECTOR, misses=True)
def a_softmax_whose_gradient_is_zero(x, /):
    return mg.softmax(x), lambda g: 0 * g


@planted(VECTOR, misses=True)
def the_upstream_gradient_is_ignored(x, /):
    out = mg.exp(x)
    return out, lambda g: out


@planted(VECTOR, misses=True)
def divided_by_the_upstream_gradient(x, /):
    out = mg.exp(x)
    return out, lambda g: out / g


@planted(VECTOR, misses=True)
def the_upstream_gradient_is_squared(x, /):
    return 3 * x, lambda g: 3 * g * g


@planted(VECTOR, misses=True)
def the_upstream_gradient_is_averaged(x, /):
    return 3 * x, lambda g: 3 * mg.mean(g, keepdims=True) + 0 * g


@planted(VECTOR, misses=True)
def a_reverse_that_is_not_reversed(x, /):
    return x[::-1], lambda g: g


@planted(SQUARE, misses=True)
def a_transpose_that_is_not_transposed(x, /):
    return mg.transpose(x), lambda g: g


@planted(VECTOR, misses=True)
def a_sort_that_is_not_sorted_back(x, /):
    return np.sort(x), lambda g: g


@planted(SQUARE, misses=True)
def a_roll_in_the_wrong_direction(x, /):
    return np.roll(x, 1, axis=0), lambda g: np.roll(g, 1, axis=0)


@planted(VECTOR, OTHER, misses=True)
def a_concatenation_with_its_parts_exchanged(x, y, /):
    return mg.concatenate([x, y]), (lambda g: g[3:], lambda g: g[:3])


@planted(SQUARE, OTHER[:, None])
def a_product_with_the_matrix_not_transposed(x, y, /):
    return mg.matmul(x, y), (lambda g: g * y[:, 0], lambda g: mg.matmul(x, g))


@planted(VECTOR)
def a_scale_that_is_half_a_percent_off(x, /):
    out = mg.exp(x)
    return out, lambda g: 1.005 * g * out


@planted(VECTOR, OTHER)
def a_wrong_sign(x, y, /):
    return x - y, (lambda g: g, lambda g: g)


@planted(VECTOR)
def a_dropped_term(x, /):
    return x * mg.exp(x), lambda g: g * x * mg.exp(x)


@planted(VECTOR)
def a_dropped_factor(x, /):
    return x * x, lambda g: g * x


@planted(VECTOR, OTHER)
def gradients_of_the_inputs_exchanged(x, y, /):
    return x * y, (lambda g: g * x, lambda g: g * y)


@planted(VECTOR, OTHER)
def an_input_without_a_gradient(x, y, /):
    return x * y, (lambda g: g * y, lambda g: 0 * g)


@planted(SQUARE, VECTOR)
def an_average_over_a_broadcast_axis(x, y, /):
    return x + y, (lambda g: g, lambda g: mg.mean(g, axis=0))


@planted(SQUARE)
def a_mean_that_is_not_divided(x, /):
    return mg.mean(x, axis=0), lambda g: mg.broadcast_to(g, x.shape)


@planted(VECTOR, OTHER)
def a_maximum_whose_gradient_goes_to_the_loser(x, y, /):
    wins = np.greater(x, y)
    return np.maximum(x, y), (
        lambda g: mg.where(wins, 0.0, g),
        lambda g: mg.where(wins, g, 0.0),
    )


@planted(VECTOR)
def a_mask_with_the_wrong_boundary(x, /):
    keep = np.greater(x, 0.5)
    return mg.relu(x), lambda g: mg.where(keep, g, 0.0)


@planted(VECTOR)
def an_element_read_twice_whose_gradients_do_not_add_up(x, /):
    def closure(g):
        out = np.zeros_like(g)
        out[[0, 0, 1]] = g
        return out

    return x[[0, 0, 1]], closure


@planted(np.linspace(0.1, 2.0, 20))
def one_element_of_twenty(x, /):
    out = mg.exp(x)
    error = np.where(np.arange(20) == 13, 1.01, 1.0)
    return out, lambda g: g * out * error


@planted(VECTOR, misses=True, says="its_input writes to its input;")
def a_rule_that_writes_to_its_input(x, /):
    x *= 2
    return x, lambda g: 2 * g


@planted(VECTOR, misses=True, says="its_input_later writes to its input, or to the gradient")
def a_closure_that_writes_to_its_input_later(x, /):
    def closure(g):
        x[...] = 0
        return 2 * g

    return 2 * x, closure


@planted(VECTOR, misses=True, says="its_gradient writes to its input, or to the gradient")
def a_closure_that_writes_to_its_gradient(x, /):
    drop = np.less(x, 0)

    def closure(g):
        g[drop] = 0
        return g

    return np.where(drop, 0.0, x), closure


@planted(VECTOR, order=2, settings={"piecewise_linear": True})
def a_false_promise_of_piecewise_linearity(x, /):
    return x * x, lambda g: 2 * g * x


@planted(VECTOR, order=2)
def a_value_captured_without_its_history(x, /):
    out = mg.exp(x)
    cache = out.detach() if isinstance(out, mg.Tensor) else out
    return out, lambda g: g * cache


@planted(VECTOR, order=2)
def a_form_for_tensors_that_differs(x, /):
    scale = 2.02 if isinstance(x, Dispatched) else 2.0
    return x * x, lambda g: scale * g * x


@planted(VECTOR, order=3)
def a_third_derivative_without_history(x, /):
    slope = 3 * x * x
    curvature = mg.op(lambda x, /: (3 * x * x, lambda g: 6 * g * getattr(x, "data", x)))
    return x * x * x, lambda g: g * (curvature(x) if isinstance(x, mg.Tensor) else slope)


each = pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.rule.__name__)


@pytest.mark.parametrize(
    "bug", [bug for bug in PLANTED if bug.order > 1], ids=lambda bug: bug.rule.__name__
)
def test_a_bug_of_higher_order_is_right_below(bug):
    assert mg.gradcheck(bug.op, *bug.inputs, order=bug.order - 1)


@pytest.mark.parametrize("seed", range(5))
@each
def test_a_planted_bug_is_found_whatever_the_random_gradient(bug, seed):
    with pytest.raises((GradientError, ValueError), match=bug.says):
        mg.gradcheck(bug.op, *bug.inputs, order=bug.order, seed=seed)


def agrees_for_a_gradient_of_ones(f, *inputs):
    """Compare the first derivative of the sum of the outputs only."""
    tensors = [mg.tensor(array, requires_grad=True) for array in inputs]
    output = f(*tensors)
    found = mg.grad(output, tensors, np.ones(output.shape))
    step = 1e-6
    for array, gradient in zip(inputs, found, strict=True):
        numeric = np.empty_like(array)
        for index in np.ndindex(array.shape):
            ends = []
            for sign in (1, -1):
                moved = array.copy()
                moved[index] += sign * step
                ends.append(np.sum(f(*(moved if a is array else a for a in inputs))))
            numeric[index] = (ends[0] - ends[1]) / (2 * step)
        if not np.allclose(gradient.numpy(), numeric, rtol=1e-4, atol=1e-6):
            return False
    return True


@each
def test_what_a_gradient_of_ones_would_have_missed(bug):
    missed = bug.misses or bug.order > 1
    assert agrees_for_a_gradient_of_ones(bug.op, *bug.inputs) is missed


def test_a_detour_through_another_library_is_loud_at_second_order():
    @mg.op
    def detour(x, /):
        out = np.emath.sqrt(x)
        return out, lambda g: g / (2 * out)

    assert mg.gradcheck(detour, [0.5, 2.0])
    with pytest.raises(TypeError, match=r"np\.emath\.sqrt does not take tensors"):
        mg.gradcheck(detour, [0.5, 2.0], order=2)
