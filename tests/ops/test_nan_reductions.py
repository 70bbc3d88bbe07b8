"""Reductions that leave out nan, where there is nan: the samples have none."""

import numpy as np
import pytest

import minigrad as mg

CALLS = [
    (mg.nansum, {}),
    (mg.nanprod, {}),
    (mg.nanmean, {}),
    (mg.nanmax, {}),
    (mg.nanmin, {}),
    (mg.nanvar, {"ddof": 1}),
    (mg.nanstd, {"correction": 0.5}),
    (mg.nanmedian, {}),
    (mg.nanquantile, {"q": [0.2, 0.7]}),
    (mg.nanpercentile, {"q": 35, "method": "hazen"}),
    (mg.nancumsum, {}),
    (mg.nancumprod, {}),
]
NAN = np.array([[False, True, False, False], [True, False, True, False], [False] * 4])
VALUES = np.random.default_rng(0).permutation(12).reshape(3, 4) * 0.3 - 1.75

calls = pytest.mark.parametrize(("op", "settings"), CALLS, ids=lambda value: str(value)[:20])


@calls
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_values_are_those_of_numpy(op, settings, axis):
    x = np.where(NAN, np.nan, VALUES)
    numpy_function = getattr(np, op.__name__)
    actual = op(mg.tensor(x), axis=axis, **settings)
    np.testing.assert_allclose(actual.numpy(), numpy_function(x, axis=axis, **settings))


@calls
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_derivatives_are_those_of_the_numbers(op, settings, axis):
    def of_numbers(x):
        return op(mg.where(NAN, np.nan, x), axis=axis, **settings)

    assert mg.gradcheck(of_numbers, VALUES, order=2)


@calls
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_nan_gets_no_gradient(op, settings, axis):
    x = mg.tensor(np.where(NAN, np.nan, VALUES), requires_grad=True)
    op(x, axis=axis, **settings).sum().backward()
    assert np.all(x.grad.numpy()[NAN] == 0)
    assert np.all(np.isfinite(x.grad.numpy()))


@pytest.mark.parametrize("op", [op for op, _ in CALLS if op not in (mg.nansum, mg.nanprod)][:-2])
def test_nothing_but_nan_warns_and_gives_nan_without_gradient(op):
    settings = {"q": 0.5} if "q" in op.__name__[3:] or "percentile" in op.__name__ else {}
    x = mg.tensor([[np.nan, np.nan], [1.0, 2.0]], requires_grad=True)
    with pytest.warns(RuntimeWarning) as found:
        out = op(x, axis=1, **settings)
    assert len(found) == 1
    assert np.isnan(out.numpy()).tolist() == [True, False]
    out.sum().backward()
    assert x.grad.numpy()[0].tolist() == [0, 0]
    assert np.all(np.isfinite(x.grad.numpy()))
