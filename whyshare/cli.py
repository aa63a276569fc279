"""The command line: ``whyshare COMMAND``; each command lives in ``commands/`` and is imported when it is named."""

import argparse
import io
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import takewhile
from pathlib import Path

from . import __version__
from .addresses import Parser, addresses_here
from .data.errors import DISK_FULL, InputError

# command: (module in commands/, one line of help). The order is the order of --help.
COMMANDS = {
    "label": ("label", "label a file of posts"),
    "eval": ("evaluate", "measure a model or predictions against an annotated set"),
    "mix": ("mix", "why did people share this campaign: shares of the motives, corrected for errors"),
    "sample": ("sample", "draw posts for a person to check"),
    "compare": ("compare", "tell whether one model is better than another, or lucky"),
    "agreement": ("agreement", "measure how far annotators agree"),
    "runs": ("runs", "list the evaluations in a run log"),
    "data": ("data", "check an annotated set, find suspect labels, share it without texts"),
    "train": ("train", "fine-tune a model on an annotated set"),
    "pseudo": ("pseudo", "label posts with teachers, for a student to learn from"),
    "pretrain": ("pretrain", "pretrain an encoder on unlabelled posts"),
    "trim": ("trim", "cut a multilingual encoder down to Chinese and English posts"),
}


FAULT, NOT_PRINTED = 70, 74  # exit codes, as sysexits.h has them: of an error in the program, and of output


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; bad input prints one line and gives exit code 2, a fault of ours its traceback and 70."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):  # in a code page without Chinese, or GBK without emoji
        sys.stdout.reconfigure(errors="backslashreplace")
    warnings.filterwarnings("ignore", module="openpyxl")  # of styles and features that are not read
    try:
        for word in takewhile("--".__ne__, arguments):
            if word.startswith("-") and Path(word).suffix and Path(word).is_file():
                raise InputError(f"{word} is read as an option; write ./{word} for the file of that name")
        options = parse(arguments)
        with every_stop_as_ctrl_c(), addresses_here(options):
            code = options.run(options) or 0
            print(end="", flush=True)
            return code
    except InputError as error:
        print(f"whyshare: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("whyshare: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe, such as head, has gone
        _drop_what_is_printed()
        return 0
    except OSError as error:
        return _tell_of_system(error)
    except Exception:
        return _tell_of_fault()


def _tell_of_system(error: OSError) -> int:
    """Print one line for what the system refuses, and give the exit code."""
    if error.filename is None and not _can_print():
        _drop_what_is_printed()
        reason = error.strerror or error
        print(f"whyshare: standard output cannot be written ({reason}); what went to files is whole", file=sys.stderr)
        return NOT_PRINTED
    if error.errno in DISK_FULL:
        print("whyshare: no space left on the disk; free some and run the same command", file=sys.stderr)
    elif error.filename is None:
        return _tell_of_fault()  # no file of the user's
    else:
        print(f"whyshare: {error.filename}: {error.strerror or error}", file=sys.stderr)
    return 2


def _tell_of_fault() -> int:
    traceback.print_exc()
    print("whyshare: a fault of the program, not of your input; please report it with the lines above", file=sys.stderr)
    return FAULT


def _can_print() -> bool:
    try:
        print(flush=True)  # an empty line, if it was not this that failed
    except OSError:
        return False
    return True


def _drop_what_is_printed() -> None:
    """Let what is still to be printed go nowhere, or Python fails at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def every_stop_as_ctrl_c() -> Iterator[None]:
    """Have ``kill`` and a closed terminal stop a command as Ctrl-C does, so that no temporary copy of an input is left."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    changed = []
    if threading.current_thread() is threading.main_thread():  # elsewhere Python takes no handlers
        found = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]  # Windows lacks one
        changed = [number for number in found if signal.getsignal(number) is signal.SIG_DFL]  # not what nohup ignores
    for number in changed:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options of the command that is named first."""
    parser = Parser(prog="whyshare", description="Why did they share this?")
    parser.add_argument("--version", action="version", version=f"whyshare {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    named = next((word for word in arguments if word in COMMANDS), None)
    for command, (module, line) in COMMANDS.items():
        subparser = subparsers.add_parser(command, help=line, description=line[0].upper() + line[1:] + ".")
        if command == named:
            import_module(f".commands.{module}", __package__).add_arguments(subparser)
    return parser.parse_args(arguments, argparse.Namespace(words=list(arguments)))
