import copy
import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.training import load_checkpoint, save_checkpoint

PROGRAM = Path(__file__).with_name("digits_program.py")


def assert_same(one, other):
    """Equal to the last bit."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for first, second in zip(one, other, strict=True):
            assert_same(first, second)
    else:
        np.testing.assert_array_equal(one, other, strict=isinstance(one, np.ndarray))


def run(folder, name, epochs, *bare):
    command = [sys.executable, PROGRAM, str(epochs), f"{name}.npz", "result.npz", *bare]
    environment = os.environ | {"PYTHONPATH": str(Path(mg.__file__).parents[1])}
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return mg.load(folder / "result.npz")


@pytest.mark.parametrize("bare", [[], ["bare"]], ids=["fit", "bare loop"])
def test_ten_epochs_are_five_a_new_process_and_five(bare, tmp_path):
    straight = run(tmp_path, "straight", 10, *bare)
    half = run(tmp_path, "halves", 5, *bare)
    resumed = run(tmp_path, "halves", 10, *bare)
    assert len(half["history"]["loss"]) * 2 == len(straight["history"]["loss"])
    assert_same(resumed, straight)


@pytest.fixture
def parts():
    """Return what a checkpoint holds, with one step done."""

    def make(hidden=4, kind=mg.optim.Adam, seed=0):
        model = nn.Sequential(
            nn.Linear(3, hidden, rng=seed), nn.BatchNorm1d(hidden), nn.Dropout(rng=seed)
        )
        optimizer = kind(model.parameters(), lr=0.1 + seed)
        model(np.arange(6.0).reshape(2, 3)).sum().backward()
        optimizer.step()
        data = mg.data.batches(np.arange(9), batch_size=2, rng=seed)
        return {"model": model, "optimizer": optimizer, "data": data}

    return make


def state(parts):
    x = np.ones((4, 3))
    return copy.deepcopy(
        {
            "model": parts["model"].state_dict(),
            "optimizer": parts["optimizer"].state_dict(),
            "output": copy.deepcopy(parts["model"])(x).numpy(),
            "order": np.concatenate(list(copy.deepcopy(parts["data"]))),
            "shared": mg.random.get_state(),
        }
    )


def test_all_is_restored_in_place(parts, tmp_path):
    saved, other = parts(), parts(seed=1)
    expected = state(saved)
    save_checkpoint(tmp_path / "a.npz", epoch=3, best=0.5, names=("a", 1), **saved)
    mg.random.normal(size=3)
    assert load_checkpoint(tmp_path / "a.npz", **other) == {
        "epoch": 3,
        "best": 0.5,
        "names": ("a", 1),
    }
    assert_same(state(other), expected)


def test_a_part_may_be_loaded_alone(parts, tmp_path):
    saved, other = parts(), parts(seed=1)
    save_checkpoint(tmp_path / "a.npz", **saved)
    before = other["optimizer"].state_dict()
    assert load_checkpoint(tmp_path / "a.npz", model=other["model"]) == {"epoch": 0}
    assert_same(other["model"].state_dict(), saved["model"].state_dict())
    assert_same(other["optimizer"].state_dict(), before)
    weights = mg.load(tmp_path / "a.npz")["model"]["state"]
    parts(seed=2)["model"].load_state_dict(weights)


class AdamW(mg.optim.Adam):
    """Another optimiser with the same settings."""


class Scheduler:
    """Fails amid loading."""

    def __init__(self):
        self.value = 1

    def state_dict(self):
        return vars(self)

    def load_state_dict(self, state):
        vars(self).update(state)
        if state["value"] != 1:
            raise KeyError("last_epoch")


def broken_scheduler():
    scheduler = Scheduler()
    scheduler.value = 2
    return scheduler


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden": 5}, r"a\.npz' does not fit the model: .*'0.weight' has shape \(4, 3\)"),
        ({"kind": mg.optim.SGD}, r"in '.*a.npz' the optimizer is a Adam, not a SGD"),
        ({"kind": AdamW}, r"the optimizer is a Adam, not a AdamW"),
        ({"scheduler": Scheduler()}, r"does not fit the scheduler: 'last_epoch'"),
        ({"data": (1, np.random.default_rng(0))}, r"the data has the random generators \['1'\]"),
    ],
)
def test_a_mismatch_is_an_error_and_changes_nothing(changes, message, parts, tmp_path):
    save_checkpoint(tmp_path / "a.npz", scheduler=broken_scheduler(), **parts())
    made = {name: changes[name] for name in ("hidden", "kind") if name in changes}
    other = parts(seed=1, **made)
    before = state(other)
    given = other | {name: changes[name] for name in ("scheduler", "data") if name in changes}
    with pytest.raises(ValueError, match=rf"^load_checkpoint: .*{message}"):
        load_checkpoint(tmp_path / "a.npz", **given)
    assert_same(state(other), before)
    assert changes.get("scheduler", Scheduler()).value == 1


def test_a_generator_of_another_kind_changes_nothing(parts, tmp_path):
    saved, other = parts(), parts(seed=1)
    save_checkpoint(tmp_path / "a.npz", **saved)
    other["model"][2].rng = np.random.Generator(np.random.MT19937(0))
    before = state(other)
    with pytest.raises(ValueError, match="the generator is a MT19937"):
        load_checkpoint(tmp_path / "a.npz", **other)
    assert_same(state(other), before)


def test_what_is_not_in_it_is_named(parts, tmp_path):
    save_checkpoint(tmp_path / "a.npz", model=parts()["model"])
    with pytest.raises(ValueError, match=r"a\.npz' was saved without the optimizer$"):
        load_checkpoint(tmp_path / "a.npz", optimizer=parts()["optimizer"])
    mg.save({"kind": np.ones(3)}, tmp_path / "c.npz")
    with pytest.raises(ValueError, match=r"c\.npz' is no checkpoint; mg.load reads it"):
        load_checkpoint(tmp_path / "c.npz")
    mg.save(parts()["model"].state_dict(), tmp_path / "b.npz")
    with pytest.raises(ValueError, match=r"b\.npz' is no checkpoint; mg.load reads it"):
        load_checkpoint(tmp_path / "b.npz")
    mg.save({**mg.load(tmp_path / "a.npz"), "version": 2}, tmp_path / "c.npz")
    with pytest.raises(ValueError, match="has version 2 of checkpoints, and this"):
        load_checkpoint(tmp_path / "c.npz")


def test_generators_are_found_wherever_they_are(tmp_path):
    class Transform:
        def __init__(self, rng):
            self.rng = rng

    class Loader:
        def __init__(self, seed):
            rng = np.random.default_rng(seed)
            self.itself = self
            self.steps = [Transform(rng), {"crop": Transform(np.random.default_rng(seed + 1))}]
            self.again = rng
            self.shared = mg.random.generator()
            self.rows = list(range(2000))

        def draw(self):
            return [self.again.random(), self.steps[1]["crop"].rng.random()]

    loader, other = Loader(0), Loader(5)
    save_checkpoint(tmp_path / "a.npz", data=(loader, np.ones(3), "text", None))
    generators = mg.load(tmp_path / "a.npz")["random"]["data"]
    assert sorted(generators) == ["0.steps.0.rng", "0.steps.1.crop.rng"]
    load_checkpoint(tmp_path / "a.npz", data=(other, np.ones(3), "text", None))
    assert other.draw() == loader.draw()


# The callback


def quiet(*arguments, epochs, **settings):
    return mg.fit(*arguments, epochs=epochs, progress=False, **settings)


def test_checkpoints_are_written_every_some_epochs_and_at_the_end(setting, tmp_path):
    written = []
    path = tmp_path / "last.npz"

    class Look(mg.training.Callback):
        comes_last = True

        def on_epoch_end(self, run):
            written.append(mg.load(path)["epoch"] if path.exists() else 0)

    callbacks = [mg.training.Checkpoint(path, every=2), Look()]
    history = quiet(*setting(), callbacks=callbacks, epochs=5)
    assert written == [0, 2, 2, 4, 5]
    assert mg.load(path)["extra"]["history"] == history


def test_the_best_is_kept_beside_the_last(setting, tmp_path):
    def scripted(run):
        run.history["loss"][-1] = [3.0, 1.0, 2.0][run.epoch - 1]

    checkpoint = mg.training.Checkpoint(tmp_path / "last.npz", best=tmp_path / "best.npz")
    quiet(*setting(), callbacks=[checkpoint, scripted], epochs=3)
    assert mg.load(tmp_path / "last.npz")["epoch"] == 3
    assert mg.load(tmp_path / "best.npz")["epoch"] == 2


def test_early_stopping_counts_on_when_it_is_resumed(setting, tmp_path):
    values = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0]

    def scripted(run):
        run.history["loss"][-1] = values[run.epoch - 1]

    path = tmp_path / "last.npz"

    def callbacks():
        # The checkpoint is written after the others, though it is named first.
        return [mg.training.Checkpoint(path), scripted, mg.training.EarlyStopping(patience=3)]

    assert quiet(*setting(), callbacks=callbacks(), epochs=2, resume=path).stopped == ""
    history = quiet(*setting(), callbacks=callbacks(), epochs=6, resume=path)
    assert history.epochs == 4
    assert history.stopped.startswith("loss was best in epoch 1")
    # Once more: there is nothing left to do.
    assert quiet(*setting(), callbacks=callbacks(), epochs=6, resume=path).epochs == 4


def test_the_file_of_csv_history_holds_the_epochs_before(setting, tmp_path):
    def callbacks():
        return [
            mg.training.Checkpoint(tmp_path / "last.npz"),
            mg.training.CSVHistory(tmp_path / "history.csv"),
        ]

    quiet(*setting(), callbacks=callbacks(), epochs=2)
    history = quiet(*setting(), callbacks=callbacks(), epochs=4, resume=tmp_path / "last.npz")
    history.to_csv(tmp_path / "all.csv")
    assert (tmp_path / "history.csv").read_text() == (tmp_path / "all.csv").read_text()
    assert history.epochs == 4


def test_an_interrupted_training_is_resumed_from_its_last_whole_epoch(setting, tmp_path):
    path = tmp_path / "last.npz"

    class Interrupt(mg.training.Callback):
        def on_batch_end(self, run):
            if (run.epoch, run.batch) == (3, 2):
                raise KeyboardInterrupt

    straight = quiet(*setting(), epochs=5)
    first = quiet(*setting(), callbacks=[mg.training.Checkpoint(path), Interrupt()], epochs=5)
    assert first.interrupted
    assert first.epochs == 2
    resumed = quiet(*setting(), epochs=5, resume=path)
    assert not resumed.interrupted
    assert resumed == straight


class Noise:
    def __init__(self):
        self.rng = np.random.default_rng(0)

    def add(self, x):
        return x + self.rng.normal()


def added(x, rng):
    return x + rng.normal()


def around():
    rng = np.random.default_rng(0)
    return lambda x: added(x, rng)


def default():
    def add(x, rng=np.random.default_rng(0)):  # noqa: B008  # the case to be tested
        return added(x, rng)

    return add


@pytest.mark.parametrize(
    "make",
    [
        lambda: Noise().add,
        lambda: functools.partial(added, rng=np.random.default_rng(0)),
        around,
        default,
    ],
    ids=["method", "partial", "closure", "default"],
)
def test_a_generator_that_a_function_holds_continues_too(make, tmp_path):
    def loader():
        return mg.data.DataLoader(mg.data.MapDataset([0.0] * 4, make()), 4)

    first = loader()
    list(first)
    save_checkpoint(tmp_path / "a.npz", data=first)
    second = loader()
    load_checkpoint(tmp_path / "a.npz", data=second)
    np.testing.assert_array_equal(list(second), list(first))
