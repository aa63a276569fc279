from whyshare.console import _blocks, print_table


def test_numbers_that_are_too_many_for_a_line_go_below():
    assert list(_blocks([20, 20, 20, 20], 1, 200)) == [[0, 1, 2, 3]]
    assert list(_blocks([20, 20, 20, 20], 1, 60)) == [[0, 1, 2], [0, 3]]
    assert list(_blocks([20, 10, 20, 20], 2, 50)) == [[0, 1, 2], [0, 3]]
    assert list(_blocks([90, 20, 20], 1, 60)) == [[0, 1], [0, 2]]  # a number at least, however long the words
    assert list(_blocks([50, 50, 50], 3, 60)) == [[0, 1, 2]]  # words are folded


def test_a_pipe_gets_one_table(capsys):
    print_table(("motive", "share"), [("benefit 直接利益", "77% [55, 94]")])
    assert capsys.readouterr().out.splitlines()[-1] == " benefit 直接利益   77% [55, 94] "
