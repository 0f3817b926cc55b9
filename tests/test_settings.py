"""config.yaml: every mistake at once, with line and key; nothing that YAML does behind one's back."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from pathlib import Path

import pytest
import yaml

from pipeline.settings import MAX_BYTES, ConfigError, load
from tests.small_tables import ROOT

TEXT = (ROOT / "config.yaml").read_text("utf-8")


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def problems(tmp_path: Path, text: str | bytes) -> list[str]:
    path = tmp_path / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as refused:
        load(path)
    return refused.value.problems


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def test_the_file_that_comes_with_the_program() -> None:
    settings = load(ROOT / "config.yaml").settings
    assert settings.call.deadlines.resources == dt.date(2024, 5, 15)
    assert settings.standard.label.startswith("附件3")


def test_windows_line_ends_and_mark_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    shutil.copy(ROOT / "config.yaml", tmp_path / "plain.yaml")
    assert load(path).settings == load(tmp_path / "plain.yaml").settings


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("year: 2024", "year: 010", "“call.year”应不小于 2000，现为“010”"),
        ("year: 2024", "year: 二〇二四", "“call.year”应填整数，现为“二〇二四”"),
        ("  resources: 2024-05-15", "  resources: 20240515", "应填 2024-05-15 这样的日期，现为“20240515”"),
        ("  resources: 2024-05-15", "  resources: 2024-5-15", "应填 2024-05-15 这样的日期，现为“2024-5-15”"),
        (
            "  resources: 2024-05-15",
            "  resources: 2024-02-30",
            "应填 2024-05-15 这样的日期，现为“2024-02-30”",
        ),
        ("  resources: 2024-05-15", "  resources: no", "这样的日期，现为“no”"),
        ("  percent: 1\n", "  percent: .nan\n", "“duration.percent”应填数字，现为“.nan”"),
        ("  percent: 1\n", "  percent: nan\n", "“duration.percent”应填数字，现为“nan”"),
        ("  percent: 1\n", "  percent: -1\n", "“duration.percent”应不小于 0，现为“-1”"),
        ("memory_mb: 2048", "memory_mb: 99999999999999999999", "“limits.memory_mb”应不大于 1048576"),
        ("safe_corrections: 警告", "safe_corrections: 提示", "只能填 警告 或 错误，现为“提示”"),
        ("min_fps: 25", "min_fsp: 25", "不认识“profiles.henan-2024.video.min_fsp”，是不是“min_fps”"),
        ("resource_types:", "resource_type:", "不认识“resource_type”，是不是“resource_types”"),
        ("year: 2024", "year: 2024\n  完全不相干: 1", "不认识“call.完全不相干”，请删去"),
        (
            "我 {unit}，",
            "我 {school}，",
            "“statement”中的“{school}”没有可以填入的内容，只能用 {unit}、{year}、{date}",
        ),
        ("我 {unit}，", "我 {单位}，", "“statement”中的“{单位}”没有可以填入的内容"),
        ("severity: {}", "severity: {R9-3: 警告}", "没有“R9-3”这条规则，是不是“R09-3”"),
        ("severity: {}", "severity: {R09-3: 严重}", "“severity.R09-3”只能填"),
        ("off: []", "off: [R06-1, 没有]", "没有“没有”这条规则"),
        ("off: []", "off: R06-1", "“off”应是一组内容"),
        ("profile: henan-2024", "profile: henan", "profiles 中没有“henan”，现有：henan-2024"),
        ("  A03: any", "  A03: any\n  A04: any", "resource_types 中没有“A04”"),
        ("year: 2024", "year: 2024\n  year: 2025", "“year”在第 8 行已写过，请只保留一处"),
        ("year: 2024", "year: 2024\n  <<: {a: 1}", "不认识“call.<<”"),
        ("[资源名称, 资源类型,", "[资源名称, 资原类型,", "表1 没有“资原类型”这个字段，是不是“资源类型”"),
        ("[资源名称, 资源类型,", "[资源ID, 资源名称, 资源类型,", "“资源ID”由平台自动生成，不能要求填写"),
        ("catalog_schema:  ", "catalog_schema: 没有.xsd  ", "没有.xsd”，请确认它在原处"),
        ("catalog_schema:  ", "catalog_schema: config.yaml  ", "config.yaml”第 1 行写法有误，不是有效的 XML"),
        ("  资源名称: [2, 100]", "  资源名: [2, 100]", "表1 没有“资源名”这个字段，是不是“资源名称”"),
        ("  资源名称: [2, 100]", "  资源名称: [100, 2]", "“lengths.资源名称”应先写小的，再写大的"),
        ("  资源名称: [2, 100]", "  资源名称: [2]", "缺少“lengths.资源名称.1”"),
        ("  icourse163: 中国大学MOOC", "  icourse163: 中国大学", "platforms 中没有名为“中国大学”的平台"),
        ("title: 2024", "title: !!python/object/apply:os.system 2024", "不支持以 ! 开头的标记"),
        ("title: 2024", "title: &a 2024", "不支持 & 和 * 引用"),
        ("year: 2024", "year: *a", "不支持 & 和 * 引用"),
        ("year: 2024", "year：2024", "冒号要用英文半角"),
        ("year: 2024", "\tyear: 2024", "写法有误"),
        ("year: 2024", "year: \x07", "有不能显示的字符"),
    ],
)
def test_one_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = changed(old, new)
    told = next(each for each in problems(tmp_path, text) if said in each)
    added = new.splitlines()[-1].strip().partition("}")[0]
    near = {line_of(text, added) + shift for shift in (0, 1, -1)}
    assert int(told.removeprefix("第 ").partition(" 行")[0]) in near
    assert told.endswith("。")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = TEXT.replace("year: 2024", "yaer: 2024").replace("off: []", "off: [R99-9]")
    text = text.replace("  same: 1 ", "  same: 一 ").replace("percent: 1", "percent: 1\n  percent: 2")
    text = text.replace("profile: henan-2024", "profile: 别的")
    told = problems(tmp_path, text)
    lines = [int(each.split()[1]) for each in told]
    assert lines == sorted(lines)
    for part in ("缺少“call.year”", "不认识“call.yaer”", "duration.same", "“percent”在第", "“别的”", "R99-9"):
        assert sum(part in each for each in told) == 1
    assert len(told) == 6


def test_text_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        TEXT.replace("id: henan-2024-192", "id: 1.10").replace("A03: 网络课程", "A03: no"), "utf-8"
    )
    settings = load(path).settings
    assert settings.call.id == "1.10"
    assert settings.resource_types["A03"] == "no"


def test_a_key_left_blank_has_its_default(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(TEXT.replace("off: []", "off:").replace("severity: {}", "severity:"), "utf-8")
    assert load(path).settings.off == ()
    assert problems(tmp_path, changed("year: 2024", "year:")) == [
        f"第 {line_of(TEXT, 'year: 2024')} 行：“call.year”应填整数，现为空。"
    ]


def test_another_encoding(tmp_path: Path) -> None:
    [told] = problems(tmp_path, b"a: 1\nb: 2\n" + TEXT.encode("gb18030"))
    assert told == "第 3 行：文件不是 UTF-8 编码，请用 UTF-8 编码另存。"


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "只是一句话"])
def test_no_settings_at_all(tmp_path: Path, text: str) -> None:
    assert all(each.startswith("第 1 行：") for each in problems(tmp_path, text))


@pytest.mark.parametrize("text", ["[" * 200_000, "{a: " * 60_000, "a: &x [1]\n" + "b: [*x,*x,*x,*x]\n" * 9])
def test_depth_and_references_end_at_once(tmp_path: Path, text: str) -> None:
    began = time.process_time()
    [told] = problems(tmp_path, text)
    assert "层次过深" in told or "引用" in told
    assert time.process_time() - began < 5


def test_too_large_or_not_there(tmp_path: Path) -> None:
    assert "过大" in problems(tmp_path, "#" * (MAX_BYTES + 1))[0]
    with pytest.raises(ConfigError, match="读不到设置文件"):
        load(tmp_path / "没有.yaml")
    with pytest.raises(ConfigError, match="读不到设置文件"):
        load(tmp_path)


def test_every_sentence_is_chinese(tmp_path: Path) -> None:
    """Each scalar of the file put wrong in turn: a sentence with a line, no word of the library's."""
    leaves = [
        n for n, line in enumerate(TEXT.splitlines()) if ": " in line and not line.strip().startswith("#")
    ]
    assert isinstance(yaml.safe_load(TEXT), dict)
    for number in leaves:
        lines = TEXT.splitlines()
        key = lines[number].partition(":")[0]
        lines[number] = f"{key}: [[1]]"
        for told in problems(tmp_path, "\n".join(lines)):
            assert told.startswith("第 ")
            for word in ("None", "Input", "valid", "string", "{", "type"):
                assert word not in told.replace("resource_types", "").replace("media_types", "")
