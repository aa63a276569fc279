import logging

import pytest

from whyshare import console
from whyshare.console import _blocks, print_table, progress_bar


def test_numbers_that_are_too_many_for_a_line_go_below():
    assert list(_blocks([20, 20, 20, 20], 1, 200)) == [[0, 1, 2, 3]]
    assert list(_blocks([20, 20, 20, 20], 1, 60)) == [[0, 1, 2], [0, 3]]
    assert list(_blocks([20, 10, 20, 20], 2, 50)) == [[0, 1, 2], [0, 3]]
    assert list(_blocks([90, 20, 20], 1, 60)) == [[0, 1], [0, 2]]  # a number at least, however long the words
    assert list(_blocks([50, 50, 50], 3, 60)) == [[0, 1, 2]]  # words are folded


def test_a_pipe_gets_one_table(capsys):
    print_table(("motive", "share"), [("benefit 直接利益", "77% [55, 94]")])
    assert capsys.readouterr().out.splitlines()[-1] == " benefit 直接利益   77% [55, 94] "


@pytest.mark.parametrize("quiet", [False, True])
def test_progress_is_logged_each_minute_where_no_terminal_shows_it(monkeypatch, caplog, quiet):
    clock = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: clock[0])
    caplog.set_level(logging.INFO, "whyshare")
    with progress_bar("labelling", "posts", quiet) as report:
        for clock[0], done in ((0.0, 100), (59.0, 690), (60.0, 700), (61.0, 710), (120.0, 1300), (125.0, 1350)):
            report(done, 1350)
    lines = [
        "labelling: 700 of 1350 posts (52%), 10 posts/s, 0:01:05 left",
        "labelling: 1300 of 1350 posts (96%), 10 posts/s, 0:00:05 left",
    ]
    assert caplog.messages == ([] if quiet else lines)
