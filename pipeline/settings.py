"""`config.yaml`: what another call or another judgement changes, typed and closed.

Every scalar is read as text and given its type here, so that `no`, `010` and `1.10` mean
what a person sees. All errors are told at once, with line, key and the nearest known key.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import pydantic
import pydantic_core
import yaml
from msgspec import Struct

from pipeline.fields import NAMES
from pipeline.model import Severity

BEIJING = dt.timezone(dt.timedelta(hours=8))
"""The time of deadlines and receipts (GB/T 7408); it has no summer time."""
MAX_BYTES = 256 * 1024
MAX_DEPTH = 12
STATEMENT_WORDS = ("unit", "year", "date")
"""In braces in the text of 附件2, to be replaced."""


class _Closed(pydantic.BaseModel):
    """A section that knows all its keys."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _blank_is_default(cls, tree: Any) -> Any:
        """A key left blank means its default, where it has one."""
        if not isinstance(tree, dict):
            return tree
        required = {name for name, field in cls.model_fields.items() if field.is_required()}
        known = cls.model_fields.keys()
        return {k: v for k, v in tree.items() if v is not None or k in required or k not in known}


def _day(text: Any) -> Any:
    """A date as a person writes it; pydantic alone takes 20240515 for seconds since 1970."""
    if isinstance(text, str) and not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise pydantic_core.PydanticCustomError("date_parsing", "not a date")
    return text


Day = Annotated[dt.date, pydantic.BeforeValidator(_day)]
Share = Annotated[pydantic.FiniteFloat, pydantic.Field(ge=0)]
Rate = Annotated[pydantic.FiniteFloat, pydantic.Field(gt=0)]


def _ascending(span: tuple[int, int]) -> tuple[int, int]:
    if span[0] > span[1]:
        raise pydantic_core.PydanticCustomError("not_ascending", "descending")
    return span


Span = Annotated[tuple[pydantic.NonNegativeInt, pydantic.PositiveInt], pydantic.AfterValidator(_ascending)]


class Deadlines(_Closed):
    """Last days of the notice's three steps (通知第四部分)."""

    materials: Day
    resources: Day
    review: Day


class Call(_Closed):
    """The collection itself."""

    id: str
    title: str
    document: str
    year: int = pydantic.Field(ge=2000, le=2100)
    deadlines: Deadlines
    contacts: tuple[str, ...]
    review_date: Day | None = None
    """The day that counts as today; None: the day of the run."""


class VideoStandard(_Closed):
    """附件3 clause 1, with the judgement calls that the notice leaves open."""

    extensions: tuple[str, ...]
    codecs: tuple[str, ...]
    audio_codecs: tuple[str, ...]
    min_long_side: pydantic.PositiveInt
    min_short_side: pydantic.PositiveInt
    min_fps: Rate
    fps_tolerance: pydantic.FiniteFloat = pydantic.Field(ge=0, le=0.1)
    min_bitrate: pydantic.NonNegativeInt
    max_bitrate: pydantic.PositiveInt | None = None
    bitrate_scope: Literal["file", "stream"]
    min_audio_rate: pydantic.NonNegativeInt = 0


class AudioStandard(_Closed):
    """附件3 clause 2."""

    extensions: tuple[str, ...]
    min_rate: pydantic.PositiveInt
    channels: pydantic.PositiveInt


class Profile(_Closed):
    """A technical standard under a name."""

    label: str
    video: VideoStandard
    audio: AudioStandard


class DurationTolerance(_Closed):
    """Declared against measured length, in seconds; `percent` of the measured length."""

    same: Share
    small: Share
    percent: Share
    large: Share
    shortest: Share
    longest: Rate


class Keywords(_Closed):
    """How many keywords, and how long one may be."""

    fewest: pydantic.NonNegativeInt
    most: pydantic.PositiveInt
    longest: pydantic.PositiveInt


