"""Explanations of the scores of a fitted classifier, of its words, and its training history."""
