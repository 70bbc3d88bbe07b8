import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

rng = np.random.default_rng(0)
scores = rng.normal(size=(6, 4))
classes = rng.integers(0, 4, 6)
one_hot = np.eye(4)[classes]
LOSSES = [getattr(nn, name) for name in dir(nn) if name.endswith("Loss")]


def lin(a, b, *shape):
    return np.linspace(a, b, int(np.prod(shape))).reshape(shape)


# What books and courses compute


def test_softmax_loss_of_a_two_layer_net():
    """Golden item 6: with and without half the sum of squares of the weights."""
    w1, w2 = nn.Parameter(lin(-0.7, 0.3, 5, 50)), nn.Parameter(lin(-0.3, 0.4, 50, 7))
    x = np.linspace(-5.5, 4.5, 15).reshape(5, 3).T
    hidden = mg.relu(x @ w1 + np.linspace(-0.1, 0.9, 50))
    loss = nn.CrossEntropyLoss()(hidden @ w2 + np.linspace(-0.9, 0.1, 7), [0, 5, 1])
    assert loss.item() == pytest.approx(3.4702243556, abs=1e-10)
    penalty = 0.5 * sum((w**2).sum() for w in (w1, w2))
    total = loss + penalty
    assert total.item() == pytest.approx(26.5948426952, abs=1e-10)
    (of_data,) = mg.grad(loss, w2, retain_graph=True)
    total.backward()
    np.testing.assert_allclose(w2.grad, of_data + w2.numpy())  # the penalty is in it, too


def test_cross_entropy_by_class_and_by_one_hot():
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    expected = -np.log(p[np.arange(6), classes]).mean()
    assert F.cross_entropy(scores, classes) == pytest.approx(expected)
    for kind in (float, int, bool):
        assert F.cross_entropy(scores, one_hot.astype(kind)) == pytest.approx(expected)
    assert F.nll_loss(np.log(p), classes) == pytest.approx(expected)


def test_multiclass_hinge_with_margin_1():
    """As a sum over the classes, without the 1 that each item has from its own class."""
    margins = np.maximum(0, scores - scores[np.arange(6), classes][:, None] + 1)
    margins[np.arange(6), classes] = 0
    expected = margins.sum() / 6
    x = mg.tensor(scores, requires_grad=True)
    loss = 4 * F.multi_margin_loss(x, classes)
    assert loss.item() == pytest.approx(expected)
    loss.backward()
    slopes = 1.0 * (margins > 0)
    slopes[np.arange(6), classes] = -slopes.sum(1)
    np.testing.assert_allclose(x.grad, slopes / 6)


def test_squared_and_absolute_regression_losses():
    y, t = scores[:, :1], scores[:, 1:2]
    assert F.mse_loss(y, t) == pytest.approx(np.sum((y - t) ** 2) / 6)
    assert F.l1_loss(y, t) == pytest.approx(np.sum(np.abs(y - t)) / 6)


def test_sum_of_squares_with_a_half():
    y = np.array([0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0])
    t = np.eye(10)[2]
    loss = 0.5 * F.mse_loss(y, t, reduction="sum")
    assert loss == pytest.approx(0.5 * np.sum((y - t) ** 2)) == pytest.approx(0.0975)


