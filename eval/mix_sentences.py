"""What a motive mix says in sentences, for the page, the workbook and the terminal alike."""

from collections.abc import Mapping, Sequence

from ..data.motives import MOTIVES, Motive
from .clusters import POSTS
from .intervals import Estimate
from .mix import EVERYTHING, LIMITS, Findings, GroupMix
from .pages import NO_BREAK, PageLanguage, motive_name, percent, words_in
from .periods import Note
from .words_mix import VERBS

NAMED = 6  # groups that a sentence names
APART = 3  # motives that set a group apart, of those that a sentence names
MARK = " †"  # behind the name of a group whose shares come from another method than its neighbours'

Words = Mapping[str, str]


def answer_in(language: PageLanguage, findings: Findings) -> list[str]:
    """Say the result in a few sentences: with groups what differs, then the mix of all posts."""
    compared = comparison_in(language, findings, NO_BREAK)
    overall, words = findings.overall, words_in(language)
    places = dict(zip(("first", "second", "third"), ranked(overall)[:3], strict=True))
    values = {place: _unbroken(overall.of(motive), NO_BREAK) for place, motive in places.items()}
    values |= {f"{place}_motive": VERBS[motive][language == "zh"] for place, motive in places.items()}
    pooled = words["mix_answer"].format(posts=overall.posts, **values)
    return [*compared, words["all_together"].format(answer=pooled) if compared else pooled]


def comparison_in(language: PageLanguage, findings: Findings, space: str = " ") -> list[str]:
    """Say whether the groups differ: two in which shares, more by what each leads with and is set apart by.

    :param space: What stands within a share and its interval, so that a page does not break them.
    :return: One or two sentences; none where there are no groups.
    """
    groups, words = findings.groups, words_in(language)
    if not groups:
        return []
    alone = len(groups) == 2 and sum(group.posts for group in groups) == findings.overall.posts
    first = [] if alone else [_leading(words, findings, language, space)]
    if all(group.p_values is None for group in groups):
        return [*first, words["untested"]]
    return [*first, _two(words, findings, language, space) if alone else _apart(words, findings, language)]


def ranked(mix: GroupMix) -> list[Motive]:
    """Order the motives by their shares, the largest first."""
    return sorted(MOTIVES, key=lambda motive: -mix.of(motive).value)


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

    All posts, groups, periods: each is counted on its own, ``in 9 of 14 periods: 2024-01-01 (12), ...``.

    :param mixes: That of all posts, then the groups.
    """
    words = words_in(language)
    kinds = ((mixes[:1], ""), (mixes[1:], words["of_groups"]), (course, words["of_periods"]))
    lines = []
    for key, limit in LIMITS.items():
        places = [_places(words, key, several, count) for several, count in kinds]
        if any(places):
            lines.append(words[key].format(limit=limit, groups=words["semicolon"].join(filter(None, places))))
    return lines


def _two(words: Words, findings: Findings, language: PageLanguage, space: str) -> str:
    """Say in which shares two groups differ that are all posts together, the farthest apart first."""
    (name, one), (other_name, other) = _named(findings)
    differ = [motive for motive in MOTIVES if one.differs(motive)]
    if not differ:
        return words["two_alike"].format(one=name, other=other_name)
    differ.sort(key=lambda motive: -abs(one.of(motive).value - other.of(motive).value))
    shares = [
        words["two_shares"].format(
            motive=motive_name(motive, language),
            one=_unbroken(one.of(motive), space),
            other=_unbroken(other.of(motive), space),
        )
        for motive in differ
    ]
    said = words["two_differ"].format(one=name, other=other_name, differences=words["semicolon"].join(shares))
    return said + (words["others_alike"] if len(differ) < len(MOTIVES) else "")


def _leading(words: Words, findings: Findings, language: PageLanguage, space: str) -> str:
    """Say which motive leads in each group, the largest groups first."""
    named = []
    for name, group in sorted(_named(findings), key=lambda pair: -pair[1].posts):
        motive = ranked(group)[0]
        share = _unbroken(group.of(motive), space)
        named.append(words["leading_of"].format(name=name, motive=motive_name(motive, language), share=share))
    return words["leading"].format(groups=_first(words, named, NAMED, "semicolon"))


def _apart(words: Words, findings: Findings, language: PageLanguage) -> str:
    """Say by which motives groups are set apart from all other posts beyond chance, the largest groups first."""
    named = []
    for name, group in sorted(_named(findings), key=lambda pair: -pair[1].posts):
        distances = {m: group.of(m).value - findings.overall.of(m).value for m in MOTIVES if group.differs(m)}
        said = [
            words["higher" if distances[motive] > 0 else "lower"].format(motive=motive_name(motive, language))
            for motive in sorted(distances, key=lambda motive: -abs(distances[motive]))
        ]
        if said:
            named.append(words["apart_of"].format(name=name, motives=_first(words, said, APART, "comma")))
    return words["apart"].format(groups=_first(words, named, NAMED, "semicolon")) if named else words["groups_alike"]


def _unbroken(share: Estimate, space: str) -> str:
    return percent(share).replace(" ", space)


def _named(findings: Findings) -> list[tuple[str, GroupMix]]:
    """Give the groups with their names as a reader sees them, marked."""
    groups = findings.groups
    return [(group.name + mark, group) for group, mark in zip(groups, marks(findings.overall, groups), strict=True)]


def _first(words: Words, items: Sequence[str], count: int, between: str) -> str:
    """Join the first few, and say how many more there are."""
    rest = words["more"].format(count=len(items) - count) if len(items) > count else ""
    return words[between].join(items[:count]) + rest


def _places(words: Words, key: str, mixes: Sequence[GroupMix], count: str) -> str:
    """Name the groups that have a caution, and how many of all they are."""
    named = [
        words["counted_name"].format(name=words["all"] if mix.name == EVERYTHING else mix.name, posts=caution.posts)
        for mix in mixes
        for caution in mix.cautions
        if caution.key == key
    ]
    if not named:
        return ""
    return count.format(count=len(named), all=len(mixes)) + _first(words, named, NAMED, "comma")
