"""Mistakes in calls of convolutions, pools and columns: the error names op, argument and shapes."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg

# By its path: a folder of tests is no package.
loops = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("loops.py"))))

LENGTHS = (5, 6, 7)


def ones(*shape):
    return np.ones(shape)


def images(rank, channels=4):
    return ones(2, channels, *LENGTHS[:rank])


def filters(rank, count=6, channels=4):
    return ones(count, channels, *[3] * rank)


def shape(array):
    return re.escape(str(array.shape))


def matching(name, parts):
    return ".*".join([f"^{name}: ", *parts])


def refused(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call()
    assert type(raised.value) is error


# What is wrong about x and weight, by rank: arrays, settings, and what the message says.

WRONG_SHAPES = {
    "channels": lambda rank: (
        (images(rank), filters(rank, channels=3)),
        {},
        [shape(images(rank)), "4 channels", shape(filters(rank, channels=3)), "for 3$"],
    ),
    "channels of groups": lambda rank: (
        (images(rank), filters(rank)),
        {"groups": 2},
        [shape(images(rank)), "4 channels", shape(filters(rank)), "8 in 2 groups"],
    ),
    "channels and groups": lambda rank: (
        (images(rank), filters(rank, channels=2)),
        {"groups": 3},
        ["x of shape", shape(images(rank)), "4 channels", "groups=3"],
    ),
    "filters and groups": lambda rank: (
        (images(rank), filters(rank, count=5, channels=2)),
        {"groups": 2},
        ["weight of shape", shape(filters(rank, 5, 2)), "5 filters", "groups=2"],
    ),
    "no batch": lambda rank: (
        (images(rank)[0], filters(rank)),
        {},
        ["x has shape", shape(images(rank)[0]), r"expected \(N, C, .*\); .*x\[None\]"],
    ),
    "a rank too many": lambda rank: (
        (images(rank)[None], filters(rank)),
        {},
        ["x has shape", shape(images(rank)[None]), r"expected \(N, C, "],
    ),
    "one filter": lambda rank: (
        (images(rank), filters(rank)[0]),
        {},
        ["weight has shape", shape(filters(rank)[0]), r"expected \(F, C // groups, K"],
    ),
    "filters of a rank too many": lambda rank: (
        (images(rank), filters(rank)[None]),
        {},
        ["weight has shape", shape(filters(rank)[None]), r"expected \(F, C // groups, K"],
    ),
    "filters of no elements": lambda rank: (
        (images(rank), filters(rank)[..., :0]),
        {},
        ["kernel_size must be at least 1"],
    ),
    "a window too large": lambda rank: (
        (images(rank), ones(6, 4, 9, *[1] * (rank - 1))),
        {},
        [r"window of \(9,", "larger than x of shape", shape(images(rank)), "with padding"],
    ),
    "a window spread too far": lambda rank: (
        (images(rank), filters(rank)),
        {"dilation": 4},
        [r"window of \(3,", r"dilation \(4,", "larger than x of shape", shape(images(rank))],
    ),
    "images of no pixels": lambda rank: (
        (images(rank)[..., :0], filters(rank)),
        {},
        ["larger than x of shape", shape(images(rank)[..., :0])],
    ),
    "bias for channels": lambda rank: (
        (images(rank), filters(rank), ones(4)),
        {},
        [r"bias has shape \(4,\)", shape(filters(rank)), r"must be \(6,\)"],
    ),
    "bias with axes": lambda rank: (
        (images(rank), filters(rank), ones(6, *[1] * rank)),
        {},
        [r"bias has shape \(6, 1", shape(filters(rank)), r"must be \(6,\)"],
    ),
    "a number as bias": lambda rank: (
        (images(rank), filters(rank), 1.0),
        {},
        [r"bias has shape \(\)", shape(filters(rank)), r"must be \(6,\)"],
    ),
}


@pytest.mark.parametrize("tracked", [False, True], ids=["arrays", "tensors"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("mistake", WRONG_SHAPES)
def test_convolution_of_wrong_shapes(mistake, rank, tracked):
    arrays, settings, parts = WRONG_SHAPES[mistake](rank)
    if tracked:
        arrays = [mg.tensor(array, requires_grad=True) for array in arrays]
    op = getattr(mg, f"conv{rank}d")
    refused(lambda: op(*arrays, **settings), ValueError, matching(f"conv{rank}d", parts))


TRANSPOSED_SHAPES = {
    "channels": lambda rank: (
        (images(rank), filters(rank)),
        {},
        [shape(images(rank)), "4 channels", shape(filters(rank)), "for 6$"],
    ),
    "channels and groups": lambda rank: (
        (images(rank, 6), filters(rank)),
        {"groups": 4},
        ["x of shape", shape(images(rank, 6)), "6 channels", "groups=4"],
    ),
    "no batch": lambda rank: (
        (images(rank, 6)[0], filters(rank)),
        {},
        ["x has shape", shape(images(rank, 6)[0]), r"expected \(N, F, .*x\[None\]"],
    ),
    "a rank too many": lambda rank: (
        (images(rank, 6)[None], filters(rank)),
        {},
        ["x has shape", shape(images(rank, 6)[None]), r"expected \(N, F, "],
    ),
    "one filter": lambda rank: (
        (images(rank, 6), filters(rank)[0]),
        {},
        ["weight has shape", shape(filters(rank)[0]), r"expected \(F, C // groups, K"],
    ),
    "bias for filters": lambda rank: (
        (images(rank, 6), filters(rank), ones(6)),
        {},
        [r"bias has shape \(6,\)", shape(filters(rank)), r"must be \(4,\)"],
    ),
    "nothing left": lambda rank: (
        (ones(2, 6, *[1] * rank), filters(rank)),
        {"padding": 2},
        ["x of shape", shape(ones(2, 6, *[1] * rank)), "padding 2", r"output of \(-1,"],
    ),
    "output padding as large as the stride": lambda rank: (
        (images(rank, 6), filters(rank)),
        {"stride": 2, "output_padding": 2},
        ["output_padding 2", r"stride \(2,", r"dilation \(1,"],
    ),
    "negative output padding": lambda rank: (
        (images(rank, 6), filters(rank)),
        {"output_padding": -1},
        ["output_padding must be at least 0, got -1"],
    ),
}


@pytest.mark.parametrize("tracked", [False, True], ids=["arrays", "tensors"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("mistake", TRANSPOSED_SHAPES)
def test_transposed_convolution_of_wrong_shapes(mistake, rank, tracked):
    arrays, settings, parts = TRANSPOSED_SHAPES[mistake](rank)
    if tracked:
        arrays = [mg.tensor(array, requires_grad=True) for array in arrays]
    name = f"conv_transpose{rank}d"
    refused(lambda: getattr(mg, name)(*arrays, **settings), ValueError, matching(name, parts))


# Settings that no op takes

TRACKED = mg.tensor(2.0, requires_grad=True)

OUT_OF_RANGE = [("stride", 0), ("stride", -1), ("dilation", 0), ("padding", -1)]
OF_WRONG_TYPE = [
    *("2", "22", 2.0, (2.0, 2), None, (), (2, 2, 2, 2), 1j, {2: 2}.keys),
    *(np.float64(2), np.True_, TRACKED, [TRACKED] * 2),
]


def calls(rank):
    """Calls with a setting, by the op's name."""
    x, weight = images(rank), filters(rank)
    found = {
        f"conv{rank}d": lambda **s: getattr(mg, f"conv{rank}d")(x, weight, **s),
        f"conv_transpose{rank}d": lambda **s: getattr(mg, f"conv_transpose{rank}d")(
            x, ones(4, 2, *[3] * rank), **s
        ),
        "im2col": lambda **s: mg.im2col(x, **{"kernel_size": 2, **s}),
        "col2im": lambda **s: mg.col2im(ones(1, 1), x.shape, **{"kernel_size": 2, **s}),
        "unfold": lambda **s: mg.unfold(x, **{"kernel_size": 2, **s}),
        "fold": lambda **s: mg.fold(
            ones(2, 4 * 2**rank, 9), x.shape[2:], **{"kernel_size": 2, **s}
        ),
    }
    for name in loops.TESTED:
        if name.endswith(f"{rank}d"):
            more = {"norm_type": 2} if name.startswith("lp") else {}
            found[name] = lambda name=name, more=more, **s: getattr(mg, name)(
                x, **{"kernel_size": 2, **more, **s}
            )
    return found


