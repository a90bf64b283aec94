"""Documents for tests: a certificate and a household page of nobody."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.documents import DocumentContent, DocumentField, DocumentTable
from domain.text import Bilingual

PROJECT = Path(__file__).resolve().parents[3]
FONTS = PROJECT / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
OFFICE = Bilingual(zh="温州市公安局（演示）", en="Wenzhou Public Security Bureau (demonstration)")
SITE = "https://onetrip.example"


def make_field(zh: str, en: str, value: str, value_en: str | None = None) -> DocumentField:
    return DocumentField(label=Bilingual(zh=zh, en=en), value=value, value_en=value_en)


def make_certificate(name: str = "张伟", **changes: Any) -> DocumentContent:
    content = DocumentContent(
        number="NC3303-2026-7KQ4-9MZX",
        template="certificate",
        title=Bilingual(zh="有无违法犯罪记录证明", en="Certificate of No Criminal Record"),
        office=OFFICE,
        issued_at=datetime(2026, 11, 21, 3, 30, tzinfo=UTC),
        fields=[
            make_field("姓名", "Name", name),
            make_field("公民身份号码", "Citizen identity number", "110101199003074258"),
            make_field("查询事由", "Purpose", "办理出国手续", "Visa application"),
        ],
        statement=[Bilingual(zh=f"经查询，未发现{name}有犯罪记录。特此证明。", en="No criminal record of this person was found.")],
        verify_url=f"{SITE}/verify",
    )
    return content.model_copy(update=changes)


def make_household_page(members: int = 3) -> DocumentContent:
    columns = [
        ("姓名", "Name"),
        ("与户主关系", "Relation to head"),
        ("出生日期", "Date of birth"),
        ("公民身份号码", "Citizen identity number"),
    ]
    return DocumentContent(
        number="HP330302-2026-000123",
        template="household-page",
        title=Bilingual(zh="常住人口登记卡", en="Household register page"),
        office=OFFICE,
        issued_at=datetime(2026, 11, 21, 3, 30, tzinfo=UTC),
        fields=[make_field("户主姓名", "Head of household", "李娜"), make_field("住址", "Address", "浙江省温州市鹿城区公园路18号602室")],
        table=DocumentTable(
            columns=[Bilingual(zh=zh, en=en) for zh, en in columns],
            rows=[[f"成员{number}", "子女", "2015-09-01", "330302201509010017"] for number in range(members)],
        ),
        verify_url=f"{SITE}/verify",
    )
