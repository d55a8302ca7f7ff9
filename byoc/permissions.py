from django.utils.translation import gettext_lazy as _

from tenants.permissions import declare

READ = declare("endpoints.read", _("see endpoints and their health"), roles="admin manager auditor")
EDIT = declare("endpoints.edit", _("connect and change endpoints"), roles="admin")
