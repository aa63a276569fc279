import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whyshare.cli import main
from whyshare.data import writing
from whyshare.data.errors import InputError
from whyshare.data.reading import read_posts
from whyshare.inference import job as job_module
from whyshare.inference import parts as parts_module
from whyshare.inference.chunks import WINDOW, windows
from whyshare.inference.job import Job, run_job
from whyshare.inference.labeller import Labeller
from whyshare.inference.parts import Parts

WORDS = ["今天", "转发", "求助", "help", "win", "😂", "好", "the", "you", "", "小心", "a b c"]


def texts(count, seed=0):
    rng = random.Random(seed)
    return ["".join(rng.choices(WORDS, k=rng.randint(0, 12))) for _ in range(count)]


@pytest.fixture
def posts(tmp_path):
    path = tmp_path / "posts.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "内容", "motive"])
        writer.writerows([number, text, "mine"] for number, text in enumerate(texts(500)))
    return path


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(job_module, "CHUNK", 32)
    monkeypatch.setattr(job_module, "TICK", None)  # progress tells of saved parts alone


def test_every_column_is_kept_and_every_post_labelled(posts, tiny_model, tmp_path):
    summary = run_job(Job((str(posts),), tmp_path / "out.jsonl", tiny_model))
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    labelled = Labeller.load(tiny_model).label(texts(500))
    assert [row["内容"] for row in rows] == texts(500)
    assert [row["motive"] for row in rows] == ["mine"] * 500
    assert [row["motive_whyshare"] for row in rows] == [str(one.motive or "") for one in labelled]
    assert [row["p_help"] for row in rows] == [one.probabilities["help"] for one in labelled]
    assert summary.posts == 500
    assert summary.no_text == sum(one.motive is None for one in labelled) > 0
    assert summary.uncertain == sum(row["uncertain"] for row in rows)
    assert sum(summary.motives.values()) + summary.no_text == 500
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "posts.csv"]


@pytest.mark.parametrize(("workers", "chunk"), [(1, 7), (3, 50), (2, 5000)])
def test_the_output_does_not_depend_on_workers_or_chunks(posts, tiny_model, tmp_path, monkeypatch, workers, chunk):
    run_job(Job((str(posts),), tmp_path / "a.csv", tiny_model))
    monkeypatch.setattr(job_module, "CHUNK", chunk)
    run_job(Job((str(posts),), tmp_path / "b.csv", tiny_model, workers=workers))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_the_same_posts_in_four_kinds_of_file_get_the_same_labels(tiny_model, tmp_path):
    from whyshare.data.writing import open_writer

    rows = [{"id": str(number), "text": text or "x"} for number, text in enumerate(texts(60))]
    paths = [tmp_path / name for name in ("a.csv", "a.xlsx", "a.parquet", "gbk.csv")]
    for path in paths[:3]:
        with open_writer(path, ["id", "text"]) as writer:
            for row in rows:
                writer.write(row)
    paths[3].write_bytes(paths[0].read_bytes().decode("utf-8-sig").encode("gb18030"))
    outputs = []
    for path in paths:
        run_job(Job((str(path),), tmp_path / f"{path.name}.jsonl", tiny_model))
        outputs.append((tmp_path / f"{path.name}.jsonl").read_text(encoding="utf-8"))
    assert len(set(outputs)) == 1


