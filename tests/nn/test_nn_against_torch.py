import numpy as np
import pytest

from minigrad import nn
from minigrad.nn import functional as F

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

rng = np.random.default_rng(0)
x = rng.standard_normal((6, 2, 9, 8))
y = rng.integers(0, 4, 6)


def network(nn, **settings):
    return nn.Sequential(
        nn.Conv2d(2, 5, (3, 2), stride=(1, 2), padding=(1, 0), **settings),
        nn.ReLU(),
        nn.MaxPool2d(2, padding=1),
        nn.Conv2d(5, 6, 3, padding=1, bias=False, **settings),
        nn.ReLU(),
        nn.MaxPool2d((3, 2), stride=1),
        nn.Flatten(),
        nn.Linear(6 * 3 * 2, 4, **settings),
    )


def pair():
    """The same network here and there, in float64."""
    return network(nn, dtype=np.float64), network(torch.nn, dtype=torch.float64)


def test_names_and_shapes_are_the_same():
    ours, theirs = pair()
    assert {name: array.shape for name, array in ours.state_dict().items()} == {
        name: tuple(tensor.shape) for name, tensor in theirs.state_dict().items()
    }


@pytest.mark.parametrize("from_torch", [True, False])
def test_with_the_same_weights_outputs_and_gradients_are_the_same(from_torch):
    ours, theirs = pair()
    if from_torch:
        ours.load_state_dict(theirs.state_dict())
    else:
        state = {name: torch.from_numpy(array) for name, array in ours.state_dict().items()}
        theirs.load_state_dict(state)

    out = ours(x)
    reference = theirs(torch.tensor(x))
    np.testing.assert_allclose(out.detach().numpy(), reference.detach().numpy(), rtol=1e-10)

    F.cross_entropy(out, y).backward()
    torch.nn.functional.cross_entropy(reference, torch.tensor(y)).backward()
    for (name, parameter), expected in zip(
        ours.named_parameters(), theirs.parameters(), strict=True
    ):
        np.testing.assert_allclose(
            parameter.grad.numpy(), expected.grad.numpy(), rtol=1e-9, atol=1e-14, err_msg=name
        )


def test_repr_is_the_same():
    layers = [lambda nn: nn.Linear(3, 2), lambda nn: nn.Conv2d(1, 2, 3, bias=False)]
    layers += [lambda nn: nn.Conv2d(1, 2, (3, 2), padding=1), lambda nn: nn.Flatten()]
    layers += [lambda nn: nn.Sequential(nn.Sequential(nn.ReLU()), nn.ReLU())]
    for layer in layers:
        assert repr(layer(nn)) == repr(layer(torch.nn))
