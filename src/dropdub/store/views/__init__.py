"""What commands show, read without SQLAlchemy so that it comes at once."""

from dropdub.store.views.reader import Reader, open_reader
from dropdub.store.views.shapes import (
    AttemptView,
    DaemonView,
    EventView,
    JobStory,
    JobView,
    PrunedJob,
    StatusView,
    StepView,
)

__all__ = [
    "AttemptView",
    "DaemonView",
    "EventView",
    "JobStory",
    "JobView",
    "PrunedJob",
    "Reader",
    "StatusView",
    "StepView",
    "open_reader",
]
