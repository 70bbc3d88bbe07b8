"""A recurrent network that learns Shakespeare's sonnets, character by character, and writes more.

    python examples/char_rnn.py --cell lstm
    python examples/char_rnn.py --cell rnn lstm gru --one-hot

For each character of the text the network says which one comes next. While it learns, it writes
samples: each character is drawn from what it expects, and is its next input. With several cells,
a network is trained with each, and the picture compares their losses; it goes to the output folder.
The last line printed is the smoothed loss of the last network, in nats per character. With
`--length 600`, about a sonnet, and `--streams 1` it learns the text by heart.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg
from minigrad import nn, optim

try:
    from matplotlib.figure import Figure
except ImportError:  # then there is no picture
    Figure = None

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
SMOOTHING = 0.98  # of the loss: the part of the mean that stays at each step


class CharacterModel(nn.Module):
    def __init__(self, cell, symbols, hidden, one_hot):
        width = symbols if one_hot else 64
        self.symbols = symbols
        self.embedding = None if one_hot else nn.Embedding(symbols, width)
        self.recurrent = CELLS[cell](width, hidden)
        self.out = nn.Linear(hidden, symbols)

    def forward(self, numbers, state=None):
        """Map characters' numbers, (time, streams), to logits of the next ones, and the state."""
        if self.embedding is None:
            x = nn.functional.one_hot(numbers, self.symbols)
        else:
            x = self.embedding(numbers)
        x, state = self.recurrent(x, state)
        return self.out(x), state


def detached(state):
    """The state without its past: gradients of the next piece stop here."""
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def sample(model, characters, start, length, temperature, rng):
    """Write a text; a temperature below 1 makes likely characters likelier still."""
    text, state = start, None
    with mg.no_grad():
        numbers = characters.encode(start)
        for _ in range(length):
            logits, state = model(numbers[:, None], state)
            chances = mg.softmax(logits[-1, 0].astype(float) / temperature).numpy()
            numbers = rng.choice(len(characters), size=1, p=chances)
            text += characters.decode(numbers)
    return text


def train(model, characters, text, options):
    """Return the loss of each step."""
    rng = np.random.default_rng(options.seed)
    # The text stands in several columns, read side by side, so that a step has more to learn from.
    numbers = characters.encode(text)
    numbers = numbers[: len(numbers) // options.streams * options.streams]
    pieces = mg.data.windows(numbers.reshape(options.streams, -1).T, options.window)
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, options.steps)
    losses, state = [], None
    for step in range(options.steps):
        place = step % len(pieces)
        inputs, targets = pieces[place]
        # The state is carried over from piece to piece, and is new at the beginning of the text.
        logits, state = model(inputs, detached(state) if place else None)
        loss = mg.cross_entropy(logits.reshape(-1, len(characters)), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
        if step % (options.steps // 4 or 1) == 0:
            written = sample(model, characters, text[0], 120, options.temperature, rng)
            print(f"--- step {step}, loss {losses[-1]:.2f}:\n{written}\n")
    return losses


def smooth(losses):
    means = losses[:1]
    for loss in losses[1:]:
        means.append(SMOOTHING * means[-1] + (1 - SMOOTHING) * loss)
    return means


def draw(path, curves):
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for i, (cell, losses) in enumerate(curves.items()):
        steps, means = range(1, len(losses) + 1), smooth(losses)
        axes.plot(steps, losses, color=f"C{i}", linewidth=0.5, alpha=0.4)
        axes.plot(steps, means, color=f"C{i}", label=f"{cell}, at the end {means[-1]:.2f}")
    axes.set(
        title="loss of each step (thin), and smoothed",
        xlabel="step",
        ylabel="nats per character",
        ylim=(0, None),
    )
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cell", nargs="+", choices=CELLS, default=["lstm"])
    parser.add_argument("--one-hot", action="store_true", help="in place of an embedding")
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--length", type=int, help="how much of the text is read")
    parser.add_argument("--streams", type=int, default=32, help="columns of text side by side")
    parser.add_argument("--window", type=int, default=50, help="characters in a step's gradient")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    text = mg.data.sonnets()[: options.length]
    characters = mg.data.Characters(text)
    curves = {}
    for cell in options.cell:
        mg.manual_seed(options.seed)
        model = CharacterModel(cell, len(characters), options.hidden, options.one_hot)
        print(f"--- {cell}, {sum(p.size for p in model.parameters())} parameters")
        curves[cell] = train(model, characters, text, options)
        rng = np.random.default_rng(options.seed)
        print(sample(model, characters, text[0], 600, options.temperature, rng))
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        draw(options.output / "char_rnn.png", curves)
    print(f"loss per character: {smooth(curves[options.cell[-1]])[-1]:.3f} nats")


if __name__ == "__main__":
    main()
