"""The table of a network: shapes, parameters, and bytes that are counted by hand."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def rows(summary):
    return {row.name: row for row in summary.rows}


def caches(model, *inputs):
    return {row.name: row.cache_bytes for row in model.summary(*inputs).rows}


F = 4  # bytes of a float32


def test_shapes_and_parameters():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 10))
    model[3].bias.requires_grad = False
    summary = model.summary((2, 3, 8, 8))
    assert [row.kind for row in summary.rows] == [
        "Sequential",
        "Conv2d",
        "ReLU",
        "Flatten",
        "Linear",
    ]
    assert [row.outputs for row in summary.rows] == [
        [(2, 10)],
        [(2, 8, 6, 6)],
        [(2, 8, 6, 6)],
        [(2, 288)],
        [(2, 10)],
    ]
    assert [row.parameters for row in summary.rows] == [224 + 2890, 224, 0, 0, 2890]
    assert [row.depth for row in summary.rows] == [0, 1, 1, 1, 1]
    assert (summary.parameters, summary.trainable) == (3114, 3104)
    assert summary.parameter_bytes == 3114 * F
    assert "parameters: 3,114 (12.2 KiB), 3,104 of them trainable" in str(summary)


def test_caches_counted_by_hand():
    model = nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 30), nn.ReLU())
    found = caches(model, (8, 20))
    assert found["0"] == 8 * 20 * F  # the input
    assert found["1"] == 8 * 30  # a mask, of a byte for each element
    assert found["2"] == 8 * 30 * F  # its input
    assert found[""] == sum(found[str(i)] for i in range(4))


def test_the_columns_of_a_convolution():
    model = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, bias=False))
    image, columns = 5 * 2 * 6 * 6 * F, 5 * 6 * 6 * (2 * 3 * 3) * F
    assert caches(model, (5, 2, 6, 6))["0"] == columns + image


def test_the_winners_of_max_pooling():
    x = mg.tensor(np.random.default_rng(0).standard_normal((5, 2, 6, 6)), requires_grad=True)
    found = caches(nn.MaxPool2d(2), x)[""]
    out = mg.max_pool2d(x, 2)
    closure = out._node.closures[0]
    kept = {
        name: cell.cell_contents
        for name, cell in zip(closure.__code__.co_freevars, closure.__closure__, strict=True)
        if isinstance(cell.cell_contents, np.ndarray)
    }
    assert kept["winners"].size == 5 * 2 * 3 * 3
    assert found == kept["winners"].nbytes


def test_without_anything_to_train_nothing_is_kept():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU()).requires_grad_(False)
    assert model.summary((2, 4)).cache_bytes == 0
    assert nn.ReLU().summary((2, 4)).cache_bytes == 0


def test_a_block_of_memory_counts_once():
    class Twice(nn.Module):
        def __init__(self):
            self.left, self.right = nn.Linear(4, 3), nn.Linear(4, 3)

        def forward(self, x):
            return self.left(x) + self.right(x)

    x = mg.tensor(np.ones((8, 4), np.float32))
    assert caches(Twice(), x) == {"": 8 * 4 * F, "left": 8 * 4 * F, "right": 0}
    # An array could be written to, so each of the two calls keeps a copy.
    assert caches(Twice(), x.numpy().copy()) == {"": 256, "left": 128, "right": 128}


def test_a_view_keeps_all_of_its_memory():
    class Row(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(np.ones(3, np.float32))

        def forward(self, x):
            whole = mg.exp(x * 1)
            return whole[0] * self.weight

    x = mg.tensor(np.ones((100, 3), np.float32))
    assert caches(Row(), x)[""] == 100 * 3 * F


def test_a_module_that_is_called_several_times():
    class Deep(nn.Module):
        def __init__(self):
            self.layer, self.act, self.unused = nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)
            self.again = self.layer

        def forward(self, x):
            for _ in range(3):
                x = self.act(self.layer(x))
            return self.layer(x[:1])

    summary = Deep().summary((2, 4))
    found = rows(summary)
    assert found["layer"].outputs == [(2, 4)] * 3 + [(1, 4)]
    assert found["act"].cache_bytes == 3 * 2 * 4
    assert found["unused"].outputs == []
    assert found["again"].same_as == "layer"
    assert found[""].parameters == summary.parameters == 40
    text = str(summary)
    assert "layer: Linear   3 × (2, 4); (1, 4)" in text
    assert "not called" in text
    assert "see layer" in text


def test_shared_parameters_count_once_in_all():
    model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    model[1].weight = model[0].weight
    summary = model.summary((2, 4))
    assert [row.parameters for row in summary.rows] == [16, 16, 16]
    assert summary.parameters == 16


def test_containers_of_outputs():
    class Many(nn.Module):
        def forward(self, x, y):
            return x, {"sum": x + y, "text": "a", "none": None}

    summary = Many().summary((2, 3), mg.tensor(1.0))
    assert summary.rows[0].outputs == [((2, 3), {"sum": (2, 3), "text": "str", "none": None})]
    assert "(2, 3), {'sum': (2, 3)" in str(summary)


def test_a_depth_hides_rows_and_counts_them():
    model = nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), nn.Linear(4, 2))
    shown = str(model.summary((2, 4), depth=1)).splitlines()
    assert len(shown) == 3 + 2 + 3
    assert shown[3].split() == ["0:", "Sequential", "(2,", "4)", "20", "40", "B"]
    assert len(model.summary((2, 4), depth=1).rows) == 5
    with pytest.raises(ValueError, match="depth must be at least 0"):
        model.summary((2, 4), depth=-1)


class Stateful(nn.Module):
    def __init__(self):
        self.norm, self.dropout = nn.BatchNorm1d(3), nn.Dropout(0.5, rng=0)
        self.calls, self.seen, self.last = 0, [], None
        self.counts, self.state = np.zeros(2), mg.tensor(np.zeros(3))

    def forward(self, x):
        self.calls += 1
        self.counts[0] += 1
        self.state += 1
        self.last = self.dropout(self.norm(x)) * mg.random.normal(size=3).astype(np.float32)
        self.seen.append(self.last)
        self.dropout.train(False)
        return self.last


@pytest.mark.parametrize("training", [True, False])
def test_nothing_has_changed_afterwards(training):
    model = Stateful().train(training)
    before, shared = model.state_dict(), mg.random.generator().bit_generator.state
    own = model.dropout.rng.bit_generator.state
    with mg.no_grad():
        model.summary((4, 3))
    assert mg.random.generator().bit_generator.state == shared
    assert model.dropout.rng.bit_generator.state == own
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    assert (model.calls, model.seen, model.last) == (0, [], None)
    assert not model.counts.any()
    assert not model.state.numpy().any()
    assert all(part.training is training for part in model.modules())
    assert model.norm._hooks is None
    assert all(p.grad is None for p in model.parameters())


def test_an_error_tells_where_and_leaves_the_module_alone():
    model = nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.Linear(4, 2)))
    with pytest.raises(ValueError, match="the input has shape") as caught:
        model.summary((2, 4))
    assert caught.value.__notes__ == ["summary: raised in 1.0, a Linear"]
    assert all(part._hooks is None for part in model.modules())


def test_indices_are_given_as_an_array():
    model = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(12, 2))
    with pytest.raises(TypeError, match="the indices are float32") as caught:
        model.summary((2, 3))
    assert "pass an array of others, such as np.zeros((2, 3), int)" in caught.value.__notes__[1]
    assert "(2, 3, 4)" in str(model.summary(np.zeros((2, 3), int)))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (64, TypeError, r"with the batch axis, such as \(32, 64\), or an array, got the number 64"),
        ((-1, 64), ValueError, r"\(-1, 64\) is no shape; every length must be given"),
    ],
)
def test_what_is_no_shape(given, error, message):
    with pytest.raises(error, match=message):
        nn.Linear(64, 2).summary(given)


def test_hooks_of_the_user_are_part_of_the_module():
    model = nn.Linear(4, 3)
    model.register_forward_hook(lambda module, args, out: out[:, :1])
    assert model.summary((2, 4)).rows[0].outputs == [(2, 1)]
    assert model(np.ones((2, 4))).shape == (2, 1)
