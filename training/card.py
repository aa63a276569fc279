"""The model card: ``README.md`` of a model folder, written from its settings."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..data.motives import MOTIVES
from ..models.bases import MINI
from ..models.settings import ModelSettings
from .calibrate import MIN_POSTS

_CARD = """---
language: [zh, en]
{licence}pipeline_tag: text-classification
library_name: transformers
tags: [social-media, motives, chinese, english]
---

# {name}

Why did they share this? Labels a Chinese or English post with one of eight sharing motives: {motives}.

```python
from whyshare import Labeller

Labeller.load({folder}).label("求推荐一家靠谱的牙科")
```

`transformers.pipeline("text-classification", model="path/to/{name}")` loads the same folder; give it texts that
`whyshare.clean` has cleaned, pass `truncation=True, max_length={max_length}`, and mind that its scores are not calibrated.
Longer posts are cut at the end there, while whyshare keeps head and tail, so the labels of these may differ.

## Scores

{scores}

## How it was made

{origin}. `whyshare train` makes it again from a recipe with these keys.

```toml
{recipe}
```

{data}

{fitted} Posts with a confidence below {threshold} are marked `uncertain`{promise}

## Limits

{labels}- It reads {max_length} tokens: the head and the tail of a longer post. Other languages than Chinese and English, and
  posts without words, get a label too; look at `language` and `uncertain`.
- {seen}New slang, memes and campaigns will be read worse.
- A label says what the words of one post show. It must not be used to judge, rank, target or punish a person, to infer
  mental health or belief, or to decide whether somebody is in danger: a post about self-harm is `attention` in this
  taxonomy, which says nothing about its urgency.
"""

# The annotated files of the project itself; of anybody else's nothing is known.
_OWN_FILES = {"public_train.jsonl", "written_train.jsonl", "written_extra.jsonl"} | {
    f"corpus_{part}.jsonl" for part in ("train", "extra", "more", "further")
}
_COPY = re.compile(r" \(\d+\)$")  # of a file that models read in several versions
_OWN_LABELS = """- The labels {whose} were given by instances of a large language model that worked from the codebook; no person
  has checked them. Your own annotated posts come first: measure on them with `whyshare eval`.
"""


_TOLD = {"files", "pretraining", "taught_by"}  # what is no key of a recipe, and told in words
_OF_A_MEAN = {
    "train", "extra", "validation", "text_column", "label_column", "label_map", "name", "base", "languages",
    "validation_share", "max_length", "target_accuracy", "split_seed", "average",
}  # fmt: skip


def write_card(folder: Path, name: str, settings: ModelSettings) -> None:
    """Write the model card of a folder.

    What is known of the project's own files is said of every model that learnt from them or whose base did; the licence
    is given where there are no others.
    """
    own = [file for file in settings.data if _COPY.sub("", file) in _OWN_FILES]
    whose = "it learnt from" if own == list(settings.data) else f"of {_listed(own)}"
    text = _CARD.format(
        name=name,
        folder="" if name == MINI else f'"path/to/{name}"',
        motives=", ".join(f"`{motive}` ({motive.zh})" for motive in MOTIVES),
        scores=_score_table(settings),
        origin=_origin(settings),
        recipe="\n".join(f"{key} = {_toml(value)}" for key, value in _keys(settings.recipe).items()),
        data=_data(settings),
        fitted=_fitted(settings),
        threshold=f"{settings.uncertain_below:.2f}",
        promise=_promise(settings),
        max_length=settings.max_length,
        licence="license: apache-2.0\n" if own and own == list(settings.data) else "",
        labels=_OWN_LABELS.format(whose=whose) if own else "",
        seen="It has seen public posts of 2008 to 2022. " if own else "",
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def _keys(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the keys that had a say: a mean of models trains nothing."""
    mean = recipe.get("average")
    return {
        key: value
        for key, value in recipe.items()
        if (key in _OF_A_MEAN if mean else key not in _TOLD and key != "average")
    }


def _validation_posts(settings: ModelSettings) -> int:
    return int(settings.scores.get("validation", {}).get("all", {}).get("posts", 0))


def _promise(settings: ModelSettings) -> str:
    if settings.target_accuracy or _validation_posts(settings) >= MIN_POSTS:
        return f",\nso that {settings.target_accuracy:.0%} of the others should be right."
    return ";\nthis threshold is a default, not fitted, and says nothing of how many of the others are right."


