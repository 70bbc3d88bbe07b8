"""Values and derivatives of every op that PyTorch has too, compared on the samples of the op.

Samples keep off kinks; what is agreed there, and what is not, is in AT_KINKS and in DIFFERENT.
"""

import collections
import operator
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.registry import registered
from minigrad.testing.samples import SAMPLES, Call

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

pytestmark = [
    # Of the variance of nothing; NumPy's is silenced where it is called.
    pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0:UserWarning"),
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss:UserWarning"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning"),
]

inf, nan = np.inf, np.nan

# How many calls of each op are compared: in value and gradient, in the gradient's gradient, in
# single precision, and those of a function without derivative.
FIRST, SECOND, SINGLE, VALUES = 20, 6, 6, 6
LEAST = 1500  # calls of all ops together that are compared in value and gradient

# By its path: a folder of tests is no package.
pairs = runpy.run_path(str(Path(__file__).with_name("pairs.py")))
PAIRS, VALUES_ONLY = pairs["PAIRS"], pairs["VALUES_ONLY"]
ALL = PAIRS | VALUES_ONLY

# Differentiable ops of which PyTorch has neither a counterpart nor the parts of one.
WITHOUT = {
    *("insert", "interp", "nanstd", "nanvar", "resize", "trim_zeros", "unwrap"),
    *("apply_along_axis", "apply_over_axes"),
    *("poly", "polyadd", "polyder", "polydiv", "polyfit", "polyint", "polysub"),
    *("geomspace", "linspace", "logspace"),  # PyTorch's do not differentiate by their ends
    # What others are made of, and are compared with.
    *("add_windows", "contract", "fold_margins", "keep_where", "limit", "permuted"),
    *("convolution", "filter_gradient", "transposed_convolution"),
    "ctc_loss",  # it takes log_probs for those of a log-softmax, and is differentiable once
    *("class_losses", "probability_losses"),
    *("gather_winners", "resample", "scatter_diagonal", "scatter_winners"),
    "standardize",
    *("gru_sequence", "lstm_sequence", "rnn_sequence"),
    *("spread_windows", "sum_windows"),
    *("digamma_derivative", "i0_derivative", "sinc_derivative"),
}

WHOLE = {"axis": None, "keepdims": False}
NONE = {"reduction": "none"}

