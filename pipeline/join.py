"""Rows to files and files to rows: what a cell names, where it is, and what was measured.

Pure: tables, file lists and facts in, tables out. A name is looked for under the unit's
folder only; a path that leaves it is a problem and is never opened.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import itemgetter

import numpy as np
import pandas as pd
from msgspec import Struct

from pipeline.fields import RESOURCE_FILE
from pipeline.files import AUDIOS, IMAGES, PLAYED, VIDEOS, Entry, FileFacts, Unit, suffix_of
from pipeline.rules.distinct import answers

Key = tuple[str, str]
"""(unit, path of the file below the unit's folder)."""

MISSING = "在提交的文件中找不到"
UNFINISHED = "是没有下载完的临时文件"
_LOCAL = re.compile(r"^(?:[A-Za-z]:|[\\/])|^~")
_ABOVE = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|$)")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and halves of characters (Unicode categories Cc and Cs)."""
_PLAIN = re.compile(r"(?:\w[\w .()-]*/)*\w(?:[\w .()-]*[\w.()-])?")
"""Relative paths that can be written in one way only: no separator of names, no blanks around."""
_SCAN = re.compile(r"登记表|审核|说明|扫描|证明|备案|公章|盖章|授权|承诺|执照|证书|附件|表")


class Match(Struct, frozen=True):
    """Where a name leads: a path, an unfinished download, or a problem with perhaps a likely path."""

    path: str = ""
    problem: str = ""
    respelled: bool = False
    likely: str = ""
    unfinished: bool = False


class Index:
    """The files of one unit by exact path; by folded path, bare name and stem once a cell asks for them."""

    def __init__(self, entries: Iterable[Entry], unfinished: Iterable[str] = ()) -> None:
        """entries: all regular files of the unit; unfinished: paths of downloads that broke off."""
        self.unfinished = {_fold(posixpath.basename(path)) for path in unfinished}
        self.paths = {entry.path for entry in entries}

    @cached_property
    def folded(self) -> Mapping[str, list[str]]:
        """Paths by folded path."""
        return self._by(lambda path: path)

    @cached_property
    def bare(self) -> Mapping[str, list[str]]:
        """Paths by folded bare name."""
        return self._by(posixpath.basename)

    @cached_property
    def stems(self) -> Mapping[str, list[str]]:
        """Paths by folded bare name without its extension."""
        return self._by(lambda path: posixpath.splitext(posixpath.basename(path))[0])

    def _by(self, part: Callable[[str], str]) -> Mapping[str, list[str]]:
        paths: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self.paths):
            paths[_fold(part(path))].append(path)
        return paths

    def is_plain(self, named: str) -> bool:
        """Whether it is the path of a file, and nothing else can be meant by it."""
        return named in self.paths and _PLAIN.fullmatch(named) is not None

    def find(self, named: str) -> Match:
        """The file that a cell names (contract: relative path, else bare name if only one has it)."""
        if self.is_plain(named):
            return Match(named)
        if "://" in named:
            return Match(problem="是网址，不是文件名")
        if _CONTROL.search(named):
            return Match(problem="含有不能用作文件名的字符")
        bare = posixpath.basename(named.replace("\\", "/").rstrip("/"))
        if _LOCAL.search(named) or _ABOVE.search(named):
            problem = "写的是本机路径，不在提交的文件夹内" if _LOCAL.search(named) else "指向本单位文件夹以外"
            return Match(problem=problem, likely=self._only(self.bare, re.sub("^[A-Za-z]:", "", bare)))
        path = posixpath.normpath(named.replace("\\", "/"))
        if path in self.paths:
            return Match(path)
        found = self._only(self.folded, path)
        if found:
            return Match(found, respelled=True)
        several = self.bare.get(_fold(bare), [])
        if len(several) == 1:
            return Match(several[0], respelled=posixpath.basename(several[0]) != bare)
        if several:
            return Match(problem=f"有 {len(several)} 个同名文件，不能确定是哪一个，请写明所在文件夹")
        if self._is_unfinished(_fold(bare)):
            return Match(unfinished=True)
        return Match(problem=MISSING, likely=self._likely(bare))

    def by_title(self, title: str) -> list[str]:
        """The files whose name without extension is the resource's name."""
        return self.stems.get(_fold(title), [])

    def _is_unfinished(self, bare: str) -> bool:
        return bare in self.unfinished or any(posixpath.splitext(name)[0] == bare for name in self.unfinished)

    def _likely(self, bare: str) -> str:
        """The one file of the same name with another extension, or with none given."""
        plain = bare.strip("\"'“”《》 ")
        stem = posixpath.splitext(plain)[0]
        return self._only(self.bare, plain) or self._only(self.stems, plain) or self._only(self.stems, stem)

    @staticmethod
    def _only(table: Mapping[str, list[str]], name: str) -> str:
        found = table.get(_fold(name), [])
        return found[0] if len(found) == 1 else ""


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


_SORTS = {**dict.fromkeys(VIDEOS, "video"), **dict.fromkeys(AUDIOS, "audio")}


def sort_of(path: str) -> str:
    """`video`, `audio` or `other`, by the extension alone."""
    return _SORTS.get(suffix_of(path.rpartition("/")[2]), "other")


