"""A mistake gets a built-in error that names the op, the argument, what was seen and the remedy."""

import functools

import numpy as np
import pytest

import minigrad as mg


def leaf(*shape):
    return mg.tensor(np.ones(shape), requires_grad=True)


IMAGES = mg.tensor(np.ones((2, 3, 4, 5)))
FILTERS = mg.tensor(np.ones((6, 3, 2, 2)))
COUNTS = mg.tensor([1, 2])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: leaf(3) + leaf(4),
            ValueError,
            r"^add: .*x: float64 \(3,\), y: float64 \(4,\); .*equal or 1: reshape one of them",
        ),
        (
            lambda: np.ones((2, 3)) * leaf(2),
            ValueError,
            r"^multiply: .*x: float64 \(2, 3\), y: float64 \(2,\); .*reshape one of them",
        ),
        (
            lambda: mg.where(IMAGES > 0, leaf(3), 0.0),
            ValueError,
            r"^where: .*condition: bool \(2, 3, 4, 5\), x: float64 \(3,\), y: 0\.0",
        ),
        (
            lambda: leaf(2, 3) @ leaf(2, 3),
            ValueError,
            r"^matmul: x has shape \(2, 3\), y \(2, 3\); the last axis of x must be",
        ),
        (lambda: leaf() @ leaf(3), ValueError, r"^matmul: x has shape \(\), y \(3,\); "),
        (lambda: np.ones(3) @ leaf(2), ValueError, r"^matmul: x has shape \(3,\), y \(2,\); "),
        (lambda: leaf(6).reshape(4, 2), ValueError, r"^reshape: .*\(4,2\); .*x: float64 \(6,\)"),
        (lambda: leaf(3).broadcast_to(2), ValueError, r"^broadcast_to: .*x: float64 \(3,\)"),
        (lambda: leaf(2, 3).transpose(0), ValueError, r"^transpose: .*x: float64 \(2, 3\)"),
        (lambda: leaf(2, 3).squeeze(1), ValueError, r"^squeeze: .*x: float64 \(2, 3\)"),
        (lambda: leaf(2).sum(axis=1), IndexError, r"^sum: axis 1 is out of bounds .*\(2,\)"),
        (lambda: mg.softmax(leaf(2), axis=3), IndexError, r"^softmax: axis 3 is out of bounds"),
        (lambda: leaf(2)[2], IndexError, r"^getitem: index 2 is out of bounds .*x: float64 \(2,\)"),
        (lambda: leaf(2)["a"], IndexError, r"^getitem: only integers, slices .*x: float64 \(2,\)"),
        (lambda: leaf(0).max(), ValueError, r"^max: zero-size array .*x: float64 \(0,\)"),
        (
            lambda: mg.concatenate([leaf(2), leaf(2, 3)]),
            ValueError,
            r"^concatenate: .*same number of dimensions.*arrays\[1\]: float64 \(2, 3\)",
        ),
        (lambda: leaf(2) + "a", TypeError, r"^add: .*x: float64 \(2,\), y: 'a'"),
        (lambda: None * leaf(2), TypeError, r"^multiply: .*x: None, y: float64 \(2,\)"),
        (lambda: leaf(2) * 1j, TypeError, r"^multiply: .*complex128, which has no gradient"),
        (lambda: leaf(2).astype(complex), TypeError, r"^astype: .*complex128, which has no grad"),
    ],
)
def test_arrays_that_do_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: mg.max_pool2d(IMAGES, (5, 2)),
            ValueError,
            r"^max_pool2d: a window of \(5, 2\) .* shape \(2, 3, 4, 5\) .*smaller kernel_size",
        ),
        (
            lambda: mg.max_pool2d(IMAGES, (2, 6)),
            ValueError,
            r"^max_pool2d: a window of \(2, 6\) is larger than x",
        ),
        (
            lambda: mg.conv2d(IMAGES, np.ones((1, 3, 7, 1)), padding=1),
            ValueError,
            r"^conv2d: a window of \(7, 1\) is larger .*padding \(1, 1\); .*more padding",
        ),
        (
            lambda: mg.im2col(IMAGES, 9),
            ValueError,
            r"^im2col: a window of \(9, 9\) is larger than x",
        ),
        (
            lambda: mg.conv2d(IMAGES, FILTERS, stride=0),
            ValueError,
            r"^conv2d: stride must be at least 1, got 0",
        ),
        (
            lambda: mg.max_pool2d(IMAGES, 2, stride=(1, 0)),
            ValueError,
            r"^max_pool2d: stride must be at least 1, got \(1, 0\)",
        ),
        (
            lambda: mg.im2col(IMAGES, 2, padding=-1),
            ValueError,
            r"^im2col: padding must be at least 0, got -1",
        ),
        (
            lambda: mg.max_pool2d(IMAGES, 0),
            ValueError,
            r"^max_pool2d: kernel_size must be at least 1, got 0",
        ),
        (
            lambda: mg.max_pool2d(IMAGES, 2, padding=2),
            ValueError,
            r"^max_pool2d: with padding \(2, 2\) a window of \(2, 2\) lies outside .*less padding",
        ),
        (
            lambda: mg.max_pool2d(IMAGES, 3, stride=2, exact=True),
            ValueError,
            r"^max_pool2d: windows of \(3, 3\) with stride \(2, 2\) leave 1 row and 0 columns over",
        ),
        (
            lambda: mg.avg_pool1d(np.ones((1, 1, 7)), 3, exact=True),
            ValueError,
            r"^avg_pool1d: windows of \(3,\) with stride \(3,\) leave 1 element over .*crop",
        ),
        (
            lambda: mg.sum_pool3d(np.ones((1, 1, 4, 5, 3)), 2, exact=True),
            ValueError,
            r"^sum_pool3d: .* leave 0 planes, 1 row and 1 column over",
        ),
        (
            lambda: mg.avg_pool2d(IMAGES, 2, divisor_override=0),
            ValueError,
            r"^avg_pool2d: divisor_override must not be 0",
        ),
        (
            lambda: mg.lp_pool2d(IMAGES, 0, 2),
            ValueError,
            r"^lp_pool2d: norm_type must be above 0, or -inf, got 0",
        ),
        (
            lambda: mg.adaptive_max_pool2d(IMAGES, (2, 2, 2)),
            TypeError,
            r"^adaptive_max_pool2d: output_size is an integer or a pair .*got \(2, 2, 2\)",
        ),
        (
            lambda: mg.adaptive_avg_pool1d(np.ones((1, 1, 4)), 0),
            ValueError,
            r"^adaptive_avg_pool1d: output_size must be at least 1, got 0",
        ),
        (
            lambda: mg.global_avg_pool(np.ones((2, 3))),
            ValueError,
            r"^global_avg_pool: x has shape \(2, 3\), expected \(N, C, \*lengths\)",
        ),
        (
            lambda: mg.max_unpool2d(IMAGES, np.full(IMAGES.shape, 80), 2),
            ValueError,
            r"^max_unpool2d: indices are from 80 to 80, but a channel of \(8, 10\) .* from 0 to 79",
        ),
        (
            lambda: mg.max_unpool2d(IMAGES, np.full(IMAGES.shape, -1), 2),
            ValueError,
            r"^max_unpool2d: indices are from -1 to -1",
        ),
        (
            lambda: mg.max_unpool2d(IMAGES, np.zeros((2, 3, 4, 4), int), 2),
            ValueError,
            r"^max_unpool2d: indices have shape \(2, 3, 4, 4\), but x has \(2, 3, 4, 5\)",
        ),
        (
            lambda: mg.max_unpool2d(IMAGES, IMAGES, 2),
            TypeError,
            r"^max_unpool2d: indices are float64, expected the integers of return_indices",
        ),
        (
            lambda: mg.max_unpool2d(IMAGES, np.zeros(IMAGES.shape, int), 2, output_size=(8, 12)),
            ValueError,
            r"^max_unpool2d: output_size \(8, 12\) is no size .* by default it is \(8, 10\)",
        ),
        (
            lambda: mg.conv2d(IMAGES, FILTERS, stride=1.5),
            TypeError,
            r"^conv2d: stride is an integer or a pair .*got 1\.5",
        ),
        (
            lambda: mg.im2col(IMAGES, (2, 2, 2)),
            TypeError,
            r"^im2col: kernel_size is an integer or a pair .*got \(2, 2, 2\)",
        ),
        (
            lambda: mg.max_pool2d(IMAGES[0], 2),
            ValueError,
            r"^max_pool2d: x has shape \(3, 4, 5\), expected \(N, C, H, W\); .*x\[None\]",
        ),
        (
            lambda: mg.conv2d(IMAGES[0], FILTERS),
            ValueError,
            r"^conv2d: x has shape \(3, 4, 5\), expected \(N, C, H, W\)",
        ),
        (
            lambda: mg.conv2d(IMAGES, FILTERS[0]),
            ValueError,
            r"^conv2d: weight has shape \(3, 2, 2\), expected \(F, C // groups, KH, KW\)",
        ),
        (
            lambda: mg.conv2d(IMAGES[:, :2], FILTERS),
            ValueError,
            r"^conv2d: x .*has 2 channels, but weight of shape \(6, 3, 2, 2\) is for 3",
        ),
        (
            lambda: mg.conv2d(IMAGES, FILTERS, np.ones(5)),
            ValueError,
            r"^conv2d: bias has shape \(5,\), .*6 filters, so it must be \(6,\)",
        ),
        (
            lambda: mg.col2im(np.ones((2, 2)), (1, 1, 3, 3), 2),
            ValueError,
            r"^col2im: columns have shape \(2, 2\), .* have columns of shape \(4, 4\)",
        ),
    ],
)
def test_windows_that_do_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("targets", "error", "message"),
    [
        ([0.0, 1.0], TypeError, r"^cross_entropy: targets are classes, so integers, got float64"),
        ([0, 1, 2], ValueError, r"^cross_entropy: logits of shape \(2, 3\) .*got \(3,\)"),
        ([[0, 1]], ValueError, r"^cross_entropy: .*\(N,\) for \(N, C\).*got \(1, 2\)"),
        ([0, 3], IndexError, r"^cross_entropy: targets are classes from 0 to 2 .*got 0 to 3"),
        ([-1, 0], IndexError, r"^cross_entropy: targets are classes from 0 to 2 .*got -1 to 0"),
    ],
)
def test_targets_that_are_no_classes(targets, error, message):
    with pytest.raises(error, match=message):
        mg.cross_entropy(leaf(2, 3), targets)


