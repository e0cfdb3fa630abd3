/* Observing commands: slow log, MONITOR, latency events and histograms. exec_run() calls these
 * after a command; what is switched off costs one comparison. */
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
/* To be called when settings change or the rate of the cycle counter is known better. */
void observe_configure(struct engine *e);
/* For a command that took at least engine.timing.slow_ticks. */
void observe_slow_command(const struct call *call, uint64_t ticks);
void observe_forget_slow(struct observe *o);
/* Counts an error reply by its code word. */
void observe_count_error(struct engine *e, const char *code);
/* Shows a request to the clients in MONITOR mode. */
void observe_show(const struct client *c, const struct command *command, const struct bytes *argv,
                  int argc);
void observe_monitor(struct client *c);
void observe_unmonitor(struct client *c);
/* Whether argument i is a secret, by the command's constant and, for settings, the setting's. The
 * arity must fit, or i be within the request. */
bool observe_is_secret(const struct command *c, const struct bytes *argv, int i);
/* Records a latency event if it exceeds latency-monitor-threshold. */
void observe_latency(struct engine *e, const char *event, int64_t ms);
/* This thread's CPU time, to tell a slow turn from one that waited for a CPU; -1 while latency
 * events are not recorded, since reading it is a system call. */
int64_t observe_cpu_us(const struct engine *e);
/* Forgets the events of one name (name.p NULL: all). Returns how many. */
size_t observe_reset(struct observe *o, struct bytes name);

#endif
