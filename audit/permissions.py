from django.utils.translation import gettext_lazy as _

from tenants.permissions import declare

READ = declare("audit.read", _("read the trail"), roles="admin auditor")
USAGE = declare("audit.usage", _("see usage and cost"), roles="admin auditor billing")
