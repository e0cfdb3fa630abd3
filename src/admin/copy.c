/* All in one call, so that nothing comes between reading and writing: for each ID XRANGE and XADD,
 * up to the first that fails; then, to move them, XDEL of those that were added. No transaction:
 * EXEC would delete where adding failed. All of it is in the journal's batch of one turn; cut off
 * there, an entry would be there twice. */
#include "admin/copy.h"

#include "admin/entries.h"
#include "admin/perform.h"
#include "admin/tell.h"
#include "admin/work.h"
#include "base/mem.h"

#define COPIED_MOST 200 /* in one call */

#define WORDS(...)                                                                                 \
    (const struct bytes[]){__VA_ARGS__},                                                           \
        sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes)

static struct bytes key_of(const struct exchange *x)
{
    return param_text(&x->asked.params, "key");
}

/* Adds a copy of an entry, whose ID, fields and values are kept. False: that failed (r->error), or
 * the exchange is answered. */
static bool add_copy(struct exchange *x, const struct render_kept *entry, struct render *r)
{
    struct bytes *words = mem_alloc((entry->n + 2) * sizeof(*words));
    words[0] = BYTES("XADD");
    words[1] = param_text(&x->asked.params, "to");
    words[2] = BYTES("*");
    for (size_t i = 1; i < entry->n; i++)
        words[i + 2] = entry->values[i].text;
    bool good = perform_try(x, words, entry->n + 2, r) && !r->error.n;
    mem_free(words);
    return good;
}

/* Copies one entry, if it is there; its new ID is told. False: it failed, and the exchange is
 * answered, unless some have been copied before. */
static bool copy_one(struct exchange *x, struct bytes id, struct bytes *done, size_t *n)
{
    struct render_kept entry = {0};
    struct render read = perform_render(x, RENDER_KEEP), added = perform_render(x, RENDER_VALUE);
    read.kept = &entry;
    bool good = perform_command(x, WORDS(BYTES("XRANGE"), key_of(x), id, id), &read);
    if (good && entry.n) {
        good = add_copy(x, &entry, &added);
        if (good)
            done[(*n)++] = id;
        else if (x->phase == EXCHANGE_WORKING && *n == 0)
            tell_command_error(x, buf_bytes(&added.error), buf_bytes(&x->command));
    }
    render_end(&read);
    render_end(&added);
    render_kept_free(&entry);
    return good;
}

/* Those that have been copied go. False: the exchange is answered. */
static bool delete_copied(struct exchange *x, struct bytes *words, size_t n)
{
    struct render r = perform_render(x, RENDER_VALUE);
    words[0] = BYTES("XDEL");
    words[1] = key_of(x);
    json_write_name(&x->json, BYTES("deleted"));
    bool good = perform_command(x, words, n + 2, &r);
    render_end(&r);
    return good;
}

void copy_step(struct exchange *x)
{
    const struct param *ids = param_find(&x->asked.params, BYTES("ids"));
    bool moves = param_number(&x->asked.params, "move", 0);
    size_t n = 0;
    if (ids->n > COPIED_MOST) {
        tell_refusal(x, 400, "ERR", "ids: at most 200 are copied at once");
        return;
    }
    for (size_t i = 0; i < ids->n; i++)
        if (!entries_is_id(ids->items[i])) { /* XRANGE might tell of several */
            tell_refusal(x, 400, "ERR", "ids: there is one that is no ID");
            return;
        }
    /* Checked before copying, or a user without the right to delete would be left with copies. */
    if (moves && !work_may(x, WORDS(BYTES("XDEL"), key_of(x), ids->items[0])))
        return;
    if (!perform_begin(x))
        return;
    struct bytes *words = mem_alloc((ids->n + 2) * sizeof(*words));
    json_write_name(&x->json, BYTES("ids"));
    json_write_array(&x->json);
    for (size_t i = 0; i < ids->n && copy_one(x, ids->items[i], words + 2, &n); i++)
        ;
    if (x->phase == EXCHANGE_WORKING) {
        json_write_array_end(&x->json);
        json_write_name(&x->json, BYTES("of"));
        json_write_uint(&x->json, ids->n);
        if (!n || !moves || delete_copied(x, words, n))
            perform_end(x);
    }
    mem_free(words);
}
