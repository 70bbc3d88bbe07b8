"""Derivatives of functions: their values, how they nest, and the mistakes that users make."""

from collections import namedtuple

import numpy as np
import pytest

import minigrad as mg

Line = namedtuple("Line", "slope offset")


def normal(*shape):
    return np.random.default_rng(shape).normal(size=shape)


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def smooth(x, y):
    return mg.tanh(x * y) * mg.exp(-x) + y**2


MATRIX = normal(3, 3)


def quadratic(x):
    return x @ MATRIX @ x


def value_and_grad(f, x):
    return mg.value_and_grad(f)(x)[1]


# Closed forms


def test_a_quadratic_form():
    x, v = normal(3), normal(3, 1)[:, 0]
    twice = MATRIX + MATRIX.T
    value, slope = mg.value_and_grad(quadratic)(x)
    np.testing.assert_allclose(value, x @ MATRIX @ x)
    np.testing.assert_allclose(slope, twice @ x)
    np.testing.assert_allclose(mg.hessian(quadratic)(x), twice)
    np.testing.assert_allclose(mg.hvp(quadratic, (x,), (v,))[0], twice @ v)
    np.testing.assert_allclose(mg.jvp(quadratic, (x,), (v,))[1], (twice @ x) @ v)


def test_the_jacobian_of_softmax():
    p = np.exp(x := normal(4)) / np.exp(x).sum()
    np.testing.assert_allclose(mg.jacobian(mg.softmax)(x), np.diag(p) - np.outer(p, p), atol=1e-15)


def test_the_hessian_of_rosenbrock():
    x, y = -1.2, 1.0
    expected = [[1200 * x**2 - 400 * y + 2, -400 * x], [-400 * x, 200]]
    np.testing.assert_allclose(mg.hessian(rosenbrock)(np.array([x, y])), expected)


def test_the_shape_of_a_jacobian_is_that_of_the_output_then_the_input():
    found = mg.jacobian(lambda x: mg.sum(x, axis=0) * 2)(normal(2, 3))
    assert found.shape == (3, 2, 3)
    assert mg.jacobian(lambda x: x[:0])(normal(2)).shape == (0, 2)
    assert mg.jacobian(lambda x: x * 1)(normal(0, 2)).shape == (0, 2, 0, 2)


@pytest.mark.parametrize("f", [smooth, lambda x, y: mg.relu(x) + 0 * y])
def test_jvp_and_vjp_are_the_jacobian(f):
    x, y, v, w = normal(3), normal(4)[:3], normal(5)[:3], normal(6)[:3]
    by_x, by_y = mg.jacobian(f, argnums=(0, 1))(x, y)
    out, pull = mg.vjp(f, x, y)
    for cotangent in (v, w):
        for slope, jacobian in zip(pull(cotangent), (by_x, by_y), strict=True):
            np.testing.assert_allclose(slope, cotangent @ jacobian)
    again, tangent = mg.jvp(f, (x, y), (v, w))
    np.testing.assert_allclose(tangent, by_x @ v + by_y @ w)
    np.testing.assert_array_equal(out, again)


# torch.func imports a part of PyTorch that PyTorch itself deprecates.
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_it_agrees_with_torch():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    x, y, v, w = normal(2), normal(3)[:2], normal(4)[:2], normal(5)[:2]
    tx, ty, tv, tw = map(torch.tensor, (x, y, v, w))

    def theirs(x, y):
        return torch.tanh(x * y) * torch.exp(-x) + y**2

    for name in ("jacrev", "hessian"):
        expected = getattr(torch.func, name)(theirs, argnums=(0, 1))(tx, ty)
        own = {"jacrev": mg.jacobian, "hessian": mg.hessian}[name](smooth, argnums=(0, 1))(x, y)
        flat, structure = mg.containers.flatten(expected)
        pairs = zip(mg.containers.matching(structure, own, "own"), flat, strict=True)
        for mine, other in pairs:
            np.testing.assert_allclose(mine, other.numpy(), rtol=1e-10)
    expected = torch.func.jvp(theirs, (tx, ty), (tv, tw))[1]
    np.testing.assert_allclose(mg.jvp(smooth, (x, y), (v, w))[1], expected.numpy(), rtol=1e-10)


