"""Attacks on skglove with random faults; see the options ``--faults`` and ``--fault-seed``.

Each module has one kind of fault and one contract:

=================  ======================================================================================================
test_kills         Processes are killed while they fill the cache: a later load is right and leaves no junk.
test_damage        Files of the cache and saved models are damaged: right values or one clear error, never wrong values.
test_downloads     A server is hostile: the right vectors or one clear error, and the right vectors once it is friendly.
test_interrupts    Fits and other calls are interrupted: everything is as before, and a second call succeeds.
test_threads       Threads use an estimator while others fit it: each answer belongs to one fit.
=================  ======================================================================================================

How to run them, alone or as part of all tests::

    python -m pytest tests/faults                                       # 60 faults, or those of a minute
    python -m pytest tests/faults --faults 1000                         # more, these among them
    python -m pytest tests/faults --faults 1000 --fault-seed 1000       # others
    python -m pytest "tests/faults/test_kills.py::test_kills[17]" --fault-seed 17      # one that failed

Every random choice of a test comes from its seed, the number in its id. What the operating system chooses does not: when a
process is killed after some milliseconds, and how threads take turns. Such a test may have to be repeated until it fails.

A new kind of fault is a module whose tests take the fixture `rng`, with a number `SHARE`, the share of each in all faults.
"""

import time

import numpy as np
import pytest

from tests.test_transaction import started  # noqa: F401 - these are fixtures
from tests.vectors.cache.test_cache import fork  # noqa: F401
from tests.vectors.conftest import home, large_sample, register, server, shared_server  # noqa: F401

FEW, SECONDS = 60, 60  # without --faults


def pytest_generate_tests(metafunc):
    if "seed" in metafunc.fixturenames:
        options = metafunc.config.option
        n_faults = max(1, round((options.faults or FEW) * metafunc.module.SHARE))  # at least one of each kind
        metafunc.parametrize("seed", range(options.fault_seed, options.fault_seed + n_faults))


@pytest.fixture(scope="session")
def begin():
    return time.monotonic()


@pytest.fixture
def rng(request, seed, begin):
    if request.config.option.faults is None and time.monotonic() - begin > SECONDS:
        pytest.skip(f"{SECONDS} seconds are over; with --faults {FEW} there is no limit")
    return np.random.default_rng(seed)
