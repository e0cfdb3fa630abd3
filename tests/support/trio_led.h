/* A trio (support/trio.h) driven step by step by the test: three nodes with files and
 * min-replicas-to-ack 1; node 0 is the first primary, 1 and 2 are its replicas, all are whole. Time
 * passes only in led_round(), LED_ROUND_MS each: every node takes a turn, everything sent arrives.
 *
 * A number that was written and confirmed to a client must be present wherever clients are told
 * something later; that is checked after each turn. led_ends() reports whether it held, and lets
 * all nodes converge. */
#ifndef SUPPORT_TRIO_LED_H
#define SUPPORT_TRIO_LED_H

#include "trio_confirmed.h"

#define LED_ROUND_MS 20
#define LED_MOST     500 /* most rounds to wait */

static struct trio led;

static inline void led_start(int i)
{
    trio_start(&led, i);
    led.nodes[i].settings->replica_ack_timeout = 60000;
}

static inline bool led_begin(void)
{
    trio_prepare(&led, 1, TRIO_CONFIRMED);
    for (int i = 0; i < TRIO_NODES; i++) {
        led.nodes[i].setup = (struct node_setup){.appendonly = true,
                                                 .diskless = true,
                                                 .to_ack = 1,
                                                 .own_port = TRIO_PORT + i,
                                                 .diskless_load = 1,
                                                 .timeout_s = TRIO_NEVER_S,
                                                 .port = i ? TRIO_PORT : 0};
        led_start(i);
    }
    trio_becomes_whole(&led);
    return !*led.failed;
}

/* ---- Steps */

static inline void led_round(void)
{
    for (int i = 0; i < TRIO_NODES; i++)
        if (led.nodes[i].up)
            node_file_done(&led.nodes[i]);
    trio_moves_on(&led, LED_ROUND_MS);
}

static inline void led_waits(int ms)
{
    for (; ms > 0; ms -= LED_ROUND_MS)
        led_round();
}

/* Runs rounds until the condition holds; false: it never does. */
#define LED_UNTIL(condition)                                                                       \
    ({                                                                                             \
        for (int rounds = 0; rounds < LED_MOST && !*led.failed && !(condition); rounds++)          \
            led_round();                                                                           \
        (condition) && !*led.failed;                                                               \
    })

static inline void led_promote(int i)
{
    trio_follow(&led, i, i);
}

static inline void led_follow(int i, int primary)
{
    trio_follow(&led, i, primary);
}

static inline void led_part(int a, int b)
{
    trio_part(&led, a, b, true);
}

static inline void led_join(int a, int b)
{
    trio_part(&led, a, b, false);
}

/* Whether messages from one node to the other are held back. */
static inline void led_hold(int from, int to, bool held)
{
    led.held[from][to] = held;
}

/* Delivers n bytes from one node to the other: a link may break anywhere. */
static inline void led_deliver(int from, int to, size_t n)
{
    bool held = led.held[from][to];
    led.held[from][to] = false;
    for (int i = 0; i < TRIO_WIRES; i++) {
        struct trio_wire *w = &led.wires[i];
        if (w->open && w->from == to && w->to == from)
            trio_deliver(w, 1, n);
        else if (w->open && w->from == from && w->to == to)
            trio_deliver(w, 0, n);
    }
    led.held[from][to] = held;
}

/* A client writes a number; led_is_told() reports whether it was answered. */
static inline unsigned led_write(int i)
{
    trio_writes_number(&led, i);
    return led.numbers;
}

/* Other writes, whose replies do not matter. */
static inline void led_write_bytes(int i, int n)
{
    trio_says(&led, i, 1, "SETRANGE other %d x", n);
    for (int k = 0; k < n; k += 20)
        trio_says(&led, i, 1, "RPUSH bytes 01234567890123456789");
}

/* The number of frames in its file, for restarts from an earlier end. */
static inline size_t led_file(int i)
{
    return led.nodes[i].file.n;
}

enum led_keeps { LED_ALL = -1, LED_NOTHING = 0 };

/* Restarts it with this many frames of its file, or LED_ALL or LED_NOTHING. */
static inline void led_crash(int i, long keeps)
{
    struct node *n = &led.nodes[i];
    size_t torn = keeps > 0 ? n->file.n - (size_t)keeps : 0;
    led_round();
    trio_crash(&led, i, torn, keeps == LED_NOTHING, true);
}

/* ---- What is seen */

static inline bool led_is_told(unsigned number)
{
    return led.told[number];
}

static inline bool led_is_confirmed(int i)
{
    return trio_is_confirmed(&led.nodes[i]);
}

/* The generation of its ID, or of the one that it writes under as a primary. */
static inline uint32_t led_generation(int i)
{
    return history_generation(led.nodes[i].engine.journal->history.id);
}

static inline bool led_has(int i, unsigned number)
{
    static struct trio_numbers have;
    trio_holds(&led.nodes[i], &have);
    return have.has[number];
}

/* The state of a replica's link, or that of a fetch. */
static inline bool led_link_is(int i, enum follow_state state)
{
    struct follow_figures f = {0};
    struct follow *link = replication_link(led.nodes[i].r);
    if (link)
        follow_figures(link, &f);
    return link && f.state == state;
}

static inline bool led_fetches(int i)
{
    return led.nodes[i].r->confirmation.fetch != NULL;
}

/* ---- The end */

static inline bool led_ends(int primary)
{
    led.primary = primary;
    for (int i = 0; i < TRIO_NODES; i++)
        led_start(i);
    if (!*led.failed)
        trio_heals(&led);
    if (!*led.failed)
        trio_judge(&led);
    if (*led.failed)
        printf("# %s\n", led.failed);
    trio_end(&led);
    return !*led.failed;
}

#endif
