"""Small data sets for every task, the same rows as upstream files and as tables of the Hub.

Rows are drawn by seed in the script of their language, so that no real sentence is needed. A unit is what one
source of the Hub holds: a file, two aligned files, a corpus. The same unit (MNLI's file, which two tasks read) has
the same rows.
"""

import csv
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Features, List, Value

import hubserver
from xstilts.languages import table as languages
from xstilts.tasks.task import FileSource, HubSource, Task

ROWS = 6
WHOLE = {"tatoeba", "bucc"}  # readers whose files make one unit together
ENGLISH = (
    *("the", "dog", "saw", "a", "house", "and", "it", "was", "in", "garden"),
    *("of", "that", "woman", "who", "do", "have", "this", "to", "sell", "you"),
)
ALPHABETS = {
    "Latn": "abdegiklmnoprstu",
    "Cyrl": "абвгдеиклмнопрст",
    "Arab": "ابتدرسعلمنهوي",
    "Grek": "αβγδεικλμνοπρστ",
    "Hebr": "אבגדהולמנרשת",
    "Deva": "कगचजतदनपमरलस",
    "Beng": "কগচজতদনপমরলস",
    "Taml": "கசடதநபமரலவ",
    "Telu": "కగచజతదనపమరలస",
    "Mlym": "കഗചജതദനപമരലസ",
    "Mymr": "ကဂစဇတဒနပမရလသ",
    "Thai": "กขคงจชตทนบปมยรล",
    "Geor": "აბგდეიკლმნოპრსტ",
    "Kore": "가나다라마바사아자하",
    "Hans": "的人大中国年日月水火山",
    "Hant": "的人大中國年日月水火山門車",
    "Armn": "աբգդեզիլկհմնոպստ",
    "Ethi": "ሀለመሰረቀበተነአከወዘደገ",
    "Gujr": "કગચજતદનપમરલસ",
    "Guru": "ਕਗਚਜਤਦਨਪਮਰਲਸ",
    "Hang": "가나다라마바사아자하",
    "Khmr": "កខគងចឆជតថទនបមយរល",
    "Knda": "ಕಗಚಜತದನಪಮರಲಸ",
    "Laoo": "ກຂຄງຈຊຍດຕຖທນບປຜພ",
    "Nkoo": "ߊߋߌߍߎߏߐߓߔߕߖߗߘ",
    "Olck": "ᱚᱛᱜᱝᱞᱟᱠᱡᱢᱣᱤᱥ",
    "Orya": "କଗଚଜତଦନପମରଲସ",
    "Sinh": "කගචජතදනපමරලස",
    "Tfng": "ⴰⴱⴳⴷⴹⴻⴼⴽⵀⵃⵄⵅ",
    "Thaa": "ހށނރބޅކއވމފދ",
    "Tibt": "ཀཁགངཅཆཇཉཏཐདན",
    "Jpan": "のにはをたがてとしれ日本",
}
STRING = Value("string")


def words(code: str, rng: random.Random, count: int, script: str | None = None) -> list[str]:
    """Words of a language: English ones for English, strings of its script (or of that one) for others."""
    if code == "eng":
        return [rng.choice(ENGLISH) for _ in range(count)]
    letters = ALPHABETS[script or languages.get(code).script]
    return [code[0] * (letters[0] == "a") + "".join(rng.choice(letters) for _ in range(4)) for _ in range(count)]


@dataclass(frozen=True)
class Unit:
    """What one source of the Hub holds, and where it lies upstream."""

    split: str
    reader: str
    paths: tuple[str, ...]
    options: dict[str, Any]
    hub: HubSource | None

    @property
    def code(self) -> str:
        return self.split.partition("/")[2] or "eng"

    @property
    def name(self) -> str:
        return f"{self.paths[0]}/{self.options.get('language', self.options.get('only', ''))}"


def units(task: Task) -> list[Unit]:
    """The units of a task, translations left out; a source of the Hub beside each, where there is one."""
    found = []
    for split, sources in task.files.items():
        if split.startswith("translated"):
            continue
        pieces = [piece for source in sources for piece in _pieces(source)]
        hub: tuple[HubSource | None, ...] = task.hub.get(split, (None,) * len(pieces))
        for (reader, paths, options), source in zip(pieces, hub, strict=True):
            found.append(Unit(split, reader, paths, options, source))
    return found


def _pieces(source: FileSource) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    paths = tuple(path.replace("*/", "UD_Made/", 1).replace("_*", "_made") for path in source.paths)
    groups = [paths] if source.reader in WHOLE else [(path,) for path in paths]
    for group in groups:
        yield source.reader, group, dict(source.options)


