import pytest

QUESTIONS = """: capitals of some kind
w1 w2 w3 w4
W5 w6 w7 w8
w1 w2 w3 unknown
: none
unknown w1 w2 w3
: more
"""


@pytest.mark.parametrize("dummy4unknown", [False, True])
@pytest.mark.parametrize("case_insensitive", [True, False])
def test_analogies_as_gensim(pair, tmp_path, case_insensitive, dummy4unknown):
    """The fourth word of most questions is gensim's answer, so these are correct."""
    ours, theirs = pair
    path = tmp_path / "questions.txt"
    lines = []
    for i in range(150):
        a, b, c = f"w{i}", f"w{i + 1000}", f"w{i + 2000}"
        answer = theirs.most_similar([b, c], [a], topn=1, restrict_vocab=4000)[0][0] if i % 3 else f"w{i + 7}"
        lines.append(f"{a} {b.upper() if i % 5 == 0 else b} {c} {answer}\n")
    path.write_text(QUESTIONS + "".join(lines) + "not a question\n")
    options = {"restrict_vocab": 4000, "case_insensitive": case_insensitive, "dummy4unknown": dummy4unknown}
    score, sections = ours.evaluate_word_analogies(path, **options)
    expected, expected_sections = theirs.evaluate_word_analogies(str(path), **options)
    assert 0.3 < score < 0.9
    assert score == expected
    assert [s["section"] for s in sections] == ["capitals of some kind", "none", "more", "Total accuracy"]
    for section, other in zip(sections, expected_sections, strict=True):
        assert {key: section[key] for key in ("section", "correct", "incorrect")} == other
    assert sections[-1]["accuracy"] == score
    assert sections[0]["accuracy"] == 0


def test_invalid_questions(pair, tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text("w1 w2 w3 w4\n")
    with pytest.raises(ValueError, match="line 1: expected a section"):
        pair[0].evaluate_word_analogies(path)
    path.write_text(": family\nking man queen woman\n")
    with pytest.raises(ValueError, match="None of the 1 questions"):
        pair[0].evaluate_word_analogies(path)