CALLS = [(rank, name) for rank in (1, 2, 3) for name in calls(rank)]


def takes(name, setting):
    if setting == "kernel_size":
        return "conv" not in name
    if "pool" in name and setting == "dilation":
        return name.startswith(("max", "min"))
    return not (name.startswith("lp") and setting == "padding")


@pytest.mark.parametrize(("setting", "value"), [*OUT_OF_RANGE, ("kernel_size", 0)], ids=str)
@pytest.mark.parametrize(("rank", "name"), CALLS)
def test_setting_out_of_range(rank, name, setting, value):
    if not takes(name, setting):
        return
    call = calls(rank)[name]
    several = (1,) * (rank - 1) + (value,)
    for given in (value, several):
        message = rf"^{name}: {setting} must be at least [01], got .*{value}"
        refused(lambda given=given: call(**{setting: given}), ValueError, message)


@pytest.mark.parametrize("setting", ["kernel_size", "stride", "padding", "dilation"])
@pytest.mark.parametrize(("rank", "name"), CALLS)
def test_setting_of_wrong_type(rank, name, setting):
    if not takes(name, setting):
        return
    for value in OF_WRONG_TYPE:
        if value is None and setting == "stride" and "pool" in name:
            continue  # the window's size
        is_text = isinstance(value, str) and setting == "padding"
        error = ValueError if is_text else TypeError
        message = f"^{name}: '?{setting}'? is "
        refused(lambda value=value: calls(rank)[name](**{setting: value}), error, message)


