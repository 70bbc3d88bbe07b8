"""The engine: recording, the backward walk, and what is freed when."""

import gc
import threading
import weakref

import numpy as np
import pytest

import minigrad as mg


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(value):
    return mg.tensor(value, dtype=float, requires_grad=True)


@mg.op
def untouchable(x, /):
    """An op whose derivative must not be asked for."""

    def closure(g):
        raise AssertionError("a closure off the path was called")

    return x * 1.0, closure


@mg.op
def halves(x, /):
    """Smooth op with two outputs."""
    return (x * x, x * x * x), (lambda g, h: 2 * g * x + 3 * h * x * x,)


@mg.op(piecewise_linear=True)
def ends(x, /):
    """Piecewise-linear op with two outputs."""
    return (x[:1] * 2, x[1:] * 3), (lambda g, h: mg.concatenate([g * 2, h * 3]),)


@mg.op(piecewise_linear=True)
def largest(x, /):
    """Op with an output that is an index."""
    at = np.argmax(x)
    return (x[at], at), (lambda g, _: mg.scatter(g, int(at), x.shape),)


# Values of the derivatives


def test_a_tensor_used_twice_gets_both_gradients():
    x = leaf(3)
    (x * x).backward()
    assert x.grad.item() == 6.0


def test_a_diamond_is_complete_before_it_goes_on():
    x = leaf(2)
    y = x * x
    z = y * mg.exp(y * 0.0) + y * y
    z.backward()
    assert x.grad.item() == 2 * 2 + 4 * 2**3


def test_closures_may_return_what_they_were_given():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    gradient = np.array([5.0, 6.0])
    total = x + y
    (total + total + x).backward(gradient)
    assert x.grad.tolist() == [15.0, 18.0]
    assert y.grad.tolist() == [10.0, 12.0]
    assert gradient.tolist() == [5.0, 6.0]


@pytest.mark.parametrize(
    ("shape", "other"),
    [((), (3,)), ((3,), ()), ((1, 3), (2, 1)), ((3,), (2, 3)), ((2, 1, 1), (4, 1)), ((0,), (1,))],
)
def test_a_gradient_is_summed_to_the_shape_of_its_input(shape, other):
    x, y = leaf(np.full(shape, 2.0)), leaf(np.full(other, 3.0))
    product = x * y
    product.backward(np.ones(product.shape))
    assert x.grad.shape == shape
    assert y.grad.shape == other
    if x.size:
        assert x.grad.tolist() == np.full(shape, 3.0 * product.size / x.size).tolist()


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_has_the_dtype_of_its_input(create_graph):
    single = mg.tensor([1.0, 2.0], dtype=np.float32, requires_grad=True)
    double = leaf([3.0, 4.0])
    product = single * double
    assert product.dtype == np.float64
    found = mg.grad(product.sum(), [single, double], create_graph=create_graph)
    assert [g.dtype for g in found] == [np.float32, np.float64]
    assert found[0].tolist() == [3.0, 4.0]


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0, 1)])
def test_empty_arrays_have_empty_gradients(shape):
    x = leaf(np.zeros(shape))
    (mg.exp(x) * x).sum().backward()
    assert x.grad.shape == shape


def test_an_array_that_is_not_tracked_needs_no_gradient():
    x = leaf([1.0, 2.0])
    (x * np.array([3, 4]) + mg.tensor([1, 1])).sum().backward()
    assert x.grad.tolist() == [3.0, 4.0]


# Accumulation


def test_two_backwards_through_two_graphs_accumulate():
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [4.0, 6.0]


def test_accumulating_leaves_an_earlier_grad_as_it_was():
    x = leaf(1.0)
    (x * 2).backward()
    first = x.grad
    (x * 2).backward()
    assert (first.item(), x.grad.item()) == (2.0, 4.0)


def test_a_leaf_is_its_own_derivative():
    x = leaf(3.0)
    x.backward()
    assert x.grad.item() == 1.0


def test_grad_accumulates_nowhere():
    x = leaf(3.0)
    (found,) = mg.grad(x * x, x)
    assert found.item() == 6.0
    assert x.grad is None


def test_grad_is_untracked_without_create_graph():
    x = leaf(3.0)
    (found,) = mg.grad(x * x, x)
    assert not found.requires_grad


# What grad() takes


def test_an_input_may_lie_inside_of_the_graph():
    x = leaf(2.0)
    inside = x * x
    outer, inner = mg.grad(inside * inside * x, [inside, x])
    assert outer.item() == 2 * 4 * 2
    assert inner.item() == 5 * 2**4


