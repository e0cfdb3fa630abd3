/* SCAN lists the keys. For each key that is a stream, these commands are run, one a step, and their
 * replies are written as the commands that would make the stream's configuration again:
 *
 *   XINFO STREAM    its limits                  XCFGSET
 *   XINFO GROUPS    names of groups, then each  XGROUP CREATE (from the end), or
 *   XPOLICY GET     its rules                   XPOLICY SET
 *   XBIND LIST, XCRON LIST, XCAPTURE LIST       XBIND ADD, XCRON SET, XCAPTURE ADD
 *
 * and with users=1 ACL LIST ends the text, without digests of passwords. The text streams
 * (admin/flow). A stream that has gone meanwhile is left out. A command that fails otherwise cuts
 * the answer off: half of the definitions must not be taken for all of them. */
#include "admin/definitions.h"

#include "admin/flow.h"
#include "admin/tell.h"
#include "admin/values.h"
#include "admin/work.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/words.h"
#include "type/stream/stream_dedup.h"

#include <string.h>

#define TYPE       "text/plain; charset=utf-8"
#define SCAN_COUNT "100"

enum part { SCANS, LIMITS, GROUPS, RULES, BINDINGS, SCHEDULES, CAPTURES, USERS };

struct definitions {
    enum part part;
    struct values reply, keys, groups;
    const struct value *key, *group; /* under way, in keys and groups */
    char cursor[24];
    bool is_last; /* of the scan */
};

static void drop(void *state)
{
    struct definitions *d = state;
    values_free(&d->reply);
    values_free(&d->keys);
    values_free(&d->groups);
    mem_free(d);
}

static void take_value(void *to, const struct answer_item *item)
{
    values_item(to, item);
}

/* ---- Lines */

/* As redis-cli takes it; the text stays UTF-8 whatever bytes there are. */
static void word(struct buf *out, struct bytes w)
{
    if (out->n && out->p[out->n - 1] != '\n')
        buf_add_char(out, ' ');
    if (words_is_plain(w)) {
        buf_add(out, w);
        return;
    }
    buf_add_char(out, '"');
    while (w.n) {
        unsigned char c = (unsigned char)*w.p;
        size_t n = utf8_length(w);
        if (n == 0 || c < ' ' || c == 127)
            buf_printf(out, "\\x%02x", c);
        else if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else
            buf_add(out, bytes_of(w.p, n));
        n += n == 0;
        w = bytes_of(w.p + n, w.n - n);
    }
    buf_add_char(out, '"');
}

static void text(struct buf *out, const char *words)
{
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, " ");
        word(out, bytes_of(p, n));
        p += n + (p[n] == ' ');
    }
}

/* Words that a value has, with blanks between them. */
static void split(struct buf *out, struct bytes w)
{
    while (w.n) {
        const char *blank = memchr(w.p, ' ', w.n);
        size_t n = blank ? (size_t)(blank - w.p) : w.n;
        word(out, bytes_of(w.p, n));
        n += blank != NULL;
        w = bytes_of(w.p + n, w.n - n);
    }
}

static void list(struct buf *out, const struct values *v, const struct value *holder)
{
    for (const struct value *x = values_first(v, holder); x; x = values_next(v, holder, x))
        word(out, values_text(v, x));
}

static struct bytes member(const struct values *v, const struct value *map, const char *name)
{
    const struct value *x = values_member(v, map, name);
    return x ? values_text(v, x) : BYTES("");
}

static long long number(const struct values *v, const struct value *map, const char *name)
{
    const struct value *x = values_member(v, map, name);
    return x && x->kind == ANSWER_INT ? x->number : -1;
}

static void end_line(struct buf *out)
{
    buf_add_char(out, '\n');
}

/* ---- Of a stream */

