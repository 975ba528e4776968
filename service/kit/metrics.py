"""What `/metrics` tells an operator of this process, beside Python's own figures."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

RECEIVED = Counter("lantian_feed_messages_total", "Messages of feeds by kind and outcome", ["kind", "outcome"])
JOBS = Counter("lantian_jobs_total", "Jobs done or held, by name", ["job", "outcome"])
JOB_SECONDS = Histogram("lantian_job_seconds", "How long jobs took, by name", ["job"])
DELIVERIES = Counter("lantian_deliveries_total", "Attempts to deliver to subscribers, by outcome", ["outcome"])
DECISIONS = Counter("lantian_decisions_total", "Decisions on proposals, by outcome", ["outcome"])
SEALED = Counter("lantian_ledger_sealed_total", "Ledger entries sealed into the chain by this process")
ALL = (RECEIVED, JOBS, JOB_SECONDS, DELIVERIES, DECISIONS, SEALED)