def test_the_same_tensor_may_be_output_and_input():
    x = leaf([1.0, 2.0])
    y = x * 3
    at_y, at_x = mg.grad(y, [y, x], np.array([1.0, 10.0]))
    assert at_y.tolist() == [1.0, 10.0]
    assert at_x.tolist() == [3.0, 30.0]


def test_an_input_given_twice_has_the_same_gradient_twice():
    x = leaf(3.0)
    assert [g.item() for g in mg.grad(x * x, [x, x])] == [6.0, 6.0]


def test_several_outputs_are_summed_each_times_its_gradient():
    x = leaf(3.0)
    y = x * x
    (found,) = mg.grad([y, x * 2, y], x, [1.0, 10.0, None])
    assert found.item() == 6.0 + 20.0 + 6.0


def test_an_output_may_lie_below_another():
    x = leaf(3.0)
    y = x * x
    (found,) = mg.grad([y * y, y], x)
    assert found.item() == 4 * 27 + 6


def test_an_unused_input_has_no_gradient_if_that_is_allowed():
    x, unused = leaf(3.0), leaf(1.0)
    found = mg.grad(x * x, [x, unused], allow_unused=True)
    assert found[0].item() == 6.0
    assert found[1] is None


def test_grad_outputs_may_be_tracked():
    x, weight = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (found,) = mg.grad(x * x, x, weight, create_graph=True)
    found.sum().backward()
    assert weight.grad.tolist() == [2.0, 4.0]
    assert x.grad.tolist() == [6.0, 8.0]


# Pruning


def test_grad_calls_no_closure_off_the_path():
    x, y = leaf(2.0), leaf(3.0)
    (found,) = mg.grad(x * x * untouchable(y), x)
    assert found.item() == 12.0


def test_grad_stops_at_its_inputs():
    x = leaf(2.0)
    inside = untouchable(x)
    (found,) = mg.grad(inside * inside, inside)
    assert found.item() == 4.0


def test_closures_off_the_path_are_called_by_backward():
    with pytest.raises(AssertionError, match="off the path"):
        untouchable(leaf(2.0)).backward()


@pytest.mark.parametrize("tracked", [0, 1])
def test_the_closure_of_an_untracked_input_is_dropped_at_once(tracked):
    freed = []

    @mg.op
    def noted(x, y, /):
        first, second = np.ones(3), np.ones(3)
        freed.extend([weakref.ref(first), weakref.ref(second)])
        return x * y, (lambda g: g * first, lambda g: g * second)

    inputs = [mg.tensor([1.0, 2.0, 3.0], requires_grad=i == tracked) for i in range(2)]
    result = noted(*inputs)
    assert [ref() is None for ref in freed] == [i != tracked for i in range(2)]
    assert result.requires_grad


def test_nothing_is_kept_of_an_untracked_call():
    freed = []

    @mg.op
    def noted(x, /):
        cache = np.ones(3)
        freed.append(weakref.ref(cache))
        return x * 1.0, lambda g: g * cache

    result = noted(mg.tensor([1.0, 2.0, 3.0]))
    assert freed[0]() is None
    assert not result.requires_grad


# A second walk


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_second_backward_raises_and_names_retain_graph(create_graph):
    x = leaf(2.0)
    y = mg.exp(x * x)
    y.backward()
    with pytest.raises(RuntimeError, match=r"'exp' a second time.*retain_graph=True"):
        mg.grad(y, x, create_graph=create_graph)
    with pytest.raises(RuntimeError, match=r"'exp' a second time.*retain_graph=True"):
        y.backward()
    assert x.grad.item() == pytest.approx(4 * np.exp(4))


def test_a_shared_part_that_was_freed_raises_too():
    x = leaf(2.0)
    shared = x * x
    (shared * 2).backward()
    with pytest.raises(RuntimeError, match=r"'multiply' a second time.*retain_graph=True"):
        (shared * 3).backward()


def test_retain_graph_keeps_it_for_another_backward():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8.0
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


def test_create_graph_retains_the_graph():
    x = leaf(2.0)
    y = x * x * x
    mg.grad(y, x, create_graph=True)
    assert mg.grad(y, x)[0].item() == 12.0


def test_create_graph_may_free_the_graph():
    x = leaf(2.0)
    y = x * x * x
    mg.grad(y, x, create_graph=True, retain_graph=False)
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        mg.grad(y, x)


