"""Pooling layers are the functions with their settings, in PyTorch's order and with its names."""

import importlib.util
import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

NEEDS_TORCH = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is the reference here"
)
RANKS = (1, 2, 3)
images = {
    rank: np.random.default_rng(rank).normal(size=(2, 3, *[7, 6, 5][:rank])) for rank in RANKS
}
KINDS = {
    "MaxPool": "max_pool",
    "MinPool": "min_pool",
    "MedianPool": "median_pool",
    "SumPool": "sum_pool",
    "AvgPool": "avg_pool",
    "LPPool": "lp_pool",
    "MaxUnpool": "max_unpool",
    "AdaptiveMaxPool": "adaptive_max_pool",
    "AdaptiveAvgPool": "adaptive_avg_pool",
}
# Arguments by position, as PyTorch takes them; False where it has no such layer.
LAYERS = [
    ("MaxPool", (2,), True),
    ("MaxPool", (3, 2, 1), True),
    ("MaxPool", (3, 1, 1, 2, False, True), True),
    ("MaxPool", (2, None, 0, 1, True), True),
    ("MinPool", (3, 2, 1, 1, True, True), False),
    ("MedianPool", (3, 2, 1, 1, True), False),
    ("SumPool", (3, 2, 1, 2, True), False),
    ("AvgPool", (2,), True),
    ("AvgPool", (3, 2, 1, True, False), True),
    ("LPPool", (2, 3), True),
    ("LPPool", (2, 3, 2, True), True),
    ("AdaptiveMaxPool", (3,), True),
    ("AdaptiveMaxPool", (2, True), True),
    ("AdaptiveAvgPool", (4,), True),
]


def arrays(result):
    return [np.asarray(part) for part in (result if isinstance(result, tuple) else (result,))]


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize(("kind", "settings", "_"), LAYERS)
def test_a_layer_is_the_function(kind, settings, _, rank):
    layer = getattr(nn, f"{kind}{rank}d")(*settings)
    function = getattr(mg, f"{KINDS[kind]}{rank}d")
    names = list(inspect.signature(type(layer)).parameters)
    expected = function(images[rank], **dict(zip(names, settings, strict=False)))
    for one, other in zip(arrays(layer(images[rank])), arrays(expected), strict=True):
        np.testing.assert_array_equal(one, other)


@NEEDS_TORCH
@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize(
    ("kind", "settings"), [(kind, settings) for kind, settings, theirs in LAYERS if theirs]
)
def test_a_layer_is_pytorchs(kind, settings, rank):
    import torch

    name, x = f"{kind}{rank}d", images[rank]
    if kind == "LPPool":
        x = abs(x)
    ours, theirs = getattr(nn, name)(*settings), getattr(torch.nn, name)(*settings)
    found, expected = ours(x), theirs(torch.tensor(x))
    for one, other in zip(arrays(found), arrays(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    if name != "AvgPool1d":  # where PyTorch alone shows tuples
        assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("rank", RANKS)
def test_unpooling_undoes_pooling(rank):
    pool = getattr(nn, f"MaxPool{rank}d")(2, return_indices=True)
    unpool = getattr(nn, f"MaxUnpool{rank}d")(2)
    pooled, indices = pool(mg.tensor(images[rank], requires_grad=True))
    back = unpool(pooled, indices, output_size=images[rank].shape)
    assert back.requires_grad
    assert back.shape == images[rank].shape
    assert set(np.unique(back.detach().numpy())) == {0, *pooled.detach().numpy().ravel()}
    assert repr(unpool) == (
        f"MaxUnpool{rank}d(kernel_size={(2,) * rank}, stride={(2,) * rank}, padding={(0,) * rank})"
    )


@pytest.mark.parametrize("kind", ["MaxPool", "MinPool", "MedianPool", "SumPool", "AvgPool"])
def test_exact_layers_refuse_what_is_left_over(kind):
    layer = getattr(nn, f"{kind}2d")(2, exact=True)
    with pytest.raises(ValueError, match=r"leave 1 row and 0 columns over"):
        layer(images[2])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.AvgPool1d((2, 2)), TypeError, "AvgPool1d: kernel_size is an integer"),
        (lambda: nn.LPPool2d(2, 0), ValueError, "LPPool2d: kernel_size must be at least 1"),
        (lambda: nn.SumPool3d(2, padding=-1), ValueError, "SumPool3d: padding must be at least 0"),
        (lambda: nn.MaxUnpool2d(2, stride=0), ValueError, "MaxUnpool2d: stride must be at least"),
        (lambda: nn.MedianPool2d(2, dilation=0), ValueError, "MedianPool2d: dilation must be"),
    ],
)
def test_settings_are_checked_when_a_layer_is_made(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("kind", KINDS.values())
def test_the_functions_are_found_under_pytorchs_names(kind, rank):
    name = f"{kind}{rank}d"
    assert getattr(F, name) is getattr(mg, name)
