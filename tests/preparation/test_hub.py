import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

import hubserver
import made_data
from xstilts import tasks
from xstilts.formats.examples import Answer, ParallelSentences, SentencePair
from xstilts.preparation import files, hub
from xstilts.preparation.checks import accept
from xstilts.preparation.hub.readers import READERS
from xstilts.preparation.hub.repository import HubTable
from xstilts.preparation.rows import Notes

ALLOWED = {"allow_count_mismatch": True, "udpos_from_hub": True, "bucc2018_from_hub": True}
MANY_TABLES = ["panx", "pawsx", "tatoeba", "udpos", "xcopa", "xnli", "xquad"]
FEW_TABLES = [name for name in tasks.names() if name not in MANY_TABLES and tasks.get(name).hub]
STRING = Value("string")


def _load(names, home, endpoint, offline=False, text=(), **settings):
    """Load tasks in a process of its own, as a user would with these variables set."""
    variables = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "1" if offline else "0",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "PYTHONPATH": str(Path(hub.__file__).parents[3]),
    }
    asked = json.dumps({"tasks": names, "settings": settings, "text": list(text)}).encode()
    command = [sys.executable, str(Path(__file__).parents[1] / "helpers" / "hubload.py")]
    done = subprocess.run(command, input=asked, env=os.environ | variables, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return pickle.loads(done.stdout)


def _equal(names, tmp_path):
    chosen = [tasks.get(name) for name in names]
    with hubserver.Hub(made_data.repositories(chosen)) as server:
        found = _load(names, tmp_path / "home", server.endpoint, **ALLOWED)
    for task in chosen:
        made_data.write(task, tmp_path / task.name)
        local = files.load(task, ALLOWED | {"root": str(tmp_path / task.name)})
        assert not isinstance(found[task.name], str), found[task.name]
        expected = {split: rows for split, rows in local.splits.items() if not split.startswith("dev/")}
        assert found[task.name].splits == expected
        for table in found[task.name].source["tables"].values():
            assert _is_commit(table["revision"])
            assert len(table["sha256"]) == 64
    return found


def _is_commit(text):
    return len(text) == 40 and set(text) <= set("0123456789abcdef")


def test_tasks_of_few_tables_are_the_same_from_the_hub_and_from_files(tmp_path):
    found = _equal(FEW_TABLES, tmp_path)
    assert found["anli"].source["splits"]["train"] == {"dropped": {"no gold label": 1}}  # SNLI's -1
    assert "mteb/BUCC" in found["bucc2018"].source["defect"]
    assert {row.id.partition("-")[0] for row in found["tydiqa"].splits["train"]} == {"english"}


@pytest.mark.heavy
def test_tasks_of_many_tables_are_the_same_from_the_hub_and_from_files(tmp_path):
    _equal(MANY_TABLES, tmp_path)


# ---- which commit is read ------------------------------------------------------------------------------------------


def _csqa(answer="A", rows=2):
    choices = {"label": List(STRING), "text": List(STRING)}
    features = Features({"id": STRING, "question": STRING, "choices": choices, "answerKey": STRING})
    row = {
        "question": "what is it",
        "choices": {"label": ["A", "B"], "text": ["the dog", "a cat"]},
        "answerKey": answer,
    }
    table = ([row | {"id": f"{number}"} for number in range(rows)], features)
    return {("default", "train"): table, ("default", "validation"): table}


@pytest.fixture(scope="module")
def two_commits(tmp_path_factory):
    """CommonsenseQA at an old and a new commit, loaded at both and again without the Hub."""
    repository = hubserver.Repository()
    old = repository.add("main", hubserver.tables(_csqa("A")))
    new = repository.add("main", hubserver.tables(_csqa("B")))
    home, other = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("other")
    with hubserver.Hub({"tau/commonsense_qa": repository}) as server:
        load = {
            "old": _load(["csqa"], other, server.endpoint, revisions={"tau/commonsense_qa": old}, **ALLOWED),
            "new": _load(["csqa", "cosmosqa"], home, server.endpoint, **ALLOWED),
            "unknown": _load(["csqa"], home, server.endpoint, revisions={"tau/commonsense_qa": "0" * 40}, **ALLOWED),
        }
        before = len(server.requests)
        load["offline"] = _load(["csqa"], home, server.endpoint, offline=True, **ALLOWED)
        load["other"] = _load(
            ["csqa"], home, server.endpoint, offline=True, revisions={"tau/commonsense_qa": old}, **ALLOWED
        )
        load["asked"] = len(server.requests) - before
        empty = tmp_path_factory.mktemp("empty")
        load["uncached"] = _load(["csqa"], empty, server.endpoint, offline=True, **ALLOWED)
    return old, new, load


def _revision(prepared):
    return prepared["csqa"].source["tables"]["tau/commonsense_qa/default/train"]["revision"]


def test_the_head_is_resolved_and_recorded(two_commits):
    _, new, load = two_commits
    assert _revision(load["new"]) == new
    assert load["new"]["csqa"].splits["train"][0].label == 1


def test_a_commit_of_the_settings_is_read_and_its_content_has_another_hash(two_commits):
    old, _, load = two_commits
    assert _revision(load["old"]) == old
    assert load["old"]["csqa"].splits["train"][0].label == 0
    hashes = {
        load[which]["csqa"].source["tables"]["tau/commonsense_qa/default/train"]["sha256"] for which in ("old", "new")
    }
    assert len(hashes) == 2


def test_the_second_load_works_offline_from_the_cache_and_asks_nothing(two_commits):
    _, new, load = two_commits
    assert load["offline"]["csqa"].splits == load["new"]["csqa"].splits
    assert _revision(load["offline"]) == new
    assert load["asked"] == 0


def test_offline_another_commit_than_the_cached_one_is_an_error(two_commits):
    old, new, load = two_commits
    assert f"the cache holds commit {new}, expected {old}" in load["other"]["csqa"]


def test_offline_without_a_cache_the_error_says_what_to_do(two_commits):
    message = two_commits[2]["uncached"]["csqa"]
    assert "HF_HUB_OFFLINE is set and tau/commonsense_qa is not in the cache: unset it once" in message


def test_a_data_set_or_a_commit_that_is_not_there_is_an_error_that_names_it_and_other_ways(two_commits):
    load = two_commits[2]
    assert "allenai/cosmos_qa" in load["new"]["cosmosqa"]
    assert "data.saved" in load["new"]["cosmosqa"]
    assert "tau/commonsense_qa/default/train" in load["unknown"]["csqa"]


def test_a_revision_that_is_no_commit_is_an_error():
    with pytest.raises(ValueError, match=r"data.revisions: tau/commonsense_qa is 'main'; expected 40 hex digits"):
        hub.load(tasks.get("csqa"), {"revisions": {"tau/commonsense_qa": "main"}})


def test_a_loading_script_is_passed_over_for_the_hubs_own_conversion(tmp_path):
    repository = hubserver.Repository()
    repository.add("main", {"commonsense_qa.py": b"raise SystemExit", "README.md": b"---\n---\n"})
    converted = {path.replace("-00000-of-00001", "/0000"): data for path, data in hubserver.tables(_csqa()).items()}
    del converted["README.md"]
    commit = repository.add(hubserver.CONVERTED, converted)
    with hubserver.Hub({"tau/commonsense_qa": repository}) as server:
        found = _load(["csqa"], tmp_path, server.endpoint, **ALLOWED)
    assert not isinstance(found["csqa"], str), found["csqa"]
    assert len(found["csqa"].splits["train"]) == 2
    assert _revision(found) == commit


def test_mlm_text_is_streamed_from_wikipedia_sentence_by_sentence(tmp_path):
    features = Features({"id": STRING, "url": STRING, "title": STRING, "text": STRING})
    article = {"id": "1", "url": "", "title": ""}
    german = [article | {"text": "Das ist ein Satz. Und noch einer!\nTitel\nDas ist ein Satz."}] * 3
    japanese = [article | {"text": "これは一つの文です。これは二つ目の文です。"}]
    repository = hubserver.Repository()
    tables = {("20231101.de", "train"): (german, features), ("20231101.ja", "train"): (japanese, features)}
    repository.add("main", hubserver.tables(tables))
    with hubserver.Hub({"wikimedia/wikipedia": repository}) as server:
        found = _load([], tmp_path, server.endpoint, text=["deu", "jpn"], text_sentences=2)["text"]
    assert found == {
        "deu": ["Das ist ein Satz.", "Und noch einer!"],
        "jpn": ["これは一つの文です。", "これは二つ目の文です。"],
    }


def test_a_folder_saved_with_datasets_is_read_before_the_hub(tmp_path):
    rows, features = _csqa()["default", "train"]
    saved = Dataset.from_list(rows, features=features)
    DatasetDict({"train": saved, "validation": saved}).save_to_disk(str(tmp_path / "tau/commonsense_qa/default"))
    found = hub.load(tasks.get("csqa"), ALLOWED | {"saved": str(tmp_path)})
    assert len(found.splits["train"]) == 2
    assert found.source["tables"]["tau/commonsense_qa/default/train"]["revision"] == "saved"
    with pytest.raises(ValueError, match="csqa: train: 2 rows, expected 9,741"):
        hub.load(tasks.get("csqa"), {"saved": str(tmp_path)})


# ---- what is known to be wrong there -------------------------------------------------------------------------------


def _rows(task, split, rows, features):
    """What a source of a task makes of a table, checks included."""
    (source, *_) = tasks.get(task).hub[split]
    table = HubTable("made/table", "0" * 40, Dataset.from_list(rows, features=features))
    notes = Notes()
    found = accept(tasks.get(task), split, READERS[source.reader](table, source.options, notes), notes)
    return [row.example for row in found], notes


def _nli(names):
    return Features({"premise": STRING, "hypothesis": STRING, "label": ClassLabel(names=names)})


def test_labels_are_told_by_their_names_not_by_their_numbers():
    rows = [{"premise": "the dog ", "hypothesis": "a dog", "label": 2}]
    found, _ = _rows("xnli", "train", rows, _nli(["entailment", "neutral", "contradiction"]))
    assert found == [SentencePair("", "the dog", "a dog", "contradiction")]
    found, _ = _rows("xnli", "train", rows, _nli(["contradiction", "neutral", "entailment"]))
    assert found[0].label == "entailment"


def test_other_classes_or_columns_than_expected_are_an_error():
    rows = [{"premise": "the dog", "hypothesis": "a dog", "label": 1}]
    with pytest.raises(ValueError, match="made/table: the classes yes, no, maybe in 'label'; expected entailment"):
        _rows("xnli", "train", rows, _nli(["yes", "no", "maybe"]))
    features = Features({"premise": STRING, "hypothesis": STRING, "gold": Value("int32")})
    with pytest.raises(ValueError, match="the columns premise, hypothesis, gold; expected label too"):
        _rows("xnli", "train", [{"premise": "", "hypothesis": "", "gold": 1}], features)


def _questions(answers):
    return Features({"id": STRING, "context": STRING, "question": STRING, "answers": answers})


LISTS = {"text": List(STRING), "answer_start": List(Value("int32"))}


def test_answers_are_a_row_of_lists_or_a_list_of_rows():
    row = {"id": "1", "context": "the dog ran", "question": "who"}
    lists = row | {"answers": {"text": ["dog"], "answer_start": [4]}}
    listed = row | {"answers": [{"text": "dog", "answer_start": 4}]}
    features = _questions(List({"text": STRING, "answer_start": Value("int32")}))
    one, _ = _rows("squad_v1", "train", [lists], _questions(LISTS))
    two, _ = _rows("squad_v1", "train", [listed], features)
    assert one == two
    assert one[0].answers == (Answer("dog", 4),)


def test_a_stripped_context_has_its_answers_moved_and_counted():
    row = {"id": "1", "context": "собака бежит", "question": "кто", "answers": {"text": ["бежит"], "answer_start": [8]}}
    (question,), notes = _rows("xquad", "test/rus", [row], _questions(LISTS))
    assert question.answers == (Answer("бежит", 7),)
    assert notes.realigned == 1


def test_an_empty_answer_list_means_no_answer_in_squad_2_and_an_error_elsewhere():
    row = {"id": "1", "context": "the dog ran", "question": "who", "answers": {"text": [], "answer_start": []}}
    (question,), _ = _rows("squad_v2", "train", [row], _questions(LISTS))
    assert question.answers == ()
    with pytest.raises(ValueError, match="question '1' without answers; expected one or more"):
        _rows("squad_v1", "train", [row], _questions(LISTS))


def test_tydiqa_gives_each_language_its_own_questions():
    answers = {"text": ["a"], "answer_start": [0]}
    rows = [
        {"id": "english-1-1", "context": "a dog", "question": "who", "answers": answers},
        {"id": "finnish-1-1", "context": "a koira", "question": "kuka", "answers": answers},
    ]
    assert [row.id for row in _rows("tydiqa", "train", rows, _questions(LISTS))[0]] == ["english-1-1"]
    assert [row.id for row in _rows("tydiqa", "test/fin", rows, _questions(LISTS))[0]] == ["finnish-1-1"]


def test_a_table_of_another_language_is_an_error():
    row = {"id": "1", "context": "the dog ran", "question": "who", "answers": {"text": ["dog"], "answer_start": [4]}}
    with pytest.raises(ValueError, match="made/table, line 0: not Russian: 0 of 9 letters are of its script"):
        _rows("xquad", "test/rus", [row], _questions(LISTS))


def test_gold_pairs_without_the_corpora_are_no_bucc():
    names = ("source_sentence", "target_sentence", "source_lang", "target_lang")
    with pytest.raises(ValueError, match="gold pairs without the corpora around them; expected sentence1"):
        _rows("bucc2018", "test/deu", [dict.fromkeys(names, "x")], Features(dict.fromkeys(names, STRING)))


def test_buccs_gold_pairs_count_from_one():
    features = Features({"sentence1": List(STRING), "sentence2": List(STRING), "gold": List(List(Value("int64")))})
    row = {"sentence1": ["ein", "zwei"], "sentence2": ["two", "three"], "gold": [[2, 1]]}
    found, _ = _rows("bucc2018", "test/deu", [row], features)
    assert found == [
        ParallelSentences("de-1", "ein", None, None),
        ParallelSentences("de-2", "zwei", "en-1", "two"),
        ParallelSentences(None, None, "en-2", "three"),
    ]
    with pytest.raises(ValueError, match=r"a gold pair 0, 1; expected 1 to 2"):
        _rows("bucc2018", "test/deu", [row | {"gold": [[0, 1]]}], features)


def test_tatoebas_sides_are_told_apart_by_their_words():
    features = Features({"source_sentence": STRING, "target_sentence": STRING})
    row = {"source_sentence": "Das ist ein Hund.\n", "target_sentence": "That is a dog.\n"}
    assert _rows("tatoeba", "test/deu", [row], features)[0] == [
        ParallelSentences("0", "Das ist ein Hund.", "0", "That is a dog.")
    ]
    turned = {"source_sentence": row["target_sentence"], "target_sentence": row["source_sentence"]}
    with pytest.raises(ValueError, match="English in source_sentence; expected the foreign side there"):
        _rows("tatoeba", "test/deu", [turned], features)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("udpos", r"not the benchmark's UDPOS.*data.origin: files.*udpos_from_hub"),
        ("bucc2018", r"not the development set.*data.origin: files"),
        ("ccg", r"CCGbank \(LDC2005T13\) is licensed"),
    ],
)
def test_a_task_that_the_hub_has_not_as_the_benchmark_has_it_is_refused(name, message):
    with pytest.raises(ValueError, match=f"{name} cannot be prepared from the Hub: .*{message}"):
        hub.load(tasks.get(name), {})