# Memory


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("backward", [False, True])
def test_a_graph_is_freed_by_reference_counting(backward):
    x = leaf(np.ones((2, 1, 4, 4)))
    weight = leaf(np.ones((1, 1, 3, 3)))
    convolved = mg.conv2d(x, weight, padding=1)
    pooled = mg.max_pool2d(mg.relu(convolved), 2)
    loss = mg.logsumexp(mg.softmax(mg.concatenate([pooled, pooled])[..., 0])).sum()
    watched = [weakref.ref(part) for part in (convolved, pooled, loss, convolved._value)]
    if backward:
        loss.backward()
    del convolved, pooled, loss
    assert [ref() for ref in watched] == [None] * 4


@pytest.mark.usefixtures("no_collector")
def test_a_graph_of_a_graph_is_freed_by_reference_counting():
    x = leaf([0.5, 1.5])
    y = mg.tanh(x * x).sum()
    (first,) = mg.grad(y, x, create_graph=True)
    penalty = (first * first).sum()
    watched = [weakref.ref(part) for part in (y, first, penalty, first._value)]
    penalty.backward()
    del y, first, penalty
    assert [ref() for ref in watched] == [None] * 4


@pytest.mark.usefixtures("no_collector")
def test_backward_frees_caches_as_it_goes():
    alive = []
    caches = []

    @mg.op
    def noted(x, /):
        cache = np.ones(1)
        caches.append(weakref.ref(cache))

        def closure(g):
            alive.append(sum(ref() is not None for ref in caches))
            return g * cache

        return x * 1.0, closure

    y = leaf([1.0])
    for _ in range(4):
        y = noted(y)
    y.backward()
    assert alive == [4, 3, 2, 1]
    assert [ref() for ref in caches] == [None] * 4


@pytest.mark.usefixtures("no_collector")
def test_a_piecewise_linear_op_keeps_no_input():
    x = leaf(np.ones(3))
    inside = x * 2.0
    value = weakref.ref(inside._value)
    y = mg.relu(inside)
    del inside
    assert value() is None
    assert y.requires_grad


@pytest.mark.parametrize(
    "step",
    [lambda y: y + 1.0, mg.tanh, mg.relu, lambda y: y * 0.999, lambda y: y * y * 0.5],
    ids=["add", "tanh", "relu", "scale", "square"],
)
def test_a_chain_of_100_000_ops_goes_forward_and_backward_and_is_freed(step):
    x = leaf(0.5)
    y = x
    for _ in range(100_000):
        y = step(y)
    y.backward()
    assert np.isfinite(x.grad.item())


def test_a_long_chain_is_freed_without_a_backward():
    x = leaf(0.5)
    y = x
    for _ in range(100_000):
        y = mg.tanh(y)
    value = weakref.ref(y._value)
    del y
    assert value() is None


def test_a_long_chain_goes_backward_twice_in_a_thread():
    found = []

    def work():
        x = leaf(0.5)
        y = x
        for _ in range(10_000):
            y = mg.sigmoid(y)
        (first,) = mg.grad(y, x, create_graph=True)
        del y
        found.append(mg.grad(first, x, retain_graph=True)[0].item())
        del first

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [0.0]  # so often contracted that nothing is left of x


# Recording modes


def test_no_grad_records_nothing():
    x = leaf(2.0)
    with mg.no_grad():
        assert not mg.is_grad_enabled()
        assert not (x * x).requires_grad
    assert (x * x).requires_grad


def test_modes_nest():
    x = leaf(2.0)
    seen = []
    with mg.no_grad():
        seen.append((x * x).requires_grad)
        with mg.enable_grad():
            seen.append((x * x).requires_grad)
            with mg.no_grad():
                seen.append((x * x).requires_grad)
            seen.append((x * x).requires_grad)
        seen.append((x * x).requires_grad)
    assert seen == [False, True, False, True, False]


def test_a_mode_ends_with_an_error():
    with pytest.raises(ZeroDivisionError), mg.no_grad():
        1 / 0  # noqa: B018  # it is there to raise
    assert mg.is_grad_enabled()


def test_a_mode_can_be_entered_again_inside_of_itself():
    mode = mg.no_grad()
    with mode, mode:
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()


@pytest.mark.parametrize(("mode", "recorded"), [(mg.no_grad, False), (mg.enable_grad, True)])
def test_a_mode_is_a_decorator(mode, recorded):
    @mode()
    def square(x):
        """Its square."""
        return x * x

    with mg.no_grad() if recorded else mg.enable_grad():
        assert square(leaf(2.0)).requires_grad is recorded
    assert (square.__name__, square.__doc__) == ("square", "Its square.")


