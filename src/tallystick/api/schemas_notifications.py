"""Notifications on the wire. Addresses that are secrets, and keys, are never in an answer."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Body
from tallystick.kit.secrets import Secret
from tallystick.notify.add import NewRecipient
from tallystick.notify.choice import MOST_HOURS, Choice
from tallystick.notify.kinds import Channel, MessageState, Topic
from tallystick.notify.recipients import MessageView, RecipientView
from tallystick.notify.target import LONGEST

EVERYTHING = [one.value for one in Topic]


class NotificationIn(Body):
    """``to``: an e-mail address, or a web address (kept sealed, never answered again)."""

    name: str = Field("", max_length=200)
    channel: Channel = Field(strict=False)
    to: str = Field(max_length=LONGEST)
    topics: list[str] = Field(EVERYTHING, max_length=20)
    connection_id: int | None = Field(None, description="Only of this one; null: of all.")
    remind_hours: int = Field(24, ge=0, le=MOST_HOURS, description="0: never.")

    def new(self) -> NewRecipient:
        choice = Choice(self.topics, self.connection_id, self.remind_hours)
        return NewRecipient(self.name, self.channel.value, Secret(self.to), choice)


class NotificationChangesIn(Body):
    """Only what is given is changed."""

    topics: list[str] | None = Field(None, max_length=20)
    connection_id: int | None = None
    remind_hours: int | None = Field(None, ge=0, le=MOST_HOURS)

    def choice(self, now: RecipientView) -> Choice:
        narrows = "connection_id" in self.model_fields_set
        return Choice(
            topics=list(now.topics) if self.topics is None else self.topics,
            connection_id=self.connection_id if narrows else now.connection_id,
            remind_hours=now.remind_hours if self.remind_hours is None else self.remind_hours,
        )


class MessageOut(Schema):
    """``message_id`` is the same each time it is sent: a webhook's ``webhook-id``."""

    id: int
    message_id: str
    type: str
    subject: str
    text: str
    state: MessageState
    tries: int
    failure: str
    created_at: At
    retry_at: At | None
    ended_at: At | None

    @classmethod
    def of(cls, view: MessageView) -> MessageOut:
        return cls(
            id=view.id,
            message_id=view.message_id,
            type=view.kind,
            subject=view.subject,
            text=view.text,
            state=view.state,
            tries=view.tries,
            failure=view.failure,
            created_at=view.created_at,
            retry_at=view.retry_at,
            ended_at=view.ended_at,
        )


class NotificationOut(Schema):
    """``to``: the e-mail address, or the origin of the web address. ``person``: whose own."""

    id: int
    name: str
    channel: Channel
    to: str
    person: str
    connection_id: int | None
    topics: list[Topic]
    remind_hours: int
    created_at: At
    last_message: MessageOut | None

    @classmethod
    def of(cls, view: RecipientView) -> NotificationOut:
        return cls(
            id=view.id,
            name=view.name,
            channel=view.channel,
            to=view.shown,
            person=view.person,
            connection_id=view.connection_id,
            topics=list(view.topics),
            remind_hours=view.remind_hours,
            created_at=view.created_at,
            last_message=MessageOut.of(view.last) if view.last else None,
        )


class NewSecretOut(Schema):
    """What webhooks are signed with from now on. Not answered again."""

    secret: str


class NotificationTestOut(Schema):
    """``why``: empty when it arrived."""

    arrived: bool
    why: str