# Kinks, poles and ties at which both agree: op, arrays, settings.
AT_KINKS = [
    ("relu", [[-inf, -1, 0, 1, inf]], {}),
    ("absolute", [[-inf, -1, 0, 1]], {}),
    ("sign", [[-1, 0, 2]], {}),
    ("floor", [[0, 1]], {}),
    ("trunc", [[0, 1, inf]], {}),
    ("rint", [[0.5, 1.5, nan]], {}),
    ("copysign", [[0, 1, 1], [1, -1, -0.0]], {}),
    ("heaviside", [[-1, 0, 1], [3, 3, 3]], {}),
    ("angle", [[-1, 0, 1, nan]], {"deg": False}),
    ("frexp", [[0, 2, 3]], {}),
    ("remainder", [[-3, 3, 4], [2, 2, 2]], {}),
    ("fmod", [[-3, 3, 4], [2, 2, 2]], {}),
    ("nan_to_num", [[nan, 1, inf]], {"copy": True, "nan": 0.0, "posinf": 9.0, "neginf": None}),
    ("maximum", [[-1, 0, 1], [0, 0, 0]], {}),
    ("minimum", [[-1, 0, 1], [0, 0, 0]], {}),
    ("fmax", [[nan, 1], [0, nan]], {}),
    ("clip", [[-1, 0, 0.5, 1, 2, nan, inf]], {"a_min": 0.0, "a_max": 1.0}),
    ("clip", [[0, 1.5, 3]], {"a_min": 2.0, "a_max": 1.0}),
    ("clip", [[-1, 0, 0.5, 1, 2], [0] * 5, [1] * 5], {}),
    ("clip", [[0, 1.5, 3], [2, 2, 2], [1, 1, 1]], {}),
    ("max", [[1, 1, 0]], WHOLE),
    ("max", [[[2, 2], [0, 1]]], {"axis": 1, "keepdims": False}),
    ("max", [[-inf, -inf]], WHOLE),
    ("min", [[0, 0, 0, 1]], WHOLE),
    ("ptp", [[1, 1]], WHOLE),
    ("median", [[1, 1, 1]], WHOLE),
    ("median", [[1, nan, 1]], WHOLE),
    ("quantile", [[2, 2]], {"q": 0.5, **WHOLE}),
    ("nanmedian", [[1, nan, 2]], WHOLE),
    ("nansum", [[nan, 1]], WHOLE),
    ("nanmean", [[nan, 1]], WHOLE),
    ("sort", [[1, 1, 0]], {"axis": 0}),
    ("sort", [[nan, 1, inf]], {"axis": 0}),
    ("topk", [[1, nan, 2]], {"k": 1, "axis": 0, "largest": True}),
    ("max_pool2d", [[[[[1, 1], [1, 1]]]]], {"kernel_size": 2}),
    ("max_pool2d", [[[[[0, 1], [1, 1]]]]], {"kernel_size": 2}),
    ("max_pool2d", [[[[[-inf, -inf]]]]], {"kernel_size": 3, "padding": 1}),
    ("adaptive_max_pool1d", [[[[0, 1, 1]]]], {"output_size": 2}),
    (
        "lp_pool2d",
        [[[[[0, 0, 1, 0]]]]],
        {"norm_type": 2, "kernel_size": (1, 2), "stride": None, "ceil_mode": False},
    ),
    ("sqrt", [[0, inf, -1]], {}),
    ("log", [[0, inf]], {}),
    ("log2", [[0, inf]], {}),
    ("log10", [[0, inf]], {}),
    ("log1p", [[-1, inf]], {}),
    ("reciprocal", [[0, inf]], {}),
    ("exp", [[-inf, inf]], {}),
    ("exp2", [[-inf, inf]], {}),
    ("expm1", [[-inf, inf]], {}),
    ("tanh", [[-inf, inf]], {}),
    ("sigmoid", [[-inf, -1000, 1000, inf, nan]], {}),
    ("leaky_relu", [[-inf, -1, 0, 1, inf, nan]], {"negative_slope": 0.1}),
    ("prelu", [[-inf, -1, 0, 1, inf, nan], [0.25]], {}),
    ("prelu", [[-1, 0, 1], [0]], {}),
    ("elu", [[-inf, -1000, -1, 0, 1, inf]], {"alpha": 2.0}),
    ("selu", [[-inf, -1000, -1, 0, 1, inf]], {}),
    ("celu", [[-inf, -1000, -1, 0, 1, inf]], {"alpha": 2.0}),
    ("hardtanh", [[-inf, -1, 0, 1, inf]], {}),
    ("relu6", [[-inf, 0, 1, 6, inf]], {}),
    ("hardsigmoid", [[-inf, -3, 0, 3, inf]], {}),
    ("hardswish", [[-3, 0, 3, inf]], {}),
    ("threshold", [[-inf, 0, 1, 2, inf, nan]], {"threshold": 1.0, "value": 9.0}),
    ("hardshrink", [[-inf, -0.5, 0, 0.5, 1, inf, nan]], {"lambd": 0.5}),
    ("hardshrink", [[-1, 0, 1]], {"lambd": 0.0}),
    ("hardshrink", [[-1, 0, 1]], {"lambd": -1.0}),
    ("softshrink", [[-inf, -0.5, 0, 0.5, 1, inf, nan]], {"lambd": 0.5}),
    ("softshrink", [[-1, 0, 1]], {"lambd": 0.0}),
    ("softplus", [[-inf, -1000, 0, 20, 1000, inf, nan]], {}),
    ("softplus", [[0, 1, 2]], {"beta": 2.0, "threshold": 2.0}),
    ("logsigmoid", [[-inf, -1000, 0, 1000, inf, nan]], {}),
    ("silu", [[-1000, 0, 1000, nan]], {}),
    ("gelu", [[-1000, 0, 1000, nan]], {"approximate": "none"}),
    ("gelu", [[-1000, 0, 1000, nan]], {"approximate": "tanh"}),
    ("mish", [[-1000, 0, 1000, nan]], {}),
    ("softsign", [[-1000, 0, 1000, nan]], {}),
    ("tanhshrink", [[-inf, 0, inf, nan]], {}),
    ("glu", [[0, inf, -1000, 1000]], {"axis": 0}),
    ("maxout", [[[1, 1, 0, 0, 2, 1]]], {"pieces": 3, "axis": 1}),
    ("arcsin", [[-1, 1, 2]], {}),
    ("arccos", [[-1, 1]], {}),
    ("arctan", [[-inf, inf]], {}),
    ("arctan2", [[0, 0, 0], [-1, 0, 1]], {}),
    ("sinh", [[-inf, inf]], {}),
    ("cosh", [[-inf, 0, inf]], {}),
    ("arcsinh", [[-inf, 0, inf]], {}),
    ("arccosh", [[0, 1, inf]], {}),
    ("arctanh", [[-1, 1]], {}),
    ("sinc", [[0]], {}),
    ("i0", [[-1, 0]], {}),
    ("hypot", [[0, inf], [1, 1]], {}),
    ("power", [[0, 0, 0, 0, 0], [-1, 0, 0.5, 1, 2]], {}),
    ("power", [[-2, 1], [2, 0]], {}),
    ("float_power", [[0, 0], [0, 1]], {}),
    ("xlogy", [[0, 1], [2, 0]], {}),
    ("logit", [[0, 1]], {}),
    ("erf", [[-inf, inf]], {}),
    ("erfc", [[-inf, inf]], {}),
    ("erfinv", [[-1, 1]], {}),
    ("ndtr", [[-inf, inf]], {}),
    ("gammaln", [[-1, 0, inf]], {}),
    ("logaddexp", [[-inf, -inf, -1000, 1000, inf], [-inf, 0, 0, 0, 0]], {}),
    ("logaddexp2", [[-inf, 2000], [0, 0]], {}),
    ("logsumexp", [[-1000, 0]], WHOLE),
    ("logsumexp", [[-inf, 0]], WHOLE),
    ("logsumexp", [[-inf, -inf]], WHOLE),
    ("softmax", [[-inf, 0]], {"axis": 0}),
    ("softmax", [[-inf, -inf]], {"axis": 0}),
    ("log_softmax", [[-inf, 0]], {"axis": 0}),
    ("l1_loss", [[-1, 0, 1, inf], [0, 0, 0, 0]], NONE),
    ("mse_loss", [[0, inf, nan], [0, 0, 0]], NONE),
    ("huber_loss", [[-2, -1, 0, 1, inf, nan], [0] * 6], {"delta": 1.0, **NONE}),
    ("smooth_l1_loss", [[-2, -1, 0, 1, inf, nan], [0] * 6], {"beta": 1.0, **NONE}),
    ("hinge_embedding_loss", [[1, 0, 2, 0.5, 1], [-1, -1, -1, 1, 0]], {"margin": 1.0, **NONE}),
    ("margin_ranking_loss", [[1, 0], [0, 0], [1, -1]], {"margin": 0.0, **NONE}),
    ("cosine_similarity", [[[1, 0], [0, 0], [1, 1]], [[0, 1], [1, 0], [0, 0]]], {"axis": 1}),
    ("pairwise_distance", [[1, 2], [1, 2]], {"p": 2.0, "eps": 0.0, "keepdims": False}),
    ("poisson_nll_loss", [[0, 1], [1, 1]], {"full": True, **NONE}),
    ("gaussian_nll_loss", [[0, 1], [1, 1], [0, 1e-7]], NONE),
    ("binary_cross_entropy_with_logits", [[-1e4, 1e4, -1e4, 1e4], [0, 0, 1, 1]], NONE),
    ("binary_cross_entropy_with_logits", [[-inf, inf, nan], [1, 0, 1]], NONE),
    ("multilabel_soft_margin_loss", [[[-1e4, 1e4], [-1e4, 1e4]], [[0, 0], [1, 1]]], NONE),
    ("prod", [[0, 2, 3]], WHOLE),
    ("prod", [[0, 0, 3]], WHOLE),
    ("cumprod", [[2, 0, 3, 0]], {"axis": 0}),
    ("var", [[2, 2]], {"axis": None}),
    ("std", [[2, 2]], {"axis": None}),
    *(
        ("linalg.vector_norm", [x], {"axis": None, "ord": p})
        for x in ([0, 0], [0, 1], [1, -1])
        for p in (1, 2, 3, inf, -inf)
    ),
    ("linalg.matrix_norm", [[[0, 0], [0, 0]]], {}),
    ("linalg.matrix_norm", [[[1, 0], [0, 1]]], {"ord": 1}),
    ("linalg.matrix_norm", [[[1, 0], [0, 1]]], {"ord": 2}),
    ("linalg.matrix_norm", [[[1, 0], [0, 1]]], {"ord": "nuc"}),
    ("linalg.det", [[[0, 0], [0, 1]]], {}),
    ("linalg.det", [[[0, 0, 0], [0, 0, 0], [0, 0, 1]]], {}),
    ("linalg.svdvals", [[[1, 0], [0, 1]]], {}),
    ("linalg.eigvalsh", [[[1, 0], [0, 1]]], {}),
    ("linalg.pinv", [[[1, 0], [0, 0]]], {}),
]

