import os
import signal
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("ray.data")

import ray
from ray.cluster_utils import Cluster

from whyshare.cli import main
from whyshare.data.errors import InputError
from whyshare.inference import cluster as cluster_module
from whyshare.inference import job as job_module
from whyshare.inference.cluster import label_on_cluster
from whyshare.inference.job import Job, run_job
from whyshare.models.settings import BUNDLED

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
    found = subprocess.run(
        ["pgrep", "-s", "0", "-f", r"ray::MapWorker\(.*ClusterWorker"], capture_output=True, text=True
    )
    return [int(pid) for pid in found.stdout.split()]


def once(done_posts, what):
    """Give a progress that does something once, when so many posts are done, and the list of what it gave."""
    results = []

    def progress(done, total):
        if done > done_posts and not results:
            results.append(what())

    return progress, results


def test_a_cluster_gives_the_same_file_though_a_worker_is_killed(posts, tiny_model, tmp_path, capfd):
    run_job(Job((str(posts),), tmp_path / "alone.csv", tiny_model))
    progress, killed = once(10 * 32, lambda: os.kill(workers_now()[0], signal.SIGKILL))
    run_job(Job((str(posts),), tmp_path / "cluster.csv", tiny_model, ray="local", workers=2), progress)
    assert killed
    assert (tmp_path / "cluster.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()
    assert not (tmp_path / "cluster.csv.parts").exists()
    assert capfd.readouterr() == ("", "")


def test_a_machine_short_of_memory_labels_all_the_same(posts, tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_memory_usage_threshold", "0.01")  # above which Ray kills workers
    assert run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model, limit=64, ray="local", workers=1)).posts == 64


def test_a_lost_machine_leaves_its_posts_to_the_others(posts, tiny_model, tmp_path):
    run_job(Job((str(posts),), tmp_path / "alone.csv", tiny_model))
    machines = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        other = machines.add_node(num_cpus=1)
        progress, lost = once(10 * 32, lambda: machines.remove_node(other, allow_graceful=False))
        run_job(Job((str(posts),), tmp_path / "cluster.csv", tiny_model, ray=machines.address), progress)
    finally:
        machines.shutdown()
    assert lost
    assert (tmp_path / "cluster.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_says_how_to_go_on(tiny_model, tmp_path, number):
    (tmp_path / "big.txt").write_text("\n".join(f"the {number} win" for number in range(60_000)), encoding="utf-8")
    command = [sys.executable, "-m", "whyshare", "label", "big.txt", "--model", str(tiny_model), "-o", "o.csv", "--ray"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not list(tmp_path.glob("o.csv.parts/*.npz")) and process.poll() is None:
        time.sleep(0.05)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does: Ray's processes get it too
    else:
        process.send_signal(number)
    printed = process.communicate(timeout=60)
    assert printed == ("", "whyshare: stopped; run the same command again to go on where it was\n")
    assert process.returncode == 130


def test_reading_waits_for_the_workers_and_ray_s_end_for_its_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_module, "AHEAD", 2**20)
    log, chunks = tmp_path / "read", 400

    def read():
        for number in range(chunks):
            with log.open("a") as file:
                file.write(".")
            yield number, [f"{number} {post} " + "win " * 5000 for post in range(8)]  # 160 kB, and longer than is read

    results = label_on_cluster(read, chunks, BUNDLED, "cpu", "local", 1)  # which takes a second for six chunks
    next(results)
    time.sleep(5)
    assert log.stat().st_size < chunks / 2
    left, shutdown = [], ray.shutdown
    monkeypatch.setattr(ray, "shutdown", lambda: left.extend(map(str, threading.enumerate())) or shutdown())
    results.close()
    assert left
    assert not [thread for thread in left if "iter_threaded" in thread or "StreamingExecutor" in thread]


def test_a_worker_with_another_model_is_one_line(posts, tiny_model, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(cluster_module, "model_fingerprints", lambda folder: ["of the files on this machine"])
    with pytest.raises(InputError, match=r"^a worker of the cluster has another model in .*; copy the same folder to"):
        run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model, ray="local", workers=1))
    assert not ray.is_initialized()
    assert capfd.readouterr() == ("", "")


def test_a_worker_that_cannot_start_is_one_line(posts, tiny_model, tmp_path, monkeypatch, capfd):
    class Other:
        """The worker of another whyshare."""

        def __init__(self, *_):
            raise ModuleNotFoundError("No module named 'whyshare'")

        def __call__(self, window):
            return window

    monkeypatch.setattr(cluster_module, "ClusterWorker", Other)
    with pytest.raises(
        InputError, match=r"^the cluster failed \(ModuleNotFoundError: .*; see that every machine has the"
    ):
        run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model, ray="local", workers=1))
    assert capfd.readouterr() == ("", "")


def test_gpus_that_no_machine_has_are_one_line(posts, tiny_model, tmp_path, capsys):
    if ray_gpus := os.environ.get("CUDA_VISIBLE_DEVICES"):
        pytest.skip(f"this machine has GPUs ({ray_gpus})")
    command = ["label", str(posts), "-o", str(tmp_path / "out.csv"), "--model", str(tiny_model), "--ray"]
    assert main([*command, "--device", "cuda"]) == 2
    error = capsys.readouterr().err
    assert "no machine of the cluster has a GPU; leave --device out, or join one that has" in error
    assert error.count("\n") == 1


def test_an_error_of_ray_without_a_word_is_named(monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(InputError, match=r"^no Ray cluster at auto \(RuntimeError\); "):
        next(label_on_cluster(lambda: iter(()), 1, BUNDLED, "cpu", "auto"))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:1", r"no Ray cluster at 127\.0\.0\.1:1 .*ray start --head"),
        ("ray://127.0.0.1:1", r"ray://127\.0\.0\.1:1 is for machines outside a cluster; .*ray start --address"),
    ],
)
def test_no_cluster_is_one_line(posts, tiny_model, tmp_path, address, message):
    with pytest.raises(InputError, match=message):
        run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model, ray=address))
