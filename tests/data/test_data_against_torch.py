import numpy as np
import pytest

from minigrad.data import BatchSampler, DataLoader, TensorDataset, default_collate, random_split

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
reference = torch.utils.data


@pytest.mark.parametrize("seed", range(20))
def test_fractions_are_rounded_alike(seed):
    rng = np.random.default_rng(seed)
    total, parts = rng.integers(50, 200), rng.integers(1, 6)
    counts = rng.integers(10, 20, parts)
    fractions = (counts / counts.sum()).tolist()
    fractions[-1] = 1 - sum(fractions[:-1])
    expected = [len(part) for part in reference.random_split(range(total), fractions)]
    assert [len(part) for part in random_split(range(total), fractions)] == expected


@pytest.mark.parametrize("length", [0, 5, 6])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batches_are_alike(length, drop_last):
    ours, theirs = (
        BatchSampler(range(length), 3, drop_last),
        reference.BatchSampler(range(length), 3, drop_last),
    )
    assert list(ours) == list(theirs)
    assert len(ours) == len(theirs)


@pytest.mark.parametrize(
    "items",
    [
        [1, 2],
        [1.5, 2.5],
        [True, False],
        [np.float32(1), np.float32(2)],
        [np.ones((2, 3), np.uint8)] * 3,
    ],
)
def test_items_are_stacked_alike(items):
    np.testing.assert_array_equal(
        default_collate(items), reference.default_collate(items).numpy(), strict=True
    )


@pytest.mark.parametrize("settings", [{}, {"batch_size": 4}, {"batch_size": 4, "drop_last": True}])
def test_loaders_go_alike(settings):
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    ours = DataLoader(TensorDataset(x, y), **settings)
    tensors = reference.TensorDataset(torch.tensor(x), torch.tensor(y))
    theirs = reference.DataLoader(tensors, **settings)
    assert len(ours) == len(theirs)
    for batch, expected in zip(ours, theirs, strict=True):
        for part, wanted in zip(batch, expected, strict=True):
            np.testing.assert_array_equal(part, wanted.numpy(), strict=True)
