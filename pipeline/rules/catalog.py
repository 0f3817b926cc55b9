"""资源目录: XML that is safe to read, and of the province's structure where there is one (规则 R16)."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat
from xml.parsers.expat import errors

from lxml import etree

from pipeline.fields import SEE_ELSEWHERE
from pipeline.model import Kind, Severity
from pipeline.pattern import late
from pipeline.rules.rule import INFERRED, LITERAL, OTHER, Reading, condition, reader, rule
from pipeline.settings import Settings

_CLAUSE = "附件4 表1 “资源目录”：XML格式字符串（结构通知未规定）"

R16_1 = rule(
    "R16-1",
    Severity.ERROR,
    "资源目录",
    title="资源目录是 XML 格式字符串",
    why="平台按 XML 读取目录，标记不成对就读不出来。",
    source=_CLAUSE,
    basis=LITERAL,
    says="“资源目录”不是有效的 XML：{why}。",
    fix="请检查标记是否成对，或留空；写法如 <catalog><item>第一章</item></catalog>。",
    bad="<catalog><item>第一章 绪论</catalog>",
    good="<catalog><item>第一章 绪论</item></catalog>",
)
R16_1B = rule(
    "R16-1b",
    Severity.ERROR,
    "资源目录",
    title="资源目录符合本省规定的结构",
    why="平台按规定的结构读取目录，别的标记读不出来。",
    source="目录的结构通知未规定，由本省设定",
    basis=OTHER,
    says="“资源目录”不符合本省规定的结构：{why}。",
    fix="请按本省规定的结构改写，或留空。",
    bad="（规定为 catalog 和 item 时）<catalog><chapter>第一章</chapter></catalog>",
    good="<catalog><item>第一章</item></catalog>",
)
R16_2 = rule(
    "R16-2",
    Severity.ERROR,
    "资源目录",
    title="资源目录中的符号写法正确",
    why="& 和 < 在 XML 中另有用处，全角的尖括号和引号不是标记。",
    source=_CLAUSE,
    basis=INFERRED,
    says="“资源目录”中有 XML 不能用的写法“{piece}”。",
    fix="请把正文中的 & 写成 &amp;、< 写成 &lt;，标记用半角符号{hint}。",
    bad="<catalog><item>C&C++</item></catalog>",
    good="<catalog><item>C&amp;C++</item></catalog>",
)
R16_3 = rule(
    "R16-3",
    Severity.ERROR,
    "资源目录",
    title="资源目录不是普通文字",
    why="平台按 XML 读取目录，没有标记的文字读不出来。",
    source=_CLAUSE,
    basis=INFERRED,
    says="“资源目录”是普通文字“{value}”，不是 XML。",
    fix="请改成 XML，或留空{hint}。",
    bad="第一章 绪论",
    good="<catalog><item>第一章 绪论</item></catalog>",
)
R16_4 = rule(
    "R16-4",
    Severity.ERROR,
    "资源目录",
    title="资源目录不含文档类型声明",
    why="声明可以夹带外部内容，出于安全不予接收。",
    source="附件4 表1 “资源目录”；安全要求通知未规定",
    basis=INFERRED,
    says="“资源目录”含有 <!DOCTYPE 声明，出于安全不予接收。",
    fix="请删去 <!DOCTYPE …> 一段。",
    bad="<!DOCTYPE a><a>1</a>",
    good="<a>1</a>",
)


@condition("资源目录")
def is_safe_xml(text: str, settings: Settings) -> bool:
    """Well-formed, without declarations, and of the province's structure if it has one."""
    return not xml_fault(text) and not structure_fault(text, settings.catalog_schema)


@reader("资源目录")
def read_catalogue(text: str, _kind: Kind, settings: Settings) -> Reading:
    """Why the text is no catalogue, and what it may have meant."""
    why = xml_fault(text)
    if not why:
        return R16_1B.found(why=structure_fault(text, settings.catalog_schema))
    if why == _DECLARATION:
        return R16_4.found()
    if _ESCAPED_WHOLE.match(text):
        return R16_2.found(_accepted([html.unescape(text)], settings), piece="&lt;")
    if text.lstrip()[:1] not in ("<", "＜"):
        return R16_3.found(_accepted([_from_lines(text)], settings))
    repaired = next((each for each in _repairs(text) if not xml_fault(each)), "")
    if repaired or text.lstrip().startswith("＜"):
        return R16_2.found(_accepted([repaired], settings), piece=_unlike(text))
    return R16_1.found(why=why)


def _accepted(candidates: list[str], settings: Settings) -> str:
    """The first that is right, "" if none is."""
    return next((each for each in candidates if each and is_safe_xml(each, settings)), "")


_ESCAPED_WHOLE = late(r"\s*&lt;/?[A-Za-z_?\u4e00-\u9fff].*&gt;\s*$", re.DOTALL)
_FILE_NAME = late(r"\S+\.(?:xml|docx?|xlsx?|pdf|txt|pptx?|jpe?g|png|zip|rar)", re.IGNORECASE)
_PARTS = late(r"[\r\n]+")
_IN_ONE_LINE = late("[；;]")


def _from_lines(text: str) -> str:
    """One item a line, or a part between semicolons; "" where the text only points elsewhere."""
    lines = [line.strip() for line in _PARTS.split(text) if line.strip()]
    if len(lines) == 1:
        lines = [part.strip() for part in _IN_ONE_LINE.split(lines[0]) if part.strip()]
    if re.fullmatch(SEE_ELSEWHERE, text.strip()) or _FILE_NAME.fullmatch(text.strip()):
        return ""
    return f"<catalog>{''.join(f'<item>{html.escape(line, quote=False)}</item>' for line in lines)}</catalog>"


