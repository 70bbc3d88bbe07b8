import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from minigrad.data import read_idx

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(array):
    """Write an array in the IDX format."""
    code = CODES[array.dtype.str[1:]]
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (2, 0, 4), (2, 3, 4), (1, 2, 3, 1, 2)])
@pytest.mark.parametrize("kind", CODES)
def test_every_type_and_rank(tmp_path, kind, shape, compress):
    values = np.random.default_rng(0).integers(-128, 128, shape) * (1 if kind[1] == "1" else 37)
    array = np.asarray(values).astype(kind)
    path = tmp_path / "no-suffix-tells-what-it-is"
    path.write_bytes(compress(idx(array)))
    found = read_idx(path)
    assert found.dtype == array.dtype
    assert found.dtype.isnative
    assert found.flags.writeable
    np.testing.assert_array_equal(found, array, strict=True)
    np.testing.assert_array_equal(read_idx(str(path)), array)


def test_the_highest_byte_is_first(tmp_path):
    (tmp_path / "x").write_bytes(bytes([0, 0, 11, 1, 0, 0, 0, 2, 1, 2, 255, 254]))
    assert read_idx(tmp_path / "x").tolist() == [258, -2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file: .* they are missing"),
        (b"\0\0\x08", "they are 00 00 08"),
        (b"\x89PNG....", "they are 89 50 4e 47"),
        (b"\0\0\x0a\x01", "a type of 08, 09, 0b, 0c, 0d, 0e"),
        (b"\0\1\x08\x01", "must be 00 00"),
        (b"\0\0\x08\xff" + b"\0" * 2000, "the number of axes, at most 64"),
        (b"\0\0\x08\x02\0\0\0\1", "ends in its header: expected 12 bytes for 2 axes, found 8"),
        (b"\0\0\x08\x01\0\0\0\5abc", r"uint8 of the shape \(5,\), which are 5 bytes; found 3"),
        (b"\0\0\x0c\x01\0\0\0\2abc", r"int32 of the shape \(2,\), which are 8 bytes; found 3"),
        (b"\0\0\x08\x01\0\0\0\2abc", "which are 2 bytes; found more"),
        (b"\0\0\x08\x03" + b"\0" * 4 + b"\xff" * 8, "no array has the shape"),
    ],
)
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_wrong_file_is_named_with_what_was_expected(tmp_path, content, message, compress):
    path = tmp_path / "wrong-ubyte"
    path.write_bytes(compress(content))
    with pytest.raises(ValueError, match=f"read_idx: .*wrong-ubyte.*{message}"):
        read_idx(path)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_claim_takes_no_memory(tmp_path, compress):
    path = tmp_path / "huge-ubyte"
    path.write_bytes(compress(b"\0\0\x0e\x03" + struct.pack(">3I", 10**6, 10**6, 4) + b"abc"))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="32,000,000,000,000 bytes; found 3"):
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing-here"):
        read_idx(tmp_path / "nothing-here")


small = np.arange(24, dtype=np.int16).reshape(2, 3, 4) - 12


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_every_truncation_is_an_error(tmp_path, compress):
    path = tmp_path / "cut"
    whole = compress(idx(small))
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"read_idx: .*cut"):
            read_idx(path)


def test_a_flipped_bit_gives_what_the_bytes_say_or_an_error(tmp_path):
    path = tmp_path / "flipped"
    whole = idx(small)
    for place in (*range(8 * 20), 8 * len(whole) - 1):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        if place < 8 * 16:  # in the header; a transposed shape would be valid, one bit cannot do it
            with pytest.raises(ValueError, match=r"read_idx: .*flipped"):
                read_idx(path)
        else:
            expected = np.frombuffer(bytes(damaged[16:]), ">i2").reshape(2, 3, 4)
            np.testing.assert_array_equal(read_idx(path), expected)


def test_a_flipped_bit_of_a_compressed_file_never_changes_the_array(tmp_path):
    path = tmp_path / "flipped"
    whole = gzip.compress(idx(small))
    errors = 0
    for place in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            found = read_idx(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017  # which of them fail is not known before
            errors += 1
        else:  # in gzip's own header: the time, say
            np.testing.assert_array_equal(found, small, strict=True)
    assert errors > 0.8 * 8 * len(whole) - 8 * 8


@pytest.mark.parametrize("seed", range(3))
def test_random_bytes_give_an_array_or_an_error(tmp_path, seed):
    rng = np.random.default_rng(seed)
    path = tmp_path / "noise"
    whole = idx(small)
    for compress in (bytes, gzip.compress) * 100:
        damaged = np.frombuffer(compress(whole), np.uint8).copy()
        damaged[rng.integers(len(damaged), size=3)] = rng.integers(256, size=3)
        path.write_bytes(damaged.tobytes())
        try:
            found = read_idx(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017  # as above
        else:
            assert found.nbytes <= len(whole)
