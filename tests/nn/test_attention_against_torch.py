import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")

CLOSE = {np.float32: {"rtol": 1e-5, "atol": 1e-5}, np.float64: {"rtol": 1e-9, "atol": 1e-10}}
DTYPES = {np.float32: torch.float32, np.float64: torch.float64}
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
N, L, S = 3, 4, 5


def pair(name, dtype, *args, **settings):
    """The same module here and there with drawn parameters, loaded here and loaded back there."""
    ours = getattr(nn, name)(*args, dtype=dtype, rng=0, **settings)
    theirs = getattr(torch.nn, name)(*args, dtype=DTYPES[dtype], **of_torch(settings))
    rng = np.random.default_rng(1)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(torch.tensor(rng.normal(0.0, 0.5, parameter.shape)))
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
    back = {key: torch.tensor(value) for key, value in ours.state_dict().items()}
    theirs.load_state_dict(back)
    assert list(back) == list(theirs.state_dict())
    return ours, theirs


def of_torch(settings):
    return {key: torch.tanh if value is mg.tanh else value for key, value in settings.items()}


def assert_same(ours, theirs, arrays, masks, dtype):
    """Compare outputs, and gradients of parameters and inputs for random cotangents."""
    own = {id(a): mg.tensor(a, requires_grad=True) for a in arrays}
    other = {id(a): torch.tensor(a, requires_grad=True) for a in arrays}
    found = ours(*(own[id(a)] for a in arrays), **masks)
    their_masks = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in masks.items()}
    expected = theirs(*(other[id(a)] for a in arrays), **their_masks)
    if not isinstance(found, tuple):
        found, expected = (found,), (expected,)
    rng = np.random.default_rng(2)
    loss, reference = 0.0, 0.0
    for y, wanted in zip(found, expected, strict=True):
        assert (y is None) == (wanted is None)
        if y is not None:
            assert y.dtype == dtype
            np.testing.assert_allclose(y.detach(), wanted.detach(), **CLOSE[dtype])
            g = rng.normal(size=y.shape).astype(dtype)
            loss, reference = loss + (y * g).sum(), reference + (wanted * torch.tensor(g)).sum()
    names = [name for name, _ in ours.named_parameters()] if isinstance(ours, nn.Module) else []
    parameters = dict(theirs.named_parameters()) if names else {}
    mine = [*own.values(), *(p for _, p in (ours.named_parameters() if names else []))]
    wanted = torch.autograd.grad(reference, [*other.values(), *(parameters[n] for n in names)])
    for gradient, reference in zip(mg.grad(loss, mine), wanted, strict=True):
        assert gradient.dtype == dtype
        np.testing.assert_allclose(gradient, reference.numpy(), **CLOSE[dtype])


def draw(dtype, *shapes):
    rng = np.random.default_rng(3)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def boolean(seed, *shape):
    """A mask with True where a key is left out; the first key always takes part."""
    mask = np.random.default_rng(seed).random(shape) < 0.4
    mask[..., 0] = False
    return mask


def floats(seed, *shape):
    """A mask that is added: -inf here and there, and other numbers."""
    drawn = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return np.where(boolean(seed + 1, *shape), -np.inf, drawn).astype(np.float32)


FUNCTION_ROWS = [
    {},
    {"scale": 0.3},
    {"is_causal": True},
    {"attn_mask": ~boolean(0, L, S)},
    {"attn_mask": ~boolean(1, 2, 1, L, S), "scale": 2.0},
    {"attn_mask": floats(2, 3, L, S)},
    {"attn_mask": ~np.ones((L, S), bool)},
    {"attn_mask": np.full((L, 1), -np.inf, np.float32)},
]


