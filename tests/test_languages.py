"""Texts that are not English, from fit to a loaded model."""

import joblib
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, explain

TEXTS = {
    "zh": (
        [
            "这本书很好看，我喜欢",
            "内容精彩，强烈推荐！",
            "非常满意，还会再买",
            "质量太差，很失望",
            "不好看，浪费钱",
            "印刷很差，后悔买了",
        ],
        "这本书质量太差，后悔",
    ),
    "ja": (
        [
            "とても面白い本です",
            "また買いたいと思います",
            "おすすめの一冊です！",
            "品質が悪くて残念です",
            "お金の無駄でした",
            "二度と買いません",
        ],
        "品質が悪い、お金の無駄",
    ),
    "de": (
        [
            "Ein schönes Buch, ich liebe es",
            "Sehr empfehlenswert, gern wieder!",
            "Die Größe paßt, großartig",
            "Schlechte Qualität, leider enttäuscht",
            "„Nie wieder“, überflüssig",
            "Die Geldverschwendung ärgert mich",
        ],
        "Leider schlechte Qualität, überflüssig",
    ),
}
LABELS = ["good"] * 3 + ["bad"] * 3


def jieba_words(text):
    return [word for word in pytest.importorskip("jieba").cut(text) if word.strip()]


def fasttext(texts, tokenizer):
    models = pytest.importorskip("gensim.models")
    vectorizer = GloveTextVectorizer(None, tokenizer=tokenizer)
    sentences = [text.split() for text in vectorizer.inverse_transform(vectorizer.fit_transform(texts))]
    return models.FastText(sentences, vector_size=16, min_count=1, min_n=1, max_n=3, bucket=500, seed=0, workers=1).wv


@pytest.mark.parametrize(
    ("language", "tokenizer", "word"),
    [
        ("zh", "characters", "质量"),
        ("zh", jieba_words, "质量"),
        ("ja", "characters", "品質"),
        ("de", "glove", "qualität"),
        ("de", "keras", "qualität"),
    ],
)
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore:pkg_resources is deprecated")  # jieba's
def test_from_texts_to_a_loaded_model(language, tokenizer, word, tmp_path):
    texts, unseen = TEXTS[language]
    texts, labels = texts * 4, LABELS * 4
    vectorizer = GloveTextVectorizer(fasttext(texts, tokenizer), tokenizer=tokenizer)
    pipeline = make_pipeline(vectorizer, ConvTextClassifier(epochs=3, random_state=0)).fit(texts, labels)
    assert pipeline.predict([*texts, unseen]).tolist() == [*labels, "bad"]

    assert vectorizer.n_words_found_ == len(vectorizer.vocabulary_)
    explanation = explain(pipeline, unseen)
    assert word in explanation.words
    assert word in [ngram for ngram, _ in explanation.top("bad", None)]
    assert f">{word[0].upper() if language == 'de' else word[0]}" in explanation._repr_html_()

    joblib.dump(pipeline, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict_proba([unseen]), pipeline.predict_proba([unseen]))
    assert str(explain(loaded, unseen)) == str(explanation)
