"""Steps: scheduling, pools, deadlines, outcomes and retries."""
