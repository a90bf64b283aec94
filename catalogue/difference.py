"""What changes from one version of a service item to another: by field, lists by the names of their elements, in words."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

from pydantic import BaseModel

from domain.service_item import ServiceItem
from domain.text import Bilingual

Kind = Literal["added", "removed", "changed", "reordered"]

# Keys by which elements of a list are told apart; every other list is compared place by place.
_NAMES: dict[str, tuple[str, ...]] = {
    "rules": ("id",),
    "materials": ("code",),
    "evidence": ("fact", "source"),
    "prefill": ("field",),
    "steps": ("kind",),
    "lines": ("id",),
    "examples": ("name",),
    "x-groups": ("id",),
}
_MEMBERS: dict[str, Bilingual] = {
    "rules": Bilingual(zh="规则", en="rule"),
    "materials": Bilingual(zh="材料", en="material"),
    "evidence": Bilingual(zh="核验依据", en="registry question"),
    "prefill": Bilingual(zh="预填项", en="prefilled value"),
    "steps": Bilingual(zh="环节", en="step"),
    "lines": Bilingual(zh="积分项", en="line of points"),
    "examples": Bilingual(zh="示例", en="example"),
    "properties": Bilingual(zh="填报项", en="question"),
}
_SECTIONS: dict[str, Bilingual] = {
    "code": Bilingual(zh="代码", en="Code"),
    "version": Bilingual(zh="版本", en="Version"),
    "effective_from": Bilingual(zh="生效日期", en="In force from"),
    "effective_to": Bilingual(zh="失效日期", en="In force until"),
    "name": Bilingual(zh="名称", en="Name"),
    "summary": Bilingual(zh="简介", en="Summary"),
    "branch": Bilingual(zh="警种", en="Branch"),
    "kind": Bilingual(zh="类型", en="Kind"),
    "audience": Bilingual(zh="办理对象", en="Audience"),
    "channels": Bilingual(zh="办理渠道", en="Channels"),
    "trips": Bilingual(zh="跑动次数", en="Trips"),
    "minutes": Bilingual(zh="用时", en="How long it takes"),
    "who_can": Bilingual(zh="谁可以办", en="Who can apply"),
    "legal_basis": Bilingual(zh="法律依据", en="Legal basis"),
    "exclusions": Bilingual(zh="不能这样办的", en="What cannot be done"),
    "identity": Bilingual(zh="身份核验", en="Identity check"),
    "form": Bilingual(zh="填报表", en="Form"),
    "prefill": Bilingual(zh="预填", en="Prefilled values"),
    "materials": Bilingual(zh="材料", en="Materials"),
    "evidence": Bilingual(zh="核验依据", en="Registries asked"),
    "rules": Bilingual(zh="规则", en="Rules"),
    "points": Bilingual(zh="积分", en="Points"),
    "machine_may_approve": Bilingual(zh="系统审批", en="Decision by the machine"),
    "steps": Bilingual(zh="人工环节", en="Steps"),
    "jurisdiction": Bilingual(zh="管辖", en="Jurisdiction"),
    "delivery": Bilingual(zh="领取方式", en="Delivery"),
    "window_days": Bilingual(zh="窗口期限", en="Counter window"),
    "reminder_days": Bilingual(zh="提醒", en="Reminders"),
    "clip_hours": Bilingual(zh="核验期限", en="Time for the identity check"),
    "identity_attempts": Bilingual(zh="核验次数", en="Attempts at the identity check"),
    "supplement": Bilingual(zh="补正", en="Supplements"),
    "fee": Bilingual(zh="收费", en="Fee"),
    "certificate": Bilingual(zh="文书", en="Document"),
    "retention_days": Bilingual(zh="保存期限", en="Retention"),
    "notice": Bilingual(zh="公示内容", en="Notice"),
    "most_used": Bilingual(zh="常用", en="Most used"),
    "examples": Bilingual(zh="示例", en="Examples"),
}
_VERBS: dict[str, Bilingual] = {
    "added": Bilingual(zh="新增", en="adds"),
    "removed": Bilingual(zh="去掉", en="drops"),
    "changed": Bilingual(zh="改动", en="changes"),
}
_NOT_WRITTEN = {("evidence", "label"), ("form", "allOf"), ("form", "x-required")}  # worked out by the loader
_NOTHING = object()


class Change(BaseModel):
    """One difference; `path` has dots, elements of lists by name, or by place from 1 in brackets."""

    path: str
    section: Bilingual
    kind: Kind
    member: Bilingual | None = None
    """What was added or removed when it is a whole element, such as a rule."""
    before: Any = None
    after: Any = None


class Difference(BaseModel):
    """`before` is None for a code that nothing has yet."""

    code: str
    before: int | None
    after: int
    changes: list[Change]

    @property
    def beyond_the_header(self) -> list[Change]:
        """What changes beside the number and the period: none means that the version says nothing new."""
        return [change for change in self.changes if change.path not in ("version", "effective_from", "effective_to")]

    @property
    def summary(self) -> list[Bilingual]:
        """A line a section, the most telling first."""
        if self.before is None:
            return [Bilingual(zh=f"新事项，第 {self.after} 版", en=f"A new service item, version {self.after}")]
        if not self.beyond_the_header:
            return [Bilingual(zh="除版本和日期外没有变化", en="Nothing changes beside version and period")]
        sections = dict.fromkeys(change.section.en for change in self.beyond_the_header)
        return [_said([c for c in self.beyond_the_header if c.section.en == section]) for section in sections]


def difference(before: ServiceItem | None, after: ServiceItem) -> Difference:
    """What a reader of both files would find changed. Order counts only where it matters: steps, rules, jurisdiction, delivery."""
    old = before.model_dump(mode="json", by_alias=True) if before else {}
    new = after.model_dump(mode="json", by_alias=True)
    changes = [_change(*found) for found in _compare(old, new, ())] if before else []
    return Difference(code=after.code, before=before.version if before else None, after=after.version, changes=changes)


def as_text(value: Any) -> str:
    """A value as people read it beside another one."""
    if isinstance(value, Mapping) and value.keys() == {"zh", "en"}:
        return f"{value['zh']} / {value['en']}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


Found = tuple[tuple[str, ...], Kind, Any, Any]


def _compare(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[Found]:
    if old == new or _is_worked_out(path):
        return
    if old is _NOTHING or (old is None and path):
        yield path, "added", None, new
    elif new is _NOTHING or new is None:
        yield path, "removed", old, None
    elif isinstance(old, Mapping) and isinstance(new, Mapping) and not _is_text(old, new):
        for key in dict.fromkeys([*old, *new]):
            yield from _compare(old.get(key, _NOTHING), new.get(key, _NOTHING), (*path, str(key)))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path)
    else:
        yield path, "changed", old, new


def _is_worked_out(path: tuple[str, ...]) -> bool:
    return len(path) > 1 and (path[0], path[-1]) in _NOT_WRITTEN


def _is_text(*values: Mapping[str, Any]) -> bool:
    """A text in both languages is one thing: it is shown whole."""
    return all(value.keys() == {"zh", "en"} for value in values)


def _lists(old: list[Any], new: list[Any], path: tuple[str, ...]) -> Iterator[Found]:
    keys = _NAMES.get(path[-1])
    if keys:
        yield from _named(old, new, path, keys)
    elif all(isinstance(value, str | int | float) for value in [*old, *new]):
        yield from _values(old, new, path)
    else:
        yield from _by_place(old, new, path)


def _named(old: list[Any], new: list[Any], path: tuple[str, ...], keys: Sequence[str]) -> Iterator[Found]:
    before, after = _by_name(old, keys), _by_name(new, keys)
    for name in dict.fromkeys([*before, *after]):
        yield from _compare(before.get(name, _NOTHING), after.get(name, _NOTHING), (*path, name))
    kept = [name for name in before if name in after]
    if path[-1] in ("rules", "steps") and kept != [name for name in after if name in before]:
        yield path, "reordered", list(before), list(after)


def _by_name(elements: list[Any], keys: Sequence[str]) -> dict[str, Any]:
    return {str(next((e[key] for key in keys if e.get(key)), n + 1)): e for n, e in enumerate(elements)}


def _values(old: list[Any], new: list[Any], path: tuple[str, ...]) -> Iterator[Found]:
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    for value in come.elements():
        yield path, "added", None, value
    for value in gone.elements():
        yield path, "removed", value, None
    if not gone and not come:
        yield path, "reordered", old, new


def _by_place(old: list[Any], new: list[Any], path: tuple[str, ...]) -> Iterator[Found]:
    """Elements without names, aligned so that one put in front does not make all others look changed."""
    lines = [[json.dumps(value, sort_keys=True) for value in values] for values in (old, new)]
    for tag, i, j, k, m in SequenceMatcher(a=lines[0], b=lines[1], autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        pairs = max(j - i, m - k)
        for n in range(pairs):
            was = old[i + n] if i + n < j else _NOTHING
            now = new[k + n] if k + n < m else _NOTHING
            place = (k if now is not _NOTHING else i) + n + 1
            yield from _compare(was, now, (*path[:-1], f"{path[-1]}[{place}]"))


def _change(path: tuple[str, ...], kind: Kind, before: Any, after: Any) -> Change:
    return Change(path=".".join(path), section=_section(path), kind=kind, member=_member(path, kind), before=before, after=after)


def _section(path: tuple[str, ...]) -> Bilingual:
    top = path[0].partition("[")[0]
    return _SECTIONS.get(top, Bilingual(zh=top, en=top))


def _member(path: tuple[str, ...], kind: Kind) -> Bilingual | None:
    if kind not in ("added", "removed") or len(path) < 2:
        return None
    return _MEMBERS.get(path[-2])


def _said(changes: Sequence[Change]) -> Bilingual:
    """One section in a line: elements by name, a single plain value from what to what, the rest by how many places."""
    section = changes[0].section
    named: dict[tuple[str, str], Bilingual] = {}
    others: list[Change] = []
    for change in changes:
        member, name = _element(change.path)
        if member is None:
            others.append(change)
            continue
        kind = change.kind if change.member else "changed"
        named[kind, name] = member
    zh = [f"{_VERBS[kind].zh}{member.zh}“{name}”" for (kind, name), member in named.items()]
    en = [f"{_VERBS[kind].en} the {member.en} {name}" for (kind, name), member in named.items()]
    if others and not named and len(others) == 1 and (words := _plain(others[0])):
        return Bilingual(zh=f"{section.zh}：{words}", en=f"{section.en}: {words}")
    if others:
        zh.append(f"改动 {len(others)} 处")
        en.append(f"changes in {len(others)} place{'s' if len(others) > 1 else ''}")
    return Bilingual(zh=f"{section.zh}：{'，'.join(zh)}", en=f"{section.en}: {', '.join(en)}")


def _element(path: str) -> tuple[Bilingual | None, str]:
    """The named element that a path lies in: `rules.no-record.when` in the rule no-record."""
    parts = path.split(".")
    for n, part in enumerate(parts[:2]):
        if part in _MEMBERS and n + 1 < len(parts):
            return _MEMBERS[part], parts[n + 1]
    return None, ""


def _plain(change: Change) -> str:
    """`0 → 1`, for a number or a word that changed."""
    values = (change.before, change.after)
    return f"{values[0]} → {values[1]}" if all(isinstance(value, int | str) and value != "" for value in values) else ""
