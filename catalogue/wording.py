"""Words that pages, guides and programs share: branches, kinds, deliveries, a form's options and conditions."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.forms import fields_of
from domain.service_item import Branch, Delivery, Fee, Kind, ServiceItem
from domain.text import Bilingual

KIND_NAMES: dict[Kind, Bilingual] = {
    Kind.HANDLE: Bilingual(zh="办理", en="Apply"),
    Kind.BOOK: Bilingual(zh="预约", en="Book"),
    Kind.QUERY: Bilingual(zh="查询", en="Look up"),
    Kind.NOTICE: Bilingual(zh="公示", en="Public notices"),
}
BRANCH_NAMES: dict[str, Bilingual] = {
    Branch.POPULATION.value: Bilingual(zh="户籍与人口", en="Household registration"),
    Branch.EXIT_ENTRY.value: Bilingual(zh="出入境", en="Exit and entry"),
    Branch.TRAFFIC.value: Bilingual(zh="交通管理", en="Traffic"),
    Branch.PUBLIC_ORDER.value: Bilingual(zh="治安", en="Public order"),
    Branch.CYBER.value: Bilingual(zh="网络安全", en="Network security"),
    Branch.VIDEO.value: Bilingual(zh="技防", en="Security technology"),
    Branch.NARCOTICS.value: Bilingual(zh="禁毒", en="Narcotics"),
    Branch.CRIMINAL.value: Bilingual(zh="刑事", en="Criminal records"),
}
TRIPS_NAMES: dict[int, Bilingual] = {0: Bilingual(zh="零跑动", en="No visit"), 1: Bilingual(zh="最多跑一次", en="One visit at most")}
DELIVERY_NAMES: dict[Delivery, Bilingual] = {
    Delivery.ONLINE: Bilingual(zh="电子证明，在线领取", en="Electronic, on your phone"),
    Delivery.COUNTER: Bilingual(zh="到窗口领取", en="At the counter"),
    Delivery.POST: Bilingual(zh="邮寄到家", en="By post"),
}
YES, NO = Bilingual(zh="是", en="Yes"), Bilingual(zh="否", en="No")


def said(raw: Any) -> Bilingual | None:
    """A text as a form has it; None when there is none."""
    return Bilingual.model_validate(raw) if raw else None


def label_of(name: str, field: Mapping[str, Any]) -> Bilingual:
    return said(field.get("x-label")) or Bilingual(zh=name, en=name)


def day_in_words(day: date) -> Bilingual:
    return Bilingual(zh=f"{day.year}年{day.month}月{day.day}日", en=f"{day.day} {day:%B} {day.year}")


def option_in_words(field: Mapping[str, Any], value: Any) -> Bilingual:
    """One value of a field as a form words it."""
    if isinstance(value, bool):
        return said(field.get("x-options", {}).get(str(value).lower())) or (YES if value else NO)
    option = said(field.get("x-options", {}).get(value) if isinstance(value, str | int) else None)
    if option is not None:
        return option
    if field.get("format") == "date" and isinstance(value, str):
        try:
            return day_in_words(date.fromisoformat(value))
        except ValueError:
            return Bilingual(zh=value or "—", en=value or "—")
    text = str(value) or "—"
    return Bilingual(zh=text, en=text)


def answer_in_words(field: Mapping[str, Any], value: Any) -> Bilingual:
    """An answer as it reads: options by their texts, lists joined."""
    if not isinstance(value, list):
        return option_in_words(field, value)
    parts = [option_in_words(field.get("items", {}) | {"x-options": field.get("x-options", {})}, part) for part in value]
    if not parts:
        return Bilingual(zh="无", en="None")
    return Bilingual(zh="、".join(part.zh for part in parts), en=", ".join(part.en for part in parts))


def when_asked(form: Mapping[str, Any], name: str) -> Bilingual | None:
    """The sentence that tells after which answers a field is asked; None for a field that everybody is asked."""
    fields = fields_of(form)
    conditions = fields[name].get("x-when", {})
    if not conditions:
        return None
    zh, en = [], []
    for other, wanted in conditions.items():
        field = fields.get(other, {})
        values = [option_in_words(field, value) for value in (wanted if isinstance(wanted, list) else [wanted])]
        label = label_of(other, field)
        zh.append(f"“{label.zh.rstrip('？?')}”选了{'或'.join(f'“{value.zh}”' for value in values)}")
        en.append(f"you answered {' or '.join(f'“{value.en}”' for value in values)} to “{label.en}”")
    return Bilingual(zh=f"{'，并且'.join(zh)}的才填", en=f"Only if {' and '.join(en)}")


def fee_in_words(fee: Fee) -> Bilingual:
    if fee.set_locally:
        return Bilingual(zh="按当地公布的标准", en="As the place has set it")
    if fee.fen == 0:
        return Bilingual(zh="免费", en="Free of charge")
    yuan = f"{fee.fen / 100:.2f}".removesuffix(".00")
    return Bilingual(zh=f"{yuan} 元", en=f"{yuan} yuan")


def working_days(item: ServiceItem) -> int:
    """The limit of all people who look at it, together."""
    return sum(step.working_days for step in item.steps)


def joined(texts: list[Bilingual]) -> Bilingual:
    """Texts in a row; the list must not be empty."""
    return Bilingual(zh="、".join(text.zh for text in texts), en=", ".join(text.en for text in texts))
