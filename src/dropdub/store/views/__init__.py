"""What commands show, read without SQLAlchemy, which is slow to import."""

from dropdub.store.views.reader import Reader, open_reader
from dropdub.store.views.shapes import (
    AttemptView,
    DaemonView,
    EventView,
    JobRecord,
    JobView,
    PageView,
    PrunedJob,
    StatusView,
    StepView,
)

__all__ = [
    "AttemptView",
    "DaemonView",
    "EventView",
    "JobRecord",
    "JobView",
    "PageView",
    "PrunedJob",
    "Reader",
    "StatusView",
    "StepView",
    "open_reader",
]
