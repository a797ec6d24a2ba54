"""What a span's attributes mean: OpenTelemetry's GenAI conventions, OpenInference, the Vercel SDK and their kin."""

from __future__ import annotations

import re

from playhead.formats.attributes import Attributes, as_list, unflattened, unflattened_fields
from playhead.formats.chat import (
    ChatMessage,
    Fields,
    as_system,
    chat_messages,
    holds_messages,
    json_inside,
    result_text,
    unwrapped_result,
)
from playhead.formats.spans import Span, SpanKind, span_kind
from playhead.formats.usage import Usage, as_cost, read_usage, summed_cost
from playhead.model import JSON

_OPERATIONS: dict[str, SpanKind] = {
    **dict.fromkeys(("chat", "text_completion", "generate_content", "call_llm", "completion", "response"), "llm"),
    **dict.fromkeys(("invoke_agent", "create_agent"), "agent"),
    **dict.fromkeys(("invoke_workflow", "plan", "chain", "agent_handoff", "handoff", "compaction"), "chain"),
    **dict.fromkeys(("retrieval", "vector_db_retrieve"), "retriever"),
    "execute_tool": "tool",
    "embeddings": "embedding",
    "guardrail": "guardrail",
}
_KIND_NAMES = (
    *("openinference.span.kind", "traceloop.span.kind", "mlflow.spanType", "langfuse.observation.type"),
    *("langsmith.span.kind", "lmnr.span.type", "gen_ai.span.kind"),
)
_MODELS = (
    *("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "ai.response.model", "ai.model.id"),
    *("mlflow.llm.model", "embedding.model_name", "model_name"),
)
_SESSIONS = (
    *("gen_ai.conversation.id", "session.id", "langfuse.session.id", "mlflow.trace.session", "thread_id"),
    *("langsmith.metadata.thread_id", "langsmith.metadata.session_id", "traceloop.association.properties.session_id"),
    *("traceloop.association.properties.thread_id", "ai.telemetry.metadata.sessionId", "gcp.vertex.agent.session_id"),
    *("ai.telemetry.metadata.threadId", "langfuse.trace.session_id"),
)
_AGENTS = ("agent.name", "gen_ai.agent.name", "agent_name", "ai.telemetry.metadata.agentName")
_CALL_IDS = ("gen_ai.tool.call.id", "tool_call.id", "tool.id", "ai.toolCall.id", "tool.call_id", "tool_call_id")
_TOOLS = ("gen_ai.tool.name", "tool.name", "ai.toolCall.name", "tool_name")
_ARGUMENTS = (
    *("gen_ai.tool.call.arguments", "gen_ai.tool.args", "gen_ai.tool.arguments", "ai.toolCall.args"),
    *("gcp.vertex.agent.tool_call_args", "tool_arguments", "gen_ai.tool.input", "tool.arguments"),
)
_TOOL_RESULTS = (
    *("gen_ai.tool.call.result", "gen_ai.tool.result", "ai.toolCall.result", "gcp.vertex.agent.tool_response"),
    *("tool_response", "gen_ai.tool.message", "gen_ai.tool.output", "tool.result"),
)
_GIVEN = (
    *("input.value", "mlflow.spanInputs", "langfuse.observation.input", "traceloop.entity.input", "gen_ai.input"),
    *("gen_ai.prompt", "lmnr.span.input", "ai.prompt", "gen_ai.task.input", "cozeloop.input"),
)
_GAVE = (
    *("output.value", "mlflow.spanOutputs", "langfuse.observation.output", "traceloop.entity.output", "gen_ai.output"),
    *("gen_ai.completion", "lmnr.span.output", "final_result", "ai.response.object", "ai.response.text"),
    *("gen_ai.task.output", "cozeloop.output"),
)
_HEARD = (
    *("gen_ai.input.messages", "llm.input_messages", "gen_ai.prompt", "ai.prompt.messages", "ai.prompt"),
    *("gcp.vertex.agent.llm_request", "pydantic_ai.all_messages", "llm.prompts"),
)
_SAID = ("gen_ai.output.messages", "llm.output_messages", "gen_ai.completion", "gcp.vertex.agent.llm_response")
_HANDOFF = "handoff to "
_NO_NAME = re.compile(r"[^a-zA-Z0-9]")
_EVENT_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
    "gen_ai.content.prompt": "user",
    "gen_ai.content.completion": "assistant",
}


