/* SURVEY: the data of survey/survey. Each subcommand first calls survey_look(), which keeps the
 * survey awake, and then replies with what is known at that time.
 *
 *   STREAMS, GROUPS, DEAD   rows, with one grammar of options and pages by survey/rows
 *   SCHEDULES, LISTS        likewise; lists are found by the walk over all keys (survey/walk)
 *   PREFIXES                memory by key prefix, from the same walk
 *   SERVER, ALARMS          the server as a whole, and what is wrong
 *   HISTORY                 former values of numbers (survey/rings)
 *   METRICS                 text for Prometheus, in parts
 *
 * Errors come from the request only: an unknown column or option, an invalid value. What the user
 * may not read is left out, and not counted. */
#include "survey/survey.h"
#include "commands/db_arg.h"
#include "commands/index.h"
#include "engine/rights.h"
#include "engine/state.h"
#include "survey/alarms.h"
#include "survey/exposition.h"
#include "survey/keep.h"
#include "survey/rows.h"
#include "survey/survey_read.h"
#include "survey/vitals.h"

#include "base/mem.h"
#include "base/num.h"

#include <math.h>

#define COUNT_MOST    1000
#define COUNT_DEFAULT 100
/* Source groups listed in a row of dead letters by HTTP. Even with the longest names, and every
 * byte escaped, such a row fits into a response. */
#define SOURCES_IN_PARTS 20

/* A parsed request; query points into it. */
struct asked {
    struct rows_query query;
    struct bytes match;
    struct rows_place after;
    struct bytes after_value;
};

static const struct user *whose_rows(const struct call *call)
{
    const struct client *c = call->client;
    return (c->flags & (CLIENT_REPLAY | CLIENT_ACT)) || user_is_unlimited(c->user) ? NULL : c->user;
}

/* Parses AFTER value db key [group] at argument i. Returns the number of arguments; 0 after the
 * error reply. */
static int parse_after(const struct call *call, int i, struct asked *x)
{
    int n = columns_have_group(x->query.kind) ? 5 : 4;
    if (i + n > call->argc) {
        call_error(call, ERR_SYNTAX);
        return 0;
    }
    if (!call_int(call, i + 2, &x->after.db))
        return 0;
    x->after_value = call->argv[i + 1];
    x->after.key = call->argv[i + 3];
    x->after.group = n == 5 ? call->argv[i + 4] : bytes_of(NULL, 0);
    x->query.after = &x->after;
    return n;
}

