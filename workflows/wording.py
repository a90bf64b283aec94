"""The sentences a case writes on its timeline, says while it waits, and sends by SMS. None holds personal data."""

from datetime import datetime, timedelta

from domain.application import STATUS_TEXT, Status, WaitingFor
from domain.clock import CHINA
from domain.limits import MarkKind
from domain.service_item import Step, StepKind
from domain.text import Bilingual
from domain.work_items import KIND_TEXT

WITHDRAWN = Bilingual(zh="申请已撤回", en="Application withdrawn")
ABANDONED = Bilingual(
    zh="24 小时内未完成身份核验，申请已终止，可重新申请", en="No clip came in time, so the application ended. You can apply again"
)
IDENTITY_PASSED = Bilingual(zh="身份核验通过", en="Identity check passed")
NO_PORTRAIT = Bilingual(
    zh="常住人口信息中没有您的照片，将转到派出所窗口核验身份",
    en="The population registry holds no portrait of you; a clerk at the counter will check who you are",
)
IDENTITY_TO_COUNTER = Bilingual(
    zh="请在期限内带身份证到派出所窗口核验身份", en="Please come to the station's counter with your ID card to have your identity checked"
)
COUNTER_CHOSEN = Bilingual(zh="申请人选择到窗口核验身份", en="The applicant chose to be checked at the counter")
IDENTITY_CONFIRMED = Bilingual(zh="窗口已核验身份", en="Identity confirmed at the counter")
NOT_SAME_PERSON = Bilingual(zh="窗口核验：不是本人", en="The counter found that this is not the same person")
APPROVED = Bilingual(zh="审批通过", en="Approved")
REFUSED = Bilingual(zh="未予批准", en="Refused")
COMPLETED = Bilingual(zh="已办结", en="Completed")
VOID = Bilingual(zh="原件与上传材料不一致，审批无效", en="The originals differ from what was uploaded, so the approval is void")
ORIGINALS_MATCH = Bilingual(zh="原件核对一致", en="The originals match")
AWAITING_COUNTER = Bilingual(
    zh="审批通过，请在期限内带原件到窗口办理", en="Approved: please come to the counter with the originals before the window closes"
)
WINDOW_EXPIRED = Bilingual(
    zh="期限内未到窗口办理，申请已终止，可重新申请",
    en="Nobody came before the window closed, so the application ended. You can apply again",
)
SUPPLEMENT_EXPIRED = Bilingual(
    zh="期限内未补正，申请已终止，可重新申请", en="Nothing was added in time, so the application ended. You can apply again"
)
POSTED = Bilingual(zh="已交邮寄", en="Handed to the post")
CHALLENGE_RENEWED = Bilingual(zh="已换新的录制内容", en="Something new to record was given")
MATERIAL_ATTACHED = Bilingual(zh="已上传材料", en="A document was uploaded")
SUPPLEMENTED = Bilingual(zh="已补正，重新审核", en="Supplemented; back in review")
NOT_A_REQUEST = Bilingual(
    zh="工作流的输入应为一个申请模型，标识应为 application-<uuid>，见接入文档",
    en="A case is started with one application request, under the id application-<uuid>; see the integration guide",
)
ONLY_MARKED_FIELDS = Bilingual(zh="只能补正被标出的填报项", en="Only the fields that were marked can be supplemented")
SUPPLEMENT_INCOMPLETE = Bilingual(
    zh="还有被标出的填报项或材料没有补正", en="Some of the marked fields or documents are not supplemented yet"
)

