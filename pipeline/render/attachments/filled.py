"""Templates that a person may edit, filled: values in, bytes out.

Jinja is in the template alone. A value is escaped text wherever it comes to stand, also where docxtpl
would still read something into it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import docx
import jinja2
from docx.oxml.ns import qn
from docxtpl import DocxTemplate
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape
from msgspec import Struct

from pipeline.render.attachments import layout
from pipeline.render.attachments.papers import Paper, Row, Value
from pipeline.render.inert import clean, line_count

_RESTORE = "改不好时请删去这个文件，再运行 make template 重新生成"
_NEAR = 30
"""Characters of the template that are quoted."""

_STILL_BRACED = re.compile(r"[{｛]{1,2}\s*([^{}｛｝\s]{1,20})\s*[}｝]{1,2}")
_BRACE_ESCAPE = re.compile("(?<=[{}%])_(?=[{}%])")
r"""docxtpl turns `{_{` into `{{` after rendering, also where a value says so."""
_HIGHEST = 320.0
"""Points from which a row may be broken: our reckoning is rough, and a page has 400 to 600."""
_NARROWEST, _CELL_MARGIN, _BODY_SIZE, _LEADING = 40.0, 5.4, 16.0, 1.6
"""Of a table cell that does not say otherwise, in points; the last is a line's height to its letters."""
_WRITTEN = {qn("w:t"): None, qn("w:br"): "\n", qn("w:p"): "\n", qn("w:tab"): "    "}


class TemplateError(Exception):
    """A template cannot be used; one Chinese sentence with file, cause and remedy."""


class FillTask(Struct, frozen=True):
    """A template's bytes and what its words stand for."""

    template: bytes
    values: Mapping[str, Value]


class CheckTask(Struct, frozen=True):
    """A template as it lies in the folder, and what it ought to be."""

    paper: Paper
    template: bytes


def fill(task: FillTask) -> bytes:
    """The .docx; the same task gives the same bytes. Raises whatever a broken template raises."""
    template = _opened(task.template)
    template.render({word: _inert(value) for word, value in task.values.items()}, _environment())
    _let_break(template.docx)
    return layout.saved(template.docx)


def mistake_in(task: CheckTask) -> str:
    """What is wrong with a template, as one Chinese sentence; "" if it can be filled."""
    try:
        _try(task.paper, task.template)
    except TemplateError as error:
        return str(error)
    return ""


def _try(paper: Paper, content: bytes) -> None:
    """Look at the words of a template, and fill it once. Raises TemplateError."""
    try:
        template = _opened(content)
    except Exception as error:  # python-docx has no error of its own for what is no document
        said = f"模板“{paper.file}”不是能打开的 Word 文档，请用 Word 打开后另存为 .docx，{_RESTORE}。"
        raise TemplateError(said) from error
    try:
        filled = fill(FillTask(content, paper.example))
        _compare(paper, template.get_undeclared_template_variables(_environment()))
        _no_word_is_left(paper, filled)
    except jinja2.UndefinedError as error:
        raise _unknown(paper, re.findall("'([^']*)'", str(error))[-1]) from error
    except jinja2.TemplateError as error:
        near = _near(error)
        where = f"（在“{near}”附近）" if near else ""
        said = f"模板“{paper.file}”中花括号的写法有误{where}，请改正，{_RESTORE}。"
        raise TemplateError(said) from error
    except TemplateError:
        raise
    except Exception as error:  # words can be put together in any way that Jinja allows, and fail in any
        said = f"模板“{paper.file}”的双层花括号里有不能填写的写法，请改为只写一个词，{_RESTORE}。"
        raise TemplateError(said) from error


def _compare(paper: Paper, words: set[str]) -> None:
    """Raise TemplateError unless the template has the words that it needs, and no others."""
    for word in sorted(words - paper.example.keys()):
        raise _unknown(paper, word)
    for word in paper.needed:
        if word not in words:
            said = (
                f"模板“{paper.file}”中没有双层花括号括起的“{word}”，各单位的内容填不进去，"
                f"请补上（花括号用英文半角），{_RESTORE}。"
            )
            raise TemplateError(said)


def _no_word_is_left(paper: Paper, filled: bytes) -> None:
    """Raise TemplateError if a word still stands in braces: full-width or single ones are text to Jinja."""
    for paragraph in docx.Document(io.BytesIO(filled)).element.body.iter(qn("w:p")):
        text = "".join(part.text or "" for part in paragraph.iter(qn("w:t")))
        for found in _STILL_BRACED.finditer(text):
            if found[1].rpartition(".")[2] in _words(paper):
                raise TemplateError(
                    f"模板“{paper.file}”中“{found[0]}”的花括号不是两层英文半角的，内容填不进去，请改正，{_RESTORE}。"
                )


def _words(paper: Paper) -> list[str]:
    """All words that a template may have, those of its rows too."""
    rows = (row for value in paper.example.values() if isinstance(value, list) for row in value)
    return list(dict.fromkeys([*paper.example, *(name for row in rows for name in row)]))


def _unknown(paper: Paper, word: str) -> TemplateError:
    known = "、".join(_words(paper))
    return TemplateError(
        f"模板“{paper.file}”中的“{word}”没有对应的内容，请改为这些词之一：{known}；{_RESTORE}。"
    )


def _near(error: jinja2.TemplateError) -> str:
    """The template's text at a mistake: docxtpl gives some lines around it."""
    lines = [line.strip() for line in getattr(error, "docx_context", ())]
    return next((line[:_NEAR].partition("。")[0] for line in lines[3:] + lines[:3] if "{" in line), "")


def _opened(content: bytes) -> DocxTemplate:
    template = DocxTemplate(io.BytesIO(content))
    template.init_docx()
    return template


def _environment() -> jinja2.Environment:
    """For text that a person may have edited: every value escaped, no word unknown, nothing but words."""
    return SandboxedEnvironment(autoescape=True, undefined=jinja2.StrictUndefined)


def _inert(value: Value) -> Markup | Sequence[Mapping[str, Markup]]:
    r"""A value as it may stand in XML. docxtpl makes line breaks of \n, and paragraphs of \a."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, tuple):
        return Markup("\a").join(map(_text, value))
    return [_row(row) for row in value]


def _row(row: Row) -> Mapping[str, Markup]:
    return {name: _text(text) for name, text in row.items()}


def _text(text: str) -> Markup:
    return Markup(_BRACE_ESCAPE.sub("&#95;", str(escape(clean(text)))))  # noqa: S704 - escaped just here


def _let_break(document: Any) -> None:
    """Let those rows be broken over pages that a page could not hold: else their end would be lost."""
    for row in document.element.body.iter(qn("w:tr")):
        held = row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}")
        if held is not None and max(map(_height, row.iter(qn("w:tc"))), default=0) > _HIGHEST:
            held.getparent().remove(held)


def _height(cell: Any) -> float:
    """About how high a cell's text is, in points."""
    width, size = cell.find(f"{qn('w:tcPr')}/{qn('w:tcW')}"), next(cell.iter(qn("w:sz")), None)
    known = width is not None and width.get(qn("w:type")) == "dxa"
    points = float(width.get(qn("w:w"))) / 20 if known else _NARROWEST
    em = float(size.get(qn("w:val"))) / 2 if size is not None else _BODY_SIZE
    half_widths = max(1.0, 2 * (points - 2 * _CELL_MARGIN) / em - 1)
    text = "".join(_WRITTEN[part.tag] or part.text or "" for part in cell.iter(*_WRITTEN))
    return line_count(text, half_widths) * em * _LEADING