/* Parses an option with one value at argument i. False after the error reply. */
static bool parse_option(const struct call *call, int i, struct asked *x)
{
    struct bytes word = call->argv[i], value;
    struct db *db;
    long long count;
    if (i + 1 >= call->argc) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    value = call->argv[i + 1];
    if (bytes_is(word, "db")) {
        if (!db_arg_parse(call, i + 1, &db))
            return false;
        x->query.db = db->id;
    } else if (bytes_is(word, "match")) {
        x->match = value;
        x->query.match = &x->match;
    } else if (bytes_is(word, "by")) {
        if (!columns_find(x->query.kind, value, &x->query.by)) {
            reply_errorf(call->reply, "ERR unknown column '%.*s'", (int)value.n, value.p);
            return false;
        }
    } else if (bytes_is(word, "only")) {
        if (!rows_parse_only(x->query.kind, value, &x->query.only)) {
            reply_errorf(call->reply, "ERR unknown condition '%.*s'", (int)value.n, value.p);
            return false;
        }
    } else if (bytes_is(word, "count")) {
        if (!helpers_number(call, i + 1, "COUNT", 1, COUNT_MOST, &count))
            return false;
        x->query.count = (size_t)count;
    } else {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    return true;
}

/* False after the error reply. */
static bool parse(const struct call *call, struct asked *x)
{
    columns_find(x->query.kind, BYTES("key"), &x->query.by);
    for (int i = 2, n; i < call->argc; i += n) {
        bool down = bytes_is(call->argv[i], "desc");
        if (down || bytes_is(call->argv[i], "asc")) {
            x->query.descending = down;
            n = 1;
        } else if (bytes_is(call->argv[i], "after")) {
            n = parse_after(call, i, x);
            if (!n)
                return false;
        } else {
            n = 2;
            if (!parse_option(call, i, x))
                return false;
        }
    }
    /* The value's meaning depends on BY, which may follow it. */
    if (x->query.after &&
        !columns_parse_value(x->query.kind, x->query.by, x->after_value, &x->after.value)) {
        reply_errorf(call->reply, "ERR AFTER: '%.*s' is no value of the column",
                     (int)x->after_value.n, x->after_value.p);
        return false;
    }
    return true;
}

static void reply_rows(struct call *call, enum columns_kind kind)
{
    struct survey *sv = call->engine->survey;
    struct asked x = {.query = {.kind = kind,
                                .user = whose_rows(call),
                                .command = call->command,
                                .db = -1,
                                .count = COUNT_DEFAULT,
                                .sources = sv->hands_to ? SOURCES_IN_PARTS : SIZE_MAX}};
    if (!parse(call, &x))
        return;
    if (kind == COLUMNS_LISTS)
        survey_look_at_keys(sv);
    else
        survey_look(sv);
    struct rows_page *page = rows_begin(sv, &x.query);
    if (sv->hands_to) {
        *sv->hands_to = page;
        return;
    }
    rows_gather(page, x.query.user, INT64_MAX);
    rows_reply(page, call->reply, INT64_MAX);
    rows_end(page);
}

static void do_survey_streams(struct call *call)
{
    reply_rows(call, COLUMNS_STREAMS);
}

static void do_survey_groups(struct call *call)
{
    reply_rows(call, COLUMNS_GROUPS);
}

static void do_survey_dead(struct call *call)
{
    reply_rows(call, COLUMNS_DEAD);
}

static void do_survey_schedules(struct call *call)
{
    reply_rows(call, COLUMNS_SCHEDULES);
}

static void do_survey_lists(struct call *call)
{
    reply_rows(call, COLUMNS_LISTS);
}

/* Rows of the databases from .. to. */
static void reply_prefixes(const struct survey *sv, int from, int to, struct reply *r)
{
    size_t rows = 0, n;
    for (int db = from; db < to; db++)
        rows += prefixes_rows(&sv->walk.known[db]);
    reply_array(r, 3);
    reply_int(r, (long long)sv->walk.number);
    reply_int(r, (long long)rows);
    reply_array(r, rows);
    for (int db = from; db < to; db++) {
        const struct prefixes *p = &sv->walk.known[db];
        struct prefixes_row *all = prefixes_sorted(p, db, &n);
        for (size_t i = 0; i < n; i++) {
            double share = p->all.bytes ? (double)all[i].count.bytes / (double)p->all.bytes : 0;
            reply_map(r, 6);
            reply_bulk_text(r, "db");
            reply_int(r, db);
            reply_bulk_text(r, "prefix");
            reply_bulk(r, all[i].name);
            reply_bulk_text(r, "other");
            reply_int(r, all[i].others);
            reply_bulk_text(r, "keys");
            reply_int(r, (long long)all[i].count.keys);
            reply_bulk_text(r, "bytes");
            reply_int(r, (long long)all[i].count.bytes);
            reply_bulk_text(r, "share");
            reply_double(r, num_round(share));
        }
        mem_free(all);
    }
}

static void do_survey_prefixes(struct call *call)
{
    struct survey *sv = call->engine->survey;
    struct db *db = NULL;
    if (call->argc != 2 && (call->argc != 4 || !bytes_is(call->argv[2], "db"))) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (call->argc == 4 && !db_arg_parse(call, 3, &db))
        return;
    if (!rights_read_all(call)) { /* others would learn of keys that they may not read */
        reply_errorf(call->reply, "NOPERM Prefixes of all keys need read access to all keys (~*)");
        return;
    }
    survey_look_at_keys(sv);
    reply_prefixes(sv, db ? db->id : 0, db ? db->id + 1 : call->engine->store->count, call->reply);
}

/* ---- The server as a whole */

static const struct command survey_server_command; /* whoever may run it may see the history */

/* Counts the alarms that the user may see; tell: replies with them, too. */
static size_t reply_alarms(struct call *call, bool tell);

/* Remaining time of CLIENT PAUSE; 0: it is not in force. */
static int64_t pause_left_ms(const struct engine *e)
{
    const struct engine_pause *p = &e->pause;
    return !(p->reasons & (1u << PAUSE_CLIENT)) || p->until_ms < e->steady_ms
               ? 0
               : p->until_ms - e->steady_ms;
}

/* The error that a write would get now; empty: it would run. */
static void reply_refusal(const struct call *call)
{
    struct buf why = {0};
    state_refuses_writes(call->engine, &why);
    reply_bulk_text(call->reply, "refuses");
    reply_bulk(call->reply, buf_bytes(&why));
    buf_free(&why);
}

static void do_survey_server(struct call *call)
{
    struct survey *sv = call->engine->survey;
    struct reply *r = call->reply;
    survey_look(sv);
    reply_map(r, VITALS + 8);
    reply_bulk_text(r, "version");
    reply_bulk(r, vitals_version(sv->vitals, call->engine->metrics));
    for (enum vitals_id i = 0; i < VITALS; i++) {
        double x = vitals_value(sv->vitals, i);
        reply_bulk_text(r, vitals_name(i));
        if (vitals_is_whole(i))
            reply_int(r, isnan(x) ? -1 : (long long)x);
        else
            reply_double(r, isnan(x) ? 0 : num_round(x));
    }
    reply_bulk_text(r, "role");
    reply_bulk_text(r, call->engine->role == ROLE_PRIMARY ? "primary" : "replica");
    reply_refusal(call);
    reply_bulk_text(r, "paused-ms");
    reply_int(r, pause_left_ms(call->engine));
    reply_bulk_text(r, "alarms");
    reply_int(r, (long long)reply_alarms(call, false));
    reply_bulk_text(r, "survey");
    reply_int(r, (long long)sv->number);
    reply_bulk_text(r, "survey-age-ms");
    reply_int(r, sv->number ? call->engine->steady_ms - sv->ended_ms : -1);
    reply_bulk_text(r, "survey-pass-ms");
    reply_int(r, sv->number ? sv->pass_ms : -1);
}

/* key: NULL, or the key the alarm is about. */
static void reply_alarm(struct reply *r, enum alarms_name name, int64_t since_ms,
                        const char *server_text, const struct alarms_key *key)
{
    struct buf text = {0}, link = {0};
    reply_map(r, !key ? 5 : key->group ? 8 : 7);
    reply_bulk_text(r, "name");
    reply_bulk_text(r, alarms_text_of_name(name));
    reply_bulk_text(r, "severity");
    reply_bulk_text(r, alarms_text_of_severity(alarms_severity_of(name)));
    reply_bulk_text(r, "since");
    reply_int(r, since_ms);
    reply_bulk_text(r, "text");
    if (key)
        alarms_key_text(key, &text);
    else
        buf_add_text(&text, server_text);
    reply_bulk(r, buf_bytes(&text));
    alarms_link(name, key, &link);
    reply_bulk_text(r, "link");
    reply_bulk(r, buf_bytes(&link));
    if (key) {
        reply_bulk_text(r, "db");
        reply_int(r, key->db);
        reply_bulk_text(r, "key");
        reply_bulk(r, str_bytes(key->key));
    }
    if (key && key->group) {
        reply_bulk_text(r, "group");
        reply_bulk(r, str_bytes(key->group));
    }
    buf_free(&text);
    buf_free(&link);
}

static size_t reply_alarms(struct call *call, bool tell)
{
    const struct alarms *a = call->engine->survey->alarms;
    const struct user *u = whose_rows(call);
    size_t n = 0;
    for (enum alarms_name i = 0; i < ALARMS_OF_SERVER; i++) {
        if (!a->since_ms[i])
            continue;
        n++;
        if (tell)
            reply_alarm(call->reply, i, a->since_ms[i], a->text[i], NULL);
    }
    for (size_t i = 0; i < a->n; i++) {
        const struct alarms_key *x = &a->keys[i];
        if (!rows_may_read(call->engine, u, call->command, str_bytes(x->key)))
            continue;
        n++;
        if (tell)
            reply_alarm(call->reply, x->name, x->since_ms, NULL, x);
    }
    return n;
}

/* The server's alarms, then those of keys. */
static void do_survey_alarms(struct call *call)
{
    survey_look(call->engine->survey);
    reply_array(call->reply, reply_alarms(call, false));
    reply_alarms(call, true);
}

/* ---- History */

/* A parsed SURVEY HISTORY: for numbers of the server, a stream, or a group. */
struct history_asked {
    enum rings_span span;
    struct db *db;
    const struct bytes *key, *group; /* key NULL: of the server; group NULL: of the stream */
    int first;                       /* index of the first number's name */
};

/* False after the error reply. */
static bool parse_history(const struct call *call, struct history_asked *x)
{
    int i = 3;
    x->db = call->db;
    if (!rings_find_span(call->argv[2].p, call->argv[2].n, &x->span)) {
        reply_errorf(call->reply, "ERR the span must be MINUTES, HOUR, DAY or WEEK");
        return false;
    }
    if (i + 2 < call->argc && bytes_is(call->argv[i], "db")) {
        if (!db_arg_parse(call, i + 1, &x->db))
            return false;
        i += 2;
        if (!bytes_is(call->argv[i], "key")) {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    if (i + 2 < call->argc && bytes_is(call->argv[i], "key")) {
        x->key = &call->argv[i + 1];
        i += 2;
        if (i + 2 < call->argc && bytes_is(call->argv[i], "group")) {
            x->group = &call->argv[i + 1];
            i += 2;
        }
    }
    x->first = i;
    return true;
}

static int find_number(const struct history_asked *x, struct bytes name)
{
    if (!x->key)
        return keep_find_server_number(name.p, name.n);
    return keep_find_number(x->group ? keep_group_numbers : keep_stream_numbers, name.p, name.n);
}

/* Numbers of the server need the right to run SURVEY SERVER, others to read the key. */
static bool may_see(const struct call *call, const struct history_asked *x)
{
    const struct user *u = whose_rows(call);
    const struct bytes request[] = {BYTES("survey"), BYTES("server")};
    int which;
    if (x->key)
        return rows_may_read(call->engine, u, call->command, *x->key);
    return !u || check_request(u, call->engine->registry, &survey_server_command, request, 2,
                               &which) == CHECK_OK;
}

/* NULL: no history, so only gaps. *found: the stream or group exists. */
static const struct rings *find_history(struct survey *sv, const struct history_asked *x,
                                        bool *found)
{
    uint32_t record;
    *found = true;
    if (!x->key)
        return sv->keep->server.n ? &sv->keep->server : NULL;
    *found = survey_read_find(sv, x->db, *x->key, x->group, &record);
    return record ? keep_open(sv, record, x->group) : NULL;
}

static void reply_history(const struct call *call, const struct history_asked *x,
                          const struct rings *h)
{
    const struct engine *e = call->engine;
    const struct rings none = {.slot = -1};
    unsigned n = rings_length(x->span);
    uint16_t codes[RINGS_MOST];
    int64_t from = rings_read(h ? h : &none, 0, x->span, e->steady_ms, codes);
    reply_map(call->reply, 2 + (size_t)(call->argc - x->first));
    reply_bulk_text(call->reply, "from-ms");
    reply_int(call->reply, from + e->now_ms - e->steady_ms);
    reply_bulk_text(call->reply, "step-ms");
    reply_int(call->reply, rings_step_ms(x->span));
    for (int i = x->first; i < call->argc; i++) {
        if (h)
            rings_read(h, (unsigned)find_number(x, call->argv[i]), x->span, e->steady_ms, codes);
        reply_bulk(call->reply, call->argv[i]);
        reply_array(call->reply, n);
        for (unsigned k = 0; k < n; k++) {
            if (codes[k] == RINGS_GAP)
                reply_null(call->reply);
            else
                reply_double(call->reply, round(rings_value(codes[k]) * 1000) / 1000);
        }
    }
}

static void do_survey_history(struct call *call)
{
    struct survey *sv = call->engine->survey;
    struct history_asked x = {.first = 0};
    bool found;
    if (!parse_history(call, &x))
        return;
    if (!may_see(call, &x)) {
        reply_errorf(call->reply, x.key ? "NOPERM No permissions to access a key"
                                        : "NOPERM Numbers of the server need survey|server");
        return;
    }
    for (int i = x.first; i < call->argc; i++) {
        struct bytes name = call->argv[i];
        bool is_known = find_number(&x, name) >= 0, is_there = false;
        for (int k = x.first; k < i; k++)
            is_there |= bytes_equal_nocase(call->argv[k], name);
        if (is_known && !is_there)
            continue;
        reply_errorf(call->reply, "ERR %s number '%.*s'", is_known ? "repeated" : "unknown",
                     (int)name.n, name.p);
        return;
    }
    survey_look(sv);
    const struct rings *h = find_history(sv, &x, &found);
    if (!found)
        call_error(call, ERR_NO_KEY);
    else
        reply_history(call, &x, h);
}

static void do_survey_metrics(struct call *call)
{
    struct survey *sv = call->engine->survey;
    struct buf text = {0};
    struct bytes match;
    bool matches = false;
    uint64_t cursor = 0, next;
    for (int i = 2; i < call->argc; i += 2) {
        bool is_match = bytes_is(call->argv[i], "match");
        if ((!is_match && !bytes_is(call->argv[i], "cursor")) || i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return;
        }
        if (is_match) {
            match = call->argv[i + 1];
            matches = true;
        } else if (!num_parse_uint(call->argv[i + 1], &cursor)) {
            call_error(call, ERR_INVALID_CURSOR);
            return;
        }
    }
    if (cursor == 0)
        survey_look_for_metrics(sv);
    if (exposition_part(sv, cursor, matches ? &match : NULL, &text, &next)) {
        reply_array(call->reply, 2);
        reply_int(call->reply, (long long)next);
        reply_bulk(call->reply, buf_bytes(&text));
    } else {
        call_error(call, ERR_INVALID_CURSOR);
    }
    buf_free(&text);
}

static void do_survey_help(struct call *call)
{
    helpers_help(call, &survey_command);
}

#define FLAGS                                                                                      \
    (COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_NOSCRIPT | COMMAND_NO_MULTI)
#define SUB(word, args, text, cost, count, bits) SUB_(word, args, text, cost, count, bits, false)
#define SUB_(word, args, text, cost, count, bits, always)                                          \
    static const struct command survey_##word##_command = {                                        \
        .name = #word,                                                                             \
        .full_name = "survey|" #word,                                                              \
        .usage = args,                                                                             \
        .summary = text,                                                                           \
        .since = "0.2.0",                                                                          \
        .complexity = cost,                                                                        \
        .tips = "nondeterministic_output",                                                         \
        .group = GROUP_SERVER,                                                                     \
        .arity = count,                                                                            \
        .flags = (bits) | FLAGS,                                                                   \
        .runs_in_pause = always,                                                                   \
        .handler = do_survey_##word,                                                               \
    }
#define ONLY "[ONLY conditions:string] "
#define ROWS(after)                                                                                \
    "[DB db:int] [MATCH pattern:pattern] [BY column:string] [<ASC | DESC>] [AFTER " after          \
    "] [COUNT count:int]"

SUB(streams, ONLY ROWS("value:string db:int key:string"), "Lists streams with their statistics.",
    "O(N) with N the streams", -2, COMMAND_READONLY);
SUB(groups, ONLY ROWS("value:string db:int key:string group:string"),
    "Lists the consumer groups of all streams with their statistics.", "O(N) with N the groups", -2,
    COMMAND_READONLY);
SUB(dead, ROWS("value:string db:int key:string"), "Lists dead-letter streams.",
    "O(N) with N the streams and groups", -2, COMMAND_READONLY);
/* These are allowed during a long script and while clients are paused: they read no data, and tell
 * what is the matter. */
SUB_(server, "", "Returns the statistics of the server as a whole.", "O(1)", 2,
     COMMAND_DANGEROUS | COMMAND_ALLOW_BUSY, true);
SUB_(alarms, "", "Lists the active alarms of the server and its queues.", "O(1)", 2,
     COMMAND_DANGEROUS | COMMAND_ALLOW_BUSY, true);
SUB(history,
    "span:<minutes | hour | day | week> [DB db:int] [KEY key:string] [GROUP group:string] "
    "number:string [number:string ...]",
    "Returns the history of statistics of the server, a stream or a group.", "O(1)", -4,
    COMMAND_READONLY);
SUB(schedules, ROWS("value:string db:int key:string name:string"),
    "Lists the schedules of all streams, and the next scheduled message of each.",
    "O(N) with N the schedules", -2, COMMAND_READONLY);
SUB(lists, ROWS("value:string db:int key:string"),
    "Lists the lists with blocked clients, and the longest lists.", "O(N) with N the lists known",
    -2, COMMAND_READONLY);
SUB(prefixes, "[DB db:int]", "Returns the number of keys and the memory used per key prefix.",
    "O(1)", -2, COMMAND_DANGEROUS);
SUB(metrics, "[CURSOR cursor:int] [MATCH pattern:pattern]",
    "Returns the metrics in the Prometheus text format, in parts.",
    "O(1) for each part; O(N) for all with N the groups and streams that have lines of their own",
    -2, COMMAND_DANGEROUS);
SUB(help, "", "Lists the subcommands.", "O(1)", 2, 0);

static const struct command *const survey_subcommands[] = {
    &survey_alarms_command,  &survey_dead_command,     &survey_groups_command,
    &survey_help_command,    &survey_history_command,  &survey_lists_command,
    &survey_metrics_command, &survey_prefixes_command, &survey_schedules_command,
    &survey_server_command,  &survey_streams_command,  NULL};

const struct command survey_command = {
    .name = "survey",
    .usage = "",
    .summary = "Returns statistics of all streams, groups, lists and the server.",
    .since = "0.2.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .subcommands = survey_subcommands,
};
