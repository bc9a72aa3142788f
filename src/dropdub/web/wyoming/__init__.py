"""The Wyoming protocol, by which Home Assistant and its voice satellites have speech transcribed and texts spoken.

It has no authentication: who may connect is decided by address. Everything is done by jobs, as for requests over HTTP.
"""

import warnings

with warnings.catch_warnings():
    # Before Python 3.13, the library prefers a module of Python that is deprecated, and has one of its own after that.
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import wyoming.audio  # noqa: F401  (the first import is the one that warns)