def rows(task: Task, unit: Unit) -> list[Any]:
    """The rows of a unit, in a form of no data set: see `_file` and `table`."""
    rng = random.Random(unit.name)
    code = unit.code
    if task.shape == "classification":
        script, second = unit.options.get("script"), 0 if unit.reader == "topics" else 5
        made = ((words(code, rng, 6, script), words(code, rng, second, script)) for _ in range(ROWS))
        return [(" ".join(first), " ".join(other), rng.choice(task.labels)) for first, other in made]
    if task.shape == "tagging":
        return [_tagged(task, words(code, rng, rng.randint(3, 7)), rng) for _ in range(ROWS)]
    if task.shape == "span":
        prefix = unit.options.get("only") or unit.options.get("must") or "q"
        return [_question(code, f"{prefix}-{rng.getrandbits(40)}", rng) for _ in range(ROWS)]
    if task.shape == "choice":
        return [_choice(code, number, rng) for number in range(ROWS)]
    return [(" ".join(words(code, rng, 6)), " ".join(words("eng", rng, 9))) for _ in range(ROWS)]


def _tagged(task: Task, sentence: list[str], rng: random.Random) -> tuple[list[str], list[str]]:
    return sentence, [rng.choice(task.labels or ("N", "NP/N")) for _ in sentence]


def _question(code: str, id_: str, rng: random.Random) -> dict[str, Any]:
    context = words(code, rng, 14)
    start = len(" ".join(context[:5])) + 1
    answer = {"text": " ".join(context[5:7]), "answer_start": start}
    return {"id": id_, "context": " ".join(context), "question": " ".join(words(code, rng, 5)), "answers": [answer]}


def _choice(code: str, number: int, rng: random.Random) -> dict[str, Any]:
    texts = [" ".join(words(code, rng, 4)) for _ in range(8)]
    return {"number": number, "texts": texts, "label": rng.randrange(2)}


def write(task: Task, root: Path) -> None:
    """The upstream files of a task below `root`; files that are there are added to (XNLI's hold all languages)."""
    texts: dict[str, str] = {}
    for unit in units(task):
        _file(task, unit, rows(task, unit), texts)
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def _file(task: Task, unit: Unit, made: list[Any], texts: dict[str, str]) -> None:
    path, options = unit.paths[0], unit.options
    known = texts.get(path, "")
    if unit.reader == "xnli":
        header = "\t".join(["language", "gold_label", "a", "b", "c", "d", "sentence1", "sentence2", "promptID"]) + "\n"
        lines = [f"{options['language']}\t{label}\t\t\t\t\t{first}\t{second}\t7\n" for first, second, label in made]
        texts[path] = (known or header) + "".join(lines)
    elif unit.reader == "pairs":
        texts[path] = _pairs(made, options)
    elif unit.reader == "nli_json":
        first, second, label = options.get("fields", ("sentence1", "sentence2", "gold_label"))
        names = {ours: theirs for theirs, ours in options.get("labels", {}).items()}
        lines = [{first: one, second: two, label: names.get(gold, gold)} for one, two, gold in made]
        if "snli" in path:
            lines.insert(2, lines[0] | {label: "-"})
        texts[path] = "".join(json.dumps(line) + "\n" for line in lines)
    elif unit.reader == "topics":
        lines_ = [f"{number}\t{label}\t{text}\n" for number, (text, _, label) in enumerate(made)]
        texts[path] = "index_id\tcategory\ttext\n" + "".join(lines_)
    elif unit.reader == "tags":
        before = f"{options['language']}:" if "language" in options else ""
        between = options.get("separator", "\t")
        sentences = ["".join(f"{before}{word}{between}{tag}\n" for word, tag in zip(*row, strict=True)) for row in made]
        texts[path] = "\n".join(sentences)
    elif unit.reader == "conllu":
        texts[path] = "".join(_conllu(*row) for row in made)
    elif unit.reader == "squad":
        others = [
            _question("fin", f"finnish-{number}", random.Random(number)) for number in range(3 * ("only" in options))
        ]
        texts[path] = _squad(made + others)
    elif unit.reader in ("tatoeba", "bucc"):
        texts.update(_bitext(unit, made))
    else:
        texts[path] = CHOICES[unit.reader][0](made)


