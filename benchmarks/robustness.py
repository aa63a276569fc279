"""How firm is a label: how many stay as they are when what is no part of a post is added to its end.

Scraped texts often carry more than the author wrote: links, hashtags for reach, the date, the counts below a post. Posts are
those of the public and the written test set. Five minutes on one core; needs ``../shared``.

    python benchmarks/robustness.py [--model FOLDER]
"""

import argparse
from pathlib import Path

import numpy as np
from learning_curve import TEST, WRITTEN_TEST
from numpy.typing import NDArray

from whyshare import Labeller
from whyshare.data.annotated import Annotated, load_annotated

ADDED = {  # what it is -> how it looks in Chinese and in English
    "the mark of a folded text": ("...全文", "... See more"),
    "pictures": (" [组图共9张]", " pic.twitter.com/aBcD123"),
    "a link": (" O网页链接", " https://t.co/aBcD123"),
    "an ellipsis": ("...", "..."),
    "hashtags for reach": (" #抖音 #热门 #上热门", " #fyp #foryou #viral"),
    "hashtags of everyday life": (" #日常 #生活 #记录", " #life #daily #mood"),
    "the place": (" 发布于 上海", " from London"),
    "the date": (" 2023-05-01 12:30", " May 1, 2023, 12:30"),
    "the counts": (" 转发 3 评论 5 赞 10", " 3 comments 10 likes"),
}


def said(labeller: Labeller, texts: list[str]) -> NDArray[np.int64]:
    """Give the position of each text's motive."""
    return labeller.probabilities(texts).argmax(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a model folder; without it, the bundled one")
    options = parser.parse_args()
    labeller = Labeller.load(options.model) if options.model else Labeller.load()
    groups: dict[tuple[str, str], list[Annotated]] = {}
    for name, path in (("public", TEST), ("written", WRITTEN_TEST)):
        for post in load_annotated(path):
            groups.setdefault((name, post.language), []).append(post)
    keys = [(name, language) for name in ("public", "written") for language in ("zh", "en")]
    before = {key: said(labeller, [post.text for post in groups[key]]) for key in keys}
    gold = {key: np.array([post.label.position for post in groups[key]]) for key in keys}
    print(f"| added | {' | '.join(f'{name} {language}' for name, language in keys)} |")
    print("|---|" + "---:|" * len(keys))
    print(f"| nothing | {' | '.join(f'right {np.mean(before[key] == gold[key]):.0%}' for key in keys)} |")
    for what, (chinese, english) in ADDED.items():
        cells = []
        for key in keys:
            end = chinese if key[1] == "zh" else english
            after = said(labeller, [post.text + end for post in groups[key]])
            cells.append(f"{np.mean(after == before[key]):.0%}, right {np.mean(after == gold[key]):.0%}")
        print(f"| {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