class References(Struct, frozen=True):
    """What the cells name. media and covers: one row per cell and named file, with `@index`."""

    media: pd.DataFrame
    covers: pd.DataFrame
    claimed: frozenset[Key]

    @property
    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Both."""
        return self.media, self.covers

    def keys(self) -> list[Key]:
        """The distinct files to be probed, in order."""
        media = self.media[self.media["sort"] != "other"]
        return sorted(dict.fromkeys(key for key in chain(_keys(media), _keys(self.covers)) if key[1]))


_NAMED = ["named", "path", "problem", "respelled", "suggestion", "separator", "unfinished"]
_Named = tuple[str, str, str, str, str, str, bool]
_TYPES = {"@index": int, "unfinished": bool}
_SEPARATORS = {"；": re.compile(r"[;；\n]"), "、": re.compile(r"[;；\n、，,|]")}
"""Beside the ASCII semicolon: one that leaves no doubt, and one that is a guess."""


def references(values: pd.DataFrame, indexes: Mapping[str, Index], elsewhere: Iterable[Key]) -> References:
    """Resolve 资源文件 and 资源封面. elsewhere: files that other sheets name."""
    media = _resolve(values, "资源文件", indexes)
    covers = _resolve(values, "资源封面", indexes)
    names = zip(media["path"].tolist(), media["named"].tolist(), strict=True)
    media["sort"] = pd.Series([sort_of(path or named) for path, named in names], dtype=object)
    return References(media, covers, frozenset(chain(elsewhere, _keys(media), _keys(covers))))


def canonical_names(found: References) -> dict[int, str]:
    """By row index: 资源文件 with `;` where another separator left no doubt."""
    sure = found.media[found.media["separator"] == "；"]
    return dict(zip(sure["@index"], sure["suggestion"], strict=True))


def _resolve(values: pd.DataFrame, field: str, indexes: Mapping[str, Index]) -> pd.DataFrame:
    filled = values[["@unit", field]][values[field] != ""]
    cells = list(zip(filled["@unit"].tolist(), filled[field].tolist(), strict=True))
    found = answers(cells, lambda cell: _files(cell[1], field, indexes[cell[0]]))
    rows = filled.index.repeat(list(map(len, found)))
    files = list(chain.from_iterable(found))
    columns = {
        "@index": rows.to_numpy(dtype=int),
        "@unit": values["@unit"].to_numpy()[rows],
        **{name: list(map(itemgetter(at), files)) for at, name in enumerate(_NAMED)},
    }
    return pd.DataFrame(
        {name: pd.Series(cells, dtype=_TYPES.get(name, object)) for name, cells in columns.items()}
    )


def _files(text: str, field: str, index: Index) -> Sequence[_Named]:
    """What a cell names, each with where it leads."""
    if index.is_plain(text):
        return ((text, text, "", "否", "", "", False),)
    return tuple(_each_of(text, field, index))


def _each_of(text: str, field: str, index: Index) -> Iterator[_Named]:
    names, separator = _names(text, index) if field == RESOURCE_FILE else ([text], "")
    whole = ";".join(names) if separator else ""
    for named in names:
        found = index.find(named)
        likely = whole or (found.likely if len(names) == 1 else "")
        respelled = "是" if found.respelled else "否"
        yield named, found.path, found.problem, respelled, likely, separator, found.unfinished


def _names(text: str, index: Index) -> tuple[list[str], str]:
    """The names in a cell, and the separator that had to be guessed, "" if it was `;`.

    Any character may be part of a name: another separator counts only if every part is a file, and
    the whole is no path of one: its last part alone may be the bare name of a file.
    """
    names = _parts(text, ";")
    if all(posixpath.normpath(name.replace("\\", "/")) in index.paths for name in names):
        return names, ""
    for separator, pattern in _SEPARATORS.items():
        parts = _parts(text, pattern)
        if len(parts) > len(names) and all(index.find(part).path for part in parts):
            return parts, separator
    return names, ""


def _parts(text: str, separator: str | re.Pattern[str]) -> list[str]:
    pieces = text.split(separator) if isinstance(separator, str) else separator.split(text)
    return [part for each in pieces if (part := each.strip())]


def orphans(
    units: Iterable[Unit],
    found: References,
    likely: Iterable[Key],
    workbooks: Mapping[str, str],
    with_covers: Container[str],
) -> pd.DataFrame:
    """Media and pictures of units with resources, and whether a row claims them.

    A picture whose name says that it is a scan is let be, and so is a file that is suggested
    for some row (likely): that row's finding tells of it. workbooks: where each unit's findings
    go. with_covers: units whose list has the column 资源封面.
    """
    named = chain(likely, *(_keys_of(each[each["suggestion"] != ""], "suggestion") for each in found.tables))
    told = found.claimed.union(named)
    files = [
        (unit.name, entry.path)
        for unit in units
        if unit.name in workbooks
        for entry in unit.entries
        if entry.suffix in PLAYED
        or (entry.suffix in IMAGES and unit.name in with_covers and not _SCAN.search(entry.path))
    ]
    columns = {
        "@unit": [unit for unit, _ in files],
        "@workbook": [workbooks[unit] for unit, _ in files],
        "@sheet": "",
        "@row": 0,
        "value": [path for _, path in files],
        "claimed": ["是" if file in told else "否" for file in files],
    }
    return pd.DataFrame(columns)


def likely_files(values: pd.DataFrame, indexes: Mapping[str, Index], claimed: frozenset[Key]) -> pd.Series:
    """For rows without 资源文件: the one unclaimed media file that bears the resource's name, else ""."""

    def is_free(unit: str, path: str) -> bool:
        return (unit, path) not in claimed and sort_of(path) != "other"

    likely = pd.Series("", index=values.index, dtype=object)
    lone = (values["资源文件"] == "") & (values["资源名称"] != "")
    rows = values[["@unit", "资源名称"]][lone]
    asking = [unit for unit in rows["@unit"].unique() if unit in indexes]
    offered = [unit for unit in asking if any(is_free(unit, path) for path in indexes[unit].paths)]
    rows = rows[rows["@unit"].isin(offered)]
    for index, unit, title in zip(rows.index, rows["@unit"], rows["资源名称"], strict=True):
        found = [path for path in indexes[unit].by_title(title) if is_free(unit, path)]
        if len(found) == 1:
            likely[index] = found[0]
    return likely


