"""Every text that a page asks for exists in both languages, with the same places to fill."""

import re
import string
from pathlib import Path
from typing import get_args

import pytest

import web
from casework import inquiries
from casework.at_hand import Owner
from casework.examining import Outcome
from domain.application import Status, WaitingFor
from domain.calendar import DaySource
from domain.identity import Way
from domain.jurisdiction import ADMINISTRATORS, Role
from domain.money import PaymentState
from domain.notices import Channel, NotSent
from domain.parcels import ParcelState
from domain.queues import Barred, View
from domain.service_item import Delivery
from domain.text import Language
from web.applicant.face import WORDS
from web.clerk.figures import COLUMNS
from web.clerk.navigation import PLACES
from web.rendering import environment
from web.texts import LANGUAGES, say, texts

HERE = Path(web.__file__).parent
IN_TEMPLATE = re.compile(r"""\bt\(\s*["']([a-z_.0-9]+)["'](\s*~)?""")
IN_PYTHON = re.compile(r"""\bsay\(language, "([a-z_.0-9]+)\"""")
# Sentences that a case's status splits into.
MORE_SENTENCES = [
    "verifying_materials",
    "verifying_checking",
    "verifying_counter",
    "paying_ordering",
    "paying_provider",
    "question",
    "looked_into",
    "awaiting_counter_identity",
    "awaiting_counter_returned_parcel",
]
# What is joined to a prefix while a page is drawn.
JOINED: dict[str, list[str]] = {
    "status.": [s.value for s in Status] + [f"{s.value}_next" for s in Status if s.final] + MORE_SENTENCES,
    "who.": ["applicant", "registry", "clerk", "counter", "system", "post", "payments"],
    "decision.": ["approved", "referred", "refused"],
    "case.trips_": ["none", "originals", "identity", "returned_parcel"],
    "case.clock_stands_": ["applicant", "registry"],
    "fee.state_": [s.value for s in PaymentState if s is not PaymentState.OPEN],
    "parcel.": [s.value for s in ParcelState],
    "question.": ["lapsed", "closed"],
    "notices.": [c.value for c in Channel],
    "notices.why_": [why.value for why in NotSent],
    "delivery.": [d.value for d in Delivery] + [f"{d.value}_help" for d in Delivery],
    "role.": [r.value for r in Role],
    "counter.": ["same", "different", "missing"],
    "counter.column_": ["time", "who", "item", "state"],
    "parcels.column_": ["tracking", "number", "item", "state", "label"],
    "appointment.": ["morning", "afternoon"],
    "appointment.weekday_": ["0", "1", "2", "3", "4", "5", "6"],
    "desk.": ["completed", "cancelled"],
    "queue.empty_": [view.value for view in View],
    "queue.view_": [view.value for view in View],
    "queue.barred_": list(get_args(Barred)),
    "at_hand.owner_": list(get_args(Owner)),
    "away.": ["first_day", "last_day"],
    "away.state_": ["lasting", "coming"],
    "queue.column_": ["number", "item", "kind", "applicant", "due", "state"],
    "home.how_": ["one", "two", "three", "one_more", "two_more", "three_more"],
    "face.how_": ["1", "2"],
    "face.data_": [name + more for name in ("what", "why", "who", "long", "never") for more in ("", "_more")],
    "face_look.outcome_": list(get_args(Outcome)),
    "record_clip.will_": list(get_args(Way)),
    "record_clip_say.": list(WORDS),
    "record_clip_say.read_": list(LANGUAGES),
    "real_name.photo_": ["front", "back"],
    "form.date_": ["year", "month", "day"],
    "guide.": ["phone", "pc", "counter", "kiosk"],
    "items.": ["branch", "kind", "trips"],
    "replay.": ["approved", "referred"],  # what the machine decides
    "admin.weekday_": [str(n) for n in range(7)],
    "admin.source_": [s.value for s in DaySource],
    "admin.lead_": sorted(ADMINISTRATORS),
    "admin.said_": ["moved", "household", "role", "dismissed"],
    "admin.column_": [
        *("day", "county", "working", "reason", "act", "weekday", "opens", "closes", "slot", "seats"),
        *("login", "name", "role", "place", "state", "at", "provider", "why", "body"),
    ],
    "catalogue.column_": ["item", "version", "period", "draft", "published"],
    "catalogue.note_": ["found", "none", "down", "approved", "referred"],
    "catalogue.truth_": ["true", "false", "unknown"],
    "catalogue.change_": ["added", "removed", "changed", "reordered"],
    "catalogue.say_": ["sample", "none", "down"],
    "catalogue.trial_": ["same", "otherwise", "skipped"],
    "catalogue.trial_column_": ["number", "was", "now", "rules"],
    "casepage.question_": ["open", "answered", "lapsed", "closed"],
    "casepage.task_": ["open", "claimed", "cancelled", "completed"],
    "casepage.escalation_": ["1", "2", "3"],
    "board.column_": [
        "case",
        "step",
        "holder",
        "due",
        "pattern",
        "open",
        "unowned",
        "late",
        "oldest",
        "source",
        "health",
        "waiting",
        "answers",
        "last",
        "office",
        "held",
        "paused",
        "overdue",
        "person",
        "state",
        "total",
    ],
    "board.health_": ["away", "slow", "answering", "quiet"],
    "inquiry.view_": list(inquiries.VIEWS),
    "inquiry.empty_": list(inquiries.VIEWS),
    "inquiry.by_": ["machine", "clerk", "applicant"],
    "inquiry.column_": ["number", "what", "case", "owner", "opened", "due"],
    "figures.column_": [*COLUMNS, "item", "field", "times"],
    "oversight.column_": ["step", "holder", "opened", "due", "outcome"],
    "oversight.status_": ["open", "claimed", "completed", "cancelled"],
    "audit.column_": ["number", "day", "sealed", "chains", "entries", "root"],
    "audit.fault_": ["altered", "deleted", "reordered", "inserted", "truncated"],
    "audit.by_": ["login", "number", "day"],
    "audit.look_": ["at", "who", "case", "why", "what"],
}


