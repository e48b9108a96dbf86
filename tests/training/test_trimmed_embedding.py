from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from toy_training import RUNTIME, run, same, weights
from xstilts.training import trimmed_embedding
from xstilts.training.job import Job
from xstilts.training.trimmed_embedding import TrimmedEmbedding

WHOLE = replace(RUNTIME, trim=False)


def test_a_trimmed_table_gives_bit_identical_weights_where_nothing_decays(job: Job, tmp_path: Path) -> None:
    assert job.recipe.clip, "clipping is part of the claim"
    recipe = replace(job.recipe, weight_decay=0.0)
    run(replace(job, recipe=recipe, output=tmp_path / "trimmed"), tmp_path / "a")
    run(replace(job, recipe=recipe, output=tmp_path / "whole"), tmp_path / "b", runtime=WHOLE)
    assert same(weights(tmp_path / "trimmed"), weights(tmp_path / "whole"))


def test_rows_that_no_example_uses_decay_as_in_the_whole_table(job: Job, tmp_path: Path) -> None:
    recipe = replace(job.recipe, weight_decay=0.1)
    run(replace(job, recipe=recipe, output=tmp_path / "trimmed"), tmp_path / "a")
    run(replace(job, recipe=recipe, output=tmp_path / "whole"), tmp_path / "b", runtime=WHOLE)
    trimmed, whole = weights(tmp_path / "trimmed"), weights(tmp_path / "whole")
    before = weights_of_start(job)
    name = "embeddings.word_embeddings.weight"
    assert (whole[name] - before[name]).abs().max() > 1e-3
    assert (trimmed[name] - whole[name]).abs().max() < 1e-6
    assert all(torch.equal(trimmed[other], whole[other]) for other in whole if other != name)


def test_early_stopping_decays_the_unused_rows_only_up_to_the_best_step(job: Job, tmp_path: Path) -> None:
    recipe = replace(job.recipe, weight_decay=0.1, epochs=20, evaluate_every=2, patience=2, learning_rate=2e-2)
    run(replace(job, recipe=recipe, output=tmp_path / "trimmed"), tmp_path / "a")
    card = run(replace(job, recipe=recipe, output=tmp_path / "whole"), tmp_path / "b", runtime=WHOLE)
    assert card["final"]["best_step"] < card["final"]["steps"]
    trimmed, whole = weights(tmp_path / "trimmed"), weights(tmp_path / "whole")
    assert all(torch.allclose(trimmed[name], whole[name], atol=1e-5, rtol=0) for name in whole)


def weights_of_start(job: Job) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(job.start / "encoder" / "model.safetensors")


def test_a_trimmed_table_looks_up_the_same_vectors_and_refuses_an_id_without_a_row() -> None:
    table = nn.Embedding(50, 4, padding_idx=1)
    trimmed = TrimmedEmbedding(table, np.array([1, 3, 40]))
    ids = torch.tensor([[40, 3, 1, 3]])
    assert torch.equal(trimmed(ids), table(ids))
    assert [name for name, _ in trimmed.named_parameters()] == ["weight"]
    assert trimmed.weight.shape == (3, 4)
    with pytest.raises(IndexError):
        trimmed(torch.tensor([2]))


def test_writing_back_changes_the_used_rows_and_shrinks_the_others() -> None:
    table = nn.Embedding(5, 2)
    before = table.weight.detach().clone()
    trimmed = TrimmedEmbedding(table, np.array([1, 4]))
    nn.init.ones_(trimmed.weight)
    after = trimmed.written_back(0.5).weight.detach()
    assert torch.equal(after[[1, 4]], torch.ones(2, 2))
    assert torch.equal(after[[0, 2, 3]], before[[0, 2, 3]] * 0.5)


def test_the_rows_in_use_are_those_of_every_set() -> None:
    from xstilts.model.batching import Encoded

    sets = [Encoded.build([[5, 2], [2]]), Encoded.build([[9]])]
    assert trimmed_embedding.used(sets, 1).tolist() == [1, 2, 5, 9]