def _fitted(settings: ModelSettings) -> str:
    if _validation_posts(settings) < MIN_POSTS:
        return (
            f"The confidence is as the model gives it: fewer than {MIN_POSTS} validation posts are too few to fit it."
        )
    temperatures = ", ".join(f"{language} {value:.2f}" for language, value in settings.temperature.items())
    return (
        "The head's bias is fitted on the validation posts, and so is the confidence, with a temperature per language\n"
        f"({temperatures})."
    )


def _data(settings: ModelSettings) -> str:
    """List the training files: those of the recipe, and those that the base had learnt from before.

    The list of a mean is not divided: it learns from none itself.
    """
    recipe = settings.recipe
    own = set(recipe.get("files", {}).values())
    before = {} if recipe.get("average") else {file: sha for file, sha in settings.data.items() if sha not in own}
    here = {file: sha for file, sha in settings.data.items() if file not in before}
    base = recipe.get("base", "?")
    more = f"\n\nFiles that `{base}` had learnt from before: {_listed(before, before)}" if before else ""
    return f"Training files (SHA-256): {_listed(here, here)}{more}"


def _listed(files: Iterable[str], digests: Mapping[str, str] | None = None) -> str:
    return ", ".join(f"`{file}` {digests[file][:16]}" if digests else f"`{file}`" for file in files)


def _origin(settings: ModelSettings) -> str:
    recipe = settings.recipe
    stages = recipe.get("pretraining")
    layers = recipe.get("layers", 0)
    lowest = f" (its lowest {layers} layers)" if layers > 1 else " (its lowest layer)" * layers
    base, taught = f"`{recipe.get('base', '?')}`", _taught(recipe)
    start = f"It was fine-tuned from {base}{lowest}{taught}"
    if not stages:
        return start
    encoder, pretrained = f"is `{stages[0]['base']}`", stages
    if "layers" in stages[0]:
        trimmed, *pretrained = stages
        encoder = (
            f"consists of the lowest {trimmed['layers']} layers of multilingual-e5-small (the package "
            f"`{trimmed['base']}`, MIT licence), with the {trimmed['pieces']:,} pieces of its vocabulary that posts use"
        )
    made = f"{encoder}{_pretraining(pretrained) if pretrained else ''}"
    if recipe.get("average"):
        return f"The encoder {made}; it was then fine-tuned{taught}"
    return f"{start}. The encoder of {base} {made}"


def _taught(recipe: Mapping[str, Any]) -> str:
    names = [Path(file).name for file in recipe.get("taught_by", ())]
    files = " and ".join(filter(None, (_listed(names[:-1]), _listed(names[-1:]))))
    return (
        f" and also learnt from what other models say of posts ({files}, which `whyshare pseudo` wrote)"
        if files
        else ""
    )


def _pretraining(stages: Sequence[Mapping[str, Any]]) -> str:
    totals: Counter[str] = Counter()
    for stage in stages:
        for file, count in zip(stage["corpora"], stage["tokens"], strict=True):
            totals[Path(file).name] += count
    tokens = " and ".join(f"{count / 1e6:.0f} million tokens of `{file}`" for file, count in totals.items())
    vocabulary = " under a new Chinese and English vocabulary" if stages[0].get("new_vocabulary", True) else ""
    beside = "".join(
        f", and by {what}"
        for weight, what in (
            ("replaced_weight", "finding the tokens that a generator replaced"),
            ("weak_weight", "the weak labels of these"),
        )
        if any(stage.get(weight) for stage in stages)
    )
    return (
        f"{vocabulary}, and was pretrained further in {len(stages)} stage(s) by masking whole words in {tokens} (public posts, "
        f"not part of this project){beside}"
    )


def _score_table(settings: ModelSettings) -> str:
    lines = ["| measured on | posts | macro-F1 | accuracy |", "|---|---:|---:|---:|"]
    for split, languages in settings.scores.items():
        for language, score in languages.items():
            numbers = f"{score['posts']} | {score['macro_f1']:.3f} | {score['accuracy']:.3f}"
            lines.append(f"| {split}, {language} | {numbers} |")
    return "\n".join(lines)


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)  # of strings, numbers and lists TOML and JSON are one
