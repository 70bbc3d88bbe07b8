import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import errors_by_step, taylor_test

X = np.linspace(-1, 1, 50)


@pytest.mark.parametrize("f", [mg.tanh, mg.exp, lambda x: x @ x, lambda x: 1e-20 * mg.exp(x)])
def test_the_remainder_of_a_right_gradient_falls_with_the_square_of_the_step(f):
    found = taylor_test(f, X)
    assert found
    assert found.order == pytest.approx(2, abs=0.05)
    assert f"order {found.order:.3g}" in str(found)


@pytest.mark.parametrize("part", [1.0, 0.5, 1e-3])
def test_the_remainder_of_a_wrong_gradient_falls_with_the_step(part):
    found = taylor_test(lambda x: mg.exp(x) + part * mg.exp(x.detach()), X)
    assert not found
    assert found.order == pytest.approx(1, abs=0.1)


def test_of_a_linear_function_nothing_remains():
    found = taylor_test(lambda x: 2 * x, X)
    assert found
    assert found.order == np.inf


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", [mg.log, lambda x: 1e12 + x.detach(), lambda x: x * 0 + 1])
def test_values_that_tell_nothing_do_not_pass(f):
    found = taylor_test(f, -np.ones(3))
    assert not found
    assert np.isnan(found.order)


def test_a_model_has_one_too():
    assert taylor_test(mg.nn.Linear(3, 2), np.ones((2, 3)))


def test_errors_by_step():
    errors = errors_by_step(mg.exp, X, steps=[1e-1, 1e-2])
    for error, power in zip(errors[1:], (1, 2, 4), strict=True):
        assert np.log10(error[0] / error[1]) == pytest.approx(power, abs=0.2)
    assert errors_by_step(mg.exp, X).steps.shape == (61,)
