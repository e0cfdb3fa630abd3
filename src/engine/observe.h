/* Watching commands: the slow log, MONITOR, latency events and the histograms of commands' times.
 * exec_run() calls these after a command; what nobody asked for costs a comparison. */
#ifndef ENGINE_OBSERVE_H
#define ENGINE_OBSERVE_H

#include "engine/call.h"

struct observe_slow {
    struct dlist_node node; /* in observe.slow, the newest first */
    uint64_t id;
    int64_t time_s, duration_us;
    struct str **argv; /* shortened */
    int argc;
    struct str *address, *name;
};

#define OBSERVE_SAMPLES 160

struct observe_event { /* one kind of latency event */
    struct {
        int64_t time_s, ms;
    } samples[OBSERVE_SAMPLES];
    unsigned next, n;
    int64_t most_ms;
};

struct observe {
    struct dlist_node slow;
    size_t slow_n;
    uint64_t next_slow;
    struct dict events; /* name to struct observe_event */
    struct dlist_node monitors;
};

void observe_init(struct observe *o);
void observe_free(struct observe *o);
/* The settings changed, or the cycle counter is known better. */
void observe_configure(struct engine *e);
/* After a command that took at least engine.timing.slow_ticks. */
void observe_slow_command(const struct call *call, uint64_t ticks);
void observe_forget_slow(struct observe *o);
/* Counts an error reply by its code word. */
void observe_count_error(struct engine *e, const char *code);
/* To the clients in MONITOR mode. */
void observe_show(const struct client *c, const struct command *command, const struct bytes *argv,
                  int argc);
void observe_monitor(struct client *c);
void observe_unmonitor(struct client *c);
/* Whether argument i is a secret, by what the command's constant says and, of a setting, the
 * setting's. The arity fits, or it is not asked for what is behind the request's end. */
bool observe_is_secret(const struct command *c, const struct bytes *argv, int i);
/* A latency event, if it took long enough to be one. */
void observe_latency(struct engine *e, const char *event, int64_t ms);
/* This thread's processor time, to tell a slow turn from one that waited for a processor; -1 while
 * latency events are not recorded: reading it is a system call. */
int64_t observe_cpu_us(const struct engine *e);
/* Returns how many were forgotten. name.p NULL: all. */
size_t observe_reset(struct observe *o, struct bytes name);

#endif