def read_attributes(span: Span, attributes: Fields, events: list[JSON], *, failed: bool, error: str = "") -> Span:
    """The span with all that its attributes and events tell. `failed` and `error` are what its status says."""
    told = Attributes(attributes)
    messages, exception, others = _read_events(events, told)
    kind = _kind(told, span.kind)
    session = told.text(*_SESSIONS) or _session_in(told)
    agent = told.text(*_AGENTS) or (told.text("graph.node.id") if kind == "agent" else "")
    if kind == "agent" and not agent:
        agent = span.name.removeprefix("invoke_agent ").strip("[]")
    error_type = told.text("error.type") or exception.get("type", "")
    usage = _usage(told)
    response_id = told.text("gen_ai.response.id", "ai.response.id")
    model = told.text(*_MODELS)
    heard, said = _conversation(told, kind, messages)
    tool = told.text(*_TOOLS) if kind == "tool" else ""
    call_id = told.text(*_CALL_IDS) if kind == "tool" else ""
    given = told.value(*_ARGUMENTS, *_GIVEN) if kind == "tool" else told.value(*_GIVEN)
    gave = told.value(*_TOOL_RESULTS, *_GAVE) if kind == "tool" else told.value(*_GAVE)
    if kind == "tool":
        given = given if given is not None else _event_content(events, "gen_ai.tool.message", "content")
        gave = gave if gave is not None else _event_content(events, "gen_ai.choice", "message")
    if kind in ("retriever", "reranker"):
        gave = _documents(told) or gave
    if kind == "tool" and not tool and span.name.startswith(_HANDOFF):
        # The call that a model made for it bears another name, and says nothing of who hands off.
        tool = _NO_NAME.sub("_", f"transfer_to_{span.name.removeprefix(_HANDOFF)}").lower()
        if given is not None:
            told.left["handoff.from"], given = given, None
    name, call_id, given = tool_call(tool or span.name, call_id, given, gave) if kind == "tool" else ("", "", given)
    if kind != "tool" and is_tool_answer(gave):
        kind, (name, call_id, given) = "tool", tool_call(span.name, "", given, gave)
    if others:
        told.left["span.events"] = others
    return Span(
        span.trace_id,
        span.span_id,
        span.parent_id,
        span.name,
        kind,
        span.start,
        span.end,
        session=session or span.session,
        agent=agent,
        model=model,
        input=heard,
        output=said,
        tool=name,
        call_id=call_id,
        given=None if kind == "llm" and heard else given,
        gave=None if kind == "llm" and said else gave,
        usage=usage,
        response_id=response_id,
        failed=failed or bool(error_type and not exception),
        error_type=error_type,
        error=error or told.text("error.message") or exception.get("message", ""),
        attributes=told.left,
        place=span.place,
    )


def is_tool_answer(gave: JSON) -> bool:
    """Whether what a span gave is a tool's message, which tells that it was a tool."""
    return isinstance(gave, dict) and gave.get("type") == "tool" and ("tool_call_id" in gave or "data" in gave)


def tool_call(name: str, call_id: str, given: JSON, gave: JSON) -> tuple[str, str, JSON]:
    """A tool's name, the call's id and the arguments, looked for in what frameworks wrap around them."""
    if isinstance(gave, dict):
        message = unwrapped_result(gave)
        inner = message.get("data")
        found = (inner if isinstance(inner, dict) else message).get("tool_call_id")
        call_id = call_id or (found if isinstance(found, str) else "")
    if isinstance(given, dict):
        called = given.get("name")
        arguments = given.get("args", given.get("arguments"))
        if isinstance(called, str) and arguments is not None and len(given) <= 4:
            identity = given.get("id")
            return called, call_id or (identity if isinstance(identity, str) else ""), json_inside(arguments)
        if "inputs" in given and "input_str" in given:
            return name, call_id, given["inputs"] or json_inside(given["input_str"])
        if set(given) == {"input"}:
            return name, call_id, json_inside(given["input"])
    return name, call_id, given


