"""LangSmith runs: JSON, JSON lines, bulk exports in Parquet, nested dumps, and the bodies its SDK posts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.formats.chat import ChatMessage, Fields, chat_messages, holds_messages, json_inside
from playhead.formats.documents import first_values, place, values
from playhead.formats.report import ImportReport
from playhead.formats.run_log import text_in
from playhead.formats.source import Placed, Source
from playhead.formats.span_attributes import is_tool_answer, tool_call
from playhead.formats.span_events import SpanFormat
from playhead.formats.span_index import Unknown
from playhead.formats.spans import Span, SpanKind, instant, span_kind
from playhead.formats.usage import Usage, as_cost, read_usage
from playhead.model import JSON

_SESSIONS = ("thread_id", "session_id", "conversation_id")
_TOLD = frozenset(
    {
        *("id", "name", "run_type", "inputs", "outputs", "start_time", "end_time", "error", "trace_id", "child_runs"),
        *("parent_run_id", "parent_run_ids", "child_run_ids", "dotted_order", "serialized", "events", "status"),
        *("total_tokens", "prompt_tokens", "completion_tokens", "total_cost", "prompt_cost", "completion_cost"),
        *("inputs_preview", "outputs_preview", "first_token_time", "manifest_id", "reference_example_id"),
    }
)
_NOTHING: tuple[JSON, ...] = (None, "", [], {}, False)
DEEPEST_RUNS = 200
"""Levels of runs inside runs; what lies deeper is kept as a record."""


class LangSmith(SpanFormat):
    """Each run is a span; a thread, where its metadata names one, is the session that its traces belong to."""

    name: ClassVar[str] = "langsmith"
    title: ClassVar[str] = "LangSmith runs"
    looked_for: ClassVar[str] = "LangSmith runs with run_type and trace_id, dotted_order or child_runs"
    scheme: ClassVar[str] = "langsmith"

    def recognise(self, source: Source) -> bool:
        return any(_is_run(item) for value in first_values(source) for _, item in _listed(value))

    def spans(self, source: Source, report: ImportReport) -> Iterator[Span | Unknown]:
        types: dict[str, JSON] = {}
        for placed in values(source, report):
            for pointer, run in _listed(placed.value):
                if isinstance(run, dict) and pointer and isinstance(placed.value, dict) and "trace_id" in placed.value:
                    run.setdefault("trace_id", placed.value["trace_id"])
                if isinstance(run, dict) and pointer.startswith("/post"):
                    types[str(run.get("id"))] = run.get("run_type")
                elif isinstance(run, dict) and "run_type" not in run and str(run.get("id")) in types:
                    # A patch leaves out what its post said.
                    run["run_type"] = types[str(run.get("id"))]
                yield from _runs(run, placed, pointer, None, DEEPEST_RUNS)


def _listed(value: JSON) -> list[tuple[str, JSON]]:
    """The runs of a list, of a body that posts and patches them, of a page of them, or one by itself."""
    if isinstance(value, list):
        return [(f"/{number}", item) for number, item in enumerate(value)]
    if isinstance(value, dict) and "run_type" not in value:
        lists = [name for name in ("post", "patch", "runs", "data") if isinstance(value.get(name), list)]
        if lists:
            found: list[tuple[str, JSON]] = []
            for name, held in value.items():
                if name in lists and isinstance(held, list):
                    found += [(f"/{name}/{number}", item) for number, item in enumerate(held)]
                elif name not in ("trace_id", "cursors") and held not in _NOTHING:
                    found.append((f"/{name}", held))
            return found
    return [("", value)]


def _is_run(value: JSON) -> bool:
    if not isinstance(value, dict) or "id" not in value:
        return False
    told = any(name in value for name in ("dotted_order", "trace_id", "child_runs", "parent_run_id"))
    if isinstance(value.get("run_type"), str):
        return told and any(name in value for name in ("inputs", "start_time", "end_time"))
    # A patch says only what is new, but always where in the tree.
    return isinstance(value.get("dotted_order"), str) and "trace_id" in value


def _runs(run: JSON, placed: Placed, pointer: str, above: Span | None, depth: int) -> Iterator[Span | Unknown]:
    """A run and the runs inside it."""
    if not isinstance(run, dict) or not (_is_run(run) or (above is not None and "id" in run)) or not depth:
        yield Unknown("record", run, place(placed, pointer))
        return
    span = _run(run, placed, pointer, above)
    yield span
    inner = run.get("child_runs")
    for number, child in enumerate(inner if isinstance(inner, list) else ()):
        yield from _runs(child, placed, f"{pointer}/child_runs/{number}", span, depth - 1)


def _run(run: Fields, placed: Placed, pointer: str, above: Span | None) -> Span:
    inputs, outputs = json_inside(run.get("inputs")), json_inside(run.get("outputs"))
    kind: SpanKind = span_kind(run.get("run_type")) or "span"
    trace_id, parent_id = _tree(run, above)
    extra = json_inside(run.get("extra"))
    known: Fields = extra if isinstance(extra, dict) else {}
    metadata = json_inside(known.get("metadata"))
    about: Fields = metadata if isinstance(metadata, dict) else {}
    name = run.get("name")
    title = name if isinstance(name, str) else ""
    answer = outputs.get("output") if isinstance(outputs, dict) else None
    if kind in ("chain", "span") and is_tool_answer(answer):
        kind = "tool"
    tool, call_id, given = tool_call(title, "", inputs, answer) if kind == "tool" else ("", "", inputs)
    heard, said = _conversation(kind, inputs, outputs)
    error = run.get("error")
    failed = bool(error) or run.get("status") == "error"
    return Span(
        trace_id,
        str(run["id"]),
        parent_id,
        title,
        kind,
        instant(run.get("start_time")),
        instant(run.get("end_time")),
        session=next((text_in(about, name) for name in _SESSIONS if text_in(about, name)), ""),
        agent=text_in(about, "agent_name") or text_in(about, "lc_agent_name"),
        model=_model(about, known, outputs) if kind == "llm" else "",
        input=heard,
        output=said,
        tool=tool,
        call_id=call_id,
        given=None if kind == "llm" and heard else given or None,
        gave=None if kind == "llm" and said else outputs or None,
        usage=_usage(run, outputs),
        failed=failed,
        error_type=_error_type(error) if failed else "",
        error=error if isinstance(error, str) else "",
        attributes={name: value for name, value in run.items() if name not in _TOLD and value not in _NOTHING},
        place=place(placed, pointer),
    )


def _tree(run: Fields, above: Span | None) -> tuple[str, str]:
    """The run's trace and parent: as it says, as its dotted order says, or as the run it lies in does."""
    trace_id, parent_id = text_in(run, "trace_id"), text_in(run, "parent_run_id")
    # Each part is a start time, Z, and a run's id.
    path = [part.partition("Z")[2] for part in text_in(run, "dotted_order").split(".")]
    if not trace_id:
        trace_id = above.trace_id if above is not None else path[0] or str(run["id"])
    if not parent_id:
        parents = run.get("parent_run_ids")
        last = parents[-1] if isinstance(parents, list) and parents else None
        parent_id = path[-2] if len(path) > 1 else last if isinstance(last, str) else ""
    return trace_id, parent_id or (above.span_id if above is not None else "")


