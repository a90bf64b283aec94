"""What cannot be: every cross-check of a service item, each with the cure. Nothing here stops at the first."""

import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jsonschema_rs

from catalogue.conditions import Path, Read, reads_of, schema_at
from catalogue.documents import ALWAYS_FILLED, TEMPLATES
from catalogue.functions import FUNCTIONS
from catalogue.refusals import Place, Refusals
from catalogue.rules import RuleSyntaxError, functions_of, variables_of
from domain.facts import origin_path
from domain.jurisdiction import SEES_NO_CASE, Role
from domain.service_item import Branch, Delivery, IdentityLevel, Kind, MaterialSource, ServiceItem
from domain.source import Source

_TEXT = {"type": "string"}
_APPLICANT = {
    "type": "object",
    "properties": {"id_number": _TEXT, "name": _TEXT, "birth_date": _TEXT, "sex": _TEXT, "age": {"type": "integer"}},
}
_POINTS = {"type": "object", "properties": {"total": {"type": "integer"}, "needed": {"type": "integer"}}}
_NOT_ON_CASES = SEES_NO_CASE | {Role.SUPERVISOR}
_CEL_FUNCTIONS = frozenset(
    {"all", "exists", "exists_one", "filter", "has", "map"}
    | {"double", "duration", "dyn", "int", "size", "string", "timestamp", "type", "uint"}
    | {"contains", "endsWith", "matches", "startsWith"}
)


def check(item: ServiceItem, sources: Mapping[str, Source], refusals: Refusals) -> None:
    """Put every refusal into `refusals`."""
    _Checks(item, sources, refusals).run()


