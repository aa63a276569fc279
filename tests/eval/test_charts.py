from whyshare.eval.charts import heat_map, shortened


def test_names_are_cut_by_their_width():
    assert shortened("a" * 20, 20) == "a" * 20
    assert shortened("a" * 21, 20) == "a" * 19 + "…"
    assert shortened("年度账单活动转发有奖的那一群人", 20) == "年度账单活动转发有…"


def test_numbers_of_a_heat_map_can_be_read_on_every_shade():
    def luminance(colour):
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    def rgb(colour):
        return [int(colour[k : k + 2], 16) / 255 for k in (0, 2, 4)]

    page = heat_map([[1, 0], [0, 1]], ["a", "b"], "", "", "")
    opacity = max(float(one.split('"')[0]) for one in page.split('fill-opacity="')[1:])
    for paper, ink, fills in (("ffffff", "1d2330", ("0b62c4", "c2410c")), ("14171d", "e8eaf0", ("4d9bff", "ff8a4c"))):
        for fill in fills:  # of the page, light and dark
            below = [p * (1 - opacity) + f * opacity for p, f in zip(rgb(paper), rgb(fill), strict=True)]
            dark, light = sorted((luminance(below), luminance(rgb(ink))))
            assert (light + 0.05) / (dark + 0.05) >= 4.5