def test_masked_softmax_loss_of_sequences():
    """The sum over the steps that count, divided by the number of sequences, with (N, T, C)."""
    n, t, v = 3, 5, 4
    x, y = rng.normal(size=(n, t, v)), rng.integers(0, v, (n, t))
    mask = rng.random((n, t)) > 0.3
    flat = x.reshape(-1, v)
    p = np.exp(flat - flat.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    expected = -np.sum(mask.reshape(-1) * np.log(p[np.arange(n * t), y.reshape(-1)])) / n
    gradient = p.copy()
    gradient[np.arange(n * t), y.reshape(-1)] -= 1
    gradient = (gradient / n * mask.reshape(-1)[:, None]).reshape(n, t, v)

    for loss_of in (
        lambda x: F.cross_entropy(x, np.where(mask, y, -100), reduction="sum") / n,
        lambda x: mg.where(mask, F.cross_entropy(x, y, reduction="none"), 0).sum() / n,
    ):
        tensor = mg.tensor(x, requires_grad=True)
        loss = loss_of(tensor.moveaxis(-1, 1))
        assert loss.item() == pytest.approx(expected)
        loss.backward()
        np.testing.assert_allclose(tensor.grad, gradient, atol=1e-15)


# Numbers


def test_large_and_infinite_logits():
    x = np.array([[1e4, 0.0, -1e4], [0.0, -np.inf, 1e4]])
    for dtype in (np.float32, np.float64):
        logits = mg.tensor(x.astype(dtype), requires_grad=True)
        losses = F.cross_entropy(logits, [2, 0], reduction="none")
        np.testing.assert_array_equal(losses.detach(), [2e4, 1e4])
        losses.sum().backward()
        np.testing.assert_array_equal(logits.grad, [[1, 0, -1], [-1, 0, 1]])
    smooth = F.cross_entropy(x[1:, [0, 2]], [1], label_smoothing=0.5)
    assert smooth == 2500


def test_a_loss_far_below_the_spacing_of_1_keeps_its_digits():
    x = mg.tensor([[0.0, 40.0]], requires_grad=True)
    F.cross_entropy(x, [1]).backward()
    np.testing.assert_allclose(x.grad.numpy()[0, 0], np.exp(-40.0), rtol=1e-12)


def test_what_is_ignored_gets_exactly_0_whatever_it_is():
    x = mg.tensor([[1.0, 2.0], [np.nan, np.inf], [-np.inf, -np.inf]], requires_grad=True)
    for settings in ({}, {"label_smoothing": 0.1}, {"weight": [1.0, 2.0]}):
        loss = F.cross_entropy(x, [0, -100, -100], **settings)
        assert loss.item() == F.cross_entropy(x[:1], [0], **settings).item()
        (gradient,) = mg.grad(loss, x)
        assert np.isfinite(gradient).all()
        assert not gradient[1:].any()


def test_classes_may_change_after_the_call():
    targets, x = classes.copy(), mg.tensor(scores, requires_grad=True)
    loss = F.cross_entropy(x, targets)
    (expected,) = mg.grad(loss, x, retain_graph=True)
    targets[...] = 0
    (found,) = mg.grad(loss, x)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_second_derivative_of_cross_entropy(reduction):
    weight = np.array([0.5, 1.0, 2.0, 3.0])
    targets = np.where(classes == 2, -100, classes)

    def function(x):
        return F.cross_entropy(x, targets, weight, reduction=reduction)

    assert mg.gradcheck(function, scores, order=2)


@pytest.mark.parametrize(
    ("function", "arrays"),
    [
        (F.binary_cross_entropy_with_logits, 2),
        (F.mse_loss, 2),
        (F.huber_loss, 2),
        (F.soft_margin_loss, 2),
        (F.poisson_nll_loss, 2),
        (F.cosine_similarity, 2),
        (F.triplet_margin_loss, 3),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_gradients(function, arrays):
    mg.testing.assert_gradients(function, *rng.normal(size=(arrays, 5, 3)))


def test_targets_do_not_decide_about_the_dtype():
    x = mg.tensor(scores, dtype=np.float32, requires_grad=True)
    for target in (scores, np.ones((6, 4), int), np.ones((6, 4), bool), np.ones((6, 4)).tolist()):
        for function in (F.mse_loss, F.binary_cross_entropy_with_logits, F.cross_entropy):
            assert function(x, target).dtype == np.float32
    assert F.cross_entropy(x, classes, np.ones(4)).dtype == np.float32
    assert nn.CrossEntropyLoss(weight=[1, 2, 3, 4]).weight.dtype == np.float32
    assert nn.CrossEntropyLoss(weight=np.ones(4)).weight.dtype == np.float64


def test_no_losses_have_the_mean_nan():
    assert np.isnan(F.mse_loss(np.zeros((0, 3)), np.zeros((0, 3))))
    assert np.isnan(F.cross_entropy(np.zeros((0, 3)), np.zeros(0, int)))
    assert F.mse_loss(np.zeros((0, 3)), np.zeros((0, 3)), reduction="sum") == 0


def test_arrays_give_arrays():
    assert not isinstance(nn.MSELoss()(scores, scores), mg.Tensor)
    assert not isinstance(nn.CrossEntropyLoss()(scores, classes), mg.Tensor)


def test_labels_that_do_not_fit_into_their_input():
    """A repeated label needs a blank between; labels of probability 0 are no alignment either."""
    x = mg.tensor(rng.normal(size=(3, 2, 4)), requires_grad=True)
    arguments = [[1, 1], [1, 2]], [2, 3], [2, 2]
    losses = F.ctc_loss(mg.log_softmax(x, 2), *arguments, reduction="none")
    assert np.isinf(losses[0].item())
    (gradient,) = mg.grad(losses.sum(), x, retain_graph=True)
    assert np.isfinite(gradient).all()
    assert not gradient[:, 0].any()
    assert gradient[:, 1].any()
    zero = F.ctc_loss(mg.log_softmax(x, 2), *arguments, reduction="none", zero_infinity=True)
    assert zero[0].item() == 0
    assert zero[1].item() == losses[1].item()
    zero.sum().backward()
    np.testing.assert_array_equal(x.grad, gradient)
    assert F.ctc_loss(np.full((2, 1, 2), -np.inf), [[1]], [2], [1]) == np.inf


def test_inputs_without_labels():
    log_probs = np.log(np.full((3, 2, 4), 0.25))
    losses = F.ctc_loss(log_probs, np.zeros((2, 0), int), [2, 3], [0, 0], reduction="none")
    np.testing.assert_allclose(losses, np.log(4) * np.array([2, 3]))
    assert losses.dtype == np.float64
    for dtype in (np.float16, np.float32):
        loss = F.ctc_loss(log_probs.astype(dtype), [[1], [2]], [2, 3], [1, 1])
        assert loss.dtype == dtype
        assert np.isfinite(loss)


# Modules


def test_weights_are_buffers():
    loss = nn.BCEWithLogitsLoss(weight=[1.0, 2.0], pos_weight=[3.0, 4.0])
    state = loss.state_dict()
    assert {name: array.tolist() for name, array in state.items()} == {
        "weight": [1, 2],
        "pos_weight": [3, 4],
    }
    assert not list(loss.parameters())
    assert nn.BCEWithLogitsLoss().state_dict() == {}


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_settings_that_are_no_more_and_an_unknown_reduction(loss):
    for name in ("size_average", "reduce"):
        with pytest.raises(TypeError, match=rf"^{loss.__name__}: there is no {name}; use reduct"):
            loss(**{name: True})
    with pytest.raises(ValueError, match=rf"^{loss.__name__}: reduction is 'mean', .*got 'avg'"):
        loss(reduction="avg")
    assert "reduction" in inspect.signature(loss).parameters


def test_a_distance_may_be_a_module():
    loss = nn.TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance(p=1))
    assert "PairwiseDistance" in repr(loss)
    x = scores[:, :3]
    same = nn.TripletMarginLoss(p=1)
    assert loss(x, x + 1, x - 2) == pytest.approx(same(x, x + 1, x - 2))


# Errors


ALIKE = [
    *(F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.binary_cross_entropy),
    *(F.binary_cross_entropy_with_logits, F.soft_margin_loss, F.multilabel_soft_margin_loss),
    *(F.kl_div, F.poisson_nll_loss, F.hinge_embedding_loss),
]


@pytest.mark.parametrize("function", ALIKE, ids=lambda function: function.__name__)
def test_shapes_never_broadcast(function):
    x = mg.tensor(np.full((5, 1), 0.5), requires_grad=True)
    message = (
        rf"^{function.__name__}: x has shape \(5, 1\) and target \(5,\); .*"
        r"target\.reshape\(\(5, 1\)\)"
    )
    with pytest.raises(ValueError, match=message):
        function(x, np.ones(5))
    with pytest.raises(ValueError, match=rf"^{function.__name__}: .*\(\); .*broadcast_to"):
        function(x, 1.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.mse_loss(scores, scores, size_average=True), TypeError, "use reduction in pl"),
        (lambda: F.mse_loss(scores, scores, reduction="avg"), ValueError, "^mse_loss: reduction"),
        (
            lambda: F.mse_loss(scores, scores, weight=np.ones(4)),
            ValueError,
            r"^mse_loss: x has shape \(6, 4\) and weight \(4,\)",
        ),
        (
            lambda: F.cross_entropy(scores, classes[:, None]),
            ValueError,
            r"got \(6, 1\); use targets.reshape\(\(6,\)\)",
        ),
        (
            lambda: F.cross_entropy(np.zeros((5, 3, 7)), np.zeros((5, 3), int)),
            ValueError,
            r"; if the last axis has the classes, use logits.reshape\(-1, 7\) and targets.resh",
        ),
        (
            lambda: F.cross_entropy(scores, classes * 1.0),
            TypeError,
            r"got float64; use targets.astype\(int\), or give probabilities",
        ),
        (
            lambda: F.cross_entropy(scores, np.full((6, 4), 2)),
            ValueError,
            "integers among them are 0 or 1, got 2 to 2",
        ),
        (
            lambda: F.cross_entropy(scores, classes, [1.0, 2.0]),
            ValueError,
            r"weight has shape \(2,\), but there are 4 classes",
        ),
        (
            lambda: F.cross_entropy(scores, one_hot, ignore_index=0),
            ValueError,
            "ignore_index=0 is a class number, but targets of shape",
        ),
        (
            lambda: F.cross_entropy(scores, classes, label_smoothing=2),
            ValueError,
            "label_smoothing is from 0 to 1, got 2",
        ),
        (lambda: F.cross_entropy(np.float64(1), 0), ValueError, r"of shape \(\) need"),
        (lambda: F.nll_loss(scores, classes + 4), IndexError, "^nll_loss: .*from 0 to 3"),
        (
            lambda: F.binary_cross_entropy(scores, scores),
            ValueError,
            r"^binary_cross_entropy: x are probabilities, .*got -.* to .*minigrad\.sigmoid",
        ),
        (lambda: F.smooth_l1_loss(scores, scores, beta=-1), ValueError, "beta is 0 or more"),
        (lambda: F.huber_loss(scores, scores, delta=0), ValueError, "delta is above 0"),
        (lambda: F.multi_margin_loss(scores, classes, p=3), ValueError, "p is 1 or 2, got 3"),
        (
            lambda: F.multi_margin_loss(scores[None], classes),
            ValueError,
            r"x has shape \(1, 6, 4\), expected \(N, C\) or \(C,\)",
        ),
        (lambda: F.multilabel_margin_loss(scores, one_hot), TypeError, "so integers, got float64"),
        (
            lambda: F.multilabel_margin_loss(scores, classes),
            ValueError,
            r"x has shape \(6, 4\) and targets \(6,\)",
        ),
        (
            lambda: F.multilabel_margin_loss(scores, np.full((6, 4), 4)),
            IndexError,
            "from 0 to 3, and -1 at the end, .* got 4 to 4",
        ),
        (
            lambda: F.gaussian_nll_loss(scores, scores, -scores * scores),
            ValueError,
            "var are variances, so not negative, got -",
        ),
        (
            lambda: F.gaussian_nll_loss(scores, scores, np.ones(3)),
            ValueError,
            r"x has shape \(6, 4\) and var \(3,\)",
        ),
        (
            lambda: F.cosine_embedding_loss(scores, scores, np.ones((6, 1))),
            ValueError,
            r"x1 and x2 have shape \(6, 4\) and target \(6, 1\)",
        ),
        (
            lambda: F.margin_ranking_loss(scores, scores, np.ones(6)),
            ValueError,
            r"^margin_ranking_loss: x1 has shape \(6, 4\) and target \(6,\)",
        ),
        (
            lambda: F.triplet_margin_loss(scores, scores, scores[:1]),
            ValueError,
            r"^triplet_margin_loss: anchor has shape \(6, 4\) and negative \(1, 4\)",
        ),
        (
            lambda: F.triplet_margin_loss(scores, scores, scores, margin=0),
            ValueError,
            "margin is above 0, got 0",
        ),
        (
            lambda: F.ctc_loss(scores[:, None], [[1, 0]], [6], [2]),
            IndexError,
            "^ctc_loss: targets contain the blank, 0",
        ),
        (lambda: F.ctc_loss(scores[:, None], [[1, 4]], [6], [2]), IndexError, "from 0 to 3, got"),
        (
            lambda: F.ctc_loss(scores[:, None], [[1, 2]], [7], [2]),
            ValueError,
            "input_lengths are from 0 to 6, got 7 to 7",
        ),
        (
            lambda: F.ctc_loss(scores[:, None], [[1, 2]], [6], [3]),
            ValueError,
            r"targets has shape \(1, 2\), expected \(N, S\) with N = 1 and S of at least 3",
        ),
        (
            lambda: F.ctc_loss(scores[:, None], [[1, 2]], [6], [2, 2]),
            ValueError,
            r"target_lengths has shape \(2,\), expected \(1,\)",
        ),
        (
            lambda: F.ctc_loss(scores[:, None], [[1, 2]], [6.0], [2]),
            TypeError,
            "input_lengths are integers, got float64",
        ),
        (
            lambda: F.ctc_loss(scores[:, None], [[1.0, 2.0]], [6], [2]),
            TypeError,
            "targets are labels, so integers, got float64",
        ),
        (
            lambda: F.ctc_loss(scores[:, None], [[1, 2]], [6], [2], blank=4),
            ValueError,
            "blank is a label from 0 to 3, got 4",
        ),
        (lambda: F.ctc_loss(classes, [[1]], [6], [1]), ValueError, r"expected \(T, N, C\) or"),
        (lambda: F.kl_div(scores, scores, reduction="avg"), ValueError, "'batchmean', 'sum' or"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


x32 = rng.normal(size=(6, 4)).astype(np.float32)
signs = np.where(classes < 2, -1, 1)
HALF = np.float64(0.5)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: F.huber_loss(x, x32[::-1], delta=HALF),
        lambda x: F.smooth_l1_loss(x, x32[::-1], beta=HALF),
        lambda x: F.cross_entropy(x, classes, label_smoothing=HALF),
        lambda x: F.margin_ranking_loss(x, x32[::-1], one_hot * 2 - 1, margin=HALF),
        lambda x: F.hinge_embedding_loss(x, one_hot * 2 - 1, margin=HALF),
        lambda x: F.cosine_embedding_loss(x, x32[::-1], signs, margin=HALF),
        lambda x: F.triplet_margin_loss(x, x32[::-1], x32 + 1, margin=HALF),
        lambda x: F.multi_margin_loss(x, classes, margin=HALF),
        lambda x: F.gaussian_nll_loss(x, x32[::-1], x32 * 0, eps=HALF),
        lambda x: F.poisson_nll_loss(abs(x), x32**2, log_input=False, eps=HALF),
        lambda x: F.scaled_dot_product_attention(x, x32, x32, scale=HALF).sum(),
        lambda x: F.dropout(x, HALF).sum(),
        lambda x: F.alpha_dropout(x, HALF, True).sum(),
    ],
)
def test_a_setting_that_is_a_numpy_scalar_does_not_decide_about_the_dtype(call):
    x = mg.tensor(x32, requires_grad=True)
    loss = call(x)
    loss.backward()
    assert loss.dtype == x.grad.dtype == np.float32
