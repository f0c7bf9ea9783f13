"""What a fitted classifier has learned: explanations of its scores, and the history of its training."""
