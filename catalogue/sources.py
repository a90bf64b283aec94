"""Reads the authorities' data sources from YAML and refuses what cannot be; every refusal names file, line, field and cure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml
from pydantic import ValidationError as ModelError
from pydantic_core import ErrorDetails

from catalogue.plain_yaml import read_yaml
from catalogue.refusals import CatalogueError, Place, Refusal, Refusals
from catalogue.source_checks import check_secrets, check_source
from domain.source import Source
from domain.source import record_path as record_path  # others check their paths with it
from domain.text import Bilingual

SOURCES = Path(__file__).parent / "sources"
_SHARED = "shared"
_DEEPEST_EXTENDS = 5


class SourceError(CatalogueError):
    """A source that cannot be: one refusal with file, line, field, what is wrong and what cures it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__([refusal])

    @property
    def refusal(self) -> Refusal:
        return self.refusals[0]


def load_sources(folders: Sequence[Path] = (SOURCES,)) -> dict[str, Source]:
    """All sources of the folders, by code; a later folder adds to the earlier ones or overrides them.

    `connector.extends` looks into the file's own folder's `shared/`, then into the earlier folders'. A folder that is not there is empty.

    Raises:
        SourceError: what is wrong, where, and what to do.
    """
    sources: dict[str, Source] = {}
    shared: dict[str, _File] = {}
    for folder in folders:
        shared |= {path.stem: _File(path) for path in sorted((folder / _SHARED).glob("*.yaml"))}
        for path in sorted(folder.glob("*.yaml")):
            source = _load(_File(path), shared)
            sources[source.code] = source
    return sources


class _File:
    """One YAML file; lines are looked up only when something is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = ""
        try:
            self._text = path.read_text(encoding="utf-8")
            content = read_yaml(self._text)
        except UnicodeDecodeError:
            self.refuse((), "文件不是 UTF-8", "it is not UTF-8", "用 UTF-8 保存", "save it as UTF-8")
        except yaml.YAMLError as error:
            problem = getattr(error, "problem", None) or "?"
            self._refuse_line(
                _line_of(error), (), f"不是 YAML：{problem}", f"it is not YAML: {problem}", "检查缩进和引号", "check indents and quotes"
            )
        if not isinstance(content, dict):
            self.refuse((), "没有内容", "nothing is described", "先写 code、name、record 等", "begin with code, name, record and so on")
        self.content: dict[str, Any] = content

    def depth(self, place: Place) -> int:
        """How much of a place stands in this file."""
        found: Any = self.content
        for depth, step in enumerate(place):
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return depth
        return len(place)

    def refuse(self, place: Place, zh: str, en: str, cure_zh: str, cure_en: str) -> NoReturn:
        self._refuse_line(Refusals(self.path.name, self._text).line_of(place) or 1, place, zh, en, cure_zh, cure_en)

    def _refuse_line(self, line: int, place: Place, zh: str, en: str, cure_zh: str, cure_en: str) -> NoReturn:
        field = ".".join(str(step) for step in place) or "(file)"
        raise SourceError(Refusal(self.path.name, line, field, Bilingual(zh=zh, en=en), Bilingual(zh=cure_zh, en=cure_en)))


class _Refuse:
    """Refuses a place of the merged source where it stands: in the file itself, or in the shared one that it extends."""

    def __init__(self, files: Sequence[_File]) -> None:
        self._files = files

    def __call__(self, place: Place, zh: str, en: str, cure_zh: str, cure_en: str) -> NoReturn:
        # The first of the deepest: a file's own words win over what it extends.
        deepest = max(self._files, key=lambda file: file.depth(place))
        deepest.refuse(place, zh, en, cure_zh, cure_en)


def _load(file: _File, shared: Mapping[str, _File]) -> Source:
    connector, files = _extended(file, shared)
    refuse = _Refuse(files)
    content = file.content if connector is None else {**file.content, "connector": connector}
    check_secrets(content.get("connector"), ("connector",), refuse)
    try:
        source = Source.model_validate(content)
    except ModelError as error:
        _refuse_model(error.errors(include_url=False, include_input=False)[0], content, refuse)
    if source.code != file.path.stem:
        name = file.path.stem
        refuse(("code",), f"与文件名 {name} 不同", f"it is not the file's name, {name}", f"写 code: {name}", f"write code: {name}")
    check_source(source, refuse)
    return source


def _refuse_model(error: ErrorDetails, content: Any, refuse: _Refuse) -> NoReturn:
    place = _place_of(error["loc"], content)
    match error["type"]:
        case "missing":
            refuse(place, "缺少这一项", "it is missing", f"补上 {place[-1]}", f"add {place[-1]}")
        case "extra_forbidden":
            refuse(place, "没有这个键", "there is no such key", "更正名称或去掉", "correct the name or drop it")
        case _:
            said = error["msg"].removeprefix("Value error, ")
            refuse(place, f"写法不对：{said}", said, "按说明改正", "write it as docs/sources.md says")


def _line_of(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark else 1


def _extended(file: _File, shared: Mapping[str, _File]) -> tuple[dict[str, Any] | None, list[_File]]:
    """The connector with all that it extends, and the files that it came from, its own first."""
    connector, files = file.content.get("connector"), [file]
    if not isinstance(connector, dict):
        return None, files
    merged, name = connector, connector.get("extends")
    while name is not None:
        if name not in shared:
            known = ", ".join(sorted(shared)) or "-"
            files[-1].refuse(
                ("connector", "extends"),
                f"没有 shared/{name}.yaml",
                f"there is no shared/{name}.yaml",
                f"可用：{known}",
                f"known are: {known}",
            )
        if len(files) > _DEEPEST_EXTENDS:
            files[-1].refuse(
                ("connector", "extends"),
                "互相引用成环",
                "shared files extend each other in a ring",
                "去掉一处 extends",
                "take one extends out",
            )
        files.append(shared[name])
        base = shared[name].content.get("connector")
        if not isinstance(base, dict) or shared[name].content.keys() != {"connector"}:
            files[-1].refuse(
                (), "共享文件只写 connector", "a shared file holds a connector and nothing else", "去掉其他项", "take the rest out"
            )
        merged, name = _merged(base, merged), base.get("extends")
    return merged, files


def _merged(base: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Deeply; what is not a mapping is replaced, and null takes away. Credentials and bodies are replaced as a whole."""
    merged = dict(base)
    for name, value in own.items():
        if name == "request" and isinstance(value, dict) and value.keys() & {"json", "form", "xml"}:
            merged[name] = {kind: part for kind, part in merged.get(name, {}).items() if kind not in ("json", "form", "xml")}
        if isinstance(value, dict) and isinstance(merged.get(name), dict) and "scheme" not in value:
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = value
    return merged


def _place_of(location: tuple[str | int, ...], content: Any) -> Place:
    """Pydantic's location without the names of union branches, which stand in no file."""
    place: list[str | int] = []
    for step in location:
        try:
            content = content[step]
        except (KeyError, IndexError, TypeError):
            if step != location[-1] or not isinstance(content, dict):
                continue  # the name of a branch
            content = None  # what is missing, or should not be there
        place.append(step)
    return tuple(place)
