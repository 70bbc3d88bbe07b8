import os
import pickle
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections import OrderedDict, namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad import saving

try:
    import safetensors.numpy  # noqa: F401

    SUFFIXES = [".npz", ".safetensors"]
except ImportError:
    SUFFIXES = [".npz"]

any_format = pytest.mark.parametrize("suffix", SUFFIXES)
with_safetensors = pytest.mark.skipif(len(SUFFIXES) == 1, reason="needs the extra safetensors")


def assert_same(loaded, saved):
    """Equal, with equal types all the way down."""
    assert type(loaded) is type(saved)
    if isinstance(saved, dict):
        assert list(map(type, loaded)) == list(map(type, saved))
        assert list(loaded) == list(saved)
        for key in saved:
            assert_same(loaded[key], saved[key])
    elif isinstance(saved, list | tuple):
        assert len(loaded) == len(saved)
        for one, other in zip(loaded, saved, strict=True):
            assert_same(one, other)
    elif isinstance(saved, np.ndarray | np.generic):
        assert loaded.dtype == saved.dtype
        np.testing.assert_array_equal(loaded, saved, strict=True)
    else:
        assert repr(loaded) == repr(saved)


def round_trip(state, folder, suffix):
    path = folder / f"state{suffix}"
    mg.save(state, path)
    return mg.load(path)


NESTS = {
    "plain data": [1, 1.0, True, False, None, "text", -0.0, float("nan"), -float("inf")],
    "tuples": ((), (1, (2, [3, ()])), [(), []]),
    "integer keys": {0: {"step": 1}, 12: {}, "0": 2, True: 3, None: 4, 1.5: 5, (1, "a"): 6},
    "big integers": {"state": 2**127 + 1, "inc": -(2**200)},
    "odd keys": {"": 1, "a/b": 2, "a\\b": 3, "a\0b": 4, "\ud800": 5, "ä\n": 6, "file": 7},
    "arrays below odd keys": {
        key: {"x": np.arange(2)}
        for key in ["", "a/b", "a\\b", "a\0b", "\ud800", "é\n", "x" * 99999]
    },
    "names that meet": {"a/b": {"c": np.ones(1)}, "a": {"b/c": np.ones(2)}, "array 1": np.ones(3)},
    "empty": {},
    "an array alone": np.arange(6.0).reshape(2, 3),
    "a number alone": 3,
    "scalars of NumPy": {"a": np.float32(1.5), "b": [np.int64(2), np.bool_(True), np.float64(0.1)]},
    "shapes": {
        "a": [np.array(1.5), np.zeros((0, 3)), np.arange(24.0).reshape(2, 3, 4)[::-1, :, ::2].T]
    },
    "one with reserved names": {"minigrad.json": np.ones(1), "__metadata__": np.ones(2)},
    "a tree of one's own marks": {"array": "x", "dict": [["tuple", 1]], "tuple": {"array": "x"}},
}


@any_format
@pytest.mark.parametrize("name", NESTS)
def test_what_is_saved_comes_back(name, suffix, tmp_path):
    assert_same(round_trip(NESTS[name], tmp_path, suffix), NESTS[name])


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
leaves = scalars | hnp.arrays(
    st.sampled_from(["f2", "f4", "f8", "i1", "u8", "?"]), hnp.array_shapes(min_dims=0, min_side=0)
)
nests = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@any_format
@given(state=nests)
def test_any_nest_comes_back(suffix, tmp_path_factory, state):
    if suffix == ".safetensors" and saving._is_plain(state):
        state = [state]  # the order of a plain dict is not kept
    assert_same(round_trip(state, tmp_path_factory.mktemp("nest"), suffix), state)


DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]


@any_format
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_is_kept(dtype, suffix, tmp_path):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    assert_same(round_trip({"a": array}, tmp_path, suffix), {"a": array})


@pytest.mark.parametrize("dtype", [">f4", ">i8", "c8", "c16", "g", "S5", "U3", "M8[s]", "m8[ms]"])
def test_npz_keeps_more_dtypes(dtype, tmp_path):
    array = np.arange(3).astype("i8").astype(dtype)
    loaded = round_trip({"a": array, "b": array[:0]}, tmp_path, ".npz")
    assert_same(loaded, {"a": array, "b": array[:0]})
    assert loaded["a"].dtype.str == array.dtype.str


