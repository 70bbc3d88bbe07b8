import pytest


@pytest.fixture
def double():
    """Let PyTorch keep the numbers of its optimisers in float64, as ours are; on one thread."""
    torch = pytest.importorskip("torch", reason="PyTorch is the reference here")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a second one costs more than it helps
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(threads)
