import numpy as np
import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel, XLMRobertaConfig, XLMRobertaModel

from xstilts.model import attention
from xstilts.model.architecture import first_position, supports_packing
from xstilts.model.attention import PACKED
from xstilts.model.batching import (
    ON_CPU,
    ON_CUDA,
    Encoded,
    budget,
    by_length,
    collate,
    hidden_states,
)

SIZES = {
    "vocab_size": 100,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 60,
}


def xlm_roberta(dropout: float = 0.0) -> XLMRobertaModel:
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        **SIZES, pad_token_id=1, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout, type_vocab_size=1
    )
    return XLMRobertaModel(config, add_pooling_layer=False)


def bert() -> BertModel:
    torch.manual_seed(0)
    return BertModel(
        BertConfig(**SIZES, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0), add_pooling_layer=False
    )


def random_rows(number: int = 20, longest: int = 30) -> list[list[int]]:
    rng = np.random.default_rng(0)
    return [rng.integers(5, 100, size=size).tolist() for size in rng.integers(2, longest, size=number)]


@pytest.mark.parametrize("make", [xlm_roberta, bert])
def test_an_unpadded_row_gives_the_hidden_states_of_each_sequence_alone(make) -> None:
    encoder = make().eval()
    assert supports_packing(encoder)
    rows = random_rows()
    types = np.concatenate([[0] * (len(row) // 2) + [1] * (len(row) - len(row) // 2) for row in rows]).astype(np.int32)
    encoded = Encoded.build(rows, types=types if make is bert else None)
    batch = collate(encoded, np.arange(len(rows)), first_position(encoder))
    offset = 0
    alone = []
    for row in rows:
        extra = {"token_type_ids": torch.tensor(types[offset : offset + len(row)])[None].long()} if make is bert else {}
        alone.append(encoder(input_ids=torch.tensor([row]), **extra).last_hidden_state[0])
        offset += len(row)
    encoder.set_attn_implementation(PACKED)
    packed = hidden_states(encoder, batch)
    for number, states in enumerate(alone):
        begin = int(batch.starts[number])
        torch.testing.assert_close(packed[begin : begin + len(rows[number])], states, atol=2e-6, rtol=1e-4)


@pytest.mark.parametrize("make", [xlm_roberta, bert])
def test_the_last_layer_computes_the_states_that_are_read_and_no_others(make) -> None:
    encoder = make().eval()
    encoder.set_attn_implementation(PACKED)
    rows = random_rows()
    types = np.zeros(sum(map(len, rows)), dtype=np.int32) if make is bert else None
    batch = collate(Encoded.build(rows, types=types), np.arange(len(rows)), first_position(encoder))
    widths = []
    dense = encoder.encoder.layer[-1].output.dense
    dense.register_forward_pre_hook(lambda _, inputs: widths.append(inputs[0].shape[1]))
    with torch.inference_mode():
        whole = hidden_states(encoder, batch)
        some = hidden_states(encoder, batch, read=batch.starts)
        again = hidden_states(encoder, batch)
    torch.testing.assert_close(some[batch.starts], whole[batch.starts], atol=1e-6, rtol=1e-5)
    others = torch.ones(len(batch.ids), dtype=torch.bool)
    others[batch.starts] = False
    assert not some[others].any()
    assert torch.equal(again, whole)
    assert widths == [len(batch.ids), len(rows), len(batch.ids)]


def test_the_fallback_with_padding_gives_the_same_states_in_the_same_order() -> None:
    encoder = xlm_roberta().eval()
    batch = collate(Encoded.build(random_rows()), np.arange(20), first_position(encoder))
    padded = hidden_states(encoder, batch)
    encoder.set_attn_implementation(PACKED)
    torch.testing.assert_close(padded, hidden_states(encoder, batch), atol=2e-6, rtol=1e-4)


def test_gradients_of_packed_and_padded_batches_agree() -> None:
    gradients = []
    for implementation in ("sdpa", PACKED):
        encoder = xlm_roberta().train()
        encoder.set_attn_implementation(implementation)
        batch = collate(Encoded.build(random_rows()), np.arange(20), first_position(encoder))
        hidden_states(encoder, batch).square().mean().backward()
        gradients.append([parameter.grad for parameter in encoder.parameters() if parameter.grad is not None])
    for padded, packed in zip(*gradients, strict=True):
        torch.testing.assert_close(packed, padded, atol=1e-6, rtol=1e-3)


def test_positions_start_after_the_padding_index_in_roberta_and_at_zero_in_bert() -> None:
    assert first_position(xlm_roberta()) == 2
    assert first_position(bert()) == 0
    batch = collate(Encoded.build([[7, 8, 9], [5, 6]]), np.array([1, 0]), 2)
    assert batch.positions.tolist() == [2, 3, 4, 2, 3]


def test_a_batch_lays_the_longest_first_and_points_at_each_sequence_in_the_order_asked_for() -> None:
    encoded = Encoded.build(
        [[1, 2], [3, 4, 5], [6]],
        token_targets={"tag": np.array([10, 20, 30, 40, 50, 60])},
        sequence_targets={"start": np.array([0, 1, 2])},
    )
    batch = collate(encoded, np.array([2, 0, 1]), 0)
    assert batch.ids.tolist() == [3, 4, 5, 1, 2, 6]
    assert batch.targets["tag"].tolist() == [30, 40, 50, 10, 20, 60]
    assert batch.starts.tolist() == [5, 3, 0]
    assert batch.sizes.tolist() == [1, 2, 3]
    assert batch.targets["start"].tolist() == [2, 0, 1]


def test_items_of_several_sequences_travel_together() -> None:
    encoded = Encoded.build([[1], [2, 2], [3], [4, 4, 4], [5]], per_item=[2, 3])
    batch = collate(encoded, np.array([1]), 0)
    assert batch.items.tolist() == [3]
    assert [batch.ids[start].item() for start in batch.starts] == [3, 4, 5]


@pytest.mark.parametrize("budget", [1, 50, 10_000])
def test_prediction_batches_hold_every_item_once_and_respect_the_budget(budget: int) -> None:
    encoded = Encoded.build(random_rows(40))
    batches = list(by_length(encoded, budget))
    assert sorted(np.concatenate(batches).tolist()) == list(range(40))
    assert all(len(batch) == 1 or encoded.tokens()[batch].sum() <= budget for batch in batches)


def test_the_varlen_kernels_of_cuda_compute_what_the_calls_by_length_do() -> None:
    lengths, bounds = (7, 4, 4, 2), torch.tensor([0, 7, 11, 15, 17])
    query, key, value = (torch.randn(1, 3, 17, 8, generator=torch.Generator().manual_seed(n)) for n in range(3))
    with torch.no_grad():  # on a CPU torch has the forward pass alone
        by_length, _ = attention.packed_attention(
            nn.Identity(), query, key, value, None, packed_lengths=lengths, packed_bounds=bounds, scaling=0.3
        )
        at_once = attention.jagged_attention(query, key, value, lengths, bounds, 0.0, 0.3)
    assert at_once.shape == by_length.shape == (1, 17, 3, 8)
    torch.testing.assert_close(at_once, by_length, atol=1e-6, rtol=0)


def test_the_budget_of_tokens_is_the_devices_own_where_none_is_given() -> None:
    own = [budget(torch.device(name)) for name in ("cpu", "cuda")]
    assert own == [ON_CPU, ON_CUDA]
    assert budget(torch.device("cuda"), 7) == 7
