"""Recurrent networks as deepnet, hipsternet and CS231n write them by hand."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

N, T, D, H, V = 2, 5, 3, 4, 6


def normal(*shape):
    return mg.random.generator().normal(size=shape)  # seeded anew for each test


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cs231n_rnn(x, h, wx, wh, b):
    states = []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ wx + h @ wh + b)
        states.append(h)
    return np.stack(states, axis=1)


def cs231n_lstm(x, h, wx, wh, b):
    """The gates are input, forget, output and block, in columns."""
    c, states = np.zeros_like(h), []
    for t in range(x.shape[1]):
        i, f, o, g = np.split(x[:, t] @ wx + h @ wh + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.stack(states, axis=1)


def loaded(layer, wx, wh, b, gates=(0,)):
    """Give a layer the tutorial's weights: transposed, gates in its order, one of the biases 0."""

    def rows(array):
        parts = np.split(array.T, len(gates), axis=0)
        return np.concatenate([parts[gate] for gate in gates], axis=0)

    end = "_l0" if isinstance(layer, nn.RNN | nn.LSTM) else ""
    arrays = {"weight_ih": rows(wx), "weight_hh": rows(wh), "bias_ih": rows(b), "bias_hh": 0 * b}
    layer.load_state_dict({name + end: array for name, array in arrays.items()})
    return layer


# minigrad, as PyTorch, has the gates input, forget, block and output.
KINDS = {
    "RNN": (cs231n_rnn, 1, nn.RNN, nn.RNNCell, (0,)),
    "LSTM": (cs231n_lstm, 4, nn.LSTM, nn.LSTMCell, (0, 1, 3, 2)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_and_a_whole_sequence_of_cs231n(kind):
    by_hand, count, layer, cell, gates = KINDS[kind]
    x, h0 = normal(N, T, D), normal(N, H)
    weights = normal(D, count * H), normal(H, count * H), normal(count * H)
    expected = by_hand(x, h0, *weights)
    layer = loaded(layer(D, H, batch_first=True, dtype=np.float64), *weights, gates)
    zeros = np.zeros((N, H))
    states, _ = layer(x, h0[None] if kind == "RNN" else (h0[None], zeros[None]))
    np.testing.assert_allclose(states.detach(), expected)
    step = loaded(cell(D, H, dtype=np.float64), *weights, gates)
    first = step(x[:, 0], h0) if kind == "RNN" else step(x[:, 0], (h0, zeros))[0]
    np.testing.assert_allclose(first.detach(), expected[:, 0])


class HipsternetGRU(nn.Module):
    """The reset gate acts before the product with the weights, and z lets the new state in."""

    def __init__(self, inputs, size):
        self.gates = nn.Linear(size + inputs, 2 * size, dtype=np.float64, rng=0)
        self.new = nn.Linear(size + inputs, size, dtype=np.float64, rng=1)

    def forward(self, x, h):
        z, r = mg.split(mg.sigmoid(self.gates(mg.concatenate([h, x], axis=1))), 2, axis=1)
        new = mg.tanh(self.new(mg.concatenate([r * h, x], axis=1)))
        return (1 - z) * h + z * new


def test_a_gru_that_is_not_pytorchs_is_a_few_ops():
    cell, x, h = HipsternetGRU(D, H), normal(N, D), normal(N, H)
    z, r = np.split(
        sigmoid(np.hstack([h, x]) @ cell.gates.weight.numpy().T + cell.gates.bias.numpy()),
        2,
        axis=1,
    )
    new = np.tanh(np.hstack([r * h, x]) @ cell.new.weight.numpy().T + cell.new.bias.numpy())
    np.testing.assert_allclose(cell(x, h).detach(), (1 - z) * h + z * new)
    assert mg.gradcheck(lambda x, h: cell(x, cell(x, h)), x, h)


def test_the_lstm_of_hipsternet_agrees_with_its_numeric_gradient():
    """Its gates are matrices of [h, x]; its own backward took tanh(c) for the state c."""
    x, h, c = normal(N, D), normal(N, H), normal(N, H)
    w = {gate: normal(H + D, H) for gate in "ifco"}
    b = {gate: normal(H) for gate in "ifco"}
    i, f, g, o = (np.hstack([h, x]) @ w[gate] + b[gate] for gate in "ifco")
    after = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    joined = np.hstack([w[gate] for gate in "ifco"])
    bias = np.hstack([b[gate] for gate in "ifco"])
    cell = loaded(nn.LSTMCell(D, H, dtype=np.float64), joined[H:], joined[:H], bias, (0, 1, 2, 3))
    found = cell(x, (h, c))
    np.testing.assert_allclose(found[0].detach(), sigmoid(o) * np.tanh(after))
    np.testing.assert_allclose(found[1].detach(), after)
    assert mg.gradcheck(lambda x, h, c: cell(x, cell(x, (h, c))), x, h, c)


# Words


def test_word_embedding_adds_up_the_gradients_of_a_word():
    words, table, g = mg.random.generator().integers(0, V, (N, T)), normal(V, D), normal(N, T, D)
    layer = nn.Embedding.from_pretrained(table, freeze=False)
    out = layer(words)
    np.testing.assert_array_equal(out.detach(), table[words])
    out.backward(g)
    expected = np.zeros_like(table)
    np.add.at(expected, words, g)
    np.testing.assert_allclose(layer.weight.grad, expected)


class Captioner(nn.Module):
    """Words from the features of an image: these are the first state of a recurrent network."""

    def __init__(self, kind, features, **settings):
        self.first = nn.Linear(features, H, **settings)
        self.embed = nn.Embedding(V, D, **settings)
        self.recurrent = kind(D, H, batch_first=True, **settings)
        self.scores = nn.Linear(H, V, **settings)

    def forward(self, features, words):
        h = self.first(features)[None]
        start = h if isinstance(self.recurrent, nn.RNN) else (h, mg.zeros(h.shape, dtype=h.dtype))
        return self.scores(self.recurrent(self.embed(words), start)[0])

    def caption(self, features, begin, steps):
        words = np.full((len(features), 1), begin)
        with mg.no_grad():
            for _ in range(steps):
                best = self(features, words)[:, -1].argmax(axis=1).numpy()
                words = np.hstack([words, best[:, None]])
        return words[:, 1:]


def caption_loss(scores, words):
    """The sum over the words that are no padding, by the number of captions."""
    targets = np.where(words == 0, -100, words)
    return mg.cross_entropy(scores.moveaxis(-1, 1), targets, reduction="sum") / len(words)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM])