@with_safetensors
def test_safetensors_keeps_the_values_of_big_endian_arrays(tmp_path):
    array = np.arange(3, dtype=">f4")
    loaded = round_trip({"a": array}, tmp_path, ".safetensors")["a"]
    np.testing.assert_array_equal(loaded, [0, 1, 2])
    assert loaded.dtype == np.float32


@with_safetensors
def test_safetensors_has_no_complex_numbers(tmp_path):
    with pytest.raises(TypeError, match=r"^save: the array 'a' is complex128, .* save an .npz$"):
        mg.save({"a": np.ones(2, complex)}, tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())


@any_format
def test_tensors_come_back_as_arrays(suffix, tmp_path):
    tracked = mg.tensor([1.0, 2.0], requires_grad=True)
    state = {
        "computed": tracked * 2,
        "nested": [mg.nn.Parameter([1.0]), mg.nn.Buffer([1, 2])],
    }
    expected = {
        "computed": np.array([2.0, 4.0]),
        "nested": [np.array([1.0], np.float32), np.array([1, 2])],
    }
    assert_same(round_trip(state, tmp_path, suffix), expected)


@any_format
def test_subclasses_come_back_as_their_base(suffix, tmp_path):
    point = namedtuple("point", "x y")
    state = OrderedDict(a=point(1, 2), b=OrderedDict())
    assert_same(round_trip(state, tmp_path, suffix), {"a": (1, 2), "b": {}})


@any_format
def test_loaded_arrays_may_be_written_to(suffix, tmp_path):
    for array in round_trip({"a": np.ones(3), "b": np.ones((2, 2)).T}, tmp_path, suffix).values():
        array += 1


@any_format
def test_equal_states_are_equal_files(suffix, tmp_path):
    for name in "ab":
        mg.save({"x": [np.arange(3), 1.5]}, tmp_path / f"{name}{suffix}")
    first, second = sorted(tmp_path.iterdir())
    assert first.read_bytes() == second.read_bytes()


# Other programs


STATE = {"0.weight": np.arange(6.0).reshape(2, 3).T, "file": np.array(3), "a/b": np.ones(2, bool)}


def test_numpy_opens_a_plain_file(tmp_path):
    mg.save(STATE, tmp_path / "state.npz")
    with np.load(tmp_path / "state.npz", allow_pickle=False) as opened:
        assert_same({name: opened[name] for name in opened.files}, STATE)


def test_numpy_opens_the_arrays_of_a_nest_by_their_paths(tmp_path):
    mg.save({"model": STATE, "epoch": 3}, tmp_path / "state.npz")
    with np.load(tmp_path / "state.npz", allow_pickle=False) as opened:
        np.testing.assert_array_equal(opened["model/0.weight"], STATE["0.weight"])


@pytest.mark.parametrize("savez", [np.savez, np.savez_compressed])
def test_files_of_numpy_are_opened(savez, tmp_path):
    state = {name: array for name, array in STATE.items() if name != "file"}
    savez(tmp_path / "state.npz", **state)
    assert_same(mg.load(tmp_path / "state.npz"), state)


@with_safetensors
def test_files_of_safetensors_are_opened_and_ours_there(tmp_path):
    from safetensors.numpy import load_file, save_file

    mg.save(STATE, tmp_path / "ours.safetensors")
    opened = load_file(tmp_path / "ours.safetensors")
    assert_same({name: opened[name] for name in STATE}, STATE)
    save_file({"a": np.arange(3)}, tmp_path / "theirs.safetensors", metadata={"format": "np"})
    assert_same(mg.load(tmp_path / "theirs.safetensors"), {"a": np.arange(3)})


@with_safetensors
def test_bfloat16_is_widened(tmp_path):
    header = b'{"a":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}'
    values = np.array([0x3F80, 0xC049], "<u2")
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + values.tobytes())
    assert_same(mg.load(path), {"a": np.array([[1.0, -3.140625]], np.float32)})


