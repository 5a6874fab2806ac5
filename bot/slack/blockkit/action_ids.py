"""Action and callback ids: the names of our buttons, menus, modals, commands and shortcuts in Slack.

Each is unique in the app, so that one listener gets it. Changing one breaks what stands in old threads.
"""

from __future__ import annotations

COMMAND = "/transcribe"
SHORTCUT = "transcribe"
"""The message shortcut; its modal is ``ASK_MODAL``."""

ASK_MODAL = "ask"
SETTINGS_MODAL = "channel_settings"
LANGUAGE_MODAL = "transcribe_again"
AGAIN_MODAL = "transcribe_edited_again"
EDIT_MODAL = "edit_transcript"
WORDS_MODAL = "add_words"
DELETE_MODAL = "delete_transcript"

FILL_GAPS = "fill_gaps"
"""The button under a transcript with gaps."""
REPLY_MENU = "reply_menu"
"""The overflow menu of every reply."""
SHARE = "share_in_thread"
"""The button under a transcript that only one person reads."""
AGREE = "agree"
DECLINE = "decline"
"""The buttons under the question whether to transcribe something long."""

TURN_ON = "turn_on"
TURN_OFF = "turn_off"
OPEN_SETTINGS = "open_settings"
"""The buttons of the greeting; ``OPEN_SETTINGS`` also in the home tab. Their value is the channel's id."""

SETTINGS_LANGUAGE = "settings_language"
"""The language menu of the settings: some of the other settings depend on it."""

HOME_OPT_OUT = "home_opt_out"
HOME_MODE = "home_mode"
HOME_SUBSCRIPTIONS = "home_subscriptions"
