"""A network that takes the noise off digits: a denoising autoencoder.

    python examples/denoising_autoencoder.py --epochs 40 --output output

Convolutions squeeze a noisy digit of 8 × 8 pixels into 48 numbers, and transposed convolutions
unfold these into a picture, which is to be the digit without the noise (P. Vincent et al.,
"Extracting and composing robust features with denoising autoencoders", 2008). The noise is drawn
anew for each batch. The weights and a picture of digits that the network has not seen, noisy,
cleaned and true, go to the output folder. The last line printed is the mean squared error of the
cleaned digits, as a part of that of the noisy ones.
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

NOISE = 0.4  # the standard deviation; ink is 1, paper 0


def network():
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=2, stride=2),  # 4 × 4
        nn.ReLU(),
        nn.Conv2d(64, 12, kernel_size=2, stride=2),  # the code, 12 of 2 × 2
        nn.ConvTranspose2d(12, 64, kernel_size=2, stride=2),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, kernel_size=2, stride=2),
        nn.ReLU(),
        nn.Conv2d(32, 1, kernel_size=3, padding=1),
        nn.Sigmoid(),
    )


def train(model, x, epochs, rng):
    batches = mg.data.batches(x, batch_size=64)
    optimizer = optim.Adam(model.parameters())
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=epochs * len(batches))
    for epoch in range(1, epochs + 1):
        losses = []
        for true in batches:
            noisy = true + NOISE * rng.standard_normal(true.shape, np.float32)
            loss = mg.mse_loss(model(noisy), true)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
        if epoch in {1, epochs} or epoch % 10 == 0:
            print(f"epoch {epoch}: mean squared error {np.mean(losses):.4f}")


def draw(path, rows):
    figure = Figure(figsize=(12, 3.5), layout="constrained")
    grid = figure.subplots(len(rows), 12)
    for line, (name, images) in zip(grid, rows.items(), strict=True):
        line[0].set_ylabel(name)
        for axes, image in zip(line, images[:, 0], strict=False):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    mg.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    (x_train, _), (true, _) = mg.data.digits()
    model = network()
    train(model, x_train, options.epochs, rng)
    mg.save(model.state_dict(), options.output / "denoising_autoencoder.npz")

    noisy = true + NOISE * rng.standard_normal(true.shape, np.float32)
    cleaned = mg.training.predict(model, noisy).numpy()
    if Figure:
        chosen = {"noisy": noisy[:12], "cleaned": cleaned[:12], "true": true[:12]}
        draw(options.output / "denoising_autoencoder.png", chosen)
    left = np.mean((cleaned - true) ** 2) / np.mean((noisy - true) ** 2)
    print(f"error left: {left:.3f}")


if __name__ == "__main__":
    main()
