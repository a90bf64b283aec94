"""Past decisions: one made again from its record, all of an item tried under a changed text."""

import logging
from datetime import datetime
from functools import partial

from casework.access import require_case
from casework.actors import ClerkActor
from casework.office import Office
from casework.reads import enter_replay
from catalogue.redeciding import fares, replay
from domain.redeciding import Replay, Trial
from domain.service_item import ServiceItem

log = logging.getLogger("onetrip.redeciding")


async def replay_decision(office: Office, acceptance_number: str, actor: ClerkActor | None) -> Replay:
    """Decide a case again from its record, under the text it is pinned to. The look is entered, for the people concerned to see.

    Without an actor it is the operator, at the command line.

    Raises:
        NotFound: no such number, or no machine decision yet.
        NotAllowed: a clerk of another territory.
    """
    case, item = await office.past.decided_case(acceptance_number)
    if actor is not None:
        await require_case(office, actor, case.application_id)
    await enter_replay(office, actor, case.application_id)
    return replay(case, item)


async def try_service_item(office: Office, item: ServiceItem, since: datetime) -> Trial:
    """Decide every past case of the item again under this text, from stored evidence. Nothing is written, nobody is asked.

    Which cases are named are acceptance numbers, never people; that it was tried, and on how many cases, is logged.
    """
    trial = Trial()
    async for batch in office.past.judged(item.code, since, partial(fares, item)):
        for fared in batch:
            trial.cases += 1
            match fared:
                case "same":
                    trial.same += 1
                case "skipped":
                    trial.skipped += 1
                case changed:
                    trial.otherwise.append(changed)
    log.info("tried %s version %s on %d past cases, %d otherwise", item.code, item.version, trial.cases, len(trial.otherwise))
    return trial
