"""What the tutorials' trainers, solvers and studies do, with fit and without it."""

import gzip
import struct
from itertools import pairwise

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim

ACCURACY = {"accuracy": mg.training.accuracy}


@pytest.fixture(scope="module")
def digits():
    (x, y), _ = mg.data.digits()
    x = x.reshape(len(x), -1)
    return (x[:1000], y[:1000]), (x[1000:1300], y[1000:1300])


def network(*sizes, activation=nn.ReLU):
    layers = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


class Steps(mg.training.Callback):
    """The loss of every step, as a Trainer keeps it; every k steps an accuracy."""

    def __init__(self, every):
        self.every, self.losses, self.accuracies = every, [], []

    def on_batch_end(self, run):
        self.losses.append(run.loss)
        if len(self.losses) % self.every == 0:
            found = mg.training.evaluate(run.model, mg.cross_entropy, run.validation, ACCURACY)
            self.accuracies.append(found["accuracy"])


# The names by which DLFS's Trainer chooses; CS231n's Solver has three of them.
BY_NAME = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.05),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.002),
    "adam": lambda p: optim.Adam(p, lr=0.005),
}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_trainer_with_histories(name, digits):
    """Losses of steps, and both accuracies of epochs; the optimiser is chosen by its name."""
    train, valid = digits
    model, steps = network(64, 32, 10), Steps(every=25)
    history = mg.fit(
        model,
        BY_NAME[name](model.parameters()),
        mg.cross_entropy,
        mg.data.batches(*train, batch_size=50),
        epochs=5,
        validation=valid,
        metrics=ACCURACY,
        callbacks=[steps],
        progress=False,
    )
    assert (len(steps.losses), len(steps.accuracies), history.epochs) == (100, 4, 5)
    assert np.mean(steps.losses[-20:]) == pytest.approx(history["loss"][-1])
    assert np.mean(steps.losses[:20]) == pytest.approx(history["loss"][0])
    assert history["val_accuracy"][-1] > (0.6 if name == "sgd" else 0.8)


def test_a_solver_decays_and_keeps_the_best_parameters(digits, tmp_path):
    """CS231n: the rate times lr_decay after each epoch, a checkpoint, best validation accuracy."""
    train, valid = digits
    model = network(64, 32, 10)
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    states, best = [], mg.training.BestWeights("val_accuracy")
    history = mg.fit(
        model,
        optimizer,
        mg.cross_entropy,
        mg.data.batches(*train, batch_size=50),
        epochs=6,
        validation=valid,
        metrics=ACCURACY,
        scheduler=optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.8),
        callbacks=[
            lambda run: states.append(run.model.state_dict()),
            best,
            mg.training.Checkpoint(tmp_path / "solver.npz"),
        ],
        progress=False,
    )
    assert history["lr"] == pytest.approx([0.5 * 0.8**epoch for epoch in range(6)])
    epoch = int(np.argmax(history["val_accuracy"]))
    assert best.best_epoch == epoch + 1
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, states[epoch][name])
    saved = mg.load(tmp_path / "solver.npz")
    assert saved["epoch"] == 6
    np.testing.assert_array_equal(saved["model"]["state"]["0.weight"], states[-1]["0.weight"])


def test_prediction_in_batches(digits):
    _, (x, _) = digits
    model = network(64, 32, 10)
    found = mg.training.predict(model, x, batch_size=37).argmax(axis=1)
    np.testing.assert_array_equal(found, model(x).detach().argmax(axis=1))


def test_fifty_images_are_learnt_by_heart(digits):
    (x, y), _ = digits
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10)
    )
    x, y = x[:50].reshape(-1, 1, 8, 8), y[:50]
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    batches = mg.data.batches(x, y, batch_size=25)
    mg.fit(model, optimizer, mg.cross_entropy, batches, epochs=25, progress=False)
    assert mg.training.evaluate(model, mg.cross_entropy, (x, y), ACCURACY)["accuracy"] == 1


def test_a_random_search_for_hyper_parameters(digits):
    """DLFS: rate and weight decay drawn on a logarithmic scale, judged by validation."""
    (x, y), valid = digits
    rng = np.random.default_rng(0)
    results = []
    for _ in range(8):
        lr, decay = 10 ** rng.uniform(-5, 0), 10 ** rng.uniform(-8, -4)
        mg.manual_seed(1)  # all start alike
        model = network(64, 32, 10)
        optimizer = optim.SGD(model.parameters(), lr=lr, weight_decay=decay)
        batches = mg.data.batches(x[:500], y[:500], batch_size=50)
        mg.fit(model, optimizer, mg.cross_entropy, batches, epochs=4, progress=False)
        found = mg.training.evaluate(model, mg.cross_entropy, valid, ACCURACY)
        results.append((found["accuracy"], lr))
    results.sort()
    assert results[-1][0] > results[0][0] + 0.3
    assert results[-1][1] > 10 * results[0][1]


