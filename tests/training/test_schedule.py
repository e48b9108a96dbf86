from collections import Counter
from itertools import chain

import numpy as np
import pytest

from xstilts.model.batching import Encoded
from xstilts.training.schedule import EncodedTask, Masking, Schedule, total_steps

MASKING = Masking(share=0.25, mask=4, vocabulary=50, specials=np.array([0, 2, 4]))


def subject(name: str, items: int, batch: int = 4) -> EncodedTask:
    rows = [[0, 10 + i % 30, 11, 2] for i in range(items)]
    return EncodedTask(name, Encoded.build(rows, item_targets={"label": np.arange(items)}), batch)


def mlm_subject(items: int = 50) -> EncodedTask:
    rows = [[0, *range(5, 25 + i % 7), 2] for i in range(items)]
    return EncodedTask("mlm", Encoded.build(rows), 8, np.full(items, 1 / items))


def schedule(subjects: list[EncodedTask], steps: int, **more) -> Schedule:
    named = {one.name: one for one in subjects}
    return Schedule(named, seed=7, steps=steps, cap=1 << 17, first_position=2, masking=MASKING, **more)


def test_every_pass_sees_every_example_once_in_an_order_of_its_own() -> None:
    steps = [micro.batch.targets["label"].tolist() for micro in schedule([subject("a", 10)], 6)]
    first, second = list(chain.from_iterable(steps[:3])), list(chain.from_iterable(steps[3:]))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert [len(step) for step in steps] == [4, 4, 2, 4, 4, 2]


def test_a_resumed_schedule_continues_with_the_same_batches() -> None:
    subjects = [subject("a", 30), mlm_subject()]
    whole = [(m.step, m.subject, m.batch.ids.tolist()) for m in schedule(subjects, 20)]
    rest = [(m.step, m.subject, m.batch.ids.tolist()) for m in schedule(subjects, 20, start=13)]
    assert rest == whole[13:]


def test_another_seed_gives_another_order() -> None:
    one = {"a": subject("a", 30)}
    orders = [
        [m.batch.targets["label"].tolist() for m in Schedule(one, seed=s, steps=5, cap=99, first_position=2)]
        for s in (1, 2)
    ]
    assert orders[0] != orders[1]


def test_a_mixture_draws_tasks_in_proportion_to_their_capped_sizes() -> None:
    subjects = {"big": subject("big", 4000), "small": subject("small", 500)}
    drawn = Counter(Schedule(subjects, seed=1, steps=20_000, cap=1000, first_position=2).order)
    expected = 1000 / 1500
    assert drawn["big"] / 20_000 == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 20_000) ** 0.5)


def test_the_epochs_of_a_mixture_count_capped_examples() -> None:
    single = {"a": subject("a", 10)}
    assert total_steps(single, epochs=2, steps=0, cap=99) == 6
    assert total_steps(single, epochs=2, steps=5, cap=99) == 5
    mixed = {"big": subject("big", 400), "small": subject("small", 100)}
    assert total_steps(mixed, epochs=3, steps=0, cap=100) == 3 * 200 // 4


@pytest.mark.parametrize(("parts", "world"), [(1, 1), (3, 1), (1, 2), (2, 2)])
def test_a_step_has_the_same_examples_and_masks_however_it_is_split(parts: int, world: int) -> None:
    subjects = [subject("a", 30), mlm_subject()]

    def rows(**more) -> list:
        found: dict[int, list] = {}
        for micro in schedule(subjects, 12, **more):
            if micro.terms == float("inf"):
                continue
            batch = micro.batch
            for start, size in zip(batch.starts.tolist(), batch.sizes.tolist(), strict=True):
                found.setdefault(micro.step, []).append(tuple(batch.ids[start : start + size].tolist()))
        return [sorted(found[step]) for step in sorted(found)]

    split: dict[int, list] = {}
    for rank in range(world):
        for step, part in enumerate(rows(parts=parts, rank=rank, world=world)):
            split.setdefault(step, []).extend(part)
    assert [sorted(split[step]) for step in sorted(split)] == rows()


def test_the_weights_of_micro_batches_make_their_mean_the_step_s_mean() -> None:
    whole = next(iter(schedule([subject("a", 10)], 1)))
    assert whole.terms == 4
    parts = list(schedule([subject("a", 10)], 1, parts=3))
    # 2 + 1 + 1 items; a loss of 1 an item must average to 1 over the micro-batches.
    assert sum(micro.batch.weight / micro.terms for micro in parts) / 3 == pytest.approx(1.0)


def test_masking_hides_a_quarter_of_the_plain_sub_words_and_never_a_special_one() -> None:
    hidden = plain = 0
    for micro in schedule([mlm_subject(400)], 200):
        truth, ids = micro.batch.targets["hidden"], micro.batch.ids
        hidden += int((truth != -100).sum())
        plain += int(((truth != -100) | ((ids != 0) & (ids != 2))).sum())
        assert not set(truth[truth != -100].tolist()) & {0, 2, 4}
        assert (ids[truth == -100] != 4).all()
    assert hidden / plain == pytest.approx(0.25, abs=0.02)
