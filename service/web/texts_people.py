"""Texts of the people pages: key → (Chinese, English)."""

from __future__ import annotations

PEOPLE: dict[str, tuple[str, str]] = {
    "inbox": ("消息", "Messages"),
    "inbox_unread": ("条未读", "unread"),
    "inbox_read_all": ("全部标为已读", "Mark all as read"),
    "inbox_mark": ("标为已读", "Mark as read"),
    "inbox_new": ("未读", "unread"),
    "inbox_urgent": ("紧急", "urgent"),
    "inbox_none": (
        "没有消息。需要您处理的提案、提示和催办会出现在这里。",
        "No messages. Proposals, prompts and reminders that wait for you will appear here.",
    ),
    "inboxkind_proposal": ("提案", "proposal"),
    "inboxkind_reminder": ("提醒", "reminder"),
    "inboxkind_escalation": ("升级", "escalation"),
    "inboxkind_prompt": ("区域提示", "regional prompt"),
    "inboxkind_laggard": ("滞后", "lagging behind"),
    "inboxkind_neighbour": ("相邻地区通报", "message of a neighbour"),
    "inboxkind_upper": ("上报", "message to the upper level"),
    "inboxkind_obligation": ("义务时限", "obligation"),
    "inboxkind_task": ("任务", "task"),
    "inboxkind_delivery": ("送达", "delivery"),
    "inboxkind_drill": ("演练", "drill"),
    "inboxkind_notice": ("通知", "notice"),
}