LIMITS_REDATED = Bilingual(
    zh="工作日历已调整，办理期限重新计算", en="The working-day calendar was corrected; the limits were worked out anew"
)
QUESTION_ASKED = Bilingual(
    zh="民警有问题请您答复，办理期限暂停计算", en="A clerk has a question for you; the clock stands still until you answer"
)
QUESTION_ANSWERED = Bilingual(zh="申请人已答复", en="The applicant answered")
QUESTION_LAPSED = Bilingual(zh="期限内未答复，继续办理", en="No answer came in time; the clerk goes on without it")
ONE_QUESTION = Bilingual(
    zh="上一个问题尚未答复，请等申请人答复后再问", en="The last question is not answered yet. Wait for the answer before asking again"
)
ENOUGH_QUESTIONS = Bilingual(zh="本件提问次数已达上限", en="No more questions can be asked in this case")
INVESTIGATION_OPENED = Bilingual(zh="已开展人工调查", en="Being looked into by an investigator")
INVESTIGATION_CLOSED = Bilingual(zh="人工调查已结束", en="The investigation is closed")
ONE_INVESTIGATION = Bilingual(zh="本件已有一项调查正在进行", en="An investigation of this case is open already")
TASK_IN_THE_PAST = Bilingual(zh="任务期限不能早于今天", en="A task's day is today or later")
TASKS_OPEN = Bilingual(
    zh="还有调查任务未完成，请先办完或结束调查",
    en="Tasks of the investigation are still open. Finish them or close the investigation first",
)
ENOUGH_APPOINTMENTS = Bilingual(
    zh="预约变更次数已达上限，请直接到窗口", en="The appointment was moved too often. Please come to the counter without one"
)
TIME_HAS_PASSED = Bilingual(zh="该时段已过，请选择以后的时段", en="This time has passed. Choose a later one")
AFTER_THE_WINDOW = Bilingual(zh="该时段在办理期限之后，请选择期限内的时段", en="This time lies after your limit. Choose one before it")
APPOINTMENT_CANCELLED = Bilingual(zh="已取消预约", en="Appointment cancelled")
APPOINTMENT_REMINDED = Bilingual(zh="已提醒明天的预约", en="Reminded of tomorrow's appointment")
APPOINTMENT_MISSED = Bilingual(zh="预约时间无人到场，办理期限继续计算", en="Nobody came at the time booked; your limit runs on")
FEE_CLOSED = Bilingual(zh="缴费订单已关闭", en="The payment order is closed")
FEE_NOT_PAID = Bilingual(
    zh="期限内未缴费，申请已终止，可重新申请", en="The fee was not paid in time, so the application ended. You can apply again"
)
PARCEL_AT_COUNTER = Bilingual(
    zh="邮件被退回，请在期限内到窗口领取", en="Your parcel came back; please collect it at the counter before the window closes"
)
LIMIT_TEXT = {  # what the applicant reads; reminders are among clerks
    MarkKind.OVERDUE: Bilingual(zh="办理超期，已上报督查", en="The limit has passed; supervision was told"),
    MarkKind.PROMISED_PASSED: Bilingual(zh="超过承诺办结时限，已上报督查", en="The promised limit has passed; supervision was told"),
    MarkKind.LEGAL_PASSED: Bilingual(zh="超过法定办结时限，已上报督查", en="The legal limit has passed; supervision was told"),
}

_SOURCES = {
    "resident_population": Bilingual(zh="等待常住人口信息答复", en="Waiting for the resident population registry"),
    "criminal_records": Bilingual(zh="等待违法犯罪人员信息答复", en="Waiting for the criminal records registry"),
    "property": Bilingual(zh="等待不动产登记答复", en="Waiting for the property registry"),
    "marriage": Bilingual(zh="等待婚姻登记答复", en="Waiting for the marriage registry"),
    "social_security": Bilingual(zh="等待社会保险答复", en="Waiting for social security"),
}


def _waiting_for(name: Bilingual) -> Bilingual:
    return Bilingual(zh=f"等待{name.zh}答复", en=f"Waiting for: {name.en}")


def registry_given_up(name: Bilingual, hours: int) -> Bilingual:
    return Bilingual(
        zh=f"{name.zh} {hours} 小时未答复，转人工核对", en=f"{name.en} has not answered for {hours} hours; a person goes on without it"
    )


def identity_failed(left: int) -> Bilingual:
    if left == 0:
        return Bilingual(zh="身份核验未通过", en="Identity check failed")
    return Bilingual(zh=f"身份核验未通过，还可再试 {left} 次", en=f"Identity check failed; {left} more {'try' if left == 1 else 'tries'}")


def with_clerk(step: Bilingual) -> Bilingual:
    return Bilingual(zh=f"转{step.zh}", en=f"With a clerk: {step.en}")


def completed_step(kind: StepKind) -> Bilingual:
    text = KIND_TEXT[kind]
    return Bilingual(zh=f"{text.zh}已办理", en=f"{text.en} done")


def supplement_asked(round_: int, rounds: int) -> Bilingual:
    return Bilingual(zh=f"退回补正（第 {round_} 次，共可 {rounds} 次）", en=f"Sent back for a supplement (round {round_} of {rounds})")


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _day(moment: datetime) -> Bilingual:
    day = moment.astimezone(CHINA)
    return Bilingual(zh=f"{day.year}年{day.month}月{day.day}日", en=f"{day.day} {_MONTHS[day.month - 1]} {day.year}")


