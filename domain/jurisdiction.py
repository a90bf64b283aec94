"""Whose territory: GB/T 2260 division codes (6 digits) and police station codes (division + 6 digits)."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _digits(length: int) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(rf"[0-9]{{{length}}}", value):
            raise ValueError(f"{length} digits")
        return value

    return AfterValidator(check)


DivisionCode = Annotated[str, _digits(6)]
StationCode = Annotated[str, _digits(12)]


class Role(StrEnum):
    """What a clerk may do. A role never widens a jurisdiction."""

    PRE_REVIEWER = "pre_reviewer"  # 派出所预审民警
    COUNTER = "counter"  # 窗口人员
    APPROVER = "approver"  # 县级公安机关审批人
    SUPERVISOR = "supervisor"  # sees everything of the county, completes nothing
    INVESTIGATOR = "investigator"  # 调查民警: visits, calls and letters of an investigation
    CATALOGUE_EDITOR = "catalogue_editor"  # 事项目录编辑: writes service items, sees no case
    SYSTEM_ADMIN = "system_admin"  # 系统管理员: accounts, calendar, office hours; sees no case
    SECURITY_ADMIN = "security_admin"  # 安全保密管理员: gives and takes roles, sees refused calls; sees no case
    AUDIT_ADMIN = "audit_admin"  # 安全审计员: reads and verifies the record; sees no case


# 三员分立: one person holds one of these at most.
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
SEES_NO_CASE = ADMINISTRATORS | {Role.CATALOGUE_EDITOR}


class ClerkScope(BaseModel):
    """The part of a clerk that decides what they see and do."""

    model_config = ConfigDict(frozen=True)

    clerk_id: str
    role: Role
    county: DivisionCode
    station: StationCode | None = None  # None: an officer of the county bureau
    leads: bool = False  # the team of this role here
    stands_in_for: tuple["ClerkScope", ...] = ()  # absent colleagues of the same role, for as long as their absence lasts

    def covers(self, jurisdiction: str) -> bool:
        """Whether a work item of this station (12 digits) or county (6 digits) lies in the clerk's territory, or an absent colleague's."""
        return self.covers_itself(jurisdiction) or any(absent.covers_itself(jurisdiction) for absent in self.stands_in_for)

    def covers_itself(self, jurisdiction: str) -> bool:
        if self.role in SEES_NO_CASE:
            return False
        if self.station is not None:
            return jurisdiction == self.station
        return jurisdiction[:6] == self.county


def county_of(station: str) -> str:
    return station[:6]
