"""`config.yaml`: what another call or another judgement changes, typed and closed.

Every scalar is read as text and given its type here, so that `no`, `010` and `1.10` mean
what a person sees. All errors are told at once, with line, key and the nearest known key.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pydantic
import yaml

from pipeline.model import Severity

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12


class _Closed(pydantic.BaseModel):
    """A section that knows all its keys."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Deadlines(_Closed):
    """Last days of the notice's three steps (通知第四部分)."""

    materials: dt.date
    resources: dt.date
    review: dt.date


class Call(_Closed):
    """The collection itself."""

    id: str
    title: str
    document: str
    year: int
    deadlines: Deadlines
    contacts: tuple[str, ...]
    review_date: dt.date | None = None
    """The day that counts as today; None: the day of the run."""


class VideoStandard(_Closed):
    """附件3 clause 1, with the judgement calls that the notice leaves open."""

    extensions: tuple[str, ...]
    codecs: tuple[str, ...]
    audio_codecs: tuple[str, ...]
    min_long_side: pydantic.PositiveInt
    min_short_side: pydantic.PositiveInt
    min_fps: pydantic.PositiveFloat
    fps_tolerance: float = pydantic.Field(ge=0, le=0.1)
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

    same: float
    small: float
    percent: float
    large: float


class Limits(_Closed):
    """What one file may cost."""

    workbook_mb: pydantic.PositiveInt
    seconds: pydantic.PositiveFloat
    memory_mb: pydantic.PositiveInt
    cover_megapixels: pydantic.PositiveInt


class Settings(_Closed):
    """The whole of `config.yaml`."""

    call: Call
    resource_types: dict[str, str]
    media_types: dict[str, Literal["video", "audio", "any"]]
    profile: str
    profiles: dict[str, Profile]
    duration: DurationTolerance
    earliest_created: dt.date
    platforms: dict[str, str]
    safe_corrections: Literal["警告", "错误"] = "警告"
    severity: dict[str, Severity] = {}
    off: tuple[str, ...] = ()
    limits: Limits

    @property
    def standard(self) -> Profile:
        """The profile in force."""
        return self.profiles[self.profile]


