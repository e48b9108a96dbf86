import errno
import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlflow_store import digit, everything, states
from xstilts.tracking import outbox, records, scores, store, sync, training_run
from xstilts.tracking.lightning_logger import RunLogger

pytest_plugins = ["mlflow_store"]
pytestmark = pytest.mark.usefixtures("repository")
FOLDER = Path("trainings/target/mnli/xnli/seed1")
NEVER = float("inf")


def subject(**more) -> training_run.TrainingRun:
    return training_run.TrainingRun("world", "tiny", "target", 1, "mnli", "xnli", **more)


def learn(*, steps: int = 20, patience: float = NEVER, first: int = 0, rate: float = 0.1, speed: float = 900.0) -> None:
    """A training, as training.py drives the logger."""
    with RunLogger(subject(), patience=patience, interval=0.05) as logger:
        logger.begin(digit(rate), {"recipe": {"rate": rate}})
        for step in range(first, steps):
            logger.log_metrics({"train/loss": 1 / (step + 1), "train/tokens_per_second": speed, "epoch": 0}, step)
        logger.finalize("success")
        logger.log_metrics({"validation/xnli": 0.5}, steps - 1)
        logger.finish(FOLDER, metrics={"final/xnli": 0.5}, provenance={"git_commit": "c" * 40, "seconds": 2.0})


def run():
    (found,) = store.connect().search(["world"])
    return found


def flush() -> None:
    outbox.send_all(store.connect())


def test_a_short_training_opens_no_store_and_the_next_stage_sends_its_curve():
    learn()
    assert store.connect().studies() == []
    flush()
    assert run().info.status == "FINISHED"
    assert [(value, step) for _, value, _, step in store.connect().history(run().info.run_id, "train/loss")] == [
        (1 / (step + 1), step) for step in range(20)
    ]
    assert run().data.metrics.keys() == {"train/loss", "train/tokens_per_second", "validation/xnli", "final/xnli"}
    assert not list(outbox.FOLDER.glob("*.jsonl"))


def test_a_long_training_shows_its_curve_while_it_runs():
    with RunLogger(subject(), patience=0, interval=0.05) as logger:
        logger.begin(digit("long"), {})
        logger.log_metrics({"train/loss": 0.5}, 1)
        deadline = time.monotonic() + 60
        while not store.connect().search(["world"]) or "train/loss" not in run().data.metrics:
            assert time.monotonic() < deadline, "the point did not arrive"
            time.sleep(0.05)
        assert run().info.status == "RUNNING"
        assert run().data.tags["process"] == outbox.this_process()
        logger.finish(FOLDER, provenance={})
    flush()
    assert run().info.status == "FINISHED"
    assert run().data.tags["process"] == ""


def test_the_record_restores_the_same_run(empty_database, repository):
    from mlflow_store import renew

    learn()
    flush()
    before = everything()
    renew(repository, empty_database)
    scores.restore(Path("scores"), trainings=Path("trainings"), study="world", profile="tiny")
    assert everything() == before


def test_the_same_training_done_again_adds_nothing_but_its_costs():
    learn()
    flush()
    first = run()
    learn(speed=700.0)
    flush()
    assert run().info.run_id == first.info.run_id
    assert run().data.metrics == {**first.data.metrics, "train/tokens_per_second": 700.0}
    scores.restore(Path("scores"), trainings=Path("trainings"), study="world", profile="tiny")


def test_the_same_training_with_another_result_takes_the_firsts_place():
    learn(steps=20)
    flush()
    learn(steps=10)
    flush()
    assert run().data.metrics["train/loss"] == 1 / 10
    scores.restore(Path("scores"), trainings=Path("trainings"), study="world", profile="tiny")


def test_another_parameter_supersedes_the_older_training():
    learn()
    learn(rate=0.2)
    flush()
    assert states() == [
        ("training:target/mnli/xnli/seed1", "false", "FINISHED"),
        ("training:target/mnli/xnli/seed1", "true", "FINISHED"),
    ]


