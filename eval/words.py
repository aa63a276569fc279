"""The words of the pages: (English, Chinese) by key; ``{}`` is filled in."""

WORDS: dict[str, tuple[str, str]] = {
    "title": ("How good are the labels?", "标签有多准？"),
    "answer": (
        "{name} gives {accuracy} of {posts} posts the motive that the annotators gave, one of eight; "
        "its macro-F1 is {macro_f1}, where always saying the commonest motive reaches {majority}.",
        "{name} 对 {posts} 条帖子的判断，有 {accuracy} 与标注者给出的动机（八选一）一致；宏平均 F1 为 {macro_f1}，"
        "而始终预测最常见的动机只有 {majority}。",
    ),
    "answer_coverage": (
        "If a person looks at the least certain 40%, {accuracy} of the rest are right.",
        "若把最没把握的 40% 交给人工复核，其余帖子的准确率为 {accuracy}。",
    ),
    "models": ("Models side by side", "模型对比"),
    "model": ("model", "模型"),
    "scores": ("Scores", "得分"),
    "metric": ("metric", "指标"),
    "all": ("all", "全部"),
    "posts": ("posts", "帖数"),
    "interval_note": (
        "In brackets: 95% bootstrap intervals over {unit} ({resamples} resamples).",
        "方括号内为 95% 置信区间（自助法，按“{unit}”重抽样 {resamples} 次）。",
    ),
    "comma": (", ", "、"),
    "semicolon": ("; ", "；"),
    "space": (" ", ""),  # between two sentences
    "weighted": (
        "The posts were drawn by groups of different sizes; each counts for as many as it stands for, in all but numbers of posts.",
        "帖子是按大小不同的组抽取的；除帖子数外，每条均按其所代表的帖子数加权。",
    ),
    "few_clusters": (
        "There are few values of {unit} ({counts}): the intervals hold the truth less often than 95 times of 100.",
        "“{unit}”的取值较少（{counts}），置信区间的实际覆盖率低于 95%。",
    ),
    "unbounded": (
        "Without brackets: the same in every resample, so these posts cannot tell how far off it is.",
        "没有方括号的：每次重抽样结果都相同，仅凭这些帖子无法估计误差。",
    ),
    "macro_f1_of": ("{language} macro-F1", "宏平均 F1（{language}）"),
    "numbers": ("The numbers", "数值"),
    "unit_posts": ("posts", "帖子"),
    "unit_source": ("source", "来源"),
    "unit_author": ("author", "作者"),
    "en": ("English", "英文"),
    "zh": ("Chinese", "中文"),
    "mixed": ("both languages", "中英混合"),
    "other": ("other languages", "其他语言"),
    "classes": ("Each motive", "各动机"),
    "motive": ("motive", "动机"),
    "precision": ("precision", "精确率"),
    "recall": ("recall", "召回率"),
    "support": ("posts", "帖数"),
    "class_chart": ("F1 of each motive with its interval", "各动机的 F1 及置信区间"),
    "confusion": ("What is taken for what", "哪些动机容易混淆"),
    "confusion_note": (
        "Each row is a motive as annotated, each column what the model said; numbers are posts.",
        "每行是标注的动机，每列是模型的回答；数字为帖数。",
    ),
    "gold": ("annotated", "标注"),
    "predicted": ("predicted", "预测"),
    "reliability": ("Is 80% sure right 80% of the time?", "模型说有八成把握时，真有八成正确吗？"),
    "reliability_note": (
        "Each dot is some {posts} posts of like confidence; on the dashed line, stated confidence is accuracy. A perfectly "
        "calibrated model would show a calibration error (ECE) of about {chance} on so many posts, by chance alone.",
        "每点代表约 {posts} 条置信度相近的帖子；落在虚线上，表示置信度等于准确率。"
        "在这么多帖子上，即使是完全校准的模型，也会仅因偶然出现约 {chance} 的校准误差（ECE）。",
    ),
    "confidence": ("confidence", "置信度"),
    "accuracy": ("accuracy", "准确率"),
    "coverage": ("What is gained by leaving the uncertain to a person", "把没把握的帖子交给人工，能提高多少"),
    "coverage_axis": ("share of posts kept, the most certain first", "保留的帖子比例（把握大的在先）"),
    "errors": ("The most certain errors", "最有把握的错误"),
    "errors_note": (
        "Where the model was surest and the annotators disagree: {count} of {total} errors; all are in errors.csv. Below "
        "each motive: the probability that the model gave it.",
        "模型最有把握而与标注不符之处：{total} 个错误中的 {count} 个，全部见 errors.csv。动机下方是模型给它的概率。",
    ),
    "errors_alone": ("Errors", "错误"),
    "errors_alone_note": (
        "Where the annotators disagree: {count} of {total} errors; all are in errors.csv.",
        "与标注不符之处：{total} 个错误中的 {count} 个，全部见 errors.csv。",
    ),
    "text": ("post", "帖子"),
    "no_errors": ("There are none.", "没有错误。"),
    "provenance": ("Data, model and command", "数据、模型与命令"),
    "annotated file": ("annotated file", "标注文件"),
    "predictions": ("predictions", "预测文件"),
    "command": ("command", "命令"),
    "spread_note": (
        "Macro-F1 over {count} models of one recipe, mean ± standard deviation: {spread}.",
        "同一方案的 {count} 个模型的宏平均 F1（均值 ± 标准差）：{spread}。",
    ),
    "no_probabilities": (
        "The predictions have no probabilities: top-2 accuracy, log loss, Brier score, calibration and coverage are "
        "left out.",
        "预测文件没有概率：不计算 Top-2 准确率、对数损失、Brier 分数、校准与覆盖率。",
    ),
    "macro-F1": ("macro-F1", "宏平均 F1"),
    "primary or secondary": ("primary or secondary", "命中主标签或次标签"),
    "top-2 accuracy": ("top-2 accuracy", "Top-2 准确率"),
    "log loss": ("log loss (less is better)", "对数损失（越小越好）"),
    "Brier score": ("Brier score (less is better)", "Brier 分数（越小越好）"),
    "ECE": ("calibration error (ECE; less is better)", "校准误差（ECE，越小越好）"),
    "always the commonest motive": ("always the commonest motive", "始终预测最常见的动机"),
    "chance, in the true shares": ("chance, in the true shares", "按真实比例随机猜测"),
    "left_out": (
        "Macro-F1 ({part}{models}) averages over {count} motives: no post is annotated or predicted as {motives}.",
        "宏平均 F1（{part}{models}）为 {count} 种动机的平均：没有帖子被标注或预测为{motives}。",
    ),
    "caveat": (
        "A score is only as good as the annotation it is measured against. The labels that come with whyshare were "
        "given by a language model working from the codebook, and no person has checked them: agreement with them is "
        "not agreement with people. Two people who label motives from the same posts usually reach a kappa of 0.25 to 0.78.",
        "得分的可信度取决于标注本身。whyshare 自带的标签由语言模型依据编码手册给出，尚未经人工核对：与它一致不等于与人一致。"
        "两人标注同一批帖子的动机，标注者间一致性（kappa 系数）通常在 0.25 到 0.78 之间。",
    ),
    "definitions": ("What the motives mean", "动机的含义"),
}
