import re

import pytest

from xstilts import tasks
from xstilts.formats import examples
from xstilts.languages import table as languages
from xstilts.preparation import files
from xstilts.preparation.files import READERS as FILE_READERS

NAMES = tasks.names()
INTERMEDIATES = {"anli", "mnli", "qqp", "squad_v1", "squad_v2", "hellaswag", "ccg", "cosmosqa", "csqa"}
ALL = (
    "af ar bg bn de el en es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr ms my nl pt ru sw ta te th tl tr ur "
    "vi yo zh"
)
BEYOND = {"masakhaner", "masakhapos", "ntrex128", "sib200"}  # real targets that XTREME does not have
# The benchmark's own lists, in its own codes (google-research/xtreme at 838c13b, evaluate.py).
XTREME = {
    "xnli": "ar bg de el en es fr hi ru sw th tr ur vi zh",
    "pawsx": "de en es fr ja ko zh",
    "udpos": "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh",
    "panx": ALL,
    "xquad": "ar de el en es hi ru th tr vi zh",
    "mlqa": "ar de en es hi vi zh",
    "tydiqa": "ar bn en fi id ko ru sw te",
    "bucc2018": "de fr ru zh",
    "tatoeba": " ".join(code for code in ALL.split() if code not in {"en", "ms", "my", "yo"}),
}


def _sources(task, kind):
    declared = files.declared_by(task, kind)[0] if kind == "archives" else getattr(task, kind)
    for split, group in declared.items():
        for source in group:
            yield split, source
            while kind != "hub" and source.otherwise is not None:
                source = source.otherwise
                yield split, source


def test_the_nine_intermediates_and_the_nine_targets_are_there():
    assert set(NAMES) == INTERMEDIATES | set(XTREME) | {"siqa", "xcopa", "ecare"} | BEYOND


@pytest.mark.parametrize("name", NAMES)
def test_a_task_is_called_after_its_file_and_has_a_known_shape(name):
    task = tasks.get(name)
    assert task.name == name
    assert task.shape in examples.SHAPES
    assert task.scorer
    assert task.metrics


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_distinct_and_there_only_where_a_head_needs_them(name):
    task = tasks.get(name)
    assert len(set(task.labels)) == len(task.labels)
    needs = task.shape in ("classification", "tagging") and name != "ccg"  # CCG's tags are those of its training data
    assert bool(task.labels) == needs


@pytest.mark.parametrize("name", XTREME)
def test_a_target_has_the_languages_of_the_benchmark(name):
    assert set(tasks.get(name).languages) == {languages.parse(code).code for code in XTREME[name].split()}


@pytest.mark.parametrize("name", NAMES)
def test_every_language_of_a_task_is_known_and_named_once(name):
    task = tasks.get(name)
    assert all(languages.get(code) for code in task.languages)
    assert list(task.languages) == sorted(set(task.languages))


@pytest.mark.parametrize("name", NAMES)
def test_a_training_exists_and_has_the_shape_of_its_targets(name):
    task = tasks.get(name)
    assert (task.training is None) == (not task.languages or task.shape == "retrieval")
    if task.training is not None:
        training = tasks.get(task.training)
        assert (training.shape, training.labels) == (task.shape, task.labels)
        assert {"train", "validation"} <= set(training.files)


@pytest.mark.parametrize("kind", ["hub", "files", "archive", "archives"])
@pytest.mark.parametrize("name", NAMES)
def test_sources_cover_the_languages_of_the_task_or_say_why_not(name, kind):
    task = tasks.get(name)
    if kind == "archives" and not (task.archive or task.archives):
        kind = "archive"  # what one archive lacks and the other does not bring is said once
    splits = {split for split, _ in _sources(task, kind)}
    if not splits:
        assert kind in task.absent
        return
    assert {split for split in splits if split.startswith("test/")} == {f"test/{code}" for code in task.languages}
    if not task.languages or task.training == name:
        assert {"train", "validation"} <= splits
    for split in splits:
        assert re.fullmatch(r"(train|validation)(\+\w+)?|(test|dev|translated)/[a-z]{3}", split)


@pytest.mark.parametrize("name", NAMES)
def test_a_revision_is_a_commit_or_left_to_be_resolved(name):
    for _, source in _sources(tasks.get(name), "hub"):
        assert source.revision is None or re.fullmatch(r"[0-9a-f]{40}", source.revision)


@pytest.mark.parametrize("name", NAMES)
def test_every_source_of_files_names_a_reader_that_exists(name):
    task = tasks.get(name)
    kinds = ["files", "archive", *["archives"] * bool(task.archive or task.archives)]
    for _, source in [found for kind in kinds for found in _sources(task, kind)]:
        assert source.reader in FILE_READERS


@pytest.mark.parametrize("kind", ["hub", "files"])
@pytest.mark.parametrize("name", NAMES)
def test_no_two_test_languages_read_the_same_source(name, kind):
    seen = {}
    for split, source in _sources(tasks.get(name), kind):
        if split.startswith("test/"):
            assert seen.setdefault(repr(source), split) == split


@pytest.mark.parametrize("name", NAMES)
def test_counts_are_of_splits_that_exist(name):
    task = tasks.get(name)
    assert set(task.counts) <= set(task.files)
    assert set(task.archive_counts) <= set(task.archive)
    assert set(task.archives_counts) <= set(task.archives)
    every = [*task.counts.values(), *task.archive_counts.values(), *task.archives_counts.values()]
    assert all(count > 0 for count in every)


@pytest.mark.parametrize("name", NAMES)
def test_a_split_with_other_sources_in_two_archives_has_a_count_of_its_own(name):
    task = tasks.get(name)
    assert set(task.archives) & set(task.archive_counts) <= set(task.archives_counts)


@pytest.mark.parametrize("name", NAMES)
def test_metadata_say_what_it_is_whose_and_where_to_get_it(name):
    task = tasks.get(name)
    assert set(task.metadata) == {"description", "paper", "licence", "homepage", "obtain"}
    assert all(task.metadata.values())
    assert task.metadata["homepage"].startswith("https://")
    assert "data.root" in task.metadata["obtain"]


def test_the_sizes_are_those_that_papers_print():
    assert tasks.get("anli").counts["train"] == 1_104_934  # Phang et al. 2020, table 1: ANLI + MNLI + SNLI
    assert tasks.get("tydiqa").counts["train"] == 3_696
    assert sum(count for split, count in tasks.get("tydiqa").counts.items() if "test" in split) == 5_077
    assert sum(tasks.get("bucc2018").counts[f"test/{code}"] for code in ("deu", "fra", "rus", "cmn")) == 35_000


def test_two_scripts_of_one_language_are_one_test_set():
    task = tasks.get("sib200")
    names = [source.paths[0].split("/")[-2] for split, source in _sources(task, "files") if split.startswith("test/")]
    assert (len(names), len(task.languages)) == (205, 197)
    assert [source.options["script"] for source in task.files["test/arb"]] == ["Arab", "Latn"]
    assert [source.options["script"] for source in task.files["test/cmn"]] == ["Hans", "Hant"]
    assert task.counts["test/arb"] == 2 * task.counts["test/deu"] == 408


def test_an_unknown_task_is_an_error_that_names_the_nearest():
    with pytest.raises(ValueError, match=r"no task 'xlni'.*Did you mean 'xnli'"):
        tasks.get("xlni")