class _Checks:
    def __init__(self, item: ServiceItem, sources: Mapping[str, Source], refusals: Refusals) -> None:
        self.item = item
        self.sources = sources
        self.say = refusals.say
        self.schemas: dict[str, Mapping[str, Any]] = {"answers": item.form, "applicant": _APPLICANT, "today": _TEXT}
        for request in item.evidence:
            if request.source in sources:
                self.schemas[request.name] = _record_schema(request.source, sources)

    def run(self) -> None:
        self._names()
        self._form()
        if self.item.kind is Kind.NOTICE:
            self._public_notice()
            return
        self._evidence()
        self._prefill()
        self._materials()
        self._rules()
        self._jurisdiction()
        self._people()
        self._end()

    # --- names and periods ---------------------------------------------------------------------------------------

    def _names(self) -> None:
        item = self.item
        if item.branch not in list(Branch):
            known = ", ".join(Branch)
            self.say(
                "branch", f"没有“{item.branch}”这一警种", f"there is no branch {item.branch}", f"可填：{known}", f"write one of {known}"
            )
        if item.effective_to is not None and item.effective_to < item.effective_from:
            self.say("effective_to", "早于 effective_from", "it lies before effective_from", "改正其中一个日期", "correct one of the dates")
        named: dict[str, Iterable[str]] = {
            "rules": (rule.id for rule in item.rules),
            "materials": (material.code for material in item.materials),
            "evidence": (request.name for request in item.evidence),
            "steps": (step.kind.value for step in item.steps),
            "examples": (example.name for example in item.examples),
            "points.lines": (line.id for line in item.points.lines) if item.points else (),
        }
        for field, names in named.items():
            for name in sorted(name for name, times in Counter(names).items() if times > 1):
                self.say((*field.split("."), name), f"“{name}”重复", f"{name} stands there twice", "各取一个名字", "give each its own name")

    # --- the form ------------------------------------------------------------------------------------------------

    def _form(self) -> None:
        form = self.item.form
        try:
            jsonschema_rs.meta.validate(form)
        except jsonschema_rs.ValidationError as error:
            place = ("form", *error.instance_path)
            self.say(
                place, f"不是 JSON Schema：{error.message}", f"not JSON Schema: {error.message}", "按 2020-12 版改正", "follow 2020-12"
            )
            return
        groups = {group.get("id") for group in form.get("x-groups", []) if isinstance(group, Mapping)}
        for n, group in enumerate(form.get("x-groups", [])):
            self._bilingual(("form", "x-groups", n, "title"), group.get("title") if isinstance(group, Mapping) else None)
        for name, field in form.get("properties", {}).items():
            self._form_field(name, field, groups)
        for name in form.get("required", []):
            if name not in form.get("properties", {}):
                self.say(
                    "form.required", f"没有“{name}”这一项", f"the form has no field {name}", "补上或改名", "add it or correct the name"
                )
        if form.get("additionalProperties") is not False:
            self.say(
                "form.additionalProperties", "表单会接受未知的填报项", "the form would take unknown fields",
                "写 additionalProperties: false", "write additionalProperties: false",
            )  # fmt: skip

    def _form_field(self, name: str, field: Mapping[str, Any], groups: set[Any]) -> None:
        place: Place = ("form", "properties", name)
        self._bilingual((*place, "x-label"), field.get("x-label"))
        if "x-help" in field:
            self._bilingual((*place, "x-help"), field["x-help"])
        for value in field.get("enum", []):
            self._bilingual((*place, "x-options", str(value)), field.get("x-options", {}).get(value))
        if field.get("x-group") is not None and field["x-group"] not in groups:
            self.say((*place, "x-group"), "没有这个分组", "there is no such group", "在 x-groups 中加上", "add it to x-groups")
        for other, wanted in field.get("x-when", {}).items():
            self._condition((*place, "x-when", other), name, other, wanted if isinstance(wanted, list) else [wanted])

    def _condition(self, place: Place, name: str, other: str, values: list[Any]) -> None:
        field = self.item.form["properties"].get(other)
        if field is None or other == name:
            self.say(place, f"没有“{other}”这一项", f"the form has no field {other}", "改成已有的填报项", "name another field of the form")
        elif "enum" in field and (strange := [value for value in values if value not in field["enum"]]):
            self.say(place, f"“{other}”没有选项 {strange}", f"{other} has no option {strange}", "改成已有的选项", "name one of its options")

    def _bilingual(self, place: Place, text: Any) -> None:
        missing = [code for code in ("zh", "en") if not (isinstance(text, Mapping) and isinstance(text.get(code), str) and text[code])]
        if missing:
            names = "、".join(missing)
            self.say(place, f"缺少 {names}", f"{' and '.join(missing)} missing", "写成 {zh: …, en: …}", "write {zh: …, en: …}")

    # --- registries ----------------------------------------------------------------------------------------------

    def _evidence(self) -> None:
        for request in self.item.evidence:
            place: Place = ("evidence", request.name)
            if request.source not in self.sources:
                self._unknown_source((*place, "source"), request.source)
                continue
            if request.name in ("answers", "applicant", "today", "points", "row"):
                self.say(
                    (*place, "fact"),
                    f"“{request.name}”另有用处",
                    f"{request.name} means something else",
                    "换一个名字",
                    "choose another name",
                )
            if request.about is not None:
                self._path((*place, "about"), request.about)
            for parameter, origin in request.query.items():
                if parameter not in self.sources[request.source].asked_with:
                    known = ", ".join(self.sources[request.source].asked_with) or "none"
                    self.say(
                        (*place, "query", parameter), f"该数据源没有参数 {parameter}", f"{request.source} is not asked with {parameter}",
                        f"可用：{known}", f"it is asked with: {known}",
                    )  # fmt: skip
                self._path((*place, "query", parameter), origin_path(origin))
            for field in request.fields:
                self._path((*place, "fields"), f"{request.name}.{field}")
        self._order()

    def _order(self) -> None:
        """Questions that wait for one another would wait for ever."""
        known: set[str] = set()
        left = {request.name: request.waits_for for request in self.item.evidence}
        while ready := [name for name, needs in left.items() if needs <= known]:
            known.update(ready)
            left = {name: needs for name, needs in left.items() if name not in known}
        for name in left:
            if all(need in known or need in left for need in left[name]):
                self.say(
                    ("evidence", name), "互相等待对方的答复", "it waits for an answer that waits for it", "去掉一个 about", "drop one about"
                )

    def _unknown_source(self, place: Place, source: str) -> None:
        known = ", ".join(sorted(self.sources))
        self.say(place, f"没有数据源“{source}”", f"unknown source {source}", f"可用：{known}", f"known are {known}")

    def _prefill(self) -> None:
        for fill in self.item.prefill:
            place: Place = ("prefill", fill.field)
            if fill.source not in self.sources:
                self._unknown_source((*place, "source"), fill.source)
            elif (
                _schema_of(
                    _record_schema(fill.source, self.sources), tuple("[]" if part.isdecimal() else part for part in fill.path.split("."))
                )
                is None
            ):
                self._no_such_path((*place, "path"), f"{fill.source}.{fill.path}", self.sources[fill.source])

    def _no_such_path(self, place: Place, path: str, source: Source | None) -> None:
        fields = ", ".join(source.record.get("properties", {})) if source else ", ".join(self.item.form.get("properties", {}))
        self.say(place, f"没有“{path}”", f"{path} is not in the schema", f"可用：{fields}", f"there are: {fields}")

    def _path(self, place: Place, path: str) -> None:
        root, *rest = path.split(".")
        if root not in self.schemas:
            self._unknown_facts(place, {root})
        elif _schema_of(self.schemas[root], tuple("[]" if part.isdecimal() else part for part in rest)) is None:
            self._no_such_path(place, path, self._source_of(root))

    def _source_of(self, fact: str) -> Source | None:
        request = self.item.evidence_for(fact)
        return self.sources.get(request.source) if request else None

    def _unknown_facts(self, place: Place, unknown: set[str]) -> None:
        names = ", ".join(sorted(unknown))
        known = ", ".join(sorted(self.schemas))
        self.say(
            place, f"“{names}”不是任何核验依据带来的", f"names {names}, which no evidence brings",
            f"在 evidence 中加上，或改成：{known}", f"ask for it under evidence, or write one of {known}",
        )  # fmt: skip

    # --- conditions ----------------------------------------------------------------------------------------------

    def _cel(self, place: Place, condition: str, *, row: Mapping[str, Any] | None = None) -> None:
        try:
            names, functions = variables_of(condition), functions_of(condition)
        except RuleSyntaxError as error:
            self.say(place, f"不是 CEL：{error}", f"not CEL: {error}", "改正这个条件", "correct the condition")
            return
        schemas = {**self.schemas, **({"row": row} if row is not None else {})}
        if unknown := names - schemas.keys():
            self._unknown_facts(place, set(unknown))
        if strange := functions - _CEL_FUNCTIONS - FUNCTIONS.keys():
            known = ", ".join(sorted(FUNCTIONS))
            self.say(
                place,
                f"没有函数 {sorted(strange)}",
                f"there is no function {sorted(strange)}",
                f"另有：{known}",
                f"beside CEL's own: {known}",
            )
        for read in reads_of(condition):
            if read.root in names and read.root in schemas and _schema_of(schemas[read.root], read.path[1:]) is None:
                self._no_such_path(place, str(read), self._source_of(read.root))

    def _rules(self) -> None:
        item = self.item
        if item.points is not None:
            for line in item.points.lines:
                self._cel(("points", "lines", line.id, "amount"), line.amount)
            self.schemas["points"] = _POINTS
        for rule in item.rules:
            self._cel(("rules", rule.id, "when"), rule.when)
            if stray := set(rule.sources) - item.fact_names:
                names = ", ".join(sorted(stray))
                self.say(
                    ("rules", rule.id, "sources"), f"evidence 中没有 {names}", f"{names} is not asked under evidence",
                    "在 evidence 中加上，或从这里去掉", "ask it there or drop it here",
                )  # fmt: skip
        if item.machine_may_approve and not item.rules:
            self.say(
                "rules",
                "没有规则，系统无从审批",
                "no rule: the machine could not approve",
                "写上规则",
                "write a rule, or machine_may_approve: false",
            )

    def _jurisdiction(self) -> None:
        for n, expression in enumerate(self.item.jurisdiction):
            self._cel(("jurisdiction", n), expression)

    # --- materials, people, the end ------------------------------------------------------------------------------

    def _materials(self) -> None:
        for material in self.item.materials:
            place: Place = ("materials", material.code)
            if (material.source is MaterialSource.REGISTRY) != (material.replaced_by is not None):
                self.say(
                    place, "source 与 replaced_by 不相符", "source and replaced_by do not fit",
                    "source: registry 时写 replaced_by，其他不写", "name the fact in replaced_by, and only for source: registry",
                )  # fmt: skip
            elif material.replaced_by is not None and material.replaced_by not in self.item.fact_names:
                self.say(
                    (*place, "replaced_by"), f"evidence 中没有 {material.replaced_by}",
                    f"{material.replaced_by} is not asked under evidence", "在 evidence 中加上", "ask it there",
                )  # fmt: skip

    def _people(self) -> None:
        item = self.item
        if not item.steps:
            self.say("steps", "转人工后无人办理", "a referred case needs at least one step", "写上一个步骤", "name a step")
        if (days := max(item.limit.promised or 0, sum(step.working_days for step in item.steps))) > item.limit.legal:
            self.say(
                ("limit", "legal"),
                f"承诺或各步骤合计 {days} 个工作日，超过法定时限 {item.limit.legal} 个",
                f"the promise or the steps together take {days} working days, the law allows {item.limit.legal}",
                "缩短步骤时限，或按法律改正 limit.legal",
                "shorten the steps, or correct limit.legal to what the law says",
            )
        for step in item.steps:
            if step.role in _NOT_ON_CASES:
                self.say(
                    ("steps", step.kind.value, "role"), f"{step.role.value} 不办理申请", f"{step.role.value} completes no work",
                    "改为 pre_reviewer 或 approver", "write pre_reviewer or approver",
                )  # fmt: skip
        if item.identity is IdentityLevel.SIGNED_IN and item.kind is not Kind.QUERY:
            self.say(
                "identity", "只有查询类事项可以免人脸核验", "only a query can do without the face check", "改为 face", "write face",
            )  # fmt: skip

    def _end(self) -> None:
        item = self.item
        if not item.delivery:
            self.say(
                "delivery", "没有领取方式", "nobody could receive anything", "写 online、counter 或 post", "name online, counter or post"
            )
        if item.trips == 0 and (item.originals or Delivery.COUNTER in item.delivery):
            self.say(
                "trips", "零跑动事项不能有窗口核对的原件或窗口领取", "0 trips cannot have an original or a delivery at the counter",
                "改为 trips: 1，或去掉它们", "set trips: 1 or drop them",
            )  # fmt: skip
        if item.trips == 1 and not item.originals and Delivery.COUNTER not in item.delivery:
            self.say("trips", "没有要到窗口办的事", "nothing brings the applicant to the counter", "改为 trips: 0", "set trips: 0")
        if (missed := [m for m in item.originals if m.required]) and Delivery.ONLINE in item.delivery:
            names = ", ".join(material.code for material in missed)
            self.say(
                "delivery", f"选 online 时无人核对原件 {names}", f"with online nobody would see the originals {names}",
                "去掉 online，或去掉原件", "drop online, or the originals",
            )  # fmt: skip
        if item.certificate is None:
            self.say(
                "certificate",
                "没有办结时的文书",
                "there is no document at the end",
                "写上 template 和 title",
                "give it a template and a title",
            )
            return
        if item.certificate.template not in TEMPLATES:
            known = ", ".join(sorted(TEMPLATES))
            self.say("certificate.template", "没有这个模板", "there is no such template", f"可用：{known}", f"write one of {known}")
        self._document()

    def _document(self) -> None:
        terms = self.item.document
        for name, condition in terms.values.items():
            self._cel(("certificate", "values", name), condition)
        for n, field in enumerate(terms.fields):
            self._cel(("certificate", "fields", n, "value"), field.value)
        if terms.table is not None:
            self._cel(("certificate", "table", "rows"), terms.table.rows)
            row = self._row_schema(terms.table.rows)
            for n, column in enumerate(terms.table.columns):
                self._cel(("certificate", "table", "columns", n, "value"), column.value, row=row)
        known = ALWAYS_FILLED | terms.values.keys()
        for line in terms.statement:
            for text in (line.zh, line.en):
                self._sentence(text, known)

    def _row_schema(self, rows: str) -> Mapping[str, Any]:
        """What one row is, where the rows are a list of a registry; anything otherwise."""
        reads: tuple[Read, ...] = reads_of(rows)
        if reads and reads[0].root in self.schemas:
            found = _schema_of(self.schemas[reads[0].root], (*reads[0].path[1:], "[]"))
            return found if found is not None else {}
        return {}

    def _sentence(self, text: str, known: Iterable[str]) -> None:
        """A line that cannot be filled in would be found out when somebody's certificate is made."""
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        except ValueError as error:
            self.say("certificate.statement", f"括号有误：{error}", str(error), "花括号写成 {{ 和 }}", "write {{ and }} for braces")
            return
        if unknown := names - set(known):
            allowed = ", ".join(sorted(known))
            self.say(
                "certificate.statement", f"无法填入 {sorted(unknown)}", f"cannot fill in {sorted(unknown)}",
                f"可用：{allowed}；其他写在 values 中", f"known are {allowed}; name others under values",
            )  # fmt: skip

    def _public_notice(self) -> None:
        item = self.item
        if item.notice is None:
            self.say("notice", "公示事项没有内容", "a notice needs its text", "写上 paragraphs", "write paragraphs")
        surplus: dict[str, Callable[[], bool]] = {
            "rules": lambda: bool(item.rules),
            "evidence": lambda: bool(item.evidence),
            "steps": lambda: bool(item.steps),
            "certificate": lambda: item.certificate is not None,
        }
        for field, there in surplus.items():
            if there():
                self.say(field, "公示事项不受理申请", "nobody applies for a notice", "去掉", "drop it")


def _schema_of(schema: Mapping[str, Any], path: Path) -> Mapping[str, Any] | None:
    """As `schema_at`; where a schema says nothing of its inside, everything may be there."""
    for n, part in enumerate(path):
        if "properties" not in schema and "items" not in schema:
            return None if _is_plain(schema) else {}
        following = schema_at(schema, (part,))
        if following is None:
            return None
        schema = following
        if n == len(path) - 1:
            return schema
    return schema


def _is_plain(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds or [])
    return bool(kinds) and not {"object", "array"} & set(kinds)


def _record_schema(source: str, sources: Mapping[str, Source]) -> Mapping[str, Any]:
    """The record as rules see it: with `found`."""
    record = sources[source].record
    return {**record, "properties": {"found": {"type": "boolean"}, **record.get("properties", {})}}
