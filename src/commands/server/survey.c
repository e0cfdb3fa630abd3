/* SURVEY: what survey/survey keeps, for who asks. Each subcommand looks first (survey_look()),
 * which keeps the survey awake, and then tells what is known at that moment.
 *
 *   STREAMS, GROUPS, DEAD   rows; one grammar of options, pages by survey/rows
 *   SERVER, ALARMS          the server as a whole, what is wrong
 *   METRICS                 text for Prometheus, part by part
 *
 * What can fail is what was asked: an unknown column or option, a value that is none. What the user
 * may not read is left out, and not counted. */
#include "survey/survey.h"
#include "commands/db_arg.h"
#include "commands/index.h"
#include "survey/alarms.h"
#include "survey/exposition.h"
#include "survey/rows.h"
#include "survey/vitals.h"

#include "base/num.h"

#include <math.h>

#define COUNT_MOST    1000
#define COUNT_DEFAULT 100

/* What a request asks for; query points into it. */
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

/* AFTER value db key [group], the word at i. Returns how many arguments that is; 0 after the error
 * reply. */
static int parse_after(const struct call *call, int i, struct asked *x)
{
    int n = rows_have_group(x->query.kind) ? 5 : 4;
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

/* An option with one value, the word at i. False after the error reply. */
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
        if (!rows_find_column(x->query.kind, value, &x->query.by)) {
            reply_errorf(call->reply, "ERR unknown column '%.*s'", (int)value.n, value.p);
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
    rows_find_column(x->query.kind, BYTES("key"), &x->query.by);
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
    /* What the value means depends on BY, which may stand behind it. */
    if (x->query.after &&
        !rows_parse_value(x->query.kind, x->query.by, x->after_value, &x->after.value)) {
        reply_errorf(call->reply, "ERR AFTER: '%.*s' is no value of the column",
                     (int)x->after_value.n, x->after_value.p);
        return false;
    }
    return true;
}

static void reply_rows(struct call *call, enum rows_kind kind)
{
    struct survey *sv = call->engine->survey;
    struct asked x = {
        .query = {.kind = kind, .user = whose_rows(call), .db = -1, .count = COUNT_DEFAULT}};
    if (!parse(call, &x))
        return;
    survey_look(sv);
    rows_reply(sv, &x.query, call->reply);
}

static void do_survey_streams(struct call *call)
{
    reply_rows(call, ROWS_STREAMS);
}

static void do_survey_groups(struct call *call)
{
    reply_rows(call, ROWS_GROUPS);
}

static void do_survey_dead(struct call *call)
{
    reply_rows(call, ROWS_DEAD);
}

/* ---- The server as a whole */

/* How many alarms there are that the user may know of; told, when there is a reply. */
static size_t tell_alarms(struct call *call, bool tell);

static void do_survey_server(struct call *call)
{
    struct survey *sv = call->engine->survey;
    struct reply *r = call->reply;
    survey_look(sv);
    reply_map(r, VITALS + 5);
    reply_bulk_text(r, "version");
    reply_bulk(r, vitals_version(sv->vitals, call->engine->metrics));
    for (enum vitals_id i = 0; i < VITALS; i++) {
        double x = vitals_value(sv->vitals, i);
        reply_bulk_text(r, vitals_name(i));
        if (vitals_is_whole(i))
            reply_int(r, isnan(x) ? -1 : (long long)x);
        else
            reply_double(r, isnan(x) ? 0 : x);
    }
    reply_bulk_text(r, "alarms");
    reply_int(r, (long long)tell_alarms(call, false));
    reply_bulk_text(r, "survey");
    reply_int(r, (long long)sv->number);
    reply_bulk_text(r, "survey-age-ms");
    reply_int(r, sv->number ? call->engine->steady_ms - sv->ended_ms : -1);
    reply_bulk_text(r, "survey-pass-ms");
    reply_int(r, sv->number ? sv->pass_ms : -1);
}

/* key: NULL, or the alarm is of this one. */
static void tell_alarm(struct reply *r, enum alarms_name name, int64_t since_ms,
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

static size_t tell_alarms(struct call *call, bool tell)
{
    const struct alarms *a = call->engine->survey->alarms;
    const struct user *u = whose_rows(call);
    size_t n = 0;
    for (enum alarms_name i = 0; i < ALARMS_OF_SERVER; i++) {
        if (!a->since_ms[i])
            continue;
        n++;
        if (tell)
            tell_alarm(call->reply, i, a->since_ms[i], a->text[i], NULL);
    }
    for (size_t i = 0; i < a->n; i++) {
        const struct alarms_key *x = &a->keys[i];
        if (!rows_may_read(u, str_bytes(x->key)))
            continue;
        n++;
        if (tell)
            tell_alarm(call->reply, x->name, x->since_ms, NULL, x);
    }
    return n;
}

/* Those of the server, then those of keys. */
static void do_survey_alarms(struct call *call)
{
    survey_look(call->engine->survey);
    reply_array(call->reply, tell_alarms(call, false));
    tell_alarms(call, true);
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
        survey_look(sv);
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
#define SUB(word, args, text, cost, count, bits)                                                   \
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
        .handler = do_survey_##word,                                                               \
    }
#define ROWS(after)                                                                                \
    "[DB db:int] [MATCH pattern:pattern] [BY column:string] [<ASC | DESC>] [AFTER " after          \
    "] [COUNT count:int]"

SUB(streams, ROWS("value:string db:int key:string"),
    "Lists the streams with what the survey knows of them.", "O(N) with N the streams", -2,
    COMMAND_READONLY);
SUB(groups, ROWS("value:string db:int key:string group:string"),
    "Lists the groups of all streams with what the survey knows of them.", "O(N) with N the groups",
    -2, COMMAND_READONLY);
SUB(dead, ROWS("value:string db:int key:string"), "Lists the streams that hold dead letters.",
    "O(N) with N the streams and groups", -2, COMMAND_READONLY);
SUB(server, "", "Tells the numbers of the server as a whole.", "O(1)", 2, COMMAND_DANGEROUS);
SUB(alarms, "", "Lists what is wrong with the server and its queues.", "O(1)", 2,
    COMMAND_DANGEROUS);
SUB(metrics, "[CURSOR cursor:int] [MATCH pattern:pattern]",
    "Gives the metrics as text for Prometheus, part by part.",
    "O(1) for each part; O(N) for all with N the groups and streams that have lines of their own",
    -2, COMMAND_DANGEROUS);
SUB(help, "", "Lists the subcommands.", "O(1)", 2, 0);

static const struct command *const survey_subcommands[] = {
    &survey_alarms_command,  &survey_dead_command,   &survey_groups_command,  &survey_help_command,
    &survey_metrics_command, &survey_server_command, &survey_streams_command, NULL};

const struct command survey_command = {
    .name = "survey",
    .usage = "",
    .summary = "Numbers about all streams and groups.",
    .since = "0.2.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .subcommands = survey_subcommands,
};
