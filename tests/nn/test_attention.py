import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.registry import constant


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def leaf(*shape, seed=0):
    return mg.tensor(draw(*shape, seed=seed), requires_grad=True)


def encoder_layer(**settings):
    settings = {"dim_feedforward": 5, "dtype": float, "rng": 0, "batch_first": True, **settings}
    return nn.TransformerEncoderLayer(4, 2, **settings)


# What attention computes


def test_equal_keys_give_the_mean_of_the_values():
    value = draw(5, 3)
    out = F.scaled_dot_product_attention(draw(2, 4), np.ones((5, 4)), value)
    np.testing.assert_allclose(out, np.broadcast_to(value.mean(0), (2, 3)))


def test_a_key_that_fits_much_better_takes_all():
    value = draw(3, 2)
    out = F.scaled_dot_product_attention(1e3 * np.eye(3), np.eye(3), value)
    np.testing.assert_allclose(out, value)


def test_the_boolean_masks_of_function_and_module_are_opposites():
    layer, x = nn.MultiheadAttention(2, 1, bias=False, dtype=float), draw(3, 2)
    keep = np.tri(3, dtype=bool)
    for weight in (layer.in_proj_weight, layer.out_proj.weight):
        weight.data = np.tile(np.eye(2), (len(weight) // 2, 1))
    out, weights = layer(x, x, x, attn_mask=~keep)
    np.testing.assert_allclose(out.detach(), F.scaled_dot_product_attention(x, x, x, keep))
    np.testing.assert_array_equal(weights.detach().numpy() > 0, keep)


def test_a_query_without_keys_gets_zeros_and_finite_gradients():
    query, key, value = leaf(1, 3, 2), leaf(1, 4, 2, seed=1), leaf(1, 4, 5, seed=2)
    keep = np.ones((3, 4), bool)
    keep[1] = False
    for mask in (keep, np.where(keep, 0.0, -np.inf)):
        out = F.scaled_dot_product_attention(query, key, value, mask)
        assert (out[0, 1].detach() == 0).all()
        found = mg.grad(out, [query, key, value], draw(*out.shape))
        assert all(np.isfinite(g).all() for g in found)
        assert (found[0][0, 1] == 0).all()
    layer = nn.MultiheadAttention(2, 1, batch_first=True)
    for need_weights in (True, False):
        out, _ = layer(query, query, query, np.ones((1, 3), bool), need_weights)
        np.testing.assert_array_equal(out[0].detach(), [layer.out_proj.bias.detach()] * 3)


def test_large_scores_do_not_overflow():
    weights = mg.attention_weights(np.array([[1e4]], "f4"), np.array([[1e4], [-1e4]], "f4"))
    np.testing.assert_array_equal(weights, [[1, 0]])


def test_dropout_drops_weights_and_keeps_the_mean():
    query, key, value = np.zeros((1, 1)), np.zeros((20_000, 1)), np.ones((20_000, 1))
    out = F.scaled_dot_product_attention(query, key, value, dropout_p=0.3, rng=0)
    assert out.item() == pytest.approx(1, abs=0.02)
    assert out.item() != 1
    again = F.scaled_dot_product_attention(query, key, value, dropout_p=0.3, rng=0)
    assert out.item() == again.item()


# Properties


CAUSAL = {
    "flag": {"is_causal": True},
    "boolean": {"src_mask": np.triu(np.ones((6, 6), bool), 1)},
    "floats": {"src_mask": nn.Transformer.generate_square_subsequent_mask(6)},
}


@pytest.mark.parametrize("masks", CAUSAL.values(), ids=CAUSAL)
@pytest.mark.parametrize("norm_first", [False, True])
def test_the_future_does_not_matter(masks, norm_first):
    layer = encoder_layer(norm_first=norm_first).eval()
    one = draw(2, 6, 4)
    other = one.copy()
    other[:, 4:] = draw(2, 2, 4, seed=1)
    found = []
    for values in (one, other):
        x = mg.tensor(values, requires_grad=True)
        past = layer(x, **masks)[:, :4]
        (gradient,) = mg.grad(past, x, draw(2, 4, 4, seed=2))
        found.append((past.detach().numpy(), gradient.numpy()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-13)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-10, atol=1e-13)
    assert (found[0][1][:, 4:] == 0).all()
    assert not np.allclose(layer(one)[:, :4].detach(), layer(other)[:, :4].detach())


def test_what_is_padding_does_not_matter():
    layer = encoder_layer().eval()
    x, padding = draw(2, 6, 4), np.zeros((2, 6), bool)
    padding[:, 4:] = True
    whole = layer(x, src_key_padding_mask=padding)[:, :4]
    np.testing.assert_allclose(whole.detach(), layer(x[:, :4]).detach(), rtol=1e-12)


def test_without_positions_the_order_does_not_matter():
    stack = nn.TransformerEncoder(encoder_layer(), 2).eval()
    x, order = draw(2, 6, 4), np.array([3, 0, 5, 1, 4, 2])
    np.testing.assert_allclose(stack(x[:, order]).detach(), stack(x)[:, order].detach(), rtol=1e-10)
    positions = nn.PositionalEncoding(4, dropout=0.0, batch_first=True)
    moved, kept = stack(positions(x[:, order])), stack(positions(x))[:, order]
    assert not np.allclose(moved.detach(), kept.detach())


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    "settings", [{}, {"is_causal": True}, {"attn_mask": np.arange(6).reshape(2, 3) % 4 != 1}]
)
def test_gradients_of_attention(settings, order):
    def function(*arrays):
        return F.scaled_dot_product_attention(*arrays, **settings)

    mg.testing.assert_gradients(
        function, draw(2, 2, 2), draw(2, 3, 2, seed=1), draw(2, 3, 1, seed=2), order=order
    )


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("settings", "masks"),
    [
        ({}, {"key_padding_mask": np.array([[False, True]])}),
        ({"kdim": 1, "add_bias_kv": True}, {"attn_mask": np.array([[0.3, -np.inf], [0.1, 0.2]])}),
    ],
)
def test_gradients_of_multihead_attention(settings, masks, order):
    layer = nn.MultiheadAttention(2, 2, batch_first=True, dtype=float, rng=0, **settings)
    names = [name for name, _ in layer.named_parameters()]

    def function(x, key, *parameters):
        for name, parameter in zip(names, parameters, strict=True):
            holder, _, last = name.rpartition(".")
            vars(layer.out_proj if holder else layer)[last] = parameter
        return layer(x, key, x, **masks)

    values = [draw(*p.shape, seed=i) for i, p in enumerate(layer.parameters())]
    x, key = draw(1, 2, 2), draw(1, 2, settings.get("kdim", 2), seed=9)
    mg.testing.assert_gradients(function, x, key, *values, order=order)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("norm_first", [False, True])
