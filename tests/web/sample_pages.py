"""Every page of the site with a world in which it shows what it is for: the tests' common list."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from casework.case_views import LimitView
from casework.counter import VisitRow
from casework.views import IdentityView, TripsView
from catalogue.guide import sample_of
from domain.application import Challenge, Status
from domain.appointments import AppointmentStatus
from domain.inquiries import Pattern
from domain.jurisdiction import ADMINISTRATORS, Role
from domain.money import PaymentState
from domain.parcels import ParcelState
from domain.queues import BARRED_TEXT, PRIORITY_TEXT, Priority
from domain.service_item import StepKind
from tests.web import fake_counter as counter
from tests.web import fake_following as following
from tests.web import fake_office as fake
from tests.web import fake_supervision as supervision
from tests.web.fake_administration import ACCOUNT, STATION
from tests.web.fake_cards import ANSWERS
from tests.web.fake_office import CASE, CODE_REQUEST, DOCUMENT, NOW, WORK, World
from tests.web.fake_queue import KEPT

Arrange = Callable[[World], None]
HERE = f"/applications/{CASE}"
ITEM = f"/staff/work-items/{WORK}"
COUNTER = f"/staff/counter/{WORK}"
FILING, FILED = f"/staff/filing/{counter.PERSON}", f"/staff/filing/cases/{CASE}"
NOTICES = [item.code for item in fake.CATALOGUE.all() if item.notice]


@dataclass(frozen=True)
class SamplePage:
    name: str
    path: str
    arrange: Arrange = lambda world: None
    signed_in: bool = True
    status: int = 200


def _case(status: Status, code: str = "name-change", *, bare: bool = False) -> Arrange:
    def arrange(world: World) -> None:
        world.case = fake.case_view(status, code, bare=bare)

    return arrange


def _identity(*, used: int, checking: bool = False) -> Arrange:
    def arrange(world: World) -> None:
        reasons = [fake.zh_en("光线太暗，请换个亮处", "It was too dark. Find a brighter place")] if used else []
        identity = IdentityView(attempts_used=used, attempts_allowed=3, checking=checking, passed=False, last_reasons=reasons)
        world.case = fake.case_view(Status.VERIFYING, identity=identity)

    return arrange


def _code_expired(world: World) -> None:
    old = Challenge(id=CASE, code="3582", language="zh", expires_at=NOW - timedelta(minutes=1))
    world.case = fake.case_view(Status.VERIFYING, challenge=old)


def _draft(world: World) -> None:
    world.drafts["purchase-migration"] = {
        "answers": {"property_certificate": "浙(2023)温州市不动产权第0045678号", "movers": [fake.HUSBAND]},
        "delivery": {"method": "post", "address": "浙江省温州市鹿城区滨江街道江滨路 88 号"},
    }


def _card(world: World) -> None:
    world.drafts["real-name-account"] = {"answers": ANSWERS, "card": {"front": ["address"], "back": []}}


def _sample_draft(code: str) -> Arrange:
    """The answers of the item's own example, with its first way of delivery."""

    def arrange(world: World) -> None:
        item = fake.CATALOGUE.get(code)
        world.drafts[code] = {"answers": dict(sample_of(item).answers), "delivery": {"method": item.delivery[0].value}}

    return arrange


def _late_registries(world: World) -> None:
    world.failed = ["resident_population", "property"]


def _reads(world: World) -> None:
    world.reads = fake.read_views()


def _paying(world: World) -> None:
    world.case = fake.case_view(Status.PAYING, "residence-permit-lost", fee=following.fee_view(), actions=["pay", "withdraw"])


def _paid(state: PaymentState, status: Status = Status.GATHERING) -> Arrange:
    def arrange(world: World) -> None:
        world.case = fake.case_view(status, fee=following.fee_view(state))

    return arrange


def _question(state: str = "open") -> Arrange:
    def arrange(world: World) -> None:
        asked = fake.open_question_view() if state == "open" else fake.question_view()
        waiting = [following.waiting_for_answer()] if state == "open" else fake.waiting(Status.REVIEWING)
        actions = ["answer", "withdraw"] if state == "open" else ["withdraw"]
        limits = following.standing_still() if state == "open" else following.deadlines_view(Status.REVIEWING)
        world.case = fake.case_view(Status.REVIEWING, questions=[asked], waiting_for=waiting, actions=actions, deadlines=limits)

    return arrange