def test_an_unknown_reduction():
    with pytest.raises(ValueError, match=r"^cross_entropy: reduction is 'mean', .*got 'avg'"):
        mg.cross_entropy(leaf(2, 3), [0, 1], reduction="avg")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: mg.tensor([1, 2], requires_grad=True),
            TypeError,
            r"^requires_grad: only floating .*got int64; .*dtype=float, requires_grad=True",
        ),
        (
            lambda: mg.tensor([True], requires_grad=True),
            TypeError,
            r"^requires_grad: only floating .*got bool",
        ),
        (lambda: mg.tensor(1j, requires_grad=True), TypeError, r"^requires_grad: .*complex128"),
        (COUNTS.requires_grad_, TypeError, r"^requires_grad: .*got int64"),
        (lambda: mg.tensor("a"), TypeError, r"^tensor: data must be numbers .*got dtype <U1"),
        (lambda: mg.tensor(None), TypeError, r"^tensor: data must be numbers .*got dtype object"),
        (lambda: mg.tensor([[1], [2, 3]]), ValueError, r"inhomogeneous shape"),
    ],
)
def test_data_that_make_no_tensor(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            (leaf(2, 3) * 2).backward,
            ValueError,
            r"^backward: the output has shape \(2, 3\); pass the gradient .*t\.sum\(\)",
        ),
        (
            lambda: leaf(2, 3).sum(axis=0).backward(np.ones((1, 3))),
            ValueError,
            r"^backward: the gradient has shape \(1, 3\), but the output \(3,\)",
        ),
        (
            lambda: leaf(2).backward(np.ones(2, complex)),
            TypeError,
            r"^backward: the gradient is complex128, the output float64",
        ),
        (
            mg.tensor(1.0).backward,
            RuntimeError,
            r"^backward: this tensor is untracked: .*requires grad, .*no_grad\(\)",
        ),
        (
            (leaf() > 0).backward,
            RuntimeError,
            r"^backward: this tensor is untracked",
        ),
    ],
)
def test_backward(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda x: mg.grad(x * 2, x),
            ValueError,
            r"^grad: the output has shape \(2,\); pass the gradient",
        ),
        (
            lambda x: mg.grad(x * 2, x, np.ones(3)),
            ValueError,
            r"^grad: the gradient has shape \(3,\), but the output \(2,\)",
        ),
        (
            lambda x: mg.grad([x.sum(), x.sum()], x, [1.0]),
            ValueError,
            r"^grad: 1 grad_outputs for 2 outputs",
        ),
        (
            lambda x: mg.grad(x.sum(), mg.tensor(1.0)),
            RuntimeError,
            r"^grad: input 0 is untracked.*t\.requires_grad_\(\)",
        ),
        (
            lambda x: mg.grad(mg.tensor(1.0), x),
            RuntimeError,
            r"^grad: no output is tracked.*no_grad\(\)",
        ),
        (
            lambda x: mg.grad(x.sum(), [x, leaf(1)]),
            RuntimeError,
            r"^grad: input 1 has no influence on the outputs; pass allow_unused=True",
        ),
        (
            lambda x: mg.grad(x.sum(), [x, np.ones(2)]),
            TypeError,
            r"^grad: inputs\[1\] is a ndarray, expected a Tensor",
        ),
        (lambda x: mg.grad(1.0, x), TypeError, r"^grad: outputs\[0\] is a float"),
        (lambda x: mg.grad(x.sum(), 1.0), TypeError, r"^grad: inputs\[0\] is a float"),
        (lambda x: mg.grad(x.sum(), []), ValueError, r"^grad: inputs is empty"),
        (lambda x: mg.grad([], x), ValueError, r"^grad: outputs is empty"),
    ],
)
def test_grad(call, error, message):
    with pytest.raises(error, match=message):
        call(leaf(2))


