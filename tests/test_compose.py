"""compose.yaml runs the image as it is meant to be run, and says nothing that the image does not know."""

from __future__ import annotations

import re
from typing import Any

import yaml

from bot.app import DRAIN_PATIENCE_S
from bot.http.server import STOPPING_PATIENCE_S
from bot.settings.settings import Settings
from tests.dockerfile import ROOT, environment, of, stages

TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
COMPOSED: dict[str, Any] = yaml.safe_load(TEXT)
(SERVICE,) = COMPOSED["services"].values()
IMAGE = stages()[-1]


def test_it_is_one_container_with_one_volume_where_the_image_stores() -> None:
    assert list(COMPOSED["services"]) == ["threadscribe"]
    (volume,) = COMPOSED["volumes"]
    assert SERVICE["volumes"] == [f"{volume}:{environment(IMAGE)['DATA_DIR']}"]
    assert (SERVICE["build"], SERVICE["env_file"]) == (".", ".env")


def test_what_it_sets_are_settings_and_the_images_own_values() -> None:
    given = environment(IMAGE)
    assert {name: given[name] for name in SERVICE["environment"]} == SERVICE["environment"]
    assert {name.lower() for name in SERVICE["environment"]} <= Settings.model_fields.keys()
    in_the_image = {name for name in given if name.lower() in Settings.model_fields}
    assert in_the_image == SERVICE["environment"].keys(), "an .env for `make run` would change the rest"


def test_nothing_can_be_written_or_gained_but_in_the_volume_and_tmp() -> None:
    assert SERVICE["read_only"] is True
    assert SERVICE["tmpfs"] == ["/tmp"]  # noqa: S108  # the container's own
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "user", "network_mode", "pid"} & SERVICE.keys(), "the image's stay"


def test_no_port_is_open_and_the_one_that_the_guide_opens_is_the_images_for_this_machine_alone() -> None:
    assert "ports" not in SERVICE
    (port,) = of("EXPOSE", IMAGE)
    (shown,) = re.findall(r"^ +```yaml\n( +services:\n.*?)```", GUIDE, re.MULTILINE | re.DOTALL)
    assert yaml.safe_load(shown) == {"services": {"threadscribe": {"ports": [f"127.0.0.1:{port}:{port}"]}}}


def test_it_comes_back_and_has_the_time_to_end_its_work() -> None:
    assert SERVICE["restart"] == "unless-stopped"
    assert int(SERVICE["stop_grace_period"].removesuffix("s")) > DRAIN_PATIENCE_S + 2 * STOPPING_PATIENCE_S
    # The image's own check is the one.
    assert "healthcheck" not in SERVICE
    assert of("HEALTHCHECK", IMAGE)


def test_it_holds_no_secret() -> None:
    assert not re.search(r"xox|xapp|sk-|TOKEN|SECRET|KEY", TEXT)
