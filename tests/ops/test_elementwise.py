"""Elementwise functions where samples cannot go: operators, other names, zeros and extremes."""

import math

import numpy as np
import pytest

import minigrad as mg


def derivative(f, at, order):
    x = mg.tensor(at, dtype=float, requires_grad=True)
    y = f(x)
    for _ in range(order):
        (y,) = mg.grad(y, x, np.ones(y.shape), create_graph=True)
    return y.numpy()


def slope(f, at, dtype=float):
    x = mg.tensor(at, dtype=dtype, requires_grad=True)
    y = f(x)
    y.backward(np.ones(y.shape))
    return x.grad.numpy()


@pytest.mark.parametrize("order", range(1, 9))
def test_sinc_is_smooth_at_zero(order):
    # sinc is the sum over k of (-1)^k (pi x)^2k / (2k + 1)!.
    at_zero = 0.0 if order % 2 else (-1) ** (order // 2) / (order + 1)
    found = derivative(mg.sinc, [0.0, -1e-9, 1e-9], order) / math.pi**order
    np.testing.assert_allclose(found, at_zero, rtol=1e-14, atol=1e-8)
    assert found[0] == pytest.approx(at_zero, rel=1e-14)


@pytest.mark.parametrize("order", range(1, 9))
def test_i0_is_smooth_at_zero(order):
    # I0 is the sum over k of (x / 2)^2k / k!^2.
    half = order // 2
    at_zero = 0.0 if order % 2 else math.factorial(order) / (4**half * math.factorial(half) ** 2)
    assert derivative(mg.i0, 0.0, order) == pytest.approx(at_zero, rel=1e-14)


@pytest.mark.parametrize("order", range(7))
@pytest.mark.parametrize("x", [0.9, 1.6, 2.6, 3.6, 4.1])
def test_sinc_derivatives_agree_where_the_formula_changes(order, x):
    # By x f_n + n f_(n-1) = sin(x + n pi / 2), across the border between series and recurrence.
    low, high = (mg.ops.sinc_derivative(np.array(x), n) for n in (order, order + 1))
    expected = math.sin(x + (order + 1) * math.pi / 2)
    assert x * high + (order + 1) * low == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize(
    ("f", "at", "expected"),
    [
        (mg.expm1, -50.0, math.exp(-50)),
        (mg.log1p, 1e-20, 1.0),
        (mg.arcsinh, 1e300, 1e-300),
        (mg.arccosh, 1e300, 1e-300),
        (mg.arccosh, 1 + 1e-10, 1 / math.sqrt((1 + 1e-10 - 1) * (2 + 1e-10))),
        (mg.arctanh, 1 - 2.0**-40, 1 / (2.0**-40 * (2 - 2.0**-40))),
        (lambda x: mg.hypot(x, 1e300), 1e300, math.sqrt(0.5)),
        (lambda x: mg.hypot(x, 1e-300), 1e-300, math.sqrt(0.5)),
        (lambda x: mg.arctan2(x, 1e300), 1e300, 0.5e-300),
        (lambda x: mg.arctan2(x, 1e-300), 1e-300, 0.5e300),
        (lambda x: mg.logaddexp(x, 1e6), 1e6 - 30, 1 / (1 + math.exp(30))),
        (lambda x: mg.logaddexp2(x, 1e6), 1e6 - 30, 1 / (1 + 2**30)),
        (lambda x: mg.fmod(1.2, x), 0.4, -3.0 if math.fmod(1.2, 0.4) < 0.1 else -2.0),
        (mg.i0, 700.0, 1.52850039023393e302),  # I1, by SciPy
    ],
)
def test_derivatives_are_accurate(f, at, expected):
    assert slope(f, at) == pytest.approx(expected, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 2.0**x,
        lambda x: x**0,
        lambda x: mg.power(x, np.arange(4, dtype=np.float32)),
        lambda x: mg.power(np.float32(2), x),
        mg.exp2,
        mg.log2,
        mg.sinc,
        mg.i0,
        mg.deg2rad,
        lambda x: mg.hypot(3, x),
        lambda x: mg.logaddexp(0.0, x),
        lambda x: mg.clip(x, 0.5, 2.5),
        lambda x: x % 0.7,
        lambda x: mg.copysign(x, -1.0),
        lambda x: mg.xlogy(2, x),
    ],
)
def test_float32_meets_python_numbers(f):
    x = mg.tensor([0.1, 1.0, 2.0, 3.0], dtype=np.float32, requires_grad=True)
    y = f(x)
    assert y.dtype == np.float32
    (g,) = mg.grad(y, x, np.ones(4), create_graph=True)
    assert g.dtype == np.float32
    # In double precision, from the same function.
    np.testing.assert_allclose(g.numpy(), slope(f, x.numpy()), rtol=1e-5, atol=1e-6)


def test_float_power_is_in_double_precision():
    x = mg.tensor([2.0, 3.0], dtype=np.float32, requires_grad=True)
    y = np.float_power(x, 3)
    assert y.dtype == np.float64
    y.backward(np.ones(2))
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [12.0, 27.0]
    assert mg.float_power([2, 3], 2).tolist() == [4.0, 9.0]