def test_captioning(kind):
    """CS231n: word t + 1 from words up to t; 0 is padding, 1 begins and 2 ends a caption."""
    mg.manual_seed(0)
    captions = np.array([[1, 3, 4, 5, 2, 0], [1, 5, 5, 2, 0, 0], [1, 4, 3, 3, 4, 2]])
    features = normal(3, 7)
    checked = Captioner(kind, 7, dtype=np.float64)
    loss = caption_loss(checked(features, captions[:, :-1]), captions[:, 1:])
    scores = checked(features, captions[:, :-1]).detach().numpy()
    p = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    chosen = np.take_along_axis(p, captions[:, 1:, None], axis=2)[..., 0]
    assert loss.item() == pytest.approx(-np.sum(np.log(chosen) * (captions[:, 1:] != 0)) / 3)
    parameters = dict(checked.named_parameters())
    assert mg.gradcheck(
        lambda *arrays: caption_loss(
            nn.utils.functional_call(
                checked, dict(zip(parameters, arrays, strict=True)), (features, captions[:, :-1])
            ),
            captions[:, 1:],
        ),
        *(p.numpy() for p in parameters.values()),
        fast=True,
    )

    model = Captioner(kind, 7)
    optimizer = mg.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(120):
        optimizer.zero_grad()
        caption_loss(model(features, captions[:, :-1]), captions[:, 1:]).backward()
        optimizer.step()
    found = model.caption(features, begin=1, steps=5)
    np.testing.assert_array_equal(np.where(captions[:, 1:] == 0, 0, found), captions[:, 1:])


# Characters


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_a_character_network_is_clipped_and_speaks(kind):
    """As in deepnet and hipsternet: pieces of a text, gradients within ±5, samples."""
    mg.manual_seed(0)
    text = "the cat sat on the mat. " * 40
    characters = mg.data.Characters(text)
    pairs = mg.data.windows(characters.encode(text), length=20)
    network, scores = kind(len(characters), 24), nn.Linear(24, len(characters))
    parameters = [*network.parameters(), *scores.parameters()]
    optimizer = mg.optim.Adagrad(parameters, lr=0.1)

    def one_hot(numbers):
        return np.eye(len(characters), dtype=np.float32)[numbers][:, None]

    smooth, losses, h = None, [], None
    for _ in range(3):
        for x, y in pairs:
            optimizer.zero_grad()
            out, h = network(one_hot(x), h)
            loss = mg.cross_entropy(scores(out)[:, 0], y)
            loss.backward()
            nn.utils.clip_grad_value_(parameters, 5)
            optimizer.step()
            # Back-propagation through time ends here.
            h = mg.containers.map_leaves(mg.Tensor.detach, h)
            smooth = loss.item() if smooth is None else 0.9 * smooth + 0.1 * loss.item()
            losses.append(smooth)
    assert losses[-1] < losses[0] / 8

    at, said = characters.encode("t")[0], "t"
    h = None
    with mg.no_grad():
        for _ in range(30):
            out, h = network(one_hot([at]), h)
            chances = mg.softmax(scores(out)[0, 0]).numpy().astype(float)
            at = mg.random.choice(len(characters), p=chances / chances.sum()).item()
            said += characters.decode([at])
    assert "at" in said
    assert set(said.split()[1:-1]) & {"the", "cat", "sat", "on", "mat."}
