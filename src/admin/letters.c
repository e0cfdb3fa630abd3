/* Reads at most MOST dead letters in small steps (admin/sweep). GET letters counts them by the
 * value of one of their fields; a dry run of a redrive counts those that it would move.
 *
 * A redrive itself is one XREDRIVE, of COUNT letters at most: who wants all asks again from `next`
 * on. What a trial finds may be less than what XREDRIVE moves, when letters come meanwhile; it is
 * cut at MOST, and says so by `next`.
 *
 * What can fail: the commands; more different values than ROWS_MOST, of which the rarest are summed
 * up in `others`, as are values longer than VALUE_MOST. */
#include "admin/letters.h"

#include "admin/perform.h"
#include "admin/sweep.h"
#include "admin/tell.h"
#include "admin/work.h"
#include "base/mem.h"
#include "ds/dict.h"

#include <stdlib.h>
#include <string.h>

#define MOST        10000
#define VALUES_MOST 2000 /* distinct values with a count of their own: bounds the memory */
#define ROWS_MOST   200
#define VALUE_MOST  1024 /* bytes of one that is counted apart */

struct group { /* of letters with one value */
    const struct dict_node *node;
    uint64_t count;
    char newest[ENTRIES_ID], oldest[ENTRIES_ID];
};

struct letters {
    struct sweep sweep;
    struct dict groups; /* value to struct group * */
    struct bytes by;
    long long of;
    uint64_t others; /* letters whose value is not counted apart, or that have none */
    uint64_t matching;
    size_t next_id; /* of a trial of IDs */
    bool begun;
};

static void drop(void *state)
{
    struct letters *s = state;
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));)
        mem_free(n->value);
    dict_clear(&s->groups);
    sweep_end(&s->sweep);
    mem_free(s);
}

static void take_number(void *to, const struct answer_item *item)
{
    if (item->kind == ANSWER_INT)
        *(long long *)to = item->number;
}

/* XLEN. False: answered. */
static bool count_all(struct exchange *x, struct letters *s)
{
    const struct bytes words[] = {BYTES("XLEN"), param_text(&x->asked.params, "key")};
    return work_look(x, words, 2, take_number, &s->of);
}

/* ---- By value */

static struct group *group_of(struct letters *s, struct bytes value)
{
    struct group *g = dict_get(&s->groups, value);
    if (g || s->groups.used >= VALUES_MOST)
        return g;
    g = mem_zalloc(sizeof(*g));
    struct dict_node *n = dict_ensure(&s->groups, value);
    n->value = g;
    g->node = n;
    return g;
}

/* The front of a longer value stands for nothing: no redrive would find a letter by it. */
static bool is_whole(const struct entries *e, size_t i)
{
    return entries_fields(e)[i].value_n == entries_fields(e)[i].value_all;
}

static void count_letter(void *to, const struct entries *e)
{
    struct letters *s = to;
    struct group *g = NULL;
    for (size_t i = 0; i < e->n && !g; i++)
        if (bytes_equal_nocase(entries_name(e, i), s->by) && is_whole(e, i))
            g = group_of(s, entries_value(e, i));
    if (!g) {
        s->others++;
        return;
    }
    if (!g->count++)
        memcpy(g->newest, e->id, sizeof(e->id));
    memcpy(g->oldest, e->id, sizeof(e->id));
}

static int more_first(const void *a, const void *b)
{
    const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return bytes_compare(dict_key(x->node), dict_key(y->node));
}

static void write_group(struct json_write *w, const struct group *g)
{
    json_write_object(w);
    json_write_name(w, BYTES("value"));
    json_write_bytes(w, dict_key(g->node));
    json_write_name(w, BYTES("count"));
    json_write_uint(w, g->count);
    json_write_name(w, BYTES("first"));
    json_write_text(w, g->oldest);
    json_write_name(w, BYTES("last"));
    json_write_text(w, g->newest);
    json_write_object_end(w);
}

static void end_letters(struct exchange *x, struct letters *s)
{
    struct json_write *w = &x->json;
    struct dict_walk walk = {0};
    size_t n = 0;
    const struct group **all = mem_alloc((s->groups.used + 1) * sizeof(*all));
    for (const struct dict_node *node; (node = dict_next(&s->groups, &walk));)
        all[n++] = node->value;
    qsort(all, n, sizeof(*all), more_first);
    json_write_name(w, BYTES("rows"));
    json_write_array(w);
    for (size_t i = 0; i < n; i++)
        if (i < ROWS_MOST)
            write_group(w, all[i]);
        else
            s->others += all[i]->count;
    json_write_array_end(w);
    mem_free(all);
    json_write_name(w, BYTES("others"));
    json_write_uint(w, s->others);
    json_write_name(w, BYTES("looked"));
    json_write_int(w, s->sweep.looked);
    json_write_name(w, BYTES("of"));
    json_write_int(w, s->of);
    perform_end(x);
}

