"""The operations on a root and its jobs: functions that take values and return values.

They raise the errors of `dropdub.errors` and print nothing, so that a command line and a web page can call the same
functions. `place` finds the root; `look` reads its state; `find` resolves names of jobs; `change` retries, cancels,
pauses and resumes jobs; `prune` forgets them; `run_files` processes files in the foreground; `timeline` draws a job's
dubs; `log_lines` reads logs; `voices` and `models` list and change those of a root; `suggestions` completes the
commands in messages. Import each module by itself: `look` needs no SQLAlchemy. `dropdub.setup` creates roots.
"""
