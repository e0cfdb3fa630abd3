/* Programs that list things and then ask about each of them. A program is called again and again
 * (so that no turn becomes long): the first call runs the command that lists the names and keeps
 * them, each further call asks about one name, the last one sends the answer. The exchange's `step`
 * counts the calls; the names are kept in its work.
 *
 *   begin      perform_begin(), then what is asked once
 *   each       as long as there are names: a few commands about the next one
 *   end        perform_end()
 *
 * What can fail: a command, which ends the program with its error; but where a group has no numbers
 * for this user (he may not ask, or it has gone meanwhile), null stands in their place: a page does
 * not fail for one row. */
#include "admin/look.h"

#include "admin/perform.h"
#include "admin/texts.h"
#include "admin/work.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>

/* What a program keeps between its calls. */
struct names {
    struct render_kept kept;
    size_t at;   /* the next of its values */
    size_t all;  /* of channels: those that are not told as well */
    size_t left; /* of rows: those that do not fit into the answer */
};

static void drop(void *work)
{
    struct names *n = work;
    render_kept_free(&n->kept);
    mem_free(n);
}

static struct names *names_of(struct exchange *x)
{
    if (!x->work) {
        x->work = mem_zalloc(sizeof(struct names));
        x->drop_work = drop;
    }
    return x->work;
}

#define WORDS(...)                                                                                 \
    (const struct bytes[]){__VA_ARGS__},                                                           \
        sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes)

#define WORD_MOST 64 /* bytes of a type, an encoding, a cursor */

/* Runs a command and keeps the values of its reply. False: answered. */
static bool keep(struct exchange *x, struct render_kept *to, const struct bytes *words, size_t n)
{
    struct render r = perform_render(x, RENDER_KEEP);
    r.kept = to;
    r.keeps_fronts = x->asked.route->program == ROUTE_KEY; /* values, and no names */
    r.max = r.max < WORD_MOST ? WORD_MOST : r.max;         /* a cursor is none of them */
    bool good = perform_command(x, words, n, &r);
    render_end(&r);
    return good;
}

/* Runs a command; its reply becomes a member. False: answered. */
static bool tell_reply(struct exchange *x, const char *name, enum render_shape shape,
                       const struct bytes *words, size_t n)
{
    struct render r = perform_render(x, shape);
    if (*name)
        json_write_name(&x->json, bytes_text(name));
    r.is_flat = !*name;
    bool good = perform_command(x, words, n, &r);
    render_end(&r);
    return good;
}

/* The same, but null where the command fails. */
static bool tell_if_possible(struct exchange *x, const char *name, const struct bytes *words,
                             size_t n)
{
    struct render r = perform_render(x, RENDER_VALUE);
    json_write_name(&x->json, bytes_text(name));
    bool good = perform_try(x, words, n, &r);
    if (good && r.error.n)
        json_write_null(&x->json);
    render_end(&r);
    return good;
}

static void write_kept(struct exchange *x, const struct render_value *v)
{
    if (v->kind == ANSWER_NULL)
        json_write_null(&x->json);
    else if (v->kind == ANSWER_INT)
        json_write_int(&x->json, v->number);
    else
        json_write_cut_front(&x->json, v->text, v->all, x->asked.max);
}

static void write_kept_name(struct exchange *x, struct bytes name)
{
    char copy[64];
    size_t n = name.n < sizeof(copy) ? name.n : sizeof(copy);
    memcpy(copy, name.p, n);
    json_write_name(&x->json, bytes_of(copy, texts_camel(copy, n)));
}

/* The value behind a name, of a map that was kept; NULL: there is none. */
static const struct render_value *kept_member(const struct render_kept *k, const char *name)
{
    for (size_t i = 0; i + 1 < k->n; i++)
        if (bytes_is(k->values[i].text, name))
            return &k->values[i + 1];
    return NULL;
}

static struct bytes key_of(const struct exchange *x)
{
    return param_text(&x->asked.params, "key");
}

/* ---- Rows that an answer may have no room for
 *
 * Those that do not fit are counted, in a member of their own, and the answer is one all the same:
 * a page does not fail for how many there are. */

#define BEHIND 64 /* bytes of an answer for what stands behind its rows */

static void begin_rows(struct exchange *x, const char *name)
{
    json_write_name(&x->json, bytes_text(name));
    json_write_array(&x->json);
    x->json.most -= BEHIND;
}