def test_operators():
    x = mg.tensor([7.0, -7.0], requires_grad=True)
    for tensor, array in (
        (x % 4, np.array([3.0, 1.0])),
        (9 % x, np.array([2.0, -5.0])),
        (np.array([9.0, 9.0]) % x, np.array([2.0, -5.0])),
        (x // 4, np.array([1.0, -2.0])),
        (9 // x, np.array([1.0, -2.0])),
        (abs(x), np.array([7.0, 7.0])),
        (round(x / 4), np.array([2.0, -2.0])),
        (round(x / 4, 1), np.array([1.8, -1.8])),
        (math.floor(x / 4), np.array([1.0, -2.0])),
        (math.ceil(x / 4), np.array([2.0, -1.0])),
        (math.trunc(x / 4), np.array([1.0, -1.0])),
        (divmod(x, 4)[0], np.array([1.0, -2.0])),
        (divmod(x, 4)[1], np.array([3.0, 1.0])),
        (divmod(9, x)[1], np.array([2.0, -5.0])),
        (np.array([9.0, 9.0]).__divmod__(x)[1], np.array([2.0, -5.0])),
    ):
        assert tensor.requires_grad
        assert tensor.tolist() == array.tolist()
    assert (mg.tensor([1, 2]) << 2).tolist() == [4, 8]
    assert (64 >> mg.tensor([1, 2])).tolist() == [32, 16]


def test_remainder_and_quotient_in_place():
    x = mg.tensor([7.0, -7.0], requires_grad=True)
    y = x * 1
    y %= 4
    assert y.tolist() == [3.0, 1.0]
    y.backward(np.ones(2))
    assert x.grad.tolist() == [1.0, 1.0]
    z = mg.tensor([7, -7])
    z //= 2
    assert z.tolist() == [3, -4]


@pytest.mark.parametrize(
    "call",
    [
        lambda x, lower, upper: mg.clip(x, lower, upper),
        lambda x, lower, upper: x.clip(lower, upper),
        lambda x, lower, upper: x.clip(min=lower, max=upper),
        lambda x, lower, upper: x.clip(min=lower).clip(max=upper),
        lambda x, lower, upper: np.clip(x, lower, upper),
        lambda x, lower, upper: np.clip(x, a_min=lower, a_max=upper),
    ],
)
def test_clip_sends_gradients_to_its_limits(call):
    x = mg.tensor([-1.0, 0.5, 3.0], requires_grad=True)
    lower, upper = (mg.tensor(v, requires_grad=True) for v in (0.0, 2.0))
    y = call(x, lower, upper)
    assert y.tolist() == [0.0, 0.5, 2.0]
    (y * mg.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [0.0, 10.0, 0.0]
    assert (lower.grad.item(), upper.grad.item()) == (1.0, 100.0)


def test_clip_of_an_untracked_array_by_a_tracked_limit():
    limit = mg.tensor(1.0, requires_grad=True)
    y = np.clip(np.array([0.0, 2.0, 3.0]), None, limit)
    y.sum().backward()
    assert (y.tolist(), limit.grad.item()) == ([0.0, 1.0, 1.0], 2.0)


def test_clip_with_a_limit_given_twice():
    with pytest.raises(TypeError, match=r"^clip: min= and a_min are the same limit"):
        mg.clip(mg.tensor(1.0), 0, min=0)


def test_clip_without_limits_is_the_array():
    assert mg.clip(mg.tensor([1.0, -1.0]), None, None).tolist() == [1.0, -1.0]


def test_nan_to_num_never_writes():
    with pytest.raises(ValueError, match=r"^nan_to_num: copy=False would write"):
        np.nan_to_num(mg.tensor([1.0]), copy=False)


def test_parts_of_real_tensors():
    x = mg.tensor([1.0, -2.0], requires_grad=True)
    assert x.real.requires_grad
    assert not x.imag.requires_grad
    assert (x.real.tolist(), x.imag.tolist()) == ([1.0, -2.0], [0.0, 0.0])
    z = mg.tensor([1 + 2j])
    assert (z.real.item(), z.imag.item(), z.conj().item()) == (1.0, 2.0, 1 - 2j)


def test_outputs_that_are_integers_are_untracked():
    x = mg.tensor([6.0, 0.3], requires_grad=True)
    mantissa, exponent = np.frexp(x)
    assert mantissa.requires_grad
    assert not exponent.requires_grad
    np.testing.assert_array_equal(mg.ldexp(mantissa, exponent).numpy(), x.numpy())


def test_only_one_of_two_outputs_is_used():
    x = mg.tensor([1.5, -2.25], requires_grad=True)
    fraction, integer = np.modf(x)
    assert mg.grad(integer, x, np.ones(2))[0].tolist() == [0.0, 0.0]
    fraction, integer = np.modf(x)
    assert mg.grad(fraction, x, np.ones(2))[0].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("abs", "absolute"),
        ("mod", "remainder"),
        ("pow", "power"),
        ("conj", "conjugate"),
        ("bitwise_invert", "invert"),
        ("bitwise_left_shift", "left_shift"),
        ("bitwise_right_shift", "right_shift"),
        ("asin", "arcsin"),
        ("acos", "arccos"),
        ("atan", "arctan"),
        ("atan2", "arctan2"),
        ("asinh", "arcsinh"),
        ("acosh", "arccosh"),
        ("atanh", "arctanh"),
        ("radians", "deg2rad"),
        ("degrees", "rad2deg"),
        ("fix", "trunc"),
        ("around", "round"),
        ("lgamma", "gammaln"),
    ],
)
def test_aliases(alias, name):
    if hasattr(np, alias):
        assert mg.registry.twin(getattr(np, alias)) is mg.registry.lookup(getattr(mg, name))
    assert getattr(mg, alias) is getattr(mg, name)


def test_probabilities_are_accurate_far_from_zero():
    x = mg.tensor(np.float32([1e5, 1e5, 1e5 + 1]), requires_grad=True)
    expected = np.exp([0, 0, 1]) / (2 + math.e)
    np.testing.assert_allclose(mg.softmax(x).numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(mg.log_softmax(x).numpy(), np.log(expected), rtol=1e-6)
    np.testing.assert_allclose(mg.grad(mg.logsumexp(x), x)[0].numpy(), expected, rtol=1e-6)