def _kind(told: Attributes, fallback: SpanKind) -> SpanKind:
    for name in _KIND_NAMES:
        found = span_kind(told.text(name)) if told.has(name) else None
        if found is not None:
            return found
    operation = told.text("gen_ai.operation.name")
    if operation in _OPERATIONS:
        return _OPERATIONS[operation]
    vercel = told.text("ai.operationId")
    if vercel:
        embeds = vercel.startswith("ai.embed")
        if vercel == "ai.toolCall":
            return "tool"
        return "embedding" if embeds else "llm" if ".do" in vercel else "chain"
    if told.has("gen_ai.tool.name", "tool.name"):
        return "tool"
    if told.has("gen_ai.request.model", "gen_ai.response.model", "llm.model_name", "gen_ai.prompt.0.role"):
        return "llm"
    return fallback


def _session_in(told: Attributes) -> str:
    """The session that free metadata names."""
    metadata = json_inside(told.left.get("metadata"))
    if isinstance(metadata, dict):
        for name in ("session_id", "thread_id", "conversation_id"):
            found = metadata.get(name)
            if isinstance(found, str) and found:
                return found
    return next((text for name in ("thread_id", "session_id") if (text := told.text(f"metadata.{name}"))), "")


def _usage(told: Attributes) -> Usage | None:
    genai = told.group("gen_ai.usage")
    counted: Fields = {name.replace(".", "_"): value for name, value in genai.items()}
    inference = unflattened(told.group("llm.token_count"))
    costs = told.group("llm.cost")
    vercel = told.group("ai.usage")
    named = told.value("mlflow.chat.tokenUsage", "langfuse.observation.usage_details")
    usage = next((found for one in (counted, inference, vercel, named) if (found := read_usage(one))), None)
    parts = [as_cost(counted.get(name)) for name in ("input_cost", "output_cost")]
    cost = summed_cost({name: costs[name] for name in ("total", "prompt", "completion") if name in costs})
    for said in (as_cost(told.value("operation.cost")), summed_cost(told.value("langfuse.observation.cost_details"))):
        cost = said if cost is None else cost
    if cost is None and any(part is not None for part in parts):
        cost = sum(part or 0.0 for part in parts)
    if cost is None:
        return usage
    return (usage or Usage())._replace(cost_usd=cost)


def _conversation(
    told: Attributes, kind: SpanKind, events: tuple[list[ChatMessage], list[ChatMessage]]
) -> tuple[list[ChatMessage], list[ChatMessage]]:
    """What a span heard and said: in its attributes, else in its events."""
    if kind == "tool":
        return [], []
    heard = next((found for name in _HEARD if (found := told.messages(name, "user"))), []) or events[0]
    said = next((found for name in _SAID if (found := told.messages(name, "assistant"))), []) or events[1]
    system = told.value("gen_ai.system_instructions")
    if system is not None and heard:
        heard = [*as_system(chat_messages(system, "system")), *heard]
    if not said and kind == "llm":
        said = _vercel_answer(told)
    if kind == "llm":
        heard = heard or chat_messages(_first(told, _GIVEN), "user")
        said = said or chat_messages(_first(told, _GAVE), "assistant") or _plain_answer(told)
    else:
        given, gave = _first(told, _GIVEN), _first(told, _GAVE)
        heard = heard or (chat_messages(given, "user") if holds_messages(given) else [])
        said = said or (chat_messages(gave, "assistant") if holds_messages(gave) else [])
    return heard, said


