"""The guide of a service item, made from its file alone: the page, the API and the command line show the same."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from catalogue.documents import document_text
from catalogue.guide_markdown import guide_markdown
from catalogue.guide_models import (
    AskedRegistry,
    Guide,
    GuideNotice,
    GuidePointLine,
    GuidePoints,
    GuideQuestion,
    GuideStep,
    NeededMaterial,
    SampleDocument,
    SparedMaterial,
)
from catalogue.notices import notice_table
from catalogue.simulation import example_facts
from catalogue.wording import (
    BRANCH_NAMES,
    DELIVERY_NAMES,
    KIND_NAMES,
    TRIPS_NAMES,
    answer_in_words,
    fee_in_words,
    joined,
    label_of,
    option_in_words,
    said,
    when_asked,
    working_days,
)
from domain.forms import asked_fields, fields_of, is_required
from domain.service_item import (
    Delivery,
    EvidenceRequest,
    Example,
    IdentityLevel,
    Kind,
    Material,
    MaterialSource,
    ServiceItem,
)
from domain.source import Source
from domain.text import Bilingual

__all__ = ["Guide", "guide_markdown", "guide_of"]
_YOU = Bilingual(zh="您本人", en="You")
Sources = Mapping[str, Source]


def guide_of(item: ServiceItem, sources: Sources, items: Iterable[ServiceItem] = ()) -> Guide:
    """`items` are the catalogue's, for the table of a public notice; nothing else looks at them."""
    return Guide(
        code=item.code,
        version=item.version,
        name=item.name,
        summary=item.summary,
        branch=item.branch,
        branch_name=BRANCH_NAMES.get(item.branch, Bilingual(zh=item.branch, en=item.branch)),
        kind=item.kind.value,
        kind_name=KIND_NAMES[item.kind],
        audience=list(item.audience),
        channels=list(item.channels),
        trips=item.trips,
        trips_name=TRIPS_NAMES[item.trips],
        minutes=item.minutes,
        working_days=None if item.machine_may_approve or not item.steps else working_days(item),
        promised_working_days=item.promised_working_days if item.steps else None,
        legal_working_days=item.limit.legal if item.steps else None,
        effective_from=item.effective_from,
        effective_to=item.effective_to,
        who_can=item.who_can,
        spared=[_spared(item, material, sources) for material in item.materials if material.source is MaterialSource.REGISTRY],
        to_upload=[_needed(material) for material in item.uploads],
        to_bring=[_needed(material) for material in item.originals],
        exclusions=item.exclusions,
        registries=[_asked(item, request, sources) for request in item.evidence],
        steps=_steps(item, sources) if item.can_be_applied_for else [],
        delivery_names=[DELIVERY_NAMES[way] for way in item.delivery],
        window_days=item.window_days,
        fee_fen=item.fee.fen,
        fee=fee_in_words(item.fee),
        fee_basis=item.fee.basis,
        legal_basis=item.legal_basis,
        questions=_questions(item),
        document=_document(item, sources),
        points=_points(item),
        notice=_notice(item, sources, items),
    )


def _spared(item: ServiceItem, material: Material, sources: Sources) -> SparedMaterial:
    request = item.evidence_for(material.replaced_by or "")
    source = sources.get(request.source) if request else None
    return SparedMaterial(
        code=material.code,
        name=material.name,
        registry=source.name if source else None,
        keeper=source.keeper if source else None,
        why=request.purpose if request else None,
    )


def _needed(material: Material) -> NeededMaterial:
    return NeededMaterial(code=material.code, name=material.name, required=material.required, help=material.help, sample=material.sample)


def _asked(item: ServiceItem, request: EvidenceRequest, sources: Sources) -> AskedRegistry:
    source = sources.get(request.source)
    unnamed = Bilingual(zh=request.source, en=request.source)
    return AskedRegistry(
        source=request.source,
        name=source.name if source else unnamed,
        keeper=source.keeper if source else None,
        about=_about(item, request, sources),
        purpose=request.purpose,
        if_down=_if_down(request.patience_hours),
    )


