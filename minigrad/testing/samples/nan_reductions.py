"""Samples of reductions that leave out nan, on numbers: differences at nan measure nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .calls import Samples, real, reduction, separated
from .cumulative import along_one
from .quantiles import quantiles
from .reductions import with_zeros
from .statistics import variances

SAMPLES: dict[Callable[..., Any], Samples] = {
    ops.nansum: Samples(reduction(real, side=0), np.nansum),
    ops.nanprod: Samples(reduction(with_zeros, side=0), np.nanprod),
    ops.nancumsum: Samples(along_one(real), np.nancumsum),
    ops.nancumprod: Samples(along_one(with_zeros), np.nancumprod),
    ops.nanmean: Samples(reduction(real), np.nanmean),
    ops.nanmax: Samples(reduction(separated()), np.nanmax),
    ops.nanmin: Samples(reduction(separated()), np.nanmin),
    ops.nanargmax: Samples(reduction(separated(), tuples=False), np.nanargmax),
    ops.nanargmin: Samples(reduction(separated(), tuples=False), np.nanargmin),
    ops.nanvar: Samples(variances(real), np.nanvar),
    ops.nanstd: Samples(variances(separated()), np.nanstd),
    # Not np.nanquantile, which with axis=() and a matrix q returns another shape than np.quantile.
    ops.nanquantile: Samples(quantiles(separated()), np.quantile),
    ops.nanpercentile: Samples(quantiles(separated(), scale=100.0), np.percentile),
    ops.nanmedian: Samples(reduction(separated(), least=1), np.nanmedian),
}