def test_a_file_that_was_labelled_before_gets_the_same_labels_again(tiny_model, tmp_path):
    source = tmp_path / "posts.csv"
    source.write_text("id,text\n1,@friend help\n2,=1+1 win\n3,'=quoted the\n4,plain\n", encoding="utf-8")
    run_job(Job((str(source),), tmp_path / "once.csv", tiny_model))
    run_job(Job((str(tmp_path / "once.csv"),), tmp_path / "twice.csv", tiny_model))
    with (tmp_path / "twice.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == ["'@friend help", "'=1+1 win", "''=quoted the", "plain"]
    for row in rows:
        assert (row["motive"], row["p_help"]) == (row["motive_whyshare"], row["p_help_whyshare"])


def test_bad_rows_go_to_the_rejects_with_their_reason(tiny_model, tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("id,text\n1,good\n2,too,many\n3,fine\n", encoding="utf-8")
    assert main(["label", str(path), "-o", str(tmp_path / "out.csv"), "--model", str(tiny_model), "--quiet"]) == 1
    assert [post.text for post in read_posts(tmp_path / "out.csv")] == ["good", "fine"]
    [reject] = (tmp_path / "out.csv.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    expected = {"file": str(path), "row": 3, "reason": "3 fields where the header has 2", "raw": "2,too,many"}
    assert json.loads(reject) == expected


class Killed(Exception):
    pass


def stop_after(parts):
    def progress(done, total):
        if done >= parts * job_module.CHUNK:
            raise Killed

    return progress


def test_a_stopped_run_goes_on_and_ends_like_an_undisturbed_one(posts, tiny_model, tmp_path):
    run_job(Job((str(posts),), tmp_path / "whole.csv", tiny_model))
    job = Job((str(posts),), tmp_path / "out.csv", tiny_model)
    for count in (2, 5):
        with pytest.raises(Killed):
            run_job(job, stop_after(count))
        assert not (tmp_path / "out.csv").exists()
    assert run_job(job).resumed_posts >= 5 * 32
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_the_short_last_chunk_counts_as_what_it_holds(posts, tiny_model, tmp_path):
    job = Job((str(posts),), tmp_path / "out.csv", tiny_model)
    with pytest.raises(Killed):
        run_job(job, stop_after(500 / 32))
    (tmp_path / "out.csv.parts/000000.npz").unlink()
    assert run_job(job).resumed_posts == 500 - 32


@given(st.integers(1, 60), st.integers(1, 8))
def test_windows_hold_every_chunk_once_and_begin_and_end_small(count, workers):
    groups = list(windows(((number, []) for number in range(count)), count, workers))
    assert len(groups[0]) == 1
    assert [number for group in groups for number, _ in group] == list(range(count))
    assert all(len(group) <= min(WINDOW, -(-(count - group[0][0]) // workers)) for group in groups)


def test_an_output_that_cannot_hold_the_posts_is_refused_before_the_work(posts, tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "EXCEL_ROWS", 500)
    with pytest.raises(InputError, match=r"out\.xlsx cannot hold more than 500 rows; write to \.csv or \.parquet"):
        run_job(Job((str(posts),), tmp_path / "out.xlsx", tiny_model))
    assert not list(tmp_path.glob("out.xlsx*"))


def test_another_input_or_setting_is_refused_unless_restarted(posts, tiny_model, tmp_path):
    job = Job((str(posts),), tmp_path / "out.csv", tiny_model)
    with pytest.raises(Killed):
        run_job(job, stop_after(2))
    drop_first_post(posts)
    with pytest.raises(InputError, match=r"unfinished work with another input.*--restart"):
        run_job(job)
    with pytest.raises(InputError, match="another input and device"):
        run_job(replace(job, device="torch-cpu"))
    with pytest.raises(InputError, match="another input and setting"):
        run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model, limit=9))
    assert run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model, restart=True)).posts == 499


@pytest.mark.parametrize("stopped", [False, True])
def test_an_input_that_grows_costs_no_finished_work(posts, tiny_model, tmp_path, caplog, stopped):
    job = Job((str(posts),), tmp_path / "out.csv", tiny_model)
    run_job(replace(job, output=tmp_path / "whole.csv"))

    def grow(done, total):
        with posts.open("a", encoding="gb18030") as file:
            file.write("501,more,x\n")
        if stopped:
            stop_after(2)(done, total)

    if stopped:
        with pytest.raises(Killed):
            run_job(job, grow)
        summary = run_job(job)
        assert summary.resumed_posts >= 64
    else:
        summary = run_job(job, grow)
    assert summary.later_posts > 0
    assert f"{summary.later_posts} posts came in while the others were labelled" in caplog.text
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def drop_first_post(path):
    header, _, *rows = path.read_bytes().splitlines(keepends=True)
    path.with_name("changed.csv").write_bytes(b"".join([header, *rows]))
    path.with_name("changed.csv").replace(path)


def test_an_input_that_changes_while_it_is_labelled_is_refused(posts, tiny_model, tmp_path):
    job = Job((str(posts),), tmp_path / "out.csv", tiny_model)
    message = "^the input changed while it was labelled; add --restart to label it as it is now$"
    with pytest.raises(InputError, match=message):
        run_job(job, lambda done, total: drop_first_post(posts) if done == total else None)
    assert not (tmp_path / "out.csv").exists()
    with pytest.raises(InputError, match=r"another input.*--restart"):
        run_job(job)
    assert run_job(replace(job, restart=True)).posts == 499


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1,help\n2,help,x\n3,win\n", "1,help\n2,help\n3,win\n"),  # a row that was rejected
        ("1,help\n2,help\n", "1,help\n2,help,x\n"),  # one that is now
        ("1,help\n2,win\n", "2,win\n1,help\n"),
        ('{"text": "help"}\n', '{"text": "help", "city": "北京"}\n'),
    ],
)
def test_every_change_while_the_output_is_to_come_is_noticed(tiny_model, tmp_path, before, after):
    source = tmp_path / ("posts.jsonl" if before[0] == "{" else "posts.csv")
    head = "" if before[0] == "{" else "id,text\n"
    source.write_text(head + before, encoding="utf-8")

    def change(done, total):
        if done == total:
            source.write_text(head + after, encoding="utf-8")

    with pytest.raises(InputError, match="the input changed while it was labelled; add --restart"):
        run_job(Job((str(source),), tmp_path / "out.csv", tiny_model), change)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv.parts", source.name]