class Cover(_Closed):
    """What a cover should be; 0 asks nothing."""

    min_width: pydantic.NonNegativeInt = 0
    min_height: pydantic.NonNegativeInt = 0
    max_mb: Share = 0


class Links(_Closed):
    """How links are opened (`make links`); times in seconds."""

    keep_days: int = pydantic.Field(ge=1, le=365)
    tries: int = pydantic.Field(ge=1, le=10)
    between_tries: Share
    per_host: pydantic.FiniteFloat = pydantic.Field(ge=1, le=60)
    deadline: pydantic.FiniteFloat = pydantic.Field(ge=1, le=300)
    at_once: int = pydantic.Field(ge=1, le=200)


class Limits(_Closed):
    """What one file may cost."""

    workbook_mb: int = pydantic.Field(ge=1, le=2000)
    seconds: pydantic.FiniteFloat = pydantic.Field(ge=1, le=86_400)
    memory_mb: int = pydantic.Field(ge=512, le=1 << 20)


class Settings(_Closed):
    """The whole of `config.yaml`."""

    call: Call
    resource_types: dict[str, str]
    media_types: dict[str, Literal["video", "audio", "any"]]
    required: tuple[str, ...]
    """Names of fields of 表1."""
    lengths: dict[str, Span]
    """Fewest and most characters by field."""
    keywords: Keywords
    categories: tuple[str, ...] = ()
    """The classification vocabulary; empty: not received, any will do."""
    catalog_schema: str = ""
    """Path of an XSD for 资源目录; "": only well-formedness is asked."""
    review_words: tuple[str, ...] = ()
    """Words in running text that a person must look at."""
    cover: Cover = Cover()
    profile: str
    profiles: dict[str, Profile]
    duration: DurationTolerance
    earliest_created: Day
    platforms: dict[str, str]
    platform_aliases: dict[str, str] = {}
    """Other ways of writing a platform's name, to the one in `platforms`."""
    unit_register: str
    """Path of 报送单位名录.xlsx; where there is no such file, units are not checked."""
    earlier: tuple[str, ...] = ()
    """Lists of earlier years, beside those under input/往年/."""
    similar: pydantic.FiniteFloat = pydantic.Field(ge=50, le=100)
    """From which likeness of names, in percent, two resources are near-duplicates."""
    statement: str
    """附件2 word for word, with {unit} {year} {date}."""
    returned_rows: Literal["全部", "有问题的", "不退回"] = "全部"
    links: Links
    safe_corrections: Literal["警告", "错误"] = "警告"
    severity: dict[str, Severity] = {}
    off: tuple[str, ...] = ()
    limits: Limits
    engine: Literal["local", "inline", "dask"] = "local"
    """Where files are read, measured and marked; see `pipeline.engine`."""
    scheduler: str = ""
    """The address of dask's scheduler."""

    @property
    def gives_back(self) -> bool:
        """Whether marked workbooks and letters are written at all."""
        return self.returned_rows != "不退回"

    @property
    def standard(self) -> Profile:
        """The profile in force."""
        return self.profiles[self.profile]


class Traced:
    """Settings that remember which of them were asked for; stands in for `Settings`."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is asked for yet."""
        self._settings, self.asked = settings, set[str]()

    def __getattr__(self, name: str) -> Any:
        """The setting."""
        self.asked.add(name)
        return getattr(self._settings, name)


class Loaded(Struct, frozen=True):
    """Settings with the digest of the file that they came from."""

    settings: Settings
    sha256: str


