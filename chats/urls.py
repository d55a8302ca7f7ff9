"""Pages of chats, under /o/{slug}/. The events of a run are served by the asynchronous door."""

from __future__ import annotations

from django.urls import path

from chats.views import attachments, conversations, filing, handoffs, keeping, searching

urlpatterns = [
    path("", conversations.organization_home, name="organization-home"),
    path("companions/<slug:companion_slug>/start/", conversations.start, name="start-chat"),
    path("companions/<slug:companion_slug>/attached/", attachments.attached_first, name="attached-first"),
    path(
        "companions/<slug:companion_slug>/attachable/",
        attachments.attachable_first,
        name="attachable-first",
    ),
    path("search/", searching.find, name="search"),
    path("chats/", conversations.chats, name="chats"),
    path("chats/<uuid:chat_id>/", conversations.chat, name="chat"),
    path("chats/<uuid:chat_id>/earlier/", conversations.earlier, name="earlier-messages"),
    path("chats/<uuid:chat_id>/now/", conversations.now, name="chat-now"),
    path("chats/<uuid:chat_id>/model/", conversations.choose_model, name="choose-model"),
    path("chats/<uuid:chat_id>/export/", conversations.export, name="export-chat"),
    path("chats/<uuid:chat_id>/listed/", conversations.listed, name="listed-chats"),
    path("chats/<uuid:chat_id>/messages/", conversations.ask, name="ask"),
    path("chats/<uuid:chat_id>/attached/", attachments.attached, name="attached"),
    path("chats/<uuid:chat_id>/attachable/", attachments.attachable, name="attachable"),
    path("chats/<uuid:chat_id>/rename/", keeping.rename, name="rename-chat"),
    path("chats/<uuid:chat_id>/pin/", keeping.pin, name="pin-chat"),
    path("chats/<uuid:chat_id>/archive/", keeping.archive, name="archive-chat"),
    path("chats/<uuid:chat_id>/unarchive/", keeping.unarchive, name="unarchive-chat"),
    path("chats/<uuid:chat_id>/remove/", keeping.remove, name="remove-chat"),
    path("chats/<uuid:chat_id>/restore/", keeping.restore, name="restore-chat"),
    path("chats/<uuid:chat_id>/folder/", filing.file_chat, name="file-chat"),
    path("folders/<uuid:folder_id>/chats/", filing.folder_chats, name="folder-chats"),
    path("chats/<uuid:chat_id>/hand-over/", handoffs.hand_over_page, name="hand-over"),
    path("handoffs/<uuid:handoff_id>/accept/", handoffs.accept, name="accept-handoff"),
    path("handoffs/<uuid:handoff_id>/decline/", handoffs.decline, name="decline-handoff"),
    path("handoffs/<uuid:handoff_id>/withdraw/", handoffs.withdraw, name="withdraw-handoff"),
    path("messages/<uuid:message_id>/", conversations.message, name="message"),
    path("messages/<uuid:message_id>/regenerate/", conversations.regenerate, name="regenerate"),
    path("messages/<uuid:message_id>/open/", searching.open_message, name="open-message"),
    path("messages/<uuid:message_id>/go-on/", conversations.go_on, name="go-on"),
    path("messages/<uuid:message_id>/edit/", conversations.edit, name="edit-message"),
    path("messages/<uuid:message_id>/vote/", conversations.vote, name="vote"),
    path("messages/<uuid:message_id>/why/", conversations.why, name="why"),
    path("messages/<uuid:message_id>/branch/", conversations.branch, name="choose-branch"),
    path("runs/<uuid:run_id>/stop/", conversations.stop, name="stop-run"),
    path("runs/<uuid:run_id>/calls/", conversations.answer_call, name="answer-call"),
    path("runs/<uuid:run_id>/events", conversations.events, name="run-events"),
    path("messages/<uuid:message_id>/sources/", attachments.sources, name="sources"),
    path("drafts/<uuid:place_id>/documents/", attachments.keep_attached, name="keep-attached"),
    path("drafts/<uuid:place_id>/", conversations.save_draft, name="save-draft"),
]