@dtypes
@pytest.mark.parametrize("settings", FUNCTION_ROWS, ids=lambda row: ", ".join(row) or "plain")
@pytest.mark.parametrize("lead", [(2, 3), (2, 1), ()])
def test_scaled_dot_product_attention(settings, lead, dtype):
    mask = settings.get("attn_mask")
    if mask is not None and mask.ndim > 2 + len(lead):
        mask = mask.reshape(-1, L, S)[0]
    elif mask is not None and mask.ndim == 3 and lead[-1] == 1:
        mask = mask[:1]
    if mask is not None and mask.dtype != bool:
        mask = mask.astype(dtype)
    settings = settings | ({} if mask is None else {"attn_mask": mask})
    arrays = draw(dtype, (*lead, L, 6), (*lead, S, 6), (*lead, S, 2))
    theirs = torch.nn.functional.scaled_dot_product_attention
    assert_same(F.scaled_dot_product_attention, theirs, arrays, settings, dtype)


MODULE_ROWS = [
    ((8, 2), {}, {}),
    ((8, 4), {"batch_first": True}, {"average_attn_weights": False}),
    ((6, 3), {"bias": False}, {"need_weights": False}),
    ((8, 1), {"add_bias_kv": True}, {}),
    ((8, 2), {"add_zero_attn": True, "batch_first": True}, {}),
    ((8, 2), {"add_bias_kv": True, "add_zero_attn": True}, {"attn_mask": boolean(0, L, S)}),
    ((8, 2), {"kdim": 5, "vdim": 7}, {"attn_mask": boolean(1, L, S)}),
    ((8, 2), {"kdim": 5, "bias": False}, {"attn_mask": boolean(2, N * 2, L, S)}),
    ((8, 2), {"vdim": 3, "add_bias_kv": True}, {"key_padding_mask": boolean(3, N, S)}),
    ((8, 2), {}, {"attn_mask": floats(4, L, S)}),
    ((8, 2), {"batch_first": True}, {"attn_mask": floats(5, N * 2, L, S)}),
    ((8, 2), {}, {"key_padding_mask": floats(6, N, S), "attn_mask": floats(7, L, S)}),
    (
        (8, 2),
        {"add_zero_attn": True},
        {"key_padding_mask": boolean(8, N, S), "attn_mask": boolean(9, L, S)},
    ),
    (
        (8, 2),
        {"add_bias_kv": True, "batch_first": True},
        {"key_padding_mask": floats(10, N, S), "need_weights": False},
    ),
    ((8, 2), {}, {"attn_mask": np.triu(np.ones((L, S), bool), 1), "is_causal": True}),
]


def inputs(dtype, same, first, settings, embed_dim, batched=True):
    """A query, a key and a value; or the last two, or all three, the same array."""
    sizes = embed_dim, settings.get("kdim", embed_dim), settings.get("vdim", embed_dim)
    lengths = (S if same == 3 else L), S, S
    shapes = [
        (length, size) if not batched else (N, length, size) if first else (length, N, size)
        for length, size in zip(lengths, sizes, strict=True)
    ]
    query, key, value = draw(dtype, *shapes)
    return {1: [query, key, value], 2: [query, key, key], 3: [query] * 3}[same]


@dtypes
@pytest.mark.parametrize(("sizes", "settings", "masks"), MODULE_ROWS)
@pytest.mark.parametrize("training", [True, False])
def test_multihead_attention(sizes, settings, masks, training, dtype):
    ours, theirs = pair("MultiheadAttention", dtype, *sizes, **settings)
    ours.train(training)
    theirs.train(training)
    masks = {
        key: value.astype(dtype) if np.result_type(value).kind == "f" else value
        for key, value in masks.items()
    }
    alike = not {"kdim", "vdim"} & set(settings)
    for same in (1, 2) if alike else (1,):
        arrays = inputs(dtype, same, settings.get("batch_first"), settings, sizes[0])
        assert_same(ours, theirs, arrays, masks, dtype)


@dtypes
@pytest.mark.parametrize("masks", [{}, {"attn_mask": boolean(0, S, S)}, {"need_weights": False}])
@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_of_a_sequence_to_itself(masks, batch_first, dtype):
    ours, theirs = pair("MultiheadAttention", dtype, 8, 2, batch_first=batch_first)
    arrays = inputs(dtype, 3, batch_first, {}, 8)
    assert_same(ours, theirs, arrays, masks, dtype)


