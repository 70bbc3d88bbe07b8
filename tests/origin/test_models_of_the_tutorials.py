"""The models of the tutorials: from nearest neighbours to deep convolutional networks."""

import math
from itertools import pairwise

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def normal(*shape):
    return mg.random.generator().normal(size=shape)  # seeded anew for each test


# Classifiers of CS231n


def nearest_neighbours(train, classes, test, k):
    """Squared distances without a loop, then a vote; the least class wins a tie."""
    distances = (test**2).sum(1, keepdims=True) - 2 * test @ train.T + (train**2).sum(1)
    nearest = classes[distances.argsort(axis=1)[:, :k]]
    votes = mg.one_hot(nearest).sum(axis=1)
    return distances, votes.argmax(axis=1)


@pytest.mark.parametrize("wrap", [lambda x: x, mg.tensor], ids=["arrays", "tensors"])
def test_nearest_neighbours(wrap):
    train, test, classes = normal(20, 3), normal(7, 3), np.arange(20) % 4
    distances, found = nearest_neighbours(wrap(train), classes, wrap(test), k=5)
    by_hand = [[np.sum((a - b) ** 2) for b in train] for a in test]
    np.testing.assert_allclose(distances, by_hand)
    for row, chosen in zip(by_hand, found.tolist(), strict=True):
        votes = np.bincount(classes[np.argsort(row)[:5]], minlength=4)
        assert chosen == votes.argmax()


def softmax_by_hand(scores, classes):
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    chosen = (np.arange(len(scores)), classes)
    slope = p.copy()
    slope[chosen] -= 1
    return -np.log(p[chosen]).mean(), slope / len(scores)


def hinge_by_hand(scores, classes):
    chosen = (np.arange(len(scores)), classes)
    margins = np.maximum(0, scores - scores[chosen][:, None] + 1)
    margins[chosen] = 0
    slope = 1.0 * (margins > 0)
    slope[chosen] = -slope.sum(1)
    return margins.sum() / len(scores), slope / len(scores)


@pytest.mark.parametrize(
    ("loss", "by_hand"),
    [
        (mg.cross_entropy, softmax_by_hand),
        (lambda s, y: s.shape[1] * mg.multi_margin_loss(s, y), hinge_by_hand),
    ],
    ids=["softmax", "SVM"],
)
def test_linear_classifiers(loss, by_hand):
    """Loss and gradient by W, with a penalty; then it learns clusters."""
    x, classes = mg.data.blobs(60, centers=3, rng=0)
    w, reg = mg.tensor(0.01 * normal(x.shape[1], 3), requires_grad=True), 1e-3
    for step in range(100):
        value = loss(x @ w, classes) + reg * (w * w).sum()
        (slope,) = mg.grad(value, w)
        if step % 20 == 0:
            of_data, of_scores = by_hand(x @ w.numpy(), classes)
            assert value.item() == pytest.approx(of_data + reg * np.sum(w.numpy() ** 2))
            np.testing.assert_allclose(
                slope, x.T @ of_scores + 2 * reg * w.numpy(), rtol=1e-5, atol=1e-6
            )
        with mg.no_grad():
            w -= 0.1 * slope
    assert mg.training.accuracy(x @ w, classes) > 0.9


# Networks


def fully_connected(sizes, normalization=None, drop=0.0, std=None, **settings):
    """Build FullyConnectedNet of CS231n, or MultiLayerNetExtend of DLFS."""
    layers = []
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        linear = nn.Linear(inputs, outputs, **settings)
        if std is None:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        else:
            nn.init.normal_(linear.weight, std=std)
        nn.init.zeros_(linear.bias)
        layers.append(linear)
        if number < len(sizes) - 2:
            layers += [] if normalization is None else [normalization(outputs, **settings)]
            layers += [nn.ReLU(), *([nn.Dropout(drop, rng=number)] if drop else [])]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("normalization", [None, nn.BatchNorm1d, nn.LayerNorm])
def test_a_network_of_n_layers(normalization):
    """Small weights give the loss log(C); gradients agree with differences."""
    model = fully_connected([15, 20, 30, 10], normalization, std=5e-2, dtype=np.float64)
    x, classes = normal(5, 15), mg.random.generator().integers(0, 10, 5)
    assert mg.cross_entropy(model(x), classes).item() == pytest.approx(math.log(10), abs=0.15)
    worst = sparse_relative_error(model, lambda: mg.cross_entropy(model(x), classes), count=10)
    assert worst < 1e-5


def test_dropout_of_a_network_has_its_seeds():
    x = normal(5, 15)
    outputs = []
    for _ in range(2):
        mg.manual_seed(0)
        outputs.append(fully_connected([15, 20, 20, 10], nn.BatchNorm1d, drop=0.5)(x).detach())
    np.testing.assert_array_equal(*outputs)


def two_layer(inputs, hidden, outputs, **settings):
    return nn.Sequential(
        nn.Linear(inputs, hidden, **settings), nn.ReLU(), nn.Linear(hidden, outputs, **settings)
    )


def simple_convnet(size=28, filters=30, kernel=5, hidden=100):
    """DLFS and hipsternet: one convolution, one pool, two dense layers."""
    side = (size - kernel + 1) // 2
    return nn.Sequential(
        nn.Conv2d(1, filters, kernel),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(filters * side * side, hidden),
        nn.ReLU(),
        nn.Linear(hidden, 10),
    )


