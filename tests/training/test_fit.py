import math
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.training import Callback


def quiet(*arguments, epochs=3, **settings):
    return mg.fit(*arguments, epochs=epochs, progress=False, **settings)


def squared(prediction, y):
    return ((prediction - y) ** 2).mean()


def test_it_is_the_bare_loop(setting):
    model, optimizer, loss, batches = setting()
    losses = []
    for _ in range(4):
        total = 0.0
        for x, y in batches:
            value = loss(model(x), y)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            total += len(y) * value.item()
        losses.append(total / 24)
    again, *others = setting()
    history = quiet(again, *others, epochs=4)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-12)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(again.state_dict()[name], array)
    assert mg.fit is mg.training.fit


def test_means_are_those_over_the_examples(parabola):
    """Whatever the batches are; the last one is shorter."""
    model = nn.Linear(1, 1, rng=0)
    frozen = mg.optim.SGD(model.parameters(), lr=0.0)
    x, y = parabola
    error = np.abs(model(x).numpy() - y)
    metrics = {"error": lambda prediction, y: mg.abs(prediction - y).mean()}
    batches = mg.data.batches(x, y, batch_size=7)
    history = quiet(model, frozen, squared, batches, validation=batches, metrics=metrics, epochs=1)
    assert list(history) == ["loss", "error", "val_loss", "val_error"]
    for prefix in ("", "val_"):
        np.testing.assert_allclose(history[f"{prefix}loss"], [(error**2).mean()], rtol=1e-5)
        np.testing.assert_allclose(history[f"{prefix}error"], [error.mean()], rtol=1e-5)


@pytest.mark.parametrize(
    "targets",
    [
        lambda length: None,
        lambda length: [0] * length,
        lambda length: ["a"] * length,
        lambda length: {"none": None, "class": np.zeros(length)},
    ],
    ids=["none", "numbers", "strings", "dict"],
)
def test_batches_count_by_their_length_whatever_the_targets_are(targets):
    data = [(np.full((length, 1), length), targets(length)) for length in (1, 3)]
    found = mg.training.evaluate(nn.Identity(), lambda prediction, y: prediction.mean(), data)
    assert found == {"loss": 2.5}


def test_accuracy_is_exact_over_unequal_batches():
    scores = np.eye(3)[[0, 1, 2, 0, 1, 2, 0]]
    classes = np.array([0, 1, 2, 0, 1, 0, 1])
    metrics = {"accuracy": mg.training.accuracy}
    for size in range(1, 8):
        found = mg.training.evaluate(
            nn.Flatten(), mg.cross_entropy, (scores, classes), metrics, batch_size=size
        )
        assert found["accuracy"] == 5 / 7


@pytest.mark.parametrize(
    ("prediction", "target", "expected"),
    [
        (np.eye(3), [0, 1, 1], 2 / 3),
        (np.eye(3), np.eye(3)[[0, 2, 1]], 1 / 3),
        (mg.tensor(np.eye(2)), mg.tensor([1, 1]), 0.5),
        (np.eye(2)[:, :, None] * np.ones(5), [[0] * 5, [1, 1, 1, 0, 0]], 0.8),
    ],
)
def test_accuracy(prediction, target, expected):
    assert mg.training.accuracy(prediction, target) == expected


@pytest.mark.parametrize(
    ("prediction", "target"), [(np.ones(3), [1, 1, 1]), (np.eye(3), [[1]] * 3)]
)
def test_accuracy_of_other_shapes(prediction, target):
    with pytest.raises(ValueError, match=r"^accuracy: the (prediction|target) has shape"):
        mg.training.accuracy(prediction, target)


class Modes(nn.Module):
    """Records the mode in which it was called, and whether its call was recorded."""

    def __init__(self):
        self.inner = nn.Linear(1, 1)
        self.frozen = nn.Dropout().eval()
        self.seen = []

    def forward(self, x):
        self.seen.append((self.training, mg.is_grad_enabled()))
        return self.inner(x)


@pytest.mark.parametrize("training", [True, False])
def test_modes(training, parabola):
    model = Modes()
    model.training = training
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    batches = mg.data.batches(*parabola, batch_size=24)
    quiet(model, optimizer, squared, batches, validation=parabola, epochs=2)
    assert model.seen == [(True, True), (False, False)] * 2
    mg.training.predict(model, parabola[0])
    assert model.seen[-1] == (False, False)
    assert model.training is training
    assert model.inner.training
    assert not model.frozen.training


