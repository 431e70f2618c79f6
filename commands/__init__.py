"""The product: one file, one sub-command. Their order here is their order in the help."""

from commands.send import SEND
from commands.status import STATUS
from commands.templates import TEMPLATES
from commands.user import USER
from commands.users import USERS

COMMANDS = (USER, USERS, SEND, TEMPLATES, STATUS)