def test_a_result_under_no_grad_has_no_backward():
    with mg.no_grad():
        total = leaf(2).sum()
    with pytest.raises(RuntimeError, match=r"computed under no_grad\(\)"):
        total.backward()


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (np.ones(2), TypeError, r"^grad: must be an untracked tensor"),
        (leaf(2), TypeError, r"^grad: must be an untracked tensor, such as t\.detach\(\)"),
        (mg.tensor(np.ones(3)), ValueError, r"^grad: has shape \(3,\) .*the tensor \(2,\)"),
        (mg.tensor(np.ones(2, "f4")), ValueError, r"^grad: .*float32, the tensor .*float64"),
    ],
)
def test_a_gradient_that_is_none_of_its_leaf(value, error, message):
    x = leaf(2)
    with pytest.raises(error, match=message):
        x.grad = value


@pytest.mark.parametrize("tensor", [mg.tensor(np.ones(2)), leaf(2) * 2])
def test_only_a_leaf_that_requires_grad_has_one(tensor):
    with pytest.raises(RuntimeError, match=r"^grad: only a leaf that requires grad has one"):
        tensor.grad = mg.tensor(np.ones(2))


def test_requires_grad_of_a_computed_tensor():
    y = leaf(2) * 2
    with pytest.raises(RuntimeError, match=r"^requires_grad: .*'multiply'; use t\.detach\(\)"):
        y.requires_grad = False


