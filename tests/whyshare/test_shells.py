import shlex

import pytest

from whyshare import shells
from whyshare.shells import typed


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("春节（标注）.xlsx", "春节（标注）.xlsx"),
        ("check.csv", "check.csv"),
        ("my check.xlsx", '"my check.xlsx"'),
        ("a(1).csv", '"a(1).csv"'),
        ("a$b.csv", "'a$b.csv'"),
        ("", '""'),
    ],
)
def test_words_are_quoted_only_where_a_shell_needs_it(monkeypatch, word, shown):
    monkeypatch.setattr(shells, "WINDOWS", False)
    assert typed(["mix", word]) == f"mix {shown}"
    assert shlex.split(shown) == [word]


def test_windows_knows_double_quotes_alone(monkeypatch):
    monkeypatch.setattr(shells, "WINDOWS", True)
    assert typed([r"C:\posts\a.csv", r"C:\my posts\$.csv"]) == r'C:\posts\a.csv "C:\my posts\$.csv"'
