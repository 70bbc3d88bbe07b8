import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

rng = np.random.default_rng(0)
images = rng.standard_normal((2, 8, 4, 6)).astype(np.float32)

# As written here and in PyTorch, and the shape that the images get.
LAYERS = [
    ("Upsample(scale_factor=2.0, mode='nearest')", (2, 8, 8, 12)),
    ("Upsample(size=(5, 7), mode='bicubic')", (2, 8, 5, 7)),
    ("PixelShuffle(upscale_factor=2)", (2, 2, 8, 12)),
    ("PixelUnshuffle(downscale_factor=2)", (2, 32, 2, 3)),
    ("ConstantPad2d(padding=(1, 2, 3, -1), value=5)", (2, 8, 6, 9)),
    ("ZeroPad2d((1, 2, 3, 4))", (2, 8, 11, 9)),
    ("ReflectionPad2d((1, 5, 3, 0))", (2, 8, 7, 12)),
    ("ReplicationPad2d((1, 9, 3, 0))", (2, 8, 7, 16)),
    ("CircularPad2d((6, 2, 3, 0))", (2, 8, 7, 14)),
    ("ZeroPad1d((1, 2))", (2, 8, 4, 9)),
    ("ZeroPad3d((1, 2, 0, 0, 3, 0))", (2, 11, 4, 9)),
    ("ConstantPad1d(padding=(1, 2), value=0.5)", (2, 8, 4, 9)),
    ("ConstantPad3d(padding=(0, 0, 0, 0, 1, 0), value=0.5)", (2, 9, 4, 6)),
    ("ReflectionPad3d((1, 2, 3, 3, 1, 0))", (2, 9, 10, 9)),
    ("ReplicationPad3d((1, 2, 3, 3, 1, 0))", (2, 9, 10, 9)),
    ("CircularPad3d((1, 2, 3, 3, 1, 0))", (2, 9, 10, 9)),
]
# In PyTorch these take images of one axis only.
FURTHER = [
    ("ReflectionPad1d((1, 2))", (8, 4, 9)),
    ("ReplicationPad1d((1, 2))", (8, 4, 9)),
    ("CircularPad1d((1, 2))", (8, 4, 9)),
]
OTHERS = [
    (nn.UpsamplingNearest2d(scale_factor=2), (2, 8, 8, 12), "scale_factor=2.0, mode='nearest'"),
    (nn.UpsamplingBilinear2d(5), (2, 8, 5, 5), "size=5, mode='bilinear'"),
    (nn.ChannelShuffle(4), images.shape, "groups=4"),
]


def made(text, module=nn):
    return eval(text, vars(module))


@pytest.mark.parametrize(("text", "shape"), LAYERS + FURTHER)
def test_a_layer_is_a_function_without_parameters(text, shape):
    layer, x = made(text), images[0] if (text, shape) in FURTHER else images
    assert repr(layer) == text
    assert not list(layer.parameters())
    assert not layer.state_dict()
    out = layer(x)
    assert isinstance(out, np.ndarray)
    assert out.shape == shape
    assert out.dtype == np.float32
    t = mg.tensor(x, requires_grad=True)
    layer(t).sum().backward()
    assert t.grad.dtype == np.float32
    assert layer(x[:0]).shape == (0, *shape[1:])


@pytest.mark.parametrize(("layer", "shape", "shown"), OTHERS)
def test_a_layer_whose_repr_is_not_its_call(layer, shape, shown):
    assert repr(layer) == f"{type(layer).__name__}({shown})"
    assert layer(images).shape == shape


@pytest.mark.parametrize(("text", "shape"), LAYERS + FURTHER)
def test_a_layer_is_that_of_pytorch(text, shape):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    layer, theirs = made(text), made(text, torch.nn)
    x = (images[0] if (text, shape) in FURTHER else images).astype(np.float64)
    assert repr(layer) == repr(theirs)
    t, u = mg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, expected = layer(t), theirs(u)
    np.testing.assert_allclose(y.detach().numpy(), expected.detach().numpy(), rtol=1e-12)
    g = rng.standard_normal(y.shape)
    (gradient,), (slope,) = mg.grad(y, t, g), torch.autograd.grad(expected, u, torch.tensor(g))
    np.testing.assert_allclose(gradient.numpy(), slope.numpy(), rtol=1e-10, atol=1e-12)


