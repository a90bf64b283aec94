"""`onetrip service` for somebody who has only a terminal and a file: no stack runs here."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli import app
from tests.builders import library_card

Run = Callable[..., Any]
CARD = {key: value for key, value in library_card().items() if key not in ("evidence", "rules", "jurisdiction", "materials")}
# The library's shelves are the tests' own source; this card rests on a source that everybody has.
CARD |= {
    "delivery": ["online"],
    "trips": 0,
    "jurisdiction": [],
    "materials": [],
    "evidence": [{"source": "resident_population", "purpose": {"zh": "核对姓名", "en": "To check your name"}}],
    "rules": [library_card()["rules"][0]],
    "examples": [
        {"name": "known", "answers": {"genre": "maps"}, "path": ["machine", "online"]},
        {"name": "unknown", "answers": {"genre": "maps"}, "registries": {"resident_population": "none"}, "decision": "referred"},
    ],
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in an empty folder, with no installation and an English terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONETRIP_HOME", str(tmp_path / "home"))
    for name in ("LC_ALL", "LC_MESSAGES", "DATA_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    return lambda *words: CliRunner().invoke(app, ["service", *words])


def write(path: Path, **changes: Any) -> str:
    path.write_text(yaml.safe_dump(CARD | changes, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return str(path)


def line_of(path: str, begins: str) -> int:
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if line.strip().removeprefix("- ").startswith(begins))


# --- new, schema -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["certificate", "machine-decides", "people-decide", "query", "notice"])
def test_a_new_file_of_each_kind_passes_the_check_at_once(run: Run, tmp_path: Path, kind: str) -> None:
    assert run("new", "reading-permit", "--kind", kind).exit_code == 0
    checked = run("check", "reading-permit.yaml")
    assert (checked.exit_code, checked.stdout.count("nothing wrong")) == (0, 1)


def test_a_file_that_is_there_is_left_as_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("mine", encoding="utf-8")
    refused = run("new", "a")
    assert refused.exit_code == 1 and "left as it is" in refused.stdout
    assert (tmp_path / "a.yaml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "told"), [(("Big",), "small letters"), (("a", "--kind", "b"), "certificate"), (("name-change",), "another code")]
)
def test_a_file_is_not_begun_under_a_wrong_name(run: Run, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    refused = run("new", *words)
    assert refused.exit_code == 1 and told in refused.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_schema_is_json_for_editors(run: Run) -> None:
    assert json.loads(run("schema").stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"record", "connector"} <= json.loads(run("schema", "--source").stdout)["properties"].keys()


# --- check -----------------------------------------------------------------------------------------------------------

RULE = CARD["rules"][0]
LABEL = {"zh": "某", "en": "Some"}
FAULTS: dict[str, tuple[dict[str, Any], str, str, str, str, str]] = {
    # what is wrong: changes, the line's beginning, field, what (en), cure (en), cure (zh)
    "a key that is none": ({"brunch": "x"}, "brunch:", "brunch", "no such key", "did you mean branch?", "是不是 branch？"),
    "one language only": ({"name": {"zh": "证"}}, "name:", "name.en", "text in en is missing", "both languages", "两种语言都要写"),
    "an unknown branch": ({"branch": "ships"}, "branch:", "branch", "no branch ships", "write one of population", "可填：population"),
    "an unknown source": (
        {"evidence": [{"source": "library", "purpose": LABEL}], "rules": [], "machine_may_approve": False, "examples": []},
        "source: library", "evidence.library.source", "unknown source library", "known are", "可用：",
    ),
    "a fact that nobody brings": (
        {"rules": [RULE | {"when": "marriage.found"}]},
        "when: marriage", "rules.name-agrees.when", "names marriage", "ask for it under evidence", "在 evidence 中加上",
    ),
    "a path outside the schema": (
        {"rules": [RULE | {"when": 'resident_population.shoe == "42"'}]},
        "when:", "rules.name-agrees.when", "resident_population.shoe is not in the schema", "there are:", "可用：",
    ),
    "a condition that is not CEL": (
        {"rules": [RULE | {"when": "1 +"}]}, "when:", "rules.name-agrees.when", "not CEL", "correct the condition", "改正这个条件",
    ),
    "no trip, yet the counter": (
        {"delivery": ["counter"]}, "trips:", "trips", "0 trips cannot have", "set trips: 1", "改为 trips: 1",
    ),
    "an example that does not come out": (
        {"examples": [CARD["examples"][0] | {"decision": "referred"}]},
        "decision:", "examples.known.decision", "comes out as approved", "correct the rules or the example", "改正规则或示例",
    ),
    "a step that nobody can do": (
        {"steps": [library_card()["steps"][0] | {"role": "catalogue_editor"}]},
        "role:", "steps.pre_review.role", "catalogue_editor completes no work", "write pre_reviewer or approver", "改为 pre_reviewer",
    ),
    "an unknown part": ({"extends": "nothing"}, "extends:", "extends", "no part nothing", "write one of", "可用："),
    "a last day before the first": (
        {"effective_to": "2025-01-01"},
        "effective_to:", "effective_to", "before effective_from", "correct one of the dates", "改正其中一个日期",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_refusal_names_file_line_field_and_cure_in_the_readers_language(run: Run, tmp_path: Path, fault: str) -> None:
    changes, begins, field, what, cure, cure_zh = FAULTS[fault]
    path = write(tmp_path / "card.yaml", **changes)
    where = f"{path}:{line_of(path, begins)}"
    english = run("check", path)
    assert english.exit_code == 1
    told = english.stdout[english.stdout.index(f"{where}: {field}: ") :]
    assert what in told and cure in told
    chinese = run("check", path, "--language", "zh")
    assert cure_zh in chinese.stdout[chinese.stdout.index(f"{where}：{field}：") :]


def test_all_files_and_all_refusals_are_told_at_once(run: Run, tmp_path: Path) -> None:
    one = write(tmp_path / "one.yaml", branch="ships", effective_to="2025-01-01")
    two, good = write(tmp_path / "two.yaml", brunch="x"), write(tmp_path / "good.yaml")
    checked = run("check", one, two, good)
    assert checked.exit_code == 1
    assert [line.split(":")[0] for line in checked.stdout.splitlines()] == [one, one, two, good]


def test_a_terminal_that_speaks_chinese_is_answered_in_chinese(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "没有问题" in run("check", write(tmp_path / "card.yaml")).stdout
    assert "没有文件" in run("check", "nowhere.yaml").stdout
    assert run("check", "nowhere.yaml", "--language", "fr").exit_code == 2


def test_bytes_that_are_no_text_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_bytes(b"code: \xff")
    refused = run("check", "card.yaml")
    assert refused.exit_code == 1 and "save the file as UTF-8" in refused.stdout


# --- simulate, guide, diff -------------------------------------------------------------------------------------------


def test_the_path_is_drawn_with_each_rules_truth_and_inputs(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "card.yaml")
    drawn = run("simulate", path, "--example", "known")
    assert drawn.exit_code == 0
    for words in (
        "known  the machine approves  (machine → online)",
        "identity check",
        "resident_population: has a record",
        "✓ name-agrees true",
        "resident_population.found = true",
        "Rules of the library",
        "Library Card",
        "may borrow books.",
    ):
        assert words in drawn.stdout, words
    both = run("simulate", path, "--language", "zh").stdout
    assert "✗ name-agrees 不成立，反对系统审批" in both and "馆员初看 pre_reviewer, 派出所, 2 个工作日" in both


def test_answers_typed_by_hand_are_held_to_the_form(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "card.yaml")
    down = run("simulate", path, "--answers", '{"genre": "maps"}', "--registries", '{"resident_population": "down"}')
    assert down.exit_code == 0
    assert "? name-agrees cannot be told" in down.stdout and "does not answer" in down.stdout
    values = run("simulate", path, "--answers", '{"genre": "maps"}', "--registries", '{"resident_population": {"name": "别人"}}')
    assert "✗ name-agrees false" in values.stdout and "resident_population.name = 别人" in values.stdout
    for words, told in (
        (("--answers", '{"genre": "stones"}'), "/answers/genre: Choose one of the options"),
        (("--answers", '{"genre": "maps"}', "--registries", '{"tax": "none"}'), "/registries/tax: "),
        (("--answers", '{"genre": "maps"}', "--registries", '{"resident_population": 5}'), "/registries: "),
    ):
        refused = run("simulate", path, *words)
        assert refused.exit_code == 1 and told in refused.output
    assert run("simulate", path, "--answers", "[1]").exit_code == 2
    assert run("simulate", path, "--answers", "{").exit_code == 2


def test_answers_may_stand_in_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text('{"genre": "poems"}', encoding="utf-8")
    drawn = run("simulate", write(tmp_path / "card.yaml"), "--answers", "@answers.json")
    assert drawn.exit_code == 0 and "the machine approves" in drawn.stdout


def test_an_example_that_is_not_there_is_told_with_those_that_are(run: Run, tmp_path: Path) -> None:
    refused = run("simulate", write(tmp_path / "card.yaml"), "--example", "lost")
    assert refused.exit_code == 1 and "known, unknown" in refused.stdout


def test_the_guide_is_made_from_the_file_in_either_language(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "card.yaml")
    assert "Library card" in run("guide", path).stdout
    assert "借书证" in run("guide", path, "--language", "zh").stdout
    assert "Change of name" in run("guide", "name-change").stdout
    assert run("guide", "no-such-item").exit_code == 1


def test_a_difference_is_told_against_a_file_a_code_or_what_is_in_force(run: Run, tmp_path: Path) -> None:
    before, after = write(tmp_path / "before.yaml"), write(tmp_path / "after.yaml", version=2, window_days=30)
    told = run("diff", after, "--against", before)
    assert told.exit_code == 0 and "v1 → v2" in told.stdout and "Counter window: 60 → 30" in told.stdout
    assert "A new service item, version 2" in run("diff", after).stdout, "nothing of this code is in force"
    assert "name-change" not in run("diff", after, "--against", "no-criminal-record").stdout
    assert run("diff", after, "--against", "no-such-item").exit_code == 1


def test_what_needs_an_installation_says_so(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "card.yaml")
    for words in (("publish", path), ("history", "name-change"), ("try", path, "--since", "2026-01-01")):
        refused = run(*words)
        assert refused.exit_code == 1 and "onetrip up" in refused.output


def test_the_list_without_an_installation_is_what_comes_with_the_system(run: Run) -> None:
    listed = run("list").stdout
    assert "name-change" in listed and "Change of name" in listed
