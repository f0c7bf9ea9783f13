"""Texts as sequences of word ids: tokenization, vocabularies, and the ragged sequences themselves."""