def test_data_of_a_computed_tensor():
    y = leaf(2) * 2
    with pytest.raises(RuntimeError, match=r"^data: this tensor was computed by 'multiply'"):
        y.data = np.ones(2)


def test_data_of_another_shape():
    x = leaf(2)
    with pytest.raises(ValueError, match=r"^data: has shape \(3,\), the tensor \(2,\)"):
        x.data = np.ones(3)


def test_data_that_does_not_become_the_dtype_of_the_tensor():
    x = leaf(2)
    with pytest.raises(TypeError, match=r"^data: is complex128, the tensor float64"):
        x.data = [1j, 2]


@pytest.mark.parametrize(
    ("name", "remedy"), [("view", r"t\.reshape"), ("unsqueeze", "None"), ("clone", r"t\.copy")]
)
def test_a_name_of_pytorch_leads_to_ours(name, remedy):
    with pytest.raises(AttributeError, match=rf"no attribute '{name}'; use .*{remedy}"):
        getattr(leaf(2), name)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: t.std(dim=0), r"^std: .*'dim'; its parameters are x, axis, .*use axis in place"),
        (lambda t: t.median(0, keepdim=True), r"^median: .*; use keepdims in place of keepdim$"),
        (lambda t: t.std(unbiased=False), r"^std: .*; use ddof in place of unbiased$"),
        (lambda t: mg.take(t), r"^take: missing a required .*'indices'"),
    ],
)
def test_a_setting_that_a_composed_function_does_not_have(call, message):
    with pytest.raises(TypeError, match=message):
        call(leaf(3))


