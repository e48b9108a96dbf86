"""A DVC repository whose stages take what they are told to: what the grid is tried on without training anything."""

from pathlib import Path

from tiny import run

STAGE = '''"""Wait, note that this ran, write a file in two halves: {name, inputs}."""

import os, sys, time
from pathlib import Path

name, seconds, *inputs = sys.argv[1:]
with open(os.environ.get("TOY_RAN", "ran.txt"), "a") as ran:
    ran.write(name + "\\n")
text = "".join(Path(path).read_text() for path in inputs)
output = Path("out", name + ".txt")
output.parent.mkdir(exist_ok=True)
output.write_text("half of " + name)
time.sleep(float(seconds))
if "fail" in Path("params.yaml").read_text() and name == "b2":
    sys.exit("b2 always fails")
output.write_text(f"{name}({text})")
'''

DVC = """\
stages:
  a:
    matrix: {n: [1, 2, 3, 4]}
    cmd: python stage.py a${item.n} ${seconds.a} seed.txt
    deps: [seed.txt, stage.py]
    outs: ["out/a${item.n}.txt"]
  b:
    matrix: {n: [1, 2, 3, 4]}
    cmd: python stage.py b${item.n} ${seconds.b} out/a${item.n}.txt
    deps: ["out/a${item.n}.txt", stage.py]
    outs: ["out/b${item.n}.txt"]
  c:
    matrix: {n: [1, 2]}
    cmd: python stage.py c${item.n} ${seconds.c} out/b${item.n}.txt
    deps: ["out/b${item.n}.txt", stage.py]
    metrics:
      - out/c${item.n}.txt: {cache: false}
  d:
    cmd: python stage.py d ${seconds.d} out/c1.txt out/c2.txt out/b3.txt out/b4.txt
    deps: [out/c1.txt, out/c2.txt, out/b3.txt, out/b4.txt, stage.py]
    outs: [out/d.txt]
"""

NAMES = ["a@1", "a@2", "a@3", "a@4", "b@1", "b@2", "b@3", "b@4", "c@1", "c@2", "d"]


def make(folder: Path, seconds: float = 0.0, params: str = "") -> Path:
    """A git and DVC repository of eleven stages that each wait this long."""
    folder.mkdir(parents=True, exist_ok=True)
    each = f"{{a: {seconds}, b: {seconds}, c: {seconds}, d: {seconds}}}"
    (folder / "params.yaml").write_text(f"seconds: {each}\n{params}", encoding="utf-8")
    (folder / "dvc.yaml").write_text(DVC, encoding="utf-8")
    (folder / "stage.py").write_text(STAGE, encoding="utf-8")
    (folder / "seed.txt").write_text("s", encoding="utf-8")
    (folder / ".gitignore").write_text("/.xstilts/\n/out/\n/ran.txt\n", encoding="utf-8")
    run(folder, "git", "init", "-q")
    run(folder, "dvc", "init", "-q")
    run(folder, "dvc", "config", "core.analytics", "false")
    run(folder, "git", "add", "-A")
    run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "start")
    return folder


def ran(folder: Path) -> list[str]:
    """The stages whose command began, in order, as often as it did."""
    path = folder / "ran.txt"
    return path.read_text(encoding="utf-8").split() if path.exists() else []
