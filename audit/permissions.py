from django.utils.translation import gettext_lazy as _

from tenants.permissions import declare

READ = declare("audit.read", _("read the trail"), roles="admin auditor")
USAGE = declare("audit.usage", _("see usage and cost"), roles="admin auditor billing")
SEE_BUDGETS = declare("audit.see_budgets", _("see budgets"), roles="admin auditor billing")
BUDGETS = declare("audit.budgets", _("make and change budgets"), roles="admin billing")
