import gzip
import hashlib
import io
import tarfile

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import _cifar

COUNT = 3


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Make files of three images whole ones."""
    monkeypatch.setattr(_cifar, "_COUNT", COUNT)


def contents(seed=0):
    rng = np.random.default_rng(seed)
    files = {}
    for name in _cifar._FILES:
        records = rng.integers(0, 256, (COUNT, 3073), dtype=np.uint8)
        records[:, 0] = rng.integers(0, 10, COUNT)
        files[name] = records.tobytes()
    return files


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def archive(files, folder="cifar-10-batches-bin/"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(stream.getvalue(), compresslevel=1)


def check(parts, files, dtype=np.float32):
    (x_train, y_train), (x_test, y_test) = parts
    assert (x_train.shape, x_test.shape) == ((5 * COUNT, 3, 32, 32), (COUNT, 3, 32, 32))
    assert x_train.dtype == x_test.dtype == dtype
    assert y_train.dtype == y_test.dtype == np.int64
    scale = 1 if dtype == np.uint8 else dtype(255)
    # As the page of the data tells: a label, then 1024 bytes of red, green and blue, row by row.
    for at, name in enumerate(_cifar._TRAIN):
        for image in range(COUNT):
            record = files[name][3073 * image : 3073 * (image + 1)]
            assert y_train[COUNT * at + image] == record[0]
            for channel, row, column in ((0, 0, 1), (1, 2, 3), (2, 31, 30)):
                value = record[1 + 1024 * channel + 32 * row + column]
                found = x_train[COUNT * at + image, channel, row, column]
                assert found == (value if dtype == np.uint8 else dtype(value) / scale)
    np.testing.assert_array_equal(y_test, np.frombuffer(files["test_batch.bin"], np.uint8)[::3073])


@pytest.mark.parametrize("inner", ["", "cifar-10-batches-bin"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_six_files(tmp_path, inner, dtype):
    files = contents()
    write(tmp_path / inner, files)
    check(mg.data.cifar10(tmp_path, dtype=dtype), files, dtype)


@pytest.mark.parametrize("folder", ["cifar-10-batches-bin/", "", "../../", "/tmp/"])
def test_an_archive_is_read_and_nothing_is_unpacked(tmp_path, folder):
    files = contents()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "cifar-10-binary.tar.gz").write_bytes(archive(files | {"readme.html": b"x"}, folder))
    check(mg.data.cifar10(str(inner)), files)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [
        "cifar-10-binary.tar.gz"
    ]


def test_what_is_missing_is_told_with_where_to_get_it(tmp_path):
    files = contents()
    del files["data_batch_3.bin"]
    write(tmp_path, files)
    with pytest.raises(FileNotFoundError, match=r"data_batch_3\.bin") as caught:
        mg.data.cifar10(tmp_path)
    for part in (str(tmp_path), *_cifar._ADDRESSES, _cifar._SHA256, "download=True"):
        assert part in str(caught.value)
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(archive(files))
    with pytest.raises(
        ValueError, match=r"cifar-10-binary\.tar\.gz holds no file data_batch_3\.bin"
    ):
        mg.data.cifar10(tmp_path)


@pytest.mark.parametrize("in_archive", [False, True])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-1], "must have 9,219 bytes, 3 images of 3,073; it has 9,218"),
        (lambda data: data[:3073], "it has 3,073"),
        (lambda data: data + b"x", "it has 9,220"),
        (lambda data: b"", "it has 0"),
        (lambda data: b"\x0b" + data[1:], "labels go from 0 to 9, and it has one of 11"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, change, message, in_archive):
    files = contents()
    files["data_batch_2.bin"] = change(files["data_batch_2.bin"])
    if in_archive:
        (tmp_path / "cifar-10-binary.tar.gz").write_bytes(archive(files))
    else:
        write(tmp_path, files)
    with pytest.raises(ValueError, match=f"cifar10: .*data_batch_2.bin.*{message}"):
        mg.data.cifar10(tmp_path)


def test_a_large_member_is_not_read(tmp_path):
    # Only its header is there: reading it would end in an error of another kind.
    member = tarfile.TarInfo("test_batch.bin")
    member.size = 10**12
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(gzip.compress(member.tobuf()))
    with pytest.raises(ValueError, match=r"test_batch\.bin in .* it has 1,000,000,000,000"):
        mg.data.cifar10(tmp_path)


def test_every_truncation_of_an_archive_is_an_error(tmp_path):
    path = tmp_path / "cifar-10-binary.tar.gz"
    whole = archive(contents())
    places = {*range(40), *range(len(whole) - 40, len(whole)), *range(0, len(whole), 997)}
    for length in sorted(places):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"cifar10: .*cifar-10-binary\.tar\.gz"):
            mg.data.cifar10(tmp_path)


@pytest.mark.parametrize("seed", range(3))
def test_a_flipped_bit_of_an_archive_gives_the_same_arrays_or_an_error(tmp_path, seed):
    rng = np.random.default_rng(seed)
    path = tmp_path / "cifar-10-binary.tar.gz"
    files = contents()
    whole = archive(files)
    places = [
        *range(8 * 12),
        *(8 * len(whole) - 1 - np.arange(64)),
        *rng.integers(8 * len(whole), size=60),
    ]
    errors = 0
    for place in places:
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << int(place % 8)
        path.write_bytes(damaged)
        try:
            found = mg.data.cifar10(tmp_path)
        except ValueError as error:
            assert "cifar-10-binary.tar.gz" in str(error)  # noqa: PT017  # which fail is not known
            errors += 1
        else:
            check(found, files)
    assert errors > len(places) / 2


def test_a_flipped_byte_of_a_file_changes_one_value_or_is_an_error(tmp_path):
    files = contents()
    write(tmp_path, files)
    for place in (0, 1, 3072, 3073, 9218):
        for value in (0, 9, 10, 50, 128, 255):
            damaged = bytearray(files["test_batch.bin"])
            damaged[place] = value
            (tmp_path / "test_batch.bin").write_bytes(damaged)
            if place % 3073 == 0 and value > 9:
                with pytest.raises(ValueError, match=f"one of {value}"):
                    mg.data.cifar10(tmp_path)
            else:
                check(mg.data.cifar10(tmp_path), files | {"test_batch.bin": bytes(damaged)})


def test_download(tmp_path, monkeypatch):
    files = contents()
    source = tmp_path / "source.tar.gz"
    source.write_bytes(archive(files))
    monkeypatch.setattr(_cifar, "_ADDRESSES", (source.as_uri(),))
    with pytest.raises(OSError, match=r"cifar-10-binary\.tar\.gz could not be had"):
        mg.data.cifar10(tmp_path / "new", download=True)
    monkeypatch.setattr(_cifar, "_SHA256", hashlib.sha256(source.read_bytes()).hexdigest())
    check(mg.data.cifar10(tmp_path / "new", download=True), files)
    check(mg.data.cifar10(tmp_path / "new"), files)


def test_types_that_are_refused(tmp_path):
    with pytest.raises(TypeError, match="cifar10: dtype must be floating"):
        mg.data.cifar10(tmp_path, dtype=int)
