"""A network that reads two handwritten digits aloud: 42 becomes f-o-r-t-y - t-w-o.

    python examples/captioning.py

Convolutions turn an image into the first state of an LSTM, and the LSTM writes a word, letter by
letter. Words differ in length, so in a batch they are padded, and the loss leaves the padding out.
While it learns, the network is given the right letters so far; when it reads, its own. The picture
shows test images with the words that were read, and goes to the output folder. The last line
printed is the part of test words that are right to the last letter.
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

NAMES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
)
ONES, TENS = NAMES.split()[:20], NAMES.split()[20:]
WORDS = ONES + [ten if one == "zero" else f"{ten}-{one}" for ten in TENS for one in ONES[:10]]
START, END = "^", "."
LENGTH = max(map(len, WORDS)) + 1  # with the end
IGNORED = -1  # a target that does not count
SYMBOLS = mg.data.Characters("".join(WORDS) + START + END)


class Reader(nn.Module):
    def __init__(self, hidden=128):
        self.see = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),  # 8 × 16, as the image
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),  # 4 × 8
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * 2 * 4, 2 * hidden),
            nn.BatchNorm1d(2 * hidden),  # so that the state differs from image to image at once
        )
        self.embedding = nn.Embedding(len(SYMBOLS), 16)
        self.lstm = nn.LSTM(16, hidden, batch_first=True)
        self.out = nn.Linear(hidden, len(SYMBOLS))

    def first_state(self, images):
        return tuple(mg.split(self.see(images)[None], 2, axis=-1))  # h and c

    def forward(self, images, letters):
        """Map letters, (N, L), to logits of the next ones, (N, L, symbols)."""
        output, _ = self.lstm(self.embedding(letters), self.first_state(images))
        return self.out(output)

    def read(self, images):
        """Return a word for each image; the likeliest letter is the next input."""
        letters = np.tile(SYMBOLS.encode(START), (len(images), 1))
        written = []
        with mg.no_grad():
            state = self.first_state(images)
            for _ in range(LENGTH):
                output, state = self.lstm(self.embedding(letters), state)
                letters = self.out(output).numpy().argmax(axis=-1)
                written.append(letters)
        words = [SYMBOLS.decode(row) for row in np.concatenate(written, axis=1)]
        return [word.partition(END)[0] for word in words]


def pairs(images, digits, count, rng):
    """Draw pairs of digits; return images of both side by side, and their numbers, 0 to 99."""
    left, right = rng.integers(len(images), size=(2, count))
    return np.concatenate([images[left], images[right]], axis=3), 10 * digits[left] + digits[right]


def spelled(numbers):
    """Return the letters that go in, and those that shall come out, both (N, LENGTH)."""
    letters = np.full((len(numbers), 1 + LENGTH), IGNORED)
    for row, number in zip(letters, numbers, strict=True):
        word = SYMBOLS.encode(START + WORDS[number] + END)
        row[: len(word)] = word
    # What goes in behind the end does not matter, but must be a symbol.
    return np.maximum(letters[:, :-1], 0), letters[:, 1:]


def draw(path, images, read, right):
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    correct = [i for i in range(len(read)) if read[i] == right[i]]
    wrong = [i for i in range(len(read)) if read[i] != right[i]]
    figure.suptitle(f"what was read; wrong (red): {len(wrong)} of {len(read)}")
    for axes, i in zip(figure.subplots(7, 5).flat, correct[:25] + wrong, strict=False):
        axes.imshow(images[i, 0], cmap="gray_r", vmin=0, vmax=1)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("lightgray")
        if read[i] == right[i]:
            axes.set_title(read[i], fontsize=11)
        else:
            axes.set_title(f"{read[i]}\nnot {right[i]}", fontsize=11, color="tab:red")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    mg.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    training, test = mg.data.digits()
    model = Reader()
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, options.steps)
    loss_of = nn.CrossEntropyLoss(ignore_index=IGNORED)
    for step in range(options.steps):
        images, numbers = pairs(*training, 64, rng)
        letters, targets = spelled(numbers)
        logits = model(images, letters)
        loss = loss_of(logits.reshape(-1, len(SYMBOLS)), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.3f}")

    images, numbers = pairs(*test, 1000, rng)
    read, right = model.eval().read(images), [WORDS[number] for number in numbers]
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        draw(options.output / "captioning.png", images, read, right)
    print(f"words read right: {np.mean([a == b for a, b in zip(read, right, strict=True)]):.3f}")


if __name__ == "__main__":
    main()
