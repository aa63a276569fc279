"""The one cleaning function that training and inference share.

Its version is stored with the weights: a model labels only texts that were cleaned as its training texts were.
Change what :func:`clean` returns for any text, and ``CLEANING_VERSION`` goes up.
"""

import html
import re
import unicodedata

CLEANING_VERSION = 3

ENDS = 10_000  # characters at each end of a text; what lies between is cut: no post has it, and no model reads it

ROUNDS = 32  # of entities that stand for entities, and tags inside tags; thousands would take minutes

URL, HANDLE, NUMBER = "<url>", "@user", "<num>"
PLACEHOLDER = re.compile(f"{URL}|{HANDLE}|{NUMBER}")

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
# Only letters, digits and the signs that start a handle, a tag or an entity: ，！？ are Chinese punctuation and stay.
_HALF_WIDTH = {full: full - 0xFEE0 for full in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_HALF_WIDTH |= {ord("＠"): "@", ord("＃"): "#", ord("＆"): "&", ord("\N{IDEOGRAPHIC SPACE}"): " "}
# Of the HTML that crawlers keep, such as m.weibo.cn's; other words between angles, such as <rant>, are the author's.
_BREAK = re.compile(r"<(?:br|hr|/?(?:p|div|li|ul|ol|h[1-6]|blockquote))(?:\s[^<>=]*=[^<>]*|\s*/?)>", re.IGNORECASE)
_INLINE = re.compile(r"<(?:img|wbr|/?(?:a|b|em|font|i|small|span|strong|u))(?:\s[^<>=]*=[^<>]*|\s*/?)>", re.IGNORECASE)
_EMOTICON = re.compile(r"""\salt=(["']?)([^\s"'<>/]{1,20})\1[\s/>]""", re.IGNORECASE)  # [doge], or an emoji
_INVISIBLE = frozenset({"Cf", "Cc", "Cs", "Co"})  # format, control, lone surrogate, private use
_SPACE = re.compile(r"\s+")
_VARIATION_SELECTOR = re.compile("[\ufe00-\ufe0f]")
_JOINER = "\N{ZERO WIDTH JOINER}"

# A URL ends at the first character that is not printable ASCII, so that Chinese glued to it survives.
_URL = re.compile(
    r"(?:https?://|(?<![A-Za-z0-9.@])(?:www\.|t\.cn/|t\.co/|bit\.ly/|url\.cn/)"
    r"|(?<![\w.@-])(?:[a-z0-9-]{1,40}\.){1,3}(?:be|cc|cn|co|com|io|me|net|org|tv)/)[!-;=?-~]+",  # pic.twitter.com/a
    re.IGNORECASE | re.ASCII,
)
_EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}", re.ASCII)
_HANDLE = re.compile(r"(?<![A-Za-z0-9_])@(?!user(?![\w-]))[\w-]{1,30}")
_LONG_NUMBER = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"\d{17}[\dXx]"  # resident identity card
    r"|\+?\d{7,}"  # mobile, QQ, order, card
    r"|(?:\+?86[ -]?)?1[3-9]\d[ -]\d{4}[ -]\d{4}"  # mobile written 3-4-4
    r"|0\d{2,3}-\d{7,8}"  # landline with its area code
    r"|(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}"  # North American
    r")(?![A-Za-z0-9])"
)
# What Weibo shows in place of a link, the O an icon, and of pictures; Xiaohongshu's end of a hashtag; and where an
# application has folded a text, the c and d icons.
_LINK_NAME = re.compile("O?网页链接")
_PICTURES = re.compile(r"\s?\[组图共\d{1,2}张\]")
_TOPIC = "[话题]#"
_FOLD = re.compile(
    r"\s*(?:(?:\.{3}|…)\s*(?:全文|展开|see more|show more|read more)|(?:\.{3}|…)?\s*展开(?:全文)?c|收起(?:全文)?d)$",
    re.IGNORECASE,
)
_FOLD_LENGTH = 24  # the longest, and white space
# What Reddit, Weibo, WeChat and WhatsApp show in place of a post that is gone, or write where only a picture was shared,
# or a post of others without a word of one's own.
_IN_PLACE = re.compile(
    r"\[ ?(?:removed|deleted)(?: by (?:user|reddit|moderator))? ?\]"
    r"|(?:(?:分享(?:了?图片|视频)|查看图片|\[(?:图片|视频|照片|语音|动画表情)\]|<media omitted>|<url>) ?)+"
    r"|(?:(?://|回复)?@user ?[:：] ?|(?:转发微博|轉發微博|快转微博|repost)(?:[ 。.]|<url>)*)+"
    r"|(?:抱歉[，,] ?)?(?:"
    r"(?:此|该|原)(?:微博|评论)已(?:被(?:原?作者)?删除|不可见)"
    r"|(?:该|此)(?:微博|账号)因被[^。]{1,60}(?:删除|无法查看|不可见)"
    r"|(?:由于)?作者(?:已?设置)[^。]{1,60}(?:不可见|查看权限哦?)"
    r")[。.]?(?: ?查看帮助[：:]? ?(?:<url>)?)?[ 。.]*",
    re.IGNORECASE,
)
_MASKS = re.compile(r"<(?:email|phone)>")


