/* An audience is the list of one name's subscribers; names without subscribers have none. Each
 * subscriber knows its place in each of its audiences, so that it leaves in O(1); a left place
 * stays empty until half of them are, so that the order of subscription remains the order of
 * delivery.
 *
 * Publishing finds the audience of the channel, then those of all patterns that match, and calls
 * back for each subscriber. The message is encoded when the first subscriber of a protocol asks,
 * and shared by the others of its audience. Memory is charged to the subscriber that caused it.
 * Nothing fails but for lack of memory, which ends the process. */
#include "pubsub/pubsub.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/glob.h"
#include "base/mem.h"
#include "base/num.h"

/* The subscribers of one name in order of subscription. Left places are NULL until the next
 * compaction. */
struct audience {
    struct subscriber **places;
    size_t n, cap, left;
    struct subscriber *maker; /* the first subscriber, charged for the audience's memory, or NULL */
};

struct pubsub {
    struct dict names[PUBSUB_KINDS]; /* name to struct audience */
    pubsub_deliver *deliver;
    pubsub_capture *capture; /* or NULL */
    void *capture_context;
    size_t memory;
};

/* Memory of a place in an audience with the subscriber's copy of the name, and of an audience. The
 * tables are at most half empty. */
static size_t place_memory(struct bytes name)
{
    return mem_class_size(sizeof(struct dict_node) + name.n) + 4 * sizeof(void *);
}

static size_t audience_memory(struct bytes name)
{
    return mem_class_size(sizeof(struct dict_node) + name.n) + sizeof(struct audience) +
           2 * sizeof(void *);
}

static void count(struct pubsub *p, struct subscriber *s, size_t more, size_t less)
{
    ASSERT(less <= p->memory + more && (!s || less <= s->memory + more));
    p->memory += more - less;
    if (s)
        s->memory += more - less;
}

struct pubsub *pubsub_new(pubsub_deliver *deliver)
{
    struct pubsub *p = mem_zalloc(sizeof(*p));
    p->deliver = deliver;
    return p;
}

void pubsub_free(struct pubsub *p)
{
    if (!p)
        return;
    for (int k = 0; k < PUBSUB_KINDS; k++) {
        struct dict_walk walk = {0};
        for (struct dict_node *n; (n = dict_next(&p->names[k], &walk));) {
            struct audience *a = n->value;
            mem_free(a->places);
            mem_free(a);
        }
        dict_clear(&p->names[k]);
    }
    mem_free(p);
}

struct subscriber *pubsub_join(void *owner)
{
    struct subscriber *s = mem_zalloc(sizeof(*s));
    s->owner = owner;
    return s;
}

bool pubsub_subscribe(struct pubsub *p, struct subscriber *s, enum pubsub_kind kind,
                      struct bytes name)
{
    if (dict_find(&s->names[kind], name))
        return false;
    struct dict_node *node = dict_ensure(&p->names[kind], name);
    if (!node->value) {
        struct audience *fresh = mem_zalloc(sizeof(*fresh));
        fresh->maker = s;
        node->value = fresh;
        count(p, s, audience_memory(name), 0);
    }
    count(p, s, place_memory(name), 0);
    struct audience *a = node->value;
    if (a->n == a->cap) {
        a->cap = a->cap ? a->cap * 2 : 4;
        a->places = mem_realloc(a->places, a->cap * sizeof(*a->places));
    }
    dict_ensure(&s->names[kind], name)->value = (void *)a->n;
    a->places[a->n++] = s;
    return true;
}

static void compact(struct audience *a, enum pubsub_kind kind, struct bytes name)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        if (!a->places[i])
            continue;
        dict_find(&a->places[i]->names[kind], name)->value = (void *)n;
        a->places[n++] = a->places[i];
    }
    ASSERT(n == a->n - a->left);
    a->n = n;
    a->left = 0;
}

bool pubsub_unsubscribe(struct pubsub *p, struct subscriber *s, enum pubsub_kind kind,
                        struct bytes name)
{
    struct dict_node *mine = dict_find(&s->names[kind], name);
    if (!mine)
        return false;
    struct audience *a = dict_get(&p->names[kind], name);
    ASSERT(a->places[(size_t)mine->value] == s);
    a->places[(size_t)mine->value] = NULL;
    a->left++;
    count(p, s, 0, place_memory(name));
    if (a->maker == s) {
        ASSERT(audience_memory(name) <= s->memory);
        s->memory -= audience_memory(name);
        a->maker = NULL;
    }
    if (a->left == a->n) {
        count(p, NULL, 0, audience_memory(name));
        mem_free(a->places);
        mem_free(a);
        dict_remove(&p->names[kind], name);
    } else if (a->left > 8 && a->left * 2 > a->n) {
        compact(a, kind, name);
    }
    dict_remove(&s->names[kind], name);
    return true;
}

