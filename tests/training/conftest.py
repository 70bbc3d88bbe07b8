"""Something small to train, which is the same each time."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def squared(prediction, y):
    return ((prediction - y) ** 2).mean()


@pytest.fixture
def parabola():
    """24 points on a parabola."""
    x = np.linspace(-1, 1, 24, dtype=np.float32)[:, None]
    return x, x**2


@pytest.fixture
def setting(parabola):
    """Return a model, an optimiser, a loss and batches: what fit takes first."""

    def make(batch_size=8, lr=0.01, shuffle=True):
        model = nn.Sequential(nn.Linear(1, 8, rng=0), nn.ReLU(), nn.Linear(8, 1, rng=1))
        batches = mg.data.batches(*parabola, batch_size=batch_size, shuffle=shuffle, rng=2)
        return model, mg.optim.Adam(model.parameters(), lr=lr), squared, batches

    return make
