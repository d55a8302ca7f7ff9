from django.utils.translation import gettext_lazy as _

from tenants.permissions import declare

READ = declare("chats.read", _("read own chats"), roles="admin manager member")
WRITE = declare("chats.write", _("write to companions"), roles="admin manager member")
