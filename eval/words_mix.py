"""The words of the motive-mix report: (English, Chinese) by key; ``{}`` is filled in."""

from ..data.motives import Motive

MIX_WORDS: dict[str, tuple[str, str]] = {
    "mix_title": ("Why did they share this?", "他们为什么分享？"),
    "mix_answer": (
        "{first} of {posts} posts were shared to {first_motive}, {second} to {second_motive}, and {third} to {third_motive}.",
        "{posts} 条帖子中，分享动机为“{first_motive}”的占 {first}，“{second_motive}”占 {second}，“{third_motive}”占 {third}。",
    ),
    "all_together": ("All posts together: {answer}", "全部帖子合计：{answer}"),
    "two_differ": (
        "{one} and {other} differ beyond chance: {differences}.",
        "“{one}”与“{other}”有显著差异：{differences}。",
    ),
    "two_shares": ("{motive} {one} against {other}", "{motive} {one} 对 {other}"),
    "others_alike": (" For the other motives, no difference beyond chance was found.", "其余动机未发现显著差异。"),
    "two_alike": (
        "No difference beyond chance was found between {one} and {other}.",
        "“{one}”与“{other}”之间未发现显著差异。",
    ),
    "untested": (
        "The posts are too few to tell whether the groups differ.",
        "帖子太少，无法判断各组之间有无差异。",
    ),
    "leading": ("The leading motive in each group: {groups}.", "各组占比最高的动机：{groups}。"),
    "leading_of": ("{name} – {motive} {share}", "{name}——{motive} {share}"),
    "apart": ("Unlike all other posts beyond chance: {groups}.", "与其余帖子有显著差异：{groups}。"),
    "apart_of": ("{name} ({motives})", "{name}（{motives}）"),
    "higher": ("more {motive}", "{motive}偏高"),
    "lower": ("less {motive}", "{motive}偏低"),
    "groups_alike": (
        "No group was found to differ from all other posts beyond chance.",
        "未发现任何一组与其余帖子有显著差异。",
    ),
    "sideways": ("Swipe the table sideways for all eight motives.", "左右滑动表格，可看全部八种动机。"),
    "method_errors": (
        "Shares are corrected for the known errors of {model}. This assumes that posts of one motive look as they did when the model was validated, and that only their mix differs. Before you decide by it, check a random sample (whyshare sample): real posts often differ.",
        "比例已按 {model} 已知的错误校正。前提是：同一动机的帖子与模型验证时看起来一样，只是各动机的比例不同。真实帖子常常不同：据此决策之前，请先用 whyshare sample 抽样核对。",
    ),
    "method_checked": (
        "Shares come from a random sample that a person checked ({checked} posts), with the model's predictions as an aid. This assumes that the sample is the one drawn, and that the person is right.",
        "比例来自人工核对的随机样本（{checked} 条），并借助模型的预测。前提是：所核对的正是抽出的样本，且标注无误。",
    ),
    "by_posts": (
        "In brackets: 95% intervals, each post taken for itself.",
        "方括号内为 95% 置信区间，每条帖子视为独立样本。",
    ),
    "by_clusters": (
        "In brackets: 95% intervals, the posts of one {unit} taken together.",
        "方括号内为 95% 置信区间，“{unit}”相同的帖子作为一个整群。",
    ),
    "other_method": (
        "† by the known errors of {model}, not by the checked sample: beside rows without †, a difference may be one of method.",
        "† 按 {model} 已知的错误校正，而非人工核对的样本；与没有 † 的行相比，差异可能只是方法不同。",
    ),
    "gap": ("{count} without posts", "其间 {count} 个时段没有帖子"),
    "shares": ("Shares of the motives", "各动机的比例"),
    "share": ("share", "比例"),
    "low": ("low", "下限"),
    "high": ("high", "上限"),
    "counted": ("counted", "直接计数"),
    "em": ("by EM", "EM 估计"),
    "groups": ("Groups compared", "分组比较"),
    "groups_note": (
        "Bold: differs from all other posts beyond chance (p below 0.05 after Holm's correction for all comparisons).",
        "粗体：与其余帖子的差异显著（对所有比较作 Holm 校正后 p < 0.05）。",
    ),
    "largest_groups": (
        "The {shown} largest of {count} groups are shown; the workbook and the terminal have all.",
        "共 {count} 组，此处只列帖子最多的 {shown} 组；工作簿和命令行输出包含全部。",
    ),
    "group": ("group", "分组"),
    "course": ("The course over time", "随时间的变化"),
    "period": ("period", "时段"),
    "warnings": ("Warnings", "注意"),
    "more": (", and {count} more", "，另有 {count} 个"),
    "counted_name": ("{name} ({posts})", "{name}（{posts}）"),
    "bound_of": ("{motive}, {bound}", "{motive}，{bound}"),
    "of_groups": ("in {count} of {all} groups: ", "{all} 组中有 {count} 组："),
    "of_periods": ("in {count} of {all} periods: ", "{all} 个时段中有 {count} 个："),
    "few_posts": (
        "fewer than {limit} posts, so the intervals are wide: {groups}",
        "帖子不足 {limit} 条，置信区间很宽：{groups}",
    ),
    "not_tested": (
        "not tested against the others, for which {limit} posts are needed on either side: {groups}",
        "未与其余帖子作检验（两边各需至少 {limit} 条）：{groups}",
    ),
    "few_checked": (
        "the checked posts are too few to use, the model's known errors are used instead; check at least {limit}: {groups}",
        "核对过的帖子太少，改用模型已知的错误校正；请至少核对 {limit} 条：{groups}",
    ),
    "unlike_validation": (
        "the posts do not look like those the model was validated on (p below {limit}), so the correction may be off; check a random sample (whyshare sample): {groups}",
        "帖子与模型验证时的帖子看起来不同（p < {limit}），校正可能有偏差；请用 whyshare sample 抽样核对：{groups}",
    ),
    "by_hand": (
        "{count} motives are not the likeliest of their row, as after a change by hand: the corrected shares ignore that; to correct them by hand, use whyshare sample",
        "{count} 条帖子的动机不是该行概率最高的，像是人工改过：校正后的比例不会采用这些改动；要按人工判断校正，请用 whyshare sample",
    ),
    "by_text": (
        "{count} checked posts stand in other rows than when the sample was drawn, and were found by their text",
        "有 {count} 条核对过的帖子已不在抽样时的行上，按文字找到",
    ),
    "weeks": ("each week is named by its Monday", "每周以该周周一的日期表示"),
    "no_year": (
        "{count} dates have no year; each is taken for the latest that is not after {newest}",
        "{count} 个日期没有年份，均取不晚于 {newest} 的最近一个",
    ),
    "month_first": (
        "the dates do not tell day from month; '{date}' is read with the month first",
        "日期分不清日和月；“{date}”按月份在前读取",
    ),
    "no_date": (
        "{count} posts have no date; they are in no period",
        "{count} 条帖子没有日期，不属于任何时段",
    ),
    "unread_date": (
        "{count} posts have a date that cannot be read, such as '{date}': write it like 2024-03-05; they are in no period",
        "{count} 条帖子的日期无法识别，例如“{date}”：请写成 2024-03-05 这样；它们不属于任何时段",
    ),
    "utc": (
        "dates such as {date} are times of UTC, and taken for days of UTC",
        "“{date}”这类日期是 UTC 时间，按 UTC 的日期计",
    ),
    "gaps": (
        "{count} periods have no posts and are left out, the first after {first}",
        "有 {count} 个时段没有帖子，未列出，第一个在 {first} 之后",
    ),
    "repeats": (
        "{count} of {posts} posts repeat a text, and each counts as evidence of its own: where they are copies, leave all but one out",
        "{posts} 条帖子中有 {count} 条与另一条文字相同，却各算一条证据：若是复制的内容，请先去重",
    ),
    "one_group": (
        "all posts that have a {columns} have the same; there are no groups to compare",
        "凡有“{columns}”的帖子，取值都相同，没有可比较的分组",
    ),
    "one_day": (
        "all posts that have a date are of one day; there is no course to show",
        "有日期的帖子都在同一天，没有变化可看",
    ),
    "one_week": (
        "all posts that have a date are of one week; there is no course to show",
        "有日期的帖子都在同一周，没有变化可看",
    ),
    "one_month": (
        "all posts that have a date are of one month; there is no course to show",
        "有日期的帖子都在同一月，没有变化可看",
    ),
    "no_motive": (
        "{count} posts have no motive, such as those without text; they are left out",
        "{count} 条帖子没有动机（例如没有文字），未计入",
    ),
    "sample_blank": (
        "{count} of {drawn} rows of the sample have no motive; shares are of posts like those that have one",
        "样本的 {drawn} 行中有 {count} 行没有填写动机；比例只针对有动机的那类帖子",
    ),
    "words_sampled": (
        "Words are counted in {count} of the posts, drawn at random",
        "用词统计自随机抽取的 {count} 条帖子",
    ),
    "no_group": (
        "{count} posts lack a value of {columns}; they are in no group",
        "{count} 条帖子缺少“{columns}”的值，不属于任何分组",
    ),
    "meaning": (
        "Each motive: words, typical posts, what a campaign can offer",
        "各动机：特征词、典型帖子与活动建议",
    ),
    "typical": ("typical post", "典型帖子"),
    "words": ("words that set them apart", "特征词"),
    "offer": ("what a campaign can offer", "活动建议"),
    "group_words": ("What sets each group apart", "各组的特征词"),
    "words_note": (
        "Words in three different texts or more that stand there more often than chance would have it (binomial test; false discovery rate of 5% at most, Benjamini and Hochberg), the surest first; copies of a text count once. Where there is none, nothing is listed.",
        "特征词：至少出现在三条不同的文字中，且出现次数显著多于随机预期（二项检验，Benjamini–Hochberg 法，错误发现率不超过 5%），最可靠的在前；文字相同的帖子只计一次。没有这样的词，就不列出。",
    ),
    "words_left_out": (
        "Chinese words are listed only where the package jieba is installed: pip install jieba.",
        "此处没有列出中文词：需先安装 jieba（pip install jieba）。",
    ),
    "made_from": ("Made from {file} with whyshare {version}.", "由 {file} 生成，whyshare {version}。"),
}