def test_predict_is_batched_and_bounded():
    seen = []

    class Two(nn.Module):
        def forward(self, x):
            seen.append(len(x))
            return {"double": mg.tensor(x) * 2, "both": (mg.tensor(x), mg.tensor(x + 1))}

    x = np.arange(10.0)
    found = mg.training.predict(Two(), x, batch_size=4)
    assert seen == [4, 4, 2]
    np.testing.assert_array_equal(found["double"].numpy(), 2 * x)
    np.testing.assert_array_equal(found["both"][1].numpy(), x + 1)
    assert mg.training.predict(nn.Linear(2, 3), np.ones((0, 2))).shape == (0, 3)


class Mean(nn.Module):
    def forward(self, x):
        return mg.mean(x)


@pytest.mark.parametrize("count", [3, 6, 7])
def test_outputs_that_are_not_by_example_are_not_joined(count):
    model = nn.LSTM(5, 2, batch_first=True)  # its states are of shape (layers, N, size)
    with pytest.raises(ValueError, match=r"an output has shape \(1, 3, 2\) for a batch of 3"):
        mg.training.predict(model, np.ones((count, 4, 5)), batch_size=3)
    with pytest.raises(ValueError, match=r"an output has shape \(\) for a batch of 3"):
        mg.training.predict(Mean(), np.ones((count, 4)), batch_size=3)


# Schedulers: of the shape that those of optim have


class Halving:
    def __init__(self, optimizer):
        self.optimizer = optimizer

    def step(self, epoch=None):
        self.optimizer.param_groups[0]["lr"] /= 2


class Plateau:
    told = ()

    def step(self, metrics=None):
        self.told = (*self.told, metrics)


@pytest.mark.parametrize(
    ("schedule", "expected"), [("epoch", [1, 1 / 2, 1 / 4]), ("batch", [1 / 8, 1 / 64])]
)
def test_a_scheduler_counts_epochs_or_batches(schedule, expected, setting):
    model, optimizer, loss, batches = setting(lr=1.0)
    scheduler = Halving(optimizer)
    history = quiet(
        model,
        optimizer,
        loss,
        batches,
        scheduler=scheduler,
        schedule=schedule,
        epochs=len(expected),
    )
    assert history["lr"] == expected


@pytest.mark.parametrize("monitor", [None, "loss"])
def test_a_scheduler_for_plateaus_is_told_what_is_monitored(monitor, setting, parabola):
    scheduler = Plateau()
    history = quiet(*setting(), validation=parabola, scheduler=scheduler, monitor=monitor)
    assert list(scheduler.told) == history[monitor or "val_loss"]


def test_gradients_are_clipped_together(setting):
    model, _, loss, batches = setting(batch_size=24)
    norms = []

    class Recorded(mg.optim.SGD):
        def step(self):
            norms.append(math.hypot(*(np.linalg.norm(p.grad.numpy()) for p in model.parameters())))
            super().step()

    optimizer = Recorded(model.parameters(), lr=0.1)
    quiet(model, optimizer, loss, batches, epochs=1)
    quiet(model, optimizer, loss, batches, epochs=1, clip_norm=0.01)
    quiet(model, optimizer, loss, batches, epochs=1, clip_norm=1e9)
    assert norms[0] > 0.1
    assert norms[1] == pytest.approx(0.01, rel=1e-5)
    assert norms[2] > 0.1


def test_an_optimiser_that_asks_for_the_loss_again_gets_a_closure(setting):
    model, _, loss, batches = setting(batch_size=24)

    class Twice(mg.optim.SGD):
        def step(self, closure):
            first = closure()
            super().step()
            self.decrease = first.item() - closure().item()

    optimizer = Twice(model.parameters(), lr=0.01)
    quiet(model, optimizer, loss, batches, epochs=2)
    assert optimizer.decrease > 0


# Callbacks


class Scripted(Callback):
    """Puts numbers into the history, in place of those that were measured."""

    def __init__(self, name, values):
        self.name, self.values = name, values

    def on_epoch_end(self, run):
        run.history[self.name][-1] = self.values[run.epoch - 1]


def test_hooks_and_functions_are_called_in_order(setting):
    calls = []

    class Recorder(Callback):
        def on_fit_begin(self, run):
            calls.append("begin")

        def on_batch_end(self, run):
            calls.append(run.batch)

        def on_epoch_end(self, run):
            calls.append(f"epoch {run.epoch}")

        def on_fit_end(self, run):
            calls.append("end")

    function = lambda run: calls.append(run.history["loss"][-1])
    history = quiet(*setting(), callbacks=[Recorder(), function], epochs=2)
    first, second = history["loss"]
    assert calls == ["begin", 1, 2, 3, "epoch 1", first, 1, 2, 3, "epoch 2", second, "end"]


