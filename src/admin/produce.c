#include "admin/produce.h"

#include "admin/entries.h"
#include "admin/perform.h"
#include "admin/tell.h"
#include "admin/work.h"
#include "base/clock.h"
#include "base/mem.h"
#include "config/settings.h"

#include <string.h>

#define FORM                                                                                       \
    "XADD {key} [NOMKSTREAM ?nomkstream] [DURABLE ?durable] [IDMPAUTO {idmpAuto}] [IDMP {idmp}] "  \
    "[DELAY {delayMs}] [AT {atMs}] [TTL {ttlMs}] {id|*} {fields}"
#define STEP_MOST 200 /* messages of a step */

struct produce {
    long long added, of;
    long long step;      /* messages of the next one */
    char id[ENTRIES_ID]; /* of the last one; empty: the stream was not to be made */
    struct buf error;    /* why no more are added */
};

static void drop(void *state)
{
    struct produce *p = state;
    buf_free(&p->error);
    mem_free(p);
}

static void take_id(void *to, const struct answer_item *item)
{
    struct produce *p = to;
    if (item->kind == ANSWER_STRING && item->text.n < sizeof(p->id)) {
        memcpy(p->id, item->text.p, item->text.n);
        p->id[item->text.n] = 0;
    }
}

/* How far what was added got when the answer leaves: which waits for the disk where that was asked
 * for. */
static void write_stored(struct exchange *x)
{
    const struct settings *c = x->all->engine->settings;
    bool synced = c->appendfsync == 2 || param_number(&x->asked.params, "durable", 0);
    json_write_text(&x->json, !c->appendonly ? "memory" : synced ? "synced" : "written");
}

static void end(struct exchange *x, const struct produce *p)
{
    struct json_write *w = &x->json;
    json_write_name(w, BYTES("id"));
    if (p->id[0])
        json_write_text(w, p->id);
    else
        json_write_null(w);
    if (p->of > 1) {
        json_write_name(w, BYTES("added"));
        json_write_int(w, p->added);
        json_write_name(w, BYTES("of"));
        json_write_int(w, p->of);
    }
    if (p->error.n) {
        json_write_name(w, BYTES("error"));
        json_write_bytes(w, buf_bytes(&p->error));
    }
    json_write_name(w, BYTES("stored"));
    write_stored(x);
    perform_end(x);
}

/* False: none is to follow, for want of success. */
static bool add(struct exchange *x, struct produce *p, const struct template_words *words)
{
    x->repeats = p->added > 0;
    bool good = work_try(x, words->words, words->n, take_id, p, &p->error) && !p->error.n;
    x->repeats = false;
    p->added += good;
    return good;
}

static bool is_idempotent(const struct exchange *x)
{
    return param_find(&x->asked.params, BYTES("idmp")) ||
           param_find(&x->asked.params, BYTES("idmpAuto"));
}

void produce_step(struct exchange *x)
{
    struct produce *p = work_state(x, sizeof(*p), drop);
    struct template_words words = {0};
    uint64_t began = clock_ticks();
    long long before = p->added;
    if (!p->of) {
        p->of = param_number(&x->asked.params, "times", 1);
        p->step = 1;
        if (p->of > 1 && is_idempotent(x)) {
            tell_refusal(x, 400, "ERR", "times: with idmp or idmpAuto all copies are one message");
            return;
        }
        if (!perform_begin(x))
            return;
    }
    template_fill(&words, BYTES(FORM), &x->asked.params);
    bool good = true;
    while (good && p->added < p->of && p->added - before < p->step)
        good = add(x, p, &words);
    template_free(&words);
    p->step = work_pace(began, p->step, STEP_MOST);
    if (x->phase != EXCHANGE_WORKING)
        return;
    if (!good && !p->added)
        tell_command_error(x, buf_bytes(&p->error), buf_bytes(&x->command));
    else if (!good || p->added == p->of)
        end(x, p);
}
