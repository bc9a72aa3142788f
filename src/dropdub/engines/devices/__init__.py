"""Where and how models run: on CPU or GPU, at which precision, with how much memory."""