def test_an_error_inside_of_a_composed_function_is_its_own():
    def fails(row):
        raise TypeError("not mine")

    with pytest.raises(TypeError, match=r"^not mine$"):
        mg.apply_along_axis(fails, 0, leaf(3))


def test_a_setting_that_the_op_does_not_have():
    with pytest.raises(TypeError, match=r"^argmax: .*'dim'; its parameters are x, axis, keepdims"):
        leaf(2, 3).argmax(dim=1)


def test_backward_makes_no_graph():
    with pytest.raises(ValueError, match=r"^backward: .*mg\.grad\(.*create_graph=True"):
        leaf().backward(create_graph=True)


def test_a_masked_array_would_lose_its_mask():
    with pytest.raises(TypeError, match=r"^multiply: a masked array .*array\.filled"):
        leaf(2) * np.ma.masked_array([1.0, 2.0], [True, False])


@pytest.mark.parametrize("dtype", [bool, complex])
@pytest.mark.parametrize("name", ["max_pool2d", "median_pool2d", "avg_pool2d", "global_max_pool"])
def test_values_that_cannot_be_pooled(name, dtype):
    settings = () if name == "global_max_pool" else (2,)
    with pytest.raises(TypeError, match=rf"^{name}: x is {np.dtype(dtype)}, .*convert it first"):
        getattr(mg, name)(np.ones((1, 1, 2, 2), dtype), *settings)


def test_what_is_no_rule_and_no_function_of_numpy():
    with pytest.raises(TypeError, match=r"^op: functools\.partial.* is neither a rule"):
        mg.op(functools.partial(lambda x, n: (x, lambda g: g), n=1))


def test_closures_that_are_no_functions():
    rule = mg.op(lambda x: (x * 2, x))
    with pytest.raises(TypeError, match=r"returns closures, .* got a ndarray"):
        rule(leaf(1))


def test_an_error_of_a_rule_keeps_its_class():
    with pytest.raises(np.exceptions.AxisError, match=r"^sum: axis 5"):
        mg.sum(leaf(2), axis=5)


def test_errors_of_a_rule_keep_their_cause():
    with pytest.raises(ValueError, match=r"^add: ") as caught:
        leaf(2) + leaf(3)
    assert isinstance(caught.value.__cause__, ValueError)