@with_safetensors
def test_a_dtype_that_numpy_does_not_have_is_named(tmp_path):
    header = b'{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}'
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"abcd")
    with pytest.raises(ValueError, match="the array 'a' is F8_E4M3, which NumPy does not have"):
        mg.load(path)


# Errors


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ([{"a": {1, 2}}], r"^save: state\[0\]\['a'\] is a builtins.set, expected arrays"),
        ({"a": np.array([None])}, r"^save: state\['a'\] is a object array"),
        ({"a": np.zeros(2, "i4,f4")}, r"^save: state\['a'\] is a structured array"),
        ([1j], r"^save: state\[0\] is a builtins.complex"),
        ({"m": np.ma.masked_array([1])}, r"^save: state\['m'\] is a masked array"),
        ({"o": {mg.tensor(1.0): 1}}, r"^save: state\['o'\] is a dict whose keys are tensors"),
        ({(1, (mg.tensor(1.0),)): 1}, "^save: state is a dict whose keys are tensors"),
        (print, "^save: state is a builtins.builtin_function_or_method"),
        (mg.nn.Linear(1, 1), r"^save: state is a .*Linear, expected .*; save its state_dict\(\)$"),
    ],
)
def test_what_cannot_be_saved_is_named_and_nothing_is_written(state, message, tmp_path):
    with pytest.raises(TypeError, match=message):
        mg.save(state, tmp_path / "state.npz")
    assert not list(tmp_path.iterdir())


def test_a_container_that_contains_itself(tmp_path):
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="contains itself"):
        mg.save(endless, tmp_path / "state.npz")


@pytest.mark.parametrize("name", ["weights", "weights.pt", "weights.npz.bak"])
def test_an_unknown_suffix_names_the_two(name, tmp_path):
    for call in (lambda: mg.save({}, tmp_path / name), lambda: mg.load(tmp_path / name)):
        with pytest.raises(ValueError, match=r"chooses the format, \.npz or \.safetensors"):
            call()
    assert not list(tmp_path.iterdir())


def test_the_state_comes_before_the_path():
    with pytest.raises(TypeError, match=r"^save: the path is a dict; the state comes first"):
        mg.save("weights.npz", {})


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    for call in (mg.load, lambda path: mg.save({}, path)):
        with pytest.raises(ImportError, match=r"pip install 'minigrad\[safetensors\]'"):
            call(tmp_path / "a.safetensors")


def test_a_missing_file_or_folder_is_no_damage(tmp_path):
    with pytest.raises(FileNotFoundError):
        mg.load(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError, match="its folder does not exist"):
        mg.save({}, tmp_path / "none" / "a.npz")


def not_whole(path):
    return pytest.raises(ValueError, match=rf"^load: '.*{path.name}' is not a whole \.(npz|saf)")


