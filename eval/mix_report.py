"""The report of a motive mix: the answer first, then shares, groups, the course, words, examples, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.cleaning import excerpt
from ..data.motives import MOTIVES, Motive
from .charts import bars, stacked_bars
from .clusters import POSTS
from .contrast import chinese_is_paired, content_words, distinctive_words
from .labelled_file import LabelledFile
from .mix import EVERYTHING, LIMITS, GroupMix
from .pages import (
    COLOURS,
    NO_BREAK,
    PageLanguage,
    make_folder,
    motive_name,
    percent,
    percents,
    words_in,
    write_page,
)
from .periods import Note, empty_between
from .words_mix import OFFERS, VERBS

EXAMPLES = 2  # typical posts of each motive
TYPICAL = 200  # posts that these are taken from, of which many may say the same
WORDS_FROM = 20_000  # posts, of which words are counted: more tell hardly any other words, and take long to cut
TEXT_SHOWN = 120  # characters of a post
GROUPS_SHOWN = 30  # the largest
NAMED = 6  # groups that a caution names
MARK = " †"  # behind the name of a group whose shares come from another method than its neighbours'


@dataclass(frozen=True)
class Said:
    """The words of some posts, which stand at ``positions`` among all; and each motive's likeliest texts."""

    positions: Sequence[int]
    predicted: NDArray[np.int64]
    words: Sequence[frozenset[str]]
    likeliest: Mapping[Motive, Sequence[str]]


def write_mix_report(
    folder: Path,
    mixes: Sequence[GroupMix],
    course: Sequence[GroupMix],
    labelled: LabelledFile,
    groups: Sequence[str],
    notes: Sequence[Note],
    unit: str,
    version: str,
    language: PageLanguage = "en",
) -> Path:
    """Write ``report.html`` into a folder.

    :param mixes: All posts first, then the groups; ``course`` are the periods in order.
    :param groups: The group of each post.
    :param notes: What was taken for granted, and which posts are in no group or period.
    :param unit: What the intervals are drawn by: posts, or a column's name.
    :param version: Of whyshare, which the page names.
    :return: The path of the page.
    """
    make_folder(folder)
    words = words_in(language)
    space = "" if language == "zh" else " "
    overall = mixes[0]
    said = _what_was_said(labelled)
    if len(said.positions) < len(labelled):
        notes = [*notes, ("words_sampled", {"count": len(said.positions)})]
    ranked = sorted(MOTIVES, key=lambda motive: -overall.of(motive).value)
    values = {
        "answer": answer(overall, ranked, language),
        "method": method_in(language, overall),
        "bracket_note": bracket_note_in(language, unit),
        "warnings": notes_in(language, notes) + cautions_in(language, mixes, course),
        "share_chart": bars(_bar_rows(overall, ranked, language), words["shares"], percents=True),
        "shares": [_share_row(overall, motive) for motive in ranked],
        "sections": _sections(mixes, course, said, groups, language),
        "meanings": [_meaning(overall, motive, said, language) for motive in ranked],
        "names": {motive: motive_name(motive, language) for motive in MOTIVES},
        "words_note": words["words_note"] + (space + words["words_pairs"] if chinese_is_paired(said.words) else ""),
        "made_from": words["made_from"].format(file=labelled.path.name, version=version),
        "space": space,
    }
    return write_page(folder, "mix.html", language, values)


def answer(overall: GroupMix, ranked: Sequence[Motive], language: PageLanguage) -> str:
    """Say the result in one sentence."""
    places = dict(zip(("first", "second", "third"), ranked[:3], strict=True))
    values = {place: percent(overall.of(motive), NO_BREAK) for place, motive in places.items()}
    values |= {f"{place}_motive": VERBS[motive][language == "zh"] for place, motive in places.items()}
    return words_in(language)["mix_answer"].format(posts=overall.posts, **values)


def method_in(language: PageLanguage, overall: GroupMix) -> str:
    """Say how the shares were found, and what that assumes."""
    key = "method_checked" if overall.method == "checked sample" else "method_errors"
    return words_in(language)[key].format(checked=overall.checked, model=overall.errors_of)


def bracket_note_in(language: PageLanguage, unit: str) -> str:
    """Say what the intervals are drawn by: posts, or a column's name."""
    words = words_in(language)
    name = words.get(f"unit_{unit}", unit)
    return words["by_posts" if unit == POSTS else "by_clusters"].format(unit=name)


def marks(overall: GroupMix, mixes: Sequence[GroupMix]) -> list[str]:
    """Mark the groups that were corrected by known errors, where others or all posts come from a checked sample."""
    mixed = len({mix.method for mix in (overall, *mixes)}) > 1
    return [MARK if mixed and mix.method == "error matrix" else "" for mix in mixes]


