"""Checks that the speech service takes the API key and has the model."""

from __future__ import annotations

import asyncio

from bot.asr.dashscope import DashScope
from bot.commands.check.advice import common
from bot.commands.check.advice import recogniser as advice
from bot.commands.check.findings import Finding, bad, good, untried, warning
from bot.errors import Misconfiguration, Misconfigured, Outage, Unavailable

_KEY, _MODEL = "API key", "Model"
_TIMEOUT_S = 30.0


async def check_recogniser(
    recogniser: DashScope, address: str, model: str, timeout_s: float = _TIMEOUT_S
) -> list[Finding]:
    """Have one second of silence recognised, for $0.000035, and tell key and model apart.

    Args:
        recogniser: Set up as the bot would use it.
        address: Its base URL, whose region the key has to be of.
        model: Its name.
        timeout_s: How long it may take.
    """
    try:
        async with asyncio.timeout(timeout_s):
            await recogniser.verify()
    except TimeoutError:
        return _no_key(bad(_KEY, advice.recogniser_silent(address, common.no_end(timeout_s))))
    except (Unavailable, Misconfigured) as error:
        return _explain(error, address, model)
    return [good(_KEY, advice.key_accepted(address)), good(_MODEL, advice.model_answers(model))]


def _explain(error: Unavailable | Misconfigured, address: str, model: str) -> list[Finding]:
    match error.reason:
        case Misconfiguration.RECOGNISER_KEY:
            return _no_key(bad(_KEY, advice.key_trouble(address)))
        case Misconfiguration.RECOGNISER_ACCOUNT:
            return _no_key(bad(_KEY, advice.account_trouble(error.detail)))
        case Misconfiguration.RECOGNISER_MODEL:
            key = good(_KEY, advice.key_accepted(address))
            return [key, bad(_MODEL, advice.model_trouble(model, error.detail))]
        case Outage.RECOGNISER_BUSY:
            return _no_key(warning(_KEY, advice.RECOGNISER_BUSY))
        case _:
            return _no_key(bad(_KEY, advice.recogniser_silent(address, error.detail)))


def _no_key(key: Finding) -> list[Finding]:
    return [key, untried(_MODEL, common.after(_KEY))]
