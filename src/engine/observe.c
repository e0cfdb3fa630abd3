/* Statistics of commands that have run. Each of three kinds costs one comparison at a command's end
 * while it is off:
 *
 *   slow     the command took at least timing.slow_ticks: the smaller of the limits of slow log and
 *            latency events, in ticks of the cycle counter. observe_configure() computes it when
 *            settings change and with each tick, as the counter's rate gets more exact with time.
 *            Only such commands are converted to microseconds and compared with each limit.
 *   monitor  ENGINE_MONITORED is set while a client monitors; it is shown requests after they have
 *            run, also those within a script or transaction. Replay is never shown.
 *   counted  calls, time and a histogram of times, by exec.c; errors by code word, here.
 *
 * Secrets are left out of both lists, according to the command's constant and the setting's row.
 * Everything is bounded: entries and their arguments, samples of an event, error code words. */
#include "engine/observe.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/deliver.h"

#include <ctype.h>

#define ARGS_MOST 32
#define ARG_MOST  128

/* Scripts can make up any number of code words: the rest is counted together. */
#define ERROR_CODES_MOST 128
#define ERROR_OTHERS     "ERRORSTATS_OVERFLOW"

void observe_init(struct observe *o)
{
    dlist_init(&o->slow);
    dlist_init(&o->monitors);
}

static void free_slow(struct observe_slow *x)
{
    dlist_remove(&x->node);
    for (int i = 0; i < x->argc; i++)
        str_unref(x->argv[i]);
    mem_free(x->argv);
    str_unref(x->address);
    str_unref(x->name);
    mem_free(x);
}

void observe_forget_slow(struct observe *o)
{
    while (!dlist_empty(&o->slow))
        free_slow(dlist_item(o->slow.next, struct observe_slow, node));
    o->slow_n = 0;
}

void observe_free(struct observe *o)
{
    observe_forget_slow(o);
    observe_reset(o, bytes_of(NULL, 0));
    dict_clear(&o->events);
}

void observe_configure(struct engine *e)
{
    long long slow_us = e->settings->slowlog_log_slower_than,
              event_us = num_times(e->settings->latency_monitor_threshold, 1000);
    double least = -1;
    if (slow_us >= 0)
        least = (double)slow_us;
    if (event_us > 0 && (least < 0 || (double)event_us < least))
        least = (double)event_us;
    double ticks = least * clock_ticks_per_us();
    /* 2^64 does not fit. */
    e->timing.slow_ticks = least < 0 || ticks >= 0x1p64 ? UINT64_MAX : (uint64_t)ticks;
    e->timing.track_latency = e->settings->latency_tracking;
}

bool observe_is_secret(const struct command *c, const struct bytes *argv, int i)
{
    if (c->secret_from && i >= c->secret_from)
        return true;
    for (size_t w = 0; w < sizeof(c->secrets) / sizeof(c->secrets[0]); w++)
        for (int k = 1; c->secrets[w].word && k <= c->secrets[w].n && i - k > 0; k++)
            if (bytes_is(argv[i - k], c->secrets[w].word))
                return true;
    if (c->secret_settings && i >= 3 && i % 2) {
        const struct setting *x = settings_find(argv[i - 1]);
        return x && (x->flags & SETTING_SECRET);
    }
    return false;
}

static struct str *shortened(struct bytes x)
{
    if (x.n <= ARG_MOST)
        return str_new(x);
    struct buf b = {0};
    buf_add(&b, bytes_of(x.p, ARG_MOST));
    buf_printf(&b, "... (%zu more bytes)", x.n - ARG_MOST);
    struct str *s = str_new(buf_bytes(&b));
    buf_free(&b);
    return s;
}

static void note_slow(const struct call *call, int64_t us)
{
    struct engine *e = call->engine;
    struct observe *o = e->observe;
    struct observe_slow *x = mem_zalloc(sizeof(*x));
    x->id = o->next_slow++;
    x->time_s = e->now_ms / 1000;
    x->duration_us = us;
    x->argc = call->argc > ARGS_MOST ? ARGS_MOST : call->argc;
    x->argv = mem_alloc((size_t)x->argc * sizeof(struct str *));
    for (int i = 0; i < x->argc; i++) {
        if (i == ARGS_MOST - 1 && call->argc > ARGS_MOST) {
            struct buf b = {0};
            buf_printf(&b, "... (%d more arguments)", call->argc - ARGS_MOST + 1);
            x->argv[i] = str_new(buf_bytes(&b));
            buf_free(&b);
        } else {
            x->argv[i] = observe_is_secret(call->command, call->argv, i)
                             ? str_new(BYTES("(redacted)"))
                             : shortened(call->argv[i]);
        }
    }
    const struct client *c = call->client;
    x->address = str_new(bytes_text(c->address));
    x->name = c->name ? shortened(str_bytes(c->name)) : str_new(bytes_of("", 0));
    dlist_insert_before(o->slow.next, &x->node);
    o->slow_n++;
    while ((long long)o->slow_n > e->settings->slowlog_max_len) {
        ASSERT(!dlist_empty(&o->slow));
        free_slow(dlist_item(o->slow.prev, struct observe_slow, node));
        o->slow_n--;
    }
}

/* The client replays a file. */
static bool is_of_a_file(const struct client *c)
{
    return (c->flags & (CLIENT_REPLAY | CLIENT_PRIMARY)) == CLIENT_REPLAY;
}

