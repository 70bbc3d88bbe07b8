import tracemalloc
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

LAYERS = [(nn.RNN, {}), (nn.RNN, {"nonlinearity": "relu"}), (nn.LSTM, {}), (nn.GRU, {})]
CELLS = {"RNN": nn.RNNCell, "LSTM": nn.LSTMCell, "GRU": nn.GRUCell}
every_layer = pytest.mark.parametrize(
    ("kind", "settings"), LAYERS, ids=["RNN", "RNN relu", "LSTM", "GRU"]
)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def initial(kind, *shape):
    states = [numbers(*shape, seed=seed) for seed in (1, 2)]
    return tuple(states) if kind is nn.LSTM else states[0]


def assert_close(one, other, rtol=1e-11):
    values = [t.detach().numpy() if isinstance(t, mg.Tensor) else t for t in (one, other)]
    np.testing.assert_allclose(*values, rtol=rtol, atol=rtol)


def as_tuple(states):
    return states if isinstance(states, tuple) else (states,)


@every_layer
def test_derivatives_of_parameters_input_and_states(kind, settings):
    layer = kind(2, 2, num_layers=2, bidirectional=True, dtype=np.float64, rng=0, **settings)
    names = [name for name, _ in layer.named_parameters()]

    def outputs(x, *arrays):
        states, parameters = arrays[: -len(names)], arrays[-len(names) :]
        for name, parameter in zip(names, parameters, strict=True):
            vars(layer)[name] = parameter
        out, after = layer(x, states if kind is nn.LSTM else states[0])
        return (out, *as_tuple(after))

    arrays = [numbers(2, 2, 2), *as_tuple(initial(kind, 4, 2, 2))]
    arrays += [getattr(layer, name).numpy() for name in names]
    assert mg.gradcheck(outputs, *arrays, order=2, fast=True)


@every_layer
def test_a_chain_of_cells_is_the_layer(kind, settings):
    layer = kind(3, 4, dtype=np.float64, rng=0, **settings)
    cell = CELLS[kind.__name__](3, 4, dtype=np.float64, **settings)
    cell.load_state_dict({name[:-3]: array for name, array in layer.state_dict().items()})
    x, states = numbers(6, 2, 3), initial(kind, 1, 2, 4)
    output, after = layer(x, states)
    (output**2).sum().backward()

    h = tuple(state[0] for state in states) if kind is nn.LSTM else states[0]
    total = 0
    for step, row in enumerate(x):
        h = cell(row, h)
        assert_close(as_tuple(h)[0], output[step])
        total = total + (as_tuple(h)[0] ** 2).sum()
    total.backward()  # through time
    for one, other in zip(as_tuple(h), as_tuple(after), strict=True):
        assert_close(one, other[0])
    for name, parameter in cell.named_parameters():
        expected = getattr(layer, f"{name}_l0").grad
        assert_close(parameter.grad, expected, rtol=1e-9)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def test_a_step_is_its_formula():
    x, h, c = numbers(3, 2), numbers(3, 4, seed=1), numbers(3, 4, seed=2)
    for kind in (nn.RNNCell, nn.LSTMCell, nn.GRUCell):
        cell = kind(2, 4, dtype=np.float64, rng=0)
        a = x @ cell.weight_ih.numpy().T + cell.bias_ih.numpy()
        b = h @ cell.weight_hh.numpy().T + cell.bias_hh.numpy()
        if kind is nn.RNNCell:
            expected, found = (np.tanh(a + b),), (cell(x, h),)
        elif kind is nn.LSTMCell:
            i, f, g, o = np.split(a + b, 4, axis=1)
            after = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            expected, found = (sigmoid(o) * np.tanh(after), after), cell(x, (h, c))
        else:
            (r, z, n), (r2, z2, n2) = np.split(a, 3, axis=1), np.split(b, 3, axis=1)
            new = np.tanh(n + sigmoid(r + r2) * n2)
            expected = ((1 - sigmoid(z + z2)) * new + sigmoid(z + z2) * h,)
            found = (cell(x, h),)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other)