class ConfigError(Exception):
    """`config.yaml` cannot be used; one Chinese line per mistake."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        """problems: whole sentences, in the order of the file."""
        super().__init__("\n".join(problems))
        self.path = path
        self.problems = problems


def load(path: Path) -> Loaded:
    """The settings in a file. Raises ConfigError with every mistake found, in the order of the file."""
    raw, text = _read(path)
    tree, lines, problems = _parse(path, text)
    try:
        settings = Settings.model_validate(tree)
    except pydantic.ValidationError as error:
        problems += [_told(item, lines) for item in error.errors()]
    problems += _references(tree, lines)
    problems += _structure(tree, lines, path.parent)
    if problems:
        raise ConfigError(path, [f"第 {line} 行：{said}。" for line, said in sorted(problems)])
    return Loaded(_beside(settings, path.parent), hashlib.sha256(raw).hexdigest())


def _beside(settings: Settings, folder: Path) -> Settings:
    """Files that the settings name are looked for beside the file that names them."""
    found = {
        "unit_register": str(folder / settings.unit_register),
        "catalog_schema": settings.catalog_schema and str(folder / settings.catalog_schema),
        "earlier": tuple(str(folder / each) for each in settings.earlier),
    }
    return settings.model_copy(update=found)


def _structure(tree: Mapping[str, Any], lines: Mapping[Keys, int], folder: Path) -> Iterator[Problem]:
    """Why the structure of 资源目录 cannot be used."""
    named = tree.get("catalog_schema")
    if isinstance(named, str) and named:
        from pipeline.rules.catalog import StructureError, structure  # as `_unknown_rules`

        try:
            structure(str(folder / named))
        except StructureError as error:
            yield lines[("catalog_schema",)], str(error)


Keys = tuple[str, ...]
Entries = list[tuple[Keys, str]]
"""Names with their places."""
Problem = tuple[int, str]
"""The line, and a clause."""


def _read(path: Path) -> tuple[bytes, str]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            path, ["读不到设置文件，请确认它在原处并且可以打开，或用 --config 指明。"]
        ) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(path, ["设置文件过大，请恢复为随程序提供的 config.yaml 再改。"])
    try:
        return raw, raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _at(
            path, raw.count(b"\n", 0, error.start), "文件不是 UTF-8 编码，请用 UTF-8 编码另存"
        ) from error


def _at(path: Path, line: int, said: str) -> ConfigError:
    """The one mistake that hides all others. line counts from 0."""
    return ConfigError(path, [f"第 {line + 1} 行：{said}。"])


def _parse(path: Path, text: str) -> tuple[dict[str, Any], dict[Keys, int], list[Problem]]:
    """The document as dicts, lists and texts, the line of every key, and keys that stand twice."""
    try:
        node = _NoTricks(path, text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else 0
        colon = any("：" in each for each in text.splitlines()[max(0, line - 1) : line + 1])
        hint = "；冒号要用英文半角 :，后面空一格" if colon else ""
        raise _at(path, line, f"写法有误，请检查缩进、冒号和引号{hint}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        raise _at(path, line, "有不能显示的字符，请删去后重新录入这一行") from error
    lines: dict[Keys, int] = {}
    problems: list[Problem] = []
    tree = _plain(node, (), lines, problems)
    if not isinstance(tree, dict):
        raise _at(path, 0, "应是“名称: 内容”的写法，请恢复为随程序提供的 config.yaml 再改")
    return tree, lines, problems


class _NoTricks(yaml.BaseLoader):
    """Without references (a small file can become endless by them), tags, and depth without bound."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(text)
        self._path, self._depth = path, 0

    def get_event(self) -> yaml.Event:
        """The next event; raises ConfigError if it is one of these."""
        event: yaml.Event = super().get_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _at(self._path, line, "不支持 & 和 * 引用，请把内容写全；文字以这些符号开头的，请加上引号")
        if getattr(event, "tag", None):
            raise _at(self._path, line, "不支持以 ! 开头的标记，请删去；文字以 ! 开头的，请加上引号")
        self._depth += isinstance(event, yaml.CollectionStartEvent)
        self._depth -= isinstance(event, yaml.CollectionEndEvent)
        if self._depth > MAX_DEPTH:
            raise _at(self._path, line, "层次过深，请恢复为随程序提供的写法")
        return event