def test_at_the_end_every_callback_has_its_turn(setting):
    class Failing(Callback):
        def on_fit_end(self, run):
            raise OSError("no room")

    best = mg.training.BestWeights("loss")
    script = Scripted("loss", [1.0, 2.0])
    model, *rest = setting()
    with pytest.raises(OSError, match="no room"):
        quiet(model, *rest, callbacks=[Failing(), script, best], epochs=2)
    assert best.best_epoch == 1
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, best.weights[name])


@pytest.mark.parametrize(
    ("name", "error"), [("no such folder/a.npz", FileNotFoundError), ("a.pt", ValueError)]
)
@pytest.mark.parametrize("which", ["path", "best"])
def test_a_checkpoint_without_a_place_is_noticed_before_the_training(
    name, error, which, setting, tmp_path
):
    paths = {"path": tmp_path / "good.npz", which: tmp_path / name}
    model, *rest = setting()
    before = model.state_dict()
    with pytest.raises(error):
        quiet(model, *rest, callbacks=[mg.training.Checkpoint(**paths)])
    for key, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[key])


def test_a_callback_stops_the_training(setting):
    history = quiet(*setting(), callbacks=[lambda run: run.stop("enough")], epochs=9)
    assert history.epochs == 1
    assert history.stopped == "enough"


@pytest.mark.parametrize(
    ("settings", "values", "epochs", "best"),
    [
        ({"patience": 2}, [3, 2, 2, 2.5, 0], 4, 2),
        ({"patience": 1}, [3, 2, 1, 0.5, 0], 5, 5),
        ({"patience": 1, "min_delta": 1}, [9, 7, 6.5, 0, 0], 3, 2),
        ({"patience": 2, "mode": "max"}, [1, 2, 3, 0, 0], 5, 3),
        ({"patience": 2}, [1, math.nan, math.nan, 0, 0], 3, 1),
        ({"patience": 2}, [math.nan, math.nan, 1, 0, 0], 2, 0),
    ],
)
def test_early_stopping(settings, values, epochs, best, setting):
    model, *others = setting()
    weights = []
    stopping = mg.training.EarlyStopping(monitor="loss", **settings)
    callbacks = [
        Scripted("loss", values),
        lambda run: weights.append(model.state_dict()),
        stopping,
    ]
    for _ in range(2):  # the second training begins again
        weights.clear()
        history = quiet(model, *others, callbacks=callbacks, epochs=5)
        assert history.epochs == epochs
        assert stopping.best_epoch == best
        assert bool(history.stopped) == (stopping.waited >= stopping.patience)
        for name, array in model.state_dict().items():
            np.testing.assert_array_equal(array, weights[(best or epochs) - 1][name])


def test_early_stopping_may_leave_the_last_weights(setting):
    model, *others = setting()
    stopping = mg.training.EarlyStopping(patience=1, restore_best=False)
    last = []
    callbacks = [Scripted("loss", [1, 2]), stopping, lambda run: last.append(model.state_dict())]
    quiet(model, *others, callbacks=callbacks)
    np.testing.assert_array_equal(model.state_dict()["0.weight"], last[1]["0.weight"])


def test_best_weights_by_accuracy_are_those_of_the_highest(setting):
    model, *others = setting()
    best = mg.training.BestWeights("accuracy")
    callbacks = [Scripted("accuracy", [0.1, 0.9, 0.2]), best]
    metrics = {"accuracy": lambda prediction, y: 0.0}
    quiet(model, *others, callbacks=callbacks, metrics=metrics)
    assert (best.best, best.best_epoch) == (0.9, 2)
    np.testing.assert_array_equal(model.state_dict()["0.bias"], best.weights["0.bias"])


