"""Samples of elementary functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Samples, positive, real, unary

SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.exp: Samples(unary(real), np.exp),
    ops.log: Samples(unary(positive), np.log),
    ops.sqrt: Samples(unary(positive), np.sqrt),
    ops.tanh: Samples(unary(real), np.tanh),
}