def _plain(node: yaml.Node | None, where: Keys, lines: dict[Keys, int], problems: list[Problem]) -> Any:
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "[…]"
            line = key_node.start_mark.line + 1
            if key in result:
                first = lines[(*where, key)]
                problems.append((line, f"“{key}”在第 {first} 行已写过，请只保留一处"))
                continue
            lines[(*where, key)] = line
            result[key] = _plain(value_node, (*where, key), lines, problems)
        return result
    if isinstance(node, yaml.SequenceNode):
        items = []
        for number, item in enumerate(node.value):
            lines[(*where, str(number))] = item.start_mark.line + 1
            items.append(_plain(item, (*where, str(number)), lines, problems))
        return items
    if not isinstance(node, yaml.ScalarNode):
        return {}
    return None if node.value == "" and node.style is None else node.value


_SAID = {
    "missing": "缺少“{key}”这一项，请从随程序提供的 config.yaml 抄回",
    "string_type": "“{key}”应填一段文字，现为{value}",
    "int_parsing": "“{key}”应填整数，现为{value}",
    "int_type": "“{key}”应填整数，现为{value}",
    "float_parsing": "“{key}”应填数字，现为{value}",
    "float_type": "“{key}”应填数字，现为{value}",
    "finite_number": "“{key}”应填数字，现为{value}",
    "date_from_datetime_parsing": "“{key}”应填 2024-05-15 这样的日期，现为{value}",
    "date_parsing": "“{key}”应填 2024-05-15 这样的日期，现为{value}",
    "date_type": "“{key}”应填 2024-05-15 这样的日期，现为{value}",
    "literal_error": "“{key}”只能填 {expected}，现为{value}",
    "enum": "“{key}”只能填 {expected}，现为{value}",
    "greater_than": "“{key}”应大于 {gt}，现为{value}",
    "greater_than_equal": "“{key}”应不小于 {ge}，现为{value}",
    "less_than_equal": "“{key}”应不大于 {le}，现为{value}",
    "tuple_type": "“{key}”应是一组内容，每行一个，以“- ”开头，现为{value}",
    "not_ascending": "“{key}”应先写小的，再写大的",
    "too_short": "“{key}”应是两个数，如 [2, 100]",
    "too_long": "“{key}”应是两个数，如 [2, 100]",
    "dict_type": "“{key}”下面应是缩进的“名称: 内容”，现为{value}",
    "model_type": "“{key}”下面应是缩进的“名称: 内容”，现为{value}",
}


def _told(error: Any, lines: Mapping[Keys, int]) -> Problem:
    """One of pydantic's errors, said in Chinese with its line."""
    where = tuple(str(step) for step in error["loc"])
    key = ".".join(where)
    if error["type"] == "extra_forbidden":
        known = _known_keys(where[:-1])
        return _line(where, lines), f"不认识“{key}”{_perhaps(where[-1], known) or '，请删去'}"
    facts = {name: f"{v:g}" if isinstance(v, float) else str(v) for name, v in error.get("ctx", {}).items()}
    facts["expected"] = facts.get("expected", "").replace("'", "").replace(" or ", " 或 ")
    given = error["input"]
    facts["value"] = f"“{given}”" if isinstance(given, str) else "空" if given is None else "一组内容"
    return _line(where, lines), _SAID.get(error["type"], "“{key}”的写法不对，现为{value}").format(
        key=key, **facts
    )


def _line(where: Keys, lines: Mapping[Keys, int]) -> int:
    """Where a key stands; for one that is missing, the section that lacks it."""
    return next((lines[where[:n]] for n in range(len(where), 0, -1) if where[:n] in lines), 1)


def _nearest(word: str, known: list[str]) -> str:
    return next(iter(difflib.get_close_matches(word, known, 1, 0.6)), "")


def _known_keys(where: Keys) -> list[str]:
    """The keys of the section at `where`; none where names are free."""
    model: Any = Settings
    for step in where:
        fields = getattr(model, "model_fields", None)
        model = fields[step].annotation if fields else get_args(model)[-1]
    return list(getattr(model, "model_fields", ()))


