"""People talking with companions: a chat is a tree of messages; a run makes one answer."""

from chats.models.attachment import Attachment
from chats.models.chat import Chat, Message
from chats.models.citation import Citation
from chats.models.draft import Draft
from chats.models.run import Run
from chats.models.vote import Vote
from chats.models.words import MessageWords

__all__ = [
    "Attachment",
    "Chat",
    "Citation",
    "Draft",
    "Message",
    "MessageWords",
    "Run",
    "Vote",
]
