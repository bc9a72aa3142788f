"""The language of the files beside a text or subtitle, which helps with old encodings and with a few words."""

from __future__ import annotations

from collections import Counter

from dropdub.languages import UNDETERMINED, primary
from dropdub.store import queries
from dropdub.store.database import Store
from dropdub.store.tables import Job

BESIDE_S = 24 * 3600.0
"""How long before or after another file one was dropped beside it."""
_MOST_JOBS = 50


def language_nearby(store: Store, job: Job) -> str | None:
    """Return the language that most files have which were dropped into the same folder within a day; None if none has.

    It is known of those that were processed so far; what was only guessed from a few words does not count.
    """
    beside = queries.languages_beside(store, job, since=job.created_at - BESIDE_S, limit=_MOST_JOBS)
    found = Counter(primary(language) for language in beside if language != UNDETERMINED)
    language, count = next(iter(found.most_common(1)), (None, 0))
    return language if 2 * count > found.total() else None
