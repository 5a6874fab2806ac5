from __future__ import annotations

import pytest

from bot.whisper.plausibility import MOST_LETTERS, MOST_NAMES, is_implausible, prompt_of

SAID = "And so my fellow Americans, ask not what your country can do for you."
NAMES = "Kubernetes\nMiriam Oyelaran\nVPN"


@pytest.mark.parametrize(
    ("text", "language", "speech_s", "mean_log_probability"),
    [
        (SAID, "en", 6.0, -0.3),
        ("Miriam Oyelaran asked for the VPN on Kubernetes.", "en", 4.0, -0.4),
        ("VPN.", "en", 1.0, -0.4),
        ("\u4f60\u597d\u4e16\u754c", "zh", 2.0, -0.5),
        ("\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341" * 3, "zh", 12.0, -0.5),
        ("Die Donaudampfschifffahrtsgesellschaft hat heute zu.", "de", 4.0, -0.4),
        ("No.", "en", 0.4, -0.4),
    ],
)
def test_what_people_say_is_plausible(
    text: str, language: str, speech_s: float, mean_log_probability: float
) -> None:
    assert not is_implausible(text, language, speech_s + 20, speech_s, mean_log_probability, NAMES)


@pytest.mark.parametrize(
    ("text", "speech_s", "mean_log_probability"),
    [
        pytest.param("VPNSomeiFellowAmericaAskNot", 11.0, -0.5, id="no spaces"),
        pytest.param("Kubernetes, VPN", 11.0, -0.5, id="too little for its time"),
        pytest.param("$", 11.0, -0.5, id="no letters"),
        pytest.param(SAID * 5, 6.0, -0.3, id="too much for its time"),
        pytest.param(SAID, 6.0, -1.2, id="a guess"),
        pytest.param("Kubernetes, Miriam Oyelaran.", 3.0, -0.3, id="the names recited"),
    ],
)
def test_rubbish_is_implausible(text: str, speech_s: float, mean_log_probability: float) -> None:
    assert is_implausible(text, "en", speech_s, speech_s, mean_log_probability, NAMES)


def test_too_few_syllables_are_implausible() -> None:
    assert is_implausible("VPN", "zh", 11.0, 11.0, -0.5, NAMES)


@pytest.mark.parametrize(
    ("context", "prompt"),
    [
        ("", ""),
        (" \n,;\n", ""),
        ("Jon Dashwud", "Jon Dashwud"),
        ("VPN\n Okta \nJira; SAML, Helm", "VPN, Okta, Jira, SAML, Helm"),
        ("\n".join(map(str, range(100))), ", ".join(map(str, range(MOST_NAMES)))),
        ("VPN\n" + "x" * (MOST_LETTERS + 1), "VPN"),
    ],
)
def test_a_prompt_is_one_line_of_the_first_names(context: str, prompt: str) -> None:
    assert prompt_of(context) == prompt
