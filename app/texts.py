"""Every text shown to people, in Chinese and English, from one catalogue."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
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
        "status.automatic": ("自动分办", "without a person"),
        "status.automatic_stopped": ("已停，转人工", "stopped: a person decides"),
        "status.automatic_own": ("用模型自己的门槛", "at the model's own threshold"),
        "status.linker": ("相似来信", "Similar letters"),
        "status.units": ("各单位", "Units"),
        "status.never": ("从未", "never"),
        "review.arbitration": ("需裁定", "arbitration"),
        "topics.topic": ("主题", "topic"),
        "topics.user": ("用户", "user"),
        "topics.permission": ("权限", "permission"),
        "topics.same": ("与单位目录一致", "as the unit directory asks for"),
        "topics.only_allowed": ("多余；加 --allow-delete 才删除", "no longer wanted; deleted with --allow-delete only"),
        "topics.passwords": ("新用户的密码在此，每人一个文件", "holds the new users' passwords, a file each"),
        "doctor.store": ("可读写，登记了 {} 个渠道", "readable, knows {} channels"),
        "doctor.broker": ("以用户 {} 登录成功", "lets the user {} in"),
        "doctor.topics": ("{} 个主题都在，权限也够", "{} topics, all there and allowed"),
        "doctor.group": ("可以使用消费组 {}", "the group {} may be used"),
        "doctor.mailbox": ("登录成功，文件夹里有 {} 封", "logged in, the folder holds {} mails"),
        "doctor.site": ("能打开，列表首页看到 {} 件", "answers; {} letters seen on the first page"),
        "doctor.disabled": ("已停用", "switched off"),
        "consume.unreadable": ("{} 分区 {} 位置 {}：不是 JSON，跳过", "{} partition {} offset {}: no JSON, passed over"),
        "list.empty": ("没有待办", "nothing waits here"),
        "done": ("完成", "done"),
        "matter.merged": ("已并案：{} 并入 {}", "merged: {} into {}"),
        "matter.split": ("已拆分：{} 从 {} 拆出", "split: {} off {}"),
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
        "sender.name": ("姓名", "name"),
        "sender.phones": ("电话", "phones"),
        "sender.id_numbers": ("身份证号", "ID numbers"),
        "sender.emails": ("邮箱", "e-mails"),
        "sender.account": ("账号", "account"),
        "sender.address": ("住址", "address"),
        "sender.ip": ("IP", "IP"),
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
        "keys.reindexed": ("{} 件加了标记，{} 件去掉了旧标记", "{} letters got marks, {} lost old ones"),
        "keys.left": (
            "{} 件打不开来信人，标记未变 → 检查主密钥后再运行",
            "{} letters keep their marks, their senders do not open → check the master keys and run it again",
        ),
        "rule.pool": ("开放认领", "opened for claiming"),
        "rule.claim": ("认领", "claimed"),
        "event.offered": ("待认领通知", "offered for claiming"),
        "event.offer-closed": ("认领结束通知", "no longer offered"),
        "feedback.claim": ("认领", "claim"),
        "event.dead-letter": ("死信", "dead letter"),
        "fate.parked": ("搁置", "parked"),
        "fate.replayed": ("重发", "replayed"),
        "fate.discarded": ("作废", "discarded"),
        "remind.near": ("办理期限临近", "the deadline is near"),
        "remind.late": ("已超过办理期限", "the deadline has passed"),
        "remind.escalated": ("长时间超过办理期限", "the deadline passed days ago"),
        "remind.office": ("督办", "the office presses"),
        "feedback.sign": ("签收", "sign"),
        "feedback.return": ("退回", "return"),
        "feedback.complete": ("办结", "complete"),
        "feedback.extend": ("申请延期（待批）", "asks for more days, to be granted"),
        "feedback.applied": ("已生效", "applied"),
        "feedback.stale": ("已无效", "stale"),
        "feedback.rejected": ("被拒绝", "rejected"),
        "show.version": ("第 {} 版", "version {}"),
        "show.suggested": ("建议转", "suggests"),
        "show.by_directory": ("尚无模型，按单位目录比对", "no model yet: compared with the unit directory"),
        "line": ("第 {} 行", "line {}"),
        "train.no_threshold": ("没有门槛能达到，全部人工分办", "none reaches it: everything waits in review"),
        "train.kept": (
            "已登记，未启用（{} 在用） → fenban compare live {} 比较后 fenban promote {} 启用",
            "registered, not serving ({} serves) → fenban compare live {} tells which is better, fenban promote {} lets it serve",
        ),
        "train.no_test": (
            "没有留出测试集：来信不足 200 封（--hold-out 0.15 也可留出）",
            "nothing is set aside to test on: under 200 letters (--hold-out 0.15 does it all the same)",
        ),
        "train.test_made": (
            "从此留出 {} 封作测试集 {}，连同事项牵连的共 {} 封不参加训练",
            "{} letters are set aside from now on as frozen test {}; with those of their matters {} were not learned",
        ),
        "train.test": (
            "测试集 {1}（{0} 封）中的 {2} 封未参加训练",
            "of the frozen test {1} ({0} letters) {2} were given and not learned",
        ),
        "train.reached": (
            "测试集上：首选命中 {top1:.1%}，前三命中 {top3:.1%}，校准误差 {calibration_error:.3f}",
            "on the frozen test: first right {top1:.1%}, among three {top3:.1%}, calibration error {calibration_error:.3f}",
        ),
        "compare.on": (
            "在固定测试集 {1} 的 {0} 封上对比（另有 {2} 封可能被其中之一学过，不计）",
            "on {0} letters of the frozen test {1} ({2} more that one of them may have learned from are left out)",
        ),
        "compare.side": (
            "{0} {version}：首选 {top1:.1%}，前三 {top3:.1%}，自动 {coverage:.1%}，其准确率 {precision}",
            "{0} {version}: first right {top1:.1%}, among three {top3:.1%}, automatic {coverage:.1%}, of these right {precision}",
        ),
        "compare.top1": ("首选", "first"),
        "compare.top3": ("前三", "among three"),
        "compare.paired": (
            "{}：两者都对 {both}，只有 A 对 {only_a}，只有 B 对 {only_b}，都错 {neither}；B−A {difference:+.1%}（{interval[0]:+.1%} 至 "
            "{interval[1]:+.1%}），McNemar p {mcnemar_exact:.4f}，mid-p {mcnemar_mid_p:.4f}",
            "{}: both right {both}, only A {only_a}, only B {only_b}, neither {neither}; B−A {difference:+.1%} ({interval[0]:+.1%} to "
            "{interval[1]:+.1%}), McNemar p {mcnemar_exact:.4f}, mid-p {mcnemar_mid_p:.4f}",
        ),
        "compare.units": (
            "有差别的单位（封数，+ 只有 B 对，− 只有 A 对）：",
            "units where they part (letters, + only B right, − only A):",
        ),
        "shadow.begun": (
            "{} 开始试跑：运行中的进程会记下它的意见，来信的去向不变",
            "{} is shadow now: running processes write down what it thinks, and no letter goes another way for it",
        ),
        "shadow.stopped": ("{} 停止试跑", "{} is shadow no more"),
        "shadow.said": (
            "{shadow}：对 {opinions} 封表了态，其中 {known} 封已知该归谁（A 当时的建议，B 试跑的模型）",
            "{shadow}: said something of {opinions} letters; of {known} it is known whose they are (A what was suggested, B the shadow)",
        ),
        "shadow.top1": ("首选", "first"),
        "shadow.top1_of_persons": ("其中由人决定的", "of these decided by persons"),
        "shadow.automatic": (
            "它在 {:.0%} 准确率的门槛上：自动 {:.1%}，其准确率 {}",
            "at its threshold for {:.0%}: automatic {:.1%}, of these right {}",
        ),
        "model.live": ("在用", "live"),
        "model.shadow": ("试跑", "shadow"),
        "model.kept": ("留存", "kept"),
        "model.none": ("无", "none"),
        "model.register": ("登记", "registered"),
        "model.adopt": ("接收", "adopted"),
        "model.promote": ("启用", "promoted"),
        "model.rollback": ("回退", "rolled back to"),
        "model.stop": ("停止试跑", "shadow stopped:"),
        "model.learned": ("学自 {} 封信，{} 个单位", "learned from {} letters of {} units"),
        "model.serves": (
            "{} 已启用，运行中的进程几秒内换用（之前：{}）",
            "{} serves now, running processes take it up within seconds (before: {})",
        ),
        "model.serves_already": ("{} 本来就在用", "{} serves already"),
        "train.done": ("{}：{} 封信，{} 个单位，{:.0%} 准确率的门槛：{}", "{}: {} letters, {} units, threshold for {:.0%}: {}"),
        "labels.imported": ("读到 {} 件，新存 {} 件，已有 {} 件", "{} read, {} new, {} known already"),
        "labels.left_out": ("未收：没有单位的 {} 件，没有文字的 {} 件", "left out: {} without a unit, {} without a text"),
        "labels.unknown": (
            "未收：单位目录里没有的 {} 件，{} 个名称：{}",
            "left out: {} of {} units that the directory does not know: {}",
        ),
        "retrain.done": ("{}：学自 {} 件，{} 个单位", "{}: learned from {} letters, {} units"),
        "retrain.serves": ("已启用，此前是 {}", "it serves now; before it {}"),
        "retrain.kept": ("没有启用，原因如下", "it does not serve, for these reasons"),
        "stage.read": ("读取来信", "reading letters"),
        "stage.features": ("提取特征", "features"),
        "stage.folds": ("交叉验证", "cross-validation"),
        "stage.fit": ("训练模型", "training"),
        "stage.test": ("测试", "testing"),
        "stage.walk": ("沿时间检验", "walking through time"),
        "stage.done": ("完成", "done"),
        "rows.without_unit": ("{}：{} 行没有单位，已跳过", "{}: {} lines without a unit were passed over"),
        "rows.bad_times": ("{}：{} 个时间无法识别，按没有时间处理", "{}: {} times cannot be read and count as missing"),
        "rows.missing": ("{}：没有列 {}，按空处理", "{}: no column {}, read as empty"),
        "evaluate.counts": (
            "训练 {n_train} 封，测试 {n_test} 封，{units} 个单位，{seconds:.1f} 秒",
            "trained on {n_train}, tested on {n_test} letters, {units} units, {seconds:.1f} s",
        ),
        "evaluate.hits": (
            "首选命中 {top1:.1%}，前三命中 {top3:.1%}，宏平均 F1 {macro_f1:.3f}",
            "first choice right {top1:.1%}, among the first three {top3:.1%}, macro F1 {macro_f1:.3f}",
        ),
        "evaluate.calibration": ("置信度误差 {calibration_error:.3f}", "calibration error {calibration_error:.3f}"),
        "evaluate.automatic": (
            "目标准确率 {:.0%}：自动分办 {:.1%}，实际准确率 {}",
            "target precision {:.0%}: {:.1%} decided automatically, {} of them right",
        ),
        "evaluate.which": ("或者 --history，或者 --train 和 --test", "either --history, or --train and --test"),
        "evaluate.untimed": (
            "{}：{} 封没有可用的来信时间（at），排不进时间，未计入",
            "{}: {} letters without a usable time (at) have no place in time and were left out",
        ),
        "evaluate.unanswered": (
            "{}：{} 封没有可用的答复时间（answered），照样检验，但其单位始终算作未知，不用于学习",
            "{}: {} letters without a usable time of answer (answered) are measured on, but their units are never learned from",
        ),
        "evaluate.period": (
            "{from} 至 {to}：{n} 封，首选 {top1:.1%}，前三 {top3:.1%}，自动分办 {coverage:.1%}，其中正确 {reached}",
            "{from} to {to}: {n} letters, first {top1:.1%}, first three {top3:.1%}, automatic {coverage:.1%}, of these right {reached}",
        ),
        "evaluate.stopped": ("；停过自动分办的：{}", "; stopped meanwhile: {}"),
        "evaluate.none": ("无", "none"),
        "sealed": ("密件", "sealed"),
        "urgency.urgent": ("紧急", "urgent"),
        "work.goes_on": ("由 fenban run（或 fenban work）接着办理", "`fenban run` (or `fenban work`) carries it on"),
        "audit.intact": ("条审计记录，哈希链完整", "audit entries, the hash chain is intact"),
        "show.by_model": ("模型", "model"),
        "show.by_person": ("人工", "a person"),
        "explain.registered": ("登记", "registered"),
        "explain.revised": ("来信人改动", "revised by the citizen"),
        "explain.noted": ("上游动态", "noted upstream"),
        "explain.decided": ("决定", "decided"),
        "explain.drawn": ("抽中由人工复核：模型本可自动交办", "given to a person by lot: the model would have dispatched it"),
        "explain.assigned": ("交办", "assigned"),
        "explain.signed": ("签收", "signed"),
        "explain.completed": ("办理完毕", "completed"),
        "explain.returned": ("退回", "returned"),
        "explain.withdrawn": ("收回", "withdrawn"),
        "explain.event": ("发布", "published"),
        "explain.feedback": ("单位反馈", "said by a unit"),
        "notices.none": ("配置中没有通知的去处：见 [notices]", "the settings name no way to tell anybody: see [notices]"),
        "channel.paused": ("已暂停采集", "it is paused"),
        "channel.paused_already": ("本来就已暂停", "it was paused already"),
        "channel.resumed": ("已恢复采集", "it goes on"),
        "channel.resumed_already": ("本来就没有暂停", "it was not paused"),
        "channel.asked": ("已要求马上采集", "it is polled as soon as its collector looks"),
        "console.address": ("控制台：", "The console:"),
        "console.guests": (
            "一次性登录链接（演示账号，一小时内有效，用过即失效）：",
            "One-time log-in links (demo accounts; each works once, within an hour):",
        ),
        "console.first_link": (
            "管理员首次登录（一次有效，24 小时内）：",
            "An administrator's first log-in (once, within 24 hours):",
        ),
        "users.disabled": ("已停用", "shut off"),
        "explain.similar": ("另有 {} 人反映同样的事，最早 {}", "{} other persons wrote the same, the first on {}"),
        "explain.audited": ("操作", "step by a person or unit"),
    }
)


_reader: ContextVar[str] = ContextVar("reader", default="")


@contextmanager
def reading_in(chosen: str) -> Iterator[None]:
    """What is said inside is said in this language, ``zh`` or ``en``, whatever the process's own is."""
    token = _reader.set(chosen)
    try:
        yield
    finally:
        _reader.reset(token)


def language() -> str:
    """``zh`` or ``en``: the reader's of this request, else FENBAN_LANG, else LANG; Chinese unless English is asked for."""
    if chosen := _reader.get():
        return chosen
    asked = os.environ.get(LANGUAGE_VARIABLE) or os.environ.get("LANG") or "zh"
    return "en" if asked.lower().startswith("en") else "zh"


def text(key: str) -> str:
    """The text of a key in the reader's language; the key's last part when the catalogue lacks it."""
    chinese, english = TEXTS.get(key, (key.rpartition(".")[2],) * 2)
    return english if language() == "en" else chinese
