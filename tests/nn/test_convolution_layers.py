"""Layers of convolutions in one, two and three dimensions, and their transposes."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

rng = np.random.default_rng(0)
LENGTHS = (9, 8, 7)


def images(rank, channels=4):
    return rng.standard_normal((2, channels, *LENGTHS[:rank]))


CONVOLUTIONS = [
    {},
    {"stride": 2, "padding": 1},
    {"padding": "same", "dilation": 2},
    {"padding": "valid", "groups": 2},
    {"groups": 4, "bias": False},
    {"padding": 2, "padding_mode": "reflect"},
    {"padding": 1, "padding_mode": "replicate", "stride": 2},
    {"padding": "same", "padding_mode": "circular"},
]
TRANSPOSES = [
    {},
    {"stride": 2, "padding": 1, "output_padding": 1},
    {"stride": 3, "groups": 2, "bias": False},
    {"dilation": 2, "output_padding": 1},
]


@pytest.mark.parametrize("settings", CONVOLUTIONS, ids=str)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_as_in_pytorch(rank, settings):
    compare(f"Conv{rank}d", rank, settings)


@pytest.mark.parametrize("settings", TRANSPOSES, ids=str)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_transposed_as_in_pytorch(rank, settings):
    compare(f"ConvTranspose{rank}d", rank, settings)


def compare(name, rank, settings):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    ours = getattr(nn, name)(4, 8, 3, **settings, dtype=np.float64)
    theirs = getattr(torch.nn, name)(4, 8, 3, **settings, dtype=torch.float64)
    assert repr(ours) == repr(theirs)
    ours.load_state_dict(theirs.state_dict())
    x = mg.tensor(images(rank), requires_grad=True)
    torch_x = torch.tensor(x.numpy(), requires_grad=True)
    y, torch_y = ours(x), theirs(torch_x)
    np.testing.assert_allclose(y.detach().numpy(), torch_y.detach().numpy(), rtol=1e-9, atol=1e-12)
    g = rng.standard_normal(y.shape)
    y.backward(g)
    torch_y.backward(torch.tensor(g))
    for part, expected in zip(
        [x, *ours.parameters()], [torch_x, *theirs.parameters()], strict=True
    ):
        np.testing.assert_allclose(part.grad.numpy(), expected.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": 1}, {"dilation": (2, 1)}])
def test_unfold_and_fold_as_in_pytorch(settings):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    x = images(2)
    columns = nn.Unfold(3, **settings)(x)
    theirs = torch.nn.Unfold(3, **settings)
    np.testing.assert_array_equal(columns, theirs(torch.tensor(x)).numpy())
    assert repr(nn.Unfold(3, **settings)) == repr(theirs)
    folded = nn.Fold((9, 8), 3, **settings)
    theirs = torch.nn.Fold((9, 8), 3, **settings)
    np.testing.assert_allclose(folded(columns), theirs(torch.tensor(columns)).numpy())
    assert repr(folded) == repr(theirs)


def test_padding_of_each_side():
    layer = nn.Conv2d(4, 2, 3, padding=((1, 0), (0, 2)))
    assert layer(images(2)).shape == (2, 2, 8, 8)
    assert "padding=((1, 0), (0, 2))" in repr(layer)


def test_the_output_size_of_a_transpose():
    down = nn.Conv2d(4, 6, 3, stride=2, padding=1)
    up = nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1)
    for shape in [(2, 4, 9, 8), (2, 4, 10, 7)]:
        x = np.zeros(shape)
        assert up(down(x), output_size=shape).shape == shape
    with pytest.raises(ValueError, match=r"output_size \(12, 8\) must be between \(9, 7\) and"):
        up(down(np.zeros((2, 4, 9, 8))), output_size=(12, 8))
    with pytest.raises(ValueError, match=r"^ConvTranspose2d: output_size \(9,\) must be"):
        up(down(np.zeros((2, 4, 9, 8))), output_size=(9,))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Conv1d(4, 6, 3, groups=3), ValueError, "in_channels=4 cannot be divided"),
        (lambda: nn.Conv3d(4, 6, 3, groups=4), ValueError, "out_channels=6 cannot be divided"),
        (lambda: nn.Conv2d(4, 6, 3, padding_mode="mirror"), ValueError, "one of zeros, reflect"),
        (lambda: nn.Conv2d(4, 6, 3, padding="full"), ValueError, "'same', 'valid' or an integer"),
        (lambda: nn.Conv2d(4, 6, 3, 2, padding="same"), ValueError, "for stride 1, got stride"),
        (lambda: nn.Conv3d(4, 6, (3, 3)), TypeError, "Conv3d: kernel_size is an integer or 3 of"),
        (lambda: nn.Conv1d(4, 6, 3, padding=-1), ValueError, "padding must be at least 0, got -1"),
        (lambda: nn.Conv1d(4, 6, 3)(images(2)), ValueError, r"expected \(N, C, L\)"),
        (lambda: nn.Conv3d(4, 6, 3)(images(2)), ValueError, r"\(N, C, D, H, W\); .* x\[None\]"),
        (lambda: nn.ConvTranspose2d(4, 6, 3)(images(1)), ValueError, r"\(N, F, H, W\); .*x\[None"),
        (
            lambda: nn.ConvTranspose2d(4, 6, 3, stride=2, output_padding=2)(images(2)),
            ValueError,
            "output_padding .* must be less than the stride",
        ),
    ],
)
def test_bad_settings_and_inputs(make, error, message):
    with pytest.raises(error, match=message):
        make()
