"""Tensors where other libraries want arrays, and copies of tensors."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg


def leaf(*values):
    return mg.tensor(values, dtype=float, requires_grad=True)


def test_an_untracked_tensor_becomes_an_array_without_a_copy():
    t = mg.tensor([1.0, 2.0])
    array = np.asarray(t)
    assert np.shares_memory(array, t.numpy())
    assert not array.flags.writeable
    assert np.array(t).flags.writeable


def test_numpy_borrows_memory_by_dlpack():
    t = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    borrowed = np.from_dlpack(t)
    assert np.shares_memory(borrowed, t.numpy())
    np.testing.assert_array_equal(borrowed, t.numpy())


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "u1", "?"])
def test_memory_is_borrowed_by_dlpack(dtype):
    array = np.array([1, 0, 1], dtype)
    t = mg.from_dlpack(array)
    assert isinstance(t, mg.Tensor)
    assert np.shares_memory(t.numpy(), array)
    assert t.dtype == array.dtype
    assert not t.requires_grad


def test_a_tracked_tensor_lends_no_memory():
    with pytest.raises(BufferError, match=r"tracked tensor would lose its history.*t\.detach\(\)"):
        np.from_dlpack(leaf(1))


def test_what_cannot_lend_is_named():
    with pytest.raises(TypeError, match=r"^from_dlpack: a list cannot lend .*mg\.tensor"):
        mg.from_dlpack([1.0])


def test_with_pytorch_without_a_copy():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    t = mg.tensor([1.0, 2.0], dtype="f4")
    there = torch.from_dlpack(t)
    assert there.data_ptr() == t.numpy().ctypes.data
    assert there.dtype is torch.float32
    back = mg.from_dlpack(there)
    assert back.numpy().ctypes.data == there.data_ptr()
    assert mg.tensor(torch.ones(2)).tolist() == [1.0, 1.0]


def test_a_tensor_of_pytorch_is_an_operand():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    theirs = torch.tensor([1.0, 2.0], dtype=torch.float64)
    ours = leaf(3, 4)
    product = (ours * theirs).sum() + ours @ theirs
    theirs[0] = 9.0
    product.backward()
    np.testing.assert_array_equal(ours.grad, [2.0, 4.0])
    with pytest.raises(RuntimeError, match=r"requires grad.*detach"):
        ours * theirs.requires_grad_()


def test_a_series_of_pandas_is_an_operand():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    ours = leaf(3, 4)
    (slope,) = mg.grad(((ours * pandas.Series([1.0, 2.0])) ** 2).sum(), ours, create_graph=True)
    (curvature,) = mg.grad(slope.sum(), ours)
    np.testing.assert_array_equal(curvature, [2.0, 8.0])


def test_pandas_takes_untracked_tensors():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    t = mg.tensor([1.0, 2.0])
    assert pandas.Series(t).tolist() == [1.0, 2.0]
    assert pandas.DataFrame({"a": t, "b": t * 2})["b"].tolist() == [2.0, 4.0]
    assert mg.tensor(pandas.Series([1.0, 2.0])).tolist() == [1.0, 2.0]
    with pytest.raises(TypeError, match="a tracked tensor does not become a NumPy array"):
        pandas.Series(leaf(1, 2))


def test_matplotlib_takes_untracked_tensors():
    figure = pytest.importorskip("matplotlib.figure", reason="matplotlib is not installed")
    axes = figure.Figure().subplots()
    t = mg.tensor([1.0, 2.0, 4.0])
    (line,) = axes.plot(t, t * t)
    np.testing.assert_array_equal(line.get_ydata(), [1.0, 4.0, 16.0])
    axes.scatter(t, t, c=t)
    axes.bar(t, t)
    axes.hist(t)
    axes.errorbar(t, t, yerr=t)
    axes.fill_between(t, t, 0)
    axes.imshow(mg.tensor([[1.0, 2.0]]))
    axes.contour(mg.tensor([[1.0, 2.0], [3.0, 5.0]]))
    axes.set_title(f"{t[0]:.1f}")
    assert axes.get_title() == "1.0"


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_a_leaf_can_be_copied_with_its_gradient(duplicate):
    x = leaf(1, 2)
    (x * x).sum().backward()
    twin = duplicate(x)
    assert twin.requires_grad
    assert twin.grad.tolist() == [2.0, 4.0]
    (3 * twin).sum().backward()
    assert twin.grad.tolist() == [5.0, 7.0]
    assert x.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_computed_tensor_cannot_be_copied(duplicate):
    with pytest.raises(RuntimeError, match=r"computed by 'multiply'.*t\.detach\(\)"):
        duplicate(leaf(1) * 2)


def test_python_protocols_of_a_scalar():
    loss = mg.tensor(2.5)
    assert f"{loss:.3f}" == "2.500"
    assert f"{loss:8.2e}" == "2.50e+00"
    assert (float(loss), int(loss), bool(loss), complex(loss)) == (2.5, 2, True, 2.5)
    assert [10, 20, 30][mg.tensor(1)] == 20
    tracked = leaf(2.5).sum()
    assert f"{tracked:.3f}" == "2.500"
    for convert in (float, int, complex):
        with pytest.raises(TypeError, match="tracked tensor would lose its history"):
            convert(tracked)


def test_python_protocols_of_a_sequence():
    t = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(t) == 2
    assert [row.tolist() for row in t] == t.tolist()
    assert 3.0 in t
    assert 5.0 not in t
