"""What people can do with the bot besides sharing recordings, each as a control with its own listeners."""

from __future__ import annotations

from bot.slack.asks.commands import Commands
from bot.slack.asks.mentions import Mentions
from bot.slack.asks.reactions import Reactions
from bot.slack.asks.shortcut import Shortcut
from bot.slack.choices.greeting import Greeting
from bot.slack.choices.home import Home
from bot.slack.choices.settings_control import SettingsControl
from bot.slack.desk import Control, Deployment, Desk
from bot.slack.farewells import Farewells
from bot.slack.menu.reply_buttons import ReplyButtons
from bot.slack.menu.reply_menu import ReplyMenu
from bot.slack.withdrawals import Withdrawals

__all__ = ["Control", "Deployment", "Desk", "build_controls"]


def build_controls(desk: Desk) -> list[Control]:
    """All of them."""
    home = Home(desk)
    settings = SettingsControl(desk, home.refresh)
    return [
        home,
        settings,
        Commands(desk, settings, home.refresh),
        Mentions(desk),
        Reactions(desk),
        Shortcut(desk),
        ReplyMenu(desk),
        ReplyButtons(desk),
        Greeting(desk, home.refresh),
        Withdrawals(desk.jobs, desk.identity),
        Farewells(desk.preferences, desk.stop_jobs),
    ]