@pytest.mark.parametrize("value", [2.0, "2", None, (2, 2), True, np.float64(2)], ids=str)
@pytest.mark.parametrize("name", ["conv1d", "conv2d", "conv3d", "conv_transpose2d"])
def test_groups_of_wrong_type(name, value):
    call = calls(int(name[-2]))[name]
    refused(lambda: call(groups=value), TypeError, f"^{name}: groups must be an integer, got ")


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize("name", ["conv1d", "conv2d", "conv3d", "conv_transpose2d"])
def test_groups_out_of_range(name, value):
    call = calls(int(name[-2]))[name]
    refused(lambda: call(groups=value), ValueError, f"^{name}: groups must be at least 1, got")


@pytest.mark.parametrize("name", ["conv1d", "conv2d", "conv3d", "im2col", "unfold"])
def test_same_is_for_stride_1(name):
    rank = int(name[-2]) if name[-1] == "d" and name[-2].isdigit() else 2
    message = rf"^{name}: padding 'same' is for stride 1, got stride \(2, ?"
    refused(lambda: calls(rank)[name](padding="same", stride=2), ValueError, message)


def test_padding_of_sides_is_in_pairs():
    for padding in [((1, 1, 1), (0, 0)), ((1, 1), 0.5), ((1,), (1,)), [(1, 1)]]:
        message = r"^conv2d: padding is .* 2 pairs \(before, after\), got "
        refused(lambda p=padding: calls(2)["conv2d"](padding=p), TypeError, message)
    refused(
        lambda: calls(2)["conv2d"](padding=((0, -1), (0, 0))),
        ValueError,
        r"^conv2d: padding must be at least 0, got \(\(0, -1\), \(0, 0\)\)",
    )


# Pools


@pytest.mark.parametrize("name", loops.TESTED)
def test_pool_of_wrong_shapes(name):
    rank = int(name[-2])
    op, more = getattr(mg, name), {"norm_type": 2} if name.startswith("lp") else {}
    x = images(rank)
    for wrong in (x[0], x[None]):
        message = rf"^{name}: x has shape {shape(wrong)}, expected \(N, C, "
        refused(lambda x=wrong: op(x, kernel_size=1, **more), ValueError, message)
    large = rf"^{name}: a window of \(9,.* larger than x of shape {shape(x)}"
    refused(lambda: op(x, kernel_size=9, **more), ValueError, large)


@pytest.mark.parametrize("name", [n for n in loops.TESTED if n.startswith(("max", "min"))])
def test_window_outside_of_the_image(name):
    x = images(int(name[-2]))
    message = rf"^{name}: .*padding \(3,.*window of \(2,.* x of shape {shape(x)}; use less padding"
    refused(lambda: getattr(mg, name)(x, 2, padding=3), ValueError, message)


@pytest.mark.parametrize("name", [n for n in loops.POOLS if not n.startswith("lp")])
def test_windows_that_do_not_come_out_even(name):
    rank = int(name[-2])
    op, x = getattr(mg, name), images(rank)  # of an odd length
    message = rf"^{name}: windows of \(2,.*stride \(2,.* x of shape {shape(x)}"
    refused(lambda: op(x, 2, exact=True), ValueError, message)
    even = ones(1, 1, *[4] * rank)
    assert op(even, 2, exact=True).shape == (1, 1, *[2] * rank)


