"""The product: one file per sub-command, in the order of help and of the buttons."""

from commands.bulk import BULK
from commands.chat import CHAT
from commands.config import CONFIG
from commands.job import JOB
from commands.jobs import JOBS
from commands.lead import LEAD_COMMAND
from commands.media import MEDIA
from commands.notify import NOTIFY
from commands.optouts import OPTOUTS
from commands.photo import PHOTO
from commands.process import PROCESS
from commands.send import SEND
from commands.sends import SENDS
from commands.status import STATUS
from commands.task import TASK
from commands.templates import TEMPLATES
from commands.unwatch import UNWATCH
from commands.user import USER
from commands.users import USERS
from commands.watch import WATCH

COMMANDS = (
    SEND,
    USER,
    BULK,
    SENDS,
    CHAT,
    PROCESS,
    LEAD_COMMAND,
    TASK,
    PHOTO,
    MEDIA,
    USERS,
    TEMPLATES,
    NOTIFY,
    OPTOUTS,
    JOB,
    JOBS,
    WATCH,
    UNWATCH,
    CONFIG,
    STATUS,
)