def _references(tree: Mapping[str, Any], lines: Mapping[Keys, int]) -> Iterator[Problem]:
    """Names in one section that must stand in another; a section of the wrong kind is told elsewhere."""
    sections = {name: _entries(tree.get(name), (name,)) for name in tree}
    sources = (
        _other_sections(tree, sections),
        _unknown_fields(sections),
        _unknown_rules(sections),
        _unknown_words(tree),
    )
    for told in sources:
        for where, said in told:
            yield lines[where], said


_SCHEDULER = re.compile(r"(?:tcp|tls)://[^\s/]+:[0-9]{1,5}")


def _other_sections(tree: Mapping[str, Any], sections: Mapping[str, Entries]) -> Iterator[tuple[Keys, str]]:
    """Names that another section of the file must have."""
    chosen, profiles = tree.get("profile"), [name for _, name in sections.get("profiles", ())]
    if isinstance(chosen, str) and profiles and chosen not in profiles:
        yield ("profile",), f"profiles 中没有“{chosen}”，现有：{'、'.join(profiles)}"
    types = {code for _, code in sections.get("resource_types", ())}
    for where, code in sections.get("media_types", ()):
        if types and code not in types:
            yield where, f"resource_types 中没有“{code}”"
    if tree.get("engine") == "dask" and not _SCHEDULER.fullmatch(str(tree.get("scheduler") or "")):
        yield ("engine",), "用 dask 时要在 scheduler 写明调度器的地址，如 tcp://10.1.2.3:8786"
    platforms, aliases = tree.get("platforms"), tree.get("platform_aliases")
    if isinstance(platforms, dict) and isinstance(aliases, dict):
        for alias, name in aliases.items():
            if name not in platforms.values():
                yield ("platform_aliases", alias), f"platforms 中没有名为“{name}”的平台"


def _unknown_fields(sections: Mapping[str, Entries]) -> Iterator[tuple[Keys, str]]:
    """Names that 表1 does not have."""
    for where, name in (*sections.get("required", ()), *sections.get("lengths", ())):
        if name not in NAMES:
            yield where, f"表1 没有“{name}”这个字段{_perhaps(name, NAMES)}"
        elif where[0] == "required" and name == "资源ID":
            yield where, "“资源ID”由平台自动生成，不能要求填写，请删去"


def _unknown_rules(sections: Mapping[str, Entries]) -> Iterator[tuple[Keys, str]]:
    """Codes of no rule."""
    for where, code in (*sections.get("severity", ()), *sections.get("off", ())):
        # The rules' readers are typed with Settings; and to import them all takes its time.
        from pipeline.rules import REGISTER

        if code not in REGISTER.rules:
            yield where, f"没有“{code}”这条规则{_perhaps(code.upper(), REGISTER.rules)}"


def _unknown_words(tree: Mapping[str, Any]) -> Iterator[tuple[Keys, str]]:
    """Words in braces that nothing replaces: they would stand in an official document as they are."""
    statement = tree.get("statement")
    words = re.findall(r"\{([^{}]+)\}", statement) if isinstance(statement, str) else ()
    for word in words:
        if word not in STATEMENT_WORDS:
            known = "、".join(f"{{{each}}}" for each in STATEMENT_WORDS)
            yield ("statement",), f"“statement”中的“{{{word}}}”没有可以填入的内容，只能用 {known}"


def _entries(section: Any, where: Keys) -> Entries:
    """The names in a section, whether it is a list or `name: …`, each with its place."""
    if isinstance(section, dict):
        return [((*where, name), name) for name in section]
    texts = enumerate(section) if isinstance(section, list) else ()
    return [((*where, str(number)), text) for number, text in texts if isinstance(text, str)]


def _perhaps(word: str, known: Iterable[str]) -> str:
    near = _nearest(word, list(known))
    return f"，是不是“{near}”" if near else ""