def _conversation(kind: SpanKind, inputs: JSON, outputs: JSON) -> tuple[list[ChatMessage], list[ChatMessage]]:
    if kind == "llm":
        return chat_messages(inputs, "user"), chat_messages(outputs, "assistant")
    if kind == "tool":
        return [], []
    heard = chat_messages(inputs, "user") if holds_messages(inputs) else []
    return heard, chat_messages(outputs, "assistant") if holds_messages(outputs) else []


def _usage(run: Fields, outputs: JSON) -> Usage | None:
    """What a run used: by its own columns, else by what the model's answer says."""
    own = read_usage({name: run.get(name) for name in ("prompt_tokens", "completion_tokens")})
    found = next((usage for told in _told_usage(outputs) if (usage := read_usage(told)) is not None), None)
    if own is not None and (own.input or own.output):
        # The columns hold sums only, the answer its details.
        found = (found or own)._replace(input=own.input, output=own.output)
    cost = as_cost(run.get("total_cost"))
    if found is None:
        return Usage(cost_usd=cost) if cost else None
    return found._replace(cost_usd=cost if cost is not None else found.cost_usd)


def _told_usage(outputs: JSON) -> Iterator[JSON]:
    if not isinstance(outputs, dict):
        return
    yield outputs.get("usage_metadata")
    yield outputs.get("usage")
    answer = outputs.get("llm_output")
    if isinstance(answer, dict):
        yield answer.get("token_usage")
        yield answer.get("usage")
    generations: JSON = outputs.get("generations")
    while isinstance(generations, list) and generations:
        generations = generations[0]
    message = generations.get("message") if isinstance(generations, dict) else None
    for holder in (message, message.get("kwargs") if isinstance(message, dict) else None):
        if isinstance(holder, dict):
            yield holder.get("usage_metadata")


def _model(about: Fields, extra: Fields, outputs: JSON) -> str:
    parameters = extra.get("invocation_params")
    given: Fields = parameters if isinstance(parameters, dict) else {}
    answer = outputs.get("llm_output") if isinstance(outputs, dict) else None
    told: Fields = answer if isinstance(answer, dict) else {}
    found = (
        text_in(about, "ls_model_name")
        or text_in(told, "model_name")
        or text_in(given, "model")
        or text_in(given, "model_name")
    )
    return found or (text_in(outputs, "model") if isinstance(outputs, dict) else "")


def _error_type(error: JSON) -> str:
    """The exception's name, where the text begins with one: `TimeoutError('…')`."""
    name = error.partition("(")[0].strip() if isinstance(error, str) else ""
    return name if name.isidentifier() else "error"
