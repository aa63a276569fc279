import os
import signal
import subprocess

import pytest

pytest.importorskip("ray")

from whyshare.cli import main
from whyshare.data.errors import InputError
from whyshare.inference import job as job_module
from whyshare.inference.job import Job, run_job

pytestmark = pytest.mark.slow


@pytest.fixture
def posts(tmp_path, monkeypatch):
    monkeypatch.setattr(job_module, "CHUNK", 32)
    monkeypatch.setattr(job_module, "TICK", None)  # progress tells of saved parts alone
    path = tmp_path / "posts.csv"
    rows = "".join(f"{number},求助 the {number} win {'help ' * (number % 9)}\n" for number in range(2000))
    path.write_text("id,text\n" + rows, encoding="utf-8")
    return path


def workers_now():
    found = subprocess.run(["pgrep", "-f", "ray::ClusterWorker"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def test_a_cluster_gives_the_same_file_though_a_worker_is_killed(posts, tiny_model, tmp_path):
    run_job(Job((str(posts),), tmp_path / "alone.csv", tiny_model))
    killed = []

    def kill_one(done, total):
        if done > 10 * 32 and not killed:
            killed.append(workers_now()[0])
            os.kill(killed[0], signal.SIGKILL)

    run_job(Job((str(posts),), tmp_path / "cluster.csv", tiny_model, ray="local", workers=2), kill_one)
    assert killed
    assert (tmp_path / "cluster.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()
    assert not (tmp_path / "cluster.csv.parts").exists()


def test_what_was_stopped_alone_goes_on_on_a_cluster(posts, tiny_model, tmp_path):
    class Stop(Exception):
        pass

    def stop(done, total):
        if done > 20 * 32:
            raise Stop

    run_job(Job((str(posts),), tmp_path / "whole.csv", tiny_model))
    with pytest.raises(Stop):
        run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model), stop)
    command = ["label", str(posts), "-o", str(tmp_path / "out.csv"), "--model", str(tiny_model), "--quiet"]
    assert main([*command, "--ray", "--workers", "1"]) == 0
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_no_cluster_is_one_line(posts, tiny_model, tmp_path):
    with pytest.raises(InputError, match=r"no Ray cluster at 127\.0\.0\.1:1 .*ray start --head"):
        run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model, ray="127.0.0.1:1"))
