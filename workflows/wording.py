"""The sentences a case writes on its timeline, says while it waits, and sends by SMS. None holds personal data."""

from datetime import datetime, timedelta

from domain.application import STATUS_TEXT, Status, WaitingFor
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
CHALLENGE_RENEWED = Bilingual(zh="已获取新的验证码", en="A new code was given")
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


# --- SMS -------------------------------------------------------------------------------------------------------------


def notice_supplement(number: str, days: int) -> Bilingual:
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 需要补正，请在 {days} 天内登录补充。",
        en=f"[OneTrip] Application {number} needs a supplement. Please sign in and add it within {days} days.",
    )


def notice_counter(number: str, days: int) -> Bilingual:
    return Bilingual(
        zh=f"【最多跑一次】办件 {number} 请在 {days} 天内带原件到派出所窗口办理。",
        en=f"[OneTrip] Application {number}: please come to the station's counter with the originals within {days} days.",
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