@pytest.mark.parametrize("wrong", ["val_loss", "val_acuracy"])
def test_what_is_not_recorded_cannot_be_monitored(wrong, setting):
    mode = "max"
    for callback in (
        mg.training.BestWeights(wrong, mode=mode),
        mg.training.EarlyStopping(wrong, patience=1, mode=mode),
        mg.training.Checkpoint("a.npz", best="b.npz", monitor=wrong, mode=mode),
    ):
        with pytest.raises(ValueError, match=f"'{wrong}' is monitored but .* recorded are loss$"):
            quiet(*setting(), callbacks=[callback])
    with pytest.raises(ValueError, match=f"^fit: '{wrong}' is not recorded; recorded are loss$"):
        quiet(*setting(), monitor=wrong)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: mg.training.EarlyStopping("val_f1", patience=1),
            r"less of 'val_f1' better or more\?",
        ),
        (lambda: mg.training.EarlyStopping(patience=0), "patience must be at least 1, got 0"),
        (lambda: mg.training.BestWeights(mode="least"), "mode is 'min' or 'max', got 'least'"),
        (lambda: mg.training.BestWeights(min_delta=-1), "min_delta must be at least 0, got -1"),
        (lambda: mg.training.Checkpoint("a.npz", every=0), "every must be at least 1, got 0"),
    ],
)
def test_settings_of_callbacks(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Interruptions and errors


class Interrupt(Callback):
    def __init__(self, epoch, batch=None):
        self.at = epoch, batch

    def on_batch_end(self, run):
        if (run.epoch, run.batch) == self.at:
            raise KeyboardInterrupt

    def on_epoch_end(self, run):
        if (run.epoch, None) == self.at:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("epoch", "batch", "kept"), [(1, 1, 0), (3, 2, 2), (2, None, 2)])
def test_an_interruption_keeps_the_work(epoch, batch, kept, setting, tmp_path):
    model, *others = setting()
    best = mg.training.BestWeights()
    callbacks = [
        best,
        Interrupt(epoch, batch),
        mg.training.CSVHistory(tmp_path / "history.csv"),
    ]
    history = quiet(model.eval(), *others, callbacks=callbacks, epochs=5)
    assert history.interrupted
    assert history.epochs == kept
    assert not model.training
    text = (tmp_path / "history.csv").read_text()
    assert text.count("\n") == kept + 1
    if kept:
        np.testing.assert_array_equal(model.state_dict()["0.bias"], best.weights["0.bias"])


def test_a_loss_that_overflows_is_looked_for_with_detect_anomaly(setting):
    model, _, loss, batches = setting()
    wild = mg.optim.SGD(model.parameters(), lr=1e18)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"mg\.detect_anomaly"):
        quiet(model, wild, loss, batches, epochs=99)
    model, optimizer, _, batches = setting()
    with pytest.raises(mg.AnomalyError, match=r"^log"), mg.detect_anomaly():
        quiet(model, optimizer, lambda prediction, y: mg.log(prediction * 0 - 1).mean(), batches)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_no_number_stops_before_it_spoils_the_weights(value, setting, parabola):
    model, optimizer, loss, _ = setting()
    x, y = parabola
    y = y.copy()
    y[10] = value
    batches = mg.data.batches(x, y, batch_size=8, shuffle=False)
    with pytest.raises(
        FloatingPointError, match=r"the loss is (nan|inf) in epoch 1, batch 2; .*in y$"
    ):
        quiet(model, optimizer, loss, batches)
    assert all(np.isfinite(array).all() for array in model.state_dict().values())


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"model": []}, TypeError, "model is a list, not a Module"),
        ({"optimizer": mg.optim.Adam}, TypeError, r"the class Adam, not optim\.Adam\(model\.para"),
        ({"optimizer": max}, TypeError, "optimizer is a builtin_function_or_method, not optim"),
        (
            {"optimizer": mg.optim.Adam([nn.Parameter(1.0)])},
            ValueError,
            "none of the parameters of the Adam is one of the model's",
        ),
        ({"loss": nn.MSELoss}, TypeError, r"loss is the class MSELoss, not mg\.cross_entropy"),
        ({"loss": "mse"}, TypeError, "loss is a str, not mg"),
        ({"scheduler": "cosine"}, TypeError, r"scheduler is a str, not optim\.lr_scheduler\."),
        (
            {"scheduler": Halving(None)},
            ValueError,
            "the scheduler is for another optimizer, so the rate would stay",
        ),
        ({"train": (np.ones(3), np.ones(3))}, TypeError, "train is two arrays, expected batches"),
        ({"train": iter([])}, TypeError, "train is a list_iterator, which is used up after one"),
        ({"train": []}, ValueError, "train: there are no batches in it"),
        ({"train": [np.ones(3)]}, TypeError, r"train: a batch is a pair \(x, y\), but .* ndarray;"),
        ({"train": [(1, 2, 3)]}, TypeError, r"but here is a tuple of 3;"),
        ({"validation": []}, ValueError, "validation: there are no batches"),
        (
            {"loss": lambda p, y: (p - y) ** 2},
            ValueError,
            r"the loss of a batch has shape \(8, 1\)",
        ),
        ({"metrics": {"e": lambda p, y: p}}, ValueError, r"the metric 'e' of a batch has shape"),
        ({"metrics": {"loss": max}}, ValueError, "'loss' is recorded anyway"),
        ({"metrics": {"epoch": max}}, ValueError, "'epoch' is recorded anyway"),
        (
            {"metrics": {"e": max, "val_e": max}, "validation": (np.ones((2, 1)), np.ones(2))},
            ValueError,
            "'val_e' is recorded anyway",
        ),
        ({"metrics": [mg.training.accuracy]}, TypeError, "metrics is a list, expected a dict of"),
        ({"validation": iter([])}, TypeError, "validation is a list_iterator, which is used up"),
        (
            {"train": mg.data.TensorDataset(np.ones((2, 1)), np.ones(2))},
            TypeError,
            "y is a float64 without a length; make batches .* by mg.data.DataLoader",
        ),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"schedule": "step"}, ValueError, "schedule is 'epoch' or 'batch', got 'step'"),
        ({"clip_norm": 0.0}, ValueError, "clip_norm must be above 0"),
        (
            {"callbacks": [mg.training.EarlyStopping]},
            TypeError,
            r"make one, as in EarlyStopping\(patience=3",
        ),
        (
            {"callbacks": mg.training.EarlyStopping(patience=3)},
            TypeError,
            "callbacks is .*EarlyStopping.*, expected several; put it in a list",
        ),
        ({"callbacks": print}, TypeError, "callbacks is <built-in function print>, expected sev"),
        ({"metrics": {"accuracy": "accuracy"}}, TypeError, "expected a dict of functions by name"),
        ({"callbacks": [3]}, TypeError, "3 among the callbacks is no Callback and no function"),
    ],
)
def test_mistakes(changes, error, message, setting):
    call = dict(zip(("model", "optimizer", "loss", "train"), setting(), strict=True))
    with pytest.raises(error, match=message):
        mg.fit(**{**call, "epochs": 2, "progress": False, **changes})


