"""What can be told, and by which way."""

from __future__ import annotations

from enum import StrEnum


class Topic(StrEnum):
    """What somebody chooses to be told of."""

    OUT_OF_SYNC = "out_of_sync"
    DRIFT = "drift"
    PAUSED = "paused"
    WORKER = "worker"
    AHEAD = "ahead"

    @property
    def label(self) -> str:
        return {
            Topic.OUT_OF_SYNC: "Out of Sync",
            Topic.DRIFT: "Drift",
            Topic.PAUSED: "Connection paused",
            Topic.WORKER: "Nobody works",
            Topic.AHEAD: "What ends soon",
        }[self]

    @property
    def meaning(self) -> str:
        return {
            Topic.OUT_OF_SYNC: "A subscription turned red, and when it is green again; a change "
            "that a source told and that waits for a decision.",
            Topic.DRIFT: "Somebody changed a line in Autotask, and when it is as expected again.",
            Topic.PAUSED: "A connection is paused until somebody resumes it, and when it goes on.",
            Topic.WORKER: "No worker was there to send, and from when to when.",
            Topic.AHEAD: "Commitments and contracts that end soon, and what nobody decided "
            "or was refused on its day, once a day.",
        }[self]


class Channel(StrEnum):
    """How it reaches somebody."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    TEAMS = "teams"
    SLACK = "slack"

    @property
    def label(self) -> str:
        return {
            Channel.EMAIL: "E-mail",
            Channel.WEBHOOK: "Webhook",
            Channel.TEAMS: "Microsoft Teams",
            Channel.SLACK: "Slack",
        }[self]

    @property
    def meaning(self) -> str:
        return {
            Channel.EMAIL: "to one address",
            Channel.WEBHOOK: "signed JSON to a program of yours",
            Channel.TEAMS: "the address of a workflow that posts to a channel",
            Channel.SLACK: "an incoming webhook, also of Mattermost and Rocket.Chat",
        }[self]


class Kind(StrEnum):
    """What a thing is that something can be wrong with."""

    SUBSCRIPTION = "subscription"
    CONNECTION = "connection"
    WORKER = "worker"
    AHEAD = "ahead"
    TOLD = "told"


class MessageState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"

    @property
    def label(self) -> str:
        return {
            MessageState.WAITING: "Waiting",
            MessageState.SENT: "Sent",
            MessageState.GIVEN_UP: "Given up",
        }[self]

    @property
    def tone(self) -> str:
        return {
            MessageState.WAITING: "yellow",
            MessageState.SENT: "green",
            MessageState.GIVEN_UP: "red",
        }[self]