def _time(moment: datetime) -> Bilingual:
    day, clock = _day(moment), f"{moment.astimezone(CHINA):%H:%M}"
    return Bilingual(zh=f"{day.zh} {clock}", en=f"{day.en}, {clock}")


def task_done(left: int) -> Bilingual:
    if left == 0:
        return Bilingual(zh="调查任务已全部完成", en="All tasks of the investigation are done")
    return Bilingual(zh=f"一项调查任务已完成，还剩 {left} 项", en=f"A task of the investigation is done; {left} left")


def staff_note(text: Bilingual, number: str) -> Bilingual:
    return Bilingual(zh=f"办件 {number}：{text.zh}", en=f"Application {number}: {text.en}")


def limit_note(kind: MarkKind, number: str) -> Bilingual:
    return staff_note(_LIMIT_NOTES[kind], number)


def appointment_booked(starts_at: datetime) -> Bilingual:
    time = _time(starts_at)
    return Bilingual(zh=f"已预约 {time.zh} 到窗口办理", en=f"Appointment at the counter booked for {time.en}")


def fee_due(fen: int) -> Bilingual:
    return Bilingual(zh=f"请缴费 {_yuan(fen)} 元", en=f"Please pay the fee of {_yuan(fen)} yuan")


def fee_paid(fen: int) -> Bilingual:
    return Bilingual(zh=f"已缴费 {_yuan(fen)} 元", en=f"The fee of {_yuan(fen)} yuan is paid")


def fee_refunded(fen: int) -> Bilingual:
    return Bilingual(zh=f"已退费 {_yuan(fen)} 元", en=f"The fee of {_yuan(fen)} yuan was given back")


def reminded(days: int) -> Bilingual:
    return Bilingual(zh=f"已提醒：还剩 {days} 天", en=f"Reminded: {days} {'day' if days == 1 else 'days'} left")


# --- waiting ---------------------------------------------------------------------------------------------------------


def waiting_for_clip(now: datetime, hours: int) -> WaitingFor:
    text = Bilingual(zh="等待您录制视频核验身份", en="Waiting for you to record the clip that proves who you are")
    return WaitingFor(who="applicant", what="identity-clip", text=text, since=now, until=now + timedelta(hours=hours))


def waiting_for_registry(source: str, now: datetime, name: Bilingual | None = None) -> WaitingFor:
    """`name` is what the pinned service item calls it; cases from before that know five by heart."""
    text = _waiting_for(name) if name else _SOURCES.get(source) or Bilingual(zh="等待数据源答复", en="Waiting for a registry")
    return WaitingFor(who="registry", what=source, text=text, since=now)


def waiting_for_clerk(step: Step, now: datetime) -> WaitingFor:
    days = step.working_days
    text = Bilingual(zh=f"等待{step.name.zh}（{days} 个工作日内）", en=f"Waiting for: {step.name.en} (within {days} working days)")
    return WaitingFor(who="clerk", what=step.kind.value, text=text, since=now)


def waiting_for_document(now: datetime) -> WaitingFor:
    return WaitingFor(who="system", what="document", text=Bilingual(zh="正在制作证明", en="Making your document"), since=now)


def waiting_for_supplement(now: datetime, until: datetime) -> WaitingFor:
    return WaitingFor(
        who="applicant", what="supplement", text=Bilingual(zh="等待您补正", en="Waiting for what you must add"), since=now, until=until
    )


def waiting_for_visit(now: datetime, until: datetime) -> WaitingFor:
    return WaitingFor(
        who="applicant",
        what="visit",
        text=Bilingual(zh="等待您到窗口办理", en="Waiting for your visit to the counter"),
        since=now,
        until=until,
    )


def waiting_for_parcel(now: datetime) -> WaitingFor:
    return WaitingFor(who="post", what="parcel", text=Bilingual(zh="邮寄途中", en="On its way by post"), since=now)


def waiting_for_payments(now: datetime) -> WaitingFor:
    return WaitingFor(who="payments", what="fee", text=Bilingual(zh="正在生成缴费订单", en="Preparing your payment"), since=now)


def waiting_for_fee(now: datetime, until: datetime) -> WaitingFor:
    return WaitingFor(
        who="applicant", what="fee", text=Bilingual(zh="等待您缴费", en="Waiting for you to pay the fee"), since=now, until=until
    )


def waiting_for_answer(now: datetime, until: datetime) -> WaitingFor:
    text = Bilingual(zh="等待您答复民警的问题", en="Waiting for your answer to a clerk's question")
    return WaitingFor(who="applicant", what="question", text=text, since=now, until=until)


# --- SMS -------------------------------------------------------------------------------------------------------------


