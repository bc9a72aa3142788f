"""Short work that a request needs on its way to an answer: a job of one step, which is worth nothing afterwards."""

from __future__ import annotations

import contextlib
import time

from dropdub.errors import DropdubError
from dropdub.store import transitions
from dropdub.store.transitions import AskedJob
from dropdub.store.views.answers import AnswerView
from dropdub.web.answering.errors import ApiError
from dropdub.web.jobs.outcome import ended
from dropdub.web.site import Site


async def done(site: Site, asked: AskedJob) -> AnswerView:
    """Record a job and return it once it has succeeded.

    It is cancelled if the client leaves before it has begun (what was begun takes seconds, and its worker is not killed
    for that), and if it has to wait for something, such as a model. Raises ApiError as `ended` does.
    """
    [job] = await site.ask([asked])
    try:
        with site.leaving.present(job.job_id, linger_s=0.0, spares_begun=True):
            return await ended(site, job.job_id)
    except ApiError:
        await site.run(_cancel, site, job.job_id)
        raise


def _cancel(site: Site, job_id: int) -> None:
    with contextlib.suppress(DropdubError):  # it has ended
        transitions.request_cancel(site.store, job_id, now=time.time())
