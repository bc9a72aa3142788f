"""Create a root, or set one up: choices, and the settings, packages, models and service that they require.

As in `dropdub.operations`, functions take values and return values: `new_root` creates a root, and `procedure` sets one
up, while an observer shows what happens.
"""