@pytest.mark.parametrize(("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_training_that_stops_ends_its_run(error, status):
    with pytest.raises(error), RunLogger(subject(), patience=NEVER) as logger:
        logger.begin(digit(0.1), {})
        logger.log_metrics({"train/loss": 0.5}, 1)
        raise error
    flush()
    assert (run().info.status, run().data.metrics) == (status, {"train/loss": 0.5})


def test_lightnings_own_handling_of_ctrl_c_ends_the_run_as_killed():
    with pytest.raises(SystemExit), RunLogger(subject(), patience=NEVER) as logger:
        logger.begin(digit(0.1), {})
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            logger.finalize("failed")
        sys.exit(1)
    flush()
    assert run().info.status == "KILLED"


def test_a_training_begun_again_after_a_failure_resumes_its_run_and_logs_no_step_twice():
    with pytest.raises(ValueError), RunLogger(subject(), patience=NEVER) as logger:
        logger.begin(digit(0.1), {"recipe": {"rate": 0.1}})
        for step in range(8):
            logger.log_metrics({"train/loss": 1 / (step + 1)}, step)
        raise ValueError
    flush()
    failed = run().info.run_id
    learn(first=5)
    flush()
    assert (run().info.run_id, run().info.status) == (failed, "FINISHED")
    assert [point[3] for point in store.connect().history(failed, "train/loss")] == list(range(20))
    curve = records.read_training(FOLDER).curve
    assert [step for name, _, _, step in curve if name == "train/loss"] == list(range(20))


def test_a_training_that_was_killed_without_warning_is_ended_by_the_next_stage():
    code = (
        "import os, signal\nfrom test_lightning_logger import subject, digit, RunLogger\n"
        "with RunLogger(subject(), patience=float('inf')) as logger:\n"
        " logger.begin(digit(0.1), {})\n logger.log_metrics({'train/loss': 0.5}, 1)\n logger.finalize('success')\n"
        " os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment())
    assert done.returncode == -signal.SIGKILL
    flush()
    assert (run().info.status, run().data.metrics) == ("KILLED", {"train/loss": 0.5})
    learn(first=1)
    flush()
    assert run().info.status == "FINISHED"


def environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_a_line_cut_short_by_a_crash_is_left_out():
    learn()
    (path,) = outbox.FOLDER.glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-30])
    assert outbox.Outgoing(path).writer() == outbox.this_process()
    assert len(outbox.Outgoing(path).curve()) == 41


def test_a_file_that_lost_its_beginning_is_put_aside_and_told_and_stops_no_later_command(caplog):
    learn()
    (path,) = outbox.FOLDER.glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[1:]))
    flush()
    assert f"{path.name} does not begin with the run" in caplog.text
    assert not path.exists()
    assert path.with_suffix(outbox.UNREADABLE).exists()
    scores.restore(Path("scores"), trainings=Path("trainings"), study="world", profile="tiny")
    assert run().data.metrics.keys() == {"train/loss", "train/tokens_per_second", "validation/xnli", "final/xnli"}


@pytest.mark.parametrize(
    "rubbish", [b'{"event": "points", "poi', b"null", b"[" * 100_000, b"\xff\xfe", b'{"event": 3}']
)
def test_a_half_line_of_a_full_disk_or_a_kill_loses_itself_and_nothing_else(rubbish, caplog):
    """What follows a line without an end begins a line of its own; before, both were unreadable for ever."""
    learn(first=1)
    (path,) = outbox.FOLDER.glob("*.jsonl")
    path.write_bytes(path.read_bytes() + rubbish)
    letter = outbox.Outgoing(path)
    letter.points([("train/loss", 0.125, 1, 99)])
    learn()
    flush()
    assert (run().info.status, "a line was cut short" in caplog.text) == ("FINISHED", True)
    assert 99 in [point[3] for point in store.connect().history(run().info.run_id, "train/loss")]
    assert not path.exists()


