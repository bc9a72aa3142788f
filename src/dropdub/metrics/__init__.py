"""Figures of the work, for people who watch machines: kept, judged and published. Knows no database."""
