import pytest

torch = pytest.importorskip("torch")

from whyshare.training.corpus import CorpusText
from whyshare.training.weak import WeakTasks, weak_loss


def texts(source, label, count):
    return [CorpusText("text", "post", source, label)] * count


def test_labels_that_tell_something_apart_are_kept(tmp_path):
    corpus = [*texts("mood", "sad", 5), *texts("mood", "glad", 4), *texts("mood", "rare", 1)]
    corpus += [*texts("media", "only one", 9), *texts("plain", None, 9), *texts("crisis", "flood", 3)]
    corpus += texts("crisis", "fire", 3)
    tasks = WeakTasks.count(corpus, min_texts=3)
    assert tasks.classes == (("crisis", "fire"), ("crisis", "flood"), ("mood", "glad"), ("mood", "sad"))
    tasks.save(tmp_path / "weak.json")
    assert WeakTasks.load(tmp_path / "weak.json") == tasks
    assert tasks.rivals().tolist() == [[True, True, False, False]] * 2 + [[False, False, True, True]] * 2


def test_labels_compete_within_their_source_only():
    tasks = WeakTasks((("crisis", "fire"), ("crisis", "flood"), ("mood", "glad"), ("mood", "sad")))
    logits = torch.tensor([[9.0, 9.0, 1.0, 2.0], [0.0, 3.0, 50.0, 50.0]])
    loss = weak_loss(logits, torch.tensor([2, 1]), tasks.rivals())
    by_hand = [torch.nn.functional.cross_entropy(logits[0, 2:], torch.tensor(0)),
               torch.nn.functional.cross_entropy(logits[1, :2], torch.tensor(1))]  # fmt: skip
    assert loss.item() == pytest.approx(sum(by_hand).item() / 2)
