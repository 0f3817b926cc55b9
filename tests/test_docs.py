"""What the documents show is what the program does: each shown piece is made again and compared.

`python -m tests.test_docs` rewrites the screen in README.md.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import urllib.parse
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest

from pipeline.__main__ import parser
from pipeline.explain import all_pages, page
from pipeline.fields import TEMPLATE_VERSION
from pipeline.model import Severity
from pipeline.render.forms import REGISTRATION_NAME, STATEMENT_NAME, edited, registration_form, statement_form
from pipeline.render.tables import FINDING_COLUMNS
from pipeline.render.template import FILE_NAME, standard_workbook
from pipeline.rules import REGISTER
from pipeline.rules.rule import INFERRED, table_rule
from tests import test_rules
from tests.small_tables import ROOT, SETTINGS

README = ROOT / "README.md"
MANUAL = ROOT / "docs" / "使用说明.md"
DESIGN = ROOT / "docs" / "design.md"
MAP = ROOT / "docs" / "rules-map.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
SCREEN = re.compile(r"(?<=<!-- screen -->\n```\n).*?(?=```)", re.DOTALL)


def text(path: Path) -> str:
    return path.read_text("utf-8")


def table_under(heading: str, page_text: str) -> list[list[str]]:
    """The rows of the first table below a line that begins with `heading`, its header left out."""
    below = page_text[page_text.index(f"\n{heading}") :]
    rows = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert rows, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows[0].splitlines()[2:]]


# --- the sample --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    screen: str
    files: list[str]
    findings: list[dict[str, str]]


def run_sample(folder: Path) -> Run:
    """`validate` on the sample as on a terminal of 100 columns, the output in folder/output."""
    terminal = {"TERM": "dumb", "TTY_COMPATIBLE": "1", "COLUMNS": "100", "LINES": "40"}
    files = ["--input", str(ROOT / "input"), "--config", str(ROOT / "config.yaml")]
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "validate", "--exit-zero", "--jobs", "1", *files],
        cwd=folder,
        env=os.environ | terminal | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    output = folder / "output"
    with (output / "findings.csv").open(encoding="utf-8-sig", newline="") as lines:
        findings = list(csv.DictReader(lines))
    screen = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())
    return Run(screen, sorted(path.name for path in output.iterdir()), findings)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_sample(tmp_path_factory.mktemp("sample"))


@pytest.mark.skipif(sys.platform == "win32", reason="frames and slashes follow the console")
def test_readme_shows_the_screen_of_the_sample(sample: Run) -> None:
    shown = SCREEN.search(text(README))
    assert shown
    assert shown[0] == sample.screen, "python -m tests.test_docs rewrites it"


def test_readme_lists_all_output(sample: Run) -> None:
    listed = [row[0].strip("`/") for row in table_under("Nothing under `input/`", text(README))]
    assert sorted(listed) == [name for name in sample.files if not name.startswith(".")]


def test_finding_in_readme_is_one_of_the_sample(sample: Run) -> None:
    rows = table_under("A line of `findings.csv`", text(README))
    assert tuple(row[0].strip("`") for row in rows) == FINDING_COLUMNS
    assert {row[0].strip("`"): row[1] for row in rows} in sample.findings


# --- the rules ---------------------------------------------------------------------------------


def base(code: str) -> str:
    """A rule's number in the catalogue: its code without the letter of a split."""
    return re.sub(r"(?<=[0-9])[a-z]$", "", code)


def test_rules_page_is_current() -> None:
    assert text(ROOT / "docs" / "RULES.md") == all_pages(), "make docs rewrites it"


def test_rule_in_readme_works_and_is_tested_by_its_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(REGISTER, "rules", dict(REGISTER.rules))
    (example,) = re.findall(r"```python\n(.*?)```", text(README), re.DOTALL)
    names = {"table_rule": table_rule, "Severity": Severity, "INFERRED": INFERRED, "pd": pd}
    exec(compile(example, str(README), "exec"), names)
    rule = REGISTER.rules[re.findall(r'"(.*?)"', example)[0]]
    test_rules.test_table_rule_fires_exactly_at_the_mark_and_is_silent_on_the_repaired_one(rule)
    test_rules.test_table_rule_is_silent_on_right_and_on_empty_tables(rule)
    test_rules.test_rule_says_all_that_a_reader_needs(rule)
    assert page(rule) in all_pages()


