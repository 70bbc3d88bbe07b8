"""blame names the op whose closure is wrong, and the line that called it."""

import gc
import inspect
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.testing.blame import Blame, blame, keep_values


@mg.op
def wrong_square(x, /):
    return x * x, lambda g: g * x


@mg.op
def wrong_half(x, /):
    return x / 2, lambda g: 2 * g


@mg.op(piecewise_linear=True)
def wrong_relu(x, /):
    return np.maximum(x, 0), lambda g: g


@mg.op
def wrong_parts(x, /):
    """Two outputs; the gradient of the second is left out."""
    return (x * x, x * 3), lambda g, h: 2 * g * x


@mg.op(sequence=True)
def wrong_join(arrays, /):
    """The gradients of the first two arrays are exchanged."""
    whole = np.concatenate(arrays)
    ends = np.cumsum([len(a) for a in arrays])
    parts = [slice(end - len(a), end) for a, end in zip(arrays, ends, strict=True)]
    parts[:2] = parts[1::-1]
    return whole, tuple(lambda g, part=part: g[part] for part in parts)


@mg.op
def wrong_below_zero(x, /):
    """An absolute value with the slope of the identity."""
    return np.abs(x) * x, lambda g: 2 * g * x


def points(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape) + 0.1


def line_of(function, code):
    """Where a piece of code stands in a function of this file."""
    lines, first = inspect.getsourcelines(function)
    (number,) = (i for i, line in enumerate(lines) if code in line)
    return f"{__file__}:{first + number}, in "


def in_a_branch(x):
    left = mg.exp(x)
    right = wrong_half(mg.sin(x))  # here
    return (left * right).sum()


def with_two_outputs(x):
    one, other = wrong_parts(mg.tanh(x))  # here
    return (mg.exp(one) + other).sum()


def with_two_outputs_of_which_one_is_used(x):
    _, other = wrong_parts(mg.tanh(x))  # here
    return mg.exp(other).sum()


def of_a_sequence(x):
    joined = wrong_join([x, mg.sin(x), x])  # here
    return (joined * points(9, seed=1)).sum()


def after_an_assignment(x):
    x[1:] = mg.exp(x[:-1])
    x[0] += wrong_square(x[2])  # here
    return (x * x).sum()


def helper(x):
    return wrong_square(x)  # inside of the helper


def through_a_helper(x):
    return helper(mg.tanh(x)).sum()


def in_a_comprehension(x):
    return mg.stack([wrong_square(part) for part in x]).sum()  # here


def through_numpy(x):
    values, vectors = np.linalg.eigh(mg.outer(x, x) + np.diag([1.0, 2.0, 3.0]))
    return (wrong_relu(-vectors[:, 0]) * values).sum()  # here


@pytest.mark.parametrize(
    ("f", "op", "parameter"),
    [
        (in_a_branch, "wrong_half", "x"),
        (with_two_outputs, "wrong_parts", "x"),
        (with_two_outputs_of_which_one_is_used, "wrong_parts", "x"),
        (of_a_sequence, "wrong_join", "arrays"),
        (after_an_assignment, "wrong_square", "x"),
        (in_a_comprehension, "wrong_square", "x"),
        (through_numpy, "wrong_relu", "x"),
    ],
)
def test_a_wrong_op_is_named_with_its_line(f, op, parameter):
    found = blame(f, points(3))
    assert not found
    assert (found.op, found.parameter) == (op, parameter)
    assert found.line.startswith(line_of(f, "# here"))
    assert found.line.endswith("# here")
    assert len({(s.op, s.line) for s in found.suspects}) == 1
    assert not found.unchecked
    assert not found.report


def test_the_line_is_that_in_the_helper():
    found = blame(through_a_helper, points(3))
    place = line_of(helper, "wrong_square")
    assert found.line == f"{place}helper: return wrong_square(x)  # inside of the helper"