# Where the conventions differ, on purpose, with the gradients here and there of the sum of the
# outputs. (Left out: which of equal elements PyTorch's topk takes, which it does not promise.)
DIFFERENT = [
    # A comparison with nan is False, so nothing behind it gets a gradient.
    ("relu", [[nan]], {}, [[0]], [[1]]),
    ("maximum", [[nan], [0]], {}, [[0], [0]], [[1], [1]]),
    *((name, [[nan]], {}, [[0]], [[1]]) for name in ("hardtanh", "relu6", "hardswish")),
    # A smooth function of a nan has an unknown slope.
    ("elu", [[nan]], {}, [[nan]], [[1]]),
    ("celu", [[nan]], {"alpha": 1.0}, [[nan]], [[1]]),
    # The slope of the absolute value at nan is not known.
    ("absolute", [[nan]], {}, [[nan]], [[0]]),
    # The nan came out, so the gradient goes to it.
    ("max", [[nan, 1]], WHOLE, [[1, 0]], [[nan, nan]]),
    # Equal values share, as with `maximum`.
    ("fmax", [[0], [0]], {}, [[0.5], [0.5]], [[1], [0]]),
    ("fmin", [[0], [0]], {}, [[0.5], [0.5]], [[1], [0]]),
    # The slope of a norm at 0 is 0, for every norm.
    ("hypot", [[0], [0]], {}, [[0], [0]], [[nan], [nan]]),
    ("linalg.matrix_norm", [[[0, 0], [0, 0]]], {"ord": 2}, [np.zeros((2, 2))], [np.eye(2) / 2]),
    ("linalg.matrix_norm", [[[0, 0], [0, 0]]], {"ord": "nuc"}, [np.zeros((2, 2))], [np.eye(2)]),
    ("linalg.svdvals", [[[1, 0], [0, 0]]], {}, [[[1, 0], [0, 0]]], [np.eye(2)]),
    # Nothing times an infinite logarithm stays nothing.
    ("xlogy", [[0, 0], [0, inf]], {}, [[0, 0], [0, 0]], [[0, inf], [nan, 0]]),
    # The first of equal values counts, as in max pooling.
    ("cummax", [[1, 1, 0]], {"axis": 0}, [[3, 0, 0]], [[1, 2, 0]]),
    ("cummin", [[1, 1, 2]], {"axis": 0}, [[3, 0, 0]], [[1, 2, 0]]),
    # What counts as a logarithm of -100 has the slope of that by the target.
    (
        "binary_cross_entropy",
        [[0, 1], [0, 1]],
        NONE,
        [[0, 0], [100, -100]],
        [[0, 0], [inf, -inf]],
    ),
    # Nothing of a probability has a slope of the divergence that is known: it is that of `xlogy`.
    ("kl_div", [[-1], [0]], NONE, [[0], [1]], [[0], [nan]]),
    # An element of -inf has probability 0.
    ("logcumsumexp", [[-inf, 0]], {"axis": 0}, [[0, 1]], [[nan, 1]]),
]