def notice_supplement(number: str, days: int) -> Bilingual:
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 需要补正，请在 {days} 天内登录补充。",
        en=f"[OneTrip] Application {number} needs a supplement. Please sign in and add it within {days} days.",
    )


# What a visit is for, and what to bring.
_VISITS = {
    StepKind.COUNTER_CHECK: Bilingual(zh="带原件到派出所窗口办理", en="come to the station's counter with the originals"),
    StepKind.IDENTITY_CHECK: Bilingual(zh="带身份证到派出所窗口核验身份", en="come to the station's counter with your ID card"),
    StepKind.COLLECTION: Bilingual(
        zh="带身份证到派出所窗口领取退回的邮件", en="collect your returned parcel at the station's counter, with your ID card"
    ),
}
_BRING = {
    StepKind.COUNTER_CHECK: Bilingual(zh="请带原件", en="Please bring the originals"),
    StepKind.IDENTITY_CHECK: Bilingual(zh="请带身份证", en="Please bring your ID card"),
    StepKind.COLLECTION: Bilingual(zh="请带身份证", en="Please bring your ID card"),
}


def notice_counter(number: str, days: int, kind: StepKind) -> Bilingual:
    visit = _VISITS[kind]
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 请在 {days} 天内{visit.zh}。",
        en=f"[OneTrip] Application {number}: please {visit.en} within {days} days.",
    )


def notice_reminder(number: str, left: int) -> Bilingual:
    days = f"{left} {'day' if left == 1 else 'days'}"
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 的窗口办理期限还剩 {left} 天，逾期需重新申请。",
        en=f"[OneTrip] Application {number}: {days} left to come to the counter. After that you must apply again.",
    )


def notice_posted(number: str) -> Bilingual:
    return Bilingual(zh=f"【最多跑一次】办件 {number} 的证件已寄出。", en=f"[OneTrip] Application {number}: your document is in the post.")


def notice_end(status: Status, number: str) -> Bilingual:
    text = STATUS_TEXT[status]
    return Bilingual(zh=f"【最多跑一次】办件 {number}：{text.zh}。", en=f"[OneTrip] Application {number}: {text.en}.")


def notice_fee(number: str, fen: int, until: datetime) -> Bilingual:
    day = _day(until)
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 请于{day.zh}前登录缴费 {_yuan(fen)} 元。",
        en=f"[OneTrip] Application {number}: please sign in and pay {_yuan(fen)} yuan by {day.en}.",
    )


def notice_fee_paid(number: str, fen: int) -> Bilingual:
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 已缴费 {_yuan(fen)} 元，收据可在办件页面查看。",
        en=f"[OneTrip] Application {number}: {_yuan(fen)} yuan paid. The receipt is on the application's page.",
    )


def notice_refund(number: str, fen: int) -> Bilingual:
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 已退费 {_yuan(fen)} 元，按原路退回。",
        en=f"[OneTrip] Application {number}: {_yuan(fen)} yuan given back the way it was paid.",
    )


def notice_question(number: str, until: datetime) -> Bilingual:
    day = _day(until)
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 有一个问题请您于{day.zh}前登录答复。",
        en=f"[OneTrip] Application {number}: a clerk has a question. Please sign in and answer by {day.en}.",
    )


def notice_appointment(number: str, starts_at: datetime, kind: StepKind) -> Bilingual:
    time, bring = _time(starts_at), _BRING[kind]
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 已预约 {time.zh} 到窗口办理，{bring.zh}。",
        en=f"[OneTrip] Application {number}: your appointment at the counter is on {time.en}. {bring.en}.",
    )


def notice_missed(number: str, closes_at: datetime) -> Bilingual:
    day = _day(closes_at)
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 预约时间已过。{day.zh}前可重新预约或直接到窗口办理。",
        en=f"[OneTrip] Application {number}: your appointment has passed. Until {day.en} you can book again or simply come.",
    )


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_LIMIT_NOTES = {
    MarkKind.HALF_USED: Bilingual(zh="办理期限已过半", en="half of the limit is used"),
    MarkKind.DUE_TOMORROW: Bilingual(zh="办理期限明天届满", en="the limit ends tomorrow"),
    MarkKind.OVERDUE: Bilingual(zh="已超期，请立即办理", en="overdue, please act now"),
    MarkKind.PROMISED_PASSED: Bilingual(zh="已超过承诺办结时限", en="the promised limit has passed"),
    MarkKind.LEGAL_PASSED: Bilingual(zh="已超过法定办结时限", en="the legal limit has passed"),
}
