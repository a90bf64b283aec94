"""From a template and its facts to a page: the Jinja environment, its filters, and what every page knows."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, pass_context
from jinja2.runtime import Context

from catalogue.difference import as_text
from domain.service_item import ServiceItem
from domain.text import Bilingual, Language
from web.clerk.navigation import PLACES, is_here
from web.texts import say, say_or

HERE = Path(__file__).parent
LOCAL = ZoneInfo("Asia/Shanghai")


def _language(context: Context) -> Language:
    return cast(Language, context.get("language", "zh"))


def day_text(value: date | datetime, language: Language) -> str:
    """2026年11月21日, or 21 November 2026; instants are read in China's time."""
    day = value.astimezone(LOCAL) if isinstance(value, datetime) else value
    return f"{day.year}年{day.month}月{day.day}日" if language == "zh" else f"{day.day} {day:%B} {day.year}"


def moment_text(value: datetime, language: Language) -> str:
    joint = " " if language == "zh" else ", "
    return f"{day_text(value, language)}{joint}{value.astimezone(LOCAL):%H:%M}"


@pass_context
def _t(context: Context, key: str, **values: object) -> str:
    return say(_language(context), key, **values)


@pass_context
def _t_or(context: Context, key: str, otherwise: str) -> str:
    return say_or(_language(context), key, otherwise)


@pass_context
def _bi(context: Context, text: Bilingual | Mapping[str, str] | None) -> str:
    if text is None:
        return ""
    both = text if isinstance(text, Bilingual) else Bilingual.model_validate(text)
    return both.in_language(_language(context))


@pass_context
def _day(context: Context, value: date | datetime | str) -> str:
    return day_text(datetime.fromisoformat(value) if isinstance(value, str) else value, _language(context))


@pass_context
def _moment(context: Context, value: datetime | str) -> str:
    return moment_text(datetime.fromisoformat(value) if isinstance(value, str) else value, _language(context))


@pass_context
def _source_name(context: Context, fact: str) -> str:
    """What the registry behind a fact is called: by the service item that the page is about, else as a source's code."""
    item: ServiceItem | None = context.get("item")
    wanted = item.evidence_for(fact) if isinstance(item, ServiceItem) else None
    if wanted is not None and wanted.label is not None:
        return wanted.label.in_language(_language(context))
    try:
        return cast(Bilingual, context["name_of_source"](wanted.source if wanted else fact)).in_language(_language(context))
    except KeyError:
        return fact


@pass_context
def _by_whom(context: Context, by: str) -> str:
    """`registry:property` → 不动产登记, `clerk:approver` → 县级审批人, `machine` → 系统."""
    actor, _, rest = by.partition(":")
    if actor == "registry":
        return _source_name(context, rest)
    return say_or(_language(context), f"by.{actor}_{rest}" if rest else f"by.{actor}", rest or actor)


def _clock(value: datetime) -> str:
    """The time of day in China: 14:30."""
    return f"{value.astimezone(LOCAL):%H:%M}"


def _days_left(until: datetime) -> int:
    """Whole calendar days from today to a limit, in China's time; negative when it has passed."""
    return (until.astimezone(LOCAL).date() - datetime.now(LOCAL).date()).days


def _seconds_left(until: datetime) -> int:
    return max(0, ceil((until - datetime.now(UTC)).total_seconds()))


def masked_id(number: str) -> str:
    """An ID number as pages show it: the first four and the last two characters."""
    return f"{number[:4]}{'*' * (len(number) - 6)}{number[-2:]}" if len(number) > 6 else number


def yuan_text(fen: int) -> str:
    """An amount in yuan, to the last fen."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def size_text(size: int) -> str:
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, size // 1024)} KB"


@cache
def environment() -> Environment:
    # The macros import one another as govuk_frontend_jinja/...; the prefix keeps the two template trees apart.
    loader = ChoiceLoader(
        [FileSystemLoader(HERE / "templates"), PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})]
    )
    env = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    env.globals.update(t=_t, t_or=_t_or, static_version=_static_version(), places=PLACES, is_here=is_here)
    env.filters.update(
        bi=_bi,
        day=_day,
        moment=_moment,
        clock=_clock,
        source_name=_source_name,
        by_whom=_by_whom,
        days_left=_days_left,
        seconds_left=_seconds_left,
        masked_id=masked_id,
        size=size_text,
        yuan=yuan_text,
        value_text=as_text,
    )
    return env


def _static_version() -> str:
    """Changes with every build, so that browsers may keep static files for long."""
    built = HERE / "static" / "dist" / "site.css"
    return str(int(built.stat().st_mtime)) if built.exists() else "0"


def _with_language(request: Request, language: Language) -> str:
    """The address of this very page in another language."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*kept, ('lang', language)])}"


def _shared(request: Request) -> dict[str, Any]:
    state = request.state
    language: Language = getattr(state, "language", "zh")
    settings = request.app.state.office.settings_view
    return {
        "language": language,
        "html_lang": "zh-CN" if language == "zh" else "en",
        "path": request.url.path,
        "in_chinese": _with_language(request, "zh"),
        "in_english": _with_language(request, "en"),
        "applicant": getattr(state, "applicant", None),
        "clerk": getattr(state, "clerk", None),
        "unread_notices": getattr(state, "unread_notices", 0),
        "frame": "staff/layout.html" if getattr(state, "area", "public") == "staff" else "layout.html",
        "csrf": getattr(state, "csrf", ""),
        "demo": settings.demo,
        "site_url": settings.site_url,
        "office_name": settings.office_name,
        "sms_page_url": settings.sms_page_url,
        "name_of_source": request.app.state.office.catalogue.source_name,
        "errors": [],
        "error_of": {},
    }


def fragment(request: Request, template: str, **context: Any) -> str:
    """A part of a page, for pages that live."""
    return environment().get_template(template).render(**(_shared(request) | context))


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    return HTMLResponse(fragment(request, template, **context), status_code=status)
