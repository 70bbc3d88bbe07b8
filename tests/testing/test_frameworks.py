"""Functions of PyTorch and JAX under the checker; each part needs its framework."""

import importlib

import numpy as np
import pytest

from minigrad.testing.frameworks import check_jax, check_torch
from minigrad.testing.side_by_side import compare_gradients

X, W = np.array([1.0, 2.0, -0.5]), np.array([0.3, 0.4, 1.5])


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.fixture
def jax():
    return pytest.importorskip("jax", reason="JAX is not installed")


def failing(report):
    return {element.parameter for element in report.elements if not report.passes(element)}


def parameters(report, order=1):
    return {element.parameter for element in report.elements if element.order == order}


# PyTorch


def exponential(torch, derivative):
    """A function of ``x`` and ``w`` with a backward of one's own, in the form with a context."""

    class Exponential(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            out = torch.exp(x * w)
            ctx.save_for_backward(x, w)
            return out

        @staticmethod
        def backward(ctx, g):
            return derivative(g, *ctx.saved_tensors)

    return Exponential


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_right_function(torch, order):
    def derivative(g, x, w):
        out = g * torch.exp(x * w)
        return out * w, out * x

    report = check_torch(exponential(torch, derivative), X, W, order=order)
    assert report.verdict == "ok", report
    assert report.function == "Exponential"
    assert parameters(report) == {"x", "w"}
    assert {element.order for element in report.elements} == set(range(1, order + 1))


def test_a_wrong_function(torch):
    def derivative(g, x, w):
        out = g * torch.exp(x * w)
        return out * w, out

    report = check_torch(exponential(torch, derivative), X, W)
    assert (report.verdict, failing(report)) == ("wrong", {"w"})


def test_a_second_derivative_that_is_cut_off(torch):
    def derivative(g, x, w):
        out = g * torch.exp(x * w).detach()
        return out * w, out * x

    function = exponential(torch, derivative)
    assert check_torch(function, X, W)
    report = check_torch(function, X, W, order=2)
    assert report.verdict == "wrong"
    assert {e.order for e in report.elements if not report.passes(e)} == {2}


def test_the_form_with_a_context_of_its_own(torch):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x**2

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    report = check_torch(Square, X, order=2)
    assert report, report
    assert parameters(report) == {"x"}


@pytest.mark.parametrize("kind", ["tensor", "array", "list", "float32"])
def test_any_function_and_any_kind_of_input(torch, kind):
    given = {
        "tensor": torch.tensor([1.0, 2.0], requires_grad=True),
        "array": np.array([1.0, 2.0]),
        "list": [1.0, 2.0],
        "float32": np.float32([1, 2]),
    }[kind]
    seen = []

    def f(x, rows, more):
        seen.append((x.dtype, rows.dtype))
        return {"out": x[rows] * more["w"], "rows": rows}

    report = check_torch(f, given, np.array([0, 1, 1]), {"w": 0.5})
    assert report.verdict == "ok", report
    assert parameters(report) == {"x", "more['w']"}
    assert set(seen) == {(torch.float64, torch.int64)}


def test_a_module_stays_as_it_is(torch):
    module = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh(), torch.nn.Linear(4, 1)
    )
    module[3].weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    report = check_torch(module, np.random.default_rng(0).normal(size=(3, 3)), order=2)
    assert report.verdict == "ok", report
    assert parameters(report) >= {"input", "0.weight", "0.bias", "1.weight", "1.bias", "3.bias"}
    assert "3.weight" not in parameters(report)
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert all(p.grad is None for p in module.parameters())


