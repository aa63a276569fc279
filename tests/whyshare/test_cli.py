import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import whyshare
import whyshare.commands.runs
from whyshare.cli import COMMANDS, main

HEAVY = ("torch", "transformers", "sklearn", "onnxruntime", "numpy", "pyarrow", "rich", "jinja2")


def run(code, *arguments):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout


def test_import_is_light():
    loaded = run("import sys, whyshare; whyshare.Motive, whyshare.clean; print(*sys.modules)").split()
    assert not set(HEAVY) & set(loaded)


def test_help_is_light_and_names_every_command():
    code = "import sys; from whyshare.cli import main\ntry: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    printed = run(code)
    assert not set(HEAVY) & set(printed.split())
    assert all(command in printed for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"usage: whyshare {command}" in capsys.readouterr().out


def test_a_typo_is_exit_code_2(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["lable", "posts.csv"])
    assert stop.value.code == 2
    assert "invalid choice: 'lable'" in capsys.readouterr().err


def test_a_file_whose_name_begins_with_a_dash(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-posts.csv").write_text("text,label\nhi,help\n", encoding="utf-8")
    assert main(["data", "check", "-posts.csv"]) == 2
    assert capsys.readouterr().err == (
        "whyshare: -posts.csv is read as an option; write ./-posts.csv for the file of that name\n"
    )
    assert main(["data", "check", "./-posts.csv"]) == 0
    assert main(["data", "check", "--", "-posts.csv"]) == 0


def test_a_reader_that_has_gone_is_no_error(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\nhi,help\nwin,benefit\n", encoding="utf-8")
    code = f"import sys; from whyshare.cli import main; sys.exit(main(['data', 'check', {str(tmp_path / 'a.csv')!r}]))"
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_file_that_the_system_refuses_is_one_line(monkeypatch, capsys):
    def refuse(options):
        raise PermissionError(13, "Permission denied", "secret.csv")

    monkeypatch.setattr(whyshare.commands.runs, "run", refuse)
    assert main(["runs", "runs.jsonl"]) == 2
    assert capsys.readouterr().err == "whyshare: secret.csv: Permission denied\n"


def test_a_full_disk_is_one_line(monkeypatch, capsys):
    def fill(options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(whyshare.commands.runs, "run", fill)
    assert main(["runs", "runs.jsonl"]) == 2
    assert capsys.readouterr().err == "whyshare: no space left on the disk; free some and run the same command\n"


def test_a_fault_of_ours_is_a_traceback_and_its_own_exit_code(monkeypatch, capsys):
    def fail(options):
        raise KeyError("columns")

    monkeypatch.setattr(whyshare.commands.runs, "run", fail)
    assert main(["runs", "runs.jsonl"]) == 70
    *_, error, advice = capsys.readouterr().err.splitlines()
    assert error == "KeyError: 'columns'"
    assert advice.startswith("whyshare: a fault of the program, not of your input; please report it")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has it")
@pytest.mark.parametrize("text", ["hi", "help " * 5000])
def test_a_full_standard_output_is_not_taken_for_nothing_done(tmp_path, text):
    code = "import sys; import whyshare.commands.runs as runs; from whyshare.cli import main\n"
    code += f"runs.run = lambda options: print({text!r})\nsys.exit(main(['runs', 'runs.jsonl']))"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 74
    assert done.stderr == (
        "whyshare: standard output cannot be written (No space left on device); what went to files is whole\n"
    )


def test_a_terminal_without_chinese_shows_what_it_can():
    code = "from whyshare.cli import main; main(['runs', 'none.jsonl']); print('直接利益')"
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert done.stdout.strip() == b"\\u76f4\\u63a5\\u5229\\u76ca"


def test_public_names():
    assert all(hasattr(whyshare, name) for name in whyshare.__all__)
    assert set(whyshare.__all__) <= set(dir(whyshare))
    with pytest.raises(AttributeError, match="no attribute 'labeler'"):
        _ = whyshare.labeler


def test_a_missing_extra_names_the_pip_line(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "datasets", None)
    for module in ("finetune", "finetuning_loop", "examples"):
        monkeypatch.delitem(sys.modules, f"whyshare.training.{module}", raising=False)
    assert main(["train", "x.csv", "-o", str(tmp_path / "model")]) == 2
    assert 'this command needs: pip install "whyshare[train]"' in capsys.readouterr().err


import signal

from whyshare.cli import every_stop_as_ctrl_c


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal here")
def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with every_stop_as_ctrl_c():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_is_a_word_and_exit_code_130(monkeypatch, capsys):
    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(whyshare.commands.runs, "run", stop)
    assert main(["runs", "runs.jsonl"]) == 130
    assert capsys.readouterr().err == "whyshare: interrupted\n"