_ENTITY = late(r"&(?:(#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)?")
_BARE_LESS = late(r"<(?![A-Za-z_/!?\u00c0-\uffdc])")
_TAG = late(r"<[^<>]*>")
_NARROW = str.maketrans("／＝＂＇“”‘’　", "/=\"'\"\"'' ")
_BRACKETS = str.maketrans("＜＞", "<>")


def _repairs(text: str) -> Iterator[str]:
    """The text with what XML cannot hold written as XML wants it, the least change first."""
    yield _escaped(text)
    yield _narrowed(text)
    yield _escaped(_narrowed(text))


def _escaped(text: str) -> str:
    """Bare & and < as entities; HTML's entities, which XML does not know, as their characters."""
    return _BARE_LESS.sub("&lt;", _ENTITY.sub(_entity, text))


def _entity(found: re.Match[str]) -> str:
    name = found[1]
    if not name:
        return "&amp;"
    if name.startswith("#") or name in ("amp", "lt", "gt", "quot", "apos"):
        return found[0]
    char = html.unescape(found[0])
    return html.escape(char, quote=False) if char != found[0] else f"&amp;{name};"


def _narrowed(text: str) -> str:
    """Full-width brackets as tags, and full-width signs inside tags as ASCII."""
    return _TAG.sub(lambda tag: tag[0].translate(_NARROW), text.translate(_BRACKETS))


_UNLIKE = late(
    r"[＜＞]|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)[^\s<>;]{0,8};?|<(?![A-Za-z_/!?\u00c0-\uffdc])|[“”‘’＝＂＇／](?=[^<>]*>)"
)


def _unlike(text: str) -> str:
    """The first piece that XML cannot hold."""
    found = _UNLIKE.search(text)
    return found[0] if found else text.strip()[:1]


class StructureError(Exception):
    """The file of catalog_schema cannot be used; the message is a Chinese clause."""


@functools.cache
def structure(path: str) -> etree.XMLSchema:
    """The province's structure of 资源目录 from an XSD file, read once. Raises StructureError."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    try:
        return etree.XMLSchema(etree.parse(Path(path), parser))
    except OSError as error:
        raise StructureError(f"读不到“{path}”，请确认它在原处并且可以打开") from error
    except etree.XMLSyntaxError as error:
        raise StructureError(f"“{path}”第 {error.lineno} 行写法有误，不是有效的 XML") from error
    except etree.XMLSchemaParseError as error:
        raise StructureError(f"“{path}”不是有效的 XSD 结构文件") from error


def structure_fault(text: str, path: str) -> str:
    """Where well-formed XML departs from the structure, in plain words; "" if nowhere, or path is ""."""
    if not path:
        return ""
    schema = structure(path)
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    try:
        schema.assertValid(etree.fromstring(_bytes(text), parser))
    except etree.XMLSyntaxError:
        return "标记的前缀没有说明，或者层次太深"
    except etree.DocumentInvalid as error:
        named = re.search(r"'(?:\{[^}]*\})?([^'{}]+)'", str(error))
        line = re.search(r"line ([0-9]+)$", str(error))
        where = f"第 {line[1]} 行的" if line else ""
        return f"{where}“{named[1]}”与规定不符" if named else "与规定不符"
    return ""


_XML_HEAD = late(
    r"""^\s*<\?xml\s+version\s*=\s*(["'])1\.[01]\1(?:\s+encoding\s*=\s*(["'])[A-Za-z][\w.-]*\2)?"""
    r"""(?:\s+standalone\s*=\s*(["'])(?:yes|no)\3)?\s*\?>"""
)


def _bytes(text: str) -> bytes:
    """Without a head, which may name an encoding that the cell has long left."""
    return _XML_HEAD.sub("", text).encode("utf-8", "surrogatepass")


_DECLARATION = "含有文档类型声明"
_XML_FAULTS = {
    errors.XML_ERROR_TAG_MISMATCH: "第 {line} 行的结束标记与开始标记不一致",
    errors.XML_ERROR_NO_ELEMENTS: "有标记没有结束",
    errors.XML_ERROR_UNCLOSED_TOKEN: "第 {line} 行有标记没有写完",
    errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT: "最外层标记之后还有内容",
    errors.XML_ERROR_INVALID_TOKEN: (
        "第 {line} 行的 & 或 < 没有转义（应写成 &amp; 或 &lt;），或者属性值缺少引号"
    ),
    errors.XML_ERROR_UNDEFINED_ENTITY: "第 {line} 行有不认识的 & 代码",
    errors.XML_ERROR_DUPLICATE_ATTRIBUTE: "第 {line} 行的同一标记中有两个同名属性",
    errors.XML_ERROR_MISPLACED_XML_PI: "<?xml …?> 不在开头",
}


class _Declares(Exception):  # noqa: N818
    """A DOCTYPE was met; the parser must not go on."""


def xml_fault(text: str) -> str:
    """What keeps the text from being well-formed XML without declarations, in plain words; "" if nothing.

    Prefixes need not be declared: the notice asks for XML, and has published no structure.
    """
    if not text.lstrip().startswith("<"):
        return "内容是普通文字，没有标记"
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse_declaration
    try:
        parser.Parse(_bytes(text), True)
    except _Declares:
        return _DECLARATION
    except expat.ExpatError as error:
        form = _XML_FAULTS.get(expat.ErrorString(error.code), "第 {line} 行写法有误")
        return form.format(line=error.lineno)
    return ""


def _refuse_declaration(*_declaration: object) -> None:
    raise _Declares