def found(name):
    """The op of a name under `mg`, or None."""
    try:
        return operator.attrgetter(name)(mg)
    except AttributeError:
        return None


DIFFERENTIATED = [name for name in PAIRS if found(name)]
compared = collections.Counter()  # calls with a gradient, by op


def rngs():
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def is_floating(value):
    return getattr(value, "dtype", np.dtype(int)).kind == "f"


def to_torch(value):
    if isinstance(value, str):
        return value
    # A copy: PyTorch takes neither read-only arrays nor negative strides.
    return torch.tensor(np.asarray(value).copy(), requires_grad=is_floating(value))


def to_minigrad(value):
    return value if isinstance(value, str) else mg.tensor(value, requires_grad=is_floating(value))


def parts(result):
    return list(result) if isinstance(result, (list, tuple)) else [result]


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.numpy(force=True)  # also where it is known to be 0
    return value.numpy() if isinstance(value, mg.Tensor) else value


class Side:
    """The outputs of a call here or there, with the gradients by its floating arrays."""

    def __init__(self, call, function, tensor, grad):
        self.call, self.grad, self.tensor = call.map(tensor), grad, tensor
        self.inputs = [x for x in self.call.flat() if getattr(x, "requires_grad", False)]
        self.outputs = parts(self.call.apply(function))

    def gradients(self, cotangents, **settings):
        return self._by_inputs(self.outputs, cotangents, **settings)

    def second(self, cotangents, directions):
        gradients = self.gradients(cotangents, create_graph=True)
        return self._by_inputs(gradients, directions)

    def _by_inputs(self, outputs, cotangents, **settings):
        tracked = [
            (output, self.tensor(cotangent))
            for output, cotangent in zip(outputs, cotangents, strict=True)
            if getattr(output, "requires_grad", False)
        ]
        if not tracked:
            return [x.detach() * 0 for x in self.inputs]
        gradients = self.grad(
            [output for output, _ in tracked],
            self.inputs,
            [cotangent.detach() for _, cotangent in tracked],
            allow_unused=True,
            **settings,
        )
        return [
            x.detach() * 0 if gradient is None else gradient
            for x, gradient in zip(self.inputs, gradients, strict=True)
        ]


