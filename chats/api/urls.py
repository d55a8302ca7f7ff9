"""Routes of chats. `runs/<id>/events` is answered by the asynchronous door (`chats.doors.events`)."""

from __future__ import annotations

from chats.api import handoffs, views
from chats.api.why import WhyView
from humana.api.routes import route

urlpatterns = [
    route("chats/", views.ChatListView, "api-chats"),
    route("chats/<uuid:chat_id>/", views.ChatView, "api-chat"),
    route("chats/<uuid:chat_id>/restore/", views.RestoreView, "api-restore-chat"),
    route("chats/<uuid:chat_id>/export/", views.ExportView, "api-export-chat"),
    route("chats/<uuid:chat_id>/messages/", views.MessageListView, "api-messages"),
    route("messages/<uuid:message_id>/", views.MessageView, "api-message"),
    route("messages/<uuid:message_id>/why/", WhyView, "api-why"),
    route("messages/<uuid:message_id>/regenerate/", views.RegenerateView, "api-regenerate"),
    route("messages/<uuid:message_id>/continue/", views.GoOnView, "api-continue-answer"),
    route("messages/<uuid:message_id>/edit/", views.EditView, "api-edit-message"),
    route("messages/<uuid:message_id>/vote/", views.VoteView, "api-vote"),
    route("handoffs/", handoffs.HandoffListView, "api-handoffs"),
    route("handoffs/<uuid:handoff_id>/", handoffs.HandoffView, "api-handoff"),
    route("handoffs/<uuid:handoff_id>/accept/", handoffs.AcceptView, "api-accept-handoff"),
    route("handoffs/<uuid:handoff_id>/decline/", handoffs.DeclineView, "api-decline-handoff"),
    route("handoffs/<uuid:handoff_id>/withdraw/", handoffs.WithdrawView, "api-withdraw-handoff"),
    route("runs/<uuid:run_id>/", views.RunView, "api-run"),
    route("runs/<uuid:run_id>/calls/", views.CallsView, "api-answer-call"),
    route("runs/<uuid:run_id>/stop/", views.StopView, "api-stop-run"),
]