def test_a_mode_refuses_to_decorate_a_generator():
    def numbers():
        yield 1

    async def later():
        return mg.is_grad_enabled()

    async def numbers_later():
        yield 1

    for function in (numbers, later, numbers_later):
        with pytest.raises(TypeError, match=rf"^{function.__name__} is a generator or a coroutine"):
            mg.no_grad()(function)


def test_a_recording_mode_is_not_for_a_value():
    with pytest.raises(TypeError, match=r"not for a Tensor; write `with mg\.no_grad\(\):`$"):
        mg.no_grad(mg.tensor(1.0))


def test_modes_are_per_thread():
    entered, leave, seen = threading.Event(), threading.Event(), []

    def work():
        seen.append(mg.is_grad_enabled())
        with mg.no_grad():
            entered.set()
            leave.wait()

    with mg.no_grad():
        thread = threading.Thread(target=work)
        thread.start()
        entered.wait()
    seen.append(mg.is_grad_enabled())
    leave.set()
    thread.join()
    assert seen == [True, True]


def test_one_mode_may_be_shared_by_threads():
    mode, entered, leave, seen = mg.no_grad(), threading.Event(), threading.Event(), []

    def work():
        with mg.no_grad(), mode:
            entered.set()
            leave.wait()
        seen.append(mg.is_grad_enabled())

    thread = threading.Thread(target=work)
    with mode:
        thread.start()
        entered.wait()
    seen.append(mg.is_grad_enabled())
    leave.set()
    thread.join()
    assert seen == [True, True]