def test_an_optimiser_of_another_model_is_refused(setting):
    model, _, loss, train = setting()
    other = mg.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
    with pytest.raises(ValueError, match=r"^fit: none of the parameters of the SGD is one of the"):
        mg.fit(model, other, loss, train, epochs=1)


# What is shown


def test_without_a_terminal_there_is_a_line_for_each_epoch(setting, capsys):
    mg.fit(*setting(), epochs=2)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": loss ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]


@pytest.mark.parametrize("installed", [True, False])
def test_on_a_terminal_there_is_a_bar_if_tqdm_is_there(installed, setting, capsys, monkeypatch):
    if installed:
        pytest.importorskip("tqdm", reason="the bar is its")
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    mg.fit(*setting(), epochs=2)
    shown = capsys.readouterr().err
    assert ("6/6" in shown) is installed
    assert "epoch 2/2" in shown


def test_a_history_is_a_table(setting, tmp_path):
    history = quiet(*setting(), validation=setting()[3], epochs=30)
    assert history.epochs == 30
    header, *rows = repr(history).splitlines()
    assert header.split() == ["epoch", "loss", "val_loss"]
    assert [row.split()[0] for row in rows] == [*"12345678", "...", *map(str, range(23, 31))]
    history.to_csv(tmp_path / "history.csv")
    table = np.genfromtxt(tmp_path / "history.csv", delimiter=",", names=True)
    assert table["val_loss"].tolist() == history["val_loss"]


def test_the_file_of_csv_history_is_that_of_the_history(setting, tmp_path):
    (tmp_path / "meanwhile.csv").write_text("of an earlier training")
    callback = mg.training.CSVHistory(tmp_path / "meanwhile.csv")
    quiet(*setting(), callbacks=[callback], epochs=3).to_csv(tmp_path / "after.csv")
    meanwhile = (tmp_path / "meanwhile.csv").read_text()
    assert meanwhile == (tmp_path / "after.csv").read_text()
    assert len(meanwhile.splitlines()) == 4


def test_what_an_epoch_lacks_is_nan():
    history = mg.training.History()
    history.add({"a": 1.0})
    history.add({"b": 2.0})
    assert str(history) == "epoch    a    b\n    1    1  nan\n    2  nan    2"
    assert str(mg.training.History()) == "epoch"


def test_patience_in_place_of_a_name_is_refused():
    with pytest.raises(TypeError, match=r"monitor is 3, expected a name.*how long to wait is pati"):
        mg.training.EarlyStopping(3, patience=3)
