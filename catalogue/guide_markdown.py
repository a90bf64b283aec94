"""A guide as Markdown, for the command line and for paper."""

from collections.abc import Iterable

from catalogue.guide_models import Guide, GuideQuestion, GuideStep, NeededMaterial, NoticeTable
from domain.service_item import LegalReference
from domain.text import Bilingual, Language

_HEADINGS = {
    "who": Bilingual(zh="谁可以办", en="Who can apply"),
    "spared": Bilingual(zh="这些不用交", en="What you do not need"),
    "upload": Bilingual(zh="需要上传", en="What you upload"),
    "bring": Bilingual(zh="到窗口带原件", en="Originals for the counter"),
    "exclusions": Bilingual(zh="不能这样办的", en="What cannot be done this way"),
    "steps": Bilingual(zh="办理步骤", en="Step by step"),
    "registries": Bilingual(zh="我们查询什么", en="Whom we ask"),
    "form": Bilingual(zh="要填写的", en="The form"),
    "points": Bilingual(zh="积分", en="Points"),
    "document": Bilingual(zh="文书样本", en="Sample of the document"),
    "fee": Bilingual(zh="收费", en="Fee"),
    "law": Bilingual(zh="办理依据", en="Legal basis"),
    "notice": Bilingual(zh="公示内容", en="Notice"),
}
_FACTS = {
    "trips": Bilingual(zh="跑动", en="Visits"),
    "minutes": Bilingual(zh="用时", en="How long"),
    "delivery": Bilingual(zh="领取", en="Delivery"),
    "since": Bilingual(zh="生效", en="In force since"),
    "version": Bilingual(zh="版本", en="Version"),
}