def sides(name, call):
    """The same call of an op here, and of its pair there."""
    op = operator.attrgetter(name)(mg)
    samples = SAMPLES[op]
    domain = getattr(samples, "domain", lambda array: array)

    def determined(*arrays, **settings):
        arrays = [domain(x) if isinstance(x, mg.Tensor) else x for x in arrays]
        return samples.determined(op(*arrays, **settings))

    ours = Side(call, determined, to_minigrad, mg.grad)
    return ours, Side(call, ALL[name], to_torch, torch.autograd.grad)


def assert_close(ours, theirs, what, rtol=1e-9, atol=1e-11):
    assert len(ours) == len(theirs)
    for one, other in zip(map(plain, ours), map(plain, theirs), strict=True):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol, err_msg=what)


def random_like(rng, outputs):
    return [rng.normal(size=np.shape(plain(output))) for output in outputs]


@pytest.mark.parametrize("name", DIFFERENTIATED)
@given(data=st.data())
@settings(max_examples=FIRST)
def test_value_and_gradient(name, data):
    call, rng = data.draw(SAMPLES[found(name)].calls), data.draw(rngs())
    ours, theirs = sides(name, call)
    assert_close(ours.outputs, theirs.outputs, "value")
    cotangents = random_like(rng, ours.outputs)
    assert_close(ours.gradients(cotangents), theirs.gradients(cotangents), "gradient")
    compared[name] += any(x.size for x in ours.inputs)


