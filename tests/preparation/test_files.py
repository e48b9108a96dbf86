import dataclasses
import itertools
import json
import os
import random
import re
from pathlib import Path

import pytest

import made_data
from xstilts import tasks
from xstilts.formats.examples import Answer, Choice, ParallelSentences, Question, SentencePair, TaggedSentence
from xstilts.languages import table as languages
from xstilts.preparation import files
from xstilts.preparation.checks import nearest
from xstilts.preparation.files import bitext, choices, conllu, pairs, squad, tagged
from xstilts.preparation.rows import Notes, texts
from xstilts.tasks.task import FileSource, Task

NAMES = [name for name in tasks.names() if name != "ccg"]


def _read(tmp_path: Path, reader, text: str, name: str = "made.txt", **options):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    notes = Notes()
    return [row.example for row in reader([path], options, notes)], notes


def _settings(root: Path, name: str, **more):
    return {"origin": "files", "root": str(root), "allow_count_mismatch": [name], **more}


# ---- every task ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_task_loads_from_upstream_files(name, tmp_path):
    task = tasks.get(name)
    made_data.write(task, tmp_path)
    found = files.load(task, _settings(tmp_path, name))
    assert set(found.splits) == {unit.split for unit in made_data.units(task)}
    for split, rows in found.splits.items():
        units = [unit for unit in made_data.units(task) if unit.split == split]
        extra = 3 if name == "bucc2018" else 0  # three English sentences without a foreign one
        assert len(rows) == len(units) * made_data.ROWS + extra
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in found.source["files"].values())


def test_pairs_and_words_come_out_as_they_were_made(tmp_path):
    for name, build in (("xnli", lambda row: SentencePair("0", *row)), ("panx", lambda row: _tagged("0", *row))):
        task = tasks.get(name)
        made_data.write(task, tmp_path)
        found = files.load(task, _settings(tmp_path, name))
        for unit in made_data.units(task):
            assert found.splits[unit.split][0] == build(made_data.rows(task, unit)[0])


def _tagged(id_, words, tags):
    return TaggedSentence(id_, tuple(words), tuple(tags))


def test_labels_of_a_tagging_task_without_any_are_those_of_its_training_data(tmp_path):
    for split in ("train", "validation"):
        (tmp_path / "ccg").mkdir(exist_ok=True)
        (tmp_path / "ccg" / f"{split}.tsv").write_text("the dog runs\tNP/N N S\nthe cat\tNP/N N\n", encoding="utf-8")
    found = files.load(tasks.get("ccg"), _settings(tmp_path, "ccg"))
    assert found.source["labels"] == ["N", "NP/N", "S"]


# ---- one format at a time ------------------------------------------------------------------------------------------

MULTIWORD = """# text = Va du port
1\tVa\taller\tVERB\t_\t_\t0\troot\t_\t_
2-3\tdu\t_\t_\t_\t_\t_\t_\t_\t_
2\tde\tde\tADP\t_\t_\t4\tcase\t_\t_
3\tle\tle\tDET\t_\t_\t4\tdet\t_\t_
3.1\tvide\tvide\tNOUN\t_\t_\t_\t_\t1:dep\t_
4\tport 1\tport\tNOUN\t_\t_\t1\tobl\t_\t_

"""


def test_a_multiword_token_takes_the_tag_that_ranks_first_among_its_equally_high_parts(tmp_path):
    (sentence,), _ = _read(tmp_path, conllu.conllu, MULTIWORD, "fr_made-ud-test.conllu", language="fr")
    assert sentence == TaggedSentence("", ("Va", "du", "port1"), ("VERB", "ADP", "NOUN"))


def test_a_multiword_token_takes_the_tag_of_its_highest_part(tmp_path):
    text = MULTIWORD.replace("_\t_\t4\tdet", "_\t_\t2\tdet").replace("ADP", "X")
    (sentence,), _ = _read(tmp_path, conllu.conllu, text, "fr_made-ud-test.conllu", language="fr")
    assert sentence.tags == ("VERB", "X", "NOUN")


def test_the_enhanced_graph_counts_when_the_highest_part_is_looked_for(tmp_path):
    deeper = MULTIWORD.replace("4\tcase\t_\t_", "4\tcase\t3:dep|3.1:dep\t_")  # now `le` is above `de`
    (sentence,), _ = _read(tmp_path, conllu.conllu, deeper, "fr_made-ud-test.conllu", language="fr")
    assert sentence.tags == ("VERB", "DET", "NOUN")


def test_a_tie_between_tags_without_rank_leaves_the_treebank_out_and_says_so(tmp_path):
    text = MULTIWORD.replace("ADP", "SYM")
    found, notes = _read(tmp_path, conllu.conllu, text, "fr_made-ud-test.conllu", language="fr")
    assert found == []
    assert notes.left_out == [
        "fr_made-ud-test.conllu: a multiword token whose highest parts tie, with a tag SYM that has no rank"
    ]


def test_a_sentence_without_its_text_is_dropped_and_one_with_a_single_gap_is_kept(tmp_path):
    row = "{}\t{}\t_\tX\t_\t_\t0\troot\t_\t_\n"
    withheld = row.format(1, "_") + row.format(2, "a") + "\n"
    gap = row.format(1, "_") + row.format(2, "a") + row.format(3, "b\u200cc") + "\n"
    found, notes = _read(tmp_path, conllu.conllu, withheld + gap, "en_made-ud-test.conllu", language="en")
    assert [sentence.words for sentence in found] == [("_", "a", "bc")]
    assert notes.dropped == {"sentence without text": 1}


