"""Cores there are; BLAS keeps to one thread where asked, and gets the others back afterwards."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  its BLAS is to be seen too
from threadpoolctl import threadpool_info, threadpool_limits

from explainable_recsys import threads
from explainable_recsys.threads import n_cores, n_threads, one_blas_thread


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.fixture
def many():
    """Three threads, however many cores there are; what was before comes back."""
    with threadpool_limits(3, "blas"):
        before = blas_threads()
        if set(before) != {3}:
            pytest.skip("the threads of this BLAS cannot be set")
        yield before


def test_one_thread_inside_and_the_old_number_after(many):
    with one_blas_thread():
        assert blas_threads() == [1] * len(many)
        np.testing.assert_array_equal(np.ones((50, 50)) @ np.ones((50, 50)), 50)
    assert blas_threads() == many


def test_nested(many):
    with one_blas_thread():
        with one_blas_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert blas_threads() == many


def test_blocks_of_two_threads_that_overlap():
    many = blas_threads()
    first_inside, second_inside, seen = threading.Event(), threading.Event(), []

    def first():
        with one_blas_thread():
            first_inside.set()
            second_inside.wait(5)

    thread = threading.Thread(target=first)
    thread.start()
    first_inside.wait(5)
    with one_blas_thread():
        second_inside.set()
        thread.join()
        seen += blas_threads()
    assert set(seen) == {1}
    assert blas_threads() == many


def test_every_thread_may_ask_whoever_asked_before():
    many, seen = blas_threads(), []

    def other():
        with one_blas_thread():
            seen.extend(blas_threads())

    with one_blas_thread():
        pass
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert set(seen) == {1}
    assert blas_threads() == many


def test_the_old_number_comes_back_after_an_error(many):
    with pytest.raises(np.linalg.LinAlgError), one_blas_thread():
        np.linalg.solve(np.zeros((2, 2)), np.ones(2))
    assert blas_threads() == many
    with one_blas_thread():
        with pytest.raises(KeyError), one_blas_thread():
            raise KeyError
        assert set(blas_threads()) == {1}
    assert blas_threads() == many


def test_the_number_is_that_of_the_moment_not_of_the_first_time(many):
    with one_blas_thread():
        pass
    with threadpool_limits(2, "blas"):
        with one_blas_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {2}
    assert blas_threads() == many


def test_other_threads_stay_as_they_are():
    import sklearn.metrics  # noqa: F401  brings OpenMP

    def others():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] != "blas"]

    with threadpool_limits(2, "openmp"):
        before = others()
        assert before
        with one_blas_thread():
            assert others() == before
        assert others() == before


def test_cores_are_those_that_this_process_may_use() -> None:
    assert 1 <= n_cores() <= (os.cpu_count() or 1)
    one = next(iter(os.sched_getaffinity(0)))
    code = f"import os; os.sched_setaffinity(0, [{one}]); from {threads.__name__} import n_cores"
    done = subprocess.run([sys.executable, "-c", f"{code}; print(n_cores())"], capture_output=True)
    assert done.stdout.split() == [b"1"]


def test_shared_work_has_as_many_threads_as_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for given, expected in (("3", 3), ("", n_cores()), ("0", n_cores()), ("many", n_cores())):
        monkeypatch.setenv("OMP_NUM_THREADS", given)
        assert n_threads() == expected