def marks_note_in(language: PageLanguage, overall: GroupMix) -> str:
    """Say what the mark means."""
    return words_in(language)["other_method"].format(model=overall.errors_of)


def notes_in(language: PageLanguage, notes: Sequence[Note]) -> list[str]:
    """Put notes into words."""
    return [words_in(language)[key].format(**values) for key, values in notes]


def cautions_in(language: PageLanguage, mixes: Sequence[GroupMix], course: Sequence[GroupMix] = ()) -> list[str]:
    """Put what to be careful about into words: a line for each thing, which names the groups it is about.

    All posts, groups, periods: each is counted on its own, ``in 9 of 14 periods: 2024-W01 (12), ...``.
    """
    words = words_in(language)
    kinds = ((mixes[:1], ""), (mixes[1:], words["of_groups"]), (course, words["of_periods"]))
    lines = []
    for key, limit in LIMITS.items():
        places = [_places(words, key, several, count) for several, count in kinds]
        if any(places):
            lines.append(words[key].format(limit=limit, groups=words["semicolon"].join(filter(None, places))))
    return lines


def _places(words: Mapping[str, str], key: str, mixes: Sequence[GroupMix], count: str) -> str:
    """Name the groups that have a caution, and how many of all they are."""
    named = [
        words["counted_name"].format(name=words["all"] if mix.name == EVERYTHING else mix.name, posts=caution.posts)
        for mix in mixes
        for caution in mix.cautions
        if caution.key == key
    ]
    if not named:
        return ""
    rest = words["more"].format(count=len(named) - NAMED) if len(named) > NAMED else ""
    return count.format(count=len(named), all=len(mixes)) + words["comma"].join(named[:NAMED]) + rest


def _bar_rows(
    mix: GroupMix, ranked: Sequence[Motive], language: PageLanguage
) -> list[tuple[str, float, float, float, str]]:
    rows = []
    for motive in ranked:
        share = mix.of(motive)
        rows.append((motive_name(motive, language), share.value, share.low, share.high, COLOURS[motive]))
    return rows


def _share_row(mix: GroupMix, motive: Motive) -> dict[str, object]:
    k = motive.position
    return {
        "motive": motive,
        "share": mix.of(motive),
        "counted": mix.counted.estimate(k),
        "em": f"{100 * mix.em[k]:.0f}%",
    }


def _sections(
    mixes: Sequence[GroupMix],
    course: Sequence[GroupMix],
    said: Said,
    groups: Sequence[str],
    language: PageLanguage,
) -> list[dict[str, Any]]:
    words = words_in(language)
    sections = []
    if len(mixes) > 1:
        largest = sorted(mixes[1:], key=lambda mix: -mix.posts)[:GROUPS_SHOWN]
        listed = [mix for mix in mixes[1:] if mix in largest]
        section = _section(words["groups"], words["group"], mixes[0], listed, language)
        section["words"] = _group_words(said, groups, listed, words["comma"])
        if len(listed) < len(mixes) - 1:
            section["notes"].append(words["largest_groups"].format(shown=len(listed), count=len(mixes) - 1))
        sections.append(section)
    if course:
        sections.append(_section(words["course"], words["period"], mixes[0], course, language, periods=True))
    return sections


def _section(
    title: str,
    heading: str,
    overall: GroupMix,
    mixes: Sequence[GroupMix],
    language: PageLanguage,
    periods: bool = False,
) -> dict[str, Any]:
    """Give the rows of a table and of its chart; where there is no post in some periods, both show the gap."""
    rows: list[dict[str, Any]] = []
    lines: list[tuple[str, str, list[tuple[str, float, str]]]] = []
    marked = marks(overall, mixes)
    for place, (mix, mark) in enumerate(zip(mixes, marked, strict=True)):
        if periods and place and (empty := empty_between(mixes[place - 1].name, mix.name)):
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
        {motive: [texts[position] for position in positions] for motive, positions in likeliest.items()},
    )


def _group_words(said: Said, groups: Sequence[str], mixes: Sequence[GroupMix], comma: str) -> list[tuple[str, str]]:
    listed = []
    for mix in mixes:
        words = distinctive_words(said.words, [groups[position] == mix.name for position in said.positions])
        if words:
            listed.append((mix.name, comma.join(words)))
    return listed


def _meaning(overall: GroupMix, motive: Motive, said: Said, language: PageLanguage) -> dict[str, object]:
    own = (said.predicted == motive.position).tolist()
    return {
        "motive": motive,
        "share": percent(overall.of(motive)),
        "offer": OFFERS[motive][language == "zh"],
        "words": words_in(language)["comma"].join(distinctive_words(said.words, own)),
        "examples": list(dict.fromkeys(excerpt(text, TEXT_SHOWN) for text in said.likeliest[motive]))[:EXAMPLES],
    }
