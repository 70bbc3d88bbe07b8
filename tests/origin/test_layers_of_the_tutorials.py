"""Activations, dropout, normalisation, penalties and starting values of the tutorials."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def normal(*shape):
    return mg.random.generator().normal(size=shape)  # seeded anew for each test


def value_and_slope(function, x):
    t = mg.tensor(x, requires_grad=True)
    out = function(t)
    (slope,) = mg.grad(out.sum(), t)
    return out.detach().numpy(), slope.numpy()


# Activations: the function, and its derivative from input and output

ACTIVATIONS = {
    "relu": (nn.ReLU(), lambda x: np.maximum(x, 0), lambda x, y: 1.0 * (x > 0)),
    "sigmoid": (nn.Sigmoid(), lambda x: 1 / (1 + np.exp(-x)), lambda x, y: y * (1 - y)),
    "tanh": (nn.Tanh(), np.tanh, lambda x, y: 1 - y**2),
    "leaky relu": (
        nn.LeakyReLU(1e-3),
        lambda x: np.maximum(1e-3 * x, x),
        lambda x, y: np.where(x < 0, 1e-3, 1.0),
    ),
    "identity": (nn.Identity(), lambda x: x, lambda x, y: np.ones_like(x)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    layer, function, derivative = ACTIVATIONS[name]
    x = normal(5, 4)
    out, slope = value_and_slope(layer, x)
    np.testing.assert_allclose(out, function(x))
    np.testing.assert_allclose(slope, derivative(x, function(x)))


def test_maxout_of_the_notes():
    """The larger of two linear functions; the gradient goes to the winner."""
    x, w1, w2, b1, b2 = normal(5, 3), normal(3, 4), normal(3, 4), normal(4), normal(4)
    one, other = x @ w1 + b1, x @ w2 + b2
    layer = nn.Maxout(3, 4, pieces=2, dtype=np.float64)
    # The pieces of an output are neighbours in the linear layer below.
    layer.linear.weight.data = np.stack([w1.T, w2.T], axis=1).reshape(8, 3)
    layer.linear.bias.data = np.stack([b1, b2], axis=1).reshape(8)
    out, slope = value_and_slope(layer, x)
    np.testing.assert_allclose(out, np.maximum(one, other))
    np.testing.assert_allclose(slope, (one > other) @ w1.T + (one <= other) @ w2.T)


def test_a_dense_layer_of_images():
    """DLFS's Affine flattens what it gets; weights have the shape (in, out)."""
    x, w, b, g = normal(2, 3, 4, 5), normal(60, 7), normal(7), normal(2, 7)
    layer = nn.Sequential(nn.Flatten(), nn.Linear(60, 7, dtype=np.float64))
    layer.load_state_dict({"1.weight": w.T, "1.bias": b})
    t = mg.tensor(x, requires_grad=True)
    out = layer(t)
    np.testing.assert_allclose(out.detach(), x.reshape(2, -1) @ w + b)
    out.backward(g)
    np.testing.assert_allclose(t.grad, (g @ w.T).reshape(x.shape))
    np.testing.assert_allclose(layer[1].weight.grad, (x.reshape(2, -1).T @ g).T)
    np.testing.assert_allclose(layer[1].bias.grad, g.sum(0))


# Dropout

BIG = np.full((400, 500), 3.0)


@pytest.mark.parametrize("keep", [0.5, 0.8], ids=["deepnet", "hipsternet"])
def test_inverted_dropout_of_a_share_to_keep(keep):
    """``x * (random < keep) / keep``, and nothing at test time: p is what is not kept."""
    layer = nn.Dropout(1 - keep, rng=0)
    out, slope = value_and_slope(layer, BIG)
    assert set(np.unique(out)) == {0.0, 3 / keep}
    assert np.mean(out > 0) == pytest.approx(keep, abs=0.005)
    np.testing.assert_array_equal(slope, out / 3)
    assert layer.eval()(BIG) is BIG


def test_dropout_that_scales_at_test_time():
    """DLFS: ``x * mask`` in training, ``x * (1 - ratio)`` at test time."""
    ratio = 0.3

    class ScaledDropout(nn.Dropout):
        def forward(self, x):
            return super().forward(x) * (1 - self.p)

    layer = ScaledDropout(ratio, rng=0)
    out, slope = value_and_slope(layer, BIG)
    np.testing.assert_allclose(np.unique(out), [0.0, 3.0])
    assert np.mean(out > 0) == pytest.approx(1 - ratio, abs=0.005)
    np.testing.assert_allclose(slope, out / 3)
    np.testing.assert_allclose(layer.eval()(BIG), BIG * (1 - ratio))


