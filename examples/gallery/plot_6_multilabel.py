"""
Several labels per text
=======================

A message to a shop can be about the delivery, the payment, the product, several of them, or none. Each label has a
probability and a threshold of its own.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from skglove import ConvTextClassifier, GloveTextVectorizer, explain

PHRASES = {
    "delivery": [
        "my parcel has not arrived",
        "the delivery is a week late",
        "where is my order",
        "the courier left the package in the rain",
        "the shipment went to a wrong address",
        "tracking says it was delivered but it was not",
    ],
    "payment": [
        "you charged my card twice",
        "please refund my money",
        "the price on the bill is wrong",
        "my discount was not applied",
        "the invoice lists an item that I did not buy",
        "I still wait for the repayment",
    ],
    "product": [
        "the shoes are too small",
        "the screen is broken",
        "the colour differs from the picture",
        "the battery died after a day",
        "a button of the jacket is missing",
        "the cup has a crack",
    ],
}

# %%
# Messages are made of one, two or three phrases, or of something else. Test messages consist of phrases that no
# training message has.

rng = np.random.RandomState(0)


def messages(n, of_phrases):
    texts, topics = [], []
    for _ in range(n):
        chosen = [topic for topic in PHRASES if rng.rand() < 0.45]
        parts = [rng.choice(PHRASES[topic][of_phrases]) for topic in chosen]
        texts.append(" and ".join(parts) or rng.choice(["thank you for your help", "when do you open", "hello"]))
        topics.append(chosen)
    return texts, topics


train, train_topics = messages(150, slice(0, 4))
test, test_topics = messages(60, slice(4, 6))
binarizer = MultiLabelBinarizer()
Y = binarizer.fit_transform(train_topics)
Y_test = binarizer.transform(test_topics)
for text, topics in zip(train[:4], train_topics[:4], strict=True):
    print(topics, text)

# %%

pipe = make_pipeline(GloveTextVectorizer("glove.6B.50d"), ConvTextClassifier(random_state=0))
pipe.fit(train, Y)
print("micro-F1 on new phrases:", round(f1_score(Y_test, pipe.predict(test), average="micro"), 2))
print("thresholds:", dict(zip(binarizer.classes_, pipe[-1].thresholds_.round(2).tolist(), strict=True)))

# %%
# The probabilities of a text do not add up to 1. A label applies if its probability is above its threshold.

new = [
    "the parcel came late and the shoes do not fit",
    "I paid twice and nobody answers",
    "the box arrived broken and I want my money back",
    "do you sell gloves",
]
proba = pipe.predict_proba(new)
fig, ax = plt.subplots(figsize=(8, 2.6), layout="constrained")
image = ax.imshow(proba, vmin=0, vmax=1, cmap="Blues", aspect="auto")
ax.set_xticks(range(3), labels=binarizer.classes_)
ax.set_yticks(range(len(new)), labels=new)
for (row, column), value in np.ndenumerate(proba):
    ax.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.6 else "black")
_ = fig.colorbar(image)

# %%
# Explanations show labels like classes. Labels are numbered as the columns of ``Y``.

print(dict(enumerate(binarizer.classes_.tolist())))
explain(pipe, new[0])

# %%
# See :doc:`../guide/multilabel` for thresholds of your own, scores and splits.
