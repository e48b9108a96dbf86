"""The world: every task in every language, from one seed, with splits that do not leak."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest

from xstilts import tasks
from xstilts.formats.examples import Choice, ParallelSentences, Question, SentencePair, TaggedSentence
from xstilts.languages import table as languages
from xstilts.preparation import world
from xstilts.preparation.world import catalogue, concepts, grammar, lexicon, running_text
from xstilts.preparation.world.events import Sampler
from xstilts.preparation.world.settings import WorldSettings

SMALL = {"languages": ["eng", "deu", "fin", "tur", "jpn", "arb"], "documents": 60, "heldout": 10}
SIZES = {"train": 120, "validation": 30, "test": 40, "dev": 20}
SETTINGS = {"origin": "world", "world": {**SMALL, **SIZES}}


def settings(**changes):
    return {"origin": "world", "world": {**SMALL, **SIZES, **changes}}


MADE = [name for name in tasks.names() if "world" not in tasks.get(name).absent]


def test_a_task_that_the_world_makes_nothing_for_is_an_error_with_another_one():
    with pytest.raises(ValueError, match=r"sib200 cannot be prepared from the artificial world: .* Use xnli"):
        world.load(tasks.get("sib200"), SETTINGS)


def untitled(row):
    return {key: value for key, value in asdict(row).items() if not key.endswith("id")}


@pytest.mark.parametrize("name", MADE)
def test_every_task_has_its_splits_at_their_size_and_no_example_twice(name):
    task = tasks.get(name)
    prepared = world.load(task, SETTINGS)
    splits = prepared.splits
    if task.shape != "retrieval":
        assert {split: len(splits[split]) for split in ("train", "validation")} == {"train": 120, "validation": 30}
    foreign = set(SMALL["languages"]) - {"eng"}
    expected = {f"test/{code}" for code in (foreign if task.shape == "retrieval" else foreign | {"eng"})}
    if name == "mlqa":  # its metric normalises its own languages alone
        expected = {f"test/{code}" for code in ("eng", "deu", "arb")}
    assert {split for split in splits if split.startswith("test/")} == (expected if task.languages else set())
    for code in splits:
        ids = [getattr(row, "id", None) for row in splits[code]]
        assert task.shape == "retrieval" or len(set(ids)) == len(ids)
    english = [row for split in ("train", "validation", "test/eng") for row in splits.get(split, [])]
    keys = [json.dumps(untitled(row)) for row in english]
    assert len(set(keys)) == len(keys)
    contents = [json.dumps([untitled(row) for row in rows]) for rows in splits.values()]
    assert len(set(contents)) == len(contents)


@pytest.mark.parametrize("name", MADE)
def test_labels_answers_and_tags_are_well_formed_in_every_language(name):
    task = tasks.get(name)
    prepared = world.load(task, SETTINGS)
    labels = set(task.labels or prepared.source.get("labels", ()))
    for rows in prepared.splits.values():
        for row in rows:
            match row:
                case SentencePair():
                    assert row.label in labels
                    assert row.first != row.second
                case TaggedSentence():
                    assert len(row.words) == len(row.tags)
                    assert set(row.tags) <= labels
                    assert all(word == word.strip() != "" for word in row.words)
                case Question():
                    for answer in row.answers:
                        assert answer.text.strip()
                        assert row.context[answer.start : answer.start + len(answer.text)] == answer.text
                case Choice():
                    assert len(set(row.choices)) == len(row.choices)
                    assert 0 <= row.label < len(row.choices)
                case ParallelSentences():
                    assert row.source or row.target


def test_entity_tags_are_valid_iob2_and_no_name_alone_tells_its_kind():
    kinds = {}
    for row in world.load(tasks.get("panx"), settings(train=1500)).splits["train"]:
        before = "O"
        for word, tag in zip(row.words, row.tags, strict=True):
            assert not tag.startswith("I-") or before[2:] == tag[2:]
            before = tag
            if tag != "O":
                kinds.setdefault(word, set()).add(tag[2:])
    ambiguous = [word for word, seen in kinds.items() if len(seen) > 1]
    assert len(ambiguous) >= 10


def test_questions_without_an_answer_occur_in_squad_v2_alone():
    empty = {
        name: sum(not row.answers for row in world.load(tasks.get(name), SETTINGS).splits["train"])
        for name in ("squad_v1", "squad_v2", "tydiqa")
    }
    assert empty["squad_v1"] == empty["tydiqa"] == 0
    assert 20 <= empty["squad_v2"] <= 60


def test_the_gold_pairs_of_comparable_corpora_are_there_and_their_ids_betray_nothing():
    prepared = world.load(tasks.get("bucc2018"), SETTINGS)
    for split in ("test/jpn", "dev/jpn"):
        rows = prepared.splits[split]
        size = 40 if split.startswith("test") else 20
        both = [row for row in rows if row.source and row.target]
        assert len(both) == size
        assert sum(row.source is not None for row in rows) == sum(row.target is not None for row in rows) == 2 * size
        for side in ("source_id", "target_id"):
            ids = [getattr(row, side) for row in rows if getattr(row, side)]
            assert len(set(ids)) == len(ids)
        assert {row.source_id.split("-")[1] for row in both} != {row.target_id.split("-")[1] for row in both}


def test_two_processes_with_different_hash_seeds_make_the_same_data():
    script = (
        "import hashlib, json\n"
        "from dataclasses import asdict\n"
        "from xstilts import tasks\nfrom xstilts.preparation import world\n"
        f"settings = json.loads({json.dumps(json.dumps(SETTINGS))})\n"
        "made = [{k: [asdict(r) for r in v] for k, v in world.load(tasks.get(n), settings).splits.items()}"
        " for n in ('xnli', 'xquad', 'bucc2018')]\n"
        "made.append(world.text(('eng', 'jpn'), settings))\n"
        "print(hashlib.sha256(json.dumps(made).encode()).hexdigest())\n"
    )
    source = str(Path(world.__file__).parents[3])
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": source},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(digests) == 1


def test_another_seed_makes_another_world():
    def digest(seed):
        made = world.text(("jpn",), settings(seed=seed))
        return hashlib.sha256(json.dumps(made).encode()).hexdigest()

    assert digest(1) != digest(2)


def test_a_languages_words_do_not_depend_on_the_other_languages():
    few, many = (WorldSettings(languages=codes) for codes in (("eng", "tur"), ("eng", "deu", "tur", "jpn")))
    assert lexicon.of("tur", few) == lexicon.of("tur", many)


def test_all_forty_languages_of_xtreme_can_be_spoken():
    codes = [language.code for language in languages.xtreme()]
    prepared = world.load(tasks.get("tatoeba"), settings(languages=codes, test=5))
    assert len(prepared.splits) == 39
    assert set(world.text(tuple(codes), settings(languages=codes, documents=3))) == set(codes)


def test_running_text_and_held_out_text_are_different_documents():
    lines = world.text(("eng", "fin"), SETTINGS)
    apart = world.heldout(("eng", "fin"), SETTINGS)
    assert {code: len(found) for code, found in lines.items()} == {"eng": 60, "fin": 60}
    assert {code: len(found) for code, found in apart.items()} == {"eng": 10, "fin": 10}
    assert lines["eng"] != apart["eng"]


def test_training_data_are_translated_row_by_row_where_asked():
    splits = world.load(tasks.get("mnli"), settings(translated=["mnli"])).splits
    assert [row.label for row in splits["translated/jpn"]] == [row.label for row in splits["train"]]
    assert "translated/eng" not in splits
    assert "translated/jpn" not in world.load(tasks.get("qqp"), settings(translated=["mnli"])).splits


def test_a_task_that_asks_for_more_than_the_world_can_say_is_an_error(monkeypatch):
    half, make = catalogue.maker(tasks.get("csqa"))
    monkeypatch.setattr(catalogue, "maker", lambda task: (half, lambda _: make(Sampler("always", (("A",), ("B",))))))
    with pytest.raises(ValueError, match=r"the world has only 1 different.* lower data\.world\.sizes\.csqa"):
        world.load(tasks.get("csqa"), SETTINGS)


def test_content_words_are_shared_as_planted_within_each_class_and_function_words_never():
    english = set(lexicon.of("eng", WorldSettings()).content.values()) | set(concepts.FUNCTIONS.values())
    for code in ("deu", "rus", "tur"):
        made = WorldSettings(languages=("eng", code))
        lex = lexicon.of(code, made)
        share = lexicon.cognate_share(code, made)
        for words in concepts.CLASSES.values():
            assert sum(lex.word(word) == word for word in words) == round(share * len(words))
        assert english.isdisjoint(lex.functions.values())
        accidents = {lex.word(word) for word in lex.content if word not in lex.cognates} & english
        assert not accidents


def test_the_cognate_share_follows_the_setting():
    def share(code, **changes):
        return lexicon.cognate_share(code, WorldSettings(**changes))

    assert share("deu") > share("rus") > share("tur") == 0.15
    assert share("deu", cognates="none") == 0
    assert share("deu", cognates="constant", cognate_base=0.3) == share("tur", cognates="constant", cognate_base=0.3)


def test_shared_words_can_follow_distance_or_be_dealt_out_among_the_languages():
    codes = WorldSettings().languages

    def shares(**changes):
        return [lexicon.cognate_share(code, WorldSettings(**changes)) for code in codes]

    far = dict(zip(codes, shares(cognates="distance", cognate_base=0.0, cognate_slope=1.0), strict=True))
    assert 1 == far["eng"] > far["deu"] > 0.7 > far["hin"] > far["tur"] > 0
    real, dealt, other = shares(), shares(cognates="shuffled"), shares(cognates="shuffled", seed=2)
    assert sorted(real) == sorted(dealt) == sorted(other)
    assert real[0] == dealt[0] == other[0] == 1
    assert len({tuple(real), tuple(dealt), tuple(other)}) == 3


def test_function_words_can_be_englishs_for_all_and_nothing_else_changes():
    own, english = (lexicon.of("tur", WorldSettings(functions=functions)) for functions in ("own", "english"))
    assert dict(english.functions) == concepts.FUNCTIONS
    assert (own.content, own.names) == (english.content, english.names)


def test_grammars_follow_uriel():
    japanese, arabic, turkish = (grammar.of(code) for code in ("jpn", "arb", "tur"))
    assert japanese.clause == turkish.clause == "SOV"
    assert not japanese.adposition_first
    assert japanese.relative_first
    assert japanese.question_mark == "final"
    assert (arabic.clause, arabic.adposition_first, arabic.adjective_first) == ("VSO", True, False)
    assert grammar.of("eng").clause == "SVO"
    assert grammar.of("kaz").clause == "SOV"


def test_word_order_can_be_englishs_for_all_or_dealt_out_among_the_others():
    codes = WorldSettings().languages
    assert set(grammar.grammars(codes, "english", 1).values()) == {grammar.of("eng")}
    real, dealt = (grammar.grammars(codes, order, 1) for order in ("uriel", "shuffled"))
    assert dealt["eng"] == real["eng"]
    assert Counter(map(str, real.values())) == Counter(map(str, dealt.values()))
    assert real != dealt


def test_the_same_sentence_has_the_order_of_its_language():
    splits = world.load(tasks.get("udpos"), SETTINGS).splits
    verb_last = {
        code: sum(row.tags[-2] == "VERB" and row.tags[-1] == "PUNCT" for row in splits[f"test/{code}"])
        for code in ("eng", "jpn", "arb")
    }
    assert verb_last["jpn"] > 15
    assert verb_last["arb"] == 0
    assert verb_last["eng"] <= 5


def test_pretraining_text_is_equal_or_as_in_cc100_or_falls_with_distance():
    def amounts(pretraining):
        made = WorldSettings(languages=("eng", "deu", "swh", "jpn"), documents=1000, pretraining=pretraining)
        return {code: running_text.amount(code, made) for code in made.languages}

    assert set(amounts("equal").values()) == {1000}
    assert 1000 == amounts("cc100")["eng"] > amounts("cc100")["deu"] > amounts("cc100")["swh"]
    assert 1000 == amounts("distance")["eng"] > amounts("distance")["deu"] > amounts("distance")["jpn"]


def test_noise_replaces_words_of_the_text_and_keeps_its_length():
    clean, noisy = (world.text(("fin",), settings(noise=noise))["fin"] for noise in (0.0, 0.3))
    assert len(clean) == len(noisy)
    assert clean != noisy


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"sedd": 1}, r"no key 'sedd'.*Did you mean 'seed'"),
        ({"order": "latin"}, r"order is 'latin'; allowed: uriel, english, shuffled"),
        ({"functions": "none"}, r"functions is 'none'; allowed: own, english"),
        ({"noise": 2}, r"noise is 2; allowed: 0 to 1"),
        ({"test": 0}, r"test is 0; allowed: 1 or more"),
        ({"train": "many"}, r"train is 'many'; a value of type int is needed"),
        ({"noise": "much"}, r"noise is 'much'; a value of type float is needed"),
        ({"all_languages": None}, r"all_languages is None; a value of type bool is needed"),
        ({"sizes": {"udpos": -1}}, r"sizes.udpos is -1; allowed: 1 or more"),
        ({"sizes": {"udpso": 10}}, r"sizes names 'udpso', which is no task; known: .*udpos"),
        ({"sizes": 10}, r"sizes is 10; a mapping of tasks is needed"),
        ({"translated": ["mnil"]}, r"translated names 'mnil', which is no task"),
        ({"languages": "eng"}, r"languages is 'eng'; a list is needed"),
        ({"languages": ["deu"]}, r"lacks 'eng'"),
        ({"languages": ["eng", "deu", "deu"]}, r"twice"),
    ],
)
def test_a_wrong_setting_is_one_clear_error(mapping, message):
    with pytest.raises(ValueError, match=message):
        WorldSettings.from_mapping(mapping)


def test_a_language_that_the_world_lacks_is_an_error():
    with pytest.raises(ValueError, match=r"no language 'swh'.*add it to data\.world\.languages"):
        world.text(("swh",), SETTINGS)
    with pytest.raises(ValueError, match="URIEL"):
        world.load(tasks.get("xnli"), settings(languages=["eng", "qqq"]))
