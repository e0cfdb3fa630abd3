/* Arguments shared by XCRON's subcommands: expressions and zones. */
#ifndef COMMANDS_STREAM_XCRON_ARGS_H
#define COMMANDS_STREAM_XCRON_ARGS_H

#include "base/cron.h"
#include "engine/call.h"
#include "type/stream/stream_schedule.h"

/* Parses argument i. False after the error reply. */
bool xcron_args_expression(const struct call *call, int i, struct cron_fields *out);
bool xcron_args_zone(const struct call *call, int i, const struct zone **out);
/* The error for an expression without a moment within CRON_YEARS. */
void xcron_args_never(const struct call *call);

/* XCRON SET key name ... */
struct xcron_args {
    struct stream_schedule_rules rules; /* start_ms as given; they point into the request */
    unsigned given;                     /* one bit for each option */
};
/* False after the error reply. */
bool xcron_args_parse(const struct call *call, struct xcron_args *x);
/* Makes the start explicit: no moment is at or before now_ms. */
void xcron_args_begin(struct xcron_args *x, int64_t now_ms);
/* Whether START or LIMIT was given: these always count as a change. */
bool xcron_args_is_explicit(const struct xcron_args *x);

#endif
