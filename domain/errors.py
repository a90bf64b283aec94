"""Errors named in the domain; each edge (API, pages, engine) translates them once.

`kind` is the stable last part of an RFC 9457 `type`; `text` is for the reader and says what to do.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from domain.text import Bilingual


class FieldError(BaseModel):
    """What is wrong with one field; `path` is a JSON pointer into what was sent."""

    path: str
    text: Bilingual


class DomainError(Exception):
    """Base of everything a person can be told. Never carries personal data."""

    kind: ClassVar[str] = "error"
    passing: ClassVar[bool] = False  # may pass by itself, or by an operator's hand: activities try again
    default: ClassVar[Bilingual] = Bilingual(zh="操作未能完成，请稍后再试。", en="This could not be done. Please try again later.")

    def __init__(self, text: Bilingual | None = None, *, fields: Sequence[FieldError] = ()) -> None:
        self.text = text or self.default
        self.fields = tuple(fields)
        super().__init__(self.text.en)


class NotFound(DomainError):
    kind = "not-found"
    default = Bilingual(zh="没有找到您要的内容，请核对编号。", en="There is nothing under this number. Please check it.")


class InvalidInput(DomainError):
    """The request is malformed, or an answer is not what the form accepts."""

    kind = "invalid-input"
    default = Bilingual(
        zh="填写的内容有误，请按提示修改后再提交。", en="Some of what was sent is not valid. Correct the fields named below and send again."
    )


class TooLarge(DomainError):
    kind = "too-large"
    default = Bilingual(zh="文件太大，请压缩或重新拍摄后再上传。", en="The file is too large. Make it smaller and send it again.")


class UnsupportedMedia(DomainError):
    kind = "unsupported-media"
    default = Bilingual(zh="无法读取该文件，请换一种格式再上传。", en="This file cannot be read. Send it in another format.")


class NotSignedIn(DomainError):
    kind = "not-signed-in"
    default = Bilingual(zh="请先登录。", en="Please sign in first.")


class NotAllowed(DomainError):
    kind = "not-allowed"
    default = Bilingual(zh="您的角色或管辖范围不允许此操作。", en="Your role or jurisdiction does not allow this.")


class WrongState(DomainError):
    """The case has moved on: what was asked can no longer be done."""

    kind = "wrong-state"
    default = Bilingual(
        zh="办件当前状态不能进行此操作，请刷新页面查看最新进度。",
        en="The application is not in a state that allows this. Reload to see where it is.",
    )


class MaterialMissing(WrongState):
    kind = "material-missing"
    default = Bilingual(
        zh="还有材料没有上传，请先上传再录制视频。", en="A required document is not uploaded yet. Upload it before recording the clip."
    )


class ChallengeExpired(WrongState):
    kind = "challenge-expired"
    default = Bilingual(
        zh="要录制的内容已过期或已用过，请获取新的再录。",
        en="What was to be recorded has expired or was used. Ask for something new and record again.",
    )


class NoConsent(WrongState):
    kind = "no-consent"
    default = Bilingual(
        zh="还没有同意使用人脸信息。请先阅读说明并单独同意，或选择到窗口核验。",
        en="The use of face data has not been agreed to. Agree to it first, separately, or choose the check at the counter.",
    )


class NoGuardianConsent(WrongState):
    kind = "no-guardian-consent"
    default = Bilingual(
        zh="申请人不满十四周岁，须由监护人同意使用人脸信息，或由监护人陪同到窗口核验。",
        en="The applicant is under fourteen: a guardian has to agree to the use of face data, or comes along to the counter.",
    )


class UploadGone(DomainError):
    """A clip's upload that has ended: given up, out of time, or refused by its case."""

    kind = "upload-gone"
    default = Bilingual(zh="这次上传已失效，请重新录制。", en="This upload has ended. Please record again.")


class OffsetConflict(DomainError):
    """A part that does not begin where the parts before it end."""

    kind = "offset-conflict"
    default = Bilingual(
        zh="上传位置不一致，请查询已收到的字节数后继续。",
        en="The part does not begin where the upload stands. Ask for its offset and go on from there.",
    )


class ChecksumMismatch(DomainError):
    kind = "checksum-mismatch"
    default = Bilingual(zh="收到的内容与校验值不符，请重新发送这一段。", en="What arrived differs from its checksum. Send this part again.")


class WorkItemAlreadyClaimed(DomainError):
    kind = "work-item-already-claimed"
    default = Bilingual(zh="该待办已被其他人员领取，请选择其他待办。", en="Another clerk has claimed this work item. Choose another one.")


class WorkItemNotClaimed(DomainError):
    kind = "work-item-not-claimed"
    default = Bilingual(zh="请先领取该待办，再办理。", en="Claim this work item before completing it.")


class IdempotencyConflict(DomainError):
    kind = "idempotency-conflict"
    default = Bilingual(
        zh="同一个 Idempotency-Key 已用于另一份申请，请更换。", en="This Idempotency-Key was used for a different request. Use a new one."
    )


class TooManyAttempts(DomainError):
    """`until`: when it may be tried again, where that is known."""

    kind = "too-many-attempts"
    default = Bilingual(zh="尝试次数过多，请稍后再试。", en="Too many attempts. Please wait and try again.")

    def __init__(self, text: Bilingual | None = None, *, fields: Sequence[FieldError] = (), until: datetime | None = None) -> None:
        super().__init__(text, fields=fields)
        self.until = until


class UnknownServiceItem(NotFound):
    kind = "unknown-service-item"
    default = Bilingual(zh="没有这个办事事项。", en="There is no such service item.")


class Unavailable(DomainError):
    """A part of ours does not answer now; nothing was lost."""

    kind = "unavailable"
    passing = True
    default = Bilingual(
        zh="系统繁忙，您的信息没有丢失，请稍后再试。", en="The service is busy. Nothing was lost; please try again shortly."
    )


class RegistryUnavailable(Unavailable):
    """A registry did not answer, or its answer did not verify. Retried; never fails a case."""

    kind = "registry-unavailable"

    def __init__(self, source: str, why: str) -> None:
        self.source = source
        self.why = why  # technical, without personal data: a status, a timeout, a bad signature
        super().__init__(
            Bilingual(zh="数据源暂时没有答复，系统会自动重试。", en=f"The registry {source} is not answering; we keep trying.")
        )


class ForgedCallback(DomainError):
    """A call-back that its provider did not sign, or that is too old to be believed."""

    kind = "forged-callback"
    why = "signature"  # technical: signature, age, headers or body
    default = Bilingual(zh="回调签名无效，已拒收并记录。", en="This call-back is not signed by its provider. It was refused and recorded.")


class FourEyes(NotAllowed):
    """Who looked at a case before may not decide it, and nobody handles their own or their household's."""

    kind = "four-eyes"
    default = Bilingual(
        zh="按回避和双人办理规定，您不能办理本件，请由其他人员办理。",
        en="You may not handle this case: you took an earlier step of it, or it concerns you or your household. A colleague must.",
    )


class SlotTaken(WrongState):
    kind = "slot-taken"
    default = Bilingual(zh="该时段已约满，请选择其他时段。", en="This time is fully booked. Please choose another one.")


class ObjectDamaged(DomainError):
    kind = "object-damaged"
    default = Bilingual(zh="存储的文件已损坏，请重新上传。", en="The stored file is damaged. Please send it again.")
