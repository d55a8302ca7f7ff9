"""What of chats stands in a trail, as people read it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from humana.kernel.trail_words import declare

declare(
    _("Chats"),
    {
        "chats.answer.done": _("got an answer"),
        "chats.answer.failed": _("got no answer: it failed"),
        "chats.answer.interrupted": _("got a part of an answer: it was interrupted"),
        "chats.answer.stopped": _("stopped an answer"),
        "chats.chat.archived": _("archived a chat"),
        "chats.chat.exported": _("took a chat as a file"),
        "chats.chat.model_chosen": _("chose the model of a chat"),
        "chats.chat.moved": _("moved a chat to another folder"),
        "chats.chat.pinned": _("pinned a chat"),
        "chats.chat.removed": _("deleted a chat"),
        "chats.chat.renamed": _("renamed a chat"),
        "chats.chat.restored": _("brought a chat back"),
        "chats.chat.started": _("started a chat"),
        "chats.chat.titled": _("gave a chat its title"),
        "chats.chat.unarchived": _("took a chat out of the archive"),
        "chats.chat.unpinned": _("unpinned a chat"),
        "chats.message.asked": _("asked a question"),
        "chats.message.continued": _("had an answer go on"),
        "chats.message.edited": _("asked a question anew in other words"),
        "chats.message.regenerated": _("asked for another answer"),
        "chats.response.deleted": _("deleted an answer"),
        "chats.tool.allowed": _("allowed a companion to use a tool"),
        "chats.tool.declined": _("did not allow a companion to use a tool"),
        "chats.vote.given": _("said whether an answer helped"),
        "chats.vote.withdrawn": _("took back whether an answer helped"),
    },
)