@any_format
@pytest.mark.parametrize(
    "content", [b"", b"PK", b"hello" * 100, pickle.dumps({"a": 1}), b"\0" * 99]
)
def test_a_foreign_file_is_refused(content, suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with not_whole(path):
        mg.load(path)


@any_format
def test_a_file_that_was_cut_off_is_refused_wherever_it_was(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    mg.save({"a": [np.arange(10.0), 1], "b": (np.ones(3), "text")}, path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with not_whole(path):
            mg.load(path)


@pytest.mark.filterwarnings("ignore")  # of NumPy, about headers of Python 2
@any_format
def test_a_damaged_byte_is_no_other_error(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    mg.save({"a": [np.arange(3.0), 1], "b": (np.ones(3, "f2"), "text")}, path)
    whole = path.read_bytes()
    refused = 0
    for place in range(0, len(whole), 2):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place // 2 % 8
        path.write_bytes(damaged)
        try:
            mg.load(path)  # what is not looked at, such as a date, may be another
        except ValueError:
            refused += 1
    assert refused > len(whole) // 2 * 0.4


def test_a_pickle_is_not_opened(tmp_path):
    class Harm:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "harm",))

    np.savez(tmp_path / "a.npz", a=np.array([Harm()]))
    with pytest.raises(ValueError, match=r"'a' is an array of pickled objects, .* never loaded"):
        mg.load(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Harm()))
    with pytest.raises(ValueError, match=r"entry 'archive/data.pkl' is no array"):
        mg.load(tmp_path / "b.npz")
    assert not (tmp_path / "harm").exists()


def npy(header, values=b""):
    text = repr(header).encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + values


@pytest.mark.parametrize(
    ("descr", "shape", "values", "message"),
    [
        (
            "<f8",
            (10**15,),
            b"\0" * 64,
            "has 64 bytes of values, its header claims 8000000000000000",
        ),
        ("<f8", (2,), b"\0" * 8, "has 8 bytes"),
        ("<f8", (0,), b"\0" * 8, "has 8 bytes"),
        ("<f8", (-1, -2), b"\0" * 16, "has 16 bytes"),
        ("|S0", (10**15,), b"", "has 0 bytes"),
        ("|O", (1,), b"\0" * 8, "pickled"),
        ([("a", "<f8")], (1,), b"\0" * 8, "structured"),
    ],
)
def test_a_forged_header_is_not_believed(descr, shape, values, message, tmp_path):
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", npy(header, values))
    with pytest.raises(ValueError, match=message):
        mg.load(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "skeleton",
    [
        "{",
        "[" * 10**5,
        '{"array": "none"}',
        '{"what": 1}',
        '{"dict": [[[], 1]]}',
        '{"tuple": 1}',
        "{}",
    ],
)
def test_a_forged_skeleton_is_refused(skeleton, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, **{"minigrad.json": np.frombuffer(skeleton.encode(), np.uint8)})
    with not_whole(path):
        mg.load(path)


# The file is replaced at once


@any_format
def test_an_error_leaves_the_old_file_and_no_other(suffix, tmp_path, monkeypatch):
    path = tmp_path / f"a{suffix}"
    mg.save({"a": np.ones(3)}, path)

    def fails(*arguments):
        raise KeyboardInterrupt

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(os, name, fails)
            with pytest.raises(KeyboardInterrupt):
                mg.save({"a": np.zeros(3)}, path)
        assert list(tmp_path.iterdir()) == [path]
        np.testing.assert_array_equal(mg.load(path)["a"], np.ones(3))


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_permissions_are_those_that_open_gives(tmp_path):
    path, other = tmp_path / "a.npz", tmp_path / "b.npz"
    other.write_bytes(b"")
    mg.save({}, path)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)
    path.chmod(0o640)
    mg.save({}, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="links need privileges elsewhere")
def test_a_link_stays(tmp_path):
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link.npz"
    link.symlink_to(tmp_path / "folder" / "a.npz")
    mg.save({"a": np.ones(1)}, str(link))
    assert link.is_symlink()
    assert_same(mg.load(tmp_path / "folder" / "a.npz"), {"a": np.ones(1)})


SAVES = """
import itertools, os, sys
import numpy as np
import minigrad as mg

rows = np.ones((2000, 8))

def save(number):
    mg.save({"number": number, "rows": number * rows, "more": [rows, (number,)]}, sys.argv[1])

save(0)  # also loads what it needs, before the forks
for number in itertools.count():
    # A fork each time: what is killed is cheap to start.
    child = os.fork()
    if child == 0:
        while True:
            number += 1
            save(number)
    print(child, flush=True)
    if not sys.stdin.readline():
        break
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed")
@any_format
def test_a_process_killed_while_it_saves_leaves_a_whole_file(suffix, tmp_path):
    path = tmp_path / f"state{suffix}"
    saved = set()
    random = np.random.default_rng(0)
    halves = killed = 0
    with subprocess.Popen(
        [sys.executable, "-c", SAVES, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(mg.__file__).parents[1],
    ) as loop:
        for turn in range(100):
            child = int(loop.stdout.readline())
            time.sleep(random.uniform(0.001, 0.02))
            os.kill(child, signal.SIGKILL)
            killed += 1
            if turn < 99:
                loop.stdin.write("\n")
                loop.stdin.flush()
                # Until the next is there, this one has been waited for.
            state = mg.load(path)
            saved.add(number := state["number"])
            assert state["more"][1] == (number,)
            assert (state["rows"] == number).all()
            halves = len([file for file in tmp_path.iterdir() if file.suffix == ".tmp"])
        loop.stdin.close()
    assert killed == 100
    # Most had saved before, and many were amid a save.
    assert len(saved) > 10
    assert halves > 10