static void add_limits(struct buf *out, struct bytes key, const struct values *v)
{
    static const struct {
        const char *name, *option;
        long long none; /* the default, which needs no command */
    } limits[] = {{"maxlen", "MAXLEN", -1},
                  {"maxbytes", "MAXBYTES", -1},
                  {"maxage", "MAXAGE", -1},
                  {"idmp-duration", "IDMP-DURATION", STREAM_DEDUP_DURATION_S},
                  {"idmp-maxsize", "IDMP-MAXSIZE", STREAM_DEDUP_MAX_SIZE}};
    const struct value *s = values_root(v);
    bool any = false;
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        if (number(v, s, limits[i].name) == limits[i].none)
            continue;
        if (!any) {
            text(out, "XCFGSET");
            word(out, key);
            text(out, "MKSTREAM");
        }
        any = true;
        text(out, limits[i].option);
        word(out, member(v, s, limits[i].name));
    }
    if (!any)
        return;
    if (values_member(v, s, "overflow")) {
        text(out, "OVERFLOW");
        split(out, member(v, s, "overflow"));
    }
    end_line(out);
}

static void add_rule(struct buf *out, const struct values *v, const struct value *rules,
                     struct bytes name, struct bytes value)
{
    bool is_rate = bytes_is(name, "rate"), is_order = bytes_is(name, "orderby");
    if (bytes_is(name, "order") || (is_rate && bytes_equal(value, BYTES("0 0"))))
        return;
    word(out, name);
    if (is_rate || bytes_is(name, "retry"))
        split(out, value);
    else
        word(out, value);
    if (is_order && value.n)
        word(out, member(v, rules, "order"));
}

static void add_group(struct buf *out, struct bytes key, struct bytes group, const struct values *v)
{
    const struct value *rules = values_root(v), *value;
    bool has_rules = rules->kind == ANSWER_MAP;
    text(out, has_rules ? "XPOLICY SET" : "XGROUP CREATE");
    word(out, key);
    word(out, group);
    text(out, has_rules ? "MKSTREAM" : "$ MKSTREAM");
    for (const struct value *x = has_rules ? values_first(v, rules) : NULL; x;
         x = values_next(v, rules, value)) {
        value = values_next(v, rules, x);
        if (!value)
            break;
        add_rule(out, v, rules, values_text(v, x), values_text(v, value));
    }
    end_line(out);
}

/* [kind, values, by, to] */
static void add_binding(struct buf *out, struct bytes key, const struct values *v,
                        const struct value *row)
{
    const struct value *kind = values_first(v, row);
    const struct value *args = kind ? values_next(v, row, kind) : NULL;
    const struct value *by = args ? values_next(v, row, args) : NULL;
    const struct value *to = by ? values_next(v, row, by) : NULL;
    if (!to)
        return;
    text(out, "XBIND ADD");
    word(out, key);
    split(out, values_text(v, kind));
    list(out, v, args);
    if (by->n && !bytes_equal(values_text(v, by), BYTES("routing-key"))) {
        text(out, "BY");
        word(out, values_text(v, by));
    }
    text(out, "TO");
    word(out, values_text(v, to));
    end_line(out);
}

/* START, where the moments depend on it: while the first one is still to come; later, for a span,
 * the first of all its multiples, so that the line is the same whenever it is written. */
static void add_start(struct buf *out, const struct values *v, const struct value *row,
                      int64_t now_ms)
{
    char digits[NUM_INT_MAX];
    long long start = number(v, row, "start"), every = number(v, row, "every");
    if (every < 0) /* it has none: a cron expression */
        every = 0;
    bool is_to_come = start - every > now_ms;
    if (!is_to_come && !every)
        return;
    text(out, "START");
    word(out, bytes_of(digits, num_print_int(digits, is_to_come ? start : start % every)));
}

static void add_schedule(struct buf *out, struct bytes key, const struct values *v,
                         const struct value *row, int64_t now_ms)
{
    const struct value *fields = values_member(v, row, "fields");
    bool is_cron = values_member(v, row, "cron") != NULL;
    text(out, "XCRON SET");
    word(out, key);
    word(out, member(v, row, "name"));
    text(out, is_cron ? "CRON" : "EVERY");
    word(out, member(v, row, is_cron ? "cron" : "every"));
    if (is_cron) {
        text(out, "TZ");
        word(out, member(v, row, "tz"));
    }
    add_start(out, v, row, now_ms);
    text(out, "CATCHUP");
    word(out, member(v, row, "catchup"));
    if (number(v, row, "until") > 0) {
        text(out, "UNTIL");
        word(out, member(v, row, "until"));
    }
    if (number(v, row, "left") >= 0) {
        text(out, "LIMIT");
        word(out, member(v, row, "left"));
    }
    text(out, "FIELDS");
    if (fields)
        list(out, v, fields);
    end_line(out);
}