def _visit(why: Literal["originals", "identity", "returned_parcel"], booking: AppointmentStatus | None = None) -> Arrange:
    def arrange(world: World) -> None:
        world.case = fake.case_view(
            Status.AWAITING_COUNTER,
            trips=TripsView(needed=1, why=why),
            appointment=following.appointment_view(booking) if booking else None,
            parcel=following.parcel_view(ParcelState.RETURNED) if why == "returned_parcel" else None,
            actions=["book", "withdraw"],
        )

    return arrange


def _parcel(state: ParcelState) -> Arrange:
    def arrange(world: World) -> None:
        status = Status.COMPLETED if state is ParcelState.DELIVERED else Status.POSTING
        actions = ["rate"] if status.final else ["withdraw"]
        world.case = fake.case_view(
            status, "purchase-migration", delivery="post", parcel=following.parcel_view(state), actions=actions, trips=TripsView(needed=0)
        )

    return arrange


def _looked_into(world: World) -> None:
    world.case = fake.case_view(Status.REVIEWING, looked_into=True)


def _notices(world: World) -> None:
    world.notices = following.notice_views()
    world.case = fake.case_view(Status.REVIEWING)


def _queue(world: World) -> None:
    world.rows = [
        fake.work_row(serial=0),
        fake.work_row(
            serial=1, status="open", mine=False, claimed_by=None, claimed_by_name=None, overdue=True, due_at=NOW - timedelta(days=2)
        ),
        fake.work_row(serial=2, mine=False, claimed_by="clerk-2", claimed_by_name="李娜", near=True),
        fake.work_row(
            serial=3, status="open", mine=False, claimed_by=None, paused=True, priority=2, priority_text=PRIORITY_TEXT[Priority.URGENT]
        ),
        fake.work_row(serial=4, status="open", mine=False, claimed_by=None, barred="four_eyes", barred_text=BARRED_TEXT["four_eyes"]),
        fake.work_row(serial=5, status="open", mine=False, claimed_by=None, offered=True, offered_to_me=True),
        fake.work_row(serial=6, held_for_name="王强"),
    ]


def _leader(world: World) -> None:
    actor = fake.clerk_actor()
    world.clerk = dataclasses.replace(actor, scope=actor.scope.model_copy(update={"leads": True}))
    world.detail = fake.work_detail(row=fake.work_row(status="open", mine=False, claimed_by=None, offered_to_me=True))


def _work(kind: StepKind) -> Arrange:
    def arrange(world: World) -> None:
        world.detail = fake.work_detail(kind)

    return arrange


def _waiting_case(world: World) -> None:
    """A question and an investigation are open, so the clock stands still; uploads of several pages, one with its original."""
    case = fake.case_view(Status.REVIEWING)
    case.materials[0].uploads = fake.uploads_to_compare()
    paused = LimitView(working_days=2, due_at=None)
    limits = fake.limits_view(
        step=paused,
        promised=paused,
        legal=paused,
        paused_since=NOW,
        paused_for="question",
        paused_text=fake.zh_en("等待申请人答复询问", "waiting"),
    )
    world.detail = fake.work_detail(
        application=case,
        limits=limits,
        questions=[fake.open_question_view(), fake.question_view()],
        investigations=[fake.investigation_view()],
        may_ask=False,
        may_investigate=False,
        investigators=[],
    )


def _barred(world: World) -> None:
    why = fake.zh_en("您办理过本件的其他环节", "you took another step of this case")
    row = fake.work_row(
        StepKind.APPROVAL, status="open", barred="four_eyes", barred_text=why, mine=False, claimed_by=None, claimed_by_name=None
    )
    world.detail = fake.work_detail(StepKind.APPROVAL, row=row, may_complete=False, may_ask=False, may_investigate=False)


def _task(**changed: object) -> Arrange:
    def arrange(world: World) -> None:
        world.clerk = fake.clerk_actor(Role.INVESTIGATOR)
        row = fake.work_row(StepKind.INVESTIGATION, status="open", mine=False, claimed_by=None, claimed_by_name=None)
        investigation = fake.investigation_view(tasks=[fake.task_view()])
        world.detail = fake.work_detail(
            StepKind.INVESTIGATION,
            row=row,
            task=fake.task_view(),
            investigations=[investigation],
            evidence=[],
            applicant_phone="19900000001",
            **changed,
        )

    return arrange