def clean(text: str) -> str:
    r"""Bring a post into the form that the model reads.

    The two ends of what is far too long, Unicode NFC, HTML entities and tags, control and zero-width characters, white
    space, full-width letters and digits, then URL -> ``<url>``, handle -> ``@user``, phone, e-mail and identity numbers ->
    ``<num>``. What applications add to a text goes: Weibo's 网页链接 is a ``<url>``; its [组图共9张], "...全文" and 收起d
    where a text is folded, and Xiaohongshu's [话题] are nothing. Emoji, hashtags and [bracket emoticons] stay. Cleaning a
    clean text changes nothing, unless a handle had more than 30 characters (what of it is left stands glued to ``@user``,
    and goes next time) or tags or entities stood ``ROUNDS`` deep inside one another.

    ``clean("ＯＫ &lt;3\u200b 看http://t.cn/abc好 //@小明: 13800138000") -> "OK <3 看<url>好 //@user: <num>"``
    """
    text = _normalise(ends(text))  # which takes time that grows with the square of the length of some texts
    text = _LINK_NAME.sub(URL, _URL.sub(URL, text))
    text = _EMAIL.sub(NUMBER, text)
    text = _HANDLE.sub(HANDLE, text)
    text = _LONG_NUMBER.sub(NUMBER, text)
    text = _PICTURES.sub("", _MASKS.sub(NUMBER, text)).replace(_TOPIC, "#").strip()
    while fold := _FOLD.search(text, max(0, len(text) - _FOLD_LENGTH)):
        text = text[: fold.start()]
    return text


def has_text(cleaned: str) -> bool:
    """Tell whether a cleaned post says anything: not one that is deleted, or nothing but links, handles and punctuation.

    Nor what an application writes in place of words: ``has_text("分享图片")`` and ``has_text("转发微博")`` are False.

    ``has_text("?")`` and ``has_text("666")`` are True, for these are reactions, but ``has_text("@user <url>?")`` and
    ``has_text("[removed]")`` are False.
    """
    rest = PLACEHOLDER.sub("", cleaned)
    if any(map(_is_said, rest)):
        return not _IN_PLACE.fullmatch(cleaned)
    return bool(rest) and rest == cleaned


def _is_said(char: str) -> bool:
    """Tell letters and emoji from digits, punctuation and white space, as which all other ASCII signs count."""
    return char.isalpha() if char.isascii() else unicodedata.category(char)[0] not in "NPZ"


def excerpt(text: str, length: int) -> str:
    """Show the beginning of a post, cleaned: handles, numbers and links are masked."""
    cleaned = clean(text)
    return cleaned if len(cleaned) <= length else cleaned[: length - 1] + "…"


def ends(text: str) -> str:
    """Cut what lies between the ends of a text that is far too long; cleaning does so too."""
    return text if len(text) <= 2 * ENDS else f"{text[:ENDS]} {text[-ENDS:]}"


def _normalise(text: str) -> str:
    """Settle the characters; repeat, since an entity may stand for an invisible, a tag or another entity."""
    for _ in range(ROUNDS):
        settled = text
        if not text.isascii():
            text = unicodedata.normalize("NFC", text).translate(_HALF_WIDTH)
            text = _VARIATION_SELECTOR.sub("", text)
        text = _drop_invisible(_SPACE.sub(" ", text))
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
        text = (_without_tags(text) if "<" in text else text).strip()
        if text == settled:
            break
    return text


def _without_tags(text: str) -> str:
    """Take the tags away; of a picture in the line, which may be an emoticon, its short name stays."""

    def name(tag: re.Match[str]) -> str:
        found = _EMOTICON.search(tag[0])
        return found[2] if found else ""

    return _INLINE.sub(name, _BREAK.sub(" ", text))


def _drop_invisible(text: str) -> str:
    """Remove what cannot be seen; a joiner stays only inside an emoji such as 👨‍👩‍👧."""
    if text.isprintable():
        return text
    kept = []
    for position, char in enumerate(text):
        if char == _JOINER and 0 < position < len(text) - 1:
            before, after = text[position - 1], text[position + 1]
            if _is_symbol(before) and _is_symbol(after):
                kept.append(char)
        elif unicodedata.category(char) not in _INVISIBLE:
            kept.append(char)
    return "".join(kept)


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char) in {
        "So",
        "Sk",
        "Cn",
    }  # Sk: skin tones; Cn: emoji newer than this Python