static struct json_write_mark begin_row(struct exchange *x)
{
    struct json_write_mark before = json_write_mark(&x->json);
    json_write_object(&x->json);
    return before;
}

/* False: the row did not fit and was removed. */
static bool end_row(struct exchange *x, const struct json_write_mark *before)
{
    json_write_object_end(&x->json);
    if (!x->json.failed)
        return true;
    json_write_rewind(&x->json, before);
    return false;
}

static void end_rows(struct exchange *x, const char *left_name, size_t left)
{
    x->json.most += BEHIND;
    json_write_array_end(&x->json);
    if (left) {
        json_write_name(&x->json, bytes_text(left_name));
        json_write_uint(&x->json, left);
    }
    perform_end(x);
}

/* Names and values of a map that was kept. */
static void write_kept_members(struct exchange *x, const struct render_value *v, size_t n)
{
    for (size_t i = 0; i < n; i += 2) {
        write_kept_name(x, v[i].text);
        write_kept(x, &v[i + 1]);
    }
}

/* ---- A stream */

#define GROUP_MEMBERS 12 /* words of a group in XINFO GROUPS: six names and their values */

static bool tell_limits(struct exchange *x)
{
    static const char *const names[] = {"maxlen",   "maxbytes",      "maxage",
                                        "overflow", "idmp-duration", "idmp-maxsize"};
    struct render_kept k = {0};
    bool good = keep(x, &k, WORDS(BYTES("XINFO"), BYTES("STREAM"), key_of(x)));
    if (good) {
        json_write_name(&x->json, BYTES("limits"));
        json_write_object(&x->json);
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
            const struct render_value *v = kept_member(&k, names[i]);
            if (!v)
                continue;
            write_kept_name(x, bytes_text(names[i]));
            write_kept(x, v);
        }
        json_write_object_end(&x->json);
    }
    render_kept_free(&k);
    return good;
}

static bool begin_stream(struct exchange *x, struct names *n)
{
    if (!perform_begin(x) ||
        !tell_reply(x, "info", RENDER_VALUE, WORDS(BYTES("XINFO"), BYTES("STREAM"), key_of(x))) ||
        !tell_limits(x) || !keep(x, &n->kept, WORDS(BYTES("XINFO"), BYTES("GROUPS"), key_of(x))))
        return false;
    begin_rows(x, "groups");
    return true;
}

static bool tell_group(struct exchange *x, struct names *n)
{
    const struct render_value *v = n->kept.values + n->at;
    struct bytes group = v[1].text;
    struct json_write_mark before = begin_row(x);
    write_kept_members(x, v, GROUP_MEMBERS);
    if (!tell_if_possible(x, "stats", WORDS(BYTES("XPOLICY"), BYTES("STATS"), key_of(x), group)) ||
        !tell_if_possible(x, "policy", WORDS(BYTES("XPOLICY"), BYTES("GET"), key_of(x), group)))
        return false;
    if (!end_row(x, &before))
        n->left = (n->kept.n - n->at) / GROUP_MEMBERS;
    n->at += GROUP_MEMBERS;
    return true;
}

void look_stream_step(struct exchange *x)
{
    struct names *n = names_of(x);
    if (x->step++ == 0) {
        begin_stream(x, n);
    } else if (n->at + GROUP_MEMBERS <= n->kept.n && !n->left) {
        tell_group(x, n);
    } else {
        end_rows(x, "groupsLeft", n->left);
    }
}

/* ---- A group */

#define CONSUMER_MEMBERS  8     /* words of a consumer in XINFO CONSUMERS */
#define CONSUMERS_MOST    20000 /* more than an answer has room for */
#define CONSUMERS_AT_ONCE 200   /* written in one call */

/* A group is one of Redis as well: without XPOLICY, or without the permission for it, there are its
 * consumers. Whether there is such a group, XINFO tells. */
static bool begin_group(struct exchange *x, struct names *n)
{
    struct bytes group = param_text(&x->asked.params, "group");
    n->kept.most = CONSUMERS_MOST * CONSUMER_MEMBERS;
    if (!perform_begin(x) ||
        !tell_if_possible(x, "stats", WORDS(BYTES("XPOLICY"), BYTES("STATS"), key_of(x), group)) ||
        !tell_if_possible(x, "policy", WORDS(BYTES("XPOLICY"), BYTES("GET"), key_of(x), group)) ||
        !keep(x, &n->kept, WORDS(BYTES("XINFO"), BYTES("CONSUMERS"), key_of(x), group)))
        return false;
    begin_rows(x, "consumers");
    return true;
}