def test_labels_of_a_changed_input_are_not_joined_to_it_when_it_is_back(posts, tiny_model, tmp_path):
    run_job(Job((str(posts),), tmp_path / "whole.csv", tiny_model))
    header, *rows = posts.read_bytes().splitlines(keepends=True)
    job = Job((str(posts),), tmp_path / "out.csv", tiny_model)

    def change_and_stop(done, total):
        posts.write_bytes(b"".join([header, *rows[::-1]]))
        stop_after(2)(done, total)

    with pytest.raises(Killed):
        run_job(job, change_and_stop)
    posts.write_bytes(b"".join([header, *rows]))
    with pytest.raises(InputError, match="the input changed while it was labelled; add --restart"):
        run_job(job)
    run_job(replace(job, restart=True))
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_an_input_that_is_cut_short_while_it_is_labelled_is_noticed(posts, tiny_model, tmp_path):
    rows = posts.read_bytes().splitlines(keepends=True)
    with pytest.raises(InputError, match="the input changed while it was labelled"):
        run_job(
            Job((str(posts),), tmp_path / "out.csv", tiny_model), lambda *_: posts.write_bytes(b"".join(rows[:100]))
        )


def test_rows_that_change_outside_the_main_file_of_a_database_are_noticed(tiny_model, tmp_path):
    with closing(sqlite3.connect(tmp_path / "posts.db")) as database:
        database.execute("pragma journal_mode=wal")
        database.execute("create table posts (text)")
        database.executemany("insert into posts values (?)", [("help",)] * 100)
        database.commit()
        database.execute("pragma wal_checkpoint(truncate)")
        job = Job((str(tmp_path / "posts.db"),), tmp_path / "out.csv", tiny_model)
        with pytest.raises(Killed):
            run_job(job, stop_after(2))
        database.execute("update posts set text = 'win' where rowid = 1")
        database.commit()
        with pytest.raises(InputError, match=r"another input.*--restart"):
            run_job(job)


def test_a_file_that_is_saved_anew_with_the_same_texts_is_gone_on_with(posts, tiny_model, tmp_path):
    job = Job((str(posts),), tmp_path / "out.csv", tiny_model)
    with pytest.raises(Killed):
        run_job(job, stop_after(2))
    saved = posts.read_bytes().decode("gb18030").replace("mine", "yours")
    posts.write_text(saved, encoding="utf-8-sig")
    assert run_job(job).resumed_posts >= 64
    assert {post.fields["motive"] for post in read_posts(tmp_path / "out.csv")} == {"yours"}


