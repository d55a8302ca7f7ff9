"""What the folder of a chat says to its companion, read as the answer is begun."""

from __future__ import annotations

from chats.models import Chat
from companions.models import Companion
from companions.services.prompting import PreparedPrompt, with_instructions
from documents.access import folder_for, folders_above
from documents.models import Folder
from tenants.models import Membership


def project_of(chat: Chat, member: Membership) -> Folder | None:
    """The folder the chat is in, as long as the member may read it: what is withdrawn tells nothing."""
    return folder_for(member, chat.folder_id) if chat.folder_id else None


def with_project(
    prompt: PreparedPrompt, chat: Chat, companion: Companion, member: Membership
) -> PreparedPrompt:
    """With the instructions of the folder and of those above it; without any that a policy keeps back."""
    folder = project_of(chat, member)
    if folder is None:
        return prompt
    told = [one for one in folders_above(member, folder) if one.instructions.strip()]
    told = [one for one in told if prompt.guard.lets("input", one.instructions)]
    return with_instructions(prompt, told, companion.language)
