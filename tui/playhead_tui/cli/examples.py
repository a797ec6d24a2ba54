"""What `--help` shows of each command that asks the past."""

EXAMPLES = {
    "when": "playhead when 'budget.remaining < 0' --agent refund",
    "c": "playhead c 'budget.remaining < 0' --agent refund --at @13:00",
    "rc": "playhead rc \"event.kind = 'tool_error'\" --agent refund --at 1330",
    "watch": "playhead watch budget.remaining 'budget.remaining < 0' --agent refund --csv",
    "check": "playhead check rules.toml --junit report.xml",
    "fold": "playhead fold --without 1330,1340-1345 --agent refund",
    "bisect": "playhead bisect --run './check.sh' --agent refund --good 1 --bad head",
    "last": "playhead last 'plan.steps[4].amount' --agent planner --at 1330",
    "next": "playhead next 'plan.steps[4].amount' --agent planner --at 'before refunds'",
    "history": "playhead history budget.remaining --agent refund --csv",
    "blame": "playhead blame plan.steps --agent planner --at @13:24",
    "compare": "playhead compare runs/monday runs/tuesday --agent refund",
    "origin": "playhead origin 'plan.steps[4].amount' --agent planner --at 1330",
    "log": "playhead log -S 12990 --kind 'tool_*' -n 5",
    "sql": 'playhead sql "SELECT kind, count(*) AS n FROM events GROUP BY kind ORDER BY n DESC" --json',
}
