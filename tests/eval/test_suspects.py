import numpy as np
import pytest

from whyshare.cli import main
from whyshare.data.motives import MOTIVES
from whyshare.eval.suspects import near_duplicates, suspect_labels

pytest.importorskip("cleanlab")


def test_flipped_labels_are_found_in_rare_classes_too():
    rng = np.random.default_rng(0)
    true = rng.choice(8, 1200, p=[0.3, 0.25, 0.2, 0.1, 0.06, 0.04, 0.03, 0.02])
    probs = np.full((1200, 8), 0.02)
    probs[np.arange(1200), true] = 0.86
    flipped = rng.choice(1200, 40, replace=False)
    label_ids = true.copy()
    label_ids[flipped] = 7  # the rarest
    suspects = suspect_labels(label_ids, probs)
    found = {suspect.position for suspect in suspects}
    wrong = set(flipped[true[flipped] != 7].tolist())
    assert len(found & wrong) >= 0.9 * len(wrong)
    assert len(found) <= len(wrong) + 5
    first = suspects[0]
    assert first.label == MOTIVES[7]
    assert first.suggested == MOTIVES[true[first.position]]


def test_a_model_may_be_sure_of_a_motive_that_never_occurs():
    label_ids = np.arange(40) % 2
    probs = np.eye(8)[label_ids]
    probs[0] = np.eye(8)[5]
    probs[1] = np.eye(8)[0]
    assert [suspect.position for suspect in suspect_labels(label_ids, probs)] == [1]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["help"] * 20, "every post of mine.csv is help; two motives are needed"),
        (["help"] * 20 + ["value"], "n-grams cannot be learnt from a part of mine.csv: its posts have one motive only"),
    ],
)
def test_one_motive_is_one_line(tmp_path, monkeypatch, capsys, labels, message):
    pytest.importorskip("jieba")
    monkeypatch.chdir(tmp_path)
    rows = [f"post number {number},{label}" for number, label in enumerate(labels)]
    (tmp_path / "mine.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    assert main(["data", "suspects", "mine.csv", "-o", "look.csv"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_near_duplicates_within_and_across():
    texts = ["转发这条微博抽三个人送手机，周五开奖", "转发这条微博抽三个人送手机，周五开奖！", "今天天气真好啊啊啊啊"]
    assert [(pair.first, pair.second) for pair in near_duplicates(texts)] == [(0, 1)]
    [pair] = near_duplicates(["something else entirely", texts[0]], [texts[2], texts[0]])
    assert (pair.first, pair.second, round(pair.similarity, 6)) == (1, 1, 1.0)


def test_short_texts_are_compared_too():
    texts = ["转发微博", "lol", "哈哈哈哈哈", "转发微博", "lol!", "哈哈哈", "🐼", "🐼"]
    equal = [(pair.first, pair.second) for pair in near_duplicates(texts) if pair.similarity > 0.999]
    assert sorted(equal) == [(0, 3), (2, 5), (6, 7)]
    assert not near_duplicates(["<url>", "@someone"], ["<url>", ""])


def test_masks_and_runs_of_one_character_are_no_likeness():
    pairs = [
        ("in line @a @b @c @d https://a.com", "back home @e @f @g @h https://b.com"),
        ("哈" * 40 + "你好", "哈" * 40 + "再见"),
    ]
    assert not any(near_duplicates([one], [other]) for one, other in pairs)


def test_the_command_lists_both(tmp_path, monkeypatch, capsys):
    pytest.importorskip("jieba")
    monkeypatch.chdir(tmp_path)
    cues = ["抽奖", "今天", "我们", "我的", "how to", "!!!", "求助", "小心"]
    rows = [(f"{cues[n % 8]} number {n}", MOTIVES[n % 8]) for n in range(160)]
    rows[3] = (rows[3][0], MOTIVES[0])
    rows.append(("how to number 4", MOTIVES[4]))
    text = "text,label\n" + "".join(f"{post},{label}\n" for post, label in rows)
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8")
    assert main(["data", "suspects", "mine.csv", "-o", "look.csv"]) == 0
    assert "near-duplicates within the file -> look.csv" in capsys.readouterr().out
    listed = (tmp_path / "look.csv").read_text(encoding="utf-8-sig")
    assert "5,5,label,benefit,uniqueness" in listed
    assert "near-duplicate" in listed
    (tmp_path / "other.csv").write_text(
        "text,label\nnothing like any of them,help\n今天 number 9!,help\n", encoding="utf-8"
    )
    capsys.readouterr()
    assert main(["data", "suspects", "mine.csv", "--against", "other.csv", "-o", "look.csv"]) == 0
    assert "near-duplicates with other.csv -> look.csv" in capsys.readouterr().out
    assert "11,11,near-duplicate,existence,help,,3," in (tmp_path / "look.csv").read_text(encoding="utf-8-sig")


def test_a_pair_is_listed_once_however_the_texts_are_cut(monkeypatch):
    monkeypatch.setattr("whyshare.eval.suspects._BLOCK", 2)
    found = near_duplicates(["a text to be found", "one of its own", "and one more here", "a text to be found"])
    assert [(pair.first, pair.second) for pair in found] == [(0, 3)]
