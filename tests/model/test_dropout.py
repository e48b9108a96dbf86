"""Dropout on a CPU: the law of torch's, its gradients, and attention with it."""

import numpy as np
import pytest
import torch
from torch import nn

from xstilts.model import attention, dropout

LENGTHS = (7, 5, 5, 2, 1)
HEADS, SIZE = 2, 4


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 1.0])
def test_a_share_of_the_elements_is_dropped_and_the_expectation_is_kept(probability: float) -> None:
    torch.manual_seed(1)
    found = dropout.factors((1000, 1000), probability)
    dropped = float((found == 0).double().mean())
    assert dropped == pytest.approx(probability, abs=4 * np.sqrt(0.25 / 1e6) + 2**-17)
    assert len(found.unique()) == (1 if probability in (0.0, 1.0) else 2)
    if probability < 1:
        assert float(found.max()) == pytest.approx(1 / (1 - probability), rel=2e-5)


def test_elements_are_dropped_independently_along_both_dimensions() -> None:
    torch.manual_seed(1)
    found = (dropout.factors((4096, 64), 0.3) == 0).double() - 0.3
    variance = 0.3 * 0.7
    for lag in (1, 2, 3, 4, 8, 64):
        flat = found.flatten()
        assert abs(float((flat[lag:] * flat[:-lag]).mean())) < 5 * variance / np.sqrt(len(flat))
    assert float(found.mean(dim=0).abs().max()) < 5 * np.sqrt(variance / 4096)


def test_torch_s_seed_decides_and_every_call_draws_anew() -> None:
    torch.manual_seed(3)
    first, second = dropout.factors((50, 7), 0.4), dropout.factors((50, 7), 0.4)
    torch.manual_seed(3)
    assert torch.equal(dropout.factors((50, 7), 0.4), first)
    assert not torch.equal(first, second)


def test_the_gradient_passes_where_the_value_does() -> None:
    layer = dropout.Dropout(0.5)
    x = torch.randn(40, 30, requires_grad=True)
    layer(x).sum().backward()
    assert set(x.grad.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(layer.eval()(x), x)


def test_only_plain_dropout_of_a_module_is_replaced_and_its_mode_stays() -> None:
    class Other(nn.Dropout):
        pass

    module = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.2), nn.Sequential(nn.Dropout(0.3).eval(), Other(0.1)))
    dropout.install(module)
    assert [type(layer) for layer in (module[1], module[2][0], module[2][1])] == [dropout.Dropout] * 2 + [Other]
    assert (module[1].p, module[1].training, module[2][0].p, module[2][0].training) == (0.2, True, 0.3, False)


def inputs(dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    torch.manual_seed(2)
    return [torch.randn(1, HEADS, sum(LENGTHS), SIZE, dtype=dtype, requires_grad=True) for _ in range(3)]


def plainly(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    """Attention sequence by sequence and head by head, as the textbook has it."""
    parts, begin, place = [], 0, 0
    for length in LENGTHS:
        heads = []
        for head in range(HEADS):
            q, k, v = (tensor[0, head, begin : begin + length] for tensor in (query, key, value))
            kept = factors[place : place + length**2].view(length, length)
            heads.append((torch.softmax(0.3 * q @ k.T, dim=1) * kept) @ v)
            place += length**2
        parts.append(torch.stack(heads, dim=1))
        begin += length
    return torch.cat(parts)[None]


@pytest.mark.parametrize("probability", [0.0, 0.4])
def test_attention_and_its_gradients_are_the_textbook_s(probability: float) -> None:
    weight = torch.randn(1, sum(LENGTHS), HEADS, SIZE, dtype=torch.float64)
    found, expected = inputs(), inputs()
    torch.manual_seed(5)
    one = attention.row_attention(*found, LENGTHS, probability, 0.3)
    torch.manual_seed(5)
    factors = dropout.factors((HEADS * sum(n * n for n in LENGTHS),), probability, torch.float64)
    other = plainly(*expected, factors)
    torch.testing.assert_close(one, other)
    (one * weight).sum().backward()
    (other * weight).sum().backward()
    for mine, textbook in zip(found, expected, strict=True):
        torch.testing.assert_close(mine.grad, textbook.grad)


@pytest.mark.parametrize("long", [1, 1000])
def test_attention_without_gradients_is_the_same(long: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "_LONG", long)  # SDPA, or products over runs
    rows = inputs(torch.float32)
    bounds = torch.tensor([0, *np.cumsum(LENGTHS)])
    arguments = {"packed_lengths": LENGTHS, "packed_bounds": bounds, "scaling": 0.3}
    learning, _ = attention.packed_attention(nn.Identity(), *rows, None, **arguments)
    with torch.no_grad():
        reading, _ = attention.packed_attention(nn.Identity(), *rows, None, **arguments)
    torch.testing.assert_close(learning, reading, rtol=0, atol=1e-6)
    assert learning.grad_fn is not None
    assert reading.grad_fn is None