def asked_for() -> set[str]:
    keys, joined = set[str](), set[str]()
    for path in (HERE / "templates").rglob("*.html"):
        for key, more in IN_TEMPLATE.findall(path.read_text(encoding="utf-8")):
            (joined if more else keys).add(key)
    for path in HERE.rglob("*.py"):
        keys |= set(IN_PYTHON.findall(path.read_text(encoding="utf-8")))
        keys |= set(re.findall(r'"(problem\.[a-z_]+)"', path.read_text(encoding="utf-8"))) - {"problem.html"}
    assert joined == JOINED.keys(), "name what is joined to each prefix"
    keys |= {place.text for places in PLACES.values() for place in places}
    return keys | {prefix + rest for prefix, rests in JOINED.items() for rest in rests}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_a_page_asks_for_exists(language: Language) -> None:
    assert asked_for() - texts(language).keys() == set()


def test_both_languages_have_the_same_keys_and_the_same_places_to_fill() -> None:
    chinese, english = texts("zh"), texts("en")
    assert chinese.keys() == english.keys()
    for key, text in chinese.items():
        assert _places(text) == _places(english[key]), key


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_english_texts_hold_no_chinese() -> None:
    assert [key for key, text in texts("en").items() if re.search(r"[\u4e00-\u9fff]", text)] == []


def test_whomever_a_case_may_wait_for_has_a_name() -> None:
    assert set(JOINED["who."]) == set(get_args(WaitingFor.model_fields["who"].annotation))


def test_every_template_compiles() -> None:
    for name in environment().list_templates(filter_func=lambda name: not name.startswith("govuk_frontend_jinja/")):
        environment().get_template(name)


def test_a_text_that_does_not_exist_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(KeyError):
        say("zh", "no.such_text")