# Containers


def test_the_gradient_has_the_structure_of_the_argument():
    lines = {"a": Line(2.0, np.float32(1)), "b": [None, (np.ones(2),)]}

    def f(lines, scale, *, power):
        line, (_, (array,)) = lines["a"], lines["b"]
        return mg.sum((line.slope * array) ** power) * scale

    value, slopes = mg.value_and_grad(f)(lines, 3, power=2)
    assert value.item() == 24
    assert type(slopes["a"]) is Line
    assert (slopes["a"].slope.item(), slopes["a"].offset.item()) == (24, 0)
    assert slopes["a"].offset.dtype == np.float32
    assert slopes["b"][0] is None
    assert slopes["b"][1][0].tolist() == [24, 24]


@pytest.mark.parametrize("tracked", [True, False])
def test_a_function_may_change_its_arguments_in_place(tracked):
    def f(x):
        x[0] = x[1] * 3
        x *= 2
        return mg.sum(x * x)

    x = mg.tensor([1.0, 1.0], requires_grad=tracked)
    value, slope = mg.value_and_grad(f)(x)
    assert value.item() == 40
    assert slope.tolist() == [0, 80]
    assert mg.hessian(f)(x).tolist() == [[0, 0], [0, 80]]
    assert mg.hvp(f, (x,), ([0.0, 1.0],))[0].tolist() == [0, 80]
    assert mg.jvp(f, (x,), ([0.0, 1.0],))[1].item() == 80
    assert mg.vjp(f, x)[1](1.0)[0].tolist() == [0, 80]
    assert x.tolist() == [1, 1]


def test_an_argument_changed_without_recording_is_an_error():
    @mg.no_grad
    def double(x):
        x *= 2

    def f(x):
        double(x)
        return mg.sum(x * x)

    with pytest.raises(RuntimeError, match=r"^multiply in place: .* would lose its history"):
        mg.value_and_grad(f)(np.ones(2))


def test_argnums_and_aux():
    def f(x, y, label):
        return x * y**2, {"label": label, "double": 2 * x}

    for argnums in [(0, 1), [0, -2], (np.int64(0), 1)]:
        (value, aux), slopes = mg.value_and_grad(f, argnums, has_aux=True)(3.0, 5.0, "it")
        assert [s.item() for s in slopes] == [25, 30]
    assert value.item() == 75
    assert aux["label"] == "it"
    assert aux["double"].item() == 6
    assert not aux["double"].requires_grad
    assert mg.jacobian(f, 1, has_aux=True)(3.0, 5.0, "it")[0].item() == 30
    hessian, aux = mg.hessian(f, (0, 1), has_aux=True)(3.0, 5.0, "it")
    assert [[h.item() for h in row] for row in hessian] == [[0, 10], [10, 6]]
    assert aux["label"] == "it"
    _, pull, aux = mg.vjp(lambda x: f(x, 5.0, "it"), 3.0, has_aux=True)
    assert (pull(1)[0].item(), aux["label"]) == (25, "it")
    _, tangent, aux = mg.jvp(lambda x: f(x, 5.0, "it"), (3.0,), (2.0,), has_aux=True)
    assert (tangent.item(), aux["label"]) == (50, "it")


def test_jacobians_and_directions_of_containers():
    def f(pair):
        return {"product": pair["x"] * pair["y"], "same": (pair["x"],)}

    at, v = {"x": normal(2), "y": 3.0}, {"y": 1.0, "x": normal(3)[:2]}
    found = mg.jacobian(f)(at)
    assert found["product"]["x"].tolist() == [[3, 0], [0, 3]]
    np.testing.assert_array_equal(found["product"]["y"], at["x"])
    assert found["same"][0]["y"].tolist() == [0, 0]
    tangent = mg.jvp(f, (at,), (v,))[1]
    np.testing.assert_allclose(tangent["product"], 3 * v["x"] + at["x"])
    np.testing.assert_array_equal(tangent["same"][0], v["x"])
    (slopes,) = mg.vjp(f, at)[1]({"product": [1, 1], "same": [[1, 1]]})
    assert slopes["x"].tolist() == [4, 4]


