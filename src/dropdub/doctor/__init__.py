"""`dropdub doctor`: check that everything Dropdub needs is installed and working.

Each module is a family of checks that yield findings. A check changes nothing, except for probe files that it removes
again. Private information (paths, names, output of other programs) goes into the `detail` of a finding, which the
report file omits.
"""
