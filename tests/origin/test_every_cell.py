"""Where each capability of the systems that minigrad is created from is shown.

These are deepnet (P. Dahal), hipsternet (A. Kristiadi), Deep Learning from Scratch (K. Saitoh,
DLFS) and the assignments of CS231n (Stanford).
"""

import ast
from pathlib import Path

import pytest

root = Path(__file__).parents[2]

SYSTEMS = {"d": "deepnet", "h": "hipsternet", "s": "DLFS", "c": "CS231n"}

# What there is to show: the areas, and the systems that have something there.
AREAS = {
    "im2col and col2im": "dhsc",
    "convolution": "dhsc",
    "max pooling": "dhsc",
    "other pooling": "dhsc",
    "dense, flatten": "dhsc",
    "activations": "dhsc",
    "losses": "dhsc",
    "dropout": "dhsc",
    "normalisation": "dhsc",
    "regularisation": "dhsc",
    "initialisation": "dhsc",
    "optimisers": "dhsc",
    "training": "dhsc",
    "save and load": "sc",
    "models": "dhsc",
    "sequences": "dhc",
    "gradient check": "dsc",
    "data": "dhsc",
    "studies": "dhsc",
}

# Area, what of it, the systems that do it, and the tests or examples that show it.
LAYERS = "origin/test_layers_of_the_tutorials"
OPTIMISERS = "origin/test_optimisers_of_the_tutorials"
MODELS = "origin/test_models_of_the_tutorials"
SEQUENCES = "origin/test_sequences_of_the_tutorials"
TRAINING = "origin/test_training_of_the_tutorials"
TABLE = [
    (
        "im2col and col2im",
        "image fastest",
        "dhc",
        "test_golden::test_columns_have_the_image_fastest",
    ),
    ("im2col and col2im", "in rows", "s", "windows/test_against_loops::test_im2col_and_col2im"),
    ("im2col and col2im", "strides", "c", "windows/test_against_loops::test_im2col_and_col2im"),
    ("convolution", "stride, padding", "dhsc", "test_golden::test_convolution"),
    ("convolution", "fast and by loops", "c", "windows/test_against_loops::test_convolution"),
    ("max pooling", "square", "dhsc", "test_golden::test_max_pooling"),
    (
        "max pooling",
        "rectangular",
        "sc",
        "test_golden::test_pooling_is_right_where_height_and_width_differ",
    ),
    ("other pooling", "average", "dhs", "test_golden::test_average_pooling_of_columns"),
    ("other pooling", "average, min, median, L2", "dc", "windows/test_against_loops::test_pool"),
    ("dense, flatten", "both", "dhc", "test_golden::test_dense_layer"),
    ("dense, flatten", "any rank", "s", f"{LAYERS}::test_a_dense_layer_of_images"),
    ("activations", "of x alone", "dhsc", f"{LAYERS}::test_activations"),
    ("activations", "step, identity", "s", "nn/test_activations::test_step_and_identity"),
    ("activations", "maxout", "c", f"{LAYERS}::test_maxout_of_the_notes"),
    (
        "losses",
        "softmax cross-entropy, index or one-hot",
        "dhsc",
        "nn/test_losses::test_cross_entropy_by_class_and_by_one_hot",
    ),
    ("losses", "hinge", "hc", "nn/test_losses::test_multiclass_hinge_with_margin_1"),
    ("losses", "squared, L1, L2", "h", f"{LAYERS}::test_regression_losses_of_hipsternet"),
    ("losses", "sum of squares", "s", "nn/test_losses::test_sum_of_squares_with_a_half"),
    ("losses", "temporal", "c", "nn/test_losses::test_masked_softmax_loss_of_sequences"),
    ("dropout", "inverted, to keep", "dhc", f"{LAYERS}::test_inverted_dropout_of_a_share_to_keep"),
    ("dropout", "scaled at test time", "s", f"{LAYERS}::test_dropout_that_scales_at_test_time"),
    ("dropout", "seeded", "c", f"{LAYERS}::test_seeded_dropout"),
    ("normalisation", "batch norm", "hsc", f"{LAYERS}::test_batch_norm_and_its_momentum"),
    ("normalisation", "of each pixel", "ds", f"{LAYERS}::test_batch_norm_of_each_pixel"),
    (
        "normalisation",
        "spatial batch norm",
        "c",
        f"{LAYERS}::test_spatial_batch_norm_is_batch_norm_of_all_pixels",
    ),
    (
        "normalisation",
        "layer norm",
        "c",
        f"{LAYERS}::test_layer_norm_is_batch_norm_of_the_transpose",
    ),
    ("normalisation", "spatial group norm", "c", f"{LAYERS}::test_spatial_group_norm"),
    (
        "regularisation",
        "L1, L2",
        "dhc",
        f"{LAYERS}::test_a_penalty_is_in_the_loss_and_in_the_gradient",
    ),
    (
        "regularisation",
        "weight decay",
        "s",
        "optim/test_optim::test_weight_decay_is_the_gradient_of_a_penalty",
    ),
    ("initialisation", "std, Xavier, He, weight scale", "dhsc", f"{LAYERS}::test_starting_values"),
    (
        "optimisers",
        "their formulas",
        "dhsc",
        f"{OPTIMISERS}::test_an_optimiser_goes_the_way_of_the_tutorial",
    ),
    (
        "optimisers",
        "published steps",
        "c",
        "optim/test_optim::test_a_momentum_step_has_the_published_values",
        "optim/test_formulas::test_an_rmsprop_step_has_the_published_values",
        "optim/test_optim::test_an_adam_step_has_the_published_values",
    ),
    (
        "training",
        "histories, names",
        "dhs",
        f"{TRAINING}::test_a_trainer_with_histories",
    ),
    (
        "training",
        "decay, checkpoints, best parameters",
        "c",
        f"{TRAINING}::test_a_solver_decays_and_keeps_the_best_parameters",
    ),
    ("training", "batched prediction", "d", f"{TRAINING}::test_prediction_in_batches"),
    (
        "training",
        "text samples",
        "h",
        f"{SEQUENCES}::test_a_character_network_is_clipped_and_speaks",
    ),
    ("save and load", "parameters", "s", "nn/test_module::test_a_state_goes_through_a_file"),
    (
        "save and load",
        "checkpoints",
        "c",
        f"{TRAINING}::test_a_solver_decays_and_keeps_the_best_parameters",
        "training/test_resume::test_ten_epochs_are_five_a_new_process_and_five",
    ),
    ("models", "CNN", "dhs", f"{MODELS}::test_networks_of_dlfs", "examples/digits_cnn.py"),
    (
        "models",
        "character RNN, LSTM, GRU",
        "dh",
        f"{SEQUENCES}::test_a_character_network_is_clipped_and_speaks",
        f"{SEQUENCES}::test_a_gru_that_is_not_pytorchs_is_a_few_ops",
        "examples/char_rnn.py",
    ),
    (
        "models",
        "probabilities, regression",
        "h",
        f"{MODELS}::test_probabilities_and_regression_of_hipsternet",
    ),
    ("models", "multiply and add graph", "sc", "test_golden::test_apples_and_oranges"),
    ("models", "kNN", "c", f"{MODELS}::test_nearest_neighbours"),
    ("models", "SVM, softmax", "c", f"{MODELS}::test_linear_classifiers"),
    ("models", "two layers", "sc", "test_golden::test_loss_of_a_two_layer_net"),
    (
        "models",
        "n layers, norm, dropout",
        "hsc",
        f"{MODELS}::test_a_network_of_n_layers",
        f"{MODELS}::test_dropout_of_a_network_has_its_seeds",
    ),
    ("models", "3-layer ConvNet", "c", f"{MODELS}::test_the_three_layer_convnet_of_cs231n"),
    ("models", "captioning", "c", f"{SEQUENCES}::test_captioning", "examples/captioning.py"),
    (
        "sequences",
        "clip, through time, sampling",
        "dh",
        f"{SEQUENCES}::test_a_character_network_is_clipped_and_speaks",
        "nn/test_utils::test_values_are_clipped",
    ),
    ("sequences", "step, whole", "c", f"{SEQUENCES}::test_a_step_and_a_whole_sequence_of_cs231n"),
    (
        "sequences",
        "embedding",
        "c",
        f"{SEQUENCES}::test_word_embedding_adds_up_the_gradients_of_a_word",
    ),
    ("gradient check", "h = 1e-4, mean", "s", f"{MODELS}::test_the_check_of_dlfs"),
    ("gradient check", "h = 1e-5, relative", "dc", "test_golden::test_relative_error_of_gradients"),
    (
        "gradient check",
        "sparse",
        "c",
        f"{MODELS}::test_a_network_of_n_layers",
        f"{MODELS}::test_the_sparse_check_finds_a_wrong_gradient",
    ),
    ("data", "MNIST, IDX", "dhs", "data/test_mnist::test_four_files"),
    ("data", "IDX by the byte", "hs", f"{TRAINING}::test_a_file_of_idx_images"),
    ("data", "CIFAR-10", "dc", "data/test_cifar::test_six_files"),
    ("data", "text", "h", "data/test_text::test_windows"),
    ("studies", "runs of a CNN", "d", "examples/digits_cnn.py", "examples/mnist_convnet.py"),
    ("studies", "batch norm", "hs", f"{TRAINING}::test_a_study_of_batch_norm"),
    (
        "studies",
        "dropout, decay",
        "hs",
        f"{TRAINING}::test_a_study_of_overfitting",
        "examples/overfitting.py",
    ),
    (
        "studies",
        "optimisers",
        "hs",
        f"{OPTIMISERS}::test_optimisers_compared_on_the_toy_surface",
        "examples/optimizers_compared.py",
        f"{TRAINING}::test_a_trainer_with_histories",
    ),
    (
        "studies",
        "RNN, LSTM, GRU",
        "h",
        f"{SEQUENCES}::test_a_character_network_is_clipped_and_speaks",
    ),
    (
        "studies",
        "initialisation",
        "s",
        f"{TRAINING}::test_a_study_of_starting_values",
        "examples/initialisation.py",
    ),
    (
        "studies",
        "search",
        "s",
        f"{TRAINING}::test_a_random_search_for_hyper_parameters",
        "examples/hyperparameter_search.py",
    ),
    ("studies", "filter pictures", "s", f"{TRAINING}::test_pictures_of_filters"),
    ("studies", "float16", "s", f"{TRAINING}::test_float16_inference"),
    ("studies", "naive and fast", "c", "tests/benchmarks/tutorial_kernels.py"),
    ("studies", "50 images", "c", f"{TRAINING}::test_fifty_images_are_learnt_by_heart"),
]

