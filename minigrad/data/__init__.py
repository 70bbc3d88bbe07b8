"""Data to learn from, and minibatches of it."""

from ._batches import batches as batches
from ._digits import digits as digits