def _plain_answer(told: Attributes) -> list[ChatMessage]:
    """An answer that is text, though it reads as JSON of no shape that is known."""
    text = next((value for name in _GAVE if isinstance(value := told.left.get(name), str) and value), "")
    return chat_messages({"role": "assistant", "content": text}, "assistant") if text else []


def _vercel_answer(told: Attributes) -> list[ChatMessage]:
    text, reasoning = told.text("ai.response.text"), told.text("ai.response.reasoning")
    calls = told.value("ai.response.toolCalls")
    text = text or result_text(told.value("ai.response.object"))
    message: Fields = {"role": "assistant", "content": text, "tool_calls": calls, "reasoning": reasoning}
    return chat_messages(message, "assistant") if text or calls or reasoning else []


def _first(told: Attributes, names: tuple[str, ...]) -> JSON:
    return next((json_inside(told.left[name]) for name in names if name in told.left), None)


def _documents(told: Attributes) -> JSON:
    """The documents that a retriever found: content, score, id and metadata of each."""
    for name in ("retrieval.documents", "reranker.output_documents"):
        whole = told.value(name)
        found = unflattened(whole if whole is not None else told.group(name))
        listed = as_list(found)
        if listed:
            return [one.get("document", one) if isinstance(one, dict) else one for one in listed]
    return None


def _read_events(
    events: list[JSON], told: Attributes
) -> tuple[tuple[list[ChatMessage], list[ChatMessage]], dict[str, str], list[JSON]]:
    """What a span's events tell: messages heard and said, the exception, and the events that tell neither."""
    heard: list[ChatMessage] = []
    said: list[ChatMessage] = []
    exception: dict[str, str] = {}
    others: list[JSON] = []
    for event in events:
        if not isinstance(event, dict):
            continue
        name = event.get("name", event.get("event_name"))
        held = event.get("attributes")
        attributes: Fields = held if isinstance(held, dict) else {}
        if name == "exception":
            exception = {what: str(attributes.get(f"exception.{what}") or "") for what in ("type", "message")}
            others.append(event)
        elif isinstance(name, str) and name in _EVENT_ROLES:
            (said if name in ("gen_ai.choice", "gen_ai.content.completion") else heard).extend(
                event_messages(name, attributes, event.get("body"))
            )
        elif isinstance(name, str) and name.startswith("gen_ai.client.inference"):
            for inner, value in attributes.items():
                told.left.setdefault(inner, value)
        else:
            others.append(event)
    return (heard, said), exception, others


def _event_content(events: list[JSON], name: str, field: str) -> JSON:
    """What an event of a tool's span tells: its message is the call's arguments, its choice what came of it."""
    for event in events:
        held = event.get("attributes") if isinstance(event, dict) and event.get("name") == name else None
        if isinstance(held, dict) and field in held:
            return json_inside(held[field])
    return None


def event_messages(name: str, attributes: Fields, body: JSON) -> list[ChatMessage]:
    """The messages that one GenAI event tells, in its body or its attributes."""
    role = _EVENT_ROLES.get(name, "user")
    bodies = (body, attributes.get("event.body"), attributes.get("gen_ai.event.content"))
    told = next((inside for held in bodies if isinstance(inside := json_inside(held), dict)), None)
    if told is None:
        written = next(
            (attributes[name] for name in ("gen_ai.prompt", "gen_ai.completion") if name in attributes), None
        )
        if written is not None:
            return chat_messages(written, role)
        told = unflattened_fields(attributes)
    message = json_inside(told.get("message"))
    if message is not None:
        told = {**told, **message} if isinstance(message, dict) else {**told, "content": message}
    content = json_inside(told.get("content"))
    if isinstance(content, dict) and "content" in content:
        told = {**told, **content}
    elif not isinstance(content, dict):
        told = {**told, "content": content}
    answers: Fields = {"tool_call_id": told["id"]} if role == "tool" and "id" in told else {}
    return chat_messages({"role": role, **told, **answers, "tool_calls": json_inside(told.get("tool_calls"))}, role)
