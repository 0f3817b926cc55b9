"""What a run leaves in output/, made up small: right for the most part, or hostile throughout."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

from pipeline.fields import NAMES
from pipeline.render.tables import FINDING_COLUMNS, MEASURED_COLUMNS, UNIT_COLUMNS, csv_bytes

START = "2024-05-20T09:30:00+08:00"
RESOURCE_FIELDS = (
    "unit", "workbook", "row", *NAMES, *MEASURED_COLUMNS, "bit_depth", "errors", "warnings", "notes",
    "verdict", "decision",
)  # fmt: skip
HOSTILE = (
    "</script><script>alert(1)</script>", "{{7*7}}{% raw %}", "<img src=x onerror=alert(1)>", "=1+1", "'=1+1",
    "a & b < c > d", "javascript:alert(1)", "控\x07制\x1b字符\x9f", "长" * 200, "一行\n两行", "]]>&amp;",
    "$x^2$",
    "\u202e倒", "名 \u2028 断", "𠮷野家", '引"号', "@SUM(A1)", "-1", "\tx",
)  # fmt: skip

_TYPES = ("高等学校", "省辖市教育局", "省属中等职业学校", "行业企业及其他社会机构", "")
_REGIONS = ("郑州市金水区", "河南省洛阳市", "开封市", "信阳市", "济源示范区", "")
_CATEGORIES = (
    "科学文化-航空知识-航空发动机",
    "职业技能-数控加工",
    "老年教育-健康养生",
    "社会生活",
    "",
    "科学文化/航空",
)
_PLATFORMS = (
    ("中国大学MOOC", "https://www.icourse163.org/course/1"),
    ("智慧职教", "https://www.icve.com.cn/x?y=1"),
    ("", "http://a.cn:8080/"),
)
_RULES = (
    ("R08-1", "错误", "资源简介"), ("R12-2", "错误", "主讲人"), ("R12-2b", "警告", "主讲人"),
    ("W02", "警告", "资源名称"),
    ("M07", "错误", "资源文件"), ("R05-3", "警告", "资源链接"), ("S06", "提示", ""),
    ("Y01", "错误", "资源名称"),
)  # fmt: skip

Line = dict[str, object]


def made(units: int = 24, rows: int = 12, seed: int = 1, hostile: bool = False) -> dict[str, list[Line]]:
    """The lines of findings, resources and units; the same arguments give the same."""
    dice = random.Random(seed)
    words = list(HOSTILE) if hostile else []
    tables: dict[str, list[Line]] = {"findings": [], "resources": [], "units": []}
    for number in range(units):
        name = f"{words[number % len(words)]}{number}" if hostile else f"示例第{number + 1}学校"
        if number % 6 == 5:
            name = f"示例市教育局/{name}"
        sent = number % 8 != 7
        mine = [_resource(dice, name, row, words) for row in range(2, 2 + rows)] if sent else []
        told = [finding for line in mine for finding in _findings(dice, line, words)]
        tables["resources"] += mine
        tables["findings"] += told
        tables["units"].append(_unit(dice, number, name, mine, told))
    if hostile:
        for line in tables["units"]:
            line["type"] = line["region"] = dice.choice(words)
    return tables


def _resource(dice: random.Random, unit: str, row: int, words: list[str]) -> Line:
    kind = dice.choice(("A01", "A01", "A02", "A03", "A03", "A04", "", "视频"))
    line: Line = dict.fromkeys(RESOURCE_FIELDS, "")
    line |= {"unit": unit, "workbook": "清单.xlsx", "row": row, "资源名称": f"资源{row}", "资源类型": kind}
    line |= {"主讲人": "朱新", "版权方": unit, "资源简介": "简介", "所属分类": dice.choice(_CATEGORIES)}
    line["资源时长"] = dice.choice(("00:12:30", "01:05:07", "", "45:30"))
    measured: tuple[object, ...]
    if kind == "A03":
        line["部署平台"], line["资源链接"] = dice.choice(_PLATFORMS)
    elif kind == "A02":
        measured = (
            "mp3",
            dice.choice((300.5, 1200)),
            "",
            "MP3",
            "",
            "",
            "",
            dice.choice((64000, 128000)),
            44100,
            2,
        )
        line |= dict(zip(MEASURED_COLUMNS, measured, strict=True)) | {"bit_depth": "不适用"}
    elif kind == "A01":
        width, height = dice.choice(((1280, 720), (1920, 1080), (720, 1280), (640, 480), (3840, 2160)))
        bitrate = dice.choice((1_990_000, 2_000_000, 3_100_000, 9_000_000))
        measured = (
            "mp4",
            dice.choice((59.999, 60, 750.25)),
            "H.264",
            "AAC",
            width,
            height,
            25,
            bitrate,
            48000,
            2,
        )
        line |= dict(zip(MEASURED_COLUMNS, measured, strict=True))
    if words:
        line |= {
            name: dice.choice(words) for name in ("资源名称", "主讲人", "部署平台", "所属分类", "资源链接")
        }
    line["verdict"] = dice.choice(("通过", "通过", "通过", "通过", "退回", "待复核"))
    line["decision"] = dice.choice(("", "", "", "接受", "不推荐"))
    return line


def _findings(dice: random.Random, resource: Line, words: list[str]) -> list[Line]:
    if resource["verdict"] == "通过":
        return []
    code, severity, field = dice.choice(_RULES)
    line: Line = dict.fromkeys(FINDING_COLUMNS, "")
    line |= {name: resource[name] for name in ("unit", "workbook", "row")}
    line |= {
        "sheet": "资源清单",
        "field": field,
        "cell": f"B{resource['row']}",
        "code": code,
        "severity": severity,
    }
    text = dice.choice(words) if words else "张建华、朱新"
    return [line | {"value": text, "message": f"“{text}”有问题。", "fix": "请改正。", "source": "附件4 表1"}]


def _unit(dice: random.Random, number: int, name: str, mine: list[Line], told: list[Line]) -> Line:
    verdicts = Counter(line["verdict"] for line in mine)
    severities = Counter(line["severity"] for line in told)
    state = (
        "未报送"
        if not mine
        else "退回修改"
        if verdicts["退回"]
        else "待复核"
        if verdicts["待复核"]
        else "通过"
    )
    line: Line = dict.fromkeys(UNIT_COLUMNS, "")
    line |= {"unit": name, "state": state, "rows": len(mine), "type": _TYPES[number % len(_TYPES)]}
    line |= {"passed": verdicts["通过"], "returned": verdicts["退回"], "review": verdicts["待复核"]}
    line |= {"errors": severities["错误"], "warnings": severities["警告"], "notes": severities["提示"]}
    line |= {"region": _REGIONS[number % len(_REGIONS)], "deadline": "2024-05-15"}
    if mine:
        on_time = dice.random() < 0.8
        line |= {"round": dice.choice((1, 1, 2)), "received": "2024-05-10T08:00:00+08:00" if on_time else ""}
        line |= {"on_time": "按期" if on_time else dice.choice(("逾期", "")), "workbook": "清单.xlsx"}
    else:
        line["overdue"] = "逾期未报"
    return line


def write(folder: Path, tables: dict[str, list[Line]]) -> Path:
    """The files of a run, as a run writes them."""
    folder.mkdir(parents=True, exist_ok=True)
    heads = {"findings": FINDING_COLUMNS, "resources": RESOURCE_FIELDS, "units": UNIT_COLUMNS}
    for name, columns in heads.items():
        rows = [[line[column] for column in columns] for line in tables[name]]
        (folder / f"{name}.csv").write_bytes(csv_bytes(columns, rows))
    record = {"start": START, "rules_not_run": {"M11": "MP3 文件不含量化位数信息"}}
    (folder / "run.json").write_text(json.dumps(record), "utf-8")
    return folder
