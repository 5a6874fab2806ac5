"""The official SDK's way for local files: ask for a policy, post the file, name it ``oss://…``.

Source: https://www.alibabacloud.com/help/en/model-studio/get-temporary-file-url
"""

from __future__ import annotations

from typing import Any

from bot.playground.dashscope_lookalike.wire import invalid

UPLOADS_PATH = "/api/v1/uploads"
BUCKET_PATH = "/bucket"
_DIRECTORY = "dashscope-instant/look-alike"


class Bucket:
    """Keeps what was uploaded, in memory and until it closes."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def render_policy(self, base_url: str) -> dict[str, Any]:
        """What a client needs to know in order to upload."""
        return {
            "policy": "look-alike",
            "signature": "look-alike",
            "upload_dir": _DIRECTORY,
            "upload_host": base_url + BUCKET_PATH,
            "expire_in_seconds": 300,
            "max_file_size_mb": 10,
            "capacity_limit_mb": 100,
            "oss_access_key_id": "look-alike",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }

    def put(self, key: str, data: bytes) -> None:
        """Keep a file under the key that the client chose inside its directory.

        Raises:
            DashScopeError: A key outside of it.
        """
        if not key.startswith(_DIRECTORY + "/"):
            raise invalid("The key is not in the upload directory.")
        self._files[key] = data

    def get(self, address: str) -> tuple[str, bytes]:
        """The MIME type, told from the first bytes, and the bytes behind ``oss://<key>``.

        Raises:
            DashScopeError: There is no such file.
        """
        data = self._files.get(address.removeprefix("oss://"))
        if data is None:
            raise invalid("The file can not be downloaded.")
        return ("audio/wav" if data.startswith(b"RIFF") else "audio/mpeg"), data