@every_layer
def test_packed_sequences_are_each_alone(kind, settings):
    layer = kind(3, 4, num_layers=2, bidirectional=True, dtype=np.float64, rng=0, **settings)
    sequences = [numbers(length, 3, seed=length) for length in (2, 5, 3, 5)]
    packed = nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False)
    states = initial(kind, 4, 4, 4)
    output, after = layer(packed, states)
    for number, (found, alone) in enumerate(
        zip(nn.utils.rnn.unpack_sequence(output), sequences, strict=True)
    ):
        own = tuple(state[:, number] for state in as_tuple(states))
        expected, last = layer(alone, own if kind is nn.LSTM else own[0])
        assert_close(found, expected)
        for one, other in zip(as_tuple(after), as_tuple(last), strict=True):
            assert_close(one[:, number], other)


def test_a_masked_loss_is_the_loss_of_the_packed_steps():
    layer = nn.LSTM(3, 4, batch_first=True, dtype=np.float64, rng=0)
    x, lengths = numbers(3, 5, 3), [5, 2, 3]
    x[1, 2:] = x[2, 3:] = np.nan  # padding is never read
    x = mg.tensor(x, requires_grad=True)
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    output, _ = layer(packed)
    (by_rows,) = mg.grad((output.data**2).sum(), x, retain_graph=True)
    padded, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, padding_value=7.0)
    mask = np.arange(5) < np.array(lengths)[:, None]
    (by_mask,) = mg.grad(mg.where(mask[..., None], padded**2, 0.0).sum(), x)
    assert_close(by_mask, by_rows)
    assert np.all(by_rows.numpy()[~mask] == 0)
    assert np.all(padded.detach().numpy()[~mask] == 7)