void letters_step(struct exchange *x)
{
    struct letters *s = work_state(x, sizeof(*s), drop);
    if (!s->begun) {
        s->begun = true;
        s->by = param_text(&x->asked.params, "by");
        s->sweep.back = true;
        s->sweep.most = MOST;
        s->sweep.each = count_letter;
        s->sweep.to = s;
        s->sweep.entries.keep = VALUE_MOST;
        if (perform_begin(x))
            count_all(x, s);
        return;
    }
    enum sweep_result r = sweep_step(&s->sweep, x, param_text(&x->asked.params, "key"));
    if (r == SWEEP_IS_THROUGH || r == SWEEP_IS_CUT)
        end_letters(x, s);
}

/* ---- Back */

#define FORM                                                                                       \
    "XREDRIVE {key} [TO {to}] [IDS {#ids} {ids}] [START {start} ~ids] [COUNT {count} ~ids] "       \
    "[MATCH {match} ~ids] [DELAY {delayMs}]"

struct moved {
    long long n;
    char next[ENTRIES_ID];
};

static void take_moved(void *to, const struct answer_item *item)
{
    struct moved *m = to;
    if (item->kind == ANSWER_INT)
        m->n = item->number;
    else if (item->kind == ANSWER_STRING && item->text.n < sizeof(m->next))
        memcpy(m->next, item->text.p, item->text.n);
}

static void write_next(struct json_write *w, const char *next)
{
    json_write_name(w, BYTES("next"));
    if (!*next || strcmp(next, "0-0") == 0)
        json_write_null(w);
    else
        json_write_text(w, next);
}

static void redrive(struct exchange *x)
{
    struct template_words words = {0};
    struct moved m = {0};
    const struct param *ids = param_find(&x->asked.params, BYTES("ids"));
    template_fill(&words, BYTES(FORM), &x->asked.params);
    if (perform_begin(x) && work_look(x, words.words, words.n, take_moved, &m)) {
        json_write_name(&x->json, BYTES("moved"));
        json_write_int(&x->json, m.n);
        if (ids) {
            json_write_name(&x->json, BYTES("stayed"));
            json_write_int(&x->json, (long long)ids->n - m.n);
        }
        write_next(&x->json, m.next);
        perform_end(x);
    }
    template_free(&words);
}

static void compare_letter(void *to, const struct entries *e)
{
    struct letters *s = to;
    s->matching += e->fits;
}

static void end_trial(struct exchange *x, const struct letters *s, const char *next)
{
    json_write_name(&x->json, BYTES("would"));
    json_write_uint(&x->json, s->matching);
    json_write_name(&x->json, BYTES("looked"));
    json_write_int(&x->json, s->sweep.looked);
    json_write_name(&x->json, BYTES("of"));
    json_write_int(&x->json, s->of);
    write_next(&x->json, next);
    perform_end(x);
}

static void begin_trial(struct exchange *x, struct letters *s)
{
    const struct param *match = param_find(&x->asked.params, BYTES("match"));
    struct bytes start = param_text(&x->asked.params, "start"),
                 until = param_text(&x->asked.params, "until");
    s->begun = true;
    s->sweep.most = MOST;
    s->sweep.each = compare_letter;
    s->sweep.to = s;
    if (start.n >= ENTRIES_ID || until.n >= ENTRIES_ID) {
        tell_refusal(x, 400, "ERR", "start, until: no ID");
        return;
    }
    memcpy(s->sweep.from, start.p, start.n);
    memcpy(s->sweep.until, until.p, until.n);
    if (match)
        s->sweep.entries.filter = (struct entries_filter){
            .field = match->items[0], .text = match->items[1], .how = ENTRIES_EQUALS};
    if (perform_begin(x))
        count_all(x, s);
}

/* Which of the chosen ones are there: one a step. */
static void try_id(struct exchange *x, struct letters *s, const struct param *ids)
{
    struct bytes id = ids->items[s->next_id++];
    s->sweep.most = s->sweep.looked + 1;
    if (!entries_is_id(id)) {
        tell_refusal(x, 400, "ERR", "ids: there is one that is no ID");
        return;
    }
    memset(s->sweep.from, 0, sizeof(s->sweep.from));
    memcpy(s->sweep.from, id.p, id.n);
    long long before = s->sweep.looked;
    uint64_t matching = s->matching;
    if (sweep_step(&s->sweep, x, param_text(&x->asked.params, "key")) == SWEEP_HAS_FAILED)
        return;
    /* The first one from there on may be another one. */
    bool is_it = s->sweep.looked > before && bytes_equal(bytes_text(s->sweep.from + 1), id);
    s->matching = matching + is_it;
    if (s->next_id == ids->n)
        end_trial(x, s, "");
}

void letters_redrive_step(struct exchange *x)
{
    const struct param *ids = param_find(&x->asked.params, BYTES("ids"));
    if (!param_number(&x->asked.params, "dry", 0)) {
        redrive(x);
        return;
    }
    struct letters *s = work_state(x, sizeof(*s), drop);
    if (!s->begun) {
        begin_trial(x, s);
        return;
    }
    if (ids) {
        try_id(x, s, ids);
        return;
    }
    enum sweep_result r = sweep_step(&s->sweep, x, param_text(&x->asked.params, "key"));
    if (r == SWEEP_IS_THROUGH || r == SWEEP_IS_CUT)
        end_trial(x, s, r == SWEEP_IS_CUT ? s->sweep.from + 1 : "");
}
