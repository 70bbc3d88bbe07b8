"""Special functions: SciPy's own arrive here, and without SciPy an error names it."""

import math
import sys

import numpy as np
import pytest

import minigrad as mg

NAMES = ["erf", "erfc", "erfinv", "ndtr", "gamma", "gammaln", "digamma", "expit", "logit"]


@pytest.fixture
def special():
    return pytest.importorskip("scipy.special", reason="special functions need SciPy")


@pytest.mark.parametrize("name", NAMES)
def test_scipys_function_arrives_at_the_op(special, name):
    x = mg.tensor([0.25, 0.75], requires_grad=True)
    y = getattr(special, name)(x)
    assert isinstance(y, mg.Tensor)
    assert y.requires_grad
    np.testing.assert_allclose(y.numpy(), getattr(special, name)(x.numpy()), rtol=1e-15)
    assert mg.gradcheck(getattr(special, name), x, order=2)


def test_scipys_xlogy_arrives_at_the_op(special):
    p = mg.tensor([0.0, 0.5], requires_grad=True)
    q = mg.tensor([0.0, 2.0], requires_grad=True)
    special.xlogy(p, q).sum().backward()
    np.testing.assert_allclose(p.grad.numpy(), [0, math.log(2)])
    np.testing.assert_allclose(q.grad.numpy(), [0, 0.25])


@pytest.mark.parametrize(
    ("name", "at", "value", "slope"),
    [
        ("erf", [-np.inf, np.inf], [-1, 1], [0, 0]),
        ("erfc", [-np.inf, np.inf], [2, 0], [0, 0]),
        ("erfinv", [-1, 1], [-np.inf, np.inf], [np.inf, np.inf]),
        ("ndtr", [-np.inf, np.inf], [0, 1], [0, 0]),
        ("gammaln", [0.0, np.inf], [np.inf, np.inf], [-np.inf, np.inf]),
        ("digamma", [0.0, np.inf], [-np.inf, np.inf], [np.inf, 0]),
        ("logit", [0, 1], [-np.inf, np.inf], [np.inf, np.inf]),
    ],
)
@np.errstate(all="ignore")
def test_boundaries(special, name, at, value, slope):
    x = mg.tensor(at, dtype=float, requires_grad=True)
    y = getattr(mg, name)(x)
    np.testing.assert_array_equal(y.numpy(), value)
    y.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad.numpy(), slope)


def test_polygamma_checks_its_order(special):
    with pytest.raises(ValueError, match=r"^polygamma: n is an order of derivative.* got -1$"):
        mg.polygamma(-1, mg.tensor(1.0))
    with pytest.raises(TypeError, match="float"):
        mg.polygamma(1.5, mg.tensor(1.0))
    assert mg.polygamma(1, 1.0) == pytest.approx(math.pi**2 / 6)


def test_without_scipy(monkeypatch):
    for name in ("scipy", "scipy.special"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        ImportError, match=r"scipy\.special\.erf .*pip install 'minigrad\[special\]'"
    ):
        mg.erf(mg.tensor(1.0))
    # These are made of other ops.
    assert mg.expit(mg.tensor(0.0)).item() == 0.5
    assert mg.xlogy(2.0, mg.tensor(1.0)).item() == 0.0
