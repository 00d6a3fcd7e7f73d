"""Every metric: name, unit, labels, meaning, remedy. Code, documents and dashboards take them from this table.

No user, conversation or ticket id is ever a label: those are unbounded.
"""

from enum import StrEnum

from tokenline.contracts.base import Shape


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(Shape):
    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    remedy: str = ""


WAIT_BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800)
LATENCY_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

QUEUE_DEPTH = Metric(
    name="tokenline_queue_depth",
    kind=MetricKind.GAUGE,
    help="Tickets waiting in the queue, from the ledger.",
    labels=("pool", "priority"),
    remedy="Growing without end: start more workers for the pool.",
)
QUEUE_HELD = Metric(
    name="tokenline_queue_held",
    kind=MetricKind.GAUGE,
    help="Tickets held back before the queue.",
    labels=("pool",),
)
RUNNING = Metric(
    name="tokenline_running",
    kind=MetricKind.GAUGE,
    help="Tickets being answered, from the ledger.",
    labels=("pool",),
)
WORKERS = Metric(
    name="tokenline_workers",
    kind=MetricKind.GAUGE,
    help="Live workers, from their heartbeats.",
    labels=("pool",),
    remedy="Zero: nobody answers this pool. Start a worker.",
)
QUEUE_WAIT = Metric(
    name="tokenline_queue_wait_seconds",
    kind=MetricKind.HISTOGRAM,
    help="From acceptance to the claim by a worker.",
    labels=("pool",),
    buckets=WAIT_BUCKETS_S,
)
FIRST_TOKEN = Metric(
    name="tokenline_first_token_seconds",
    kind=MetricKind.HISTOGRAM,
    help="From the claim to the first text of the model.",
    labels=("pool",),
    buckets=WAIT_BUCKETS_S,
)
ANSWER = Metric(
    name="tokenline_answer_seconds",
    kind=MetricKind.HISTOGRAM,
    help="From the claim to the end of the answer.",
    labels=("pool",),
    buckets=WAIT_BUCKETS_S,
)
ETA_ERROR = Metric(
    name="tokenline_eta_error_seconds",
    kind=MetricKind.HISTOGRAM,
    help="Absolute difference between the likely ETA given at queueing and the wait that followed.",
    labels=("pool",),
    buckets=WAIT_BUCKETS_S,
)
ETA_RANGE = Metric(
    name="tokenline_eta_range_total",
    kind=MetricKind.COUNTER,
    help="First tokens that came sooner than the range told at queueing, within it, or later.",
    labels=("pool", "outcome"),
    remedy="Made for 80 % within. Mostly later: answers grow longer by the hour, or slots do less than workers say.",
)
TOKENS = Metric(
    name="tokenline_tokens_total",
    kind=MetricKind.COUNTER,
    help="Tokens read from and written to models.",
    labels=("pool", "direction"),
)
TOOL_CALLS = Metric(
    name="tokenline_tool_calls_total",
    kind=MetricKind.COUNTER,
    help="Calls of built-in tools by models; outcome completed, failed, refused (the call was wrong) or timeout.",
    labels=("tool", "outcome"),
    remedy="Mostly refused: the model cannot use tools well; take them from its agent. Failed: look at ingest.",
)
TOOL_SECONDS = Metric(
    name="tokenline_tool_seconds",
    kind=MetricKind.HISTOGRAM,
    help="How long a call of a built-in tool took.",
    labels=("tool",),
    buckets=LATENCY_BUCKETS_S,
)
TICKETS = Metric(
    name="tokenline_tickets_total",
    kind=MetricKind.COUNTER,
    help="Tickets that reached a terminal state at this service.",
    labels=("pool", "state"),
)
ACCEPTED = Metric(
    name="tokenline_accepted_total", kind=MetricKind.COUNTER, help="Questions accepted.", labels=("pool",)
)
SOCKETS = Metric(name="tokenline_sockets", kind=MetricKind.GAUGE, help="Open chat sockets.")
RETRIES = Metric(
    name="tokenline_retries_total",
    kind=MetricKind.COUNTER,
    help="Tickets handed back for another attempt, by cause.",
    labels=("pool", "cause"),
)
DEAD_LETTERS = Metric(
    name="tokenline_dead_letters_total",
    kind=MetricKind.COUNTER,
    help="Tickets given up after their last attempt.",
    labels=("pool",),
    remedy="Read the cause in the worker's log, event ticket.failed.",
)
RATE_LIMITED = Metric(
    name="tokenline_rate_limited_total",
    kind=MetricKind.COUNTER,
    help="Requests refused because a limit was used up.",
    labels=("limit",),
    remedy="`sign_ins` and `anonymous`: somebody guesses or floods. Others, all the time: a limit is too low.",
)
FENCED = Metric(
    name="tokenline_fenced_total",
    kind=MetricKind.COUNTER,
    help="Writes and replies refused because a newer attempt exists.",
)
LEDGER_DRIFT = Metric(
    name="tokenline_ledger_drift",
    kind=MetricKind.GAUGE,
    help="Tickets on which the ledger and the store disagreed at the last comparison.",
    remedy="Above 0 for minutes: events are being lost; look at the broker's alarms.",
)
REPUBLISHED = Metric(
    name="tokenline_republished_total",
    kind=MetricKind.COUNTER,
    help="Tickets the keeper published because the broker did not have them.",
    labels=("cause",),
)
PUBLISH = Metric(
    name="tokenline_publish_seconds",
    kind=MetricKind.HISTOGRAM,
    help="Publish to confirm.",
    labels=("exchange",),
    buckets=LATENCY_BUCKETS_S,
)
AGED = Metric(
    name="tokenline_aged_total",
    kind=MetricKind.COUNTER,
    help="Tickets that gained a level by waiting.",
    labels=("pool",),
    remedy="Steadily growing: messages of higher priority use up the pool. Start more workers for it.",
)
STORE_WRITE = Metric(
    name="tokenline_store_write_seconds",
    kind=MetricKind.HISTOGRAM,
    help="Store write to durable commit.",
    buckets=LATENCY_BUCKETS_S,
)
BROKER_UP = Metric(
    name="tokenline_broker_connected",
    kind=MetricKind.GAUGE,
    help="1 while this process has its broker connections.",
)
WEBHOOKS = Metric(
    name="tokenline_webhook_attempts_total",
    kind=MetricKind.COUNTER,
    help="Attempts to tell webhooks of ended tickets: delivered, retried later, failed for good, or dropped.",
    labels=("outcome",),
    remedy="Mostly retried: receivers are away, or their addresses refused; see TOKENLINE_WEBHOOK_NETWORKS.",
)
FETCHES = Metric(
    name="tokenline_fetches_total",
    kind=MetricKind.COUNTER,
    help="Pages fetched for users from addresses they gave, by outcome: fetched, gone, or the code of the failure.",
    labels=("outcome",),
    remedy="`address_refused`: for pages of your own network see TOKENLINE_FETCH_NETWORKS and TOKENLINE_FETCH_PORTS.",
)
UNSENT = Metric(
    name="tokenline_unsent_files_removed_total",
    kind=MetricKind.COUNTER,
    help="Files that were uploaded, sent with no message in time, and removed.",
)
FEEDBACK = Metric(
    name="tokenline_feedback_total",
    kind=MetricKind.COUNTER,
    help="Answers rated by their owners, a changed mind included.",
    labels=("rating",),
)
INGEST_STAGE = Metric(
    name="tokenline_ingest_stage_seconds",
    kind=MetricKind.HISTOGRAM,
    help="Time per stage of indexing an attachment.",
    labels=("stage",),
    buckets=WAIT_BUCKETS_S,
)
INGEST_FILES = Metric(
    name="tokenline_ingest_files_total",
    kind=MetricKind.COUNTER,
    help="Attachments by outcome: indexed, taken_over (the same content was read before), or the code of the failure.",
    labels=("outcome",),
)
ORPHANS = Metric(
    name="tokenline_orphans_removed_total",
    kind=MetricKind.COUNTER,
    help="What nobody has and was found and removed: stored files, or passages of one attachment.",
    labels=("kind",),
)
SEARCH = Metric(
    name="tokenline_search_seconds",
    kind=MetricKind.HISTOGRAM,
    help="Attachment searches.",
    buckets=LATENCY_BUCKETS_S,
)
SEARCHES_BY_WORDS = Metric(
    name="tokenline_searches_by_words_total",
    kind=MetricKind.COUNTER,
    help="Searches served by keywords alone because their embedding model could not be asked.",
    remedy="Rising: the embedding endpoint is away or too slow; event embedding.in_trouble in ingest's log says why.",
)
PASSAGES_BY_WORDS = Metric(
    name="tokenline_passages_by_words_total",
    kind=MetricKind.COUNTER,
    help="Passages that the embedding model refused for good, which are found by their words alone.",
    remedy="More than a few: the model takes less text than a passage has, or filters content. Choose another.",
)
EMBEDDING_REFUSED = Metric(
    name="tokenline_embedding_refused",
    kind=MetricKind.GAUGE,
    help="1 while the embedding endpoint refuses whatever it is asked: files wait.",
    remedy="Correct its key, model, address or dimension as `/readyz` says.",
)
INDEX_FILES = Metric(
    name="tokenline_index_files",
    kind=MetricKind.GAUGE,
    help="Files that the index shall have that is being filled, or was last.",
)
INDEX_FILES_LEFT = Metric(
    name="tokenline_index_files_left",
    kind=MetricKind.GAUGE,
    help="Files that it lacks: above 0 while another index is filled, or a lost one again.",
    remedy="Not falling for an hour: see event task.failed of reindex in ingest's log.",
)

ALL = tuple(value for value in list(vars().values()) if isinstance(value, Metric))
