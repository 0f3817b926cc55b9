"""A rule as a page to read: from the rule's own declaration, nothing said twice."""

from __future__ import annotations

import difflib
import textwrap

from pipeline.fields import BY_NAME
from pipeline.model import Severity
from pipeline.rules import REGISTER, Rule

_BASIS = {
    "明": "通知原文",
    "例": "通知示例",
    "推": "由通知推出（通知未规定）",
    "外": "其他资料（通知未规定）",
}


def page(rule: Rule) -> str:
    """One rule: what, why, where it comes from, how it looks wrong and right."""
    return "\n".join(
        (
            f"### {rule.code} {rule.title}",
            "",
            f"{rule.severity} · {rule.on} · {_BASIS[rule.basis]}",
            "",
            f"- 为什么：{rule.why}",
            f"- 依据：{rule.source}",
            f"- 提示语：{rule.says}",
            f"- 怎么改：{rule.fix}",
            f"- 错例：{_example(rule.bad)}",
            f"- 改为：{_value(rule.good)}",
        )
    )


def _example(text: str) -> str:
    """A value in one line, or a table on lines of its own; `>…<` marks the wrong cell."""
    table = textwrap.dedent(text).strip()
    if "\n" not in table:
        return _value(text)
    header, *rows = table.splitlines()
    rule = "|".join(" --- " for _ in header.strip("| ").split("|"))
    return "\n\n" + "\n".join(f"  {line}" for line in (header, f"|{rule}|", *rows)) + "\n"


def _value(text: str) -> str:
    return f"`{text}`" if text else "（空）"


def nearest(code: str) -> str:
    """The known code most like this one, "" if none is."""
    return next(iter(difflib.get_close_matches(code.upper(), list(REGISTER.rules), 1, 0.5)), "")


def all_pages() -> str:
    """RULES.md: every rule by subject, fields first and as the template has them; codes in order."""
    lines = [
        "# 规则",
        "",
        f"共 {len(REGISTER.rules)} 条。由 `make docs` 从规则的声明生成，不要手工修改。",
        "",
        f"级别：{'、'.join(Severity)}。错误必须改正；警告请改正，或在退回的工作簿中说明；提示供参考。",
    ]
    rules = [rule for _, rule in sorted(REGISTER.rules.items())]
    of_fields = [name for name in BY_NAME if any(rule.on == name for rule in rules)]
    for subject in dict.fromkeys([*of_fields, *(rule.on for rule in rules)]):
        lines += ["", f"## {subject}"]
        lines += ["\n" + page(rule) for rule in rules if rule.on == subject]
    return "\n".join(lines) + "\n"
