"""Pages of chats, under /o/{slug}/. The events of a run are served by the asynchronous door."""

from __future__ import annotations

from django.urls import path

from chats import views, views_handoffs

urlpatterns = [
    path("", views.organization_home, name="organization-home"),
    path("companions/<slug:companion_slug>/start/", views.start, name="start-chat"),
    path("search/", views.search, name="search"),
    path("chats/", views.chats, name="chats"),
    path("chats/<uuid:chat_id>/", views.chat, name="chat"),
    path("chats/<uuid:chat_id>/listed/", views.listed, name="listed-chats"),
    path("chats/<uuid:chat_id>/messages/", views.ask, name="ask"),
    path("chats/<uuid:chat_id>/rename/", views.rename, name="rename-chat"),
    path("chats/<uuid:chat_id>/pin/", views.pin, name="pin-chat"),
    path("chats/<uuid:chat_id>/archive/", views.archive, name="archive-chat"),
    path("chats/<uuid:chat_id>/unarchive/", views.unarchive, name="unarchive-chat"),
    path("chats/<uuid:chat_id>/remove/", views.remove, name="remove-chat"),
    path("chats/<uuid:chat_id>/restore/", views.restore, name="restore-chat"),
    path("chats/<uuid:chat_id>/hand-over/", views_handoffs.hand_over_page, name="hand-over"),
    path("handoffs/<uuid:handoff_id>/accept/", views_handoffs.accept, name="accept-handoff"),
    path("handoffs/<uuid:handoff_id>/decline/", views_handoffs.decline, name="decline-handoff"),
    path("handoffs/<uuid:handoff_id>/withdraw/", views_handoffs.withdraw, name="withdraw-handoff"),
    path("messages/<uuid:message_id>/", views.message, name="message"),
    path("messages/<uuid:message_id>/regenerate/", views.regenerate, name="regenerate"),
    path("messages/<uuid:message_id>/edit/", views.edit, name="edit-message"),
    path("messages/<uuid:message_id>/vote/", views.vote, name="vote"),
    path("messages/<uuid:message_id>/why/", views.why, name="why"),
    path("messages/<uuid:message_id>/branch/", views.branch, name="choose-branch"),
    path("runs/<uuid:run_id>/stop/", views.stop, name="stop-run"),
    path("runs/<uuid:run_id>/calls/", views.answer_call, name="answer-call"),
    path("runs/<uuid:run_id>/events", views.events, name="run-events"),
    path("drafts/<uuid:place_id>/", views.save_draft, name="save-draft"),
]