def test_a_module_with_a_wrong_function(torch):
    class Off(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            return g * w, 1.005 * g * x

    class Scale(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = torch.nn.Parameter(torch.tensor([0.5, 1.0, 2.0]))

        def forward(self, x):
            return Off.apply(x, self.factor)

    report = check_torch(Scale(), X)
    assert (report.function, report.verdict, failing(report)) == ("Scale", "wrong", {"factor"})


def test_verdicts_of_functions_of_tensors(torch):
    report = check_torch(torch.nn.Dropout(0.5), np.ones(20))
    assert report.verdict == "nondeterministic"
    report = check_torch(lambda x: x.mul_(2), X)
    assert (report.verdict, report.notes[0][:20]) == ("stateful", "<lambda> writes to x")
    assert check_torch(lambda x: x.detach() ** 2, X).verdict == "detached"
    assert check_torch(torch.relu, [0.0, 1.0]).verdict == "kink"

    class Overwriting(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, g):
            g *= 2
            return g

    report = check_torch(Overwriting, X)
    assert report.verdict == "stateful"
    assert "backward of Overwriting writes to the gradient" in report.notes[0]


def test_errors_of_check_torch(torch):
    with pytest.raises(ValueError, match="check_torch: no input is floating"):
        check_torch(torch.exp, np.array([1, 2]))
    with pytest.raises(TypeError, match="f returned a str, expected a tensor"):
        check_torch(lambda x: "text", X, name="f")
    with pytest.raises(ValueError, match="order is at least 1, got 0"):
        check_torch(torch.exp, X, order=0)


def test_gradients_beside_those_of_pytorch(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    h = torch.tanh(x)
    h.retain_grad()
    (h**2).sum().backward()
    out = np.tanh(x.detach().numpy())
    mine = {"dh": 2 * out, "dx": 2 * out * (1 - out**2)}
    table = compare_gradients(mine, {"h": h, "x": x})
    assert table, table
    wrong = compare_gradients({"x": mine["dh"]}, {"x": x})
    assert not wrong
    with pytest.raises(ValueError, match="x is a tensor without a gradient; call backward first"):
        compare_gradients({"x": out}, {"x": torch.ones(2, 2, requires_grad=True)})
    measured = compare_gradients(
        {"x": mine["dx"].astype("f8")}, lambda x: torch.tanh(x).square().sum(), {"x": x}
    )
    assert measured.rows[0].difference < 1e-6


# JAX


def exponential_of_jax(jax, derivative):
    @jax.custom_vjp
    def exponential(x, w):
        return jax.numpy.exp(x * w)

    exponential.defvjp(
        lambda x, w: (exponential(x, w), (x, w)), lambda kept, g: derivative(g, *kept)
    )
    return exponential


@pytest.mark.parametrize("order", [1, 2])
def test_a_right_function_of_jax(jax, order):
    def derivative(g, x, w):
        out = g * jax.numpy.exp(x * w)
        return out * w, out * x

    report = check_jax(exponential_of_jax(jax, derivative), X, W, order=order)
    assert report.verdict == "ok", report
    assert parameters(report) == {"x", "w"}
    assert (parameters(report, 2) > {"x", "w"}) == (order == 2)


def test_a_wrong_function_of_jax(jax):
    def derivative(g, x, w):
        out = g * jax.numpy.exp(x * w)
        return out * w, out

    report = check_jax(exponential_of_jax(jax, derivative), X, W)
    assert (report.function, report.verdict) == ("exponential", "wrong")
    assert failing(report) == {"w"}


def test_containers_and_integers_of_jax(jax):
    def f(params, x, rows):
        return {"out": jax.numpy.tanh(x[rows] @ params["w"]), "rows": rows}

    params = {"w": jax.numpy.ones((2, 3))}
    report = check_jax(jax.jit(f), params, [[1.0, 2.0], [0.5, 0.25]], np.array([1, 0, 1]), order=2)
    assert report.verdict == "ok", report
    assert parameters(report) == {"params['w']", "x"}
    assert jax.numpy.ones(2).dtype == np.float32, "the setting of JAX is as before"
    with pytest.raises(ValueError, match="check_jax: no input is floating"):
        check_jax(jax.numpy.sin, np.array([1]))


# Neither


@pytest.mark.parametrize(("check", "package"), [(check_torch, "torch"), (check_jax, "jax")])
def test_a_framework_that_is_missing(monkeypatch, check, package):
    known = importlib.import_module

    def without(name, *rest):
        if name == package:
            raise ImportError(f"No module named {name!r}")
        return known(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(ImportError, match=f"check_{package} needs the package {package}, which"):
        check(abs, X)
