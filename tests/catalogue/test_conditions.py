"""What a condition reads is told without evaluating it, through lists, macros and calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.conditions import reads_of, schema_at


@pytest.mark.parametrize(
    ("condition", "reads"),
    [
        ("a.b == c", ["a.b", "c"]),
        ('a.b == "c.d" && e', ["a.b", "e"]),
        ("xs.exists(x, x.a == answers.b)", ["xs", "xs[].a", "answers.b"]),
        ("r.xs.all(x, x.ys.exists(y, y.z > x.n))", ["r.xs", "r.xs[].ys", "r.xs[].ys[].z", "r.xs[].n"]),
        ("r.xs.filter(x, x.a)[0].name", ["r.xs", "r.xs[].a", "r.xs[].name"]),
        ("r.xs.filter(x, x.ys.exists(y, y.b)).map(x, x.c)", ["r.xs", "r.xs[].ys", "r.xs[].ys[].b", "r.xs[].c"]),
        ("[a.b, c.d].exists(x, x == e.f)", ["a.b", "c.d", "e.f"]),
        ("r.xs.map(x, x.a).exists(y, y > 1)", ["r.xs", "r.xs[].a"]),
        ("r.xs.size() > 1 ? r.a : r.b", ["r.xs", "r.a", "r.b"]),
        ("min(60, months_between(p.since, today) / 12)", ["p.since", "today"]),
        ('r["key"].b', ["r.key.b"]),
        ("r.xs[0].b", ["r.xs[].b"]),
        ('("a" + r.b).startsWith(r.c)', ["r.b", "r.c"]),
        ("true && !false || null == r.a", ["r.a"]),
    ],
)
def test_the_paths_of_a_condition(condition: str, reads: list[str]) -> None:
    assert [str(read) for read in reads_of(condition)] == reads


def test_asking_whether_a_field_is_there_does_not_need_it() -> None:
    assert [(str(read), read.optional) for read in reads_of("has(a.b) && a.c")] == [("a.b", True), ("a.c", False)]


NAMES = st.sampled_from(["a", "b", "c", "found"])
PATHS = st.lists(NAMES, min_size=2, max_size=4).map(".".join)


@given(st.lists(PATHS, min_size=1, max_size=4))
def test_every_path_that_is_written_is_told(paths: list[str]) -> None:
    condition = " && ".join(f"({path} == 'x.y' || xs.exists(v, v.q == {path}))" for path in paths)
    told = {str(read) for read in reads_of(condition)}
    assert told == {*paths, "xs", "xs[].q"}


def test_a_schema_is_followed_through_objects_and_lists() -> None:
    schema = {"properties": {"xs": {"items": {"properties": {"a": {"type": "string"}}}}}}
    assert schema_at(schema, ("xs", "[]", "a")) == {"type": "string"}
    assert schema_at(schema, ("xs", "[]", "b")) is None
    assert schema_at(schema, ("ys",)) is None