def test_other_layers_are_those_of_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    x = torch.tensor(images)
    for layer, theirs in [
        (OTHERS[0][0], torch.nn.UpsamplingNearest2d(scale_factor=2)),
        (OTHERS[1][0], torch.nn.UpsamplingBilinear2d(5)),
        (OTHERS[2][0], torch.nn.ChannelShuffle(4)),
    ]:
        assert repr(layer) == repr(theirs)
        np.testing.assert_allclose(layer(images), theirs(x).numpy(), rtol=1e-4, atol=1e-6)


def test_padding_starts_with_the_last_axis():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert F.pad(x, (1, 0)).tolist() == [[0, 1, 2], [0, 3, 4]]
    assert F.pad(x, (0, 0, 1, 0)).tolist() == [[0, 0], [1, 2], [3, 4]]
    assert F.pad(x, (-1, 1), value=9).tolist() == [[2, 9], [4, 9]]
    assert F.pad(x, (0, 1, 1, 0), "replicate").tolist() == [[1, 2, 2], [1, 2, 2], [3, 4, 4]]
    assert F.pad(x, (0, 1), "reflect").tolist() == [[1, 2, 1], [3, 4, 3]]
    assert F.pad(x, (2, 0), "circular").tolist() == [[1, 2, 1, 2], [3, 4, 3, 4]]
    assert F.pad(x, ()).tolist() == x.tolist()


def test_the_batch_stays_innermost_in_memory():
    x = np.moveaxis(rng.standard_normal((3, 4, 5, 7)), -1, 0)
    for mode in ("constant", "reflect", "replicate", "circular"):
        assert np.moveaxis(F.pad(x, (1, 1, 1, 1), mode), 0, -1).flags.c_contiguous


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Upsample(), ValueError, "^Upsample: give one of size and scale_factor"),
        (lambda: nn.Upsample(2, 2), ValueError, "got size=2 and scale_factor=2"),
        (lambda: nn.Upsample(2, mode="near"), ValueError, "^Upsample: mode must be 'nearest'"),
        (lambda: nn.Upsample(2, align_corners=True), ValueError, "^Upsample: align_corners=True"),
        (lambda: nn.UpsamplingNearest2d(), ValueError, "^UpsamplingNearest2d: give one"),
        (lambda: nn.PixelShuffle(0), ValueError, "^PixelShuffle: upscale_factor must be at least"),
        (lambda: nn.PixelUnshuffle(1.5), TypeError, "^PixelUnshuffle: downscale_factor must be an"),
        (lambda: nn.ChannelShuffle(-1), ValueError, "^ChannelShuffle: groups must be at least 1"),
        (lambda: nn.ZeroPad2d((1, 2)), ValueError, "^ZeroPad2d: padding is an integer or 4 of"),
        (lambda: nn.ZeroPad2d(1.5), TypeError, "^ZeroPad2d: padding must be integers, got 1.5"),
        (lambda: nn.CircularPad1d(-1), ValueError, "^CircularPad1d: padding must be at least 0"),
        (lambda: F.pad(images, (1,)), ValueError, "^pad: pad has 1 numbers"),
        (lambda: F.pad(images, (1,) * 10), ValueError, r"^pad: pad has 10 numbers.*\(2, 8, 4, 6\)"),
        (
            lambda: F.pad(images, (1, 1), "edge"),
            ValueError,
            "or 'circular', got 'edge'",
        ),
        (lambda: F.pad(images, (6, 0), "reflect"), ValueError, r"adds \(6, 0\) to axis 3.*0 to 5"),
        (lambda: F.pad(images, (7, 0), "circular"), ValueError, "must be from 0 to 6"),
        (lambda: F.pad(images, (-1, 0), "replicate"), ValueError, "must be from 0"),
        (lambda: F.pad(images, (1, 0), "reflect", 3), ValueError, "value=3 has no meaning in mode"),
        (lambda: F.pad(images, (-4, -3)), ValueError, "cuts off more than there is"),
    ],
)
def test_a_wrong_setting(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_functional_pad_takes_pairs():
    with pytest.raises(TypeError, match=r"^pad: pad is \(before, behind\) .*got 1$"):
        nn.functional.pad(np.zeros((1, 1, 2, 2)), 1)