def guide_markdown(guide: Guide, language: Language) -> str:
    """The whole guide; parts that the item does not have are left out."""
    parts = [
        f"# {guide.name.in_language(language)}",
        guide.summary.in_language(language),
        _facts(guide, language),
        _section("notice", [_notice(guide, language)] if guide.notice else [], language),
        _section("who", [_bullets((text for text in guide.who_can), language)], language),
        _section("spared", [_spared(guide, language)] if guide.spared else [], language),
        _section("upload", [_materials(guide.to_upload, language)] if guide.to_upload else [], language),
        _section("bring", [_materials(guide.to_bring, language)] if guide.to_bring else [], language),
        _section("exclusions", [_exclusions(guide, language)] if guide.exclusions else [], language),
        _section("steps", ["\n".join(_step(n, step, language) for n, step in enumerate(guide.steps, 1))] if guide.steps else [], language),
        _section("registries", [_registries(guide, language)] if guide.registries else [], language),
        _section("form", [_form(guide.questions, language)] if guide.questions else [], language),
        _section("points", [_points(guide, language)] if guide.points else [], language),
        _section("document", [_document(guide, language)] if guide.document else [], language),
        _section("fee", [_joined([guide.fee, guide.fee_basis], language)] if guide.steps else [], language),
        _section("law", [_laws(guide.legal_basis, language)] if guide.legal_basis else [], language),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(name: str, body: list[str], language: Language) -> str:
    return "\n\n".join([f"## {_HEADINGS[name].in_language(language)}", *body]) if body else ""


def _facts(guide: Guide, language: Language) -> str:
    facts: list[tuple[str, str]] = [
        ("trips", guide.trips_name.in_language(language)),
        ("minutes", guide.minutes.in_language(language)),
        ("delivery", ("、" if language == "zh" else ", ").join(name.in_language(language) for name in guide.delivery_names)),
        ("since", guide.effective_from.isoformat()),
        ("version", str(guide.version)),
    ]
    colon = "：" if language == "zh" else ": "
    return "\n".join(f"- {_FACTS[name].in_language(language)}{colon}{value}" for name, value in facts if value)


def _bullets(texts: Iterable[Bilingual], language: Language) -> str:
    return "\n".join(f"- {text.in_language(language)}" for text in texts)


def _joined(texts: list[Bilingual | None], language: Language) -> str:
    return (" — " if language == "en" else "：").join(text.in_language(language) for text in texts if text)


def _spared(guide: Guide, language: Language) -> str:
    return "\n".join(f"- {_joined([material.name, material.registry], language)}" for material in guide.spared)


def _materials(materials: Iterable[NeededMaterial], language: Language) -> str:
    return "\n".join(f"- {_joined([material.name, material.help], language)}" for material in materials)


def _exclusions(guide: Guide, language: Language) -> str:
    return "\n".join(f"- {_joined([exclusion.what, exclusion.reason], language)}" for exclusion in guide.exclusions)


def _step(number: int, step: GuideStep, language: Language) -> str:
    line = f"{number}. **{step.title.in_language(language)}** {step.text.in_language(language)}"
    if step.only_if is None:
        return line
    return f"{line}（{step.only_if.zh}）" if language == "zh" else f"{line} ({step.only_if.en})"


def _registries(guide: Guide, language: Language) -> str:
    head = ("数据源", "查谁", "为什么") if language == "zh" else ("Registry", "About", "Why")
    rows = [[text.in_language(language) for text in (asked.name, asked.about, asked.purpose)] for asked in guide.registries]
    return _table(list(head), rows)


def _form(questions: list[GuideQuestion], language: Language) -> str:
    head = ("问题", "何时填", "样例") if language == "zh" else ("Question", "When", "Sample")
    optional = Bilingual(zh="选填", en="optional")
    always = Bilingual(zh="必填", en="always")
    rows = [
        [
            question.label.in_language(language),
            (question.asked_when or (always if question.required else optional)).in_language(language),
            question.sample.in_language(language) if question.sample else "",
        ]
        for question in questions
    ]
    return _table(list(head), rows)


def _points(guide: Guide, language: Language) -> str:
    if guide.points is None:
        return ""
    rows = [[line.label.in_language(language), line.how.in_language(language)] for line in guide.points.lines]
    head = ["项目", "怎样计"] if language == "zh" else ["For", "How it is counted"]
    needed = Bilingual(zh=f"需要 {guide.points.needed} 分", en=f"{guide.points.needed} points are needed")
    example = Bilingual(zh="本表为示例，不是哪一地的标准。", en="This table is an example, not the standard of any place.")
    said = [guide.points.note, needed, example if guide.points.illustrative else None]
    return "\n\n".join([*(text.in_language(language) for text in said if text), _table(head, rows)])


def _document(guide: Guide, language: Language) -> str:
    if guide.document is None:
        return ""
    colon = "：" if language == "zh" else ": "
    lines = [f"> **{guide.document.title.in_language(language)}**"]
    lines += [
        f"> {field.label.in_language(language)}{colon}{(field.value_en or field.value) if language == 'en' else field.value}"
        for field in guide.document.fields
    ]
    lines += [f"> {line.in_language(language)}" for line in guide.document.statement]
    table = guide.document.table
    if table:
        rows = _table([column.in_language(language) for column in table.columns], table.rows)
        return "\n>\n".join(lines) + "\n\n" + rows
    return "\n>\n".join(lines)


def _notice(guide: Guide, language: Language) -> str:
    if guide.notice is None:
        return ""
    paragraphs = [text.in_language(language) for text in guide.notice.paragraphs]
    return "\n\n".join([*paragraphs, *([_notice_table(guide.notice.table, language)] if guide.notice.table else [])])


def _notice_table(table: NoticeTable, language: Language) -> str:
    rows = [[cell.in_language(language) for cell in row.cells] for row in table.rows]
    return _table([column.in_language(language) for column in table.columns], rows)


def _laws(laws: list[LegalReference], language: Language) -> str:
    return "\n".join(f"- {_joined([law.title, law.article], language)}" for law in laws)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines)