@dtypes
@pytest.mark.parametrize(
    "masks",
    [
        {},
        {"key_padding_mask": boolean(0, S)},
        {"attn_mask": boolean(1, 2, L, S), "average_attn_weights": False},
        {"attn_mask": boolean(1, L, S), "need_weights": False},
    ],
)
def test_sequences_without_a_batch(masks, dtype):
    ours, theirs = pair("MultiheadAttention", dtype, 8, 2, add_bias_kv=True)
    assert_same(ours, theirs, inputs(dtype, 1, False, {}, 8, batched=False), masks, dtype)


ACTIVATIONS = ["relu", "gelu", mg.tanh]
LAYER_ROWS = [
    ({}, {}),
    ({"norm_first": True}, {"src_mask": boolean(0, S, S)}),
    ({"batch_first": True, "bias": False}, {"src_key_padding_mask": boolean(1, N, S)}),
    ({"layer_norm_eps": 0.1, "norm_first": True, "bias": False}, {"src_mask": floats(2, S, S)}),
    (
        {"batch_first": True},
        {"src_mask": nn.Transformer.generate_square_subsequent_mask(S), "is_causal": True},
    ),
]


@dtypes
@pytest.mark.parametrize(("settings", "masks"), LAYER_ROWS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "gelu", "a function"])
def test_encoder_layer(settings, masks, activation, dtype):
    settings = {"dim_feedforward": 11, "dropout": 0.0, "activation": activation, **settings}
    ours, theirs = pair("TransformerEncoderLayer", dtype, 8, 2, **settings)
    (x,) = draw(dtype, (N, S, 8) if settings.get("batch_first") else (S, N, 8))
    masks = {k: v.astype(dtype) if np.result_type(v).kind == "f" else v for k, v in masks.items()}
    assert_same(ours, theirs, [x], masks, dtype)
    assert_same(ours.eval(), theirs.eval(), [x], masks, dtype)
    again = pair("TransformerEncoderLayer", dtype, 8, 2, **settings | {"dropout": 0.5})
    assert_same(again[0].eval(), again[1].eval(), [x], masks, dtype)


@dtypes
@pytest.mark.parametrize("settings", [{}, {"norm_first": True, "batch_first": True}])
def test_transformer(settings, dtype):
    settings = {"dim_feedforward": 11, "dropout": 0.0, **settings}
    ours, theirs = pair("Transformer", dtype, 8, 2, 2, 2, **settings)
    first = settings.get("batch_first")
    src, tgt = draw(dtype, (N, S, 8) if first else (S, N, 8), (N, L, 8) if first else (L, N, 8))
    masks = {
        "src_key_padding_mask": boolean(0, N, S),
        "memory_key_padding_mask": boolean(0, N, S),
        "tgt_mask": np.triu(np.ones((L, L), bool), 1),
        "memory_mask": boolean(1, L, S),
    }
    assert_same(ours, theirs, [src, tgt], masks, dtype)
    assert len(ours.encoder.layers) == len(ours.decoder.layers) == 2


def test_stacks_have_the_parameters_of_pytorch():
    layer = nn.TransformerEncoderLayer(8, 2, 11)
    stack = nn.TransformerEncoder(layer, 2, nn.LayerNorm(8))
    of_torch = torch.nn.TransformerEncoder(
        torch.nn.TransformerEncoderLayer(8, 2, 11), 2, torch.nn.LayerNorm(8)
    )
    assert list(stack.state_dict()) == list(of_torch.state_dict())
    assert stack.load_state_dict(of_torch.state_dict()) == ([], [])


def test_a_causal_mask_is_that_of_pytorch():
    np.testing.assert_array_equal(
        nn.Transformer.generate_square_subsequent_mask(4),
        torch.nn.Transformer.generate_square_subsequent_mask(4),
    )
