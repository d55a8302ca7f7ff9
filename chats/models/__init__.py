"""People talking with companions: a chat is a tree of messages; a run makes one answer."""

from chats.models.chat import Chat, Message
from chats.models.draft import Draft
from chats.models.run import Run
from chats.models.vote import Vote

__all__ = [
    "Chat",
    "Draft",
    "Message",
    "Run",
    "Vote",
]
