"""What transcribers share: where a voice is, windows of speech, utterances, times of words, hallucinations."""