def test_an_unused_input_has_gradient_zero():
    assert mg.vjp(lambda x, y: x * 2, 1.0, np.ones(2))[1](1.0)[1].tolist() == [0, 0]
    constant = mg.tensor(3.0)
    assert value_and_grad(lambda x: constant, np.ones(2)).tolist() == [0, 0]
    assert mg.jvp(lambda x: constant, (1.0,), (1.0,))[1].item() == 0
    assert mg.hvp(lambda x: 3 * x, (1.0,), (1.0,))[0].item() == 0
    assert mg.hessian(mg.relu)(1.0).item() == 0
    assert mg.value_and_grad(lambda nothing: constant)({})[1] == {}


# Nesting, and what is tracked


def test_they_nest():
    f = lambda x: mg.sum(mg.exp(x) * x)
    x = normal(3)
    expected = np.diag(np.exp(x) * (x + 2))
    for second in (
        mg.hessian(f),
        mg.jacobian(lambda x: value_and_grad(f, x)),
        mg.jacobian(mg.jacobian(f)),
        lambda x: np.stack([mg.hvp(f, (x,), (row,))[0].numpy() for row in np.eye(3)]),
        lambda x: np.stack(
            [mg.jvp(lambda x: value_and_grad(f, x), (x,), (row,))[1].numpy() for row in np.eye(3)]
        ),
    ):
        np.testing.assert_allclose(second(x), expected)
    third = mg.jacobian(lambda x: mg.hvp(f, (x,), (np.ones(3),))[0])(x)
    np.testing.assert_allclose(third, np.diag(np.exp(x) * (x + 3)))
    third = mg.jacobian(lambda x: mg.jvp(mg.exp, (x,), (x,))[1])(x)
    np.testing.assert_allclose(third, np.diag(np.exp(x) * (x + 1)))


def test_an_inner_variable_is_not_an_outer_one():
    # d/dx (x d/dy (x + y)) = 1
    f = lambda x: x * value_and_grad(lambda y: x + y, 1.0)
    assert value_and_grad(f, 2.0).item() == 1
    f = lambda x: value_and_grad(lambda y: x * y, x)  # captured and passed: x
    assert value_and_grad(f, 2.0).item() == 1


def test_tracked_arguments_agree_with_nested_grad():
    x = mg.tensor(normal(3), requires_grad=True)
    inside = mg.tanh(x)
    slope = value_and_grad(lambda t: mg.sum(t**3), inside)
    (expected,) = mg.grad(mg.sum(inside**3), inside, create_graph=True)
    np.testing.assert_array_equal(slope.detach(), expected.detach())
    for found in (slope, mg.jvp(lambda t: t**3, (inside,), (np.ones(3),))[1]):
        np.testing.assert_allclose(
            *(mg.grad(total.sum(), x, retain_graph=True)[0] for total in (found, expected))
        )
    assert x.grad is None


def test_captured_parameters_stay_differentiable():
    net = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.ReLU(), mg.nn.Linear(3, 1))
    x = normal(1, 2).astype(np.float32)
    slope = mg.jacobian(net)(x)
    assert slope.shape == (1, 1, 1, 2)
    (slope**2).sum().backward()
    assert next(net.parameters()).grad is not None


def test_untracked_outside_is_untracked():
    value, slope = mg.value_and_grad(lambda x: mg.sum(x * x))(normal(3))
    out, pull = mg.vjp(mg.exp, normal(3))
    found = [value, slope, out, *pull(np.ones(3)), *mg.jvp(mg.exp, (1.0,), (1.0,))]
    found += [mg.jacobian(mg.exp)(1.0), mg.hessian(mg.exp)(1.0), *mg.hvp(mg.exp, (1.0,), (1.0,))]
    assert not any(t.requires_grad for t in found)


def test_no_grad_outside_cuts_only_the_outside():
    w = mg.tensor(3.0, requires_grad=True)
    with mg.no_grad():
        value, slope = mg.value_and_grad(lambda x: w * x**2)(w)
        assert (slope.item(), slope.requires_grad, value.requires_grad) == (18, False, False)
        assert mg.hessian(lambda x: w * x**2)(w).item() == 6
        assert mg.hvp(lambda x: w * x**2, (w,), (1.0,))[0].item() == 6