def _pairs(made: list[Any], options: dict[str, Any]) -> str:
    names = {ours: theirs for theirs, ours in options.get("labels", {}).items()}
    lines = ["\t".join(options["header"])] if "header" in options else []
    for first, second, label in made:
        cells = [""] * options.get("count", 3)
        for place, text in zip(
            options.get("columns", (0, 1, 2)), (first, second, names.get(label, label)), strict=True
        ):
            cells[place] = text
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def _conllu(sentence: list[str], tags: list[str]) -> str:
    lines = [
        f"{number}\t{word}\t_\t{tag}\t_\t_\t{number - 1}\tdep\t_\t_"
        for number, (word, tag) in enumerate(zip(sentence, tags, strict=True), start=1)
    ]
    return "# made\n" + "\n".join(lines) + "\n\n"


def _squad(questions: list[dict[str, Any]]) -> str:
    paragraphs = [
        {"context": row["context"], "qas": [{key: row[key] for key in ("id", "question", "answers")}]}
        for row in questions
    ]
    made = {"version": "made", "data": [{"title": "made", "paragraphs": paragraphs}]}
    return json.dumps(made, indent=1, ensure_ascii=False)


def _bitext(unit: Unit, made: list[tuple[str, str]]) -> dict[str, str]:
    if unit.reader == "tatoeba":
        return {path: "".join(row[side] + "\n" for row in made) for side, path in enumerate(unit.paths)}
    name = Path(unit.paths[0]).name[:2]
    foreign = "".join(f"{name}-{number}\t{row[0]}\n" for number, row in enumerate(made, start=1))
    english = "".join(f"en-{number}\t{row[1]}\n" for number, row in enumerate(made, start=1))
    gold = "".join(f"{name}-{left}\ten-{right}\n" for left, right in GOLD)
    return dict(zip(unit.paths, (foreign, english, gold), strict=True))


GOLD = [(1, 3), (2, 1), (5, 5)]


def tables(task: Task) -> dict[str, dict[tuple[str, str], tuple[list[dict[str, Any]], Features]]]:
    """The tables of a task by repository, config and split."""
    found: dict[str, dict[tuple[str, str], tuple[list[dict[str, Any]], Features]]] = {}
    for unit in units(task):
        if unit.hub is not None:
            key = (unit.hub.config or "default", unit.hub.split)
            made, features = _table(task, unit, rows(task, unit))
            before = found.setdefault(unit.hub.path, {}).get(key, ([], features))[0]
            found[unit.hub.path][key] = (before + made, features)
    return found


def _table(task: Task, unit: Unit, made: list[Any]) -> tuple[list[dict[str, Any]], Features]:
    assert unit.hub is not None
    options, reader = unit.hub.options, unit.hub.reader
    if reader == "pair":
        names = list(options["names"])
        table = [
            {options["first"]: one, options["second"]: two, "label": names.index(label)} for one, two, label in made
        ]
        if "snli" in unit.hub.path:
            table.insert(2, table[0] | {"label": -1})
        return table, Features({options["first"]: STRING, options["second"]: STRING, "label": ClassLabel(names=names)})
    if reader == "tags":
        names = list(options["names"])
        table = [{options["tokens"]: row[0], options["tags"]: [names.index(tag) for tag in row[1]]} for row in made]
        return table, Features({options["tokens"]: List(STRING), options["tags"]: List(ClassLabel(names=names))})
    if reader == "squad":
        answers = {"text": List(STRING), "answer_start": List(Value("int32"))}
        features = Features({"id": STRING, "context": STRING, "question": STRING, "answers": answers})
        table = [
            row | {"answers": {key: [answer[key] for answer in row["answers"]] for key in answers}} for row in made
        ]
        return table, features
    if reader == "tatoeba":
        names = ("source_sentence", "target_sentence", "source_lang", "target_lang")
        table = [dict(zip(names, (one + "\n", two + "\n", "cache", "cache"), strict=True)) for one, two in made]
        return table, Features(dict.fromkeys(names, STRING))
    if reader == "bucc":
        table = [
            {
                "sentence1": [row[0] for row in made],
                "sentence2": [row[1] for row in made],
                "gold": [list(pair) for pair in GOLD],
            }
        ]
        return table, Features(
            {"sentence1": List(STRING), "sentence2": List(STRING), "gold": List(List(Value("int64")))}
        )
    return CHOICES[reader][1](made)