def test_seeded_dropout():
    """CS231n seeds before each call, so that a numeric check sees the same mask each time."""
    x = normal(4, 6)
    masked = [nn.functional.dropout(x, 0.4, rng=123) for _ in range(2)]
    np.testing.assert_array_equal(*masked)
    assert mg.gradcheck(lambda x: nn.functional.dropout(x, 0.4, rng=123), x)
    assert (nn.functional.dropout(x, 0.4, rng=124) != masked[0]).any()


# Normalisation


def normalised(x, axes, eps):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def batch_norm_gradient(x, g, gamma, eps):
    """The backward pass of hipsternet, CS231n and DLFS, one column at a time."""
    n, std = len(x), np.sqrt(x.var(0) + eps)
    centred, out = x - x.mean(0), normalised(x, 0, eps)
    d_out = g * gamma
    d_var = np.sum(d_out * centred, 0) * -0.5 / std**3
    d_mean = -np.sum(d_out / std, 0) + d_var * np.mean(-2 * centred, 0)
    return d_out / std + d_var * 2 * centred / n + d_mean / n, np.sum(g * out, 0), g.sum(0)


@pytest.mark.parametrize("eps", [1e-8, 1e-6, 1e-5], ids=["hipsternet", "DLFS", "CS231n"])
def test_batch_norm_and_its_momentum(eps):
    """``running = 0.9 * running + 0.1 * new``: their momentum 0.9 is 0.1 here.

    Their running variance is that of the batch, from 0; this is unbiased, n / (n - 1) of it,
    from 1.
    """
    n, gamma, beta = 6, normal(4), normal(4)
    layer = nn.BatchNorm1d(4, eps=eps, momentum=1 - 0.9, dtype=np.float64)
    layer.weight.data, layer.bias.data, layer.running_var.data = gamma, beta, np.zeros(4)
    mean = var = np.zeros(4)
    for x in normal(3, n, 4) * 2 + 1:
        mean, var = 0.9 * mean + 0.1 * x.mean(0), 0.9 * var + 0.1 * x.var(0)
        t, g = mg.tensor(x, requires_grad=True), normal(n, 4)
        layer.zero_grad()
        out = layer(t)
        np.testing.assert_allclose(out.detach(), gamma * normalised(x, 0, eps) + beta)
        out.backward(g)
        expected = batch_norm_gradient(x, g, gamma, eps)
        for found, wanted in zip(
            (t.grad, layer.weight.grad, layer.bias.grad), expected, strict=True
        ):
            np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(layer.running_mean, mean)
    np.testing.assert_allclose(layer.running_var, var * n / (n - 1))
    layer.running_var.data = var
    at_test = gamma * (x - mean) / np.sqrt(var + eps) + beta
    np.testing.assert_allclose(layer.eval()(x).detach(), at_test)


def test_batch_norm_of_each_pixel():
    """In deepnet and DLFS a batch has statistics for each pixel; that is another layer."""
    x = normal(5, 2, 3, 4)
    by_pixel = nn.Sequential(
        nn.Flatten(), nn.BatchNorm1d(24, dtype=np.float64), nn.Unflatten(1, (2, 3, 4))
    )
    np.testing.assert_allclose(by_pixel(x).detach(), normalised(x, 0, 1e-5))
    by_channel = nn.BatchNorm2d(2, dtype=np.float64)
    np.testing.assert_allclose(by_channel(x).detach(), normalised(x, (0, 2, 3), 1e-5))


def test_spatial_batch_norm_is_batch_norm_of_all_pixels():
    x = normal(2, 3, 4, 5)
    rows = x.transpose(0, 2, 3, 1).reshape(-1, 3)
    spatial, plain = (kind(3, dtype=np.float64) for kind in (nn.BatchNorm2d, nn.BatchNorm1d))
    expected = plain(rows).detach().numpy().reshape(2, 4, 5, 3).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(spatial(x).detach(), expected)


def test_layer_norm_is_batch_norm_of_the_transpose():
    x = normal(4, 6)
    layer = nn.LayerNorm(6, dtype=np.float64)
    np.testing.assert_allclose(layer(x).detach(), normalised(x.T, 0, 1e-5).T)


