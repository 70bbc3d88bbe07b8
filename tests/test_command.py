"""``python -m minigrad``: what it checks, prints and returns."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.__main__ import main
from minigrad.testing import command, every_op
from minigrad.testing.samples import SAMPLES

FUNCTIONS = """
import numpy as np
import minigrad as mg

def right(x, w):
    return mg.tanh(x * w).sum()

@mg.op
def wrong(x, /):
    return x * x, lambda g: g * x

def raising(x):
    raise ValueError("a mistake of its own")

class Table(dict):
    pass

constant = 3.0
"""


@pytest.fixture
def functions(tmp_path, monkeypatch):
    """A folder to work in, with a module `functions`."""
    (tmp_path / "functions.py").write_text(FUNCTIONS, encoding="utf-8")
    (tmp_path / "needy.py").write_text("import not_installed_anywhere", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    sys.modules.pop("functions", None)


def check(*words):
    return main(["gradcheck", "--jobs", "1", *words])


def refused(capsys, *words):
    """The message with which the command ends before it checks anything."""
    with pytest.raises(SystemExit) as caught:
        check(*words)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()[-1]


# The command


def test_alone_it_prints_help(capsys):
    assert main([]) == 0
    assert "gradcheck" in capsys.readouterr().out


def test_it_knows_its_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"minigrad {mg.__version__}\n"


def test_it_runs_as_a_module_in_several_processes(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "minigrad", "gradcheck", "tanh", "relu", "--cases=1", "--jobs=2"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(mg.__file__).parents[1]), "PYTHONUTF8": "1"},
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "2 ops, 2 cases: all ok" in ran.stdout
    assert list(tmp_path.iterdir()) == []  # it leaves nothing behind


def test_an_interrupt_ends_it_without_a_traceback(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_check_ops", interrupted)
    assert check() == 130


# Ops


def test_ops_families_and_other_names_are_checked(capsys):
    assert check("linalg.inv", "acos", "tanh", "joining", "--cases=1", "--order=1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["op", "family", "order", "cases", "margin", "seconds", "verdict"]
    rows = {line.split()[0]: line.split() for line in lines[1:-2]}
    joining = {op.name for op in mg.registry.registered() if op.family == "joining"}
    assert rows.keys() == joining | {"inv", "arccos", "tanh"}
    assert rows["tanh"][1:4] == ["elementary", "1", "1"]
    assert {row[-1] for row in rows.values()} == {"ok"}
    assert lines[-1].startswith(f"{len(rows)} ops, {len(rows)} cases: all ok, in ")


def test_second_derivatives_are_checked_unless_told_otherwise(capsys):
    assert check("tanh", "--cases=3", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    (row,) = found["ops"]
    assert (row["order"], row["cases"], row["verdict"], row["reports"]) == (2, 3, "ok", [])
    assert found["ok"] is True


def test_the_same_seed_gives_the_same_cases():
    op = mg.registry.lookup(mg.multiply)
    one, same, other = (every_op.small_calls(op, 3, seed) for seed in (0, 0, 1))
    for call, again in zip(one, same, strict=True):
        for x, y in zip(call.flat(), again.flat(), strict=True):
            np.testing.assert_array_equal(x, y)
    assert [c.flat()[0].tolist() for c in one] != [c.flat()[0].tolist() for c in other]


@pytest.mark.parametrize("function", [mg.conv2d, mg.concatenate, mg.diagonal])
def test_cases_are_small_and_not_empty(function):
    calls = every_op.small_calls(mg.registry.lookup(function), 3, 0)
    assert len(calls) == 3
    assert all(0 < sum(array.size for array in call.flat()) <= every_op.SMALL for call in calls)


@pytest.fixture
def broken(monkeypatch):
    """Let the derivative of tanh be wrong."""
    op = mg.registry.lookup(mg.tanh)
    monkeypatch.setattr(op, "run", lambda x: (np.tanh(x), lambda g: 2 * g))


@pytest.mark.usefixtures("broken")
def test_a_wrong_op_fails_with_its_report(capsys):
    assert check("tanh", "exp", "--cases=1") == 1
    out = capsys.readouterr().out
    assert "tanh(): wrong" in out
    assert "by x" in out or "  x:" in out
    assert "2 ops, 2 cases: 1 not ok (tanh)" in out


@pytest.mark.usefixtures("broken")
def test_a_wrong_op_fails_as_json_too(capsys):
    assert check("tanh", "--cases=1", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is False
    assert found["ops"][0]["verdict"] == "wrong"
    assert found["ops"][0]["reports"][0]["elements"][0]["parameter"] == "x"


def test_an_op_that_raises_does_not_stop_the_others(capsys, monkeypatch):
    def raising(x):
        raise ZeroDivisionError("in the rule")

    monkeypatch.setattr(mg.registry.lookup(mg.tanh), "run", raising)
    assert check("tanh", "exp", "--cases=1") == 1
    out = capsys.readouterr().out
    assert "ZeroDivisionError: " in out
    assert "1 not ok (tanh)" in out


def test_what_needs_scipy_is_skipped_without_it(capsys, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert check("erf", "tanh", "--cases=1") == 0
    out = capsys.readouterr().out
    assert "erf is skipped: scipy.special.erf is not there" in out
    assert "1 op, 1 case: all ok, 1 skipped" in out


def test_ops_without_a_derivative_are_counted(capsys):
    assert check("argmax", "tanh", "--cases=1") == 0
    assert "1 without a derivative" in capsys.readouterr().out
    assert "argmax returns what has no derivative" in refused(capsys, "argmax")


@pytest.mark.parametrize("installed", [True, False])
def test_a_terminal_shows_how_far_it_is(installed, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    if installed:
        pytest.importorskip("tqdm", reason="tqdm is not installed")
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    assert check("tanh", "exp", "--cases=1") == 0
    assert ("0/2" if installed else "2 of 2 ops") in capsys.readouterr().err


def test_every_op_with_a_derivative_is_chosen():
    chosen = command._chosen([])
    assert {op.function for op in chosen} == set(SAMPLES)


def test_a_name_that_is_not_there_has_a_suggestion(capsys):
    message = refused(capsys, "tahn")
    assert "no op and no family of ops is called 'tahn'; did you mean tan" in message
    assert "module:function" in message


def test_ops_take_no_inputs(capsys):
    assert "--input is for a function" in refused(capsys, "tanh", "--input", "1.0")


@pytest.mark.parametrize("option", ["--order=0", "--cases=0", "--jobs=-1", "--seed=x"])
def test_numbers_that_make_no_sense_are_refused(capsys, option):
    assert option.split("=")[0] in refused(capsys, "tanh", option)


# A function


def test_a_right_function_passes(functions, capsys):
    np.save("x.npy", np.array([1.0, 2.0]))
    assert check("functions:right", "--input", "x.npy", "--input", "[0.5, 0.25]", "--order=2") == 0
    out = capsys.readouterr().out
    assert out.startswith("right: ok · 2 elements of x and 2 of w · orders 1 and 2")


def test_a_wrong_function_fails_with_its_report(functions, capsys):
    assert check("functions:wrong", "--input", "shape=3") == 1
    assert capsys.readouterr().out.startswith("wrong: wrong · first derivative · 3 of 3 elements")


def test_a_report_is_valid_json(functions, capsys):
    words = ["functions:mg.log", "--input", "[0.0, 1.0]", "--json"]
    assert check(*words) == 1

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    found = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert (found["function"], found["ok"], found["verdict"]) == ("log", False, "not finite")
    assert found["elements"][0]["analytic"] == "inf"
    assert found["elements"][1]["index"] == [1]


def test_fast_strict_and_seed_arrive(functions, capsys):
    words = ["functions:mg.relu", "--input=[0.0, 1.0]", "--json"]
    assert check(*words) == 0
    assert check(*words, "--strict") == 1
    assert check("functions:right", "--input=2.0", "--input=3.0", "--fast", "--seed=5") == 0
    assert "random directions" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.5", 1.5),
        ("[1, [2.0]]", [1, [2.0]]),
        ("{'a': [1.0]}", {"a": [1.0]}),
        ("'name'", "name"),
    ],
)
def test_an_input_may_be_a_literal(text, expected):
    assert command._input(text, np.random.default_rng(0)) == expected


@pytest.mark.parametrize(
    ("text", "shape"), [("3,4", (3, 4)), ("(3, 4)", (3, 4)), ("2,", (2,)), ("5", (5,)), ("", ())]
)
def test_an_input_may_be_a_shape(text, shape):
    rng = np.random.default_rng(0)
    assert np.shape(command._input(f"shape={text}", rng)) == shape
    positive = command._input(f"positive={text}", rng)
    assert np.shape(positive) == shape
    assert np.all(np.asarray(positive) >= 0.3)


def test_an_input_may_be_in_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("two.npz", a=np.ones(2), b=np.zeros(3))
    np.savez("one.npz", a=np.ones(2))
    rng = np.random.default_rng(0)
    assert command._input("two.npz:b", rng).tolist() == [0, 0, 0]
    assert command._input("one.npz", rng).tolist() == [1, 1]
    for text, message in [
        ("two.npz", "several arrays; write two.npz:NAME, one of a, b"),
        ("two.npz:c", "no array 'c'"),
        ("none.npy", "No such file"),
    ]:
        with pytest.raises(command.UsageError, match=message):
            command._input(text, rng)


def test_an_array_of_objects_is_not_loaded(tmp_path):
    path = tmp_path / "objects.npy"
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(command.UsageError, match="allow_pickle"):
        command._input(str(path), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["functions:right"], r"functions:right\(x, w\) needs inputs: --input shape=3,4"),
        (["functions:right", "--input=1.0"], r"right\(x, w\) does not take 1 input"),
        (["functions:rihgt", "--input=1.0"], "functions has no 'rihgt'; did you mean right"),
        (["functoins:right"], "no module functoins in the current .* did you mean functions"),
        (["functions.py:right"], "write functions:right, without .py"),
        (["minigrad.opps:tanh"], "no module minigrad.opps in .* did you mean ops"),
        (["functions.more:f"], "no module functions.more"),
        ([":right"], "write module:function, got :right"),
        (["functions:"], "functions has no ''"),
        (["functions:constant"], "is of type float; name a function"),
        (["functions:Table"], "is a class; name a function"),
        (["functions:wrong", "functions:right"], "one function at a time"),
        (["functions:wrong", "--input=[1, 2]"], "no input is floating"),
        (["functions:wrong", "--input=shape=3,x"], "write a shape as in shape=3,4"),
        (["functions:wrong", "--input=np.linspace(0, 1)"], "expected shape=3,4 .*nothing is eval"),
        (["functions:wrong", "--input=__import__('os')"], "nothing is evaluated"),
    ],
)
def test_a_mistake_is_named(functions, capsys, words, message):
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(refused(capsys, *words))


def test_errors_of_the_users_code_are_not_hidden(functions):
    with pytest.raises(ValueError, match="a mistake of its own"):
        check("functions:raising", "--input=1.0")
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        check("needy:f")


def test_a_terminal_without_a_letter_shows_another(monkeypatch):
    written = []

    class Terminal:
        encoding = "ascii"
        write = written.append

    monkeypatch.setattr(sys, "stdout", Terminal())
    command._say("a · b")
    assert written == ["a ? b\n"]
