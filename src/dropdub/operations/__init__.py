"""What a person can have done to a root and its jobs: each a function that takes values and returns values.

They raise the errors of `dropdub.errors` and print nothing, so that a command line and a web page call the same ones.
`place` finds the root; `look` reads; `find` names jobs; `change` retries, cancels, pauses and resumes them; `prune`
forgets them; `run` processes files in the foreground. Each module is imported by itself: `look` needs no SQLAlchemy.
"""