def test_texts_that_are_cut_or_damaged_keep_their_labels(tiny_model, tmp_path):
    source = tmp_path / "posts.jsonl"
    source.write_text(json.dumps({"text": "help " * 5000}) + '\n{"text": "win \\ud83d"}\n', encoding="utf-8")
    assert run_job(Job((str(source),), tmp_path / "out.csv", tiny_model)).posts == 2


def test_parts_of_one_sheet_are_not_taken_for_another(tiny_model, tmp_path):
    book = openpyxl.Workbook()
    for name in "AB":
        sheet = book.create_sheet(name)
        for text in ["text", *(f"{name} help {number}" for number in range(80))]:
            sheet.append([text])
    book.save(tmp_path / "posts.xlsx")
    job = Job((f"{tmp_path}/posts.xlsx::A",), tmp_path / "out.csv", tiny_model)
    with pytest.raises(Killed):
        run_job(job, stop_after(2))
    with pytest.raises(InputError, match="unfinished work with another input"):
        run_job(replace(job, inputs=(f"{tmp_path}/posts.xlsx::B",)))


def test_a_damaged_part_is_computed_again(posts, tiny_model, tmp_path):
    job = Job((str(posts),), tmp_path / "out.csv", tiny_model)
    with pytest.raises(Killed):
        run_job(job, stop_after(2))
    part = min((tmp_path / "out.csv.parts").glob("*.npz"))
    part.write_bytes(part.read_bytes()[:50])
    with pytest.raises(InputError, match="is damaged"):
        run_job(job)
    assert run_job(job).posts == 500


def test_copies_of_parts_are_not_taken_for_parts(posts, tiny_model, tmp_path):
    job = Job((str(posts),), tmp_path / "out.csv", tiny_model)
    with pytest.raises(Killed):
        run_job(job, stop_after(2))
    (tmp_path / "out.csv.parts/000001 (1).npz").write_bytes(b"of a program that copies folders")
    assert run_job(job).posts == 500
    assert not (tmp_path / "out.csv.parts").exists()


@pytest.mark.parametrize("restart", [False, True])
def test_a_folder_of_others_is_not_taken_for_unfinished_work(tiny_model, tmp_path, restart):
    source = tmp_path / "out.csv.parts/posts.csv"
    source.parent.mkdir()
    source.write_text("text\nhelp\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"out\.csv\.parts is in the way and holds no unfinished work; move it"):
        run_job(Job((str(source),), tmp_path / "out.csv", tiny_model, restart=restart))
    assert source.is_file()


def test_two_runs_on_one_output_are_kept_apart(posts, tiny_model, tmp_path):
    with Parts(tmp_path / "out.csv").locked(), pytest.raises(InputError, match="another run is writing"):
        run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model))


def test_a_place_that_takes_no_file_is_not_said_to_be_taken(tmp_path):
    name = "x" * 250  # which is too long with an ending
    with pytest.raises(InputError, match=rf"cannot write .*{name} \(.+\)"), Parts(tmp_path / name).locked():
        pass


def test_a_full_disk_is_one_line_and_keeps_what_is_done(posts, tiny_model, tmp_path, monkeypatch):
    real_save = Parts.save

    def save(self, number, part):
        if number == 4:
            raise OSError(28, "No space left on device")
        real_save(self, number, part)

    with monkeypatch.context() as patch:
        patch.setattr(Parts, "save", save)
        with pytest.raises(InputError, match=r"no space left while writing .*run the same command"):
            run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model))
    assert run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model)).resumed_posts > 0