def test_a_tracked_direction():
    v = mg.tensor(2.0, requires_grad=True)
    for found in (
        mg.vjp(mg.exp, 0.0)[1](v)[0],
        mg.jvp(mg.exp, (0.0,), (v,))[1],
        mg.hvp(mg.exp, (0.0,), (v,))[0],
    ):
        assert mg.grad(found, v)[0].item() == 1


# Mistakes


def test_grad_of_a_function_names_value_and_grad():
    for call in (lambda: mg.grad(quadratic), lambda: mg.grad(mg.nn.Linear(1, 1), 0)):
        with pytest.raises(TypeError, match=r"mg\.value_and_grad\(f\)"):
            call()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mg.value_and_grad(mg.tensor(1.0)), TypeError, r"use mg\.grad\(outputs, inputs"),
        (lambda: value_and_grad(mg.exp, 3), TypeError, "argument 0 is int64"),
        (
            lambda: mg.value_and_grad(smooth, (0, 1))(1.0, {"a": [1.0, np.arange(2)]}),
            TypeError,
            r"argument 1\['a'\]\[1\] is int64",
        ),
        (lambda: value_and_grad(mg.exp, "x"), TypeError, "argument 0 is a str"),
        (lambda: value_and_grad(mg.sum, mg.nn.Linear(1, 1)), TypeError, "is a Linear"),
        (lambda: mg.value_and_grad(mg.exp, 1)(1.0), ValueError, "given 1 positional"),
        (lambda: mg.value_and_grad(mg.exp, "x"), TypeError, r"argnums must be .*, got 'x'"),
        (lambda: mg.jacobian(mg.exp, np.ones(2)), TypeError, r"mg\.jacobian\(f\)\(x\)$"),
        (lambda: mg.jacobian(mg.exp, (0, -1))(1.0), ValueError, r"an argument twice: \(0, -1\)"),
        (lambda: value_and_grad(mg.exp, np.ones(2)), ValueError, r"shape \(2,\); reduce it"),
        (lambda: value_and_grad(lambda x: (x, x), 1.0), TypeError, "a tuple.*has_aux=True"),
        (lambda: value_and_grad(lambda x: None, 1.0), TypeError, "a NoneType"),
        (lambda: value_and_grad(lambda x: x.item(), 1.0), TypeError, "output is a float"),
        (lambda: mg.vjp(lambda x: [x, x > 0], 1.0), TypeError, r"output\[1\] is a Tensor of bool"),
        (
            lambda: mg.value_and_grad(mg.exp, has_aux=True)(1.0),
            TypeError,
            r"must return \(output, aux\)",
        ),
        (lambda: mg.vjp(mg.exp, 1.0)[1]([1.0, 2.0]), ValueError, r"cotangents has shape \(2,\)"),
        (lambda: mg.vjp(lambda x: (x, x), 1.0)[1]((1.0,)), ValueError, "must have 2 entries"),
        (lambda: mg.jvp(mg.exp, 1.0, 1.0), TypeError, r"as in mg\.jvp\(f, \(x,\), \(v,\)\)"),
        (
            lambda: mg.jvp(lambda p: p["a"], ({"a": 1.0},), ({"b": 1.0},)),
            ValueError,
            r"tangents\[0\] must have the keys \['a'\]",
        ),
        (
            lambda: mg.hvp(lambda p: p["a"], ({"a": 1.0},), ({"a": np.ones(2)},)),
            ValueError,
            r"tangents\[0\]\['a'\] has shape \(2,\), but the argument \(\)",
        ),
        (lambda: mg.jvp(mg.exp, (1.0,), (1j,)), TypeError, r"tangents\[0\] is complex128"),
    ],
)
def test_a_mistake_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_cotangent_takes_the_dtype_of_the_output():
    x = np.ones(2, np.float32)
    assert mg.vjp(mg.exp, x)[1](np.ones(2))[0].dtype == np.float32
    assert mg.jvp(mg.exp, (x,), (np.ones(2),))[1].dtype == np.float32
