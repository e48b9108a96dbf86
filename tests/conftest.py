"""What every test shares: no network, a tokenizer and an encoder small enough to read, the repository's root."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the reproduced pipeline comes first: where files are shared out to processes, it takes longest."""
    items.sort(key=lambda item: "reproduced" not in getattr(item, "fixturenames", ()))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine is an error."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise OSError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkpoint folder with a small tokenizer and an encoder of random weights: `encoder/`, `card.json`."""
    from xstilts.model.settings import Model
    from xstilts.training import pretraining

    folder = tmp_path_factory.mktemp("start")
    text = folder / "text"
    text.mkdir()
    (text / "eng.txt").write_text(
        "".join(f"the cat number {i} sat on the mat .\n" for i in range(50)), encoding="utf-8"
    )
    (text / "arb.txt").write_text("".join(f"جلس القط رقم {i} على السجادة .\n" for i in range(50)), encoding="utf-8")
    (text / "tha.txt").write_text("".join(f"แมวตัวที่ {i} นั่งบนเสื่อ\n" for i in range(50)), encoding="utf-8")
    model = Model(vocabulary=300, layers=2, hidden=32, heads=2, feed_forward=64, positions=130, dropout=0.1, seed=3)
    pretraining.fresh(model, text, folder / "pretrained", alpha=1.0, seed=3)
    yield folder / "pretrained"


@pytest.fixture
def job(start: Path, tmp_path: Path) -> Any:
    """A target training on 24 made pairs, from `start`; nothing has run yet."""
    from toy_training import RECIPE, pairs
    from xstilts.training.job import Job, Material

    return Job("target", "toy", 1, start, Material((pairs(tmp_path / "toy"),)), RECIPE, tmp_path / "out")


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which `dvc repro` ran a tiny grid from nothing to the report. Read only."""
    import tiny

    folder = tiny.copy(tmp_path_factory.mktemp("reproduced"))
    tiny.run(folder, "dvc", "repro")
    return folder


@pytest.fixture
def workspace(reproduced: Path, tmp_path: Path) -> Path:
    """A copy of `reproduced` to change; its DVC cache and MLflow store come along."""
    folder = tmp_path / "workspace"
    shutil.copytree(reproduced, folder, symlinks=True)
    return folder