def test_treebanks_are_read_in_the_order_of_their_file_names_not_of_their_folders(tmp_path):
    row = "1\t{}\t_\tX\t_\t_\t0\troot\t_\t_\n\n"
    for folder, name, word in (("UD_B", "el_aa", "πρώτο"), ("UD_A", "el_bb", "δεύτερο"), ("UD_A", "grc_aa", "τρίτο")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}-ud-test.conllu").write_text(row.format(word), encoding="utf-8")
    source = FileSource(("*/el_*-ud-test.conllu",), "conllu", {"language": "el"})
    found, _ = files.locate(tasks.get("udpos"), tmp_path, source)
    assert [path.name for path in found] == ["el_aa-ud-test.conllu", "el_bb-ud-test.conllu"]


def test_quotation_marks_are_characters(tmp_path):
    text = 'sentence1\tsentence2\tlabel\n"Yes" he said\tSay "yes\t1\n'
    found, _ = _read(tmp_path, pairs.plain, text, header=("sentence1", "sentence2", "label"))
    assert found == [SentencePair("", '"Yes" he said', 'Say "yes', "1")]


def test_anli_writes_its_labels_in_one_letter_and_snli_drops_rows_without_one(tmp_path):
    line = {"context": " a ", "hypothesis": "b", "label": "c"}
    options = {"fields": ("context", "hypothesis", "label"), "labels": {"c": "contradiction"}}
    found, _ = _read(tmp_path, pairs.nli_json, json.dumps(line), **options)
    assert found == [SentencePair("", "a", "b", "contradiction")]
    row = json.dumps({"sentence1": "a", "sentence2": "b", "gold_label": "-"})
    found, notes = _read(tmp_path, pairs.nli_json, row)
    assert (found, notes.dropped) == ([], {"no gold label": 1})


def test_a_word_with_a_colon_keeps_it_behind_the_prefix_of_its_language(tmp_path):
    found, _ = _read(tmp_path, tagged.columns, "de:12:30\tO\nde:Bonn\tB-LOC\n\nde:a\tO", language="de")
    assert found == [_tagged("", ("12:30", "Bonn"), ("O", "B-LOC")), _tagged("", ("a",), ("O",))]


AUTO = (
    "ID=made.1 PARSER=GOLD NUMPARSE=1\n"
    "(<T S[dcl] 0 2> (<T NP 0 1> (<L NP[nb]/N DT DT a NP[nb]_7/N_7>) (<L N NN NN -LRB- N>) ) "
    "(<L S[dcl]\\NP VBZ VBZ runs S\\NP>) ) \n"
)


def test_the_leaves_of_ccgbank_are_words_and_categories(tmp_path):
    found, _ = _read(tmp_path, tagged.ccgbank, AUTO, "wsj_0001.auto")
    assert found == [_tagged("", ("a", "(", "runs"), ("NP[nb]/N", "N", "S[dcl]\\NP"))]


def test_two_columns_hold_a_sentence_a_line_or_a_word_a_line(tmp_path):
    expected = [_tagged("", ("a", "dog"), ("NP/N", "N")), _tagged("", ("runs",), ("S",))]
    assert _read(tmp_path, tagged.two_columns, "a dog\tNP/N N\nruns\tS\n")[0] == expected
    assert _read(tmp_path, tagged.two_columns, "a\tNP/N\ndog\tN\n\nruns\tS\n")[0] == expected


def test_questions_keep_all_answers_and_may_have_none_in_squad_2(tmp_path):
    answers = [{"text": "b", "answer_start": 2}, {"text": "a b", "answer_start": 0}]
    rows = [
        {"id": "1", "question": "q", "answers": answers},
        {"id": "2", "question": "r", "answers": [], "is_impossible": True},
    ]
    text = json.dumps({"data": [{"paragraphs": [{"context": "a b", "qas": rows}]}]})
    found, _ = _read(tmp_path, squad.squad, text, unanswerable=True)
    assert found == [Question("1", "a b", "q", (Answer("b", 2), Answer("a b", 0))), Question("2", "a b", "r", ())]


def test_prompts_and_choices_are_put_together_as_in_jiant(tmp_path):
    row = {"ind": 4, "ctx_a": "A man sits.", "ctx_b": "he", "ctx": "-", "endings": ["runs.", "eats."], "label": 1}
    assert _read(tmp_path, choices.hellaswag, json.dumps(row))[0] == [
        Choice("4", "A man sits.", ("he runs.", "he eats."), 1)
    ]
    row = {"ind": 4, "ctx": "A man sits. he", "endings": ["runs.", "eats."], "label": "0"}
    assert _read(tmp_path, choices.hellaswag, json.dumps(row))[0] == [
        Choice("4", "A man sits. he", ("runs.", "eats."), 0)
    ]
    row = {
        "premise": "He fell.",
        "choice1": "It hurt.",
        "choice2": "It rained.",
        "question": "effect",
        "label": 0,
        "idx": 9,
    }
    assert _read(tmp_path, choices.xcopa, json.dumps(row))[0] == [
        Choice("9", "He fell. What happened as a result?", ("It hurt.", "It rained."), 0)
    ]
    row = {"context": "Ada ran.", "question": "Why?", "answerA": "a", "answerB": "b", "answerC": "c", "correct": "C"}
    assert _read(tmp_path, choices.siqa, json.dumps(row))[0] == [Choice("0", "Ada ran. Why?", ("a", "b", "c"), 2)]
    text = 'id,context,question,answer0,answer1,answer2,answer3,label\nx,"It\nrained, hard",Why ?,a,b,c,d,3\n'
    assert _read(tmp_path, choices.cosmosqa, text)[0] == [
        Choice("x", "It\nrained, hard", ("Why ? a", "Why ? b", "Why ? c", "Why ? d"), 3)
    ]
    options = [{"label": "A", "text": "x"}, {"label": "B", "text": "y"}]
    row = {"id": "z", "answerKey": "B", "question": {"stem": "q", "choices": options}}
    assert _read(tmp_path, choices.csqa, json.dumps(row))[0] == [Choice("z", "q", ("x", "y"), 1)]


