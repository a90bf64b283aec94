"""A file to begin with: for each kind of service item a commented one of at most 40 lines that passes the checks as it is."""

import re
from datetime import date
from pathlib import Path

from catalogue.loader import SERVICES
from domain.text import Bilingual

SKELETONS = Path(__file__).parent / "skeletons"
KINDS: dict[str, Bilingual] = {
    "certificate": Bilingual(zh="证明：系统开具到手机，零跑动", en="A certificate: from the machine to the phone, no visit"),
    "machine-decides": Bilingual(
        zh="系统审批：数据源相符当场审批，到窗口一次", en="The machine decides when the registries agree; one visit"
    ),
    "people-decide": Bilingual(zh="人工审批：上传材料、两级审批，到窗口一次", en="People decide on what is uploaded; one visit"),
    "query": Bilingual(zh="查询：向数据源查询并出具结果", en="A query: the registry's answer is shown"),
    "notice": Bilingual(zh="公示：供所有人阅读，不受理申请", en="A notice: for everybody to read"),
}
_CODE = re.compile(r"[a-z0-9-]{1,64}")


def is_code(text: str) -> bool:
    """Whether a text can be a service item's code: small letters, digits and hyphens."""
    return _CODE.fullmatch(text) is not None


def skeleton(code: str, kind: str, today: date) -> str:
    """The text of a new file, in force from today.

    Raises:
        LookupError: no such kind.
    """
    if kind not in KINDS:
        raise LookupError(kind)
    text = (SKELETONS / f"{kind}.yaml").read_text(encoding="utf-8")
    text = text.replace("\ncode: new-item\n", f"\ncode: {code}\n", 1)
    return text.replace("\neffective_from: 2026-01-01\n", f"\neffective_from: {today.isoformat()}\n", 1)


def packaged_file(code: str, folder: Path = SERVICES) -> Path | None:
    """The file that comes with the system for this code."""
    line = re.compile(rf"^code: *{re.escape(code)} *(#.*)?$", re.MULTILINE)
    likely = sorted(folder.rglob("*.yaml"), key=lambda path: (path.stem != code, path))
    return next((path for path in likely if line.search(path.read_text(encoding="utf-8"))), None)
