"""Figures of ended cases, counted by the database: one pass over the cases of a period."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text

from adapters.database.engine import Database
from domain.figures import Counted

Record = dict[str, Any]


class FigureStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def counted(
        self, since: datetime, until: datetime, paper_trips: Mapping[str, int], *, place: str | None, service_item: str | None
    ) -> dict[str, list[Counted]]:
        """Ended cases of a period: `all` (one row), `items`, `offices` and `months`.

        `place`: a county (6 digits) or a station (12), None for everything. `paper_trips` by service item's code.
        """
        query = text(_COUNTED.format(**_wanted(place, service_item)))
        values = _values(since, until, place, service_item) | {"items": list(paper_trips), "paper": list(paper_trips.values())}
        async with self._db.statement() as connection:
            rows = (await connection.execute(query, values)).all()
        groups: dict[str, list[Counted]] = {"all": [], "items": [], "offices": [], "months": []}
        for row in rows:
            fields = dict(row._mapping)
            fields["key"] = fields["key"] or ""
            groups[fields.pop("grouped")].append(Counted(**fields))
        return groups

    async def supplements(self, since: datetime, until: datetime, *, place: str | None, service_item: str | None) -> list[Record]:
        """`service_item`, `target` (`answers.reason`, `materials.proof`) and `n`: what was sent back, the most often first."""
        query = text(_SUPPLEMENTS.format(**_wanted(place, service_item)))
        async with self._db.statement() as connection:
            rows = (await connection.execute(query, _values(since, until, place, service_item))).all()
        return [dict(row._mapping) for row in rows]

    async def grades(self, since: datetime, until: datetime, *, place: str | None, service_item: str | None) -> list[Record]:
        """`grouped` (all | items | offices), `key`, `grade` and `n`."""
        query = text(_GRADES.format(**_wanted(place, service_item)))
        async with self._db.statement() as connection:
            rows = (await connection.execute(query, _values(since, until, place, service_item))).all()
        return [dict(row._mapping) for row in rows]


def _wanted(place: str | None, service_item: str | None) -> Mapping[str, str]:
    where = "" if place is None else "and a.station = :place" if len(place) == 12 else "and left(a.station, 6) = :place"
    return {"place": where, "item": "and a.service_item = :service_item" if service_item else ""}


def _values(since: datetime, until: datetime, place: str | None, service_item: str | None) -> Record:
    chosen = {"place": place, "service_item": service_item or None}
    return {"since": since, "until": until} | {name: value for name, value in chosen.items() if value is not None}


# Visits: those noted at a counter, and at least one where work of a counter was completed.
_COUNTED = """
with ended as materialized (
    select a.id, a.service_item, coalesce(a.station, '') as station, to_char(a.ended_at at time zone 'Asia/Shanghai', 'YYYY-MM') as month,
           a.status, a.status in ('completed', 'refused', 'void') as decided,
           a.outcome = 'approved' and a.person_decision_box is null as by_machine, a.supplement_round,
           (extract(epoch from a.ended_at - a.opened_at) / 3600)::float8 as hours
    from applications a
    where a.ended_at >= :since and a.ended_at < :until {place} {item}
),
visits as (
    select application_id, greatest(sum(noted), max(worked)) as n
    from (
        select application_id, count(*) as noted, 0 as worked from counter_visits
        where at < :until and application_id in (select id from ended) group by 1
        union all
        select distinct application_id, 0, 1 from work_items
        where kind in ('counter_check', 'identity_check', 'collection') and status = 'completed'
            and application_id in (select id from ended)
    ) v group by 1
),
counted as (
    select e.*, case when e.status = 'completed' then greatest(p.trips - coalesce(v.n, 0), 0) else 0 end as saved
    from ended e
    left join unnest(cast(:items as text[]), cast(:paper as int[])) as p(code, trips) on p.code = e.service_item
    left join visits v on v.application_id = e.id
)
select case grouping(service_item, station, month) when 7 then 'all' when 3 then 'items' when 5 then 'offices' else 'months' end as grouped,
       coalesce(service_item, station, month) as key, count(*) as ended, count(*) filter (where status = 'completed') as completed,
       count(*) filter (where status = 'refused') as refused, count(*) filter (where status = 'void') as void,
       count(*) filter (where decided and by_machine) as machine_approved,
       count(*) filter (where decided and supplement_round = 0) as complete_at_first, coalesce(sum(saved), 0)::bigint as trips_saved,
       percentile_cont(0.5) within group (order by hours) filter (where status in ('completed', 'refused')) as median_hours,
       percentile_cont(0.95) within group (order by hours) filter (where status in ('completed', 'refused')) as p95_hours
from counted
group by grouping sets ((), (service_item), (station), (month))
order by grouped, key
"""

_SUPPLEMENTS = """
select a.service_item, marked.target, count(*) as n
from events e join applications a on a.id = e.application_id, jsonb_array_elements_text(e.data->'marked') as marked(target)
where e.event = 'supplement_asked' and e.at >= :since and e.at < :until {place} {item}
group by 1, 2 order by n desc, 1, 2 limit 100
"""

_GRADES = """
select case grouping(a.service_item, a.station) when 3 then 'all' when 1 then 'items' else 'offices' end as grouped,
       coalesce(a.service_item, a.station, '') as key, r.grade, count(*) as n
from ratings r join applications a on a.id = r.application_id
where r.at >= :since and r.at < :until {place} {item}
group by grouping sets ((r.grade), (a.service_item, r.grade), (a.station, r.grade))
"""
