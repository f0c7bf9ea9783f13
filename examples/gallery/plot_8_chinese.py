"""
Another language: Chinese
=========================

Chinese is written without spaces. With ``tokenizer="characters"``, texts are split into characters and pairs of
neighbouring characters, and an embedding is learned from the labelled texts, so that nothing has to be installed or
downloaded.
"""

import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, explain

TEXTS = {
    "weather": [
        "明天有小雨，气温下降",
        "北方大雪，道路结冰",
        "台风将在周末登陆",
        "今天晴转多云，风力三级",
        "高温天气还会持续一周",
        "夜间有雷雨，请带好雨伞",
        "早上有雾，能见度低",
        "冷空气南下，气温降到零度",
        "春天多风，空气干燥",
        "山区有暴雨，注意安全",
        "今年冬天雪很少",
        "午后多云，傍晚有阵雨",
    ],
    "sports": [
        "主队在最后一分钟进球，赢了比赛",
        "她赢得了网球比赛的冠军",
        "教练走进球场，对球员很满意",
        "比赛打满全场，以平局结束",
        "他打破了百米世界纪录",
        "球队在决赛中失利",
        "裁判吹哨，判罚了一个点球",
        "门将扑出了三个射门",
        "女排姑娘连胜五场，进入决赛",
        "球迷在球场外庆祝胜利",
        "受伤的队员将缺席本赛季",
        "决赛门票已经售完",
    ],
    "finance": [
        "股市今天大幅上涨，成交活跃",
        "银行降低了贷款利率",
        "公司公布了季度利润，股价上升",
        "投资者卖出手中的股票",
        "油价涨到一年来的最高点",
        "央行宣布降息，债券上涨",
        "人民币对美元汇率上升",
        "两家公司计划合并，股东同意",
        "基金亏损，收益低于去年",
        "企业发行了新的债券",
        "房价连续三个月下跌",
        "交易所暂停了股票交易",
    ],
}
texts = [text for of_topic in TEXTS.values() for text in of_topic]
labels = [topic for topic, of_topic in TEXTS.items() for _ in of_topic]

# %%
# How a text is split:

vectorizer = GloveTextVectorizer(embeddings=None, tokenizer="characters")
vectorizer.inverse_transform(vectorizer.fit_transform(["气温下降"]))

# %%

pipe = make_pipeline(
    GloveTextVectorizer(embeddings=None, tokenizer="characters"), ConvTextClassifier(embedding_dim=50, random_state=0)
)
predicted = cross_val_predict(pipe, texts, labels, cv=4)
print(f"accuracy, 4 folds: {accuracy_score(labels, predicted):.2f}")
fig, ax = plt.subplots(figsize=(4.5, 3.4), layout="constrained")
_ = ConfusionMatrixDisplay.from_predictions(labels, predicted, ax=ax, cmap="Blues")

# %%
# With 27 training texts in each fold, much is still unknown to the model. The explanation shows which characters it
# has learned from.

pipe.fit(texts, labels)
explain(pipe, "大雨过后，比赛在晚上继续，球迷很高兴。")

# %%
# A function as a tokenizer
# -------------------------
#
# With a segmenter such as jieba, texts are split into words, for which there are pre-trained vectors. Define the
# function in a module of your own, so that models can be saved::
#
#     def jieba_words(text):
#         return [word for word in jieba.cut(text) if word.strip()]
#
#     GloveTextVectorizer("fasttext.cc.zh.300d", tokenizer=jieba_words)
#
# Any function from a text to a list of words will do:


def characters_without_punctuation(text):
    return [character for character in text if character.isalnum()]


pipe.set_params(glovetextvectorizer__tokenizer=characters_without_punctuation)
pipe.fit(texts, labels).predict(["周末有雪", "守门员扑出点球", "银行股下跌"])

# %%
# ``examples/languages.py`` classifies larger Chinese, Japanese and German data sets, with vectors trained on the texts
# themselves. See :doc:`../guide/texts`.