def test_a_run_killed_while_it_removes_its_parts_leaves_nothing_in_the_way(posts, tiny_model, tmp_path, monkeypatch):
    def killed(path, **options):
        for part in sorted(path.iterdir())[:0:-1] if path.exists() else ():
            part.unlink()  # the manifest among them: one part is left
        if path.exists():
            raise Killed

    job = Job((str(posts),), tmp_path / "out.csv", tiny_model)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(parts_module.shutil, "rmtree", killed)
        run_job(job)
    whole = (tmp_path / "out.csv").read_bytes()
    assert run_job(job).resumed_posts == 0
    assert (tmp_path / "out.csv").read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "posts.csv"]


@pytest.mark.slow
def test_kill_at_random_moments(posts, tiny_model, tmp_path):
    code = (
        "import sys; from whyshare.inference import job; job.CHUNK = 8; from whyshare.cli import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "label", str(posts), "--model", str(tiny_model), "--quiet", "-o"]
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    parts = tmp_path / "out.csv.parts"
    subprocess.run([*command, str(whole)], check=True, cwd=tmp_path)
    rng = random.Random(1)
    for _ in range(6):
        process = subprocess.Popen([*command, str(out)], cwd=tmp_path)
        wanted = len(list(parts.glob("*.npz"))) + rng.randint(1, 8)
        while len(list(parts.glob("*.npz"))) < wanted:
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run([*command, str(out)], check=True, cwd=tmp_path)
    assert out.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "out.csv.parts").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_says_how_to_go_on_and_leaves_no_copy(posts, tiny_model, tmp_path, number):
    big = tmp_path / "big.txt"
    big.write_text("\n".join(texts(60_000, seed=3)), encoding="utf-8")
    command = [sys.executable, "-m", "whyshare", "label", "-", "--model", str(tiny_model), "-o", "o.csv"]
    copies = tmp_path / "tmp"
    copies.mkdir()
    with big.open() as posts_in:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            stdin=posts_in,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(copies)},
        )
    while not list(tmp_path.glob("o.csv.parts/*.npz")):
        assert process.poll() is None
        time.sleep(0.05)
    assert list(copies.glob("whyshare-*"))
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip() == "whyshare: stopped; run the same command again to go on where it was"
    assert not (tmp_path / "o.csv").exists()
    assert not list(copies.glob("whyshare-*"))


def test_standard_input_and_a_limit(tiny_model, tmp_path, monkeypatch):
    import io

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("text\n今天\nb\nc\n".encode())))
    assert run_job(Job(("-",), tmp_path / "out.csv", tiny_model, limit=2)).posts == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv", "-o", "out.csv"], "no such file: none.csv"),
        (["posts.csv", "-o", "none/out.csv"], "no folder"),
        (["posts.csv", "-o", "out.csv", "--text-column", "body"], "has no column 'body'; it has id, 内容, motive"),
        (["posts.csv", "-o", "out.csv", "--model", "none"], "no model folder none"),
        (["posts.csv", "-o", "posts.csv"], "is an input too"),
        (["posts.csv", "-o", "out.csv", "--workers", "0"], "--workers is 0; at least 1 is needed"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(posts, tiny_model, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(posts.parent)
    if "--model" not in arguments:
        arguments = [*arguments, "--model", str(tiny_model)]
    assert main(["label", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(posts.parent.glob("out.csv*"))


from whyshare.inference.chunks import ChunkLabeller


def test_what_is_remembered_stays_small(tiny_model, monkeypatch):
    monkeypatch.setattr("whyshare.inference.chunks.REMEMBERED", 10)
    labeller = ChunkLabeller(Labeller.load(tiny_model, "cpu"))
    for start in range(0, 40, 8):
        labeller.label([f"help {number}" for number in range(start, start + 8)])
    assert len(labeller._known) <= 10


def test_a_stop_does_not_wait_for_what_is_still_to_be_computed(posts, tiny_model, tmp_path, monkeypatch):
    stopped, stop = [], ChunkLabeller.stop
    monkeypatch.setattr(ChunkLabeller, "stop", lambda self: stopped.append(True) or stop(self))
    with pytest.raises(Killed):
        run_job(Job((str(posts),), tmp_path / "out.csv", tiny_model), stop_after(2))
    assert stopped
