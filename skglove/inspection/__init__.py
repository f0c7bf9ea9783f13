"""Explanations of the scores of a fitted classifier, and its training history."""
