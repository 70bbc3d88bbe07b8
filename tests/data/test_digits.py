import warnings

import numpy as np
import pytest

import minigrad as mg


def test_shapes_and_dtypes():
    (x_train, y_train), (x_test, y_test) = mg.data.digits()
    assert (x_train.shape, y_train.shape) == ((1437, 1, 8, 8), (1437,))
    assert (x_test.shape, y_test.shape) == ((360, 1, 8, 8), (360,))
    assert x_train.dtype == x_test.dtype == np.float32
    assert y_train.dtype == y_test.dtype == np.int64


def test_both_parts_together_are_the_set_that_uci_describes():
    (_, y_train), (_, y_test) = mg.data.digits()
    counts = np.bincount(np.concatenate([y_train, y_test]))
    # "No of examples in testing set", digit by digit, on the page of the data set.
    np.testing.assert_array_equal(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])


def test_the_test_part_holds_36_of_each_digit():
    _, (_, y_test) = mg.data.digits()
    np.testing.assert_array_equal(np.bincount(y_test), np.full(10, 36))


def test_the_first_image_is_the_zero_that_opens_the_set():
    _, (x_test, y_test) = mg.data.digits()
    assert y_test[0] == 0
    expected = [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
        [0, 4, 12, 0, 0, 8, 8, 0],
        [0, 5, 8, 0, 0, 9, 8, 0],
        [0, 4, 11, 0, 1, 12, 7, 0],
        [0, 2, 14, 5, 10, 12, 0, 0],
        [0, 0, 6, 13, 10, 0, 0, 0],
    ]
    np.testing.assert_array_equal(x_test[0, 0] * 16, expected)


def test_values_are_sixteenths_from_0_to_1():
    (x_train, _), (x_test, _) = mg.data.digits()
    for x in (x_train, x_test):
        assert x.min() == 0
        assert x.max() == 1
        np.testing.assert_array_equal(x * 16, np.round(x * 16))


def test_no_image_is_in_both_parts():
    (x_train, _), (x_test, _) = mg.data.digits()
    train, test = ({image.tobytes() for image in x} for x in (x_train, x_test))
    assert len(train) == 1437
    assert len(test) == 360
    assert not train & test


def test_no_call_sees_what_another_wrote():
    (x_train, y_train), (x_test, y_test) = mg.data.digits()
    for array in (x_train, y_train, x_test, y_test):
        array[...] = 1
    (x_again, y_again), _ = mg.data.digits()
    assert x_again.min() == 0
    assert y_again.max() == 9


@pytest.mark.parametrize("dtype", [np.float16, np.float64, "float64"])
def test_another_floating_type(dtype):
    (x_train, _), (x_test, _) = mg.data.digits(dtype)
    assert x_train.dtype == x_test.dtype == dtype
    np.testing.assert_array_equal(x_train, mg.data.digits()[0][0])


@pytest.mark.parametrize("dtype", [np.uint8, int, bool, complex])
def test_a_type_that_cannot_hold_fractions_is_refused(dtype):
    with pytest.raises(TypeError, match="digits: dtype must be floating"):
        mg.data.digits(dtype)


def test_the_file_is_closed():
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        mg.data.digits()
