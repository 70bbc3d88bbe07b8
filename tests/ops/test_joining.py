"""Blocks, places of insertion and other calls that samples do not make."""

import numpy as np
import pytest

import minigrad as mg

ROWS = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: np.block([[x, x], [2 * x, x * x]]),
        lambda x: np.block([[x[:, :1], x], [np.ones((1, 4))]]),
        lambda x: np.block([x[0], 1.0, x[1]]),
        lambda x: np.block([[[x]], [[x]]]),
        lambda x: np.block(x),
        lambda x: np.insert(x, slice(0, 2), x[:, :1], axis=1),
        lambda x: np.insert(x, [2, 0, 2], x[:, :3], axis=1),
        lambda x: np.insert(x, 1, x[0], axis=0),
        lambda x: np.insert(x, 1, x.T, axis=1),
        lambda x: np.delete(x, slice(None, None, 2)),
        lambda x: np.delete(x, [], axis=0),
        lambda x: np.append(x, x[0]),
        lambda x: np.stack([x[0], x[1], np.ones(3)], axis=-1),
        lambda x: np.meshgrid(x[0], x[1], [1.0, 2.0], indexing="ij")[1],
        lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 2)),
        lambda x: np.lib.stride_tricks.sliding_window_view(x, 3, -1),
        lambda x: np.pad(x, {-1: 2, 0: (0, 1)} if isinstance(x, mg.Tensor) else ((0, 1), (2, 2))),
        lambda x: np.tile(x, []),
        lambda x: np.moveaxis(x, [], []),
    ],
)
def test_a_call_of_numpy(compute):
    result = compute(mg.tensor(ROWS, requires_grad=True))
    assert result.requires_grad
    np.testing.assert_array_equal(result.numpy(), compute(ROWS))
    assert mg.gradcheck(compute, ROWS, order=2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: mg.block([[t], t]), ValueError, r"^block: .* different depths, \[0, 1\]"),
        (lambda t: mg.block([]), ValueError, "^block: a list is empty"),
        (lambda t: mg.block([(t, t)]), TypeError, "^block: .* got a tuple"),
        (lambda t: mg.stack([t, t[0]]), ValueError, "^stack: .*must have the same shape"),
        (
            lambda t: mg.split(t, 2, 1),
            ValueError,
            "^split: 2 equal .* length 3 .*array_split",
        ),
        (lambda t: mg.array_split(t, 0), ValueError, "^array_split: .* at least 1, got 0"),
        (lambda t: mg.dsplit(t, 1), ValueError, r"^dsplit: x has shape \(2, 3\), .* 3 axes"),
        (lambda t: mg.delete(t, 2, 0), IndexError, "^delete: index 2 is out of bounds"),
        (lambda t: mg.insert(t, 1, 0.0, 2), IndexError, "^insert: axis 2 is out of bounds"),
        (lambda t: mg.diag(t[None]), ValueError, r"^diag: x has shape \(1, 2, 3\)"),
        (lambda t: mg.tril(t[0, 0]), ValueError, "^tril: x has no axes"),
        (lambda t: mg.vander(t), ValueError, r"^vander: x has shape \(2, 3\)"),
        (lambda t: mg.repeat(t, [1, 2], 1), ValueError, r"^repeat: .*\(2,\), expected .*\(3,\)"),
        (lambda t: mg.repeat(t, -1), ValueError, "^repeat: repeats must be at least 0"),
        (lambda t: mg.tile(t, (1, -1)), ValueError, "^tile: reps must be at least 0"),
        (lambda t: mg.resize(t, (1, -1)), ValueError, "^resize: .* at least 0"),
        (lambda t: mg.flatten(t, 1, 0), IndexError, r"^flatten: .*\(2, 3\).* from 1 to 0"),
        (lambda t: mg.rollaxis(t, 0, 5), ValueError, "^rollaxis: start is 5, must be from -2 to 2"),
        (lambda t: mg.meshgrid(t[0], indexing="yx"), ValueError, "^meshgrid: indexing must be"),
        (lambda t: mg.trim_zeros(t, "x"), ValueError, "^trim_zeros: trim must be"),
        (lambda t: mg.pad(t, 1, "mean"), ValueError, "^pad: mode 'mean' has no gradient here"),
        (
            lambda t: mg.pad(t, 1, "reflect", reflect_type="odd"),
            ValueError,
            "^pad: reflect_type 'odd' has no gradient here",
        ),
        (lambda t: mg.pad(t, 1, constant_values=t[0, 0]), TypeError, "^pad: 'constant_values' is"),
    ],
)
def test_a_mistake_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(mg.tensor(ROWS, requires_grad=True))


def test_constants_beside_a_tensor_are_untracked_tensors():
    x = mg.tensor(ROWS, requires_grad=True)
    for function in (mg.broadcast_arrays, mg.atleast_2d):
        tracked, constant = function(x, np.zeros(3))
        assert tracked.requires_grad
        assert isinstance(constant, mg.Tensor)
        assert not constant.requires_grad


def test_arrays_stay_arrays():
    assert all(type(part) is np.ndarray for part in mg.meshgrid(ROWS[0], ROWS[1]))
    assert all(part.flags.writeable for part in mg.meshgrid(ROWS[0], ROWS[1]))
    assert all(type(part) is np.ndarray for part in mg.split(ROWS, 3, 1))


def test_parts_that_are_not_used_get_no_gradient():
    x = mg.tensor(ROWS, requires_grad=True)
    mg.split(x, 3, axis=1)[1].sum().backward()
    assert x.grad.tolist() == [[0, 1, 0], [0, 1, 0]]


@pytest.mark.parametrize("trim", ["f", "b", "fb"])
def test_zeros_are_trimmed_as_numpy_does(trim):
    for values in ([0, 0, 1, 0, 2, 0], [0, 0], [], [1, 2], [0, np.nan, 0]):
        array = np.array(values, dtype=float)
        np.testing.assert_array_equal(mg.trim_zeros(array, trim), np.trim_zeros(array, trim))


def test_zeros_are_trimmed_along_the_axes():
    image = np.pad(ROWS + 1, ((1, 2), (0, 3)))
    x = mg.tensor(image, requires_grad=True)
    trimmed = mg.trim_zeros(x)
    np.testing.assert_array_equal(trimmed.numpy(), ROWS + 1)
    np.testing.assert_array_equal(mg.trim_zeros(x, "b", axis=1).numpy(), image[:, :3])
    trimmed.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), image != 0)


def test_a_sample_of_windows_does_not_take_a_step_for_each_element():
    """Windows of half a long signal would be millions of single additions."""
    x = mg.tensor(np.ones(4000), requires_grad=True)
    mg.sliding_window_view(x, 2000).sum().backward()
    counts = np.minimum(np.arange(1, 4001), np.arange(1, 4001)[::-1])
    np.testing.assert_array_equal(x.grad.numpy(), np.minimum(counts, 2000))