def test_bucc_gives_each_sentence_its_counterpart_and_lists_the_lonely_ones_last(tmp_path):
    for name, text in (
        ("de", "d1\tein\nd2\tzwei\n"),
        ("en", "e1\ta\ne2\ttwo\ne3\tthree\n"),
        ("gold", "d2\te2\nd2\te3\n"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    rows = bitext.bucc([tmp_path / name for name in ("de", "en", "gold")], {}, Notes())
    assert [row.example for row in rows] == [
        ParallelSentences("d1", "ein", None, None),
        ParallelSentences("d2", "zwei", "e2", "two"),
        ParallelSentences("d2", "zwei", "e3", "three"),
        ParallelSentences(None, None, "e1", "a"),
    ]


# ---- answers that were shifted -------------------------------------------------------------------------------------


def test_the_nearest_occurrence_of_an_answer_is_taken_the_earlier_of_two():
    assert nearest("ab ab ab", "ab", 4) == 3
    assert nearest("ab x ab", "ab", 2) == 0
    assert nearest("aaa", "aa", 1) == 1
    assert nearest("ab", "c", 0) is None


def _one_question(tmp_path, context, answers):
    source = FileSource(("q.json",), "squad")
    task = Task(name="made", shape="span", scorer="squad", metrics=("f1",), files={"train": (source,)})
    rows = [{"id": f"{number}", "question": "what is it", "answers": [answer]} for number, answer in enumerate(answers)]
    made = {"data": [{"paragraphs": [{"context": context, "qas": rows}]}]}
    (tmp_path / "q.json").write_text(json.dumps(made), encoding="utf-8")
    return files.load(task, {"root": str(tmp_path)})


def test_a_shifted_answer_is_moved_and_counted(tmp_path):
    found = _one_question(tmp_path, "the cat saw the cat", [{"text": "cat", "answer_start": 17}])
    assert found.splits["train"][0].answers == (Answer("cat", 16),)
    assert found.source["splits"] == {"train": {"realigned": 1}}


def test_a_question_whose_answer_is_nowhere_is_dropped_and_counted_and_many_are_an_error(tmp_path):
    good = [{"text": "cat", "answer_start": 4}] * 200
    found = _one_question(tmp_path, "the cat", [*good, {"text": "dog", "answer_start": 0}])
    assert len(found.splits["train"]) == 200
    assert found.source["splits"]["train"]["dropped"]["question whose answers are not in its context"] == 1
    with pytest.raises(ValueError, match="2 of 3 questions have no answer in their context"):
        _one_question(tmp_path, "the cat", [good[0], *[{"text": "dog", "answer_start": 0}] * 2])


# ---- what is wrong is found ----------------------------------------------------------------------------------------


def _swap(old, new, count=1):
    return lambda text: text.replace(old, new, count) if old in text else pytest.fail(f"{old!r} is not there")


def _cut(text):
    return text[: len(text) * 2 // 3]


def _other_language(text):
    return re.sub(r"[^\x00-\x7f]", "ж", text)


FAULTS = [
    # task, file, what is done to it, what the error must say
    (
        "xnli",
        "XNLI-1.0/xnli.test.tsv",
        _swap("entailment", "entails"),
        r"xnli.test.tsv, line \d+: label 'entails'; expected one",
    ),
    (
        "xnli",
        "XNLI-1.0/xnli.test.tsv",
        _swap("gold_label", "label"),
        r"line 1: a header .*; expected the columns language, gold_label",
    ),
    ("xnli", "XNLI-1.0/xnli.test.tsv", _swap("ur\t", "ps\t", -1), "no rows of language 'ur'"),
    ("xnli", "XNLI-1.0/xnli.test.tsv", _cut, r"xnli.test.tsv(, line \d+)?: .*expected"),
    ("xnli", "XNLI-MT-1.0/multinli/multinli.train.en.tsv", _swap("\t", " "), r"line 1: a header"),
    (
        "pawsx",
        "x-final/ja/test_2k.tsv",
        _swap("\t1\n", "\t2\n"),
        r"ja/test_2k.tsv, line \d+: label '2'; expected one of 0, 1",
    ),
    ("pawsx", "x-final/ja/test_2k.tsv", _cut, r"test_2k.tsv, line \d+: .* column"),
    ("pawsx", "x-final/ko/test_2k.tsv", _other_language, r"ko/test_2k.tsv, line 2: not Korean.*expected Korean"),
    ("mnli", "multinli_1.0/multinli_1.0_train.jsonl", _cut, r"train.jsonl, line \d+: text that is not JSON"),
    ("mnli", "multinli_1.0/multinli_1.0_train.jsonl", _swap("gold_label", "gold"), r"line 1: no field 'gold_label'"),
    ("anli", "anli_v1.0/R2/train.jsonl", _swap('"label": "n"', '"label": "x"'), r"R2/train.jsonl, line \d+: label 'x'"),
    ("qqp", "QQP/dev.tsv", _swap("qid2", "other"), r"dev.tsv, line 1: a header"),
    ("qqp", "QQP/dev.tsv", _cut, r"dev.tsv, line \d+: .* column"),
    ("udpos", "ud-treebanks-v2.5/UD_Made/ru_made-ud-test.conllu", _cut, r"line \d+: .*(inside a sentence|column)"),
    (
        "udpos",
        "ud-treebanks-v2.5/UD_Made/ru_made-ud-test.conllu",
        _swap("2\t", "3\t"),
        r"line 3: word 3; expected word 2",
    ),
    (
        "udpos",
        "ud-treebanks-v2.5/UD_Made/ru_made-ud-test.conllu",
        _swap("\t0\tdep", "\tx\tdep"),
        r"line 2: id '1' with head 'x'",
    ),
    (
        "udpos",
        "ud-treebanks-v2.5/UD_Made/ru_made-ud-test.conllu",
        _swap("PUNCT", "PNCT"),
        r"line \d+: tag 'PNCT'; expected one of ADJ",
    ),
    (
        "panx",
        "panx_dataset/th/test",
        _swap("th:", "lo:"),
        r"th/test, line 1: a word 'lo:.*expected a word of language 'th'",
    ),
    ("panx", "panx_dataset/th/test", _swap("\t", " "), r"th/test, line 1: 1 column"),
    ("panx", "panx_dataset/th/test", _swap("B-LOC", "B-GPE"), r"th/test, line \d+: tag 'B-GPE'"),
    ("panx", "panx_dataset/th/test", lambda text: text[:-7].rstrip("\t"), r"th/test, line \d+: (1 column|tag)"),
    ("xquad", "xquad/xquad.ar.json", _cut, r"xquad.ar.json, line \d+: text that is not JSON"),
    (
        "xquad",
        "xquad/xquad.ar.json",
        _swap('"qas"', '"questions"'),
        r"xquad.ar.json, line \d+: article 0, .*lacks 'qas'",
    ),
    ("xquad", "xquad/xquad.hi.json", _other_language, r"xquad.hi.json, line \d+: not Hindi.*expected Hindi"),
    (
        "mlqa",
        "MLQA_V1/test/test-context-zh-question-zh.json",
        lambda text: _japanese(),
        r"zh.json, line \d+: not Mandarin",
    ),
    (
        "squad_v1",
        "squad/train-v1.1.json",
        lambda text: re.sub(r'"text": "[^"]+"', '"text": ""', text, count=1),
        "empty answer.*original file",
    ),
    (
        "tydiqa",
        "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-finnish.json",
        _swap("finnish-", "english-"),
        r"question 'english-.*expected ids finnish-",
    ),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", _swap('"label": ', '"label": 7'), r"val.jsonl, line 1: label 7"),
    ("hellaswag", "hellaswag/hellaswag_val.jsonl", _swap("endings", "ends"), r"val.jsonl, line 1: no field 'endings'"),
    (
        "csqa",
        "commonsenseqa/dev_rand_split.jsonl",
        lambda text: re.sub('"answerKey": "."', '"answerKey": "Z"', text),
        "line 1: a row with 'answerKey' is 'Z'",
    ),
    ("cosmosqa", "cosmosqa/valid.csv", _swap("answer3", "answer4"), r"valid.csv, line 1: no column answer3"),
    ("cosmosqa", "cosmosqa/valid.csv", _cut, r"valid.csv: rows of another length .*\n  line \d+: \d field"),
    (
        "siqa",
        "siqa/socialIQa_v1.4_dev.jsonl",
        lambda text: re.sub('"correct": "."', '"correct": "D"', text),
        "line 1: correct 'D'",
    ),
    (
        "xcopa",
        "xcopa/data/ta/test.ta.jsonl",
        _swap('"cause"', '"reason"'),
        r"test.ta.jsonl, line 1: a row with 'question' is 'reason'",
    ),
    (
        "tatoeba",
        "LASER/data/tatoeba/v1/tatoeba.kat-eng.kat",
        lambda text: text.split("\n", 1)[1],
        r"kat-eng.kat, line 5: the end of the file; expected 6",
    ),
    (
        "tatoeba",
        "LASER/data/tatoeba/v1/tatoeba.kat-eng.eng",
        lambda text: "\n" + text.split("\n", 1)[1],
        r"kat-eng.eng, line 1: an empty line",
    ),
    ("bucc2018", "bucc2018/de-en/de-en.training.gold", _swap("de-2", "de-99"), r"gold, line 2: a pair 'de-99'"),
    ("bucc2018", "bucc2018/de-en/de-en.training.de", _swap("de-2", "de-1"), r"training.de, line 2: id 'de-1' again"),
    ("bucc2018", "bucc2018/zh-en/zh-en.sample.zh", _other_language, r"sample.zh, line 1: not Mandarin"),
]


def _japanese():
    question = made_data._question("jpn", "q-1", random.Random(1))
    return made_data._squad([question])


@pytest.mark.parametrize(("name", "path", "harm", "message"), FAULTS)
def test_a_damaged_file_is_an_error_that_names_file_line_and_what_was_expected(name, path, harm, message, tmp_path):
    task = tasks.get(name)
    made_data.write(task, tmp_path)
    file = tmp_path / path
    file.write_text(harm(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        files.load(task, _settings(tmp_path, name))
    assert "expected" in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("text", [AUTO[:-30] + "\n", AUTO + AUTO.split("\n")[0] + "\n", AUTO.replace("<L", "<K")])
def test_a_damaged_ccgbank_file_is_an_error(tmp_path, text):
    with pytest.raises(ValueError, match=r"wsj_0001.auto, line \d: .*expected"):
        _read(tmp_path, tagged.ccgbank, text, "wsj_0001.auto")


def test_bytes_that_are_not_text_are_an_error_with_their_line(tmp_path):
    made_data.write(tasks.get("qqp"), tmp_path)
    file = tmp_path / "QQP/train.tsv"
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([*lines[:3], b"\xff" + lines[3], *lines[4:]]))
    with pytest.raises(ValueError, match=r"train.tsv, line 4: byte 0xff is not UTF-8"):
        files.load(tasks.get("qqp"), _settings(tmp_path, "qqp"))


def test_an_empty_file_is_an_error(tmp_path):
    made_data.write(tasks.get("panx"), tmp_path)
    (tmp_path / "panx_dataset/th/test").write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="th/test, line 1: an empty file; expected data"):
        files.load(tasks.get("panx"), _settings(tmp_path, "panx"))


def test_another_number_of_rows_is_an_error_unless_the_settings_allow_it(tmp_path):
    task = tasks.get("csqa")
    made_data.write(task, tmp_path)
    with pytest.raises(ValueError, match=r"csqa: train: 6 rows, expected 9,741.*data.allow_count_mismatch: \[csqa\]"):
        files.load(task, {"root": str(tmp_path)})
    found = files.load(task, _settings(tmp_path, "csqa"))
    assert found.source["count_mismatches"]["train"] == "6 rows, expected 9,741"


def test_the_english_training_set_of_tydiqa_is_3696_questions_of_a_file_that_mixes_languages(tmp_path):
    task = dataclasses.replace(tasks.get("tydiqa"), counts={"train": 3696})
    made_data.write(task, tmp_path)
    path = tmp_path / "tydiqa/tydiqa-goldp-v1.1-train.json"
    question = made_data._question("eng", "english-0-0", random.Random(0))
    many = [question | {"id": f"english-{number}-1"} for number in range(3696)] + [question | {"id": "korean-1-1"}]
    path.write_text(made_data._squad(many), encoding="utf-8")
    found = files.load(task, {"root": str(tmp_path)})
    assert len(found.splits["train"]) == 3696
    assert {row.id.partition("-")[0] for row in found.splits["train"]} == {"english"}
    path.write_text(made_data._squad(many[1:]), encoding="utf-8")
    with pytest.raises(ValueError, match="tydiqa: train: 3,695 rows, expected 3,696"):
        files.load(task, {"root": str(tmp_path)})


def test_one_language_copied_over_another_is_an_error(tmp_path):
    task = tasks.get("xquad")
    made_data.write(task, tmp_path)
    (tmp_path / "xquad/xquad.de.json").write_bytes((tmp_path / "xquad/xquad.es.json").read_bytes())
    with pytest.raises(ValueError, match="test/deu and test/spa share 6 of 6 rows"):
        files.load(task, _settings(tmp_path, "xquad"))


def test_a_question_that_is_there_twice_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="1 question ids occur more than once, first '0'"):
        source = FileSource(("a.json", "b.json"), "squad")
        task = Task(name="made", shape="span", scorer="squad", metrics=("f1",), files={"train": (source,)})
        question = made_data._question("eng", "0", random.Random(0))
        for name in ("a.json", "b.json"):
            (tmp_path / name).write_text(made_data._squad([question]), encoding="utf-8")
        files.load(task, {"root": str(tmp_path)})


@pytest.mark.parametrize("name", tasks.names())
def test_a_missing_file_is_an_error_that_says_where_to_get_it_and_how_it_must_lie(name, tmp_path):
    with pytest.raises(ValueError, match=rf"{name}: no file .*To obtain it: .*data.root.*Homepage: https://"):
        files.load(tasks.get(name), {"root": str(tmp_path)})


@pytest.mark.parametrize("name", ["pawsx", "mlqa", "bucc2018", "ccg", "siqa", "xcopa"])
def test_a_task_that_the_archive_lacks_says_so(name, tmp_path):
    with pytest.raises(ValueError, match=f"{name} cannot be prepared from files in the archive layout: .*upstream"):
        files.load(tasks.get(name), {"root": str(tmp_path), "layout": "archive"})


def test_a_root_that_is_no_folder_and_an_unknown_layout_or_variant_are_errors(tmp_path):
    with pytest.raises(ValueError, match=r"data.root is .* no folder"):
        files.load(tasks.get("csqa"), {"root": str(tmp_path / "none")})
    with pytest.raises(ValueError, match=r"data.layout is 'mine'; allowed: upstream, archive"):
        files.load(tasks.get("csqa"), {"root": str(tmp_path), "layout": "mine"})
    with pytest.raises(ValueError, match="squad_v1 has no variant 'shifts'; known: squadshifts"):
        settings = {"root": str(tmp_path), "layout": "archive", "variants": {"squad_v1": ["shifts"]}}
        files.load(tasks.get("squad_v1"), settings)


# ---- what the settings choose --------------------------------------------------------------------------------------


def test_translated_training_data_are_read_only_where_they_are_asked_for(tmp_path):
    task = tasks.get("mnli")
    made_data.write(task, tmp_path)
    for name, code in (("de", "deu"), ("th", "tha")):
        text = " ".join(made_data.words(code, random.Random(name), 8))
        path = tmp_path / f"XNLI-MT-1.0/multinli/multinli.train.{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"premise\thypo\tlabel\n{text}\t{text}\tcontradictory\n", encoding="utf-8")
    assert set(files.load(task, _settings(tmp_path, "mnli")).splits) == {"train", "validation"}
    found = files.load(task, _settings(tmp_path, "mnli", translated=["deu", "tha"]))
    assert found.splits["translated/tha"][0].label == "contradiction"
    assert set(found.splits) == {"train", "validation", "translated/deu", "translated/tha"}


def test_limits_keep_the_same_rows_in_their_order(tmp_path):
    task = tasks.get("csqa")
    made_data.write(task, tmp_path)
    whole = files.load(task, _settings(tmp_path, "csqa")).splits["train"]
    kept = files.load(task, _settings(tmp_path, "csqa", limits={"train": 3})).splits["train"]
    assert len(kept) == 3
    assert [row for row in whole if row in kept] == kept


def test_a_task_may_have_limits_of_its_own(tmp_path):
    task = tasks.get("csqa")
    made_data.write(task, tmp_path)
    limits = {"train": 3, "validation": 2, "csqa": {"train": 2}, "xquad": {"validation": 1}}
    kept = files.load(task, _settings(tmp_path, "csqa", limits=limits)).splits
    assert (len(kept["train"]), len(kept["validation"])) == (2, 2)


def test_two_parts_of_a_file_are_all_of_it_and_share_no_prompt(tmp_path):
    rows = [
        {"ind": number, "ctx": f"the man number {number // 3} runs", "endings": ["a", "b"], "label": 0}
        for number in range(300)
    ]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    parts = {which: (FileSource(("x.jsonl",), "hellaswag", part=(which, 10)),) for which in ("train", "validation")}
    task = Task(name="made", shape="choice", scorer="choice_accuracy", metrics=("accuracy",), files=parts)
    found = files.load(task, {"root": str(tmp_path)}).splits
    prompts = {which: {row.prompt for row in found[which]} for which in parts}
    assert len(found["train"]) + len(found["validation"]) == 300
    assert not prompts["train"] & prompts["validation"]
    assert 0.04 < len(prompts["validation"]) / 100 < 0.2


def test_mlm_text_is_every_line_once_from_all_globs(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/de.txt").write_text("eins\n\nzwei\neins\n", encoding="utf-8")
    (tmp_path / "a/deu.more.txt").write_text("drei\n", encoding="utf-8")
    settings = {"root": str(tmp_path), "text": ["a/{alpha2}.txt", "a/{code}.*.txt"]}
    assert files.text(("deu",), settings) == {"deu": ["eins", "zwei", "drei"]}
    assert files.text((), settings) == {"deu": ["eins", "zwei", "drei"]}
    with pytest.raises(ValueError, match=r"no text of fra for MLM in .*fr.txt"):
        files.text(("fra",), settings)
    with pytest.raises(ValueError, match=r"data.text is missing"):
        files.text(("deu",), {"root": str(tmp_path)})
    assert files.text((), {"root": str(tmp_path), "text": []}) == {}


# ---- two archives beside each other --------------------------------------------------------------------------------


def _lines(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def _in_two_archives(task, root, splits):
    """Load some splits of a task from files that were made in the layout `archives`."""
    declared, _ = files.declared_by(task, "archives")
    sources = {split: declared[split] for split in splits}
    task = dataclasses.replace(task, archive={}, archives=sources, archive_counts={}, archives_counts={})
    return files.load(task, {"root": str(root), "layout": "archives"})


def test_a_split_that_the_second_archive_lacks_is_read_below_the_first():
    declared, counts = files.declared_by(tasks.get("panx"), "archives")
    assert declared["test/tha"][0].paths == ("xtreme-data/xtreme/panx/sample_from_train/th.tsv",)
    assert declared["test/deu"][0].paths == ("xtreme-more/panx_xtreme/dev-de.tsv",)
    assert (counts["test/tha"], counts["test/deu"], counts["test/swh"]) == (719, 10_000, 1_000)
    udpos = files.declared_by(tasks.get("udpos"), "archives")[0]["test/fin"][0]
    assert udpos.paths == ("xtreme-data/xtreme/udpos/*/fi_*-ud-test.conllu",)


def test_rows_with_a_placeholder_or_nothing_are_dropped_and_counted(tmp_path):
    folder = tmp_path / "xtreme-more/pawsx_xtreme"
    rows = ("Ein Hund bellt.\tEs bellt ein Hund.\t1", "NS\tEin Haus.\t0", "Ein Haus.\t\t0", "Du.\tIhr.\t0")
    _lines(folder / "test-de.tsv", *rows)
    found = _in_two_archives(tasks.get("pawsx"), tmp_path, ["test/deu"])
    assert [row.first for row in found.splits["test/deu"]] == ["Ein Hund bellt.", "Du."]
    assert found.source["splits"] == {"test/deu": {"dropped": {"sentence that was not translated": 2}}}


def test_sentences_twice_or_in_the_training_data_are_dropped_and_counted(tmp_path):
    english = tmp_path / "xtreme-data/xtreme/panx/wikiann_full/en/train.conllu"
    _lines(english, "0\tBerlin\tB-LOC", "", "0\tParis\tB-LOC", "1\tis\tO")
    more = tmp_path / "xtreme-more/panx_xtreme/dev-de.tsv"
    sentences = (("Berlin\tB-ORG",), ("Bonn\tB-LOC",), ("Bonn\tB-ORG",), ("Paris\tB-LOC",))
    _lines(more, *(line for sentence in sentences for line in (*sentence, "")))
    found = _in_two_archives(tasks.get("panx"), tmp_path, ["train", "test/deu"])
    assert [row.words for row in found.splits["test/deu"]] == [("Bonn",), ("Paris",)]
    assert found.source["splits"]["test/deu"]["dropped"] == {
        "in the training data": 1,
        "a row that was there before": 1,
    }


def test_what_was_dropped_still_counts_for_the_size_of_a_data_set(tmp_path):
    task = tasks.get("pawsx")
    _lines(tmp_path / "xtreme-more/pawsx_xtreme/test-de.tsv", "Ein Hund.\tDer Hund.\t1", "NS\tEin Haus.\t0")
    source = task.archives["test/deu"]
    small = dataclasses.replace(
        task, archive={}, archives={"test/deu": source}, archives_counts={"test/deu": 2}, archive_counts={}
    )
    settings = {"root": str(tmp_path), "layout": "archives"}
    assert len(files.load(small, settings).splits["test/deu"]) == 1
    with pytest.raises(ValueError, match="test/deu: 2 rows, expected 3"):
        files.load(dataclasses.replace(small, archives_counts={"test/deu": 3}), settings)


def test_a_row_of_ecare_is_asked_as_copa_asks(tmp_path):
    row = {"index": "dev-3", "premise": "It rained.", "ask-for": "effect", "hypothesis1": "Wet.", "hypothesis2": "Dry."}
    found, _ = _read(tmp_path, choices.ecare, json.dumps(row | {"label": 0}))
    assert found == [Choice("dev-3", "It rained. What happened as a result?", ("Wet.", "Dry."), 0)]
    with pytest.raises(ValueError, match=r"made.txt, line 1: a row .*'question' is 'why'; allowed: cause, effect"):
        _read(tmp_path, choices.ecare, json.dumps(row | {"label": 0, "ask-for": "why"}))


def test_a_single_sentence_is_a_pair_without_a_second(tmp_path):
    text = "index_id\tcategory\ttext\n7\ttravel\t A boat.\n"
    found, _ = _read(tmp_path, pairs.topics, text)
    assert found == [SentencePair("", "A boat.", "", "travel")]
    with pytest.raises(ValueError, match=r"made.txt, line 1: a header .* the columns index_id, category, text"):
        _read(tmp_path, pairs.topics, "id\tcategory\ttext\n")


def test_varieties_of_a_language_stand_one_after_the_other_each_in_its_script(tmp_path):
    task = tasks.get("sib200")
    for name, text in (("arb_Arab", "جلس القط"), ("arb_Latn", "jalasa alqit")):
        _lines(tmp_path / f"xtreme-more/sib200/{name}/test.tsv", "index_id\tcategory\ttext", f"1\ttravel\t{text}")
    found = _in_two_archives(task, tmp_path, ["test/arb"])
    assert [row.first for row in found.splits["test/arb"]] == ["جلس القط", "jalasa alqit"]
    _lines(tmp_path / "xtreme-more/sib200/arb_Latn/test.tsv", "index_id\tcategory\ttext", "1\ttravel\tجلس")
    with pytest.raises(ValueError, match=r"arb_Latn/test.tsv, line 2: not Arabic: 0 of 3 .* in Latn script"):
        _in_two_archives(task, tmp_path, ["test/arb"])


def test_tags_may_stand_after_a_space_and_tags_that_a_task_lacks_have_a_name_in_it(tmp_path):
    options = {"separator": " ", "labels": {"B-DATE": "O"}}
    (sentence,), _ = _read(tmp_path, tagged.columns, "Thiès B-LOC\ndemb B-DATE\n\n", **options)
    assert sentence == TaggedSentence("", ("Thiès", "demb"), ("B-LOC", "O"))
    with pytest.raises(ValueError, match=r"line 1: 3 column\(s\); expected 2 columns: .* separated by ' '"):
        _read(tmp_path, tagged.columns, "a b O\n", **options)


def test_languages_that_are_known_to_share_rows_may_and_others_may_not(tmp_path):
    task = tasks.get("sib200")
    for name in ("arb_Arab", "arb_Latn", "ars_Arab", "arz_Arab"):
        text = "jalasa" if name == "arb_Latn" else "جلس القط"
        _lines(tmp_path / f"xtreme-more/sib200/{name}/test.tsv", "index_id\tcategory\ttext", f"1\ttravel\t{text}")
    assert len(_in_two_archives(task, tmp_path, ["test/arb", "test/ars"]).splits) == 2
    with pytest.raises(ValueError, match="test/arb and test/arz share 1 of 2 rows"):
        _in_two_archives(task, tmp_path, ["test/arb", "test/arz"])


def test_what_neither_archive_has_is_an_error_that_says_what_to_do():
    with pytest.raises(ValueError, match="bucc2018 cannot be prepared from files in the archives layout: it holds no"):
        files.declared_by(tasks.get("bucc2018"), "archives")
    with pytest.raises(ValueError, match=r"data\.layout is 'both'; allowed: upstream, archive, archives"):
        files.declared_by(tasks.get("xnli"), "both")


# ---- the real files, where they are --------------------------------------------------------------------------------

ARCHIVE = os.environ.get("XSTILTS_DATA")
real = pytest.mark.skipif(not ARCHIVE, reason="XSTILTS_DATA is not set to the unpacked data archive")


@pytest.fixture(scope="module")
def archive():
    """Every task that the archive holds, by name."""
    settings = {"origin": "files", "root": ARCHIVE, "layout": "archive", "variants": {"squad_v1": ["squadshifts"]}}
    return {name: files.load(tasks.get(name), settings) for name in tasks.names() if tasks.get(name).archive}


def _sizes(prepared):
    rows = prepared.splits.items()
    return {languages.get(split[5:]).alpha2: len(found) for split, found in rows if split.startswith("test/")}


@real
def test_the_archive_has_the_rows_that_its_readme_lists(archive):
    readme = (Path(ARCHIVE) / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.split("\n") if line.startswith("| UD POS v2.5 test"))
    listed = dict(re.findall(r"\b([a-z]{2}) ([\d,]+)", line.partition("sentences:")[2].partition("|")[0]))
    found = {
        languages.get(split[5:]).alpha2: len(rows) for split, rows in archive["udpos"].splits.items() if "/" in split
    }
    assert found == {code: int(count.replace(",", "")) for code, count in listed.items()}
    line = next(line for line in readme.split("\n") if line.startswith("| PAN-X sample"))
    listed = dict(re.findall(r"\b([a-z]{2}) (\d+)", line.partition("sentences:")[2].partition("|")[0]))
    found = {
        languages.get(split[5:]).alpha2: len(rows) for split, rows in archive["panx"].splits.items() if "/" in split
    }
    assert found | {"en": 680} == {
        code: int(count) for code, count in listed.items()
    }  # English: WikiANN's own test set
    assert not any(prepared.source.get("count_mismatches") for prepared in archive.values())


@real
def test_every_answer_of_the_archive_stands_at_its_offset(archive):
    checked = 0
    for prepared in archive.values():
        for rows in prepared.splits.values():
            for row in rows:
                if isinstance(row, Question):
                    for answer in row.answers:
                        assert row.context[answer.start : answer.start + len(answer.text)] == answer.text
                        checked += 1
    assert checked > 100_000
    assert not any(prepared.source.get("splits") for prepared in archive.values())  # nothing dropped, nothing moved


@real
def test_no_two_languages_of_the_archive_share_rows(archive):
    for name, prepared in archive.items():
        seen = {split: {texts(row) for row in rows} for split, rows in prepared.splits.items() if "test/" in split}
        for one, other in itertools.combinations(sorted(seen), 2):
            shared = seen[one] & seen[other]
            # In PAN-X a name alone is a sentence (13 are in both the Indonesian and the Malay sample), in UD a number.
            limit = {"panx": 0.05, "udpos": 0.02}.get(name, 0)
            assert len(shared) <= limit * min(len(seen[one]), len(seen[other])), (name, one, other, sorted(shared)[:3])


@real
def test_questions_are_trained_on_no_paragraph_that_tests_them(archive):
    tested = {row.context for row in archive["xquad"].splits["test/eng"]}
    for name in ("squad_v1", "squad_v2", "tydiqa"):
        for split in ("train", "validation"):
            assert not tested & {row.context for row in archive[name].splits[split]}


# ---- the second archive, where it lies beside the first ------------------------------------------------------------

MORE = Path(ARCHIVE).parent / "xtreme-more" if ARCHIVE else None
two = pytest.mark.skipif(
    MORE is None or not MORE.is_dir(), reason="XSTILTS_DATA has no xtreme-more/ beside it, the second data archive"
)


@pytest.fixture(scope="module")
def archives():
    """Every task that the two archives hold, by name, from the layout `archives`."""
    settings = {"origin": "files", "root": str(MORE.parent), "layout": "archives"}
    known = [task for task in map(tasks.get, tasks.names()) if task.archive or task.archives]
    return {task.name: files.load(task, settings) for task in known}


@two
def test_the_two_archives_have_the_rows_that_their_task_files_count(archives):
    assert {"pawsx", "mlqa", "xnli", "panx", "udpos", "tatoeba", "tydiqa", "xquad"} <= archives.keys()
    assert not any(prepared.source.get("count_mismatches") for prepared in archives.values())


@two
def test_duplicates_and_leaks_of_panx_are_those_that_the_readme_lists(archives):
    dropped = {split: said["dropped"] for split, said in archives["panx"].source["splits"].items()}
    listed = {"fra": 165, "hun": 302, "nld": 181, "por": 171, "ita": 161, "ind": 157}
    assert {code: dropped[f"test/{code}"]["in the training data"] for code in listed} == listed
    assert dropped["test/ben"]["a row that was there before"] == 239


@two
def test_no_question_or_pair_of_the_two_archives_is_trained_on_and_tested(archives):
    tested = {row.context for name in ("xquad", "mlqa") for row in archives[name].splits["test/eng"]}
    for split in ("train", "validation"):
        assert not tested & {row.context for row in archives["squad_v1"].splits[split]}
    pairs_ = {texts(row) for row in archives["xnli"].splits["test/eng"]}
    for name, split in itertools.product(("xnli", "mnli", "anli"), ("train", "validation")):
        assert not pairs_ & {texts(row) for row in archives[name].splits[split]}