def _unclaimed(world: World) -> None:
    row = fake.work_row(status="open", mine=False, claimed_by=None, claimed_by_name=None)
    world.detail = fake.work_detail(row=row, may_claim=True, may_complete=False)


def _face_check(world: World) -> None:
    world.face_picture = fake.picture()
    world.detail = fake.work_detail(StepKind.IDENTITY_CHECK)


def _unclaimed_check(world: World) -> None:
    row = fake.work_row(StepKind.IDENTITY_CHECK, status="open", mine=False, claimed_by=None, claimed_by_name=None)
    world.detail = fake.work_detail(StepKind.IDENTITY_CHECK, row=row, may_claim=True, may_complete=False)


def _another_clerks(world: World) -> None:
    row = fake.work_row(mine=False, claimed_by="clerk-2", claimed_by_name="李娜")
    world.detail = fake.work_detail(row=row, may_complete=False)


def _supervisor(world: World) -> None:
    world.clerk = fake.clerk_actor(Role.SUPERVISOR)
    _queue(world)


def _closed_inquiry(world: World) -> None:
    _supervisor(world)
    world.supervision.inquiry = supervision.closed_detail()


def _free_inquiry(world: World) -> None:
    _supervisor(world)
    free = supervision.inquiry_row(Pattern.BAD_RATING)
    world.supervision.inquiry = supervision.inquiry_detail(row=free, may_take=True, may_work=False, mine=False)


def _colleague_asked(world: World) -> None:
    world.supervision.inquiry = supervision.inquiry_detail(may_work=False, may_answer=True, mine=False, colleagues=[])


def _rated(world: World) -> None:
    _case(Status.COMPLETED, "no-criminal-record")(world)
    world.supervision.rating = supervision.rating_view()


def _auditor(world: World) -> None:
    world.clerk = fake.clerk_actor(Role.AUDIT_ADMIN)
    for number in range(3):
        world.record.ledger.enter(f"case-{number}")
        world.record.ledger.seal()
    world.record.looked = [fake.look_row(serial=serial) for serial in range(3)]


def _editor(world: World) -> None:
    world.clerk = fake.clerk_actor(Role.CATALOGUE_EDITOR)
    text = fake.CATALOGUE.folder.joinpath("criminal", "no-criminal-record.yaml").read_text(encoding="utf-8")
    for version, changed in ((2, text.replace("2026-01-01", "2026-02-01")), (3, text.replace("2026-01-01", "2026-03-01"))):
        world.publications.rows.append(
            {
                "code": "no-criminal-record",
                "version": version,
                "digest": "9f" * 32,
                "text": changed.replace("version: 1", f"version: {version}"),
                "published_by": "catalogue-editor",
                "published_at": NOW,
            }
        )
    world.publications.texts["clerk-1", "no-criminal-record"] = (world.publications.rows[1]["text"], NOW)
    world.publications.texts["clerk-2", "no-criminal-record"] = ("", NOW)
    world.publications.names["clerk-2"] = "李娜"


def _reader(world: World) -> None:
    _editor(world)
    world.clerk = fake.clerk_actor(Role.SUPERVISOR)


def _counter_done(status: Status) -> Arrange:
    def arrange(world: World) -> None:
        world.detail = fake.work_detail(
            StepKind.COUNTER_CHECK, application=fake.case_view(status), row=fake.work_row(StepKind.COUNTER_CHECK, status="completed")
        )

    return arrange


def _as(role: Role) -> Arrange:
    def arrange(world: World) -> None:
        world.clerk = fake.clerk_actor(role)

    return arrange


def _counter(*visits: VisitRow, **fields: Any) -> Arrange:
    def arrange(world: World) -> None:
        world.clerk = counter.counter_clerk()
        world.visits_found = list(visits)
        for name, value in fields.items():
            setattr(world, name, value)

    return arrange


def _compare_with_scan(world: World) -> None:
    world.clerk = counter.counter_clerk()
    world.detail = fake.work_detail(StepKind.COUNTER_CHECK)
    upload = world.detail.originals[0].uploads[0]
    world.detail.originals[0].uploads.append(upload.model_copy(update={"origin": "counter"}))


def _collection(world: World) -> None:
    world.clerk = counter.counter_clerk()
    world.detail = fake.work_detail(StepKind.COLLECTION, originals=[])


