"""A transformer that learns Shakespeare's sonnets, character by character, and writes more.

    python examples/tiny_transformer.py

Each place of a piece of text looks at the places before it, by a causal mask, and says which
character comes next. The learning rate rises in a warm-up and then falls as a cosine. The picture
shows the loss, and what two heads of the last layer attend to in a line of the text; it
goes to the output folder. The last line printed is the mean loss of the last steps, in nats per
character.
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


class CharacterModel(nn.Module):
    def __init__(self, symbols, context, width=64, heads=4, layers=2):
        self.context = context
        self.embedding = nn.Embedding(symbols, width)
        nn.init.normal_(self.embedding.weight, std=0.3)  # below the positions' size
        self.positions = nn.PositionalEncoding(
            width, dropout=0.0, max_len=context, batch_first=True
        )
        layer = nn.TransformerEncoderLayer(
            width,
            heads,
            dim_feedforward=4 * width,
            dropout=0.0,
            activation="relu",
            batch_first=True,
            norm_first=True,
        )
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width))
        self.out = nn.Linear(width, symbols)

    def forward(self, numbers):
        """Map characters' numbers, (N, L), to logits of the next ones."""
        x = self.positions(self.embedding(numbers))
        return self.out(self.encoder(x, is_causal=True))


def sample(model, characters, start, length, temperature, rng):
    """Write a text; a temperature below 1 makes likely characters likelier still."""
    numbers = list(characters.encode(start))
    with mg.no_grad():
        for _ in range(length):
            logits = model(np.array([numbers[-model.context :]]))[0, -1]
            chances = mg.softmax(logits.astype(float) / temperature).numpy()
            numbers.append(rng.choice(len(characters), p=chances))
    return characters.decode(numbers)


def train(model, text, options):
    """Return the loss of each step."""
    pieces = mg.data.windows(text, model.context, stride=1)
    drawn = options.steps * options.batch
    order = mg.data.RandomSampler(pieces, replacement=True, num_samples=drawn)
    loader = mg.data.DataLoader(pieces, options.batch, sampler=order)
    optimizer = optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.98))
    schedule = optim.lr_scheduler
    warm_up = max(1, options.steps // 10)
    scheduler = schedule.SequentialLR(
        optimizer,
        [
            schedule.LinearLR(optimizer, 0.01, total_iters=warm_up),
            schedule.CosineAnnealingLR(optimizer, max(1, options.steps - warm_up)),
        ],
        milestones=[warm_up],
    )
    losses = []
    for step, (inputs, targets) in enumerate(loader):
        logits = model(inputs)
        loss = mg.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
        if step % 100 == 0:
            print(f"step {step}: loss {losses[-1]:.2f}")
    return losses


def attention(model, numbers):
    """The weights of attention of the last layer, (heads, L, L), for a line of text."""
    attend, kept = model.encoder.layers[-1].self_attn, []
    with mg.no_grad():
        with attend.register_forward_pre_hook(lambda module, args: kept.append(args[0])):
            model(numbers[None])
        x = kept[0]
        _, weights = attend(x, x, x, average_attn_weights=False, is_causal=True)
    return weights[0].numpy()


def draw(path, losses, line, weights):
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.6])
    axes = left.subplots()
    axes.plot(range(1, len(losses) + 1), losses, color="tab:blue", linewidth=0.8)
    axes.set(title="loss", xlabel="step", ylabel="nats per character", ylim=(0, None))
    axes.grid(alpha=0.3)

    right.suptitle("how much a character (row) attends to those before it (columns)")
    for head, axes in enumerate(right.subplots(1, 2)):
        axes.imshow(weights[head], cmap="Blues", vmin=0)
        axes.set_title(f"last layer, head {head + 1}", fontsize=10)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks(range(len(line)), line.replace(" ", "␣"), fontsize=7)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--context", type=int, default=48, help="characters that are seen at once")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    mg.manual_seed(options.seed)
    text = mg.data.sonnets()
    characters = mg.data.Characters(text)
    model = CharacterModel(len(characters), options.context)
    print(f"{sum(p.size for p in model.parameters())} parameters")
    losses = train(model, characters.encode(text), options)
    rng = np.random.default_rng(options.seed)
    print(sample(model, characters, "Shall I", 600, options.temperature, rng))
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        line = "Shall I compare thee to a summer's day?"[: options.context]
        weights = attention(model, characters.encode(line))
        draw(options.output / "tiny_transformer.png", losses, line, weights)
    print(f"loss per character: {np.mean(losses[-20:]):.3f} nats")


if __name__ == "__main__":
    main()