static void add_rows(struct buf *out, struct bytes key, const struct values *v,
                     void (*add)(struct buf *out, struct bytes key, const struct values *v,
                                 const struct value *row))
{
    const struct value *all = values_root(v);
    for (const struct value *x = values_first(v, all); x; x = values_next(v, all, x))
        add(out, key, v, x);
}

static void add_schedules(struct buf *out, struct bytes key, const struct values *v, int64_t now_ms)
{
    const struct value *all = values_root(v);
    for (const struct value *x = values_first(v, all); x; x = values_next(v, all, x))
        add_schedule(out, key, v, x, now_ms);
}

static void add_captures(struct buf *out, struct bytes key, const struct values *v)
{
    if (!values_first(v, values_root(v)))
        return;
    text(out, "XCAPTURE ADD");
    word(out, key);
    list(out, v, values_root(v));
    end_line(out);
}

/* ---- Users */

/* A rule: up to a blank that is not in parentheses. */
static size_t rule_length(struct bytes rest)
{
    int depth = 0;
    size_t n = 0;
    for (; n < rest.n && (depth || rest.p[n] != ' '); n++)
        depth += (rest.p[n] == '(') - (rest.p[n] == ')');
    return n;
}

/* "user name rules...": the digests of passwords are left out. */
static void add_user(struct buf *out, struct bytes key, const struct values *v,
                     const struct value *row)
{
    struct bytes rest = values_text(v, row);
    (void)key;
    text(out, "ACL SETUSER");
    for (int i = 0; rest.n; i++) {
        size_t n = rule_length(rest);
        if (i > 0 && n && *rest.p != '#')
            word(out, bytes_of(rest.p, n));
        n += n < rest.n;
        rest = bytes_of(rest.p + n, rest.n - n);
    }
    end_line(out);
}

/* ---- Steps */

/* The reply goes to `to`. False: answered, or the key has gone (key NULL then). */
static bool ask(struct exchange *x, struct definitions *d, struct values *to,
                const struct bytes *words, size_t n)
{
    struct buf error = {0};
    values_reset(to);
    bool ran = work_try(x, words, n, take_value, to, &error);
    bool good = ran && !error.n;
    bool has_gone = ran && d->key &&
                    (bytes_equal(buf_bytes(&error), err_text(ERR_NO_KEY)) ||
                     bytes_has_prefix(buf_bytes(&error), "WRONGTYPE"));
    if (has_gone)
        d->key = NULL;
    else if (ran && !good)
        tell_command_error(x, buf_bytes(&error), BYTES(""));
    buf_free(&error);
    return good;
}

static bool scan(struct exchange *x, struct definitions *d)
{
    const struct param *match = param_find(&x->asked.params, BYTES("match"));
    const struct bytes words[] = {
        BYTES("SCAN"), bytes_text(d->cursor), BYTES("COUNT"), BYTES(SCAN_COUNT),
        BYTES("TYPE"), BYTES("stream"),       BYTES("MATCH"), match ? match->text : BYTES("*")};
    d->key = NULL;
    if (!ask(x, d, &d->keys, words, 8))
        return false;
    const struct value *all = values_root(&d->keys), *cursor = values_first(&d->keys, all);
    const struct value *keys = cursor ? values_next(&d->keys, all, cursor) : NULL;
    ASSERT(keys && cursor->n < sizeof(d->cursor));
    memset(d->cursor, 0, sizeof(d->cursor));
    memcpy(d->cursor, values_text(&d->keys, cursor).p, cursor->n);
    d->is_last = strcmp(d->cursor, "0") == 0;
    d->key = values_first(&d->keys, keys);
    return true;
}

