import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F


@pytest.mark.parametrize("width", [1, 15, 16, 40])
@pytest.mark.parametrize("count", [1, 3, 500])
@pytest.mark.parametrize("drawn", ["even", "skewed", "negative"])
def test_gradients_of_rows_add_up(width, count, drawn):
    rng = np.random.default_rng(0)
    places = rng.integers(0, count, (30, 20))
    if drawn == "skewed":
        places = np.minimum(rng.zipf(1.5, (30, 20)), count) - 1
    if drawn == "negative":
        places[::2] -= count
    g = rng.normal(size=(30, 20, width))
    x = mg.tensor(rng.normal(size=(count, width)), requires_grad=True)
    expected = np.zeros((count, width))
    np.add.at(expected, places, g)
    (found,) = mg.grad(x[places], x, g)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_rows_of_more_axes_and_values_that_broadcast():
    places = np.array([[0, 2], [2, 2]])
    for value in (np.ones((2, 2, 4, 5)), np.ones(5), np.ones((4, 1)), 1.0):
        expected = np.zeros((3, 4, 5))
        np.add.at(expected, places, value)
        np.testing.assert_array_equal(mg.scatter(value, places, (3, 4, 5)), expected)


def test_numbers_of_small_types_and_out_of_range():
    few = np.array([-1, 0, -1], np.int8)
    found = mg.scatter(np.ones((3, 20)), few, (500, 20))
    np.testing.assert_array_equal(found[:, 0].nonzero()[0], [0, 499])
    assert (found[499] == 2).all()
    for number in (3, -4):
        with pytest.raises(IndexError, match="out of bounds"):
            mg.scatter(np.ones((1, 20)), np.array([number]), (3, 20))


def test_the_row_for_padding_is_0_and_is_not_trained():
    layer = nn.Embedding(5, 3, padding_idx=-1, rng=0)
    assert layer.padding_idx == 4
    assert (layer.weight[4].detach() == 0).all()
    layer(np.array([[4, 1], [4, 4]])).sum().backward()
    np.testing.assert_array_equal(layer.weight.grad[:, 0], [0, 1, 0, 0, 0])


def test_the_caller_may_fill_the_indices_anew():
    layer, indices = nn.Embedding(4, 2, padding_idx=3), np.array([0, 1, 3])
    out = layer(indices)
    indices[:] = 2
    out.sum().backward()
    np.testing.assert_array_equal(layer.weight.grad[:, 0], [1, 1, 0, 0])


@pytest.mark.parametrize("order", [1, 2])
def test_gradients_of_modules(order):
    indices = np.array([[0, 2, 2], [1, 0, 1]])
    weight = np.random.default_rng(0).normal(size=(3, 2))
    for mode in ("sum", "mean", "max"):
        mg.testing.assert_gradients(
            lambda w, mode=mode: F.embedding_bag(indices, w, mode=mode) ** 2, weight, order=order
        )
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=s) for s in ((3, 2), (3, 2), (2, 2, 2), (2,))]
    mg.testing.assert_gradients(F.bilinear, *arrays, order=order)


def test_seeds_and_dtypes():
    for kind in (nn.Embedding, nn.EmbeddingBag):
        one, other = kind(4, 3, rng=5), kind(4, 3, rng=5)
        np.testing.assert_array_equal(one.weight.detach(), other.weight.detach())
        assert one(np.array([[1, 2]])).dtype == np.float32
        assert kind(4, 3, dtype=float)(np.array([[1, 2]])).dtype == np.float64
    assert nn.Bilinear(2, 3, 4)(np.ones((5, 2)), np.ones((5, 3))).dtype == np.float32


def test_a_table_that_is_given_is_copied_and_frozen():
    table = np.ones((3, 2))
    layer = nn.Embedding.from_pretrained(table)
    table[:] = 5
    assert (layer.weight.detach() == 1).all()
    assert not layer.weight.requires_grad
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Embedding(3, 2)([0.0]), TypeError, "embedding: the indices are float64"),
        (lambda: nn.Embedding(3, 2)([3]), IndexError, "from 3 to 3, but there are 3 rows"),
        (lambda: nn.Embedding(3, 2)([-1]), IndexError, "from -1 to -1"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), IndexError, "Embedding: padding_idx=3"),
        (lambda: nn.Embedding(0, 2), ValueError, "Embedding: num_embeddings must be at least 1"),
        (lambda: nn.Embedding.from_pretrained([1.0]), ValueError, r"shape \(1,\)"),
        (lambda: mg.embedding(np.ones((2, 2)), [1, 0]), ValueError, "the indices come first"),
        (lambda: F.one_hot([0, 3], 3), IndexError, "one_hot: .* from 0 to 3"),
        (lambda: F.one_hot([]), ValueError, "one_hot: without indices"),
        (lambda: F.one_hot([0.5]), TypeError, "one_hot: the indices are float64"),
        (lambda: nn.EmbeddingBag(3, 2)([0, 1]), ValueError, r"shape \(2,\), expected \(B, n\)"),
        (lambda: nn.EmbeddingBag(3, 2)([[0, 1]], [0]), ValueError, "must be no offsets"),
        (lambda: nn.EmbeddingBag(3, 2)([0, 1], [1]), ValueError, "offsets must start with 0"),
        (lambda: nn.EmbeddingBag(3, 2)([0, 1], [0, 3]), ValueError, "end within the 2 indices"),
        (lambda: nn.EmbeddingBag(3, 2)([0, 1], [0.0]), TypeError, "offsets are float64"),
        (lambda: nn.EmbeddingBag(3, 2, mode="min")([[0]]), ValueError, "mode must be"),
        (lambda: nn.EmbeddingBag(3, 2)([[0]], None, [[1.0]]), ValueError, "for mode='sum'"),
        (lambda: nn.Bilinear(2, 3, 4)(np.ones(2), np.ones(2)), ValueError, r"\(2,\) and \(2,\)"),
    ],
)
def test_mistakes(call, error, message):
    with pytest.raises(error, match=message):
        call()
