"""Page, workbook and document say the same, whatever the texts are; the lists hold what they should."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import lxml.html
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image, ImageOps

from pipeline.fields import FIELDS
from pipeline.figures import Figures
from pipeline.figures.values import Bars, RateChange, Table, bars, shown
from pipeline.model import Finding, Place, Severity
from pipeline.render.inert import clean, line_count
from pipeline.render.report import charts
from pipeline.render.report.document import MOST_ROWS
from pipeline.render.tables import csv_bytes, inert
from pipeline.report import FOLDER, SHORT, LastRun, ReportError, last_run, report_files, short_report, table
from pipeline.summarise import Told
from tests.report_runs import HOSTILE, Line, made, write
from tests.small_tables import SETTINGS

OFFICE = shutil.which("soffice")
PAGE, WORKBOOK, DOCUMENT = (f"{FOLDER}/汇总报告.{kind}" for kind in ("html", "xlsx", "docx"))
LIST, UNSENT = f"{FOLDER}/推荐资源清单.xlsx", f"{FOLDER}/未报送单位.xlsx"
TABLES = {"usual": made(units=24, rows=12), "hostile": made(units=24, rows=6, hostile=True), "empty": made(0)}


class Report:
    """A run, its numbers, and its files."""

    def __init__(self, folder: Path, tables: dict[str, list[Line]]) -> None:
        self.run: LastRun = last_run(write(folder, tables))
        now = self.run.figures(SETTINGS).snapshot
        self.previous = replace(now, day="2024年5月1日", units=now.units[1:])
        self.figures: Figures = self.run.figures(SETTINGS, self.previous)
        self.files = report_files(self.run, SETTINGS, self.previous)

    def book(self, name: str) -> openpyxl.Workbook:
        return openpyxl.load_workbook(io.BytesIO(self.files[name]))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    return {name: Report(tmp_path_factory.mktemp(name), tables) for name, tables in TABLES.items()}


@pytest.fixture(scope="module", params=list(TABLES))
def report(request: pytest.FixtureRequest, reports: dict[str, Report]) -> Report:
    return reports[request.param]


def every_table(figures: Figures) -> Iterator[Table]:
    yield from figures.tables()
    yield figures.units


def printed(found: Table) -> list[list[str]]:
    """The header, the rows and the total as any of the files must show them."""
    rows = [*found.rows, *([found.total] if found.total else [])]
    return [[each.name for each in found.columns], *([clean(shown(cell)) for cell in row] for row in rows)]


# --- the same everywhere --------------------------------------------------------------------


def test_the_page_shows_every_table_and_sentence(report: Report) -> None:
    tree = lxml.html.fromstring(report.files[PAGE].decode("utf-8"))
    for found in every_table(report.figures):
        (element,) = tree.xpath("//table[@id=$key]", key=f"t-{found.key}")
        shown_rows = [[cell.text_content() for cell in row.xpath("./th|./td")] for row in element.iter("tr")]
        assert shown_rows == printed(found)
    text = tree.text_content()
    for sentence in (
        *(each for section in report.figures.sections for each in section.sentences),
        *report.figures.notes,
    ):
        assert sentence in text


def test_the_workbook_holds_every_table_as_numbers_that_can_be_counted_with(report: Report) -> None:
    book = report.book(WORKBOOK)
    for found in every_table(report.figures):
        (sheet, area) = next(
            (sheet, sheet.tables[f"t_{found.key}"].ref) for sheet in book if f"t_{found.key}" in sheet.tables
        )
        assert sheet.tables[f"t_{found.key}"].autoFilter is not None
        lines = list(sheet[area])
        if found.total:
            lines.append(sheet[lines[-1][0].row + 1][: len(found.columns)])
        if found.rows:
            assert [[_as_text(cell) for cell in line] for line in lines] == printed(found)


def _as_text(cell: openpyxl.cell.Cell) -> str:
    """What the workbook shows, by the stored number and its format alone."""
    if not isinstance(cell.value, int | float):
        return _unescaped(cell.value or "")
    form = cell.number_format
    if form == "0.0%":
        return f"{cell.value * 100:.1f}%"
    if "百分点" in form:
        return shown(RateChange(cell.value / 100))
    if form.startswith("+0"):
        places = 2 if ".00" in form else 0
        return f"{cell.value:+.{places}f}" if cell.value else "0"
    return f"{cell.value:.2f}" if form == "0.00" else str(cell.value)


def _unescaped(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def test_the_document_holds_the_tables_for_which_it_has_room(report: Report) -> None:
    document = docx.Document(io.BytesIO(report.files[DOCUMENT]))
    tables = [[[cell.text for cell in row.cells] for row in each.rows] for each in document.tables][1:]
    wanted = []
    for found in report.figures.tables():
        kept = [at for at, column in enumerate(found.columns) if column.short]
        lines = printed(replace(found, rows=found.rows[:MOST_ROWS]))
        wanted.append([[line[at] for at in kept] for line in lines])
    assert tables == wanted
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for section in report.figures.sections:
        assert all(sentence in text for sentence in section.sentences)
        for found in section.tables:
            assert (f"其余 {len(found.rows) - MOST_ROWS} 行" in text) or len(found.rows) <= MOST_ROWS


def test_every_chart_is_in_all_three(report: Report) -> None:
    drawn = [each for each in report.figures.tables() if each.chart and len(each.rows) > 1]
    tree = lxml.html.fromstring(report.files[PAGE].decode("utf-8"))
    labels = [figure.get("aria-label") for figure in tree.xpath("//figure")]
    assert labels == [each.title for each in drawn]
    says = [shown(bars(each).rows[0][1][0]) for each in drawn]
    first = [figure.xpath("string(.//span[@class='says'])") for figure in tree.xpath("//figure")]
    assert all(number in text for number, text in zip(says, first, strict=True) if number != "0")
    document = docx.Document(io.BytesIO(report.files[DOCUMENT]))
    alternatives = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert [re.sub(r"^图\d+ |（单位.*", "", text, flags=re.DOTALL) for text in alternatives] == [
        each.title for each in drawn
    ]
    charts_of_book = [
        name for name in zipped(report.files[WORKBOOK]) if re.fullmatch(r"xl/charts/chart\d+\.xml", name)
    ]
    assert len(charts_of_book) == len(drawn)


def zipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_the_same_run_gives_the_same_bytes(reports: dict[str, Report]) -> None:
    first = reports["hostile"]
    assert report_files(first.run, SETTINGS, first.previous) == first.files


def test_the_day_of_the_run_is_told_not_today(reports: dict[str, Report]) -> None:
    files = reports["usual"].files
    assert "截至2024年5月20日" in files[PAGE].decode("utf-8")
    assert docx.Document(io.BytesIO(files[DOCUMENT])).core_properties.created.date() == dt.date(2024, 5, 20)


# --- hostile texts --------------------------------------------------------------------------


def test_nothing_in_a_workbook_acts(report: Report) -> None:
    for name in (WORKBOOK, LIST, UNSENT):
        for part, content in zipped(report.files[name]).items():
            assert b"<f>" not in content or part.startswith("xl/charts/"), part
            assert b"TargetMode" not in content, part


def test_the_page_has_no_markup_but_its_own(reports: dict[str, Report]) -> None:
    pages = {name: lxml.html.fromstring(reports[name].files[PAGE].decode("utf-8")) for name in TABLES}
    for tree in pages.values():
        assert [each.get("type") for each in tree.iter("script")] == ["application/json", None]
        assert not list(tree.iter("img", "iframe", "object", "link", "form"))
        assert all(re.fullmatch(r"#[\w-]+", each.get("href")) for each in tree.iter("a"))
        assert not [
            name for each in tree.iter() for name in each.attrib if name.startswith("on") or name == "style"
        ]
    data = json.loads(pages["hostile"].xpath("string(//script[@id='data'])"))
    assert {clean(text) for text in HOSTILE} & set(data["texts"])


def test_the_policy_of_the_page_allows_its_own_style_and_script_alone(reports: dict[str, Report]) -> None:
    tree = lxml.html.fromstring(reports["hostile"].files[PAGE].decode("utf-8"))
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


# --- pictures -------------------------------------------------------------------------------

CHART = Bars("各地区", "个", ("通过", "退回"), (("郑州市", (3, 1)), ("$x^2$", (2, 0))))


def test_a_picture_names_its_bars_where_a_font_has_every_character() -> None:
    if not charts.chinese_font("郑州市通过退回"):
        pytest.skip("no Chinese font is installed")
    assert charts.picture(CHART).keys == ()


def test_without_a_font_that_has_them_letters_stand_for_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "FONTS", ("No such font",))
    drawn = charts.picture(CHART)
    assert drawn.keys == (("A", "郑州市"), ("B", "$x^2$"), ("1", "通过"), ("2", "退回"))
    assert charts.legend(drawn.keys) == "A 为郑州市；B 为$x^2$；1 为通过；2 为退回"
    assert drawn.png.startswith(b"\x89PNG")


def test_one_character_that_no_font_has_makes_no_box() -> None:
    rare = replace(CHART, rows=(("\ue123", (1, 1)),))
    assert charts.picture(rare).keys[0] == ("A", "\ue123")


def test_no_label_of_a_picture_is_cut_off() -> None:
    label = "2560×1440 及以上，不足 3840×2160"
    if not charts.chinese_font(label):
        pytest.skip("no Chinese font is installed")
    drawn = charts.picture(Bars("", "个", ("资源数",), ((label, (100_000,)), ("低于", (3,)))))
    with Image.open(io.BytesIO(drawn.png)) as picture:
        left, _, right, _ = ImageOps.invert(picture.convert("L")).getbbox() or (0, 0, 0, 0)
        assert 0 < left < right < picture.width


def test_a_row_is_as_high_as_its_text(reports: dict[str, Report]) -> None:
    sheet = reports["usual"].book(WORKBOOK)["常见问题举例"]
    held = sheet.column_dimensions.values()
    widths = {at: columns.width for columns in held for at in range(columns.min, columns.max + 1)}
    for row in sheet.iter_rows(min_row=3):
        lines = max(line_count(str(cell.value or ""), widths[cell.column]) for cell in row)
        assert (sheet.row_dimensions[row[0].row].height or 15) >= 14 * lines


# --- lists ----------------------------------------------------------------------------------


def test_the_recommended_are_those_that_passed_and_that_nobody_refused(report: Report) -> None:
    lines = [[cell.value for cell in row] for row in report.book(LIST)["资源清单"].iter_rows()]
    assert lines[0] == [field.name + "*" * field.required for field in FIELDS] + ["报送单位"]
    wanted = [
        line
        for line in report.run.resources.to_dict("records")
        if line["verdict"] == "通过" and line["decision"] != "不推荐"
    ]
    told = [[_unescaped(str(cell or "")) for cell in line] for line in lines[1:]]
    assert told == [[clean(line[field.name]) for field in FIELDS] + [clean(line["unit"])] for line in wanted]


def test_one_who_is_refused_is_not_on_the_list(tmp_path: Path) -> None:
    tables = made(units=1, rows=2)
    for line, decision in zip(tables["resources"], ("不推荐", "接受"), strict=True):
        line |= {"verdict": "通过", "decision": decision, "点击量": "36500"}
    files = report_files(last_run(write(tmp_path, tables)), SETTINGS)
    sheet = openpyxl.load_workbook(io.BytesIO(files[LIST]))["资源清单"]
    assert [cell.value for cell in sheet["B"]][1:] == ["资源3"]
    assert [cell.value for cell in sheet["M"]][1:] == [36500]


def test_the_unsent_are_named_with_type_and_region(report: Report) -> None:
    (found,) = [each for each in report.figures.tables() if each.key == "missing"] or [None]
    sheet = report.book(UNSENT)["未报送单位"]
    names = [row[0].value for row in sheet.iter_rows(min_row=3) if row[0].value]
    assert [_unescaped(name) for name in names] == [
        clean(str(row[0])) for row in (found.rows if found else ())
    ]


# --- reading back ---------------------------------------------------------------------------


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(HOSTILE),
            min_size=2,
            max_size=2,
        )
    )
)
def test_what_made_cells_inert_is_taken_off_again(rows: list[list[str]]) -> None:
    read = table(csv_bytes(("甲", "乙"), rows)).to_numpy().tolist()
    control = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
    assert read == [[control.sub("\ufffd", cell) for cell in row] for row in rows]


@given(st.lists(st.tuples(*[st.text(max_size=9) | st.sampled_from(HOSTILE) | st.none() | st.integers()] * 2)))
def test_csv_is_what_the_library_writes(rows: list[tuple[object, object]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(
        [("甲", "乙"), *([inert(cell) for cell in row] for row in rows)]
    )
    assert csv_bytes(("甲", "乙"), rows) == b"\xef\xbb\xbf" + out.getvalue().encode()


def test_without_a_run_there_is_nothing_to_report(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="请先运行 make validate"):
        last_run(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("units.csv", "unit,state\n甲\n"),
        ("units.csv", ""),
        ("run.json", "{}"),
        ("run.json", "["),
        ("run.json", "[]"),
    ],
)
def test_a_result_that_somebody_changed_is_refused(tmp_path: Path, name: str, content: str) -> None:
    write(tmp_path, made(2, 2))
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(ReportError, match="请重新运行 make validate"):
        last_run(tmp_path)


def test_the_short_report_tells_units_and_problems(tmp_path: Path) -> None:
    folder = write(tmp_path, TABLES["usual"])
    told = [_told(line) for line in TABLES["usual"]["findings"]]
    start = dt.datetime(2024, 5, 20, 1, 30, tzinfo=dt.UTC)
    files = short_report((folder / "units.csv").read_bytes(), told, SETTINGS, start, {})
    tree = lxml.html.fromstring(files[SHORT].decode("utf-8"))
    assert len(tree.xpath("//table[@id='t-units']/tbody/tr")) == 24
    assert f"错误 {sum(each.severity == '错误' for each in told)} 处" in tree.text_content()
    assert [each.get("type") for each in tree.iter("script")] == [None]


def _told(line: Line) -> Told:
    place = Place(str(line["unit"]), "清单.xlsx", "资源清单", int(str(line["row"])))
    found = Finding(str(line["code"]), place)
    return Told(found, Severity(str(line["severity"])), str(line["message"]), "请改正。", "")


# --- as office programs see them ------------------------------------------------------------


@pytest.mark.full
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_and_saves_them_without_loss(reports: dict[str, Report], tmp_path: Path) -> None:
    hostile = reports["hostile"]
    for kind, name in (("docx", DOCUMENT), ("xlsx", WORKBOOK)):
        (tmp_path / f"r.{kind}").write_bytes(hostile.files[name])
        command = [
            str(OFFICE), f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless",
            "--convert-to", kind, "--outdir", str(tmp_path / "saved"), str(tmp_path / f"r.{kind}"),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=110)
    before, after = (docx.Document(str(tmp_path / folder / "r.docx")) for folder in ("", "saved"))
    assert [p.text for p in after.paragraphs if p.text] == [p.text for p in before.paragraphs if p.text]
    assert [len(each.rows) for each in after.tables] == [len(each.rows) for each in before.tables]
    assert len(after.inline_shapes) == len(before.inline_shapes)
    saved, sent = openpyxl.load_workbook(tmp_path / "saved" / "r.xlsx"), hostile.book(WORKBOOK)
    assert [sheet.title for sheet in saved] == [sheet.title for sheet in sent]
    for sheet in sent:
        assert [c.value for c in saved[sheet.title]["A"] if c.value] == [
            c.value for c in sheet["A"] if c.value
        ]
