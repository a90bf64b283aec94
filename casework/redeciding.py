"""Past decisions: one made again from its record, all of an item tried under a changed text."""

import logging
from datetime import datetime

from casework.office import Office
from catalogue.redeciding import replay, try_on
from domain.redeciding import Replay, Trial
from domain.service_item import ServiceItem

log = logging.getLogger("onetrip.redeciding")


async def replay_decision(office: Office, acceptance_number: str, by: str) -> Replay:
    """Decide a case again from its record, under the text it is pinned to. The look is entered on the case, for its applicant to see.

    Raises:
        NotFound: no such number, or no machine decision yet.
    """
    case, item = await office.past.decided_case(acceptance_number)
    await office.desk.note_read(case.application_id, by, "decision-replay", office.now())
    return replay(case, item)


async def try_service_item(office: Office, item: ServiceItem, since: datetime) -> Trial:
    """Decide every past case of the item again under this text, from stored evidence. Nothing is written, nobody is asked.

    Which cases are named are acceptance numbers, never people; that it was tried, and on how many cases, is logged.
    """
    trial = Trial()
    async for batch in office.past.decided_cases(item.code, since):
        for case in batch:
            trial.cases += 1
            try:
                changed = try_on(case, item)
            except (ValueError, KeyError):  # a record from before answers had this form
                trial.skipped += 1
                continue
            if changed is None:
                trial.same += 1
            else:
                trial.otherwise.append(changed)
    log.info("tried %s version %s on %d past cases, %d otherwise", item.code, item.version, trial.cases, len(trial.otherwise))
    return trial
