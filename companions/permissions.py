from django.utils.translation import gettext_lazy as _

from tenants.permissions import declare

READ = declare("companions.read", _("see companions"), roles="admin manager member")
EDIT = declare("companions.edit", _("edit companions"), roles="admin manager")
POLICIES = declare("companions.policies", _("edit values, policies and brand"), roles="admin")
SEND = declare("companions.send", _("send messages between companions"), roles="admin manager member")
NETWORK = declare("companions.network", _("see all messages between companions"), roles="admin")
FIGURES = declare("companions.figures", _("see the figures of all companions"), roles="admin auditor")
ACCESS = declare("companions.access", _("decide which companions reach each other"), roles="admin")
TOOLS = declare("companions.tools", _("decide which tools companions have"), roles="admin")
OWN_TOOLS = declare("companions.own_tools", _("connect tools for oneself"), roles="admin manager member")
USE_TOOLS = declare("companions.use_tools", _("let companions use tools"), roles="admin manager member")
KNOWLEDGE = declare(
    "companions.knowledge", _("edit common knowledge, and see all that is shared"), roles="admin"
)
SHARE = declare("companions.share", _("share knowledge"), roles="admin manager member")
CAPABILITIES = declare("companions.capabilities", _("edit capabilities"), roles="admin")
