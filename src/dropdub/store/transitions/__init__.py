"""Every change of a state: named functions, one transaction each. Nothing else writes a state.

Each update names the state that it starts from, and for steps the token; if no row matches, it raises
TransitionRefused and changes nothing. `docs/states.md` has the diagrams. Times are seconds since the epoch.
"""

from dropdub.store.transitions.actions import (
    Action,
    change_jobs,
    pause_job,
    request_cancel,
    resume_job,
    retry_job,
)
from dropdub.store.transitions.asks import ask_jobs, note_event
from dropdub.store.transitions.claims import claim_step, claimable_parties
from dropdub.store.transitions.delivery import claim_outbox, claim_staging, forget_staging
from dropdub.store.transitions.endings import begin_ending, finish_job, forget_job, forget_jobs
from dropdub.store.transitions.intake import (
    record_job,
    record_jobs,
    record_upload,
    rescue_job,
    take_job,
    take_jobs,
    turn_duplicate,
    vanish_job,
)
from dropdub.store.transitions.monitors import end_line, record_lines
from dropdub.store.transitions.notices import end_notice, postpone_notice, tidy_notices
from dropdub.store.transitions.outcomes import (
    commit_result,
    complete_step,
    count_interruption,
    fail_step,
    release_step,
    rescue_step,
    retry_step,
)
from dropdub.store.transitions.owner import Move, own_database
from dropdub.store.transitions.runs import beat, start_run, stop_run
from dropdub.store.transitions.values import (
    Asked,
    AskedJob,
    AttemptEnd,
    Claim,
    JobFacts,
    NewJob,
    Party,
    ReadUpTo,
    TakenJob,
)
from dropdub.store.transitions.waits import (
    PAUSED,
    STOP,
    cap_schedule,
    clear_stop,
    hold_job,
    pause_all,
    release_job,
    request_stop,
    resume_all,
)

__all__ = [
    "PAUSED",
    "STOP",
    "Action",
    "Asked",
    "AskedJob",
    "AttemptEnd",
    "Claim",
    "JobFacts",
    "Move",
    "NewJob",
    "Party",
    "ReadUpTo",
    "TakenJob",
    "ask_jobs",
    "beat",
    "begin_ending",
    "cap_schedule",
    "change_jobs",
    "claim_outbox",
    "claim_staging",
    "claim_step",
    "claimable_parties",
    "clear_stop",
    "commit_result",
    "complete_step",
    "count_interruption",
    "end_line",
    "end_notice",
    "fail_step",
    "finish_job",
    "forget_job",
    "forget_jobs",
    "forget_staging",
    "hold_job",
    "note_event",
    "own_database",
    "pause_all",
    "pause_job",
    "postpone_notice",
    "record_job",
    "record_jobs",
    "record_lines",
    "record_upload",
    "release_job",
    "release_step",
    "request_cancel",
    "request_stop",
    "rescue_job",
    "rescue_step",
    "resume_all",
    "resume_job",
    "retry_job",
    "retry_step",
    "start_run",
    "stop_run",
    "take_job",
    "take_jobs",
    "tidy_notices",
    "turn_duplicate",
    "vanish_job",
]
