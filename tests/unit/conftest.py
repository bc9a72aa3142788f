"""Properties are tested for what they say, not for how long that takes: other tests run at the same time."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
