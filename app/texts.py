"""Every text shown to people, in Chinese and English, from one catalogue."""

import os
from collections.abc import Mapping
from types import MappingProxyType

LANGUAGE_VARIABLE = "FENBAN_LANG"

TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "state.new": ("待处理", "new"),
        "state.held": ("暂扣", "held"),
        "state.rejected": ("不予受理", "rejected"),
        "state.filtered": ("过滤", "filtered"),
        "state.in_review": ("待分办", "in review"),
        "state.sealed_review": ("密件待办", "sealed review"),
        "state.joined": ("并件", "joined"),
        "state.dispatched": ("已交办", "dispatched"),
        "state.out_of_remit": ("不属本市受理", "out of remit"),
        "state.open": ("办理中", "open"),
        "state.answered": ("已答复", "answered"),
        "state.closed": ("办结", "closed"),
        "state.sent": ("待签收", "sent"),
        "state.signed": ("已签收", "signed"),
        "state.completed": ("已办理", "completed"),
        "state.returned": ("已退回", "returned"),
        "state.withdrawn": ("已收回", "withdrawn"),
        "kind.consult": ("咨询", "question"),
        "kind.help": ("求助", "request for help"),
        "kind.complaint": ("投诉", "complaint"),
        "kind.accusation": ("举报", "accusation"),
        "kind.suggestion": ("建议", "suggestion"),
        "kind.thanks": ("感谢", "thanks"),
        "role.lead": ("主办", "lead"),
        "role.co": ("协办", "co-handling"),
        "ledger.title": ("台账核对", "Ledger"),
        "ledger.listed": ("渠道列出", "listed by the channels"),
        "ledger.captured": ("已采集", "captured"),
        "ledger.registered": ("已登记", "registered"),
        "ledger.outbox": ("待发记录", "outbox records"),
        "ledger.balanced": ("各行相符", "every line balances"),
        "ledger.differs": (
            "有差额：请运行 fenban explain 核查，并保留数据库备份",
            "a difference: keep a backup and look into it",
        ),
        "ledger.unchanged": ("未变", "unchanged"),
        "ledger.revised": ("改动", "revised"),
        "ledger.noted": ("上游动态", "noted"),
        "ledger.quarantined": ("隔离", "quarantined"),
        "ledger.pending": ("待发", "pending"),
        "ledger.delivered": ("已发", "delivered"),
        "ledger.parked": ("搁置", "parked"),
        "ledger.discarded": ("作废", "discarded"),
        "status.channels": ("渠道", "Channels"),
        "status.stages": ("各环节", "Stages"),
        "status.outbox": ("发件箱", "Outbox"),
        "status.units": ("各单位", "Units"),
        "status.never": ("从未", "never"),
        "review.arbitration": ("需裁定", "arbitration"),
        "list.empty": ("没有待办", "nothing waits here"),
        "done": ("完成", "done"),
        "check.good": ("设置无误", "the settings are good"),
        "run.started": ("开始运行；按 Ctrl-C 停止", "running; Ctrl-C stops"),
        "run.stopped": ("已停止，没有丢失", "stopped, nothing lost"),
        "run.idle": ("已无待处理", "nothing more to do"),
        "show.matter": ("事项", "Matter"),
        "show.subject": ("标题", "Subject"),
        "show.body": ("内容", "Text"),
        "show.place": ("地点", "Place"),
        "show.kind": ("类别", "Kind"),
        "show.state": ("状态", "State"),
        "show.registered": ("登记", "Registered"),
        "show.decision": ("决定", "Decision"),
        "show.rule": ("依据", "Rule"),
        "show.lead": ("主办单位", "Lead unit"),
        "show.co_units": ("协办单位", "Co-handling units"),
        "show.requirement": ("办理要求", "Requirement"),
        "show.due": ("办理期限", "Due"),
        "show.provisional": ("（暂定，待当年放假安排公布）", "(provisional until the year's holidays are published)"),
        "show.evidence": ("线索", "Evidence"),
        "show.suggestions": ("建议单位", "Suggested units"),
        "show.assignments": ("各单位办理", "Assignments"),
        "show.sender": ("来信人", "Sender"),
        "feedback.repeated": ("此前已办过，没有变化", "taken before, nothing changed"),
        "outcome.dispatch": ("交办", "dispatch"),
        "outcome.review": ("待分办", "review"),
        "outcome.sealed_review": ("密件待办", "sealed review"),
        "outcome.out_of_remit": ("不属本市受理", "out of remit"),
        "outcome.hold": ("暂扣", "hold"),
        "event.assigned": ("交办通知", "assigned"),
        "event.updated": ("变更通知", "updated"),
        "event.recall": ("收回通知", "recall"),
        "event.reminder": ("催办通知", "reminder"),
        "feedback.sign": ("签收", "sign"),
        "feedback.return": ("退回", "return"),
        "feedback.complete": ("办结", "complete"),
        "feedback.extend": ("申请延期（待批）", "asks for more days, to be granted"),
        "feedback.applied": ("已生效", "applied"),
        "feedback.stale": ("已无效", "stale"),
        "feedback.rejected": ("被拒绝", "rejected"),
        "show.version": ("第 {} 版", "version {}"),
        "show.by_model": ("模型", "model"),
        "show.by_person": ("人工", "a person"),
        "explain.registered": ("登记", "registered"),
        "explain.revised": ("来信人改动", "revised by the citizen"),
        "explain.noted": ("上游动态", "noted upstream"),
        "explain.decided": ("决定", "decided"),
        "explain.assigned": ("交办", "assigned"),
        "explain.signed": ("签收", "signed"),
        "explain.completed": ("办理完毕", "completed"),
        "explain.returned": ("退回", "returned"),
        "explain.withdrawn": ("收回", "withdrawn"),
        "explain.event": ("发布", "published"),
        "explain.feedback": ("单位反馈", "said by a unit"),
        "explain.audited": ("操作", "step by a person or unit"),
    }
)


def language() -> str:
    """``zh`` or ``en``: FENBAN_LANG, else LANG; Chinese unless English is asked for."""
    asked = os.environ.get(LANGUAGE_VARIABLE) or os.environ.get("LANG") or "zh"
    return "en" if asked.lower().startswith("en") else "zh"


def text(key: str) -> str:
    """The text of a key in the reader's language; the key's last part when the catalogue lacks it."""
    chinese, english = TEXTS.get(key, (key.rpartition(".")[2],) * 2)
    return english if language() == "en" else chinese