@pytest.mark.parametrize("dtype", [bool, complex, object])
@pytest.mark.parametrize("name", [n for n in loops.TESTED if n.startswith(("max", "min"))])
def test_what_has_no_order(name, dtype):
    x = images(int(name[-2])).astype(dtype)
    refused(lambda: getattr(mg, name)(x, 2), TypeError, f"^{name}: x is {x.dtype}")


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_unpooling_of_wrong_indices(rank):
    name = f"max_unpool{rank}d"
    x = ones(1, 2, *[2] * rank)
    good = np.zeros(x.shape, int)
    assert getattr(mg, name)(x, good, 2).shape == (1, 2, *[4] * rank)
    for wrong in (good + 4**rank, good - 1):
        refused(lambda i=wrong: getattr(mg, name)(x, i, 2), (ValueError), rf"^{name}: indices ")
    short = (
        rf"^{name}: indices .*{shape(good[..., :1])}.*{shape(x)}|{shape(x)}.*{shape(good[..., :1])}"
    )
    refused(lambda: getattr(mg, name)(x, good[..., :1], 2), ValueError, short)
    refused(lambda: getattr(mg, name)(x, x, 2), TypeError, rf"^{name}: indices .*float64")


# Columns


@pytest.mark.parametrize("layout", ["cols", "Rows", "", None, 1])
def test_unknown_layout(layout):
    for name in ("im2col", "col2im"):
        message = rf"^{name}: layout is 'columns' or 'rows', got {layout!r}"
        refused(lambda n=name: calls(2)[n](layout=layout), ValueError, message)


def test_columns_of_wrong_counts():
    for columns, layout, wanted in [
        (ones(4, 5), "columns", r"\(4, 8\)"),
        (ones(8, 4), "columns", r"\(4, 8\)"),
        (ones(4, 8), "rows", r"\(8, 4\)"),
        (ones(32), "columns", r"\(4, 8\)"),
    ]:
        message = (
            rf"^col2im: columns have shape {shape(columns)}, but images of shape "
            rf"\(2, 1, 3, 3\) with windows of \(2, 2\) have {layout} of shape {wanted}"
        )
        refused(
            lambda c=columns, order=layout: mg.col2im(c, (2, 1, 3, 3), 2, layout=order),
            ValueError,
            message,
        )


def test_images_without_axes():
    for name in ("im2col", "unfold"):
        message = rf"^{name}: x has shape \(3, 3\), expected \(N, C, \*lengths\)"
        refused(lambda n=name: getattr(mg, n)(ones(3, 3), 2), ValueError, message)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (ones(4, 4), r"x has shape \(4, 4\), expected \(N, C \* elements, windows\)"),
        (ones(1, 4, 2, 2), r"x has shape \(1, 4, 2, 2\), expected \(N, C \* elements, windows\)"),
        (ones(1, 5, 4), r"x of shape \(1, 5, 4\) has 5 rows, .* 4 elements .* \(2, 2\)"),
        (ones(1, 4, 5), r"x of shape \(1, 4, 5\) has 5 columns, .*\(3, 3\) there are 2 \* 2"),
        (ones(1, 4, 0), r"x of shape \(1, 4, 0\) has 0 columns, .*\(3, 3\) there are 2 \* 2"),
    ],
)
def test_fold_of_wrong_counts(x, message):
    refused(lambda: mg.fold(x, (3, 3), 2), ValueError, "^fold: " + message)
    refused(lambda: mg.fold(mg.tensor(x), 3, 2), ValueError, "^fold: " + message)


# Integers have no gradients


def test_integers_do_not_require_gradients():
    message = "only floating tensors have gradients, got int64"
    refused(lambda: mg.tensor([[[1, 2]]], requires_grad=True), TypeError, message)
    for pool in loops.TESTED:
        more = {"norm_type": 2} if pool.startswith("lp") else {}
        x = mg.tensor(images(int(pool[-2])).astype(int))
        assert not getattr(mg, pool)(x, kernel_size=2, **more).requires_grad


# Resources


@pytest.mark.parametrize(
    ("setting", "value", "error", "message"),
    [
        (mg.set_column_budget, -1, ValueError, r"^set_column_budget: size .* got -1"),
        (mg.set_column_budget, 1.5, TypeError, "float"),
        (mg.set_column_budget, "1", TypeError, "str"),
        (mg.set_num_threads, 0, ValueError, r"^set_num_threads: threads .* got 0"),
        (mg.set_num_threads, 1.5, TypeError, "float"),
    ],
)
def test_resources_out_of_range(setting, value, error, message):
    before = mg.get_column_budget(), mg.get_num_threads()
    refused(lambda: setting(value), error, message)
    assert (mg.get_column_budget(), mg.get_num_threads()) == before
