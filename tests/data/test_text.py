import hashlib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.data import Characters, sonnets, windows

text = sonnets()


def test_the_text_is_the_one_that_is_described():
    expected = "8087aed3498a4aad0590615fe88494d304b882ff64623f82e842fa4defdd6b8c"
    assert hashlib.sha256(text.encode("ascii")).hexdigest() == expected
    assert (len(text), len(set(text))) == (94_653, 61)
    origin = files("minigrad.data").joinpath("sonnets_origin.txt").read_text(encoding="ascii")
    assert "94,653" in origin
    assert "public domain" in origin


def test_there_are_154_sonnets_of_14_lines_but_two():
    poems = text.rstrip("\n").split("\n\n")
    assert len(poems) == 154
    lengths = {number: len(poem.splitlines()) for number, poem in enumerate(poems, 1)}
    assert {number: count for number, count in lengths.items() if count != 14} == {99: 15, 126: 12}
    assert poems[17].startswith("Shall I compare thee to a summer's day?")
    assert poems[115].startswith("Let me not to the marriage of true minds")
    for poem in poems:
        lines = poem.splitlines()
        assert [line.startswith("  ") for line in lines] == [False] * (len(lines) - 2) + [True] * 2
        assert all(line.strip() and line == line.rstrip() for line in lines)


def test_nobodys_terms_are_in_it():
    for word in ("gutenberg", "copyright", "license", "etext", "http"):
        assert word not in text.lower()


def test_characters_of_the_sonnets():
    characters = Characters(text)
    assert len(characters) == 61
    assert characters.symbols == "".join(sorted(set(text)))
    numbers = characters.encode(text)
    assert numbers.dtype == np.int64
    assert (numbers.min(), numbers.max()) == (0, 60)
    assert characters.decode(numbers) == text


@given(st.text(min_size=1, max_size=20), st.data())
def test_decode_undoes_encode(alphabet, data):
    characters = Characters(alphabet)
    message = data.draw(st.text(sorted(set(alphabet)), max_size=20))
    numbers = characters.encode(message)
    assert characters.decode(numbers) == message
    assert [characters.symbols[number] for number in numbers] == list(message)


def test_decode_takes_tensors_lists_and_rows():
    characters = Characters("abc")
    assert characters.decode(mg.tensor([2, 0])) == "ca"
    assert characters.decode([[0, 1], [2, 0]]) == "abca"
    assert characters.decode([]) == ""
    assert characters.encode("").shape == (0,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Characters(""), ValueError, "the text is empty"),
        (lambda: Characters(b"abc"), TypeError, "text must be a string, got a bytes"),
        (lambda: Characters("abd").encode("abca"), ValueError, "'c', at position 2, is not among"),
        (lambda: Characters("abd").encode("z"), ValueError, "'z', at position 0"),
        (lambda: Characters("abd").decode([3]), ValueError, "from 0 to 2, not from 3 to 3"),
        (lambda: Characters("abd").decode([-1]), ValueError, "from 0 to 2, not from -1"),
        (lambda: Characters("abd").decode([0.5]), TypeError, "takes integers, got float64"),
    ],
)
def test_errors_of_characters(call, error, message):
    with pytest.raises(error, match=message):
        call()


@given(st.integers(2, 40), st.integers(1, 39), st.integers(1, 5) | st.none())
def test_windows(total, length, stride):
    if length >= total:
        return
    sequence = np.arange(total)
    pairs = windows(sequence, length, stride)
    starts = range(0, total - length, stride or length)
    assert len(pairs) == len(starts)
    for (inputs, targets), start in zip(pairs, starts, strict=True):
        np.testing.assert_array_equal(inputs, sequence[start : start + length])
        np.testing.assert_array_equal(targets, inputs + 1)


def test_windows_of_rows_keep_time_first_and_share_memory():
    sequence = np.arange(24.0).reshape(8, 3)
    pairs = windows(sequence, 4, 2)
    inputs, targets = pairs[1]
    np.testing.assert_array_equal(inputs, sequence[2:6])
    np.testing.assert_array_equal(targets, sequence[3:7])
    assert np.shares_memory(inputs, sequence)


@pytest.mark.parametrize(
    ("sequence", "settings", "error", "message"),
    [
        (np.arange(5), {"length": 5}, ValueError, r"need 6 steps; the sequence has the shape \(5,"),
        (3, {"length": 1}, ValueError, "need 2 steps"),
        (np.arange(5), {"length": 0}, ValueError, "length must be at least 1"),
        (np.arange(5), {"length": 2, "stride": 0}, ValueError, "stride must be at least 1"),
        (np.arange(5), {"length": 2.0}, TypeError, "length must be an integer"),
    ],
)
def test_impossible_windows(sequence, settings, error, message):
    with pytest.raises(error, match=message):
        windows(sequence, **settings)
