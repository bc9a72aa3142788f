"""`dropdub doctor`: whether all that the work needs is here. One family of checks a file, each giving findings.

A check looks, and changes nothing but for probe files that it removes again. What it says of a person's own things
(paths, names, what another program answered) stands in a finding's `detail`, which no report contains.
"""