def _filed(status: Status = Status.VERIFYING, code: str = "name-change", **fields: Any) -> Arrange:
    def arrange(world: World) -> None:
        world.clerk = counter.counter_clerk()
        world.case = fake.case_view(status, code, **fields)

    return arrange


def _filled_in(world: World) -> None:
    _draft(world)
    world.clerk = counter.counter_clerk()


PUBLIC_PAGES = (
    SamplePage("figures", "/figures", signed_in=False),
    SamplePage("home of a stranger", "/", signed_in=False),
    SamplePage("home of an applicant", "/"),
    SamplePage("search that finds", "/?q=迁移"),
    SamplePage("search that finds nothing", "/?q=xyzzy"),
    SamplePage("guide, no trip", "/items/no-criminal-record"),
    SamplePage("guide, counter", "/items/name-change"),
    SamplePage("guide, counter or post", "/items/purchase-migration"),
    SamplePage("guide with points", "/items/points-settlement"),
    SamplePage("guide of a query", "/items/household-query"),
    SamplePage("guide of a form with conditions", "/items/residence-permit"),
    *(SamplePage(f"notice {code}", f"/items/{code}", signed_in=False) for code in NOTICES),
    SamplePage("all items", "/items", signed_in=False),
    SamplePage("items of a branch", "/items?branch=traffic"),
    SamplePage("items of an occasion", "/items?occasion=birth"),
    SamplePage("items without a visit that fit words", "/items?trips=0&q=证明"),
    SamplePage("items of a branch that is none", "/items?branch=navy", status=404),
    SamplePage("unknown service item", "/items/no-such-thing", status=404),
    SamplePage("verify", "/verify", signed_in=False),
    SamplePage("verified", f"/verify?number={DOCUMENT}", signed_in=False),
    SamplePage("verified by its QR code", f"/verify?c={DOCUMENT}", signed_in=False),
    SamplePage("number that we never gave", "/verify?number=WZ-1", signed_in=False, status=404),
    SamplePage("QR code that is not ours", "/verify?c=forged", signed_in=False, status=404),
    SamplePage("sign in", "/sign-in", signed_in=False),
    SamplePage("code", f"/sign-in/code?request={CODE_REQUEST}", signed_in=False),
    SamplePage("published heads", "/record", _auditor, signed_in=False),
    SamplePage("no published heads", "/record", signed_in=False),
)
APPLICANT_PAGES = (
    SamplePage("rating", f"{HERE}/rating", _case(Status.COMPLETED, "no-criminal-record")),
    SamplePage("rating, given", f"{HERE}/rating", _rated),
    SamplePage("form with radios", "/items/no-criminal-record/apply"),
    SamplePage("form with a home and a household", "/items/purchase-migration/apply"),
    SamplePage("form whose registries are late", "/items/purchase-migration/apply", _late_registries),
    SamplePage("form with a long answer", "/items/name-change/apply"),
    SamplePage("form with dates and sections", "/items/birth-registration-late/apply"),
    SamplePage("form with conditions", "/items/points-settlement/apply"),
    SamplePage("check with points", "/items/points-settlement/check", _sample_draft("points-settlement")),
    SamplePage("check of a query", "/items/household-query/check", _sample_draft("household-query")),
    SamplePage("case with points", HERE, _case(Status.APPROVING, "points-settlement")),
    SamplePage("case of an answered query", HERE, _case(Status.COMPLETED, "household-query")),
    SamplePage("delivery", "/items/purchase-migration/delivery", _draft),
    SamplePage("check", "/items/purchase-migration/check", _draft),
    SamplePage("my applications", "/applications"),
    SamplePage("submitted", f"{HERE}?submitted=1", _case(Status.VERIFYING, bare=True)),
    *(SamplePage(f"case {status.value}", HERE, _case(status)) for status in Status),
    SamplePage("case completed online", HERE, _case(Status.COMPLETED, "no-criminal-record")),
    SamplePage("case of somebody else", "/applications/01930000-0000-7000-8000-00000000ffff", status=404),
    SamplePage("case number that is none", "/applications/abc", status=404),
    SamplePage("why the face check", f"{HERE}/face"),
    SamplePage("face check before the upload", f"{HERE}/face", _case(Status.VERIFYING, bare=True)),
    SamplePage("record", f"{HERE}/face/record"),
    SamplePage("record, read aloud", f"{HERE}/face/record?aloud=1"),
    SamplePage("record elsewhere", f"{HERE}/face/file"),
    SamplePage("record with an expired code", f"{HERE}/face/record", _code_expired),
    SamplePage("face check not begun", f"{HERE}/face/result", _identity(used=0)),
    SamplePage("face being checked", f"{HERE}/face/result", _identity(used=0, checking=True)),
    SamplePage("face check failed", f"{HERE}/face/result", _identity(used=1)),
    SamplePage("face check failed for good", f"{HERE}/face/result", _identity(used=3)),
    SamplePage("face check passed", f"{HERE}/face/result", _case(Status.GATHERING)),
    SamplePage("upload", f"{HERE}/materials/proof", _case(Status.VERIFYING, bare=True)),
    SamplePage("upload again", f"{HERE}/materials/proof?sent=1", _case(Status.SUPPLEMENTING)),
    SamplePage("material that is not asked for", f"{HERE}/materials/nothing", status=404),
    SamplePage("supplement", f"{HERE}/supplement", _case(Status.SUPPLEMENTING)),
    SamplePage("withdraw", f"{HERE}/withdraw"),
    SamplePage("case to pay for", HERE, _paying),
    SamplePage("case whose payment is being ordered", HERE, _case(Status.PAYING)),
    SamplePage("fee", f"{HERE}/fee", _paying),
    SamplePage("case that is paid for", HERE, _paid(PaymentState.PAID)),
    SamplePage("case whose fee comes back", HERE, _paid(PaymentState.PAID, Status.REFUSED)),
    SamplePage("case whose fee came back", HERE, _paid(PaymentState.REFUNDED, Status.REFUSED)),
    SamplePage("case that nobody paid for", HERE, _paid(PaymentState.CLOSED, Status.EXPIRED)),
    SamplePage("receipt", f"{HERE}/receipt", _paid(PaymentState.PAID)),
    SamplePage("receipt of a fee that came back", f"{HERE}/receipt", _paid(PaymentState.REFUNDED, Status.REFUSED)),
    SamplePage("receipt before payment", f"{HERE}/receipt", _paying, status=404),
    SamplePage("case with a question", HERE, _question()),
    SamplePage("question", f"{HERE}/question", _question()),
    SamplePage("case with an answered question", HERE, _question("answered")),
    SamplePage("case that is looked into", HERE, _looked_into),
    *(SamplePage(f"visit for {why}", HERE, _visit(why)) for why in ("originals", "identity", "returned_parcel")),
    SamplePage("visit with a booked time", HERE, _visit("originals", AppointmentStatus.BOOKED)),
    SamplePage("visit after a booking was missed", HERE, _visit("originals", AppointmentStatus.NO_SHOW)),
    *(
        SamplePage(f"parcel {state.value}", HERE, _parcel(state))
        for state in (ParcelState.ORDERED, ParcelState.IN_TRANSIT, ParcelState.DELIVERED)
    ),
    SamplePage("days for a visit", f"{HERE}/appointment"),
    SamplePage(
        "times of a day", f"{HERE}/appointment?day=2027-03-01", _counter(bookable=counter.booking_view(current=counter.booked_view()))
    ),
    SamplePage("no time is free", f"{HERE}/appointment", _counter(bookable=counter.booking_view(days=[]))),
    SamplePage("case with messages", HERE, _notices),
    SamplePage("my messages", "/my-notices", _notices),
    SamplePage("no messages", "/my-notices"),
    SamplePage("real-name account", "/my/identity"),
    SamplePage("photograph of the front", "/my/identity/card/front"),
    SamplePage("photograph of the back, read before", "/my/identity/card/back", _card),
    SamplePage("side that no card has", "/my/identity/card/edge", status=404),
    SamplePage("what the card says, to be typed", "/my/identity/details"),
    SamplePage("what the card says, as it was read", "/my/identity/details", _card),
    SamplePage("my e-mail address", "/my-data/email"),
    SamplePage("my e-mail address, kept", "/my-data/email?kept=1"),
    SamplePage("who read my data", "/my-data", _reads),
    SamplePage("who read my data for one case", f"/my-data?case={CASE}&item=name-change&cursor=7", _reads),
    SamplePage("nobody read my data", "/my-data"),
    SamplePage("who read for a case that is none", "/my-data?case=abc", status=404),
    SamplePage("document", f"{HERE}/documents/{DOCUMENT}", _case(Status.COMPLETED, "no-criminal-record")),
)
STAFF_PAGES = (
    SamplePage("board", "/staff/board", _supervisor),
    SamplePage("board, still", "/staff/board?still=1", _supervisor),
    SamplePage("inquiries", "/staff/inquiries?view=open&pattern=undoable", _supervisor),
    SamplePage("inquiry, one's own", f"/staff/inquiries/{supervision.INQUIRY}", _supervisor),
    SamplePage("inquiry, nobody's", f"/staff/inquiries/{supervision.INQUIRY}", _free_inquiry),
    SamplePage("inquiry, closed", f"/staff/inquiries/{supervision.INQUIRY}", _closed_inquiry),
    SamplePage("inquiry, to whom was asked", f"/staff/inquiries/{supervision.INQUIRY}", _colleague_asked),
    SamplePage("case, to supervision", f"/staff/cases/{CASE}", _supervisor),
    SamplePage("rating, to supervision", f"/staff/ratings/{CASE}", _supervisor),
    SamplePage("charts", "/staff/figures", _supervisor),
    SamplePage("staff sign in", "/staff/sign-in", signed_in=False),
    SamplePage("queue", "/staff", _queue),
    SamplePage("queue, mine", "/staff?tab=mine&kind=approval", _queue),
    SamplePage("queue, near its deadline", "/staff?tab=near", _supervisor),
    SamplePage("queue, filtered", "/staff?tab=station&service_item=name-change&priority=2", _queue),
    SamplePage("handing on", f"/staff/work-items/{WORK}/hand-on", _leader),
    SamplePage("notices to staff", "/staff/notices", _queue),
    SamplePage("reason templates", f"/staff/templates?edit={KEPT}", _queue),
    SamplePage("absence", "/staff/delegations", _queue),
    SamplePage("queue, empty", "/staff"),
    SamplePage("pre-review", ITEM, _work(StepKind.PRE_REVIEW)),
    SamplePage("approval", ITEM, _work(StepKind.APPROVAL)),
    SamplePage("identity check at the counter", ITEM, _face_check),
    SamplePage("identity check that nobody holds yet", ITEM, _unclaimed_check),
    SamplePage("work item to claim", ITEM, _unclaimed),
    SamplePage("work item of another clerk", ITEM, _another_clerks),
    SamplePage("work item that waits for an answer", ITEM, _waiting_case),
    SamplePage("work item that one may not handle", ITEM, _barred),
    SamplePage("task of an investigation", ITEM, _task()),
    SamplePage("counter", "/staff/counter"),
    SamplePage("counter, found", "/staff/counter?q=33030020261121000123"),
    SamplePage("counter, nothing typed", "/staff/counter?q=", status=422),
    SamplePage("compare originals", COUNTER, _work(StepKind.COUNTER_CHECK)),
    SamplePage("compare originals with a picture taken there", COUNTER, _compare_with_scan),
    SamplePage("hand over a parcel that came back", COUNTER, _collection),
    SamplePage("counter of a counter clerk", "/staff/counter", _counter()),
    SamplePage(
        "counter, visits found",
        f"/staff/counter?q={fake.ME}",
        _counter(counter.visit_row(), counter.elsewhere(present=True), counter.elsewhere(present=False)),
    ),
    SamplePage(
        "appointments of today",
        "/staff/counter/today",
        _counter(
            expected=[counter.arrival(0, checked_in_at=NOW), counter.arrival(30), counter.arrival(60, status=AppointmentStatus.NO_SHOW)]
        ),
    ),
    SamplePage("no appointments today", "/staff/counter/today", _counter()),
    SamplePage("appointment on request", f"/staff/counter/cases/{CASE}/appointment?day=2027-03-02", _counter()),
    SamplePage("filing for somebody", "/staff/filing", _counter()),
    SamplePage("filing, to a pre-reviewer", "/staff/filing", status=403),
    SamplePage("phone of somebody present", "/staff/filing/phone?saved=1", _counter()),
    SamplePage("form filled in by a clerk", f"{FILING}/purchase-migration/apply", _counter()),
    SamplePage("delivery chosen with a clerk", f"{FILING}/purchase-migration/delivery", _filled_in),
    SamplePage("check and sign on the screen", f"{FILING}/purchase-migration/check", _filled_in),
    SamplePage("case just filed", f"{FILED}?submitted=1", _filed(bare=True)),
    SamplePage("filed case that waits for the ID card", FILED, _counter(waits_for_clerk=WORK)),
    SamplePage("filed case that is done", FILED, _filed(Status.COMPLETED, "no-criminal-record")),
    SamplePage("upload by a clerk", f"{FILED}/materials/proof", _filed(bare=True)),
    SamplePage("consent read aloud", f"{FILED}/face", _filed()),
    SamplePage("face check at the counter", f"{FILED}/face/result", _filed()),
    SamplePage("receipt of what was filed", f"{FILED}/receipt", _filed(delivery="counter")),
    SamplePage("receipt of what needs no visit", f"{FILED}/receipt", _filed(Status.VERIFYING, "no-criminal-record", delivery="online")),
    SamplePage("compared, being made", f"{COUNTER}/done", _counter_done(Status.ISSUING)),
    SamplePage("compared, to print", f"{COUNTER}/done", _counter_done(Status.COMPLETED)),
    *(SamplePage(f"administration, {role.value}", "/staff/admin", _as(role)) for role in sorted(ADMINISTRATORS)),
    SamplePage("administration, to a clerk", "/staff/admin", status=403),
    SamplePage("calendar", "/staff/admin/calendar?month=2026-02&county=330302", _as(Role.SYSTEM_ADMIN)),
    SamplePage("calendar, a day of a year that is not announced", "/staff/admin/calendar?day=2027-10-01", _as(Role.SYSTEM_ADMIN)),
    SamplePage("calendar, a county that is none", "/staff/admin/calendar?county=33", _as(Role.SYSTEM_ADMIN), status=422),
    SamplePage("hours", "/staff/admin/hours", _as(Role.SYSTEM_ADMIN)),
    SamplePage("hours of a counter", f"/staff/admin/hours?station={STATION}", _as(Role.SYSTEM_ADMIN)),
    SamplePage("hours of a counter that is none", "/staff/admin/hours?station=33", _as(Role.SYSTEM_ADMIN), status=422),
    SamplePage("accounts", "/staff/admin/accounts", _as(Role.SYSTEM_ADMIN)),
    SamplePage("accounts, none found", "/staff/admin/accounts?q=nobody", _as(Role.SECURITY_ADMIN)),
    SamplePage("new account", "/staff/admin/accounts-new", _as(Role.SYSTEM_ADMIN)),
    SamplePage("account, to keep", f"/staff/admin/accounts/{ACCOUNT}?said=moved", _as(Role.SYSTEM_ADMIN)),
    SamplePage("account, to give a role", f"/staff/admin/accounts/{ACCOUNT}", _as(Role.SECURITY_ADMIN)),
    SamplePage("account, to an editor of the catalogue", f"/staff/admin/accounts/{ACCOUNT}", _editor, status=403),
    SamplePage("refused", "/staff/admin/refused", _as(Role.SECURITY_ADMIN)),
    SamplePage("refused, to the system administrator", "/staff/admin/refused", _as(Role.SYSTEM_ADMIN), status=403),
    SamplePage("first sign-in", "/staff/first-sign-in", signed_in=False),
    SamplePage("record", "/staff/record?sealed=3", _auditor),
    SamplePage("record without heads", "/staff/record", _as(Role.AUDIT_ADMIN)),
    SamplePage("looks by a clerk", "/staff/record?login=zhou&day=2026-11-22", _auditor),
    SamplePage("looks by nobody we know", "/staff/record?login=nobody&number=x&day=soon", _auditor, status=422),
    SamplePage("record, to a clerk", "/staff/record", status=403),
    SamplePage("record, to the security administrator", "/staff/record?login=zhou", _as(Role.SECURITY_ADMIN), status=403),
    SamplePage("catalogue", "/staff/catalogue", _editor),
    SamplePage("catalogue, read", "/staff/catalogue", _reader),
    SamplePage("new service item", "/staff/catalogue-new", _editor),
    SamplePage("service item file", "/staff/catalogue/no-criminal-record?published=2", _editor),
    SamplePage("service item file, read", "/staff/catalogue/no-criminal-record", _reader),
    SamplePage("service item to publish", "/staff/catalogue/no-criminal-record/publish", _editor),
    SamplePage("no such service item file", "/staff/catalogue/no-such-thing", _editor, status=404),
    SamplePage("compared, void", f"{COUNTER}/done", _counter_done(Status.VOID)),
)
ALL_PAGES = (*PUBLIC_PAGES, *APPLICANT_PAGES, *STAFF_PAGES)