def test_the_text_names_op_line_and_more_suspects():
    def loss(x):
        for _ in range(3):
            x = wrong_half(x)
        return wrong_square(mg.tanh(x)).sum()

    text = str(blame(loss, points(2)))
    first, *rest = text.splitlines()
    start = "the first op whose closure is wrong, in backward order: wrong_square, called at "
    assert first.startswith(start + __file__)
    assert first.endswith("in loss: return wrong_square(mg.tanh(x)).sum()")
    assert any(
        line.startswith("wrong too: wrong_half") and line.endswith("(3 times)") for line in rest
    )
    assert rest[-1] == "6 calls checked, 4 of them suspect"


def test_of_two_wrong_ops_the_younger_is_first():
    found = blame(lambda x: wrong_square(wrong_half(x)).sum(), points(3))
    assert [suspect.op for suspect in found.suspects] == ["wrong_square", "wrong_half"]
    found = blame(lambda x: wrong_half(wrong_square(x)).sum(), points(3))
    assert [suspect.op for suspect in found.suspects] == ["wrong_half", "wrong_square"]


def test_an_op_that_is_wrong_at_some_values_only():
    def loss(x):
        above = wrong_below_zero(mg.exp(x))
        below = wrong_below_zero(-mg.exp(x))  # below
        return (above + below).sum()

    found = blame(loss, points(3))
    assert [suspect.line.endswith("# below") for suspect in found.suspects] == [True]


def test_a_module_with_a_wrong_op():
    class Model(nn.Module):
        def __init__(self):
            self.inner = nn.Linear(3, 4)
            self.scale = nn.Parameter(points(4))

        def forward(self, x):
            return (wrong_half(self.scale) * mg.relu(self.inner(x))).sum()

    model = Model()
    found = blame(model, points(2, 3))
    assert found.op == "wrong_half"
    assert "in forward: return (wrong_half(" in found.line
    # Only the parameters are tracked.
    with keep_values():
        loss = model(points(2, 3))
    assert blame(loss).op == "wrong_half"


def test_a_result_recorded_inside_and_outside():
    x = mg.tensor(points(3), requires_grad=True)
    with keep_values():
        inside = wrong_relu(-mg.exp(x)).sum()
    outside = mg.exp(wrong_relu(-mg.exp(x))).sum()
    assert blame(inside).op == "wrong_relu"

    found = blame(outside)
    assert found
    assert (found.checked, found.unchecked) == (2, {"sum": 1, "wrong_relu": 1, "negative": 1})
    assert "sum (1), wrong_relu (1), negative (1); compute the loss inside" in str(found)
    # What keeps its values is checked there, too; only the line is not known.
    found = blame(wrong_square(x).sum())
    assert (found.op, found.line) == ("wrong_square", "")
    assert "wrong_square, called outside of keep_values()" in str(found)


def test_nothing_is_freed_or_held():
    x = mg.tensor(points(3), requires_grad=True)
    with keep_values():
        loss = mg.relu(x).sum()
    found = blame(loss)
    loss.backward()
    np.testing.assert_array_equal(x.grad, x.numpy() > 0)
    noted = weakref.ref(loss._node.notes.values[0])
    del loss
    gc.collect()
    assert noted() is None
    assert found.checked == 2


def test_a_freed_graph():
    x = mg.tensor(points(3), requires_grad=True)
    loss = mg.exp(x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match=r"closures of 'sum' were freed.*retain_graph=True"):
        blame(loss)


def test_an_untracked_result():
    x = mg.tensor(points(3), requires_grad=True)
    with mg.no_grad(), keep_values():
        loss = mg.exp(x).sum()
    for result in (loss, x.detach(), None, [1.0]):
        with pytest.raises(RuntimeError, match="blame: the result is untracked"):
            blame(result)
    with pytest.raises(RuntimeError, match="untracked"):
        blame(lambda x: x.detach(), points(2))
    # A function is recorded whatever the mode.
    with mg.no_grad():
        assert blame(wrong_half, points(2)).op == "wrong_half"


