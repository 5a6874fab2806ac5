"""The services that every try of a job works with, one instance of each."""

from __future__ import annotations

from dataclasses import dataclass

from bot.job.budget import Budget
from bot.job.clock import Clock
from bot.job.deliver import Delivery
from bot.job.parking import Parking
from bot.job.transcribe import Transcriber
from bot.ports.outside import Replies
from bot.ports.preferences import Preferences
from bot.ports.store import Queue
from bot.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class Collaborators:
    """The services that every try works with."""

    queue: Queue
    transcriber: Transcriber
    replies: Replies
    delivery: Delivery
    parking: Parking
    preferences: Preferences
    budget: Budget
    metrics: Metrics
    clock: Clock
