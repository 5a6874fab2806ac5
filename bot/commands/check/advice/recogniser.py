"""Sentences about the speech service: its key, its region, its model."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands.check.advice.common import NETWORK

_REGIONS: Mapping[str, tuple[str, str]] = {
    "Singapore": ("https://dashscope-intl.aliyuncs.com", ".ap-southeast-1.maas.aliyuncs.com"),
    "Beijing": ("https://dashscope.aliyuncs.com", ".cn-beijing.maas.aliyuncs.com"),
    "US (Virginia)": ("https://dashscope-us.aliyuncs.com", ".us-east-1.maas.aliyuncs.com"),
}
"""Each region's shared address, and how the hosts of its workspaces end."""


def key_accepted(address: str) -> str:
    """The key is one of this region."""
    return f"accepted by {_place(address)}"


def model_answers(model: str) -> str:
    """The model recognised a second of silence."""
    return f"{model} answers"


def key_trouble(address: str) -> str:
    """The service does not know the key."""
    here = region_of(address)
    others = [f"{shared} for {name}" for name, (shared, _) in _REGIONS.items() if name != here]
    return (
        f"{_place(address)} does not accept it. A key works only in the region where it was made: if that is "
        f"another one, set DASHSCOPE_BASE_URL ({'; '.join(others)}). "
        "Otherwise make a new key in Model Studio → API Key, and set DASHSCOPE_API_KEY to it"
    )


def account_trouble(detail: str) -> str:
    """The key is known, and its account may not use the service."""
    return (
        f"its account may not use the service ({detail}). Look for unpaid bills at Alibaba Cloud → Expenses "
        "and Costs, and in Model Studio whether the model is activated or its free quota used up"
    )


def model_trouble(model: str, detail: str) -> str:
    """The service has no such model for this key."""
    return (
        f"{model} is not to be had with this key ({detail}). Set ASR_MODEL to qwen3-asr-flash "
        "(in the US: qwen3-asr-flash-us), or allow the model to the key's workspace in Model Studio"
    )


RECOGNISER_BUSY = (
    "the account's limit of requests is reached at the moment. Try again in a minute; "
    "if it stays so, lower ASR_REQUESTS_PER_MINUTE"
)


def recogniser_silent(address: str, detail: str) -> str:
    """The service does not answer as it should."""
    return (
        f"{_place(address)} does not answer ({detail}). Check DASHSCOPE_BASE_URL, {NETWORK}; then try again"
    )


def region_of(address: str) -> str | None:
    """The region that an address of the speech service belongs to; ``None`` for any other address."""
    for name, (shared, ending) in _REGIONS.items():
        if address == shared or address.endswith(ending):
            return name
    return None


def _place(address: str) -> str:
    region = region_of(address)
    return f"{address} ({region})" if region else address