def test_misuse():
    with pytest.raises(TypeError, match="inputs are for a function"):
        blame(mg.tensor(1.0, requires_grad=True), points(2))
    with pytest.raises(ValueError, match="limit is at least 1, got 0"):
        blame(mg.exp, points(2), limit=0)


def test_a_closure_that_raises_is_named():
    @mg.op
    def raising(x, /):
        return x * 2, lambda g: g[5]

    with pytest.raises(IndexError) as caught:
        blame(lambda x: raising(x).sum(), points(3))
    (note,) = caught.value.__notes__
    assert note.startswith(f"while blame checked raising, called at {__file__}")


def test_an_op_without_a_derivative_is_no_wrong_closure():
    found = blame(lambda x: (wrong_half(x) + mg.sqrt(x * x)).sum(), [0.0, 1.0])
    assert [suspect.op for suspect in found.suspects] == ["wrong_half", "sqrt"]  # mistakes first
    found = blame(lambda x: mg.sqrt(x * x).sum(), [0.0, 1.0])
    assert (found.op, found.report.verdict) == ("sqrt", "not finite")
    assert str(found).startswith("no closure is wrong, but an op has no derivative here")


def test_rules_that_write_are_found():
    @mg.op
    def writing(x, /):
        def closure(g):
            g *= 2
            return g

        return 2 * x, closure

    found = blame(lambda x: writing(x).sum(), points(2))
    assert (found.op, found.report.verdict) == ("writing", "stateful")


def test_a_right_graph_with_a_wrong_composition_says_so():
    constant = points(2, seed=1)
    rng = np.random.default_rng(0)

    def leaving(x):
        y = constant * mg.exp(x) + rng.normal(size=2)
        y = y * x.detach()  # one
        return mg.clip(y, -9.5, 9.0 + x[0].item()).sum()  # two

    found = blame(leaving, points(2))
    assert found
    assert (found.op, found.line, found.parameter, found.report) == (None,) * 4
    one, two = found.outside
    assert one.startswith("y of multiply, called at ")
    assert one.endswith("# one")
    assert two.startswith("upper of limit, called at ")
    assert "a value leaves the graph, through t.detach()" in str(found)
    assert f"untracked, but another number for other inputs: {one}" in str(found)


def test_nothing_leaves_a_right_graph():
    w = points(3, 3)

    def right(x):
        return mg.softmax(w @ mg.where(x.numpy() > 0, x, 2 * x) + 0.5).max()

    assert blame(right, points(3)).outside == ()


def test_checkpoints_are_not_looked_into():
    found = blame(lambda x: mg.checkpoint(wrong_square, x).sum(), points(2))
    assert found
    assert "what is inside of 1 checkpoint(s); call the function without" in str(found)


def test_long_graphs():
    def loss(x):
        for _ in range(5000):
            x = mg.sin(x) + 0.1
        return wrong_half(x)

    found = blame(loss, 0.5, limit=2)
    assert found.op == "wrong_half"
    assert found.skipped == 10_001 - found.checked
    assert found.checked == 5
    assert "more like them were skipped (limit=)" in str(found)


def test_large_arrays():
    assert blame(lambda x: mg.relu(wrong_square(x)).sum(), points(100, 100)).op == "wrong_square"
    assert blame(lambda x: mg.relu(mg.exp(x) @ x).sum(), points(50, 50))


def test_inputs_before_the_function_are_not_blamed():
    w = wrong_half(mg.tensor(points(2), requires_grad=True))
    assert blame(lambda x: (w * x).sum(), points(2))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_few_digits(dtype):
    x = mg.tensor(points(3, 4), dtype=dtype, requires_grad=True)
    w = points(4, 4, seed=1).astype(dtype)
    with keep_values():
        right = (mg.softmax(mg.tanh(x) @ w) ** 2).sum()
        wrong = wrong_square(right)
    assert right.dtype == dtype
    assert blame(right)
    assert [suspect.op for suspect in blame(wrong).suspects] == ["wrong_square"]


