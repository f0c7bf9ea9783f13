"""The arithmetic of word vectors, with which the Keras tutorial opens: kitchen - dinner + work is near office.

Whether it comes out depends on the vectors: small ones (50-d, the default here) put other words before the expected one.
"""

import argparse

from skglove import WordVectors

ANALOGIES = [
    ("dinner", "kitchen", "work", "office"),
    ("man", "king", "woman", "queen"),
    ("france", "paris", "italy", "rome"),
    ("walk", "walking", "swim", "swimming"),
    ("good", "better", "bad", "worse"),
    ("japan", "sushi", "germany", "sausage"),
]


def rank(vectors: WordVectors, positive: list[str], negative: list[str], expected: str) -> int:
    """Return at which place the expected word comes, from 1."""
    words = [word for word, _ in vectors.most_similar(positive, negative, topn=len(vectors))]
    return words.index(expected) + 1


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--embeddings", default="glove.6B.50d", help="a name or a file of vectors")
    vectors = WordVectors.load(parser.parse_args(argv).embeddings)
    print(vectors, "\n")
    print(f"{'sum':30} {'nearest words':48} expected")
    for a, b, c, expected in ANALOGIES:
        nearest = ", ".join(word for word, _ in vectors.most_similar([b, c], [a], topn=4))
        place = rank(vectors, [b, c], [a], expected)
        print(f"{f'{b} - {a} + {c}':30} {nearest:48} {expected}: number {place:,}")
    print("\nNeighbours:")
    for word in ("kitchen", "office", "python"):
        print(f"  {word:10}", ", ".join(f"{near} {score:.2f}" for near, score in vectors.most_similar(word, topn=5)))


if __name__ == "__main__":
    main()