def _json_lines(lines: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _hellaswag(made: list[dict[str, Any]], label: type) -> list[dict[str, Any]]:
    return [
        {
            "ind": row["number"],
            "ctx_a": row["texts"][0],
            "ctx_b": row["texts"][1],
            "ctx": row["texts"][0] + " " + row["texts"][1],
            "endings": row["texts"][2:6],
            "label": label(row["label"]),
        }
        for row in made
    ]


def _hellaswag_table(made: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Features]:
    texts = {"ctx_a": STRING, "ctx_b": STRING, "ctx": STRING}
    return _hellaswag(made, str), Features({"ind": Value("int32"), **texts, "endings": List(STRING), "label": STRING})


def _csqa_file(made: list[dict[str, Any]]) -> str:
    return _json_lines(
        [
            {
                "id": f"c{row['number']}",
                "answerKey": "ABCDE"[row["label"]],
                "question": {
                    "stem": row["texts"][0],
                    "choices": [
                        {"label": key, "text": text} for key, text in zip("ABCDE", row["texts"][1:6], strict=True)
                    ],
                },
            }
            for row in made
        ]
    )


def _csqa_table(made: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Features]:
    table = [
        {
            "id": f"c{row['number']}",
            "question": row["texts"][0],
            "choices": {"label": list("ABCDE"), "text": row["texts"][1:6]},
            "answerKey": "ABCDE"[row["label"]],
        }
        for row in made
    ]
    choices = {"label": List(STRING), "text": List(STRING)}
    return table, Features({"id": STRING, "question": STRING, "choices": choices, "answerKey": STRING})


def _cosmosqa(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("context", "question", "answer0", "answer1", "answer2", "answer3")
    return [
        {"id": f"k{row['number']}", **dict(zip(names, row["texts"][:6], strict=True)), "label": row["label"]}
        for row in made
    ]


def _cosmosqa_file(made: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    table = _cosmosqa(made)
    writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return stream.getvalue()


def _cosmosqa_table(made: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Features]:
    table = _cosmosqa(made)
    return table, Features({name: STRING if name != "label" else Value("int32") for name in table[0]})


def _siqa(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("context", "question", "answerA", "answerB", "answerC")
    return [dict(zip(names, row["texts"][:5], strict=True)) for row in made]


def _siqa_file(made: list[dict[str, Any]]) -> str:
    return _json_lines([line | {"correct": "ABC"[row["label"]]} for line, row in zip(_siqa(made), made, strict=True)])


def _siqa_table(made: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Features]:
    table = [line | {"label": str(row["label"] + 1)} for line, row in zip(_siqa(made), made, strict=True)]
    return table, Features(dict.fromkeys(table[0], STRING))


def _xcopa(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "premise": row["texts"][0],
            "choice1": row["texts"][1],
            "choice2": row["texts"][2],
            "question": ("cause", "effect")[row["number"] % 2],
            "label": row["label"],
            "idx": row["number"],
            "changed": False,
        }
        for row in made
    ]


def _xcopa_table(made: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Features]:
    kinds = {"label": Value("int32"), "idx": Value("int32"), "changed": Value("bool")}
    table = _xcopa(made)
    return table, Features({name: kinds.get(name, STRING) for name in table[0]})


def _ecare(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "index": f"train-{row['number']}",
            "premise": row["texts"][0],
            "ask-for": ("cause", "effect")[row["number"] % 2],
            "hypothesis1": row["texts"][1],
            "hypothesis2": row["texts"][2],
            "label": row["label"],
        }
        for row in made
    ]


CHOICES: dict[str, tuple[Any, Any]] = {
    "hellaswag": (lambda made: _json_lines(_hellaswag(made, int)), _hellaswag_table),
    "csqa": (_csqa_file, _csqa_table),
    "cosmosqa": (_cosmosqa_file, _cosmosqa_table),
    "siqa": (_siqa_file, _siqa_table),
    "xcopa": (lambda made: _json_lines(_xcopa(made)), _xcopa_table),
    "ecare": (lambda made: _json_lines(_ecare(made)), None),
}


def repositories(tasks: list[Task]) -> dict[str, hubserver.Repository]:
    """A Hub with the tables of some tasks; BUCC's are at the commit that its task file names."""
    merged: dict[str, dict[tuple[str, str], tuple[list[dict[str, Any]], Features]]] = {}
    for task in tasks:
        for path, found in tables(task).items():
            merged.setdefault(path, {}).update(found)
    hub = {}
    for path, found in merged.items():
        hub[path] = hubserver.Repository()
        name = hub[path].add("main", hubserver.tables(found))
        for task in tasks:
            for sources in task.hub.values():
                for source in sources:
                    if source.path == path and source.revision:
                        hub[path].commits[source.revision] = hub[path].commits[name]
    return hub