def test_backward_of_tensors_in_several_threads():
    leaves = [leaf(float(i)) for i in range(8)]

    def work(x):
        for _ in range(100):
            (x * x).backward()

    threads = [threading.Thread(target=work, args=[x]) for x in leaves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [x.grad.item() for x in leaves] == [200.0 * i for i in range(8)]


def test_grad_with_create_graph_records_under_no_grad():
    x = leaf(2.0)
    y = x * x * x
    with mg.no_grad():
        (first,) = mg.grad(y, x, create_graph=True)
    assert mg.grad(first, x)[0].item() == 12.0


# Several outputs


def test_an_op_with_several_outputs_gives_a_tuple():
    arrays = halves(np.array([2.0]))
    assert [type(part) for part in arrays] == [np.ndarray] * 2
    tensors = halves(mg.tensor([2.0]))
    assert [part.tolist() for part in tensors] == [[4.0], [8.0]]
    assert not tensors[0].requires_grad


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("f", [halves, ends])
def test_several_outputs_are_differentiated_together(f, order):
    assert mg.gradcheck(f, [0.5, -1.5], order=order)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("used", [0, 1])
@pytest.mark.parametrize("f", [halves, ends])
def test_an_output_may_stay_unused(f, used, order):
    assert mg.gradcheck(lambda x: mg.tanh(f(x)[used]), [0.5, -1.5], order=order)


def test_an_output_is_an_input_of_grad():
    x = leaf([0.5, -1.5])
    first, second = halves(x)
    by_first, by_x = mg.grad((first * second).sum(), [first, x])
    np.testing.assert_allclose(by_first.numpy(), x.numpy() ** 3)
    np.testing.assert_allclose(by_x.numpy(), 5 * x.numpy() ** 4)


def test_an_integer_output_is_untracked():
    value, at = largest(leaf([1.0, 3.0, 2.0]))
    assert (value.requires_grad, at.requires_grad) == (True, False)
    assert at.item() == 1
    assert mg.gradcheck(lambda x: largest(x)[0], [1.0, 3.0, 2.0], order=2)


def test_several_outputs_share_one_graph():
    first, second = halves(leaf([1.0]))
    first.backward()
    with pytest.raises(RuntimeError, match=r"'halves' a second time.*retain_graph=True"):
        second.backward()


@pytest.mark.parametrize("kind", [list, lambda parts: np.linalg.slogdet(np.eye(2))])
def test_a_list_or_a_named_tuple_is_several_outputs_too(kind):
    @mg.op
    def parts(x, /):
        return kind((x[:1], x[1:])), (lambda g, h: mg.concatenate([g, h]),)

    assert len(parts(mg.tensor([1.0, 2.0]))) == 2
    assert [type(part) for part in parts(leaf([1.0, 2.0]))] == [mg.Tensor] * 2


# Rules that break the contract


@pytest.mark.parametrize(
    ("closures", "error", "message"),
    [
        (lambda g: g, TypeError, r"^faulty: .*1 closures for 2 arrays \(x, y\).*one for each"),
        ((None, lambda g: g), TypeError, r"^faulty: not differentiable in 'x'.*t\.detach\(\)"),
        (
            (lambda g: g[:1], lambda g: g),
            ValueError,
            r"^faulty: the closure of 'x' returned a gradient of shape \(1,\) .* shape \(2,\)",
        ),
        ((lambda g: g.sum(), lambda g: g), ValueError, r"of shape \(\) for .* shape \(2,\)"),
        ((lambda g: np.ones(3), lambda g: g), ValueError, r"of shape \(3,\) for .* shape \(2,\)"),
        ((lambda g: g, lambda g: None), TypeError, r"^faulty: the closure of 'y' returned None"),
        ((lambda g: g, lambda g: [1.0, 2.0]), TypeError, r"of 'y' returned \[1\.0, 2\.0\]"),
        ((lambda g: g > 0, lambda g: g), TypeError, r"closure of 'x' returned an array of bool"),
        ((lambda g: g * 1j, lambda g: g), TypeError, r"of 'x' returned an array of complex128"),
    ],
)
def test_a_rule_that_breaks_the_contract_is_named(closures, error, message):
    @mg.op
    def faulty(x, y, /):
        return np.add(x, y), closures

    with pytest.raises(error, match=message):
        faulty(leaf([1.0, 2.0]), leaf([3.0, 4.0])).sum().backward()


def test_a_closure_in_surplus_is_refused():
    @mg.op
    def surplus(x, /):
        return np.copy(x), (lambda g: g, lambda g: g)

    with pytest.raises(TypeError, match=r"^surplus: the rule returned 2 closures for 1 arrays"):
        surplus(leaf(1.0))


def test_a_tracked_setting_is_refused():
    with pytest.raises(TypeError, match=r"^pad: 'constant_values' is a setting .* t\.detach\(\)"):
        mg.pad(leaf([1.0]), 1, constant_values=leaf(2.0))


def test_an_untracked_setting_is_used_for_its_value():
    assert mg.pad(leaf([1.0]), 1, constant_values=mg.tensor(2.0)).tolist() == [2.0, 1.0, 2.0]


@pytest.mark.parametrize("bare", [True, False])
def test_a_mode_decorates_with_and_without_a_call(bare):
    @(mg.no_grad if bare else mg.no_grad())
    def double(x):
        return x * 2

    assert not double(leaf(2.0)).requires_grad
    assert double.__name__ == "double"


def test_threads_may_share_a_leaf():
    x = leaf(1.0)

    def work():
        for _ in range(500):
            (x * 1.0).backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad.item() == 2000.0


def test_a_list_of_numbers_is_the_gradient_of_a_single_output():
    x = leaf([1.0, 2.0])
    assert mg.grad(x * x, x, [1.0, 10.0])[0].tolist() == [2.0, 40.0]


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_a_bias_may_be_wider_than_the_convolution(dtype):
    x, weight = np.ones((1, 1, 2, 2), dtype), np.full((1, 1, 2, 2), 2, dtype)
    bias = leaf([0.25])
    y = mg.conv2d(x, weight, bias)
    assert (y.dtype, y.item()) == (np.float64, 8.25)
    y.sum().backward()
    assert bias.grad.tolist() == [1.0]


def test_conv2d_drops_its_columns_when_the_weight_is_frozen():
    x, weight = leaf(np.ones((1, 1, 4, 4))), np.ones((1, 1, 3, 3))
    y = mg.conv2d(x, weight)
    (by_x, *others) = y._node.closures
    assert others == [None, None]
    kept = [cell.cell_contents for cell in by_x.__closure__]
    kept += [c.cell_contents for f in kept if callable(f) for c in f.__closure__]
    arrays = [array for array in kept if isinstance(array, np.ndarray)]
    assert [array.size for array in arrays] == [9]  # the weight alone


@pytest.mark.parametrize("dtype", [int, bool, "u1", np.int32])
def test_integers_of_a_tracked_tensor_are_untracked(dtype):
    x = mg.tensor([0.5, 2.5], requires_grad=True)
    whole = np.floor(x).astype(dtype)
    assert whole.dtype == dtype
    assert not whole.requires_grad
    assert x.astype("f4").requires_grad


def test_a_rule_may_say_that_its_result_has_no_derivative():
    @mg.op
    def signs(x, /):
        return np.sign(x).astype(int), None

    assert not signs(mg.tensor([-1.0, 2.0], requires_grad=True)).requires_grad
