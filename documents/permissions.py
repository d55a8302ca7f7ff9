from django.utils.translation import gettext_lazy as _

from tenants.permissions import declare

READ = declare("documents.read", _("see own folders"), roles="admin manager member")
WRITE = declare("documents.write", _("keep folders"), roles="admin manager member")
SHARE = declare("documents.share", _("share own folders and documents"), roles="admin manager member")
HAND_OVER = declare("documents.hand_over", _("hand over what somebody left behind"), roles="admin")