/* The array of keys in the reply of SCAN. */
static const struct value *key_list(const struct definitions *d)
{
    const struct value *all = values_root(&d->keys);
    return values_next(&d->keys, all, values_first(&d->keys, all));
}

/* Asks one thing of the key that is under way. False: answered, or the key has gone. */
static bool ask_key(struct exchange *x, struct definitions *d, struct values *to,
                    const char *command, const char *sub)
{
    const struct bytes words[] = {bytes_text(command), bytes_text(sub),
                                  values_text(&d->keys, d->key), BYTES("")};
    return ask(x, d, to, words, 3);
}

static bool ask_rules(struct exchange *x, struct definitions *d)
{
    struct bytes name = member(&d->groups, d->group, "name");
    const struct bytes words[] = {BYTES("XPOLICY"), BYTES("GET"), values_text(&d->keys, d->key),
                                  name};
    if (!ask(x, d, &d->reply, words, 4))
        return false;
    add_group(&x->body, words[2], name, &d->reply);
    d->group = values_next(&d->groups, values_root(&d->groups), d->group);
    return true;
}

/* One part of a stream. False: as ask(). */
static bool add_part(struct exchange *x, struct definitions *d)
{
    struct bytes key = values_text(&d->keys, d->key);
    switch (d->part) {
    case LIMITS:
        if (!ask_key(x, d, &d->reply, "XINFO", "STREAM"))
            return false;
        add_limits(&x->body, key, &d->reply);
        d->part = GROUPS;
        return true;
    case GROUPS:
        if (!ask_key(x, d, &d->groups, "XINFO", "GROUPS"))
            return false;
        d->group = values_first(&d->groups, values_root(&d->groups));
        d->part = d->group ? RULES : BINDINGS;
        return true;
    case RULES:
        if (!ask_rules(x, d))
            return false;
        d->part = d->group ? RULES : BINDINGS;
        return true;
    case BINDINGS:
        if (!ask_key(x, d, &d->reply, "XBIND", "LIST"))
            return false;
        add_rows(&x->body, key, &d->reply, add_binding);
        d->part = SCHEDULES;
        return true;
    case SCHEDULES:
        if (!ask_key(x, d, &d->reply, "XCRON", "LIST"))
            return false;
        add_schedules(&x->body, key, &d->reply, x->all->engine->now_ms);
        d->part = CAPTURES;
        return true;
    default:
        if (!ask_key(x, d, &d->reply, "XCAPTURE", "LIST"))
            return false;
        add_captures(&x->body, key, &d->reply);
        d->part = LIMITS;
        d->key = values_next(&d->keys, key_list(d), d->key);
        return true;
    }
}

static void step_keys(struct exchange *x, struct definitions *d)
{
    const struct value *key = d->key;
    if (!key && d->is_last) {
        d->part = USERS;
    } else if (!key) {
        d->part = LIMITS;
        if (!scan(x, d))
            return;
    } else if (!add_part(x, d)) {
        if (d->key)
            return; /* answered */
        d->part = LIMITS;
        d->key = values_next(&d->keys, key_list(d), key);
    }
    if (flow_room(x))
        flow_go_on(x);
    else
        flow_rest(x);
}

static void step_users(struct exchange *x, struct definitions *d)
{
    const struct bytes words[] = {BYTES("ACL"), BYTES("LIST")};
    d->key = NULL;
    if (param_number(&x->asked.params, "users", 0)) {
        if (!ask(x, d, &d->reply, words, 2))
            return;
        add_rows(&x->body, BYTES(""), &d->reply, add_user);
    }
    flow_end(x);
}

void definitions_step(struct exchange *x)
{
    struct definitions *d = x->work;
    if (!d) {
        const struct bytes words[] = {BYTES("SCAN"), BYTES("0")};
        if (!work_may(x, words, 2))
            return;
        d = work_state(x, sizeof(*d), drop);
        strcpy(d->cursor, "0");
        flow_begin(x, TYPE, NULL);
    } else if (d->part == USERS) {
        step_users(x, d);
    } else {
        step_keys(x, d);
    }
}