void observe_slow_command(const struct call *call, uint64_t ticks)
{
    struct engine *e = call->engine;
    int64_t us = (int64_t)((double)ticks / clock_ticks_per_us());
    long long limit = e->settings->slowlog_log_slower_than;
    if (is_of_a_file(call->client))
        return;
    if (limit >= 0 && us >= limit && !(call->command->flags & COMMAND_SKIP_SLOWLOG))
        note_slow(call, us);
    observe_latency(e, call->command->flags & COMMAND_FAST ? "fast-command" : "command", us / 1000);
}

void observe_count_error(struct engine *e, const char *code)
{
    e->stats.total_errors++;
    if (e->stats.errors.used >= ERROR_CODES_MOST && !dict_find(&e->stats.errors, bytes_text(code)))
        code = ERROR_OTHERS;
    struct dict_node *n = dict_ensure(&e->stats.errors, bytes_text(code));
    n->value = (void *)((uintptr_t)n->value + 1);
}

int64_t observe_cpu_us(const struct engine *e)
{
    return __builtin_expect(e->settings->latency_monitor_threshold > 0, 0) ? clock_thread_us() : -1;
}

void observe_latency(struct engine *e, const char *name, int64_t ms)
{
    long long threshold = e->settings->latency_monitor_threshold;
    if (threshold <= 0 || ms < threshold)
        return;
    struct dict_node *n = dict_ensure(&e->observe->events, bytes_text(name));
    struct observe_event *x = n->value;
    if (!x)
        n->value = x = mem_zalloc(sizeof(*x));
    int64_t now_s = e->now_ms / 1000;
    ASSERT(x->n <= OBSERVE_SAMPLES && x->next < OBSERVE_SAMPLES);
    unsigned last = (x->next + OBSERVE_SAMPLES - 1) % OBSERVE_SAMPLES;
    if (ms > x->most_ms)
        x->most_ms = ms;
    if (x->n && x->samples[last].time_s == now_s) {
        if (ms > x->samples[last].ms)
            x->samples[last].ms = ms;
        return;
    }
    x->samples[x->next].time_s = now_s;
    x->samples[x->next].ms = ms;
    x->next = (x->next + 1) % OBSERVE_SAMPLES;
    if (x->n < OBSERVE_SAMPLES)
        x->n++;
}

size_t observe_reset(struct observe *o, struct bytes name)
{
    size_t count = 0;
    if (name.p) {
        void *x = dict_remove(&o->events, name);
        mem_free(x);
        return x != NULL;
    }
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&o->events, &w)); count++)
        mem_free(dict_remove(&o->events, dict_key(n)));
    return count;
}

/* ---- MONITOR */

void observe_monitor(struct client *c)
{
    if (!dlist_linked(&c->monitoring))
        dlist_append(&c->engine->observe->monitors, &c->monitoring);
    c->engine->slow_path |= ENGINE_MONITORED;
}

void observe_unmonitor(struct client *c)
{
    ASSERT(!dlist_linked(&c->monitoring) || (c->engine->slow_path & ENGINE_MONITORED));
    dlist_remove(&c->monitoring);
    if (dlist_empty(&c->engine->observe->monitors))
        c->engine->slow_path &= ~(unsigned)ENGINE_MONITORED;
}

static void add_quoted(struct buf *b, struct bytes x)
{
    buf_add_char(b, '"');
    for (size_t i = 0; i < x.n; i++) {
        unsigned char c = (unsigned char)x.p[i];
        static const char special[] = "\n\r\t\a\b", letters[] = "nrtab";
        const char *at = c ? strchr(special, c) : NULL;
        if (c == '"' || c == '\\') {
            buf_add_char(b, '\\');
            buf_add_char(b, (char)c);
        } else if (at) {
            buf_add_char(b, '\\');
            buf_add_char(b, letters[at - special]);
        } else if (c >= 32 && c < 127) {
            buf_add_char(b, (char)c);
        } else {
            buf_printf(b, "\\x%02x", c);
        }
    }
    buf_add_char(b, '"');
}

void observe_show(const struct client *c, const struct command *command, const struct bytes *argv,
                  int argc)
{
    struct engine *e = c->engine;
    struct buf b = {0};
    int64_t us = clock_wall_us();
    if (is_of_a_file(c))
        return;
    buf_printf(&b, "+%lld.%06lld [%d ", (long long)(us / 1000000), (long long)(us % 1000000),
               c->db->id);
    if (c->flags & CLIENT_SCRIPT)
        buf_add_text(&b, "lua");
    else
        buf_printf(&b, "%s%s", c->flags & CLIENT_UNIX ? "unix:" : "", c->address);
    buf_add_char(&b, ']');
    for (int i = 0; i < argc; i++) {
        buf_add_char(&b, ' ');
        add_quoted(&b, observe_is_secret(command, argv, i) ? BYTES("(redacted)") : argv[i]);
    }
    buf_add_text(&b, "\r\n");
    struct dlist_node *head = &e->observe->monitors;
    for (struct dlist_node *n = head->next; n != head; n = n->next) {
        struct client *m = dlist_item(n, struct client, monitoring);
        if (m->flags & (CLIENT_CLOSING | CLIENT_REPLY_OFF))
            continue;
        deliver_push(m, buf_bytes(&b));
    }
    buf_free(&b);
}
