"""
Word vectors in pictures
========================

A word vector is a list of numbers, learned from the words that stand beside a word in a large number of texts. Words
that are used alike have similar vectors. This example draws some of those of GloVe.
"""

import matplotlib.pyplot as plt

from skglove import WordVectors

glove = WordVectors.load("glove.6B.50d")
glove

# %%
# Neighbours
# ----------
#
# The words whose vectors point in the most similar direction. They are used alike, which includes opposites.

for word in ["kitchen", "hot", "striker"]:
    print(word, "->", ", ".join(near for near, _ in glove.most_similar(word, topn=6)))

# %%
# In a plane
# ----------
#
# ``plot`` projects 50 dimensions on two (principal components of the given words). Words of one field are close to each other.

sports = ["goal", "league", "striker", "tennis", "team"]
business = ["bank", "economy", "stocks", "profit", "debt"]
health = ["vaccine", "doctors", "surgeon", "patients", "drug"]
words = sports + business + health
fig, ax = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
_ = glove.plot(words, ax=ax)

# %%
# Directions
# ----------
#
# The difference between two vectors can have a meaning, such as "the capital of". The arrows are nearly parallel.

capitals = [("iraq", "baghdad"), ("russia", "moscow"), ("china", "beijing"), ("greece", "athens"), ("japan", "tokyo")]
fig, ax = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
_ = glove.plot(pairs=capitals, ax=ax)

# %%
# This makes analogies work: king - man + woman.

glove.most_similar(positive=["king", "woman"], negative=["man"], topn=3)

# %%
# The numbers
# -----------
#
# The vectors of nine words as rows. Rows of words of one group have the same pattern.

groups = ["france", "italy", "spain", "dog", "cat", "horse", "monday", "tuesday", "friday"]
fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
image = ax.imshow(glove[groups], aspect="auto", cmap="RdBu", vmin=-2, vmax=2)
ax.set_yticks(range(len(groups)), labels=groups)
ax.set_xlabel("dimension")
_ = fig.colorbar(image)
