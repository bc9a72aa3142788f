"""Interpreting: what somebody says is heard, translated and spoken in another language."""
