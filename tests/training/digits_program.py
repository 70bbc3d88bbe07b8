"""Train on digits for some epochs, from a checkpoint if it is there, and save what came of it.

python digits_program.py epochs checkpoint result [bare]
"""

import math
import sys
from pathlib import Path

import minigrad as mg
from minigrad import nn


class Cosine:
    """Half a cosine wave over 10 steps."""

    def __init__(self, optimizer):
        self.optimizer, self.steps = optimizer, 0

    def step(self):
        self.steps += 1
        for group in self.optimizer.param_groups:
            group["lr"] = 5e-3 * (1 + math.cos(math.pi * self.steps / 10))

    def state_dict(self):
        return {"steps": self.steps}

    def load_state_dict(self, state):
        self.steps = state["steps"]


epochs, checkpoint, result = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
# What a script begins with differs from run to run, but for what the checkpoint restores.
mg.manual_seed(epochs)
seed = None if not checkpoint.exists() else 99
(x, y), (x_test, y_test) = mg.data.digits()
x, y = x[:200], y[:200]
model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1, rng=seed or 1),
    nn.BatchNorm2d(8),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Dropout2d(0.1),
    nn.Flatten(),
    nn.Linear(128, 10, rng=seed or 2),
    nn.Dropout(0.2, rng=seed or 3),
)
optimizer = mg.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-4)
scheduler = Cosine(optimizer)
batches = mg.data.batches(x, y, batch_size=32, rng=seed or 4)
stopping = mg.training.EarlyStopping("val_accuracy", patience=4)
if not checkpoint.exists():
    mg.manual_seed(0)

if sys.argv[4:] == ["bare"]:
    done, losses = 0, []
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "data": batches}
    if checkpoint.exists():
        saved = mg.training.load_checkpoint(checkpoint, **parts)
        done, losses = saved["epoch"], saved["losses"]
    for epoch in range(done + 1, epochs + 1):
        for x_batch, y_batch in batches:
            loss = mg.cross_entropy(model(x_batch), y_batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        mg.training.save_checkpoint(checkpoint, epoch=epoch, losses=losses, **parts)
    history = {"loss": losses}
else:
    history = mg.fit(
        model,
        optimizer,
        mg.cross_entropy,
        batches,
        epochs=epochs,
        validation=(x_test, y_test),
        metrics={"accuracy": mg.training.accuracy},
        scheduler=scheduler,
        callbacks=[mg.training.Checkpoint(checkpoint), stopping],
        resume=checkpoint,
        progress=False,
    )
mg.save(
    {
        "history": dict(history),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": mg.random.get_state(),
        "stopping": stopping.state_dict(),
    },
    result,
)
