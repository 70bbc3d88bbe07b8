"""How hard Hypothesis works, and one seed for every test."""

import os

import pytest
from hypothesis import HealthCheck, settings

import minigrad as mg

settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=50,
    # A busy machine is slow; that is no failure.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile(
    "thorough", settings.get_profile("ci"), derandomize=False, max_examples=1000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Let a test that fails in the suite fail alone too."""
    mg.manual_seed(0)
