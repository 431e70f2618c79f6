"""What people type in place of ``job``, ``jobs``, ``watch`` and ``unwatch``."""

from __future__ import annotations

from typing import Final

JOB_PHRASES: Final = dict.fromkeys(
    (
        "status of job", "status of the job", "status of …", "status for …", "status job",
        "job status", "status …", "jobs …", "show job", "show me job", "find job", "get job",
        "check job", "details of job", "progress of job", "progress of", "progress", "how is job",
        "how's job", "failed rows of", "failed rows of job", "errors of job", "errors in job",
        "result of job", "results of job", "what happened to job", "is job", "job id", "job #",
        "how far is job", "how far is", "check …", "show …", "open …", "find …", "get …",
        "what is …",
        "stop job", "cancel job", "abort job", "kill job", "delete job", "retry job",
    ),
    "",
)  # fmt: skip
JOBS_PHRASES: Final = dict.fromkeys(
    (
        "my jobs", "list jobs", "running jobs", "all jobs", "background jobs", "show jobs",
        "active jobs", "recent jobs", "my uploads", "list uploads", "running uploads", "uploads",
        "watched jobs", "what is running", "what's running", "my watches", "list watches",
        "watches", "what am i watching", "import history", "upload history", "upload status",
        "import status", "status of my upload", "status of upload", "status of the upload",
        "status of my import", "my imports", "imports", "did my upload", "did my import",
        "did the upload", "did the import", "is my upload done", "is the upload done",
        "is my import done", "is the import done", "is my upload finished",
        "is the upload finished",
    ),
    "",
)  # fmt: skip
WATCH_PHRASES: Final = dict.fromkeys(
    (
        "watching", "track job", "track …",
        "monitor job", "monitor …", "subscribe to job", "subscribe …", "subscribe to …",
        "notify me about job", "notify me when job", "notify me about …", "tell me when …",
        "ping me when …", "keep an eye on …", "keep me posted on …", "let me know when …",
    ),
    "",
)  # fmt: skip
UNWATCH_PHRASES: Final = dict.fromkeys(
    (
        "stop watching", "stop watching job", "stop following", "stop following job", "stop …",
        "stop tracking", "untrack", "unsubscribe …",
        "unsubscribe from …", "unsubscribe from job", "don't watch", "do not watch", "mute …",
        "mute job", "no longer watch",
    ),
    "",
)  # fmt: skip