# --- with the measurements --------------------------------------------------------------------

_OF_COVERS = ("fault", "mode", "width", "height", "megabytes", "turned")
_OF_COVERS_ALONE = frozenset({"fault", "mode", "megabytes", "turned"})
_KNOWN: dict[str, str | float | bool] = FileFacts._field_defaults
MEDIA_COLUMNS = {
    name: unknown for name, unknown in _KNOWN.items() if name not in _OF_COVERS_ALONE | {"edges"}
}
"""The columns of `media` that come from a probe, with their value where nothing is known."""
COVER_COLUMNS = {name: _KNOWN[name] for name in _OF_COVERS}
"""The same for `covers`."""


def media_table(
    values: pd.DataFrame,
    found: References,
    measured: Mapping[Key, FileFacts],
    twins: Mapping[Key, str],
    media_types: Mapping[str, str],
) -> pd.DataFrame:
    """One row per file named in 资源文件: the resource's fields, the match, and what was measured.

    role says by which standard the file is judged, "" if by none (another rule tells why).
    twin is the digest that files of equal content share, else the file itself.
    """
    keys = _keys(found.media)
    table = _with_facts(found.media, keys, measured, MEDIA_COLUMNS).join(values, on="@index")
    wanted = table["资源类型"].map(media_types).fillna("any")
    judged = (table["sort"] != "other") & ((wanted == "any") | (wanted == table["sort"]))
    table["role"] = table["sort"].where(judged, "")
    unfinished = table["unfinished"].astype(bool)
    table["sort"] = table["sort"].where((table["problem"] == "") & ~unfinished, "")
    table["broken"] = table["broken"].where(~unfinished, UNFINISHED)
    table["sound"] = (table["broken"] == "") & table["tracks"].astype(bool)
    table["twin"] = [twins.get(key) or ("/".join(key) if key[1] else "") for key in keys]
    return table


def cover_table(values: pd.DataFrame, found: References, measured: Mapping[Key, FileFacts]) -> pd.DataFrame:
    """One row per cover named: the resource's fields, the match, and what was measured."""
    table = _with_facts(found.covers, _keys(found.covers), measured, COVER_COLUMNS).join(values, on="@index")
    table["fault"] = table["fault"].where(~table["unfinished"].astype(bool), UNFINISHED)
    return table


_DTYPES: dict[type, type] = {str: object, float: float, bool: bool}


def _keys(found: pd.DataFrame) -> list[Key]:
    return _keys_of(found, "path")


def _keys_of(found: pd.DataFrame, column: str) -> list[Key]:
    return list(zip(found["@unit"].tolist(), found[column].tolist(), strict=True))


def _with_facts(
    found: pd.DataFrame,
    keys: list[Key],
    measured: Mapping[Key, FileFacts],
    columns: Mapping[str, str | float | bool],
) -> pd.DataFrame:
    number = {key: at for at, key in enumerate(key for key in dict.fromkeys(keys) if key in measured)}
    # What no file was measured for stands last.
    columns_of_all = zip(*(measured[key] for key in number), FileFacts(), strict=True)
    known = dict(zip(FileFacts._fields, columns_of_all, strict=True))
    at = np.array([number.get(key, -1) for key in keys], dtype=int)
    told = {
        name: np.array(known[name], dtype=_DTYPES[type(unknown)])[at] for name, unknown in columns.items()
    }
    return pd.concat([found.drop(columns="@unit"), pd.DataFrame(told, found.index)], axis=1)


def measured_seconds(media: pd.DataFrame) -> pd.Series:
    """The length of all files of a row together, NaN if one of them has none; by row index."""
    timed = media[media["role"] != ""]
    known = timed["seconds"].where(timed["sound"]).astype(float)
    row = timed["@index"]
    return known.groupby(row).sum().mask(known.isna().groupby(row).any())
