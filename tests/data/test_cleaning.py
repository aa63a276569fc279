import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whyshare.data.cleaning import clean, has_text


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("ＯＫ &lt;3\u200b 看http://t.cn/abc好 //@小明: 13800138000", "OK <3 看<url>好 //@user: <num>"),
        ("今天，真好！？（哈）", "今天，真好！？（哈）"),
        ("hello😂world [泪] #上海#", "hello😂world [泪] #上海#"),
        ("👨\u200d👩\u200d👧 a\u200db", "👨\u200d👩\u200d👧 ab"),
        ("❤\ufe0f love", "❤ love"),
        ("&amp;amp;lt; &#8203;x &copy=1", "< x &copy=1"),
        ("mail me@example.com or +8613800138000", "mail <num> or <num>"),
        ("身份证11010519491231002X 电话010-62511234", "身份证<num> 电话<num>"),
        ("138 0013 8000，(555) 123-4567", "<num>，<num>"),
        ("2018-04-22 12:30 涨了123456元 3.1415926535", "2018-04-22 12:30 涨了123456元 3.<num>"),
        ("@user @users @张三-li_4：hi", "@user @user @user：hi"),
        ("a\x00b\r\n\tc\u3000d\ud800", "ab c d"),
        ("www.baidu.com好", "<url>好"),
        ("<email> <phone>", "<num> <num>"),
        ("<a href='/n/小明'>@小明</a>:看<br />这个<img alt=[doge] src='//x/d.png'><p>好</p>", "@user:看 这个[doge] 好"),
        (
            '&lt;b&gt;so&lt;/b&gt; good <span class="x">O</span><img class="e" alt="😂"/><img alt="a long text">',
            "so good O😂",
        ),
        ("<rant> a<b and c>d <3 <i> </rant>", "<rant> a<b and c>d <3 </rant>"),
        ("看这里O网页链接 和网页链接", "看这里<url> 和<url>"),
        ("<a href='//t.cn/a'><span class='surl-text'>网页链接</span></a> 好", "<url> 好"),
        ("今天开箱 ...<a href='/status/1'>全文</a>", "今天开箱"),
        ("今天开箱…展开全文c", "今天开箱"),
        ("今天开箱 展开c", "今天开箱"),
        ("今天开箱 收起全文d 收起d", "今天开箱"),
        ("so good... See more", "so good"),
        ("看全文 展开 收起", "看全文 展开 收起"),
        ("...全文在此", "...全文在此"),
        ("今天开箱 [组图共9张]", "今天开箱"),
        ("[组图共3张] 开箱", "开箱"),
        ("so good pic.twitter.com/aB1 好youtu.be/x看", "so good <url> 好<url>看"),
        ("v1.2.com, 3.5/5, a@b-c.com/x e.g./i.e. me/you", "v1.2.com, 3.5/5, <num>/x e.g./i.e. me/you"),
        ("#护肤[话题]# #好物[话题]#", "#护肤# #好物#"),
        ("", ""),
        (" \u200b\ufeff ", ""),
    ],
)
def test_clean(raw, cleaned):
    assert clean(raw) == cleaned


@pytest.mark.parametrize("pattern", ["a\u0301\u0323", "&amp;", "\u0301\u0323", "1-", "今天 "])
def test_what_is_far_too_long_keeps_its_ends(pattern):
    text = "begin " + pattern * 3_000_000 + " end"
    assert clean(text).startswith("begin")
    assert clean(text).endswith("end")


@pytest.mark.parametrize("text", ["<" * 6000 + "b>" * 6000, "&" + "amp;" * 4900])
def test_what_is_nested_thousands_deep_takes_no_minutes(text):
    started = time.process_time()
    clean(text)
    assert time.process_time() - started < 5


def test_what_a_long_handle_leaves_goes_the_next_time():
    once = clean("@" + "唱" * 31)
    assert (once, clean(once)) == ("@user唱", "@user")


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text):
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet="&#x;amplt820@ab1.c:/hwtps\u200b\u200d＠＆ 　<>好-"))
def test_cleaning_twice_is_cleaning_once_for_hard_alphabets(text):
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet="<>/abripmgl t=&;@x1.w'"))
def test_cleaning_twice_is_cleaning_once_for_tags(text):
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "[removed]", "[deleted]", "[deleted by user]", "[ Removed by Reddit ]", "抱歉，此微博已被作者删除",
        "抱歉，此微博已被作者删除。查看帮助：http://t.cn/Rfd3rQV", "此微博已被作者删除。查看帮助：网页链接",
        "抱歉，作者已设置仅展示半年内微博，此微博已不可见。", "作者已设置仅展示半年内微博，此微博已不可见", "此微博已不可见",
        "该微博因被多人投诉，根据《微博社区公约》，已被删除。查看帮助：http://t.cn/a",
        "分享图片", "分享视频 http://t.cn/a", "[图片][图片]", "<Media omitted>", "O网页链接", "该评论已被删除",
        "转发微博", "轉發微博。", "Repost", "//@小明:转发微博", "转发微博 //@小明: 转发微博 http://t.cn/a", "回复@小明:转发微博",
        "http://t.cn/abc", "@小明 @小红", "@小明 http://t.cn/abc 2！", "13800138000", "@小明：?",
    ],
)  # fmt: skip
def test_posts_that_are_gone_or_links_alone_have_no_text(text):
    assert not has_text(clean(text))


@pytest.mark.parametrize(
    "text",
    ["?", "!!!", "……", "666", "2333", "😂", "@小明 😂", "http://t.cn/a [doge]", "ok", "5元", "❤ 1", "//@小明: 抱歉，此微博已被作者删除",
     "为什么此微博已被作者删除", "[removed] why?", "该微博因被多人投诉就没了？", "分享图片给大家", "[图片] 好看",
     "求网页链接", "转发微博[doge]", "转发", "转发微博抽奖", "转发微博//@小明:今天抽奖", "reposted"],
)  # fmt: skip
def test_a_reaction_is_a_text(text):
    assert has_text(clean(text))
