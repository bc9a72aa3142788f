"""Remove a voice, unless the settings name it or jobs still need it."""

from __future__ import annotations

from dropdub.operations.named_voices import refuse_named
from dropdub.operations.voice_files import existing_voice, remove_voice
from dropdub.web.answering.errors import ApiError
from dropdub.web.site import Site

NAMED = 20
"""Jobs that are named in the refusal."""


async def remove(site: Site, name: str, *, force: bool) -> None:
    """Delete a voice with its consent.

    Raises VoiceInUse if the settings name it; ApiError 409, which names the unfinished jobs that use it, unless
    `force`; VoiceMissing; UsageError if it cannot be a name.
    """
    path = await site.run(existing_voice, site.place.root.voices, name)
    await site.run(refuse_named, path, site.config)
    jobs = [] if force else await site.run(site.reader.jobs_with_voice, path.stem)
    if jobs:
        listed = ", ".join(str(job) for job in jobs[:NAMED])
        which, use = ("Job", "uses") if len(jobs) == 1 else ("Jobs", "use")
        raise ApiError(
            409,
            f"{which} {listed}{' …' if len(jobs) > NAMED else ''} {use} the voice '{path.stem}' and would fail.",
            "VoiceInUse",
            "name",
            remedy="Wait until it is not used any more, cancel what uses it, or send ?force=true.",
            headers={"x-should-retry": "false"},
            details={"jobs": jobs},
        )
    await site.run(remove_voice, path)