def deep_convnet():
    """DLFS: six convolutions; the fourth pads by 2, so that 28 pixels come down to 4."""
    layers, channels = [], 1
    for number, filters in enumerate((16, 16, 32, 32, 64, 64)):
        layers += [nn.Conv2d(channels, filters, 3, padding=2 if number == 3 else 1), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if number % 2 else []
        channels = filters
    head = [
        nn.Linear(64 * 4 * 4, 50),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(50, 10),
        nn.Dropout(0.5),
    ]
    return nn.Sequential(*layers, nn.Flatten(), *head)


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (lambda: two_layer(784, 50, 10), 784 * 50 + 50 + 50 * 10 + 10),
        (simple_convnet, 30 * 25 + 30 + 30 * 144 * 100 + 100 + 1010),
        (deep_convnet, 123_552),
    ],
    ids=["TwoLayerNet", "SimpleConvNet", "DeepConvNet"],
)
def test_networks_of_dlfs(make, count):
    model = make()
    x = np.ones((2, 1, 28, 28) if isinstance(model[0], nn.Conv2d) else (2, 784), np.float32)
    assert model(x).shape == (2, 10)
    assert sum(p.size for p in model.parameters()) == count


def test_the_three_layer_convnet_of_cs231n():
    """A convolution that keeps the size, a 2x2 pool, two dense layers."""
    model = nn.Sequential(
        nn.Conv2d(3, 4, 7, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 4, 7),
        nn.ReLU(),
        nn.Linear(7, 10),
    ).double()
    for p in model.parameters():
        nn.init.normal_(p, std=0.05)
    x, classes = normal(2, 3, 8, 8), np.array([1, 9])
    assert mg.cross_entropy(model(x), classes).item() == pytest.approx(math.log(10), abs=0.1)
    assert sparse_relative_error(model, lambda: mg.cross_entropy(model(x), classes)) < 1e-5


def test_probabilities_and_regression_of_hipsternet():
    """predict_proba is the softmax of the scores; a regression predicts the score itself."""
    model, x = two_layer(4, 8, 3), normal(6, 4)
    probabilities = mg.softmax(mg.training.predict(model, x))
    np.testing.assert_allclose(probabilities.sum(axis=1), np.ones(6), rtol=1e-6)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), model(x).argmax(axis=1))

    x = np.linspace(-1, 1, 40)[:, None]
    regression = two_layer(1, 16, 1, rng=0)
    optimizer = mg.optim.Adam(regression.parameters(), lr=0.02)
    batches = mg.data.batches(x, np.abs(x), batch_size=10)
    mg.fit(regression, optimizer, nn.L1Loss(), batches, epochs=40, progress=False)
    assert mg.training.evaluate(regression, nn.MSELoss(), (x, np.abs(x)))["loss"] < 0.01


# Checks of gradients


def loss_at(p, index, kept, moved, loss):
    """The loss with one element of a parameter moved."""
    values = p.numpy().copy()
    values[index] = kept + moved
    p.data = values
    with mg.no_grad():
        return loss().item()


def numeric_slope(p, index, h, loss):
    kept, before = p.numpy()[index], p.numpy().copy()
    above, below = (loss_at(p, index, kept, moved, loss) for moved in (h, -h))
    p.data = before
    return (above - below) / (2 * h)


def sparse_relative_error(model, loss, count=8):
    """CS231n: a few elements of each parameter, h = 1e-5, ``|n - a| / max(1e-8, |n| + |a|)``."""
    model.zero_grad()
    loss().backward()
    worst = 0.0
    for p in model.parameters():
        for _ in range(count):
            index = tuple(int(mg.random.generator().integers(length)) for length in p.shape)
            numeric, found = numeric_slope(p, index, 1e-5, loss), p.grad.numpy()[index]
            # Below 1e-7 the difference of two losses has no digit left.
            scale = max(1e-7, abs(numeric) + abs(found))
            worst = max(worst, abs(numeric - found) / scale)
    return worst


def test_the_check_of_dlfs():
    """The mean absolute difference in each parameter, with h = 1e-4, images and one-hot rows."""
    (x, y), _ = mg.data.digits()
    x, one_hot = x[:3].reshape(3, -1).astype(float), np.eye(10)[y[:3]]
    model = two_layer(64, 10, 10, dtype=np.float64, rng=0)

    def loss():
        return mg.cross_entropy(model(x), one_hot)

    loss().backward()
    for p in model.parameters():
        numeric = [numeric_slope(p, index, 1e-4, loss) for index in np.ndindex(p.shape)]
        assert np.mean(np.abs(np.reshape(numeric, p.shape) - p.grad.numpy())) < 1e-8


def test_the_sparse_check_finds_a_wrong_gradient():
    """The same convention tells a gradient that lacks the penalty of the loss."""
    model = two_layer(6, 5, 3, dtype=np.float64, rng=0)
    x, classes = normal(4, 6), np.array([0, 1, 2, 0])

    def data_loss():
        return mg.cross_entropy(model(x), classes)

    def loss():
        penalty = sum((p * p).sum() for p in model.parameters())
        return data_loss() + 0.1 * penalty if not mg.is_grad_enabled() else data_loss()

    assert sparse_relative_error(model, data_loss) < 1e-5
    assert sparse_relative_error(model, loss) > 1e-2
