"""Mining against brute force: neighbours, margins, one-to-one matching, ties and bounded memory."""

import numpy as np
import pytest
import torch

import oracle
from xstilts.prediction import bitext_mining
from xstilts.prediction.bitext_mining import mine, nearest, neighbours, one_to_one


def vectors(rng, n, kind, width=24):
    """Random rows; `whole` has small whole numbers, whose products are exact and often equal; `same` is all equal."""
    x = rng.standard_normal((n, width)).astype("f4")
    if kind == "whole":
        return np.round(x[:, :5])
    return np.ones_like(x) if kind == "same" else x


def brute_force(products, k):
    """Best k a row, of equal ones the lowest index first."""
    index = np.argsort(-products, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(products, index, axis=1), index


@pytest.mark.parametrize("kind", ["random", "whole", "same"])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 5), (300, 700), (1100, 600)])
@pytest.mark.parametrize("k", [1, 4])
def test_neighbours_are_those_of_brute_force_in_both_directions(kind, n, m, k):
    rng = np.random.default_rng([n, m, k])
    x, y = vectors(rng, n, kind), vectors(rng, m, kind)
    found = neighbours(x, y, k, memory=1)
    products = x.astype("f8") @ y.astype("f8").T
    for (scores, index), table in (((found[0], found[1]), products), ((found[2], found[3]), products.T)):
        expected_scores, expected_index = brute_force(table, k)
        np.testing.assert_array_equal(index, expected_index)
        np.testing.assert_allclose(scores, expected_scores, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["whole", "same"])
def test_ties_go_to_the_lowest_row_whatever_the_blocks(kind, monkeypatch):
    rng = np.random.default_rng(8)
    x, y = vectors(rng, 500, kind), vectors(rng, 900, kind)
    whole = neighbours(x, y, 4, memory=512)
    for rows, columns in ((7, 11), (64, 900), (500, 13)):
        monkeypatch.setattr(bitext_mining, "_block", lambda n, m, memory, size=(rows, columns): size)
        for left, right in zip(neighbours(x, y, 4), whole, strict=True):
            assert torch.equal(left, right)


def test_blocks_stay_below_the_memory_setting():
    for memory in (1, 16, 1024):
        rows, columns = bitext_mining._block(400_000, 400_000, memory)
        assert rows * columns * 4 <= memory * 2**20 / 2
        assert rows >= 1
        assert columns >= 1
    assert bitext_mining._block(3, 5, 1024) == (3, 5)


def test_products_are_in_full_precision_and_the_setting_is_restored():
    torch.set_float32_matmul_precision("medium")
    try:
        seen = []
        with bitext_mining._full_precision():
            seen.append(torch.get_float32_matmul_precision())
        neighbours(np.eye(2, dtype="f4"), np.eye(2, dtype="f4"), 1)
        assert seen == ["highest"]
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


def greedy(source, target):
    taken_source, taken_target, kept = set(), set(), []
    for place, (left, right) in enumerate(zip(source.tolist(), target.tolist(), strict=True)):
        if left not in taken_source and right not in taken_target:
            kept.append(place)
            taken_source.add(left)
            taken_target.add(right)
    return kept


@pytest.mark.parametrize("seed", range(20))
def test_matching_accepts_what_the_loop_accepts(seed):
    rng = np.random.default_rng(seed)
    source, target = rng.integers(0, 40, 200), rng.integers(0, 60, 200)
    assert one_to_one(source, target).tolist() == greedy(source, target)


def test_matching_finishes_a_long_chain_of_conflicts():
    chain = np.arange(1000)
    source, target = np.repeat(chain, 2)[1:], np.repeat(chain, 2)[:-1]
    assert one_to_one(source, target).tolist() == greedy(source, target)
    assert one_to_one(chain[:0], chain[:0]).tolist() == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["random", "clustered"])
def test_mining_is_that_of_the_rule_written_out(seed, kind):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 70, 2)
    x, y = rng.standard_normal((n, 12)), rng.standard_normal((m, 12))
    if kind == "clustered":
        centre = 2 * rng.standard_normal(12)
        x, y = x + centre, y + centre
        y[: min(n, m) // 2] = x[: min(n, m) // 2] + 0.3 * rng.standard_normal((min(n, m) // 2, 12))
    x, y = x.astype("f4"), y.astype("f4")
    found = mine(x, y, 4, memory=1)
    expected = oracle.mine(x, y, 4)
    assert list(zip(found.source.tolist(), found.target.tolist(), strict=True)) == [row[:2] for row in expected]
    np.testing.assert_allclose(found.score, [row[2] for row in expected], rtol=1e-4)
    assert len(set(found.source)) == len(set(found.target)) == len(found.score)
    assert (np.diff(found.score) <= 0).all()


def test_mining_takes_vectors_of_length_one_as_they_are():
    rng = np.random.default_rng(1)
    x, y = (rng.standard_normal((30, 8)).astype("f4") for _ in range(2))
    once = mine(bitext_mining.unit(x), bitext_mining.unit(y), normalised=True)
    np.testing.assert_array_equal(once.source, mine(x, y).source)
    np.testing.assert_array_equal(x, np.random.default_rng(1).standard_normal((30, 8)).astype("f4"))  # not overwritten


def test_the_nearest_is_the_highest_cosine_and_of_equal_ones_the_lowest_row():
    queries = np.array([[2.0, 0.1], [0.0, 5.0], [1.0, 1.0]], dtype="f4")
    index = np.array([[0.0, 1.0], [1.0, 0.0], [3.0, 0.0]], dtype="f4")
    assert nearest(queries, index)[:2].tolist() == [1, 0]
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((90, 16)).astype("f4"), rng.standard_normal((70, 16)).astype("f4")
    cosine = (x / np.linalg.norm(x, axis=1, keepdims=True)) @ (y / np.linalg.norm(y, axis=1, keepdims=True)).T
    np.testing.assert_array_equal(nearest(x, y, memory=1), cosine.argmax(axis=1))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), "one width"),
        (np.ones((0, 3)), np.ones((2, 3)), "at least one sentence"),
        (np.ones(3), np.ones((2, 3)), "shapes"),
        (np.full((2, 3), np.nan), np.ones((2, 3)), "first side has vectors that are not finite"),
    ],
)
def test_vectors_that_cannot_be_compared_are_an_error(x, y, message):
    with pytest.raises(ValueError, match=message):
        neighbours(x.astype("f4"), y.astype("f4"))


def test_no_neighbours_or_no_memory_is_an_error():
    x = np.ones((2, 3), dtype="f4")
    with pytest.raises(ValueError, match="k is 0"):
        neighbours(x, x, 0)
    with pytest.raises(ValueError, match="memory 0"):
        neighbours(x, x, 1, 0)
