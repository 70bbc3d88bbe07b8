import numpy as np
import pytest

import minigrad as mg

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
files = pytest.importorskip("safetensors.torch", reason="its files are PyTorch's")

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_pytorch_opens_our_file_and_we_open_its(dtype, tmp_path):
    state = {"a": np.arange(6).reshape(2, 3).astype(dtype).T, "b.c": np.ones((), dtype)}
    mg.save(state, tmp_path / "ours.safetensors")
    opened = files.load_file(tmp_path / "ours.safetensors")
    files.save_file(
        {name: torch.from_numpy(array.copy()) for name, array in state.items()},
        tmp_path / "theirs.safetensors",
    )
    loaded = mg.load(tmp_path / "theirs.safetensors")
    for name, array in state.items():
        np.testing.assert_array_equal(opened[name].numpy(), array, strict=True)
        np.testing.assert_array_equal(loaded[name], array, strict=True)


def test_bfloat16_is_widened_to_the_same_values(tmp_path):
    tensor = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)).bfloat16()
    files.save_file({"a": tensor}, tmp_path / "a.safetensors")
    loaded = mg.load(tmp_path / "a.safetensors")["a"]
    np.testing.assert_array_equal(loaded, tensor.float().numpy(), strict=True)


def test_weights_move_both_ways(tmp_path):
    ours = mg.nn.Sequential(mg.nn.Linear(4, 3), mg.nn.BatchNorm1d(3))
    theirs = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)

    def same():
        return np.allclose(ours(x).numpy(), theirs(torch.from_numpy(x)).detach().numpy(), atol=1e-6)

    assert not same()
    mg.save(ours.state_dict(), tmp_path / "ours.safetensors")
    theirs.load_state_dict(files.load_file(tmp_path / "ours.safetensors"))
    assert same()

    torch.nn.init.normal_(theirs[0].weight)
    assert not same()
    files.save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    ours.load_state_dict(mg.load(tmp_path / "theirs.safetensors"))
    assert same()