# What was wrong in some of them in networks and training; windows/test_bugs_of_others has pooling.
STEPS = "optim/test_formulas"
BUGS = {
    "Nesterov cancels to plain SGD": f"{STEPS}::test_nesterov_does_not_cancel_to_plain_descent",
    "Nesterov looks the wrong way": f"{OPTIMISERS}::test_nesterov_looks_ahead_along_the_velocity",
    "Adam has one moment": f"{STEPS}::test_the_two_moments_are_two_and_last_for_all_epochs",
    "Adagrad raises": f"{OPTIMISERS}::test_an_optimiser_goes_the_way_of_the_tutorial",
    "batch norm of pixels": "nn/test_normalization::test_batch_norm_is_by_channel",
    "regression losses broadcast": f"{LAYERS}::test_regression_losses_of_hipsternet",
    "a mean loss, a summed gradient": f"{LAYERS}::test_a_loss_and_its_gradient_are_averaged_alike",
    "a penalty without gradient": f"{LAYERS}::test_a_penalty_is_in_the_loss_and_in_the_gradient",
    "a wrong LSTM": f"{SEQUENCES}::test_the_lstm_of_hipsternet_agrees_with_its_numeric_gradient",
    "sigmoid of exp(+x)": f"{LAYERS}::test_activations",
    "sigmoid overflows": "test_golden::test_sigmoid_does_not_overflow",
    "ReLU overwrites": "test_golden::test_relu_does_not_overwrite_the_gradient_it_gets",
}

PLACES = sorted({place for _, _, _, *places in TABLE for place in places} | set(BUGS.values()))


@pytest.mark.parametrize("area", AREAS)
def test_every_cell_is_shown(area):
    shown = {system for name, _, systems, *_ in TABLE for system in systems if name == area}
    assert shown == set(AREAS[area]) <= set(SYSTEMS)


def test_the_table_has_no_other_areas():
    assert {area for area, *_ in TABLE} == set(AREAS)


def names_in(path):
    return {node.name for node in ast.parse(path.read_text()).body if hasattr(node, "name")}


@pytest.mark.parametrize("place", PLACES)
def test_what_shows_it_exists(place):
    path, _, name = place.partition("::")
    if name:
        assert name in names_in(root / "tests" / f"{path}.py")
    else:
        assert (root / path).is_file()


def test_every_test_here_shows_something():
    here = Path(__file__).parent
    found = {
        f"origin/{path.stem}::{name}"
        for path in here.glob("test_*_of_the_tutorials.py")
        for name in names_in(path)
        if name.startswith("test_")
    }
    assert found <= set(PLACES)