def test_a_full_disk_leaves_no_half_line_and_names_the_file(monkeypatch, tmp_path):
    letter = outbox.Outgoing(tmp_path / "run.jsonl")
    letter.points([("a", 1.0, 1, 1)])
    before = letter.path.read_bytes()
    opened = Path.open

    class Full(io.FileIO):
        def write(self, content):
            super().write(content[:5])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda self, *words, **named: Full(str(self), "a+"))
    with pytest.raises(OSError, match=r"No space left on device; nothing of it was written.*run\.jsonl"):
        letter.points([("a", 2.0, 2, 2)])
    monkeypatch.setattr(Path, "open", opened)
    assert letter.path.read_bytes() == before


def test_a_curve_that_cannot_be_written_is_told_at_once_and_at_the_end_and_written_when_there_is_room(
    monkeypatch, caplog
):
    append, full = outbox.Outgoing._append, [True]

    def limited(self, event):
        if full[0] and event["event"] == "points":
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, event)

    monkeypatch.setattr(outbox.Outgoing, "_append", limited)
    with RunLogger(subject(), patience=0, interval=0.02) as logger:
        logger.begin(digit(0.1), {})
        for step in range(5):
            logger.log_metrics({"train/loss": 0.5}, step)
            time.sleep(0.05)
        assert caplog.text.count("training goes on") == 1
        assert "No space left on device" in caplog.text
        assert logger._thread.is_alive()
        full[0] = False
        logger.finish(FOLDER, provenance={})
    assert len(records.read_training(FOLDER).curve) == 5
    flush()
    assert len(store.connect().history(run().info.run_id, "train/loss")) == 5


def test_what_the_curve_could_not_send_by_its_end_is_told_again(monkeypatch, caplog):
    monkeypatch.setattr(store, "connect", lambda: (_ for _ in ()).throw(RuntimeError("broken")))
    with RunLogger(subject(), patience=0, interval=0.02) as logger:
        logger.begin(digit(0.1), {})
        logger.log_metrics({"train/loss": 0.5}, 1)
        time.sleep(0.2)
        logger.finish(FOLDER, provenance={})
    assert caplog.text.count("training goes on") == 1
    assert "the training is over; its curve is in .xstilts/outbox" in caplog.text


def test_sending_again_after_a_crash_between_sending_and_deleting_changes_nothing():
    learn()
    (path,) = outbox.FOLDER.glob("*.jsonl")
    kept = path.read_bytes()
    flush()
    before = everything()
    path.write_bytes(kept)
    flush()
    assert everything() == before


def test_a_store_that_is_away_is_told_once_and_everything_arrives_later(monkeypatch, caplog):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:geheim@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with RunLogger(subject(), patience=0, interval=0.05) as logger:
        logger.begin(digit(0.1), {})
        for step in range(10):
            logger.log_metrics({"train/loss": 0.5}, step)
            time.sleep(0.1)
        logger.finish(FOLDER, provenance={})
    told = [record for record in caplog.records if "training goes on" in record.getMessage()]
    assert len(told) == 1
    assert "geheim" not in caplog.text
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    flush()
    assert len(store.connect().history(run().info.run_id, "train/loss")) == 10


def test_other_ranks_log_nothing(monkeypatch):
    from lightning_fabric.utilities.rank_zero import rank_zero_only

    monkeypatch.setattr(rank_zero_only, "rank", 1)
    learn()
    assert not FOLDER.exists()
    assert not outbox.FOLDER.exists()


def test_the_baselines_training_has_a_record_and_a_run_without_a_curve():
    training_run.record(
        FOLDER, subject(), digit("copy"), parameters={"steps": 0}, metrics={"steps": 0.0}, provenance={}, now=1000
    )
    flush()
    assert (run().info.status, run().data.metrics) == ("FINISHED", {"steps": 0.0})
    scores.restore(Path("scores"), trainings=Path("trainings"), study="world", profile="tiny")
    assert sync.finished(run())


def test_a_phase_that_there_is_not_is_an_error():
    with pytest.raises(ValueError, match="allowed: pretrained, intermediate, target"):
        training_run.TrainingRun("world", "tiny", "tuning", 1)
