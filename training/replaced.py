"""Replaced tokens, told apart beside the masked words: a small generator fills these in, and the encoder finds where.

ELECTRA of Clark et al. (2020). The generator is a copy of the encoder's lowest layers and shares its embeddings; both
it and the head that finds what it replaced are left behind when the encoder is saved.
"""

from copy import deepcopy

import torch
from transformers import BertForPreTraining, BertModel

REPLACED = "replaced"  # the part of a model in training that is one of these


class ReplacedTokens(torch.nn.Module):
    """The generator, and the head that says of each token whether it was replaced."""

    def __init__(self, model: BertForPreTraining, layers: int) -> None:
        super().__init__()
        config = deepcopy(model.config)
        config.num_hidden_layers = layers
        self.generator = BertModel(config, add_pooling_layer=False)
        self.generator.encoder.load_state_dict(model.bert.encoder.state_dict(), strict=False)
        self.generator.embeddings = model.bert.embeddings
        width = config.hidden_size
        self.head = torch.nn.Sequential(torch.nn.Linear(width, width), torch.nn.GELU(), torch.nn.Linear(width, 1))

    def loss(self, hidden: torch.Tensor, replaced: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Give the mean binary cross-entropy over the tokens of the texts, in nats.

        :param hidden: What the encoder makes of the tokens, shape (texts, length, width).
        :param replaced: Whether each was replaced, shape (texts, length).
        :param attention_mask: As the encoder takes it, shape (texts, length).
        """
        read = attention_mask.bool()
        logits = self.head(hidden[read]).squeeze(-1)
        return torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), replaced[read].float())


@torch.no_grad()
def draw(logits: torch.Tensor, seed: int) -> torch.Tensor:
    """Draw a piece for each masked token, as probable as the generator finds it; shape (masked tokens,).

    :param logits: What the generator says of them, shape (masked tokens, vocabulary).
    """
    chance = torch.Generator(logits.device).manual_seed(seed)
    return torch.multinomial(logits.float().softmax(dim=-1), 1, generator=chance).squeeze(-1)