# Graphs that are right


def network(draw):
    filters, weights = draw(3, 2, 3, 3), draw(12, 2)

    def f(x, filters, weights):
        h = mg.max_pool2d(mg.relu(mg.conv2d(x, filters)), 2)
        return mg.logsumexp(h.reshape(2, -1) @ weights, axis=1).sum()

    return f, draw(2, 2, 6, 6), filters, weights


def recurrent(draw):
    def f(x, w, u):
        h = mg.zeros((2, 4))
        states = []
        for step in x:
            h = mg.tanh(step @ w + h @ u)
            states.append(h)
        return (mg.stack(states) ** 2).mean()

    return f, draw(3, 2, 3), draw(3, 4), draw(4, 4)


def attention(draw):
    past = np.tril(np.ones((4, 4), dtype=bool))

    def f(q, k, v):
        scores = mg.where(past, mg.einsum("bid,bjd->bij", q, k), -np.inf)
        return (mg.softmax(scores, axis=-1) @ v).sum()

    return f, draw(2, 4, 3), draw(2, 4, 3), draw(2, 4, 3)


def normalized(draw):
    def f(x):
        y = (x - x.mean(axis=0)) / mg.sqrt(x.var(axis=0) + 1e-5)
        return mg.linalg.norm(y, axis=1).sum() + mg.abs(x).max() + mg.sort(x, axis=0)[1].sum()

    x = draw(4, 5)
    x[2, 2] = 0
    return f, x


def indexed(draw):
    def f(x):
        y = x * 2
        y[1:3] = x[0] ** 2
        y[[0, 4]] += mg.exp(x[1])
        a, b = mg.split(y, 2, axis=1)
        return mg.concatenate([a, b * a], axis=1)[::2, [1, 1, 0]].sum() + mg.cumsum(y).mean()

    return f, draw(5, 4)


def symmetric(draw):
    def f(x):
        s = (x @ x.T) + np.eye(3)
        values, vectors = mg.linalg.eigh(s)
        root = mg.linalg.cholesky(s)
        return (values * vectors[0] ** 2).sum() + mg.linalg.solve(root, vectors[:, 1] ** 2).sum()

    return f, draw(3, 3)


def tied(draw):
    def f(x):
        highest = mg.max(x, axis=1).sum() + mg.maximum(x[0], x[1]).sum()
        middle = mg.median(x) + mg.sort(x, axis=1)[:, 1].sum() + mg.clip(x, -1, 1).sum()
        return highest + middle + mg.relu(x).sum() + mg.abs(x).sum()

    return f, np.round(draw(3, 4))


def composed(draw):
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.LayerNorm(5), nn.Linear(5, 2))
    return model, draw(3, 4)


@pytest.mark.parametrize(
    "make", [network, recurrent, attention, normalized, indexed, symmetric, tied, composed]
)
def test_right_graphs_are_not_blamed(make):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        f, *inputs = make(lambda *shape, rng=rng: rng.normal(size=shape))
        found = blame(f, *inputs)
        assert found, str(found)
        assert not found.unchecked


def test_a_wrong_gradient_at_ties_is_found():
    @mg.op(piecewise_linear=True)
    def middle(x, /):
        """The median of three; at ties twice the gradient."""
        place = np.argsort(x, kind="stable")[1]
        count = np.sum(x == x[place])
        return x[place], lambda g: g * (np.arange(3) == place) * count

    assert blame(middle, [1.0, 2.0, 3.0])
    assert blame(middle, [1.0, 1.0, 1.0]).op == "middle"


def test_a_kink_is_suspect_if_strict():
    assert isinstance(blame(mg.relu, [0.0, 1.0]), Blame)
    assert blame(mg.relu, [0.0, 1.0])
    assert blame(mg.relu, [0.0, 1.0], strict=True).report.verdict == "kink"