def test_spatial_group_norm():
    x, groups = normal(2, 6, 4, 5), 2
    expected = normalised(x.reshape(2, groups, -1), 2, 1e-5).reshape(x.shape)
    layer = nn.GroupNorm(groups, 6, dtype=np.float64)
    np.testing.assert_allclose(layer(x).detach(), expected)


# Starting values


@pytest.mark.parametrize(
    ("fill", "std"),
    [
        (lambda w: nn.init.normal_(w, std=0.01, rng=0), 0.01),
        (lambda w: nn.init.kaiming_normal_(w, nonlinearity="linear", rng=0), math.sqrt(1 / 400)),
        (lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu", rng=0), math.sqrt(2 / 400)),
    ],
    ids=["std or weight scale", "Xavier as DLFS has it", "He"],
)
def test_starting_values(fill, std):
    """``std * randn``; DLFS's Xavier is 1 / sqrt(inputs), not PyTorch's of inputs and outputs."""
    layer = nn.Linear(400, 300)
    values = fill(layer.weight).numpy()
    assert values.std() == pytest.approx(std, rel=0.01)
    assert np.mean(np.abs(values) < std) == pytest.approx(0.6827, abs=0.01)
    assert not nn.init.zeros_(layer.bias).any()


# Penalties


@pytest.mark.parametrize("kind", ["L1", "L2"])
def test_a_penalty_is_in_the_loss_and_in_the_gradient(kind):
    """Of deepnet and hipsternet: ``lam * sum|W|``, or ``lam / 2 * sum W**2``, without biases."""
    lam = 0.1
    model = nn.Sequential(
        nn.Linear(4, 5, dtype=np.float64), nn.Tanh(), nn.Linear(5, 3, dtype=np.float64)
    )
    x, classes = normal(6, 4), np.array([0, 1, 2, 0, 1, 2])
    data_loss = mg.cross_entropy(model(x), classes)
    parameters = dict(model.named_parameters())
    of_data = dict(zip(parameters, mg.grad(data_loss, parameters.values()), strict=True))
    penalty = (lambda w: abs(w).sum()) if kind == "L1" else (lambda w: 0.5 * (w * w).sum())
    slope = np.sign if kind == "L1" else (lambda w: w)
    weights = [p for name, p in parameters.items() if name.endswith("weight")]
    loss = mg.cross_entropy(model(x), classes) + lam * sum(penalty(w) for w in weights)
    loss.backward()
    by_hand = sum(np.sum(penalty(w.numpy())) for w in weights)
    assert loss.item() == pytest.approx(data_loss.item() + lam * by_hand)
    for name, p in parameters.items():
        expected = lam * slope(p.numpy()) if name.endswith("weight") else 0
        np.testing.assert_allclose(p.grad, of_data[name].numpy() + expected)


def test_a_loss_and_its_gradient_are_averaged_alike():
    """In some the loss was averaged over the batch and the gradient summed."""
    scores, classes = normal(8, 3), np.arange(8) % 3
    for loss in (mg.cross_entropy, mg.multi_margin_loss):
        gradients = []
        for copies in (1, 4):
            t = mg.tensor(scores, requires_grad=True)
            value = loss(mg.concatenate([t] * copies), np.tile(classes, copies))
            gradients.append((value.item(), *mg.grad(value, t)))
        assert gradients[0][0] == pytest.approx(gradients[1][0])
        np.testing.assert_allclose(gradients[0][1], gradients[1][1])


def test_regression_losses_of_hipsternet():
    """Half the squares, and the absolute values, over m; (m, 1) against (m,) is an error."""
    y, t = normal(6, 1), normal(6)
    for loss, value, slope in (
        (lambda y: 0.5 * mg.mse_loss(y, t[:, None]), 0.5 * (y[:, 0] - t) ** 2, y[:, 0] - t),
        (lambda y: mg.l1_loss(y, t[:, None]), np.abs(y[:, 0] - t), np.sign(y[:, 0] - t)),
    ):
        tensor = mg.tensor(y, requires_grad=True)
        out = loss(tensor)
        assert out.item() == pytest.approx(value.sum() / 6)
        np.testing.assert_allclose(mg.grad(out, tensor)[0].numpy()[:, 0], slope / 6)
    for loss in (mg.mse_loss, mg.l1_loss):
        with pytest.raises(ValueError, match=r"\(6, 1\).*\(6,\)"):
            loss(y, t)
    scores, one_hot = normal(6, 3), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    by_class = 0.5 * np.sum((one_hot - scores) ** 2) / 6
    assert 3 / 2 * mg.mse_loss(scores, one_hot) == pytest.approx(by_class)