void pubsub_unsubscribe_all(struct pubsub *p, struct subscriber *s, enum pubsub_kind kind,
                            pubsub_left *left, void *context)
{
    /* A single walk: begun again for each name, it would pass all emptied buckets each time. */
    struct dict_walk walk = {0};
    struct buf name = {0};
    for (struct dict_node *n; (n = dict_next(&s->names[kind], &walk));) {
        name.n = 0;
        buf_add(&name, dict_key(n));
        pubsub_unsubscribe(p, s, kind, buf_bytes(&name));
        if (left)
            left(context, buf_bytes(&name));
    }
    ASSERT(s->names[kind].used == 0);
    buf_free(&name);
}

void pubsub_leave(struct pubsub *p, struct subscriber *s)
{
    for (int k = 0; k < PUBSUB_KINDS; k++)
        pubsub_unsubscribe_all(p, s, (enum pubsub_kind)k, NULL, NULL);
    ASSERT(s->memory == 0);
    mem_free(s);
}

static size_t deliver_all(struct pubsub *p, const struct audience *a, struct pubsub_message *m)
{
    size_t heard = 0;
    for (size_t i = 0; i < a->n; i++)
        if (a->places[i])
            heard += p->deliver(a->places[i]->owner, m);
    str_unref(m->encoded[0]);
    str_unref(m->encoded[1]);
    m->encoded[0] = m->encoded[1] = NULL;
    return heard;
}

void pubsub_capture_by(struct pubsub *p, pubsub_capture *capture, void *context)
{
    p->capture = capture;
    p->capture_context = context;
}

size_t pubsub_publish(struct pubsub *p, enum pubsub_kind kind, struct bytes channel,
                      struct bytes payload)
{
    size_t heard = 0;
    struct pubsub_message m = {.kind = kind, .channel = channel, .payload = payload};
    const struct audience *a = dict_get(&p->names[kind], channel);
    if (__builtin_expect(p->capture != NULL, 0) && kind == PUBSUB_CHANNEL)
        p->capture(p->capture_context, channel, payload);
    if (a)
        heard += deliver_all(p, a, &m);
    if (kind == PUBSUB_SHARD || p->names[PUBSUB_PATTERN].used == 0)
        return heard;
    struct dict_walk walk = {0};
    m.kind = PUBSUB_PATTERN;
    for (struct dict_node *n; (n = dict_next(&p->names[PUBSUB_PATTERN], &walk));) {
        if (!glob_match(dict_key(n), channel))
            continue;
        m.pattern = dict_key(n);
        heard += deliver_all(p, n->value, &m);
    }
    return heard;
}

static size_t bulk_size(struct bytes x)
{
    return 1 + num_digits(x.n) + 2 + x.n + 2;
}

static char *put(char *to, struct bytes x)
{
    if (x.n)
        memcpy(to, x.p, x.n);
    return to + x.n;
}

static char *put_bulk(char *to, struct bytes x)
{
    *to++ = '$';
    to += num_print_uint(to, x.n);
    to = put(to, BYTES("\r\n"));
    return put(put(to, x), BYTES("\r\n"));
}

struct str *pubsub_encoded(struct pubsub_message *m, int resp)
{
    struct str **slot = &m->encoded[resp == 3];
    if (*slot)
        return *slot;
    bool has_pattern = m->kind == PUBSUB_PATTERN;
    struct bytes head = has_pattern               ? BYTES("4\r\n$8\r\npmessage\r\n")
                        : m->kind == PUBSUB_SHARD ? BYTES("3\r\n$8\r\nsmessage\r\n")
                                                  : BYTES("3\r\n$7\r\nmessage\r\n");
    *slot = str_new_message(1 + head.n + (has_pattern ? bulk_size(m->pattern) : 0) +
                            bulk_size(m->channel) + bulk_size(m->payload));
    char *to = (*slot)->p;
    *to++ = resp == 3 ? '>' : '*';
    to = put(to, head);
    if (has_pattern)
        to = put_bulk(to, m->pattern);
    to = put_bulk(put_bulk(to, m->channel), m->payload);
    ASSERT(to == (*slot)->p + (*slot)->n);
    return *slot;
}

size_t pubsub_audience(const struct pubsub *p, enum pubsub_kind kind, struct bytes name)
{
    const struct audience *a = dict_get(&p->names[kind], name);
    return a ? a->n - a->left : 0;
}

size_t pubsub_memory(const struct pubsub *p)
{
    return p->memory;
}

const struct dict *pubsub_names(const struct pubsub *p, enum pubsub_kind kind)
{
    return &p->names[kind];
}
