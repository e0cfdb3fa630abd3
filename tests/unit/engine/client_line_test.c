#include "engine/client_line.h"

#include "acl/users.h"
#include "engine/observe.h"
#include "engine/tracking.h"
#include "engine_commands.h"
#include "unit.h"

/* Whether the client's line has this word. */
static bool has(const struct client *c, const char *word)
{
    struct buf b = {0};
    client_line_print(c, &b);
    b.p[b.n - 1] = ' '; /* its line end */
    buf_add_char(&b, 0);
    char spaced[128];
    snprintf(spaced, sizeof(spaced), " %s ", word);
    bool found = strstr(b.p, spaced) != NULL;
    if (!found)
        printf("# no <%s> in %s", word, b.p);
    buf_free(&b);
    return found;
}

TEST(one_letter_for_each_state)
{
    static const struct {
        unsigned flag;
        const char *word;
    } rows[] = {{0, "flags=N"},
                {CLIENT_SUBSCRIBED, "flags=P"},
                {CLIENT_MULTI, "flags=x"},
                {CLIENT_BLOCKED, "flags=b"},
                {CLIENT_PAUSED, "flags=b"},
                {CLIENT_TXN_STALE, "flags=d"},
                {CLIENT_CLOSE_AFTER, "flags=c"},
                {CLIENT_UNIX, "flags=U"},
                {CLIENT_CLOSING, "flags=A"},
                {CLIENT_NO_EVICT, "flags=e"},
                {CLIENT_NO_TOUCH, "flags=T"},
                {CLIENT_UNIX | CLIENT_NO_TOUCH, "flags=UT"}};
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    txn_of(c);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        c->flags |= rows[i].flag;
        CHECK(has(c, rows[i].word));
        c->flags &= ~rows[i].flag;
    }
    observe_monitor(c);
    CHECK(has(c, "flags=O"));
    observe_unmonitor(c);
    tracking_enable(c, TRACKING_BCAST | TRACKING_BROKEN, 7, NULL, 0);
    CHECK(has(c, "flags=tRB") && has(c, "redir=7"));
    tracking_disable(c);
    CHECK(has(c, "redir=-1"));
    bench_end(b);
}

TEST(what_it_has_and_does)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    CHECK(has(c, "cmd=NULL") && has(c, "multi=-1") && has(c, "user=default") && has(c, "name="));
    snprintf(c->address, sizeof(c->address), "1.2.3.4:5");
    client_set_text(c, &c->name, str_new(BYTES("n")));
    client_set_text(c, &c->lib_name, str_new(BYTES("lib")));
    txn_watch(c, c->db, BYTES("w"));
    bench_says(c, "MULTI");
    bench_says(c, "HAS k");
    bench_says(c, "HAS k");
    CHECK(has(c, "addr=1.2.3.4:5") && has(c, "name=n") && has(c, "lib-name=lib"));
    CHECK(has(c, "multi=2") && has(c, "watch=1") && has(c, "cmd=has") && has(c, "tot-cmds=1"));
    CHECK(has(c, "oll=0") && has(c, "omem=0") && has(c, "argv-mem=0"));
    CHECK(has(c, "obl=23") && has(c, "events=rw") && has(c, "resp=2") && has(c, "db=0"));
    bench_wait(b, 2500);
    CHECK(has(c, "age=2") && has(c, "idle=2"));
    c->active_ms = b->engine.steady_ms;
    CHECK(has(c, "age=2") && has(c, "idle=0"));
    chain_take(&c->out, chain_pending(&c->out));
    client_keep(c, "half a request", 14);
    CHECK(has(c, "qbuf=14") && has(c, "qbuf-free=1010") && has(c, "events=r"));
    bench_end(b);
}

UNIT_MAIN(T(one_letter_for_each_state), T(what_it_has_and_does))