def test_gradients_of_an_encoder_layer(norm_first, order):
    layer = nn.TransformerEncoderLayer(
        4, 2, 3, 0.0, mg.tanh, norm_first=norm_first, dtype=float, rng=0
    )
    mg.testing.assert_gradients(lambda x: layer(x, is_causal=True), draw(3, 1, 4), order=order)


# Modules


def test_float64_inputs_of_float32_layers():
    layer = nn.TransformerEncoderLayer(4, 2, 5)
    out = layer(draw(3, 2, 4), nn.Transformer.generate_square_subsequent_mask(3, dtype=float))
    assert out.dtype == np.float32
    out.sum().backward()
    assert {p.grad.dtype for p in layer.parameters()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_seed_fixes_parameters_and_dropout(dtype):
    one, other = (encoder_layer(rng=3, dtype=dtype, dropout=0.5) for _ in range(2))
    x = draw(2, 6, 4)
    np.testing.assert_array_equal(one(x).detach(), other(x).detach())
    assert not np.array_equal(one(x).detach(), one.eval()(x).detach())


def test_layers_of_a_stack_start_equal_and_do_not_share_parameters():
    stack = nn.TransformerEncoder(encoder_layer(), 3)
    first, second, _ = stack.layers
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert one is not other
        np.testing.assert_array_equal(one.detach(), other.detach())
    stack(draw(2, 6, 4)).sum().backward()
    assert all(p.grad is not None for p in stack.parameters())


def test_layers_of_a_stack_draw_from_one_generator():
    stack = nn.TransformerEncoder(encoder_layer(rng=np.random.default_rng(0)), 2)
    assert stack.layers[0].dropout1.rng is stack.layers[1].self_attn.rng
    again = copy.deepcopy(stack)
    x = draw(2, 6, 4)
    np.testing.assert_array_equal(stack(x).detach(), again(x).detach())


def test_positions_follow_the_formula():
    layer = nn.PositionalEncoding(6, dropout=0.0, max_len=50)
    found = layer(np.zeros((50, 6)))
    for place in (0, 7, 49):
        for i in range(3):
            angle = place / 10000 ** (2 * i / 6)
            expected = [np.sin(angle), np.cos(angle)]
            np.testing.assert_allclose(found[place, 2 * i : 2 * i + 2], expected, atol=1e-12)
    assert layer.state_dict() == {}
    assert nn.PositionalEncoding(3)(np.zeros((4, 2, 3), np.float32)).dtype == np.float32


@pytest.mark.parametrize("kind", [nn.PositionalEncoding, nn.LearnedPositionalEncoding])
def test_positions_are_added_along_the_right_axis(kind):
    x = draw(2, 5, 4)
    layer = kind(4, 0.0, 8, rng=0)
    first = kind(4, 0.0, 8, batch_first=True, rng=0)
    own, sums, turned = (
        np.asarray(constant(y))
        for y in (first(np.zeros((5, 4))), first(x), layer(x.swapaxes(0, 1)))
    )
    np.testing.assert_allclose(sums, x + own, rtol=1e-5)
    np.testing.assert_array_equal(turned.swapaxes(0, 1), sums)
    with pytest.raises(ValueError, match=r"shape \(2, 9, 4\).*at most max_len=8"):
        first(np.zeros((2, 9, 4)))


def test_learned_positions_have_gradients():
    layer = nn.LearnedPositionalEncoding(2, 0.0, 4, dtype=float)
    layer(np.zeros((3, 5, 2))).sum().backward()
    np.testing.assert_array_equal(layer.weight.grad, [[5, 5]] * 3 + [[0, 0]])


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"attn_mask": np.ones((3, 3), int)}, TypeError, "attn_mask is int64.*left out"),
        ({"key_padding_mask": np.ones((2, 3), int)}, TypeError, "key_padding_mask is int64"),
        ({"attn_mask": np.ones((2, 3), bool)}, ValueError, r"\(3, 3\) or \(4, 3, 3\)"),
        ({"key_padding_mask": np.ones((3, 2), bool)}, ValueError, r"expected \(2, 3\)"),
        ({"key": np.ones((4, 3, 4))}, ValueError, r"\(S, N, 4\).*batch_first is False"),
        ({"query": np.ones((3, 2, 5))}, ValueError, r"shapes \(3, 2, 5\), "),
        ({"query": np.ones((3, 4))}, ValueError, "without N"),
    ],
)
def test_mistakes_with_inputs_of_multihead_attention(arguments, error, message):
    layer, x = nn.MultiheadAttention(4, 2), np.ones((3, 2, 4))
    with pytest.raises(error, match=f"^MultiheadAttention: .*{message}"):
        layer(**{"query": x, "key": x, "value": x, **arguments})


