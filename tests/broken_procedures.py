"""Broken copies of the real procedure files, one edit each: what `huying procedures check` must say of them.

Each row: file, section, old text, new text; then the section and the start of the line that is named, and
the sentence (or how it begins).
"""

from __future__ import annotations

Row = tuple[str, str, str, str, str, str, str]
# fmt: off
BROKEN: dict[str, Row] = {
    "unknown key": (
        "request", "act.sign", "pauses =", "pause =", "act.sign", "pause =",
        "没有“pause”这个键；可用的有：after alarms ",
    ),
    "unknown key at the top": (
        "task", "", "name = \"task\"", "name = \"task\"\nstates = {}", "", "states",
        "没有“states”这个键；可用的有：act clock count field final label name part renamed stage。",
    ),
    "unknown key in the common file": (
        "common", "act.urge", "quiet = true", "silent = true", "act.urge", "silent",
        "没有“silent”这个键；可用的有：after alarms ",
    ),
    "not TOML": (
        "task", "act.open", 'to = "handed_down"', "to = handed_down", "act.open", "to =",
        "TOML 无法读取：第 6 列附近写法不对，请检查引号、括号、逗号和等号。",
    ),
    "a missing language": (
        "turnout", "act.arrive", ', en = "Arrive"', "", "act.arrive", "label", "“act.arrive.label”缺少 en 的文字。",
    ),
    "a list that is a word": (
        "turnout", "act.arrive", 'stops = ["arrive"]', 'stops = "arrive"', "act.arrive", "stops",
        "“stops”应当是一组词，如 [\"lead\", \"owner\"]。",
    ),
    "a flag that is a word": (
        "turnout", "act.arrive", "handles = true", 'handles = "yes"', "act.arrive", "handles",
        "“handles”应当是 true 或 false。",
    ),
    "a count below zero": (
        "turnout", "count.redo", "escalate = 3", "escalate = -3", "count.redo", "escalate",
        "“escalate”应当是不小于 0 的整数。",
    ),
    "a limit without a unit": (
        "request", "clock.share", '"3wd"', '"3"', "clock.share", "limit",
        "“3”",
    ),
    "an unknown type": (
        "task", "field.planned", '"number"', '"percent"', "field.planned", "type",
        "没有“percent”这种字段类型；可用的有：area case category children choice clock code date due file limit"
        " list moment number person point requester text unit yes。",
    ),
    "another name than the file's": (
        "task", "", 'name = "task"', 'name = "duty"', "", "name", "名称“duty”与文件名不一致。",
    ),
    "no final stages": (
        "administration", "", "[final]", "[ended]", "", "[ended]",
        "没有“ended”这个键；可用的有：act clock count field final label name part renamed stage。",
    ),
    "an unknown role": (
        "request", "act.dispatch", 'by = ["dispatcher"]', 'by = ["dispacher"]', "act.dispatch", "by",
        "“by”里的角色或关系“dispacher”没有声明；可用的有：auditor callback case clock dispatcher duty handler import"
        " intake lead leader opener owner parent parent_lead requester reviewer security supervisor system volunteer。",
    ),
    "an unknown unit behind @": (
        "request", "act.sign", 'by = ["reviewer@lead"]', 'by = ["reviewer@leed"]', "act.sign", "by",
        "“by”里的角色或关系“leed”没有声明；可用的有：lead opener parent_lead。",
    ),
    "an unknown role before @": (
        "callout", "act.sign", '"leader@lead"', '"chief@lead"', "act.sign", "by",
        "“by”里的角色或关系“chief”没有声明；可用的有：auditor callback dispatcher duty handler intake leader reviewer"
        " security supervisor system volunteer。",
    ),
    "a letter to the clock": (
        "request", "act.sign", 'tells = ["requester", "callback"]', 'tells = ["clock"]', "act.sign", "tells",
        "“tells”里的角色或关系“clock”没有声明；可用的有：above auditor callback dispatcher duty handler intake lead"
        " leader opener owner parent_lead requester reviewer security supervisor system volunteer。",
    ),
    "nobody may": (
        "request", "act.sign", 'by = ["reviewer@lead"]', "by = []", "act.sign", "by",
        "没有写明谁可以做“审核签发”。",
    ),
    "an unknown stage": (
        "turnout", "act.arrive", 'to = "on_site"', 'to = "onsite"', "act.arrive", "to",
        "“to”里的环节“onsite”没有声明；可用的有：called closed disputed excused on_site submitted。",
    ),
    "an unknown stage to come from": (
        "turnout", "act.arrive", 'from = ["called"]', 'from = ["call"]', "act.arrive", "from",
        "“from”里的环节“call”没有声明；可用的有：any called closed disputed excused on_site submitted。",
    ),
    "a stage both open and final": (
        "turnout", "final", "excused =", "on_site =", "final", "on_site", "“on_site”同时又列在未办结的环节里。",
    ),
    "no opening": (
        "turnout", "", "[act.open]", "[act.begin]", "", "name", "缺少动作 open：这类事项无从登记。",
    ),
    "an opening into a final stage": (
        "turnout", "act.open", 'to = "called"', 'to = "closed"', "act.open", "[act.open]",
        "动作 open 不写 from，并且必须进入一个未办结的环节。",
    ),
    "an unknown field": (
        "administration", "act.grant", '"role"', '"rolle"', "act.grant", "needs",
        "“needs”里的字段“rolle”没有声明；可用的有：about ",
    ),
    "a field asked twice": (
        "request", "act.explain", 'takes = ["category"', 'takes = ["reply", "category"', "act.explain", "takes",
        "“直接答复”重复要求填写“reply”。",
    ),
    "a `when` on what isn't kept": (
        "turnout", "act.submit", "handles = true", "handles = true\nwhen = { text = [\"yes\"] }",
        "act.submit", "when",
        "“when”里的留存事实“text”没有声明；可用的有：",
    ),
    "a `when` on a value that isn't one": (
        "callout", "act.sound_emergency", '["emergency"]', '["emergencies"]', "act.sound_emergency", "when",
        "“when”里的取值“emergencies”没有声明；可用的有：emergency enforcement service。",
    ),
    "an unknown outcome": (
        "turnout", "act.excuse", '"not_ours"', '"excused"', "act.excuse", "puts",
        "“puts”里的办理结果“excused”没有声明；可用的有：explained fixed merged not_ours not_true nothing_done"
        " partly_fixed promised referred_out unverified withdrawn。",
    ),
    "an unknown outcome to choose": (
        "request", "field.outcome", "of.fixed", "of.solved", "field.outcome", "[field.outcome]",
        "“of”里的办理结果“solved”没有声明；可用的有：explained fixed merged not_ours not_true nothing_done"
        " partly_fixed promised referred_out unverified withdrawn。",
    ),
    "putting the stage": (
        "turnout", "act.excuse", "outcome =", "stage =", "act.excuse", "puts",
        "“puts”里的状态项“stage”没有声明；可用的有：into lead outcome owner verified。",
    ),
    "words in the ledger": (
        "turnout", "act.excuse", 'outcome = "not_ours"', '"fact.why" = "不归我们管"', "act.excuse", "puts",
        "“不归我们管”不是约定的常量；台账里不写文字。",
    ),
    "text in the lists": (
        "callout", "field.tried", "", "listed = true", "field.tried", "listed",
        "“tried”是文字；台账及其列表里不放文字。",
    ),
    "an unknown clock": (
        "turnout", "act.arrive", 'stops = ["arrive"]', 'stops = ["arrival"]', "act.arrive", "stops",
        "“stops”里的时限“arrival”没有声明；可用的有：answer arrive calendar extension ruling verify。",
    ),
    "an unknown clock to reckon": (
        "turnout", "act.arrive", "handles = true", "reckons = [\"promise\"]", "act.arrive", "reckons",
        "“reckons”里的时限“promise”没有声明；可用的有：answer arrive calendar extension ruling verify。",
    ),
    "an unknown count": (
        "turnout", "act.send_back", '"redo"', '"again"', "act.send_back", "counts",
        "“counts”里的计数“again”没有声明；可用的有：call_rating extension objection redo urge。",
    ),
    "a count per something else": (
        "turnout", "count.objection", 'per = "lead"', 'per = "person"', "count.objection", "per",
        "“per”里的取值“person”没有声明；可用的有：lead。",
    ),
    "another distance": (
        "request", "act.sign", 'apart = "person"', 'apart = "desk"', "act.sign", "apart",
        "“apart”里的取值“desk”没有声明；可用的有：organ person。",
    ),
    "an unknown rule": (
        "request", "act.dispatch", '"copied"', '"copy"', "act.dispatch", "rules",
        "“rules”里的规则“copy”没有声明；可用的有：act_first ",
    ),
    "assent that isn't asked": (
        "request", "act.answer_now", ', "assent"]', "]", "act.answer_now", "rules",
        "“当场答复”写了“rules”，就必须把字段“assent”列入 needs。",
    ),
    "an extension without a date": (
        "common", "act.extend", 'needs = ["until"]', "needs = []", "act.extend", "moves",
        "“同意延期”写了“moves”，就必须把字段“until”列入 needs。",
    ),
    "children that aren't listed": (
        "callout", "act.split", 'needs = ["children"]\n', "", "act.split", "opens",
        "“现场分工”写了“opens”，就必须把字段“children”列入 needs。",
    ),
    "an unknown child": (
        "callout", "act.split", '"duty:task"', '"duty:tusk"', "act.split", "opens",
        "“opens”里的规程“tusk”没有声明；可用的有：administration ",
    ),
    "an alarm that nobody can hear": (
        "request", "act.add", 'alarms = "alarm"', 'alarms = "task"', "act.add", "alarms",
        "“任务”不能用作警示：它的 open 不能有 needs 和 rules，并且要有动作 hear。",
    ),
    "a part that nobody opens": (
        "request", "part", "", 'help = { zh-Hans = "帮办", en = "Help" }', "part", "help =",
        "没有任何动作开出子项“帮办”。",
    ),
    "a part without words": (
        "callout", "part", "duty =", "duties =", "act.split", "opens",
        "“opens”里的子项“duty”没有声明；可用的有：duties turnout。",
    ),
    "a child without a part": (
        "callout", "act.split", '"duty:task"', '"task"', "act.split", "opens", "“task”应当写成“子项:规程”。",
    ),
    "a child that has no parent": (
        "callout", "act.split", '"duty:task"', '"duty:administration"', "act.split", "opens",
        "“系统管理”不能由其他事项开出：它的 open 没有写 parent。",
    ),
    "a part to wait for that isn't one": (
        "request", "act.submit", 'waits = ["support"]', 'waits = ["supports"]', "act.submit", "waits",
        "“waits”里的子项“supports”没有声明；可用的有：support。",
    ),
    "a follow-up that lacks a fact": (
        "request", "act.promise", 'needs = ["reply", "due"]', 'needs = ["reply"]', "act.confirm_promise", "follow_up",
        "“核实承诺并跟踪”写了“follow_up”，就必须把字段“due”列入 needs。",
    ),
    "a grant without a resuming": (
        "turnout", "act.reopen", 'resumes = ["answer"]\n', "", "act.reopen", "grants",
        "“重新叫到”写了“grants”却没有写“resumes”。",
    ),
    "a later date without reckoning": (
        "common", "act.reckon", 'reckons = ["answer"]\n', "", "act.reckon", "later",
        "“按新分类重核时限”写了“later”却没有写“reckons”。",
    ),
    "a clock on nobody": (
        "turnout", "clock.verify", 'on = "parent_lead"', 'on = "street"', "clock.verify", "on",
        "“on”里的角色或关系“street”没有声明；可用的有：auditor callback dispatcher duty handler intake lead leader"
        " opener owner parent_lead requester reviewer security supervisor system volunteer。",
    ),
    "a clock that does an unknown act": (
        "task", "clock.accept", 'then = "accept"', 'then = "agree"', "clock.accept", "then",
        "“then”里的动作“agree”没有声明；可用的有：",
    ),
    "a clock that does what it may not": (
        "task", "act.accept", ', "clock"]', "]", "clock.accept", "then",
        "时限“签收”到期后要做“签收”，但该动作没有允许由时钟来做。",
    ),
    "a clock that would have to know": (
        "request", "act.lapse", 'from = ["verifying"]', 'from = ["verifying"]\nneeds = ["reason"]',
        "clock.verify", "then", "时限“回访核实”到期后要做“回访期满，未核实办结”，但该动作必须填写时钟无从知道的内容。",
    ),
    "a limit that nobody must give": (
        "request", "act.shelve", '["until", "sponsor", "reason"]', '["reason"]', "clock.review", "limit",
        "时限“挂账复核”的长短取自“until”，但“同意挂账”可以不填它。",
    ),
    "a limit from what isn't a time": (
        "request", "clock.review", '"@until"', '"@reason"', "clock.review", "limit",
        "“limit”里的字段“reason”没有声明；可用的有：due noticed until。",
    ),
    "a cycle that nobody can set": (
        "task", "act.open", '"every", ', "", "clock.report", "limit",
        "时限“阶段反馈”的长短取自“every”，但“交办”可以不填它。",
    ),
    "a lead that isn't a unit": (
        "common", "field.lead", '"unit"', '"person"', "field.lead", "type", "字段“lead”的类型应当是 unit。",
    ),
    "a choice of nothing": (
        "task", "field.planned", '"number"', '"choice"', "field.planned", "[field.planned]",
        "字段“planned”：选项类字段必须列出取值，其他字段不得列。",
    ),
    "once without keep": (
        "callout", "field.place", "", "once = true", "field.place", "once",
        "“place”没有留存（keep），不能限定只写一次（once）。",
    ),
    "a choice in words": (
        "callout", "field.kind", "of.service", 'of."服务"', "field.kind", "[field.kind]",
        "“服务”不能作代码：只能用小写字母、数字和下划线，以字母开头。",
    ),
    "a stage in words": (
        "turnout", "final", "excused =", "Excused-Now =", "final", "Excused-Now",
        "“Excused-Now”不能作代码：只能用小写字母、数字和下划线，以字母开头。",
    ),
    "a new name for an unknown stage": (
        "task", "", 'name = "task"', 'name = "task"\nrenamed = { accepted = "in_hand" }', "", "renamed",
        "“accepted”里的环节“in_hand”没有声明；可用的有：cancelled closed disputed handed_down in_progress submitted。",
    ),
    "a new name for an unknown clock": (
        "task", "", 'name = "task"', 'name = "task"\nrenamed = { "clock.contact" = "share" }', "", "renamed",
        "“clock.contact”里的时限“share”没有声明；可用的有：accept answer calendar extension report ruling verify。",
    ),
    "a clock that nothing starts": (
        "request", "act.dispatch", ', "contact"]', "]", "clock.contact", "[clock.contact]",
        "没有任何动作启动时限“首次联系”。",
    ),
    "a clock that nothing stops": (
        "turnout", "", "[act.open]\n",
        '[clock.extra]\nlabel = { zh-Hans = "加时", en = "Extra" }\nlimit = "1wd"\non = "lead"\n\n[act.linger]\n'
        'label = { zh-Hans = "再等等", en = "Linger" }\nby = ["lead"]\nstarts = ["extra"]\n\n[act.open]\n',
        "clock.extra", "[clock.extra]",
        "办结之前没有任何动作停止时限“加时”。",
    ),
    "a promise that is stopped": (
        "request", "act.sign", '"extension"]', '"extension", "answer"]', "act.sign", "stops",
        "“审核签发”停止了答复时限；只有办结才能停止它。",
    ),
    "a clock in a closed case": (
        "request", "act.correct", 'needs = ["reply", "reason"]', 'needs = ["reply", "reason"]\nstarts = ["verify"]',
        "act.correct", "starts", "“更正答复”在已办结的事项里启动时限。",
    ),
    "a clock started by a closing": (
        "turnout", "act.confirm", 'answers = ["verify"]', 'answers = ["verify"]\nstarts = ["ruling"]',
        "act.confirm", "starts", "“街道确认”在已办结的事项里启动时限。",
    ),
    "a doer who is the judge": (
        "request", "act.confirm", 'by = ["requester", "callback"]', 'by = ["reviewer@lead"]', "act.confirm", "by",
        "“核实办结”由办理者自己办结（主办单位审核人）：办理的人不能自己判定。",
    ),
    "a lead who confirms itself": (
        "task", "act.confirm", 'by = ["parent_lead", "opener", "supervisor"]', 'by = ["lead", "supervisor"]',
        "act.confirm", "by", "“核验销号”由办理者自己办结（主办单位）：办理的人不能自己判定。",
    ),
    "an exception without assent": (
        "request", "act.answer_now", 'rules = ["assent", "alone", "desk"]\n', "", "act.answer_now", "by",
        "“当场答复”由办理者自己办结（受理员）：办理的人不能自己判定。",
    ),
    "a stage that is never reached": (
        "callout", "stage", "on_site =", 'called_up = { zh-Hans = "备勤", en = "On call" }\non_site =',
        "stage", "called_up", "没有任何动作能进入环节“备勤”。",
    ),
    "a final stage that is never reached": (
        "callout", "act.call_off", 'to = "called_off"', 'to = "closed"', "final", "called_off",
        "没有任何动作能进入环节“已取消”。",
    ),
    "an act that can't be done": (
        "turnout", "act.dispute", 'starts = ["ruling"]', "", "act.uphold", "[act.uphold]",
        "“裁定：应当报到”永远做不到。",
    ),
    "shelving without a review": (
        "request", "act.shelve", 'starts = ["review"]\n', "", "stage", "shelved",
        "在环节“挂账”可能没有任何时限在走，谁也不必办理；"
        "走到这一步的顺序：登记 → 分类 → 派单 → 签收 → 首次联系 → 申请挂账 → 同意挂账。",
    ),
    "nobody's clock": (
        "task", "act.submit", 'starts = ["verify"]\n', 'pauses = ["answer"]\n', "stage", "submitted",
        "在环节“待核验”可能没有任何时限在走，谁也不必办理；走到这一步的顺序：交办 → 签收 → 申报完成。",
    ),
    "waiting for one while another's clock runs": (
        "request", "clock.review", 'on = "supervisor"\nthen = "resume"\n', 'on = "leader"\n', "stage", "shelved",
        "在环节“挂账”可能只有“挂账复核”在走，而承担该时限的人没有可做的动作；"
        "走到这一步的顺序：登记 → 分类 → 派单 → 签收 → 首次联系 → 申请挂账 → 同意挂账。",
    ),
    "a stage without a way out": (
        "administration", "act.retire", 'by = ["security"]', 'by = ["clock"]', "stage", "standing",
        "从环节“常设”出发，单靠人办不结这件事；走到这一步的顺序：设立。",
    ),
    "a parent that doesn't wait": (
        "request", "act.submit", 'waits = ["support"]\n', "", "act.lapse", "[act.lapse]",
        "“回访期满，未核实办结”可能在子项（协办）未办结时就办结：此前没有动作等待它们。",
    ),
    "a closing without an outcome": (
        "turnout", "act.no_show", 'outcome = "nothing_done", ', "", "act.no_show", "[act.no_show]",
        "“未报到”办结时没有办理结果；此前的顺序：叫到。",
    ),
    "a reopening that forgets the promise": (
        "request", "act.reopen", 'resumes = ["answer"]\ngrants = "1wd"\n', "", "act.reopen", "[act.reopen]",
        "“重新办理”离开“已办结”时没有恢复答复时限。",
    ),
    "no table of closed stages": (
        "task", "", "[final]\n", "", "", "# 任务", "缺少 [final] 这个表。",
    ),
    "new names that are no table": (
        "task", "", 'name = "task"', 'name = "task"\nrenamed = 3', "", "renamed", "“renamed”应当是一个表。",
    ),
    "a type that is a number": (
        "task", "field.planned", '"number"', "5", "field.planned", "type", "“type”应当是文字。",
    ),
    "a label in one language only": (
        "turnout", "act.arrive", '{ zh-Hans = "报到", en = "Arrive" }', '"报到"', "act.arrive", "label",
        "“act.arrive.label”应当按语言写出文字（zh-Hans 和 en）。",
    ),
    "a beginning that comes from somewhere": (
        "request", "act.import", "begins = true", 'begins = true\nfrom = ["registered"]', "act.import", "[act.import]",
        "“导入”用来开出事项：它没有来处，并且要到达一个环节。",
    ),
    "evidence that nobody may leave out": (
        "request", "act.submit", 'takes = ["evidence", "no_evidence"]', 'takes = ["evidence"]', "act.submit", "rules",
        "“报办理结果”写了规则“evidence”，就必须询问字段“no_evidence”。",
    ),
    "a rule about a clock that isn't there": (
        "administration", "act.revoke", "", 'rules = ["before_due"]', "act.revoke", "rules",
        "“rules”里的时限“answer”没有声明；可用的有：calendar review。",
    ),
    "an unknown field to know": (
        "callout", "act.submit", 'knows = ["tried"]', 'knows = ["tired"]', "act.submit", "knows",
        "“knows”里的字段“tired”没有声明；可用的有：",
    ),
    "an unknown clock that must have passed": (
        "turnout", "act.no_show", '["arrive"]', '["arrived"]', "act.no_show", "after",
        "“after”里的时限“arrived”没有声明；可用的有：answer arrive calendar extension ruling verify。",
    ),
    "a reach without a move": (
        "request", "act.extend", 'moves = ["answer"]\n', "", "act.extend", "most",
        "“同意延期”写了“most”却没有写“moves”。",
    ),
    "a fact that isn't kept": (
        "turnout", "act.excuse", 'outcome = "not_ours"', '"fact.text" = "yes"', "act.excuse", "puts",
        "“puts”里的留存事实“text”没有声明；可用的有：",
    ),
    "a lead put somewhere else": (
        "request", "act.unmerge", '"@opener"', '"@unit"', "act.unmerge", "puts",
        "“puts”里的取值“@unit”没有声明；可用的有：@opener。",
    ),
}
