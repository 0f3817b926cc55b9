"""The page in a real browser: sorting, filters, the way from region to finding, and nothing else happens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from pipeline.render.inert import clean
from pipeline.render.report.page import page
from pipeline.report import last_run
from tests.report_runs import Line, made, write
from tests.small_tables import SETTINGS

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(BROWSER is None, reason="neither chromium nor google-chrome is installed"),
]


def many() -> dict[str, list[Line]]:
    """A usual run, whose first unit has 120 findings more."""
    tables = made(units=24, rows=12)
    first = tables["findings"][0]
    tables["findings"] += [
        {**first, "unit": "示例第1学校", "row": row, "cell": f"B{row}", "code": "R17-1"}
        for row in range(100, 220)
    ]
    return tables


RUNS = {"usual": many(), "hostile": made(units=24, rows=6, hostile=True)}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Page]]:
    """The pages; whatever goes wrong in one of them is collected in its `troubles`."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield {name: _open(browser.new_page(), tmp_path_factory.mktemp(name), name) for name in RUNS}
        browser.close()


TROUBLES: list[str] = []


def _open(window: Page, folder: Path, name: str) -> Page:
    run = last_run(write(folder, RUNS[name]))
    file = folder / "汇总报告.html"
    file.write_bytes(page(run.figures(SETTINGS), run.findings))
    window.on("console", lambda message: TROUBLES.append(message.text))
    window.on("pageerror", lambda error: TROUBLES.append(str(error)))
    window.on("dialog", lambda dialog: TROUBLES.append(dialog.message))
    window.on(
        "request", lambda request: None if request.url == file.as_uri() else TROUBLES.append(request.url)
    )
    window.set_default_timeout(5000)
    window.goto(file.as_uri())
    return window


@pytest.fixture
def usual(opened: dict[str, Page]) -> Iterator[Page]:
    TROUBLES.clear()
    opened["usual"].goto(opened["usual"].url.split("#")[0])
    opened["usual"].reload()
    yield opened["usual"]
    assert TROUBLES == []


def column(window: Page, table: str, number: int) -> list[str]:
    return window.locator(f"#{table} tbody tr td:nth-child({number})").all_text_contents()


def test_a_column_is_sorted_by_its_numbers_and_says_so(usual: Page) -> None:
    head = usual.locator("#t-units thead th", has_text="错误")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    errors = [int(text) for text in column(usual, "t-units", 9)]
    assert errors == sorted(errors, reverse=True)
    assert len(set(errors)) > 2
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert [int(text) for text in column(usual, "t-units", 9)] == sorted(errors)


def test_sorting_needs_no_mouse(usual: Page) -> None:
    button = usual.locator("#t-by_kind thead th").nth(2).get_by_role("button")
    button.focus()
    usual.keyboard.press("Enter")
    counts = [int(text) for text in column(usual, "t-by_kind", 3)]
    assert counts == sorted(counts, reverse=True)
    usual.keyboard.press("Space")
    assert [int(text) for text in column(usual, "t-by_kind", 3)] == sorted(counts)


def test_rows_are_found_by_words_by_choice_and_by_bounds(usual: Page) -> None:
    section = usual.locator("#units")
    everything = len(column(usual, "t-units", 1))
    section.get_by_role("searchbox").fill("教育局/ 示例第6")
    assert column(usual, "t-units", 1) == ["示例市教育局/示例第6学校"]
    expect(section.get_by_role("status")).to_contain_text("筛出 1 行")
    section.get_by_role("searchbox").fill("")
    section.get_by_role("button", name="按列筛选").click()
    section.get_by_label("按“状态”筛选").select_option("未报送")
    assert set(column(usual, "t-units", 4)) == {"未报送"}
    section.get_by_label("按“状态”筛选").select_option("")
    section.get_by_label("按“错误”筛选").fill(">=2")
    kept = [int(text) for text in column(usual, "t-units", 9)]
    assert min(kept) >= 2
    assert 0 < len(kept) < everything


def test_the_total_is_not_shown_under_a_part_of_the_rows(usual: Page) -> None:
    block = usual.locator(".block", has=usual.locator("#t-by_kind"))
    total = usual.locator("#t-by_kind tfoot")
    expect(total).to_be_visible()
    block.get_by_role("button", name="按列筛选").click()
    block.get_by_role("searchbox").fill("A01")
    expect(total).to_be_hidden()


def test_the_way_leads_from_region_to_unit_to_finding(usual: Page) -> None:
    usual.locator("#t-regions a", has_text="郑州市").click()
    region = usual.locator("details[open]")
    expect(region).to_contain_text("郑州市")
    region.get_by_role("link", name="示例第1学校", exact=True).click()
    panel = usual.locator("#panel")
    expect(panel.get_by_role("heading")).to_have_text("示例第1学校")
    expect(panel.get_by_role("heading")).to_be_focused()
    mine = [line for line in RUNS["usual"]["findings"] if line["unit"] == "示例第1学校"]
    expect(panel.get_by_role("status")).to_contain_text(f"共 {len(mine)} 行")
    rows = panel.locator("tbody tr")
    assert rows.count() == 50
    panel.get_by_role("button", name="下一页").click()
    expect(panel.get_by_role("status")).to_contain_text("第 51 至 100 行")
    panel.get_by_role("button", name="按列筛选").click()
    panel.get_by_label("按“规则”筛选").select_option("R17-1")
    expect(panel.get_by_role("status")).to_contain_text(f"筛出 120 行，共 {len(mine)} 行")
    panel.get_by_role("button", name="关闭").click()
    expect(panel).to_be_hidden()


def test_a_rule_leads_to_its_findings_in_all_units(usual: Page) -> None:
    usual.locator("#t-problems a", has_text="R08-1").click()
    mine = [line for line in RUNS["usual"]["findings"] if line["code"] == "R08-1"]
    units = usual.locator("#panel tbody td:first-child")
    expect(units).to_have_count(len(mine))  # the page follows its address a moment later
    assert sorted(units.all_text_contents()) == sorted(str(line["unit"]) for line in mine)


def test_the_page_is_not_wider_than_a_telephone(usual: Page) -> None:
    usual.set_viewport_size({"width": 360, "height": 740})
    assert usual.evaluate("document.documentElement.scrollWidth") == 360
    usual.set_viewport_size({"width": 1280, "height": 900})


def test_bars_keep_their_names_on_a_telephone(usual: Page) -> None:
    usual.set_viewport_size({"width": 360, "height": 740})
    widths = usual.locator(".chart .label").evaluate_all("labels => labels.map(each => each.clientWidth)")
    usual.set_viewport_size({"width": 1280, "height": 900})
    assert min(widths) >= 100


def test_hostile_texts_are_shown_and_do_nothing(opened: dict[str, Page]) -> None:
    TROUBLES.clear()
    window = opened["hostile"]
    window.reload()
    wanted = [
        line for line in RUNS["hostile"]["findings"] if line["unit"] == RUNS["hostile"]["findings"][0]["unit"]
    ]
    names = [str(line["unit"]) for line in RUNS["hostile"]["units"]]
    for number, name in enumerate(names):
        window.evaluate(f"location.hash = '#u{number}'")
        expect(window.locator("#panel h3")).to_have_text(clean(name).strip(), use_inner_text=False)
        if name == wanted[0]["unit"]:
            messages = window.locator("#panel tbody td:nth-child(6)").all_text_contents()
            assert messages == [clean(str(line["message"])) for line in wanted]
    assert TROUBLES == []
