from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

PACKED = ("packed", "unsorted")


def configurations():
    """Each kind with every way of passing sequences, and settings drawn at random."""
    rng = np.random.default_rng(0)
    kinds = [("RNN", {"nonlinearity": "tanh"}), ("RNN", {"nonlinearity": "relu"})]
    kinds += [("LSTM", {}), ("GRU", {})]
    for kind, settings in kinds:
        for mode in ("plain", "single", *PACKED):
            for _ in range(2):
                drawn = {
                    "num_layers": int(rng.integers(1, 4)),
                    "bias": bool(rng.random() < 0.7),
                    "batch_first": bool(rng.random() < 0.5),
                    "bidirectional": bool(rng.random() < 0.5),
                }
                sizes = tuple(rng.integers(2, 6, 4).tolist())
                yield kind, settings | drawn, mode, sizes, bool(rng.random() < 0.6)


OURS = SimpleNamespace(nn=nn, rnn=nn.utils.rnn, tensor=mg.tensor, integers=lambda v: v)
THEIRS = SimpleNamespace(
    nn=torch.nn, rnn=torch.nn.utils.rnn, tensor=torch.tensor, integers=torch.tensor
)


def run(side, layer, mode, x, states, lengths):
    """Outputs, states and the gradients of parameters, input and states, by random cotangents."""
    batch_first = layer.batch_first
    x = side.tensor(x, requires_grad=True)
    states = [side.tensor(state, requires_grad=True) for state in states]
    hx = None if not states else states[0] if len(states) == 1 else tuple(states)
    given = x
    if mode in PACKED:
        given = side.rnn.pack_padded_sequence(
            x, side.integers(lengths), batch_first, enforce_sorted=mode == "packed"
        )
    out, after = layer(given, hx)
    if mode in PACKED:
        out, found = side.rnn.pad_packed_sequence(out, batch_first, 0.5, max(lengths) + 1)
        assert found.tolist() == lengths
    outputs = [out, *(after if isinstance(after, tuple) else (after,))]
    rng = np.random.default_rng(1)
    total = 0
    for output in outputs:
        cotangent = rng.normal(size=tuple(output.shape)).astype(np.asarray(x.detach()).dtype)
        total = total + (output * side.tensor(cotangent)).sum()
    total.backward()
    gradients = [tensor.grad for tensor in (*layer.parameters(), x, *states)]
    return [np.asarray(value.detach()) for value in (*outputs, *gradients)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("kind", "settings", "mode", "sizes", "given"), list(configurations()), ids=str
)
def test_outputs_and_gradients_are_the_same(kind, settings, mode, sizes, given, dtype):
    features, size, count, steps = sizes
    ours = getattr(nn, kind)(features, size, dtype=dtype, **settings)
    theirs = getattr(torch.nn, kind)(features, size, dtype=getattr(torch, dtype), **settings)
    assert repr(ours) == repr(theirs)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict({n: torch.from_numpy(a) for n, a in ours.state_dict().items()})

    rng = np.random.default_rng(2)
    lead = (count, steps) if settings["batch_first"] else (steps, count)
    x = rng.normal(size=(steps, features) if mode == "single" else (*lead, features))
    layers = settings["num_layers"] * (1 + settings["bidirectional"])
    shape = (layers, size) if mode == "single" else (layers, count, size)
    states = [rng.normal(size=shape).astype(dtype) for _ in range(1 + (kind == "LSTM"))]
    lengths = [steps, *rng.integers(1, steps + 1, count - 1).tolist()]
    lengths = sorted(lengths, reverse=True) if mode == "packed" else lengths[::-1]
    arguments = (mode, x.astype(dtype), states if given else [], lengths)
    tolerance = {"float32": 1e-5, "float64": 1e-9}[dtype]
    for one, other in zip(
        run(OURS, ours, *arguments), run(THEIRS, theirs, *arguments), strict=True
    ):
        assert one.dtype == other.dtype == dtype
        scale = max(1.0, np.abs(other).max(initial=0))
        np.testing.assert_allclose(one / scale, other / scale, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("lead", [(3,), ()])
def test_cells_are_the_same(kind, bias, lead):
    settings = {"bias": bias} | ({"nonlinearity": "relu"} if kind == "RNNCell" and bias else {})
    ours = getattr(nn, kind)(4, 5, dtype=np.float64, **settings)
    theirs = getattr(torch.nn, kind)(4, 5, dtype=torch.float64, **settings)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    rng = np.random.default_rng(0)
    x, h, c = (rng.normal(size=(*lead, n)) for n in (4, 5, 5))
    found = []
    for side, cell in ((OURS, ours), (THEIRS, theirs)):
        tensors = [side.tensor(array, requires_grad=True) for array in (x, h, c)]
        hx = tuple(tensors[1:]) if kind == "LSTMCell" else tensors[1]
        after = cell(tensors[0], cell(tensors[0], hx))
        after = after if isinstance(after, tuple) else (after,)
        total = sum((state * state * state).sum() for state in after)
        total.backward()
        used = tensors if kind == "LSTMCell" else tensors[:2]
        found.append([*after, *(t.grad for t in (*used, *cell.parameters()))])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(
            np.asarray(one.detach()), np.asarray(other.detach()), rtol=1e-9, atol=1e-12
        )


def test_packing_is_the_same():
    rng = np.random.default_rng(0)
    sequences = [rng.normal(size=(length, 2)) for length in (2, 4, 1, 4)]
    ours = nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False)
    theirs = torch.nn.utils.rnn.pack_sequence(
        [torch.tensor(s) for s in sequences], enforce_sorted=False
    )
    for name in ours._fields:
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name).numpy())
    for side in ("right", "left"):
        np.testing.assert_array_equal(
            nn.utils.rnn.pad_sequence(sequences, True, -1.0, side),
            torch.nn.utils.rnn.pad_sequence(
                [torch.tensor(s) for s in sequences], True, -1.0, side
            ).numpy(),
        )
