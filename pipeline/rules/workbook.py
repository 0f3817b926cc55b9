"""The unit's files, sheets and headers, found while they are read (规则 F, S).

No table can show these examples: they are prose, and `tests/test_tables.py` builds the workbooks.
"""

from __future__ import annotations

from pipeline.model import Severity
from pipeline.rules.rule import EXAMPLE, INFERRED, LITERAL, OTHER, rule

_CONTRACT = "通知未规定；省级收件约定"
_TABLE = "附件4 表1 元数据字段表"

F01 = rule(
    "F01", Severity.ERROR, "文件",
    title="文件可以读取",
    why="打不开的文件一行也校验不了。",
    source=_CONTRACT, basis=INFERRED,
    says="“{value}”无法读取：{cause}。",
    fix="{remedy}。",
    bad="加密、损坏或改了扩展名的文件", good="未加密的 .xlsx 工作簿",
)
F01B = rule(
    "F01b", Severity.ERROR, "文件",
    title="工作簿是资源元数据表",
    why="没有元数据表头的工作簿不是这次要报送的内容。",
    source=_TABLE, basis=LITERAL,
    says="“{value}”中没有找到资源元数据的表头，疑为无关文件。",
    fix="请用标准模板“数字资源元数据标准表.xlsx”填报；确为无关文件的，请移出本单位文件夹。",
    bad="报销单.xlsx", good="含有“资源名称”“资源类型”等表头的工作簿",
)
F02 = rule(
    "F02", Severity.WARNING, "文件",
    title="扩展名与真实格式一致",
    why="扩展名不符的文件，有的程序打不开。",
    source=_CONTRACT, basis=INFERRED,
    says="“{value}”实际是 {real} 格式，已照此读取。",
    fix="请用 WPS 或 Excel 打开后另存为 .xlsx 再报送。",
    bad="xls 文件改名为 .xlsx", good="真实的 .xlsx",
)
F02B = rule(
    "F02b", Severity.NOTE, "文件",
    title="请用 .xlsx 报送",
    why="其他格式会丢失下拉列表和单元格格式。",
    source=_CONTRACT, basis=INFERRED,
    says="“{value}”是 {real} 格式，已读取。",
    fix="下次请用 WPS 或 Excel 另存为 .xlsx 再报送。",
    bad="资源清单.csv", good="资源清单.xlsx",
)
F03 = rule(
    "F03", Severity.WARNING, "文件",
    title="使用本批次的模板",
    why="旧模板的列和说明与本批次不同，容易填错。",
    source=_CONTRACT, basis=INFERRED,
    says="本文件使用的是 {value} 版模板，当前为 {current} 版，{difference}。",
    fix="请换用当前的标准模板；内容无误的，可在“单位说明”中写明。",
    bad="去年的旧模板", good="本年度的模板",
)
F04 = rule(
    "F04", Severity.WARNING, "文件",
    title="一个单位只报一份元数据表",
    why="几份内容不同时，看不出以哪一份为准。",
    source=_CONTRACT, basis=INFERRED,
    says="本单位有 {count} 份内容不同的元数据表，{which}。",
    fix="请确认以哪一份为准，只保留这一份；确需分开报送的，请在“单位说明”中写明。",
    bad="…(最终版).xlsx 与 …(最终版2).xlsx", good="一份工作簿",
)
F05 = rule(
    "F05", Severity.NOTE, "文件",
    title="内容相同的文件只处理一次",
    why="重复下载的同一个文件不须再审。",
    source=_CONTRACT, basis=INFERRED,
    says="“{value}”与“{same}”内容完全相同，已忽略。",
    fix="无须处理；可以删去重复的文件。",
    bad="资源清单(1).xlsx", good="一份工作簿",
)
F07 = rule(
    "F07", Severity.WARNING, "文件",
    title="不含宏、外部链接和数据连接",
    why="离开原来的电脑，外部内容取不到，也不安全。",
    source=_CONTRACT, basis=INFERRED,
    says="工作簿含有{what}，没有执行，退回的文件中已去掉。",
    fix="请把有关单元格粘贴为数值，另存为 .xlsx。",
    bad="=[C:\\…]Sheet1!A1", good="填写的数值",
)
F08 = rule(
    "F08", Severity.ERROR, "文件",
    title="至少有一行资源",
    why="只有表头，没有可审核的内容。",
    source=_TABLE, basis=INFERRED,
    says="“{value}”的工作表“{sheet}”中没有资源数据。",
    fix="请从表头的下一行起，每个资源填一行。",
    bad="只有表头", good="至少一行资源",
)
F09 = rule(
    "F09", Severity.WARNING, "单位名称",
    title="表内单位名称与文件夹一致",
    why="两处不一致时，看不出是哪个单位报送的。",
    source="附件1、附件2 单位名称；文件夹约定通知未规定", basis=INFERRED,
    says="表内单位名称“{value}”与文件夹“{folder}”不一致，已按文件夹归入“{folder}”。",
    fix="请把两处改为同一个单位全称。",
    bad="文件夹“郑州大学”，表内“河南大学”", good="都是“郑州大学”",
)
F10 = rule(
    "F10", Severity.NOTE, "文件",
    title="报送的文件都能识别",
    why="识别不了的文件没有经过校验。",
    source=_CONTRACT, basis=INFERRED,
    says="“{value}”{why}，未处理。",
    fix="{remedy}。",
    bad="资料.rar", good="解压后的文件夹或 .zip",
)
S01 = rule(
    "S01", Severity.ERROR, "工作表",
    title="只有一张资源清单",
    why="有几张都像资源清单时，不能确定报送的是哪一张。",
    source=_TABLE, basis=INFERRED,
    says="找到 {count} 张有元数据表头的工作表（{names}），只校验了“{sheet}”。",
    fix="请把资源合并到一张工作表，删去其余的。",
    bad="两张都有资源数据的工作表", good="一张",
)
S03 = rule(
    "S03", Severity.ERROR, "表头",
    title="必填的 6 列齐全",
    why="表1 注明必填的字段，缺一列则每个资源都缺这一项。",
    source=f"{_TABLE}：必填", basis=LITERAL,
    says="缺少必填列“{field}”。",
    fix="请使用标准模板，不要删去或改名列“{field}”。",
    bad="删去“版权方”列", good="6 个必填列都在",
)
S04 = rule(
    "S04", Severity.WARNING, "表头",
    title="表头名称与标准一致",
    why="改了名称的列只能猜是哪一项。",
    source=_TABLE, basis=INFERRED,
    says="表头“{value}”不在标准内，已按“{suggestion}”读取。",
    fix="请把表头改回“{suggestion}”。",
    bad="主讲教师", good="主讲人",
)
S05 = rule(
    "S05", Severity.ERROR, "表头",
    title="没有重复的列",
    why="同一个字段有两列时，不能确定用哪一列。",
    source=_TABLE, basis=INFERRED,
    says="“{value}”列重复，只读取了 {first} 列。",
    fix="请只保留一列。",
    bad="两列“主讲人”", good="一列",
)
S06 = rule(
    "S06", Severity.NOTE, "表头",
    title="标准以外的列不进入汇总",
    why="多出的列不影响校验，但也不会上报。",
    source=_TABLE, basis=INFERRED,
    says="“{value}”不是标准内的列，未参与校验，也不进入汇总。",
    fix="无须处理。",
    bad="插入“序号”列", good="只有标准内的列",
)
S07 = rule(
    "S07", Severity.ERROR, "数据区",
    title="数据区没有合并单元格",
    why="合并后只有左上角一格有值，其余各行实际是空的。",
    source=_TABLE, basis=INFERRED,
    says="{area} 是合并单元格，除左上角外各格实际为空。",
    fix="请取消合并，逐行填写{hint}。",
    bad="D5:D9 合并填写同一主讲人", good="每行各填一次",
)
S08 = rule(
    "S08", Severity.WARNING, "数据区",
    title="没有留下示例行",
    why="示例不是本单位的资源。",
    source="附件4 表1 各字段的示例", basis=EXAMPLE,
    says="第 {row} 行是示例，已跳过。",
    fix="请删除示例行。",
    bad="第 2 行仍为“示例：航空发动机基础”", good="只有本单位的资源",
)
S09 = rule(
    "S09", Severity.NOTE, "数据区",
    title="没有混入合计、签字和说明行",
    why="这些行不是资源。",
    source=_TABLE, basis=INFERRED,
    says="第 {row} 行不像资源数据（“{value}”），已跳过。",
    fix="如是资源请补全各列；不是的请删除该行。",
    bad="合计：25 门", good="每行一个资源",
)
S10 = rule(
    "S10", Severity.ERROR, "单元格",
    title="没有公式错误",
    why="公式出错的格子里没有可用的内容。",
    source=_TABLE, basis=INFERRED,
    says="“{field}”{what}。",
    fix="请直接填写内容，不用公式。",
    bad="#REF!", good="直接填写的内容",
)
S12 = rule(
    "S12", Severity.WARNING, "单元格",
    title="单元格里不嵌图片",
    why="嵌在表格里的图片不能单独上传到平台。",
    source="附件4 表1 “资源封面”：JPG格式；WPS 嵌入图片通知未规定", basis=OTHER,
    says="“{field}”是嵌入表格的图片，不是内容。",
    fix="请把图片另存为 JPG 文件随文件夹报送，此处填文件名，如 fm001.jpg。",
    bad='=DISPIMG("ID_…",1)', good="fm001.jpg",
)