static void tell_consumer(struct exchange *x, struct names *n)
{
    struct json_write_mark before = begin_row(x);
    write_kept_members(x, n->kept.values + n->at, CONSUMER_MEMBERS);
    if (!end_row(x, &before))
        n->left = (n->kept.n - n->at) / CONSUMER_MEMBERS;
    n->at += CONSUMER_MEMBERS;
}

void look_group_step(struct exchange *x)
{
    struct names *n = names_of(x);
    if (x->step++ == 0) {
        begin_group(x, n);
    } else if (n->at + CONSUMER_MEMBERS <= n->kept.n && !n->left) {
        for (int i = 0; i < CONSUMERS_AT_ONCE && n->at + CONSUMER_MEMBERS <= n->kept.n && !n->left;
             i++)
            tell_consumer(x, n);
    } else {
        end_rows(x, "consumersLeft", n->left + n->kept.more / CONSUMER_MEMBERS);
    }
}

/* ---- Users */

static void tell_user(struct exchange *x, struct names *n)
{
    struct bytes user = n->kept.values[n->at].text;
    struct json_write_mark before = begin_row(x);
    json_write_name(&x->json, BYTES("name"));
    json_write_bytes(&x->json, user);
    if (!tell_reply(x, "", RENDER_USER, WORDS(BYTES("ACL"), BYTES("GETUSER"), user)))
        return;
    if (!end_row(x, &before))
        n->left = n->kept.n - n->at;
    n->at++;
}

void look_users_step(struct exchange *x)
{
    struct names *n = names_of(x);
    if (x->step++ == 0) {
        if (!perform_begin(x) || !keep(x, &n->kept, WORDS(BYTES("ACL"), BYTES("USERS"))))
            return;
        begin_rows(x, "rows");
    } else if (n->at < n->kept.n && !n->left) {
        tell_user(x, n);
    } else {
        end_rows(x, "usersLeft", n->left);
    }
}

/* ---- Channels */

#define CHANNELS_MOST 700 /* of a kind: so many of both have room for the fronts of their names */

static void tell_channels(struct exchange *x, const struct render_kept *k, bool shard)
{
    for (size_t i = 0; i + 1 < k->n; i += 2) {
        json_write_object(&x->json);
        json_write_name(&x->json, BYTES("channel"));
        work_write_name(&x->json, k->values[i].text,
                        (k->n - i) / 2 - 1 + (shard ? 0 : CHANNELS_MOST));
        json_write_name(&x->json, BYTES("subscribers"));
        write_kept(x, &k->values[i + 1]);
        json_write_name(&x->json, BYTES("shard"));
        json_write_bool(&x->json, shard);
        json_write_object_end(&x->json);
    }
}

/* Those whose names fit, of one kind. False: answered. */
static bool tell_channels_of(struct exchange *x, bool shard)
{
    struct render_kept names = {0}, counts = {0};
    struct bytes match = param_text(&x->asked.params, "match");
    struct bytes list[] = {BYTES("PUBSUB"), shard ? BYTES("SHARDCHANNELS") : BYTES("CHANNELS"),
                           match};
    bool good = keep(x, &names, list, match.n ? 3 : 2);
    names_of(x)->all += names.n;
    if (good && names.n) {
        size_t n = names.n < CHANNELS_MOST ? names.n : CHANNELS_MOST;
        struct bytes *words = mem_alloc((n + 2) * sizeof(*words));
        words[0] = BYTES("PUBSUB");
        words[1] = shard ? BYTES("SHARDNUMSUB") : BYTES("NUMSUB");
        for (size_t i = 0; i < n; i++)
            words[i + 2] = names.values[i].text;
        good = keep(x, &counts, words, n + 2);
        if (good)
            tell_channels(x, &counts, shard);
        mem_free(words);
    }
    render_kept_free(&names);
    render_kept_free(&counts);
    return good;
}

void look_channels_step(struct exchange *x)
{
    switch (x->step++) {
    case 0:
        if (perform_begin(x) &&
            tell_reply(x, "patterns", RENDER_VALUE, WORDS(BYTES("PUBSUB"), BYTES("NUMPAT")))) {
            json_write_name(&x->json, BYTES("rows"));
            json_write_array(&x->json);
        }
        break;
    case 1:
    case 2:
        tell_channels_of(x, x->step == 3);
        break;
    default:
        json_write_array_end(&x->json);
        json_write_name(&x->json, BYTES("total"));
        json_write_uint(&x->json, names_of(x)->all);
        perform_end(x);
    }
}

