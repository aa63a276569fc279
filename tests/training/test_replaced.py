import pytest

torch = pytest.importorskip("torch")

from transformers import BertForPreTraining

from whyshare.training.replaced import ReplacedTokens, draw

pytestmark = pytest.mark.slow


@pytest.fixture
def model(tiny_encoder):
    return BertForPreTraining.from_pretrained(tiny_encoder).eval()


def test_the_generator_starts_as_the_lowest_layers_and_learns_apart_but_for_the_embeddings(model):
    ids = torch.tensor([[2, 7, 9, 3]])
    generator = ReplacedTokens(model, 1).generator.eval()
    lowest = model.bert(ids, output_hidden_states=True).hidden_states[1]
    torch.testing.assert_close(generator(ids).last_hidden_state, lowest)
    with torch.no_grad():
        model.bert.encoder.layer[0].output.dense.bias.add_(1.0)
    torch.testing.assert_close(generator(ids).last_hidden_state, lowest)
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight.add_(
            torch.randn_like(model.bert.embeddings.word_embeddings.weight)
        )
    assert not torch.allclose(generator(ids).last_hidden_state, lowest)


def test_padding_counts_for_nothing(model):
    replaced_tokens = ReplacedTokens(model, 1)
    hidden = torch.randn(2, 4, 32)
    replaced = torch.tensor([[False, True, False, False], [True, False, True, True]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    loss = replaced_tokens.loss(hidden, replaced, mask)
    hidden[1, 2:] = 100.0
    torch.testing.assert_close(replaced_tokens.loss(hidden, replaced, mask), loss)
    odds = replaced_tokens.head(torch.cat([hidden[0], hidden[1, :2]])).squeeze(-1)
    right = torch.tensor([0.0, 1.0, 0.0, 0.0, 1.0, 0.0])
    expected = -(right * odds.sigmoid().log() + (1 - right) * (1 - odds.sigmoid()).log()).mean()
    torch.testing.assert_close(loss, expected)


def test_pieces_are_drawn_as_probable_as_the_generator_finds_them():
    logits = torch.tensor([0.7, 0.2, 0.1]).log().expand(20_000, 3)
    drawn = draw(logits, seed=1)
    assert torch.equal(drawn, draw(logits, seed=1))
    assert not torch.equal(drawn, draw(logits, seed=2))
    shares = torch.bincount(drawn, minlength=3) / len(drawn)
    torch.testing.assert_close(shares, torch.tensor([0.7, 0.2, 0.1]), atol=0.02, rtol=0)
