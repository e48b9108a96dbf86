"""Every kind of intermediate that the paper has, from the data to the encoder, in the world and from upstream files."""

import json
import random
from pathlib import Path

import pytest

import made_data
import tiny
from xstilts import tasks

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1800)]

EIGHT = ("anli", "mnli", "qqp", "squad_v1", "squad_v2", "hellaswag", "cosmosqa", "csqa")
TASKS = {"world": (*EIGHT, "ccg"), "files": EIGHT}  # CCGbank is licensed: its reader is tested on made trees
WORLD = """\
  origin: world
  languages: &languages [eng, deu, rus, tur]
  world:
    {seed: 1, languages: *languages, documents: 400, train: 40, validation: 16, test: 12, dev: 12, translated: [mnli]}
"""
FILES = """\
  origin: files
  root: upstream
  allow_count_mismatch: true
  languages: [eng, deu, rus, tur]
  text: ["text/{{alpha2}}.txt"]
  translated: [deu]
"""
PARAMS = """\
profile: mixtures
study: mixtures
data:
{data}
tasks: [{tasks}]
model: {{vocabulary: 500, layers: 1, hidden: 32, heads: 2, feed_forward: 64, positions: 130, dropout: 0.0}}
mixtures:
  none: {{tasks: []}}
  mnli: {{tasks: [mnli]}}
  multitask: {{tasks: [{tasks}]}}
  mlm: {{mlm: true}}
  mnli_mlm: {{tasks: [mnli], mlm: true}}
  mnli_translated: {{tasks: [mnli], languages: [deu]}}
intermediates: [none, mnli, multitask, mlm, mnli_mlm, mnli_translated]
trainings: [csqa]
targets: [csqa]
starts_from: {{itself: [csqa], squad_v1: [], siqa: [], intermediate: []}}
seeds: [1]
recipes:
  pretraining: {{steps: 20, batch: 16, learning_rate: 3.0e-3, max_length: 32}}
  intermediate:
    default: {{learning_rate: 1.0e-3, batch: 16, steps: 100, max_length: 64, stride: 32}}
    none: {{}}
    mnli: {{}}
    multitask: {{}}
    mlm: {{}}
    mnli_mlm: {{}}
    mnli_translated: {{}}
  target:
    default: {{learning_rate: 1.0e-3, batch: 16, steps: 100, max_length: 64, stride: 32}}
    csqa: {{}}
retrieval: {{layer: 1, centre: true, max_length: 32}}
analysis: {{seed: 1, draws: 99, bootstrap: 99, imputations: 3}}
runtime: {{accelerator: cpu, threads: 1, progress: false}}
"""


def upstream(root: Path) -> None:
    """Upstream files of eight tasks, MNLI's machine translations, and text in four languages."""
    for name in EIGHT:
        made_data.write(tasks.get(name), root)
    for alpha2, code in (("en", "eng"), ("de", "deu"), ("ru", "rus"), ("tr", "tur")):
        rng = random.Random(code)
        lines = [" ".join(made_data.words(code, rng, 8)) for _ in range(400)]
        (root / "text").mkdir(exist_ok=True)
        (root / "text" / f"{alpha2}.txt").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    pairs = "".join(f"{line}\t{line}\tneutral\n" for line in lines[:20])
    questions = [made_data._question("deu", f"q{number}", random.Random(number)) for number in range(6)]
    for path, content in (
        ("XNLI-MT-1.0/multinli/multinli.train.de.tsv", "premise\thypo\tlabel\n" + pairs),
        ("mlqa-translate-train/de_squad-translate-train-train-v1.1.json", made_data._squad(questions)),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")


def validation(folder: Path, record: str) -> dict[str, float]:
    """The final validation losses of a training's record."""
    metrics = json.loads((folder / "trainings" / record / "run.json").read_text(encoding="utf-8"))["entry"]["metrics"]
    start = "final/validation/"
    return {name.removeprefix(start): value for name, value in metrics.items() if name.startswith(start)}


@pytest.mark.parametrize("origin", ["world", "files"])
def test_every_kind_of_mixture_learns_with_the_heads_of_its_tasks(tmp_path: Path, origin: str) -> None:
    data = (WORLD if origin == "world" else FILES.replace("{{", "{").replace("}}", "}")).rstrip()
    folder = tiny.copy(tmp_path / "repository", PARAMS.format(data=data, tasks=", ".join(TASKS[origin])))
    if origin == "files":
        upstream(folder / "upstream")
    tiny.run(folder, "dvc", "repro", "intermediate")
    heads = {
        path.name: {head.stem for head in path.glob("seed1/heads/*.safetensors")}
        for path in (folder / "checkpoints/intermediate").iterdir()
    }
    assert heads == {
        "none": set(),
        "mnli": {"mnli"},
        "multitask": set(TASKS[origin]),
        "mlm": {"mlm"},
        "mnli_mlm": {"mnli", "mlm"},
        "mnli_translated": {"mnli"},
    }
    before = validation(folder, "pretrained")
    assert set(before) == {"mlm/eng", "mlm/deu", "mlm/rus", "mlm/tur"}
    for name in ("mlm", "mnli_mlm") if origin == "world" else ():  # made-up lines of words have nothing to learn
        after = validation(folder, f"intermediate/{name}/seed1")
        assert {language for language in before if not after[language] < before[language]} == set()