def _about(item: ServiceItem, request: EvidenceRequest, sources: Sources) -> Bilingual:
    if request.about is None:
        return _YOU
    root, _, rest = request.about.partition(".")
    if root == "answers":
        return label_of(rest, fields_of(item.form).get(rest.split(".")[0], {}))
    first = item.evidence_for(root)
    source = sources.get(first.source) if first else None
    name = source.name if source else Bilingual(zh=root, en=root)
    return Bilingual(zh=f"{name.zh}中载明的人", en=f"The person named by: {name.en}")


def _if_down(patience_hours: int | None) -> Bilingual:
    if patience_hours is None:
        return Bilingual(
            zh="暂时没有答复的，系统不断重试，申请保留，不用您补交纸质材料",
            en="While it does not answer we keep trying; your application stays, and no paper is asked of you",
        )
    return Bilingual(
        zh=f"暂时没有答复的，系统不断重试；{patience_hours} 小时后仍没有答复的，由民警核对",
        en=f"While it does not answer we keep trying; after {patience_hours} hours an officer looks instead",
    )


def _steps(item: ServiceItem, sources: Sources) -> list[GuideStep]:
    steps = [*_of_applicant(item)]
    if item.evidence:
        names = joined(
            list({r.source: r.label or sources[r.source].name for r in item.evidence if r.label or r.source in sources}.values())
        )
        steps.append(
            GuideStep(
                kind="registries",
                title=Bilingual(zh="向各部门查询", en="The registries are asked"),
                text=Bilingual(zh=f"由我们查询：{names.zh}。", en=f"We ask: {names.en}."),
            )
        )
    return [*steps, *_deciding(item), _end(item)]


def _of_applicant(item: ServiceItem) -> list[GuideStep]:
    steps = []
    if fields_of(item.form) or len(item.delivery) > 1:
        text = Bilingual(zh="登录后填写，已知的信息自动填好。", en="Sign in and fill in; what we know already is filled in for you.")
        steps.append(GuideStep(kind="form", title=Bilingual(zh="填写申请", en="Fill in the form"), text=text))
    else:
        text = Bilingual(zh="登录后直接提交，没有要填写的。", en="Sign in and send; there is nothing to fill in.")
        steps.append(GuideStep(kind="form", title=Bilingual(zh="登录并提交", en="Sign in and send"), text=text))
    if item.uploads:
        text = Bilingual(zh="照片或 PDF 都可以。", en="Photos or PDF files.")
        steps.append(GuideStep(kind="upload", title=Bilingual(zh="上传材料", en="Upload documents"), text=text))
    if item.identity is IdentityLevel.FACE:
        text = Bilingual(
            zh="用手机录几秒钟视频，读出四个数字，转一下头；也可以改到窗口核验。",
            en="A few seconds of video: read four digits and turn your head; or come to the counter.",
        )
        steps.append(GuideStep(kind="identity", title=Bilingual(zh="核验本人", en="Prove that it is you"), text=text))
    return steps


def _deciding(item: ServiceItem) -> list[GuideStep]:
    if item.kind is Kind.QUERY and item.machine_may_approve:
        return []
    only_if = Bilingual(zh="信息不一致的才需要", en="Only when something does not agree") if item.machine_may_approve else None
    people = [
        GuideStep(
            kind="person",
            title=step.name,
            text=Bilingual(zh=f"{step.working_days} 个工作日内", en=f"Within {step.working_days} working {_days(step.working_days)}"),
            working_days=step.working_days,
            only_if=only_if,
        )
        for step in item.steps
    ]
    if not item.machine_may_approve:
        return people
    machine = GuideStep(
        kind="machine",
        title=Bilingual(zh="系统审批", en="Decided by the system"),
        text=Bilingual(
            zh="信息一致的当场通过；系统不会拒绝，不一致的由民警核对。",
            en="Approved at once when everything agrees. A machine never refuses: an officer looks at the rest.",
        ),
    )
    return [machine, *people]


def _days(count: int) -> str:
    return "day" if count == 1 else "days"


