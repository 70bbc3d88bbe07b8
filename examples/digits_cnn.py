"""Train a convolutional network on real handwritten digits.

    python examples/digits_cnn.py --epochs 30 --seed 0 --output output

It takes some seconds. The trained weights and a picture of the training go to the output folder;
the last line printed is the accuracy on 360 digits that the network has not seen.
"""

import argparse
import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure  # on its own, without pyplot, it needs no display
from matplotlib.ticker import MaxNLocator
from tqdm import trange

import minigrad as mg
from minigrad import nn, optim


def network():
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3, padding=1),  # 32 channels of 8 × 8
        nn.ReLU(),
        nn.MaxPool2d(2),  # 4 × 4
        nn.Conv2d(32, 64, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),  # 2 × 2
        nn.Flatten(),
        nn.Linear(64 * 2 * 2, 10),
    )


def accuracy(logits, y):
    return (logits.argmax(axis=1) == y).mean().item()


def predict(model, x):
    with mg.no_grad():
        return model.eval()(x)


def train(model, x_train, y_train, x_test, y_test, epochs):
    """Train a network; return (loss, accuracy) of each epoch, in training and in the test."""
    batches = mg.data.batches(x_train, y_train, batch_size=32)
    optimizer = optim.Adam(model.parameters(), weight_decay=1e-4)
    training, test = [], []
    progress = trange(epochs, desc="training", unit="epoch")
    for epoch in progress:
        # Half a cosine wave leads the learning rate from 2e-3 down to 0.
        optimizer.param_groups[0]["lr"] = 1e-3 * (1 + math.cos(math.pi * epoch / epochs))
        model.train()
        sums = np.zeros(2)
        for x, y in batches:
            logits = model(x)
            loss = mg.cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            sums += len(y) * np.array([loss.item(), accuracy(logits, y)])

        logits = predict(model, x_test)
        training.append(sums / len(y_train))
        test.append((mg.cross_entropy(logits, y_test).item(), accuracy(logits, y_test)))
        progress.set_postfix_str("test loss {:.3f}, accuracy {:.3f}".format(*test[-1]))
    return np.array(training), np.array(test)


def draw(path, training, test, filters, x, y, logits):
    """Save a picture of the training curves, the first filters and the hardest digits."""
    figure = Figure(figsize=(12, 7), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    left, right = figure.subfigures(1, 2)

    titles = ["loss", f"accuracy, at the end {accuracy(logits, y):.3f} in the test"]
    for column, axes in enumerate(left.subplots(2)):
        epochs = np.arange(1, len(test) + 1)
        axes.plot(epochs, training[:, column], ".-", color="tab:gray", label="training")
        axes.plot(epochs, test[:, column], ".-", color="tab:red", label="test")
        axes.set(title=titles[column], xlabel="epoch", yscale=["log", "linear"][column])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)

    above, below = right.subfigures(2, height_ratios=[1, 1.1])
    above.suptitle(f"the {len(filters)} filters of the first layer (blue below 0, red above)")
    limit = np.abs(filters).max()
    for axes, weights in zip(above.subplots(4, 8).flat, filters[:, 0], strict=True):
        axes.imshow(weights, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes.axis("off")

    predicted = logits.argmax(axis=1).numpy()
    certainty = mg.softmax(logits).numpy()[np.arange(len(y)), y]
    wrong = predicted != y
    below.suptitle(f"the 8 hardest test digits; misclassified (red): {wrong.sum()} of {len(y)}")
    hardest = np.lexsort([certainty, ~wrong])[:8]
    for axes, i in zip(below.subplots(2, 4).flat, hardest, strict=True):
        axes.imshow(x[i, 0], cmap="gray_r", vmin=0, vmax=1)
        colour = "tab:red" if wrong[i] else "black"
        axes.set_title(f"{y[i]} read as {predicted[i]}", fontsize=10, color=colour)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("lightgray")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()
    if options.epochs < 1:
        parser.error("--epochs must be at least 1")
    options.output.mkdir(parents=True, exist_ok=True)
    weights, picture = options.output / "digits_cnn.npz", options.output / "digits_cnn.png"

    mg.manual_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = mg.data.digits()
    model = network()
    training, test = train(model, x_train, y_train, x_test, y_test, options.epochs)
    logits = predict(model, x_test)
    reached = accuracy(logits, y_test)
    draw(picture, training, test, model[0].weight.numpy(), x_test, y_test, logits)
    print(f"picture: {picture}")

    np.savez(weights, **model.state_dict())
    restored = network()
    with np.load(weights) as state:
        restored.load_state_dict(state)
    again = accuracy(predict(restored, x_test), y_test)
    print(f"weights: {weights}, test accuracy of a new network with them: {again:.3f}")
    if again != reached:
        raise SystemExit(f"the network that was saved had {reached:.3f}")
    print(f"test accuracy: {reached:.3f}")


if __name__ == "__main__":
    main()