VERBS: dict[Motive, tuple[str, str]] = {
    Motive.BENEFIT: ("gain something", "直接利益"),
    Motive.EXISTENCE: ("say “I am here”", "宣告存在"),
    Motive.BELONGING: ("find people like themselves", "寻找同类"),
    Motive.UNIQUENESS: ("stand out", "展示独特"),
    Motive.VALUE: ("be of use to others", "提供价值"),
    Motive.ATTENTION: ("draw attention", "吸引关注"),
    Motive.HELP: ("ask for help", "寻求帮助"),
    Motive.WARNING: ("warn others", "危机预警"),
}

OFFERS: dict[Motive, tuple[str, str]] = {
    Motive.BENEFIT: (
        "Reach bought by reward ends with the reward; add something worth telling before the budget runs out.",
        "靠奖励换来的传播，奖励一停就停；趁预算还在，加上值得谈论的内容。",
    ),
    Motive.EXISTENCE: (
        "Lower the threshold: a sign-in, a card, a filter that lets people say “here I am today” in one tap.",
        "降低门槛：签到、卡片、滤镜，一键就能说“我今天在这里”。",
    ),
    Motive.BELONGING: (
        "Name the group and give it a sign; design the friends' reply, so that “me too” is the natural answer.",
        "给这群人一个名字和标识；设计朋友们的回应方式，让“我也是”脱口而出。",
    ),
    Motive.UNIQUENESS: (
        "Give everyone something of their own to show, such as a yearly bill; help them create, do not show yourself.",
        "给每个人一份只属于自己、值得晒的东西，比如年度账单；帮他们创作，而不是展示品牌自己。",
    ),
    Motive.VALUE: (
        "Make it useful without you: a list, a tool, a story that makes whoever passes it on look well informed.",
        "做出不依赖品牌也有用的内容：清单、工具、故事，让转发的人显得见多识广。",
    ),
    Motive.ATTENTION: (
        "People are venting or hurting: listen and mend what they complain of; do not make a campaign of it.",
        "人们在宣泄情绪或诉说伤痛：请倾听，解决他们抱怨的问题；不要借此做营销。",
    ),
    Motive.HELP: (
        "Answer, and make answering easy for others; a brand that helps in public is remembered.",
        "主动回应，也让别人容易回应；公开帮过忙的品牌会被记住。",
    ),
    Motive.WARNING: (
        "Give checked facts at once, in a form that can be passed on as fast as the alarm itself.",
        "立刻发布核实过的事实，形式要便于转发，传得和警报一样快。",
    ),
}