_BY: dict[Delivery, tuple[Bilingual, Bilingual]] = {
    Delivery.ONLINE: (
        Bilingual(zh="领取电子证明", en="Receive it on your phone"),
        Bilingual(
            zh="盖有电子印章，可下载，也可让他人在线验证。",
            en="It carries an electronic seal. Download it, or let others verify it online.",
        ),
    ),
    Delivery.COUNTER: (
        Bilingual(zh="到窗口一次，核对原件并领取", en="Come once with the originals"),
        Bilingual(zh="审批通过后 {days} 天内办理。", en="Within {days} days of approval."),
    ),
    Delivery.POST: (
        Bilingual(zh="邮寄到家", en="Have it posted"),
        Bilingual(zh="办好后寄出，办件页上可查邮件号。", en="It is posted when it is ready; your application shows the tracking number."),
    ),
}


def _end(item: ServiceItem) -> GuideStep:
    if item.kind is Kind.QUERY:
        text = Bilingual(
            zh="结果显示在办件页上，并附一份盖有电子印章的文件。", en="The answer is on your application's page, with a sealed file."
        )
        return GuideStep(kind="answer", title=Bilingual(zh="看到结果", en="See the answer"), text=text)
    ways = [_BY[way] for way in item.delivery]
    title = Bilingual(
        zh="，或".join(title.zh for title, _ in ways), en=", or ".join(_continued(title.en, n) for n, (title, _) in enumerate(ways))
    )
    text = Bilingual(zh="".join(text.zh for _, text in ways), en=" ".join(text.en for _, text in ways))
    return GuideStep(kind="delivery", title=title, text=text.filled(days=item.window_days))


def _continued(text: str, place: int) -> str:
    return text if place == 0 else text[0].lower() + text[1:]


def sample_of(item: ServiceItem) -> Example:
    """The example that shows how it goes well: the first that is approved, else the first, else nothing filled in."""
    good = (example for example in item.examples if example.decision == "approved" and not example.applicant)
    return next(good, item.examples[0] if item.examples else Example(name="sample"))


def _questions(item: ServiceItem) -> list[GuideQuestion]:
    form, answers = item.form, sample_of(item).answers
    asked = asked_fields(form, answers)
    titles = {group["id"]: said(group["title"]) for group in form.get("x-groups", [])}
    return [
        GuideQuestion(
            name=name,
            group=titles.get(field.get("x-group", "")),
            label=label_of(name, field),
            help=said(field.get("x-help")),
            required=is_required(form, name),
            options=[option_in_words(field, value) for value in field.get("enum", [])],
            asked_when=when_asked(form, name),
            sample=answer_in_words(field, answers[name]) if name in asked and name in answers else None,
        )
        for name, field in fields_of(form).items()
    ]


def _document(item: ServiceItem, sources: Sources) -> SampleDocument | None:
    if item.certificate is None or "resident_population" not in sources:
        return None
    terms = item.certificate
    facts: dict[str, Any] | None = None
    with suppress(KeyError, ValueError):  # an old version may name a source that is gone: its sample stays unfilled
        facts = example_facts(item, sample_of(item), sources)
    text = document_text(item, facts) if facts else None
    return SampleDocument(
        template=terms.template,
        title=terms.title,
        statement=text.statement if text else [],
        fields=text.fields if text else [],
        table=text.table if text else None,
    )


def _points(item: ServiceItem) -> GuidePoints | None:
    if item.points is None:
        return None
    return GuidePoints(
        needed=item.points.needed,
        illustrative=item.points.illustrative,
        note=item.points.note,
        lines=[GuidePointLine(label=line.label, how=line.how, most=line.most, least=line.least) for line in item.points.lines],
    )


def _notice(item: ServiceItem, sources: Sources, items: Iterable[ServiceItem]) -> GuideNotice | None:
    if item.notice is None:
        return None
    table = notice_table(item.notice.table, items, sources) if item.notice.table else None
    return GuideNotice(paragraphs=item.notice.paragraphs, table=table)
