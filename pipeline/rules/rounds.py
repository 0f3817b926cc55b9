"""What is told from round to round: corrections, accepted suggestions, decisions (规则 W07, W09, W10).

No table can show these examples: they are prose. `tests/test_rounds.py`, `tests/test_accept.py` and
`tests/test_decide.py` build the rounds.
"""

from __future__ import annotations

from pipeline.model import Severity
from pipeline.rules.rule import INFERRED, rule

_ROUNDS = "通知未规定；省级收件约定：改好后把退回的文件原样报回"
_REVIEW = "通知第四部分 审核提交：省教育厅负责审核；办法通知未规定"

W07 = rule(
    "W07",
    Severity.NOTE,
    "文件",
    title="上一轮的问题逐条核销",
    why="改了几处、还剩几处，报送单位和审核人都要心中有数。",
    source=_ROUNDS,
    basis=INFERRED,
    says="上一轮 {before} 个问题：已改 {corrected} 个，{settled}未改 {remaining} 个，新出现 {new} 个；"
    "另有 {unasked} 处没有要求改的单元格被改动{rows}。",
    fix="请改完未改和新出现的问题，并核对没有要求改的改动。",
    bad="上一轮 3 个问题，只改了 2 个",
    good="3 个都已改好",
)
W07B = rule(
    "W07b",
    Severity.NOTE,
    "单元格",
    title="没有要求改的单元格没有改动",
    why="排序、粘贴时常会带动别的单元格，多半不是有意的。",
    source=_ROUNDS,
    basis=INFERRED,
    says="没有要求改这一格，它由{old}改成了{now}。",
    fix="请核对这处改动；不是有意的，请改回原来的内容。",
    bad="只要求改“创建时间”，“主讲人”也变了",
    good="只改了要求改的单元格",
)
W09 = rule(
    "W09",
    Severity.NOTE,
    "单元格",
    title="已按采纳的建议值读取",
    why="报送的文件不会改动，采纳的建议值每一轮都照此套用。",
    source=_ROUNDS,
    basis=INFERRED,
    says="这一格原为{old}，已按采纳的建议值“{suggestion}”读取。",
    fix="无须处理；要撤回的，请在“是否采纳”中改填“否”。",
    bad="“2022.3”的“是否采纳”填了“是”",
    good="单元格已改成建议值",
)
W09B = rule(
    "W09b",
    Severity.NOTE,
    "文件",
    title="采纳的建议值都能套用",
    why="单元格或建议值变了以后，原来的采纳不再有着落。",
    source=_ROUNDS,
    basis=INFERRED,
    says="清单中“{place}”选了采纳，但{why}，没有套用。",
    fix="请直接把单元格改成正确的内容。",
    bad="选了采纳，又把单元格改成了别的内容",
    good="选了采纳，单元格没有再动",
)
W09C = rule(
    "W09c",
    Severity.NOTE,
    "文件",
    title="“是否采纳”只填“是”或“否”",
    why="别的写法看不出是采纳还是不采纳。",
    source=_ROUNDS,
    basis=INFERRED,
    says="清单中“{place}”的“是否采纳”填了“{value}”，看不出是否采纳，没有套用建议值。",
    fix="请在“是否采纳”中填“是”或“否”；要说明情况的，请写在“单位说明”中。",
    bad="是否采纳：再看看",
    good="是否采纳：是",
)
W10 = rule(
    "W10",
    Severity.ERROR,
    "资源",
    title="省级审核没有退回",
    why="由人审核的问题，程序判断不了。",
    source=_REVIEW,
    basis=INFERRED,
    says="省级审核退回，意见是“{reason}”。",
    fix="请按审核意见修改后再报送。",
    bad="审核人退回：简介与内容不符",
    good="审核人没有退回",
)