def test_mistakes_with_settings():
    with pytest.raises(ValueError, match="num_heads=3 does not divide embed_dim=4"):
        nn.MultiheadAttention(4, 3)
    with pytest.raises(ValueError, match="activation must be 'relu', 'gelu' or a function"):
        nn.TransformerEncoderLayer(4, 2, activation="swish")
    with pytest.raises(ValueError, match="MultiheadAttention: dropout is a probability"):
        nn.MultiheadAttention(4, 2, dropout=2)


@pytest.mark.parametrize(
    ("arrays", "settings", "error", "message"),
    [
        ([(2, 3), (4, 2), (4, 2)], {}, ValueError, r"attention_weights: query has shape \(2, 3\)"),
        ([(2, 3), (4, 3), (5, 2)], {}, ValueError, r"value \(5, 2\)"),
        ([(2, 3), (4, 3), (4, 2)], {"attn_mask": np.ones((2, 4), int)}, TypeError, "attn_mask is"),
        ([(2, 3), (4, 3), (4, 2)], {"attn_mask": np.ones((2, 5))}, ValueError, r"here \(2, 4\)"),
    ],
)
def test_mistakes_with_scaled_dot_product_attention(arrays, settings, error, message):
    with pytest.raises(error, match=message):
        F.scaled_dot_product_attention(*map(np.ones, arrays), **settings)


def test_mistakes_with_attention_weights():
    x = np.ones((2, 3))
    with pytest.raises(TypeError, match="key is int64, expected floats"):
        mg.attention_weights(x, np.ones((2, 3), int))
    with pytest.raises(TypeError, match="keep is float64, expected booleans"):
        mg.attention_weights(x, x, keep=np.ones((2, 2)))