@dataclass(frozen=True, slots=True)
class Loaded:
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
    """The settings in a file. Raises ConfigError with every mistake found."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(path, [f"读不到配置文件：{error.strerror}，请确认文件在原处并且可以打开。"]) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(path, ["配置文件过大，请恢复为随程序提供的 config.yaml 再改。"])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(path, [f"第 {line} 行：文件不是 UTF-8 编码，请用 UTF-8 编码另存。"]) from error
    tree, lines = _parse(path, text)
    try:
        settings = Settings.model_validate(tree)
    except pydantic.ValidationError as error:
        raise ConfigError(path, [_sentence(item, lines) for item in error.errors()]) from error
    _check_references(path, settings, lines)
    return Loaded(settings, hashlib.sha256(raw).hexdigest())


Keys = tuple[str, ...]


def _parse(path: Path, text: str) -> tuple[Any, dict[Keys, int]]:
    """The document as dicts, lists and texts, and the line of every key."""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise ConfigError(path, [f"第 {event.start_mark.line + 1} 行：不支持 & 和 * 引用，请把内容写全。"])
            if getattr(event, "tag", None):
                raise ConfigError(path, [f"第 {event.start_mark.line + 1} 行：不支持以 ! 开头的标记，请删去。"])
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        hint = "；冒号要用英文半角 :，后面空一格" if "：" in text.splitlines()[line - 1 : line + 1].__str__() else ""
        raise ConfigError(path, [f"第 {line} 行：写法有误，请检查缩进、冒号和引号{hint}。"]) from error
    except yaml.YAMLError as error:
        raise ConfigError(path, ["文件中有不能显示的字符，请用记事本重新录入后按 UTF-8 保存。"]) from error
    except RecursionError as error:
        raise ConfigError(path, ["层次过深，请恢复为随程序提供的 config.yaml 再改。"]) from error
    lines: dict[Keys, int] = {}
    problems: list[str] = []
    tree = _plain(node, (), lines, problems)
    if problems:
        raise ConfigError(path, problems)
    return tree, lines


def _plain(node: yaml.Node | None, where: Keys, lines: dict[Keys, int], problems: list[str]) -> Any:
    if len(where) > MAX_DEPTH:
        problems.append(f"第 {lines.get(where, 1)} 行：层次过深，请恢复为随程序提供的写法。")
        return None
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in result:
                first = lines[(*where, key)]
                problems.append(f"第 {line} 行：“{key}”在第 {first} 行已写过，请只保留一处。")
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
    if node is None:
        return {}
    return None if node.value == "" and node.style is None else node.value


_KINDS = {
    "missing": "缺少“{key}”这一项，请从随程序提供的 config.yaml 抄回",
    "bool_parsing": "“{key}”应填 true 或 false，现为“{value}”",
    "int_parsing": "“{key}”应填整数，现为“{value}”",
    "float_parsing": "“{key}”应填数字，现为“{value}”",
    "date_from_datetime_parsing": "“{key}”应填 2024-05-15 这样的日期，现为“{value}”",
    "date_parsing": "“{key}”应填 2024-05-15 这样的日期，现为“{value}”",
    "date_type": "“{key}”应填 2024-05-15 这样的日期",
    "literal_error": "“{key}”只能填 {expected}，现为“{value}”",
    "enum": "“{key}”只能填 {expected}，现为“{value}”",
    "greater_than": "“{key}”应大于 {gt}，现为“{value}”",
    "greater_than_equal": "“{key}”应不小于 {ge}，现为“{value}”",
    "less_than_equal": "“{key}”应不大于 {le}，现为“{value}”",
}


def _sentence(error: Any, lines: dict[Keys, int]) -> str:
    """One of pydantic's errors, said in Chinese with its line."""
    where = tuple(str(step) for step in error["loc"])
    line = next((lines[where[:n]] for n in range(len(where), 0, -1) if where[:n] in lines), 1)
    key = ".".join(where)
    if error["type"] == "extra_forbidden":
        near = _nearest(where)
        hint = f"，是不是“{near}”" if near else "，请删去"
        return f"第 {line} 行：不认识“{key}”{hint}。"
    form = _KINDS.get(error["type"], "“{key}”的写法不对，现为“{value}”")
    context = {name: str(value) for name, value in error.get("ctx", {}).items()}
    context["expected"] = context.get("expected", "").replace("'", "").replace(" or ", " 或 ")
    value = error["input"] if isinstance(error["input"], str) else "空" if error["input"] is None else "一组内容"
    return f"第 {line} 行：{form.format(key=key, value=value, **{'gt': '', 'ge': '', 'le': '', **context})}。"


def _nearest(where: Keys) -> str:
    """The known key most like the last one, in the section where it stands."""
    known = _known_keys(where[:-1])
    return next(iter(difflib.get_close_matches(where[-1], known, 1, 0.6)), "")


def _known_keys(where: Keys) -> list[str]:
    model: Any = Settings
    for step in where:
        if not (isinstance(model, type) and issubclass(model, pydantic.BaseModel)):
            return []
        info = model.model_fields.get(step)
        if info is None:
            return []
        model = info.annotation
        if model == dict[str, Profile]:
            return list(Profile.model_fields)
    return list(model.model_fields) if hasattr(model, "model_fields") else []


def _check_references(path: Path, settings: Settings, lines: dict[Keys, int]) -> None:
    """Names in one section that must stand in another."""
    from pipeline.rules import REGISTER  # the rules' readers are typed with Settings

    problems = []
    if settings.profile not in settings.profiles:
        known = "、".join(settings.profiles)
        problems.append(f"第 {lines[('profile',)]} 行：profiles 中没有“{settings.profile}”，现有：{known}。")
    for section, codes in (("severity", tuple(settings.severity)), ("off", settings.off)):
        for number, code in enumerate(codes):
            if code not in REGISTER.rules:
                line = lines.get((section, code), lines.get((section, str(number)), 1))
                near = next(iter(difflib.get_close_matches(code, list(REGISTER.rules), 1)), "")
                hint = f"，是不是“{near}”" if near else ""
                problems.append(f"第 {line} 行：没有“{code}”这条规则{hint}。")
    for code in settings.media_types:
        if code not in settings.resource_types:
            problems.append(f"第 {lines[('media_types', code)]} 行：resource_types 中没有“{code}”。")
    if problems:
        raise ConfigError(path, problems)