@pytest.mark.parametrize("name", DIFFERENTIATED)
@given(data=st.data())
@settings(max_examples=SECOND)
def test_gradient_of_the_gradient(name, data):
    call, rng = data.draw(SAMPLES[found(name)].calls), data.draw(rngs())
    ours, theirs = sides(name, call)
    cotangents, directions = random_like(rng, ours.outputs), random_like(rng, ours.inputs)
    second = ours.second(cotangents, directions)
    assert_close(second, theirs.second(cotangents, directions), "second derivative", 1e-8, 1e-9)


@pytest.mark.parametrize("name", [name for name in DIFFERENTIATED if name != "astype"])
@given(data=st.data())
@settings(max_examples=SINGLE)
def test_single_precision(name, data):
    call, rng = data.draw(SAMPLES[found(name)].calls), data.draw(rngs())
    single = call.map(lambda x: x.astype(np.float32) if is_floating(x) else x)
    ours, theirs = sides(name, single)
    kinds = [output.dtype for output in map(plain, ours.outputs) if is_floating(output)]
    assert kinds == [output.dtype for output in map(plain, theirs.outputs) if is_floating(output)]
    cotangents = [
        cotangent.astype(output.dtype) if is_floating(output) else cotangent
        for cotangent, output in zip(
            random_like(rng, ours.outputs), map(plain, ours.outputs), strict=True
        )
    ]
    near = {"rtol": 1e-3, "atol": 1e-3}
    assert_close(ours.outputs, theirs.outputs, "value", **near)
    found_here, found_there = ours.gradients(cotangents), theirs.gradients(cotangents)
    assert_close(found_here, found_there, "gradient", **near)
    assert [g.dtype for g in found_here] == [plain(g).dtype for g in found_there]


@pytest.mark.parametrize("name", [name for name in VALUES_ONLY if found(name)])
@given(data=st.data())
@settings(max_examples=VALUES)
def test_value(name, data):
    call = data.draw(SAMPLES[found(name)].calls)
    theirs = parts(call.map(lambda x: to_torch(x).detach()).apply(ALL[name]))
    assert_close(parts(call.apply(found(name))), theirs, "value")


def test_every_pair_is_of_an_op():
    assert all(found(name) for name in ALL)
    assert {row[0] for row in AT_KINKS + DIFFERENT} <= set(PAIRS)


def test_every_differentiable_op_has_a_pair_or_none_in_torch():
    paired = {found(name) for name in PAIRS}
    assert not {
        op.name
        for op in registered()
        if op.differentiable and op.function.__module__.startswith("minigrad.")
        if op.function not in paired and op.name not in WITHOUT
    }


def at(name, arrays, settings):
    """The sides of a call with given values."""
    return sides(name, Call(tuple(np.array(x, float) for x in arrays), settings))


@pytest.mark.parametrize(
    ("name", "arrays", "settings"), [row for row in AT_KINKS if found(row[0])], ids=str
)
@np.errstate(all="ignore")
def test_same_at_a_kink(name, arrays, settings):
    ours, theirs = at(name, arrays, settings)
    assert_close(ours.outputs, theirs.outputs, "value")
    # A different number for each element tells which one went where.
    cotangents = [np.arange(1.0, x.size + 1).reshape(x.shape) for x in ours.outputs]
    assert_close(ours.gradients(cotangents), theirs.gradients(cotangents), "gradient")


@pytest.mark.parametrize(
    ("name", "arrays", "settings", "here", "there"),
    [row for row in DIFFERENT if found(row[0])],
    ids=str,
)
@np.errstate(all="ignore")
def test_different_on_purpose(name, arrays, settings, here, there):
    ours, theirs = at(name, arrays, settings)
    assert_close(ours.outputs, theirs.outputs, "value")
    cotangents = [np.ones(x.shape) for x in ours.outputs]
    assert_close(ours.gradients(cotangents), here, "ours")
    assert_close(theirs.gradients(cotangents), there, "PyTorch's")


def test_enough_was_compared(capsys):
    if set(compared) != set(DIFFERENTIATED):
        pytest.skip("only some of the ops were compared")
    total = compared.total()
    with capsys.disabled():
        sys.stdout.write(f" {total} calls of {len(compared)} ops compared with PyTorch ")
    assert total >= LEAST