/* ---- A key */

/* How each type is read, from a position or a cursor on. */
static const struct kind {
    const char *type, *length, *page;
    bool scans; /* its page has a cursor in front, and comes without an order */
    enum render_shape shape;
} kinds[] = {
    {"string", "STRLEN {key}", "GETRANGE {key} {from} {lastByte}", false, RENDER_VALUE},
    {"list", "LLEN {key}", "LRANGE {key} {from} {last}", false, RENDER_VALUE},
    {"zset", "ZCARD {key}", "ZRANGE {key} {from} {last} WITHSCORES", false, RENDER_VALUE},
    {"hash", "HLEN {key}", "HSCAN {key} {from} COUNT {count}", true, RENDER_PAIRS},
    {"set", "SCARD {key}", "SSCAN {key} {from} COUNT {count}", true, RENDER_VALUE},
    {"stream", "XLEN {key}", NULL, false, RENDER_VALUE},
};

static bool fill_and_tell(struct exchange *x, const char *name, const char *form,
                          enum render_shape shape)
{
    struct template_words words = {0};
    template_fill(&words, bytes_text(form), &x->asked.params);
    bool good = tell_reply(x, name, shape, words.words, words.n);
    template_free(&words);
    return good;
}

/* A page of a hash or a set: what one HSCAN or SSCAN returned, and the cursor for the next page,
 * which is null when there is none. */
static bool tell_scan(struct exchange *x, const struct kind *k)
{
    struct template_words words = {0};
    struct render_kept kept = {0};
    template_fill(&words, bytes_text(k->page), &x->asked.params);
    bool good = keep(x, &kept, words.words, words.n), pairs = k->shape == RENDER_PAIRS;
    if (good && kept.n) {
        json_write_name(&x->json, BYTES("value"));
        json_write_array(&x->json);
        for (size_t i = 1; i < kept.n; i++) {
            if (pairs && i % 2)
                json_write_array(&x->json);
            write_kept(x, &kept.values[i]);
            if (pairs && i % 2 == 0)
                json_write_array_end(&x->json);
        }
        json_write_array_end(&x->json);
        json_write_name(&x->json, BYTES("next"));
        if (bytes_is(kept.values[0].text, "0"))
            json_write_null(&x->json);
        else
            json_write_bytes(&x->json, kept.values[0].text);
    }
    template_free(&words);
    render_kept_free(&kept);
    return good;
}

static const struct kind *kind_of(const struct names *n)
{
    for (size_t i = 0; n->kept.n && i < sizeof(kinds) / sizeof(*kinds); i++)
        if (bytes_is(n->kept.values[0].text, kinds[i].type))
            return &kinds[i];
    return NULL;
}

static void begin_key(struct exchange *x, struct names *n)
{
    if (!perform_begin(x) || !keep(x, &n->kept, WORDS(BYTES("TYPE"), key_of(x))))
        return;
    size_t max = x->asked.max;
    x->asked.max = WORD_MOST; /* the request's is for values, and these are words of the server */
    json_write_name(&x->json, BYTES("type"));
    write_kept(x, &n->kept.values[0]);
    if (tell_reply(x, "ttlMs", RENDER_VALUE, WORDS(BYTES("PTTL"), key_of(x))) &&
        tell_reply(x, "encoding", RENDER_VALUE,
                   WORDS(BYTES("OBJECT"), BYTES("ENCODING"), key_of(x))))
        tell_reply(x, "bytes", RENDER_VALUE, WORDS(BYTES("MEMORY"), BYTES("USAGE"), key_of(x)));
    x->asked.max = max;
}

void look_key_step(struct exchange *x)
{
    struct names *n = names_of(x);
    const struct kind *k = kind_of(n);
    switch (x->step++) {
    case 0:
        begin_key(x, n);
        break;
    case 1:
        if (k)
            fill_and_tell(x, "length", k->length, RENDER_VALUE);
        break;
    case 2:
        if (k && k->page && k->scans)
            tell_scan(x, k);
        else if (k && k->page)
            fill_and_tell(x, "value", k->page, k->shape);
        break;
    default:
        perform_end(x);
    }
}