def test_map_names_every_rule_and_no_other() -> None:
    named = set(re.findall(r"`([A-Z][0-9]{1,2}(?:-[0-9])?[a-z]?)`", text(MAP)))
    assert named == set(REGISTER.rules)


def test_map_counts_its_lines() -> None:
    states = [row[4] for row in table_under("合计：", text(MAP))]
    has, part, lacks = (states.count(state) for state in ("有", "部分", "无"))
    assert f"合计：有 {has} 条，部分 {part} 条，无 {lacks} 条。" in text(MAP)
    assert f"共 {len(states)} 条" in text(MAP)


def test_map_says_that_a_rule_exists_exactly_where_it_does() -> None:
    bases = {base(code) for code in REGISTER.rules}
    for number, *_, state, codes, why in table_under("合计：", text(MAP)):
        assert state != "无" or number not in bases, number
        assert codes != "—" or why, number
        assert all(code.startswith(f"`{number}") for code in codes.split() if code != "—"), number


def test_design_tells_severity_of_every_split_code() -> None:
    bases = [base(code) for code in REGISTER.rules]
    split = {code: rule.severity for code, rule in REGISTER.rules.items() if bases.count(base(code)) > 1}
    rows = table_under("One severity per code.", text(DESIGN))
    assert {row[0].strip("`"): row[1] for row in rows} == split


# --- the templates -----------------------------------------------------------------------------


def parts(workbook: Path) -> dict[str, bytes]:
    """The parts, not the archive: how well it is packed depends on the machine's zlib."""
    with zipfile.ZipFile(workbook) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_standard_workbook_is_current(tmp_path: Path) -> None:
    fresh = tmp_path / FILE_NAME
    fresh.write_bytes(
        standard_workbook(codes=SETTINGS.resource_types, version=TEMPLATE_VERSION, call_id=SETTINGS.call.id)
    )
    assert parts(ROOT / "templates" / FILE_NAME) == parts(fresh), "make template rewrites it"


@pytest.mark.parametrize(
    ("name", "fresh"),
    [(REGISTRATION_NAME, registration_form()), (STATEMENT_NAME, statement_form(year=SETTINGS.call.year))],
    ids=["registration", "statement"],
)
def test_forms_are_current_unless_somebody_edited_them(name: str, fresh: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(fresh)
    shipped = ROOT / "templates" / name
    assert edited(shipped.read_bytes()) or parts(shipped) == parts(tmp_path / name), "see make template"


# --- names and links ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_make_targets_that_are_named_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", text(path), re.MULTILINE))
    assert named <= targets
    assert named or path.name not in ("README.md", "使用说明.md")


def test_verbs_that_are_named_exist() -> None:
    named = {verb for path in PAGES for verb in re.findall(r"python -m pipeline ([a-z]+)", text(path))}
    for verb in named:
        with pytest.raises(SystemExit) as help_shown:
            parser().parse_args([verb, "--help"])
        assert help_shown.value.code == 0, verb
    assert "validate" in named


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", text(path)):
        file, _, heading = urllib.parse.unquote(target).partition("#")
        assert "://" not in target, "the documents stand alone"
        there = path if not file else path.parent / file
        assert there.exists(), target
        headings = (
            [slug(line) for line in text(there).splitlines() if line.startswith("#")] if heading else []
        )
        assert not heading or heading in headings, target


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower()).replace(" ", "-")


def test_readme_has_every_room_in_its_reading_order() -> None:
    section = text(README).partition("## How the data flows")[2].partition("\n## ")[0]
    rooms = {path for path in (ROOT / "pipeline").iterdir() if not path.name.startswith("__")}
    for room in rooms:
        assert f"`{room.name}{'/' if room.is_dir() else ''}`" in section, room.name


def test_settings_that_the_manual_names_exist() -> None:
    config = text(ROOT / "config.yaml")
    for row in table_under("## 八、改设置", text(MANUAL)):
        for name in re.findall(r"`([a-z_]+)[`:]", row[1]):
            assert re.search(rf"^\s*{name}:", config, re.MULTILINE), name


def rewrite_screen() -> None:
    """Put the sample's screen into README.md."""
    with TemporaryDirectory() as folder:
        screen = run_sample(Path(folder)).screen
    README.write_text(SCREEN.sub(lambda _: screen, text(README), count=1), "utf-8", newline="\n")


if __name__ == "__main__":
    rewrite_screen()