def test_float16_inference(digits):
    """DLFS: half precision predicts the same digits."""
    train, (x, y) = digits
    model = network(64, 32, 10)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    batches = mg.data.batches(*train, batch_size=50)
    mg.fit(model, optimizer, mg.cross_entropy, batches, epochs=4, progress=False)
    single = mg.training.predict(model, x)
    half = mg.training.predict(model.half(), x.astype(np.float16))
    assert (single.dtype, half.dtype) == (np.float32, np.float16)
    found = [mg.training.accuracy(scores, y) for scores in (single, half)]
    assert found[0] > 0.8
    assert found[0] == pytest.approx(found[1], abs=0.01)


def test_pictures_of_filters(tmp_path):
    """DLFS: weights (FN, 1, FH, FW) as a grid of grey pictures."""
    figure = pytest.importorskip("matplotlib.figure", reason="the pictures are Matplotlib's")
    filters = nn.Conv2d(1, 6, 5, rng=0).weight.numpy()
    picture = figure.Figure()
    for axes, values in zip(picture.subplots(2, 3).flat, filters[:, 0], strict=True):
        axes.imshow(values, cmap="gray")
    picture.savefig(tmp_path / "filters.png")
    assert (tmp_path / "filters.png").read_bytes().startswith(b"\x89PNG")


# Files: a label and the pixels of an image, written byte by byte


def test_a_file_of_idx_images(tmp_path):
    pixels = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    images = struct.pack(">IIII", 0x803, 2, 28, 28) + pixels.tobytes()
    labels = struct.pack(">II", 0x801, 2) + bytes([7, 3])
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    (x, y), _ = mg.data.mnist(tmp_path)
    np.testing.assert_array_equal(x[:, 0], pixels / np.float32(255))
    assert y.tolist() == [7, 3]


# Studies


@pytest.mark.parametrize(
    ("fill", "least", "most"),
    [
        (lambda w: nn.init.normal_(w, std=1.0), 0.9, 1.0),  # at ±1, where tanh is flat
        (lambda w: nn.init.normal_(w, std=0.01), 0.0, 0.01),  # at 0
        (lambda w: nn.init.kaiming_normal_(w, nonlinearity="linear"), 0.2, 0.6),  # spread
    ],
    ids=["std 1", "std 0.01", "Xavier"],
)
def test_a_study_of_starting_values(fill, least, most):
    """DLFS: activations of five layers of 100; how far they are from 0 in the last one."""
    kept, model = [], network(*[100] * 6, 100, activation=nn.Tanh)[:-1]
    for layer in model:
        if isinstance(layer, nn.Linear):
            fill(layer.weight)
            nn.init.zeros_(layer.bias)
        else:
            layer.register_forward_hook(lambda module, args, out: kept.append(out.detach().numpy()))
    model(mg.random.normal(size=(500, 100)))
    assert len(kept) == 5
    assert least <= np.abs(kept[-1]).mean() <= most


def test_a_study_of_batch_norm(digits):
    """hipsternet: from a bad start, Adam learns with batch norm and does not without."""
    train, valid = digits
    found = {}
    for name, between in (("plain", nn.Identity), ("batch norm", nn.BatchNorm1d)):
        layers = []
        for inputs, outputs in ((64, 50), (50, 50), (50, 50), (50, 50)):
            layers += [nn.Linear(inputs, outputs), between(outputs), nn.ReLU()]
        model = nn.Sequential(*layers, nn.Linear(50, 10))
        for layer in model:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=1e-3)
                nn.init.zeros_(layer.bias)
        optimizer = optim.Adam(model.parameters(), lr=1e-3)
        batches = mg.data.batches(*train, batch_size=50)
        mg.fit(model, optimizer, mg.cross_entropy, batches, epochs=4, progress=False)
        found[name] = mg.training.evaluate(model, mg.cross_entropy, valid, ACCURACY)["accuracy"]
    assert found["plain"] < 0.3
    assert found["batch norm"] > 0.8


@pytest.mark.parametrize("remedy", [(0.5, 0.0), (0.0, 0.01)], ids=["dropout", "weight decay"])
def test_a_study_of_overfitting(remedy, digits):
    """Some of 200 labels are wrong. What learns these by heart is worse at the validation."""
    (x, y), valid = digits
    x, y = x[:200], y[:200].copy()
    y[::4] = (y[::4] + 1) % 10
    losses = []
    for drop, decay in ((0.0, 0.0), remedy):
        mg.manual_seed(0)
        model = nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Dropout(drop), nn.Linear(100, 10))
        optimizer = optim.Adam(model.parameters(), lr=0.01, weight_decay=decay)
        batches = mg.data.batches(x, y, batch_size=50)
        mg.fit(model, optimizer, mg.cross_entropy, batches, epochs=40, progress=False)
        losses += [
            mg.training.evaluate(model, mg.cross_entropy, part)["loss"] for part in ((x, y), valid)
        ]
    train, test, train_with, test_with = losses
    assert train_with > 1.3 * train
    assert test_with < 0.9 * test
