"""How firm is a label: how many stay as they are when what is no part of a post is added before or behind it.

Scraped texts often carry more than the author wrote: a name, links, hashtags for reach, the date, the counts below a post. Posts
are those of the public and the written test set, or those of validation. Eight minutes on one core; needs ``../shared``.

    python benchmarks/robustness.py [--model FOLDER] [--validation]
"""

import argparse
from pathlib import Path

import numpy as np
from learning_curve import TEST, WRITTEN_TEST
from numpy.typing import NDArray
from probe import TRAIN

from whyshare import Labeller
from whyshare.data.annotated import load_annotated
from whyshare.training.examples import split_posts

ADDED = {  # what it is -> how it looks around a Chinese and around an English post
    "behind: the mark of a folded text": ("{}...全文", "{}... See more"),
    "behind: pictures": ("{} [组图共9张]", "{} pic.twitter.com/aBcD123"),
    "behind: a link": ("{} O网页链接", "{} https://t.co/aBcD123"),
    "behind: an ellipsis": ("{}...", "{}..."),
    "behind: hashtags for reach": ("{} #抖音 #热门 #上热门", "{} #fyp #foryou #viral"),
    "behind: hashtags of everyday life": ("{} #日常 #生活 #记录", "{} #life #daily #mood"),
    "behind: the place": ("{} 发布于 上海", "{} from London"),
    "behind: the date": ("{} 2023-05-01 12:30", "{} May 1, 2023, 12:30"),
    "behind: the counts": ("{} 转发 3 评论 5 赞 10", "{} 3 comments 10 likes"),
    "behind: the source": ("{} —— 摘自网络", "{} (via Facebook)"),
    "behind: the device": ("{} 来自 iPhone客户端", "{} Sent from my iPhone"),
    "before: a name": ("小明同学：{}", "John Smith: {}"),
    "before: a handle": ("//@小明:{}", "RT @john: {}"),
    "before: a date": ("2023-05-01 12:30 {}", "May 1, 2023, 12:30 {}"),
    "before: a hashtag": ("#日常# {}", "#life {}"),
    "before: a number": ("1. {}", "1. {}"),
    "before: a mark": ("【转】{}", "[repost] {}"),
}


def said(labeller: Labeller, texts: list[str]) -> NDArray[np.int64]:
    """Give the position of each text's motive."""
    return labeller.probabilities(texts).argmax(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a model folder; without it, the bundled one")
    parser.add_argument("--validation", action="store_true", help="posts of validation, to choose by")
    options = parser.parse_args()
    labeller = Labeller.load(options.model) if options.model else Labeller.load()
    sets = {"public": load_annotated(TEST), "written": load_annotated(WRITTEN_TEST)}
    if options.validation:
        sets = {"validation": split_posts(TRAIN)[1]}
    keys = [(name, language) for name in sets for language in ("zh", "en")]
    groups = {(name, language): [post for post in sets[name] if post.language == language] for name, language in keys}
    before = {key: said(labeller, [post.text for post in groups[key]]) for key in keys}
    gold = {key: np.array([post.label.position for post in groups[key]]) for key in keys}
    print(f"| added | {' | '.join(f'{name} {language}' for name, language in keys)} |")
    print("|---|" + "---:|" * len(keys))
    print(f"| nothing | {' | '.join(f'right {np.mean(before[key] == gold[key]):.0%}' for key in keys)} |")
    for what, (chinese, english) in ADDED.items():
        cells = []
        for key in keys:
            around = chinese if key[1] == "zh" else english
            after = said(labeller, [around.format(post.text) for post in groups[key]])
            cells.append(f"{np.mean(after == before[key]):.0%}, right {np.mean(after == gold[key]):.0%}")
        print(f"| {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