@every_layer
def test_float32_stays_and_large_numbers_do_not_overflow(kind, settings):
    layer = kind(3, 4, rng=0, **settings)
    x = mg.tensor(1e4 * numbers(3, 2, 3), requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        output, after = layer(x)
        mg.sum(output * 1e-9).backward()
    tensors = [output, *as_tuple(after), *(p.grad for p in layer.parameters())]
    assert {t.dtype for t in tensors} == {np.dtype("float32")}
    assert all(np.isfinite(t.detach().numpy()).all() for t in tensors)
    assert x.grad.dtype == np.float64


def test_relu_at_its_kink_has_the_slope_0():
    layer = nn.RNN(1, 1, nonlinearity="relu", bias=False, dtype=np.float64)
    x = mg.tensor([[0.0], [0.0]], requires_grad=True)
    layer(x)[0].sum().backward()
    np.testing.assert_array_equal(x.grad, [[0], [0]])


def test_dropout_is_between_layers_and_seeded():
    x = numbers(4, 2, 3)
    first, second = (nn.GRU(3, 5, 2, dropout=0.5, rng=3) for _ in range(2))
    one, other = first(x)[0], second(x)[0]
    assert_close(one, other, rtol=0)
    assert not np.array_equal(first(x)[0].detach(), one.detach())
    first.eval()
    assert_close(first(x)[0], first(x)[0], rtol=0)
    plain = nn.GRU(3, 5, 2, rng=3)
    assert_close(first(x)[0], plain(x)[0], rtol=0)
    with pytest.warns(UserWarning, match="dropout=0.5 does nothing with num_layers=1"):
        nn.LSTM(3, 5, dropout=0.5)


def test_without_recording_gates_are_not_kept():
    layer, x = nn.LSTM(8, 64, rng=0), numbers(40, 16, 8).astype(np.float32)
    budget = mg.get_buffer_budget()
    mg.set_buffer_budget(0)  # so that all memory is Python's
    try:
        kept = []
        for recording in (mg.no_grad, mg.enable_grad):
            tracemalloc.start()
            with recording():
                result = layer(x)
            kept.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.stop()
            del result
    finally:
        mg.set_buffer_budget(budget)
    output = 40 * 16 * 64 * 4
    assert kept[0] < 1.5 * output < 5 * output < kept[1]


def test_parameters_are_drawn_by_hidden_size():
    layer = nn.LSTM(100, 25, num_layers=2, bidirectional=True, rng=0)
    for name, parameter in layer.named_parameters():
        largest = np.abs(parameter.numpy()).max()
        assert 0.15 < largest <= 0.2, name
    assert layer.weight_ih_l1_reverse.shape == (100, 50)


def test_gradients_by_one_output_alone():
    layer = nn.LSTM(2, 3, dtype=np.float64, rng=0)
    x = numbers(4, 2, 2)
    for chosen in (lambda o, h, c: o[-1], lambda o, h, c: h[0], lambda o, h, c: c[0]):

        def loss(x, chosen=chosen):
            output, (h, c) = layer(x)
            return chosen(output, h, c)

        assert mg.gradcheck(loss, x)


X, L3 = np.zeros((5, 2, 3)), np.zeros((1, 2, 4))
BAD = [
    (lambda: nn.LSTM(3, 4)(np.zeros((5, 2, 4))), ValueError, r"LSTM\(3, 4\): the input has shape"),
    (lambda: nn.LSTM(3, 4)(np.zeros(3)), ValueError, r"expected \(L, N, 3\), or \(L, 3\)"),
    (lambda: nn.LSTM(3, 4, batch_first=True)(np.zeros((0, 5, 3))), ValueError, r"\(N, L, 3\)"),
    (lambda: nn.GRU(3, 4)(X, np.zeros((2, 2, 4))), ValueError, r"h0 has shape \(2, 2, 4\)"),
    (lambda: nn.GRU(3, 4)(X[:, 0], L3), ValueError, r"expected \(1, 4\)"),
    (lambda: nn.LSTM(3, 4)(X, L3), TypeError, r"a tuple \(h0, c0\), got a ndarray"),
    (lambda: nn.LSTM(3, 4)(X, (L3, L3[0])), ValueError, r"c0 has shape \(2, 4\)"),
    (lambda: nn.LSTM(3, 4)(X.astype(complex)), TypeError, r"LSTM .*complex128"),
    (lambda: nn.LSTM(3, 0), ValueError, "LSTM: hidden_size must be at least 1"),
    (lambda: nn.LSTM(3, 4, proj_size=2), ValueError, "proj_size=2 is not supported"),
    (lambda: nn.RNN(3, 4, nonlinearity="gelu"), ValueError, "RNN: nonlinearity must be"),
    (lambda: nn.GRU(3, 4, 2, dropout=2.0), ValueError, "GRU: dropout is a probability"),
    (lambda: nn.GRUCell(3, 4)(X), ValueError, r"GRUCell\(3, 4\): the input has shape"),
    (lambda: nn.GRUCell(3, 4)(X[0], X[0]), ValueError, r"h has shape \(2, 3\), expected \(2, 4\)"),
    (lambda: nn.LSTMCell(3, 4)(X[0], X[0]), TypeError, r"a tuple \(h, c\)"),
    (lambda: nn.RNNCell(3, 4, nonlinearity="gelu"), ValueError, "RNNCell: nonlinearity must be"),
    (lambda: nn.GRU(3, 4)(nn.utils.rnn.pack_sequence([X[:, 0, :2]])), ValueError, "packed data"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=[row[2] for row in BAD])
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_bad_input_of_the_ops():
    x, h, square = numbers(4, 3), numbers(2, 4), numbers(4, 4)
    for sizes in ((), (1, 3), (2, -1)):
        with pytest.raises(ValueError, match="rnn_sequence: sizes are how many"):
            mg.ops.rnn_sequence(x, h, numbers(4, 3), square, sizes=sizes)
    with pytest.raises(ValueError, match="rnn_sequence: x has shape"):
        mg.ops.rnn_sequence(x, h[0], numbers(4, 3), square, sizes=(2, 2))
    with pytest.raises(ValueError, match=r"rnn_sequence: x has shape \(4, 3\), expected \(3, 3\)"):
        mg.ops.rnn_sequence(x, h, numbers(4, 3), square, sizes=(2, 1))
    with pytest.raises(ValueError, match="rnn_sequence: nonlinearity"):
        mg.ops.rnn_sequence(x, h, numbers(4, 3), square, sizes=(2, 2), nonlinearity="gelu")
    with pytest.raises(ValueError, match=r"gru_sequence: weight_ih .*\(12, 3\)"):
        mg.ops.gru_sequence(x, h, numbers(4, 3), square, sizes=(2, 2))
