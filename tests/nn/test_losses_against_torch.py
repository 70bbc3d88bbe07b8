"""Losses beside PyTorch's: values, gradients by all inputs that both differentiate, state_dicts."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

pytestmark = pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss")


def real(*shape):
    return lambda rng: rng.normal(size=shape)


def positive(*shape):
    return lambda rng: rng.uniform(0.5, 2, shape)


def unit(*shape):
    return lambda rng: rng.uniform(0.05, 0.95, shape)


def distributions(*shape):
    return lambda rng: rng.dirichlet(np.ones(shape[1]), (shape[0], *shape[2:])).swapaxes(1, -1)


def classes(count, *shape, ignored=()):
    def drawn(rng):
        numbers = rng.integers(0, count, shape)
        numbers.reshape(-1)[list(ignored)] = -100
        return numbers

    return drawn


def lists(count, *shape):
    return lambda rng: rng.integers(-1, count, shape)


def bits(*shape):
    return lambda rng: 1.0 * rng.integers(0, 2, shape)


def signs(*shape):
    return lambda rng: 2 * rng.integers(0, 2, shape) - 1


def city_block(x1, x2):
    return abs(x1 - x2).sum(-1)


# The class, arrays that both differentiate, then others, and settings.
CONFIGURATIONS = [
    ("CrossEntropyLoss", [real(6, 4)], [classes(4, 6)], {}),
    ("CrossEntropyLoss", [real(4)], [classes(4)], {}),
    ("CrossEntropyLoss", [real(3, 5, 2, 4)], [classes(5, 3, 2, 4)], {"label_smoothing": 0.1}),
    ("CrossEntropyLoss", [real(6, 4)], [classes(4, 6, ignored=[0, 3])], {}),
    ("CrossEntropyLoss", [real(6, 4)], [classes(4, 6, ignored=[2])], {"weight": positive(4)}),
    (
        "CrossEntropyLoss",
        [real(2, 4, 7)],
        [classes(4, 2, 7, ignored=[5, 6, 13])],
        {"weight": positive(4), "label_smoothing": 0.2},
    ),
    ("CrossEntropyLoss", [real(6, 4)], [classes(4, 6)], {"ignore_index": 2}),
    ("CrossEntropyLoss", [real(5, 3), distributions(5, 3)], [], {}),
    (
        "CrossEntropyLoss",
        [real(5, 3, 2), distributions(5, 3, 2)],
        [],
        {"weight": positive(3), "label_smoothing": 0.3},
    ),
    ("CrossEntropyLoss", [real(3), unit(3)], [], {}),
    ("NLLLoss", [real(6, 4)], [classes(4, 6)], {}),
    ("NLLLoss", [real(4)], [classes(4)], {"weight": positive(4)}),
    ("NLLLoss", [real(2, 3, 5)], [classes(3, 2, 5, ignored=[1])], {"weight": positive(3)}),
    ("NLLLoss", [real(2, 3, 2, 2)], [classes(3, 2, 2, 2)], {"ignore_index": 1}),
    ("BCELoss", [unit(5, 3), unit(5, 3)], [], {}),
    ("BCELoss", [unit(5, 3)], [bits(5, 3)], {"weight": positive(3)}),
    ("BCELoss", [unit()], [bits()], {}),
    ("BCEWithLogitsLoss", [real(5, 3), unit(5, 3)], [], {}),
    ("BCEWithLogitsLoss", [real(5, 3)], [bits(5, 3)], {"pos_weight": positive(3)}),
    (
        "BCEWithLogitsLoss",
        [real(2, 3, 4), unit(2, 3, 4)],
        [],
        {"weight": positive(3, 4), "pos_weight": positive(4)},
    ),
    ("MSELoss", [real(5, 3), real(5, 3)], [], {}),
    ("MSELoss", [real(), real()], [], {}),
    ("L1Loss", [real(2, 3, 4), real(2, 3, 4)], [], {}),
    ("SmoothL1Loss", [real(5, 3), real(5, 3)], [], {}),
    ("SmoothL1Loss", [real(7), real(7)], [], {"beta": 0.3}),
    ("SmoothL1Loss", [real(7), real(7)], [], {"beta": 0.0}),
    ("HuberLoss", [real(5, 3), real(5, 3)], [], {}),
    ("HuberLoss", [real(7), real(7)], [], {"delta": 0.4}),
    ("MultiMarginLoss", [real(6, 4)], [classes(4, 6)], {}),
    ("MultiMarginLoss", [real(6, 4)], [classes(4, 6)], {"p": 2, "weight": positive(4)}),
    ("MultiMarginLoss", [real(4)], [classes(4)], {"margin": 0.3}),
    ("MultiLabelMarginLoss", [real(6, 4)], [lists(4, 6, 4)], {}),
    ("MultiLabelMarginLoss", [real(5)], [lists(5, 5)], {}),
    ("SoftMarginLoss", [real(5, 3)], [signs(5, 3)], {}),
    ("MultiLabelSoftMarginLoss", [real(5, 3), unit(5, 3)], [], {}),
    ("MultiLabelSoftMarginLoss", [real(5, 3)], [bits(5, 3)], {"weight": positive(3)}),
    ("KLDivLoss", [real(4, 3), positive(4, 3)], [], {}),
    ("KLDivLoss", [real(4, 3), real(4, 3)], [], {"log_target": True}),
    ("PoissonNLLLoss", [real(5, 2), positive(5, 2)], [], {}),
    ("PoissonNLLLoss", [positive(5, 2), positive(5, 2)], [], {"log_input": False, "full": True}),
    ("GaussianNLLLoss", [real(5, 2), real(5, 2), positive(5, 2)], [], {}),
    ("GaussianNLLLoss", [real(5, 2), real(5, 2), positive(5)], [], {"full": True}),
    ("GaussianNLLLoss", [real(5, 2), real(5, 2), positive(5, 1)], [], {"eps": 1.0}),
    ("CosineEmbeddingLoss", [real(6, 3), real(6, 3)], [signs(6)], {}),
    ("CosineEmbeddingLoss", [real(3), real(3)], [signs()], {"margin": -0.5}),
    ("HingeEmbeddingLoss", [positive(6, 2)], [signs(6, 2)], {}),
    ("HingeEmbeddingLoss", [positive(6)], [signs(6)], {"margin": 1.5}),
    ("MarginRankingLoss", [real(6), real(6)], [signs(6)], {}),
    ("MarginRankingLoss", [real(6, 2), real(6, 2)], [signs(6, 2)], {"margin": 0.5}),
    ("TripletMarginLoss", [real(6, 3)] * 3, [], {}),
    ("TripletMarginLoss", [real(6, 3)] * 3, [], {"margin": 2.0, "p": 1, "swap": True}),
    ("TripletMarginLoss", [real(3)] * 3, [], {"p": 3, "eps": 1e-3}),
    ("TripletMarginWithDistanceLoss", [real(6, 3)] * 3, [], {}),
    (
        "TripletMarginWithDistanceLoss",
        [real(6, 3)] * 3,
        [],
        {"distance_function": city_block, "swap": True},
    ),
    ("CosineSimilarity", [real(6, 3), real(6, 3)], [], {}),
    ("CosineSimilarity", [real(2, 6, 3), real(6, 1)], [], {"dim": 0, "eps": 2.0}),
    ("PairwiseDistance", [real(6, 3), real(6, 3)], [], {}),
    ("PairwiseDistance", [real(6, 3), real(3)], [], {"p": 1.0, "keepdim": True}),
]
REDUCED = [
    (*row[:3], {**row[3], "reduction": reduction})
    for row in CONFIGURATIONS
    if row[0].endswith("Loss")
    for reduction in ("mean", "sum", "none")
] + [(*row[:3], {**row[3], "reduction": "batchmean"}) for row in CONFIGURATIONS if "KL" in row[0]]
ROWS = REDUCED + [row for row in CONFIGURATIONS if not row[0].endswith("Loss")]


def name_of(row):
    return f"{row[0]}({', '.join(f'{k}={v}' for k, v in row[3].items() if not callable(v))})"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_values_and_gradients(row, dtype):
    name, differentiated, others, settings = row
    rng = np.random.default_rng(len(name_of(row)))
    arrays = [make(rng).astype(dtype) for make in map(np_array, differentiated)]
    others = [np.asarray(make(rng)) for make in others]
    others = [x.astype(dtype) if x.dtype.kind == "f" else x for x in others]
    distance = settings.get("distance_function")
    drawn = {
        key: value(rng).astype(dtype) if callable(value) and value is not distance else value
        for key, value in settings.items()
    }
    weights = {key: value for key, value in drawn.items() if isinstance(value, np.ndarray)}
    theirs = getattr(torch.nn, name)(**drawn | {k: torch.tensor(v) for k, v in weights.items()})
    ours = getattr(nn, name)(**drawn | {k: np.ones_like(v) for k, v in weights.items()})
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict()) == list(weights)
    assert repr(ours) == repr(theirs)

    tensors = [mg.tensor(x, requires_grad=True) for x in arrays]
    references = [torch.tensor(x, requires_grad=True) for x in arrays]
    out = ours(*tensors, *others)
    reference = theirs(*references, *map(torch.tensor, others))
    assert out.dtype == dtype
    near = {"rtol": 1e-5, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(out.detach(), reference.detach().numpy(), **near)

    cotangent = rng.normal(size=out.shape).astype(dtype)
    out.backward(cotangent)
    reference.backward(torch.tensor(cotangent))
    for tensor, expected in zip(tensors, references, strict=True):
        assert tensor.grad.dtype == dtype
        np.testing.assert_allclose(tensor.grad, expected.grad.numpy(), **near)


def np_array(make):
    return lambda rng: np.asarray(make(rng))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_weights_of_regression_losses(name, reduction):
    rng = np.random.default_rng(0)
    x, target, weight = rng.normal(size=(3, 4, 2))
    weight = np.exp(weight)
    out = getattr(F, name)(x, target, reduction=reduction, weight=weight)
    tensors = map(torch.tensor, (x, target))
    expected = getattr(torch.nn.functional, name)(
        *tensors, reduction=reduction, weight=torch.tensor(weight)
    )
    np.testing.assert_allclose(out, expected.numpy(), rtol=1e-12)


def test_every_loss_is_compared():
    without = {"AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss", "NLLLoss2d"}
    losses = {name for name in dir(torch.nn) if name.endswith("Loss")} - without
    assert losses == {row[0] for row in REDUCED} | {"CTCLoss"}
    assert losses == {name for name in dir(nn) if name.endswith("Loss")}


def test_where_all_items_are_ignored_the_mean_is_nan_and_the_gradient_0():
    x, targets = np.ones((2, 3)), np.full(2, -100)
    ours, theirs = mg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    loss, reference = nn.CrossEntropyLoss()(ours, targets), torch.nn.CrossEntropyLoss()
    reference = reference(theirs, torch.tensor(targets))
    assert np.isnan(loss.item())
    assert np.isnan(reference.item())
    loss.backward()
    reference.backward()
    np.testing.assert_array_equal(ours.grad, theirs.grad.numpy())


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("row", [False, True])
def test_sequences_without_alignment(reduction, zero_infinity, blank, row):
    """Behind a log-softmax, for which PyTorch's gradient is made."""
    rng = np.random.default_rng(blank)
    x = rng.normal(size=(9, 4, 5))
    labels = np.delete(np.arange(5), blank)
    targets, of_input, of_target = rng.choice(labels, (4, 6)), np.array([9, 7, 9, 5]), [3, 1, 0, 5]
    if zero_infinity:
        targets[3] = labels[0]  # five times the same takes nine steps
    else:
        targets[3] = labels[[0, 1, 2, 3, 0, 1]]
    given = np.concatenate([t[:n] for t, n in zip(targets, of_target, strict=True)])
    targets, lengths = given if row else targets, (of_input, np.array(of_target))
    settings = {"blank": blank, "reduction": reduction, "zero_infinity": zero_infinity}

    ours, theirs = mg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    out = nn.CTCLoss(**settings)(mg.log_softmax(ours, 2), targets, *lengths)
    reference = torch.nn.CTCLoss(**settings)(
        theirs.log_softmax(2), *map(torch.tensor, (targets, *lengths))
    )
    np.testing.assert_allclose(out.detach(), reference.detach().numpy(), rtol=1e-9)
    cotangent = rng.normal(size=out.shape)
    out.backward(cotangent)
    reference.backward(torch.tensor(cotangent))
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_one_sequence_without_alignment():
    rng = np.random.default_rng(0)
    log_probs = mg.log_softmax(rng.normal(size=(9, 5)), 1)
    targets, lengths = np.array([1, 2, 2]), (np.array(9), np.array(3))
    for reduction in ("mean", "sum", "none"):
        out = F.ctc_loss(log_probs, targets, *lengths, reduction=reduction)
        arrays = map(torch.tensor, (log_probs, targets, *lengths))
        expected = torch.nn.functional.ctc_loss(*arrays, reduction=reduction)
        assert out.shape == tuple(expected.shape)
        np.testing.assert_allclose(out, expected.numpy(), rtol=1e-9)
