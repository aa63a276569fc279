"""The page of a motive mix: the answer first, then groups, shares, the course, words, examples, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..data.cleaning import excerpt
from ..data.motives import MOTIVES, Motive
from .charts import bars, stacked_bars
from .contrast import chinese_is_left_out, content_words, distinctive_words
from .labelled_file import LabelledFile, copy_of
from .mix import Findings, GroupMix
from .mix_sentences import (
    answer_in,
    bracket_note_in,
    cautions_in,
    marks,
    marks_note_in,
    method_in,
    notes_in,
    ranked,
)
from .pages import COLOURS, PageLanguage, make_folder, motive_name, percent, percents, words_in, write_page
from .words_mix import OFFERS

EXAMPLES = 2  # typical posts of each motive
TYPICAL = 200  # posts that these are taken from, of which many may say the same
WORDS_FROM = 20_000  # posts, of which words are counted: more tell hardly any other words, and take long to cut
TEXT_SHOWN = 120  # characters of a post
GROUPS_SHOWN = 30  # the largest
SIDE_BY_SIDE = 4  # groups that stand in the columns of a table which a phone can show


@dataclass(frozen=True)
class Said:
    """The words of some posts, which stand at ``positions`` among all; and each motive's likeliest texts.

    ``copies`` has a number for each of these posts, which those with the same text share.
    """

    positions: Sequence[int]
    predicted: NDArray[np.int64]
    words: Sequence[frozenset[str]]
    copies: Sequence[int]
    likeliest: Mapping[Motive, Sequence[str]]
    chinese_left_out: bool

    def distinctive(self, chosen: Sequence[bool], language: PageLanguage) -> str:
        """List the words that set some of the posts apart; ``""`` where there are none."""
        return words_in(language)["comma"].join(distinctive_words(self.words, self.copies, chosen))


def write_mix_report(
    folder: Path, findings: Findings, labelled: LabelledFile, groups: Sequence[str], language: PageLanguage = "en"
) -> Path:
    """Write ``report.html`` into a folder.

    :param groups: The group of each post.
    :return: The path of the page.
    """
    make_folder(folder)
    words = words_in(language)
    overall = findings.overall
    said = _what_was_said(labelled)
    notes = [*findings.notes]
    if len(said.positions) < len(labelled):
        notes.append(("words_sampled", {"count": len(said.positions)}))
    by_share = ranked(overall)
    values = {
        "answer": answer_in(language, findings),
        "method": method_in(language, overall),
        "bracket_note": bracket_note_in(language, findings.unit),
        "warnings": notes_in(language, notes) + cautions_in(language, [overall, *findings.groups], findings.course),
        "share_chart": bars(_bar_rows(overall, by_share, language), words["shares"], percents=True),
        "shares": [(motive, overall.of(motive), overall.counted.estimate(motive.position)) for motive in by_share],
        "groups": _groups(findings, said, groups, language),
        "course": _course(findings, language),
        "meanings": [_meaning(overall, motive, said, language) for motive in by_share],
        "names": {motive: motive_name(motive, language) for motive in MOTIVES},
        "words_left_out": said.chinese_left_out,
        "made_from": words["made_from"].format(file=labelled.path.name, version=__version__),
    }
    return write_page(folder, "mix.html", language, values)


def _bar_rows(
    mix: GroupMix, motives: Sequence[Motive], language: PageLanguage
) -> list[tuple[str, float, float, float, str]]:
    rows = []
    for motive in motives:
        share = mix.of(motive)
        rows.append((motive_name(motive, language), share.value, share.low, share.high, COLOURS[motive]))
    return rows


def _groups(findings: Findings, said: Said, groups: Sequence[str], language: PageLanguage) -> dict[str, Any] | None:
    """Compare the largest groups, and give the words that set each apart; None where there are no groups."""
    if not findings.groups:
        return None
    words = words_in(language)
    largest = sorted(findings.groups, key=lambda mix: -mix.posts)[:GROUPS_SHOWN]
    listed = [mix for mix in findings.groups if mix in largest]
    section = _section(words["groups"], words["group"], findings.overall, listed, language)
    if len(listed) < len(findings.groups):
        section["notes"].append(words["largest_groups"].format(shown=len(listed), count=len(findings.groups)))
    own_words = {
        mix.name: said.distinctive([groups[position] == mix.name for position in said.positions], language)
        for mix in listed
    }
    return section | {
        "side_by_side": len(listed) <= SIDE_BY_SIDE,
        "words": [(name, found) for name, found in own_words.items() if found],
    }


def _course(findings: Findings, language: PageLanguage) -> dict[str, Any] | None:
    """Compare the periods, with the gaps between them; None where there are none."""
    if not findings.course:
        return None
    words = words_in(language)
    return _section(words["course"], words["period"], findings.overall, findings.course, language, findings.gaps)


def _section(
    title: str,
    heading: str,
    overall: GroupMix,
    mixes: Sequence[GroupMix],
    language: PageLanguage,
    gaps: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Give the rows of a table and of its chart; where there is no post in some periods, both show the gap."""
    rows: list[dict[str, Any]] = []
    lines: list[tuple[str, str, list[tuple[str, float, str]]]] = []
    marked = marks(overall, mixes)
    for mix, mark in zip(mixes, marked, strict=True):
        if empty := (gaps or {}).get(mix.name):
            gap = words_in(language)["gap"].format(count=empty)
            rows.append({"gap": gap})
            lines.append((gap, "", []))
        shares = [(motive, mix.of(motive)) for motive in MOTIVES]
        cells = [(*percents(share), mix.differs(motive)) for motive, share in shares]
        rows.append({"gap": "", "name": mix.name + mark, "posts": mix.posts, "cells": cells})
        segments = [(motive_name(m, language), max(share.value, 0.0), COLOURS[m]) for m, share in shares]
        lines.append((mix.name, mark, segments))
    return {
        "title": title,
        "heading": heading,
        "chart": stacked_bars(lines, title),
        "rows": rows,
        "notes": [marks_note_in(language, overall)] if any(marked) else [],
        "side_by_side": False,
        "words": [],
    }


def _what_was_said(labelled: LabelledFile) -> Said:
    posts = labelled.posts
    count = len(labelled)
    chosen = np.arange(count)
    if count > WORDS_FROM:
        chosen = np.sort(np.random.default_rng(0).choice(count, WORDS_FROM, replace=False))
    confidence = posts.probs[np.arange(count), posts.predicted]
    likeliest = {}
    for motive in MOTIVES:
        own = np.flatnonzero(posts.predicted == motive.position)
        likeliest[motive] = own[np.argsort(-confidence[own], kind="stable")[:TYPICAL]].tolist()
    texts = labelled.texts({*chosen.tolist(), *chain.from_iterable(likeliest.values())})
    return Said(
        chosen.tolist(),
        posts.predicted[chosen],
        [content_words(texts[position]) for position in chosen.tolist()],
        [copy_of(texts[position]) for position in chosen.tolist()],
        {motive: [texts[position] for position in positions] for motive, positions in likeliest.items()},
        chinese_is_left_out(texts.values()),
    )


def _meaning(overall: GroupMix, motive: Motive, said: Said, language: PageLanguage) -> dict[str, object]:
    return {
        "motive": motive,
        "share": percent(overall.of(motive)),
        "offer": OFFERS[motive][language == "zh"],
        "words": said.distinctive((said.predicted == motive.position).tolist(), language),
        "examples": list(dict.fromkeys(excerpt(text, TEXT_SHOWN) for text in said.likeliest[motive]))[:EXAMPLES],
    }
