/* A message is one block of memory, whose address is the ID's word in the map:
 *
 *   fields | bytes of names and values | (length | bytes) of each name and value in turn
 *
 * All numbers are varints, seven bits a byte, lowest first. */
#include "type/stream/stream_future.h"

#include "base/assert.h"
#include "base/mem.h"

static size_t varint_size(uint64_t v)
{
    size_t n = 1;
    for (; v >= 128; v >>= 7)
        n++;
    return n;
}

static unsigned char *put_varint(unsigned char *to, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        *to++ = (unsigned char)(v | 128);
    *to++ = (unsigned char)v;
    return to;
}

static const unsigned char *get_varint(const unsigned char *p, uint64_t *out)
{
    *out = *p & 127;
    for (unsigned shift = 7; *p++ >= 128; shift += 7)
        *out |= (uint64_t)(*p & 127) << shift;
    return p;
}

static void *memory_of(uint64_t word)
{
    return (void *)(uintptr_t)word;
}

static void read(struct stream_map_record r, struct stream_future_message *out)
{
    uint64_t fields;
    const unsigned char *p = get_varint(memory_of(r.word), &fields);
    *out = (struct stream_future_message){.id = r.id, .fields = (uint32_t)fields};
    out->at = get_varint(p, &out->bytes);
}

void stream_future_add(struct stream_future *f, struct stream_id id, const struct bytes *pairs,
                       size_t fields)
{
    uint64_t bytes = 0;
    size_t size = varint_size(fields);
    for (size_t i = 0; i < fields * 2; i++) {
        bytes += pairs[i].n;
        size += varint_size(pairs[i].n);
    }
    size += varint_size(bytes) + bytes;
    unsigned char *memory = mem_alloc(size), *to = put_varint(memory, fields);
    to = put_varint(to, bytes);
    for (size_t i = 0; i < fields * 2; i++) {
        to = put_varint(to, pairs[i].n);
        if (pairs[i].n)
            memcpy(to, pairs[i].p, pairs[i].n);
        to += pairs[i].n;
    }
    ASSERT(to == memory + size && fields > 0 && fields <= UINT32_MAX);
    f->bytes += bytes;
    f->held += mem_block_size(memory);
    bool was_there = stream_map_set(&f->messages, id, (uintptr_t)memory, NULL);
    ASSERT(!was_there);
}

bool stream_future_remove(struct stream_future *f, struct stream_id id)
{
    struct stream_map_record r = {.id = id};
    struct stream_future_message m;
    if (!stream_map_remove(&f->messages, id, &r.word))
        return false;
    read(r, &m);
    ASSERT(f->bytes >= m.bytes && f->held >= mem_block_size(memory_of(r.word)));
    f->bytes -= m.bytes;
    f->held -= mem_block_size(memory_of(r.word));
    mem_free(memory_of(r.word));
    return true;
}

bool stream_future_has(const struct stream_future *f, struct stream_id id)
{
    return f->messages.count && stream_map_get(&f->messages, id, NULL);
}

bool stream_future_get(const struct stream_future *f, struct stream_id id,
                       struct stream_future_message *out)
{
    struct stream_map_record r = {.id = id};
    if (!stream_map_get(&f->messages, id, &r.word))
        return false;
    read(r, out);
    return true;
}

bool stream_future_first(const struct stream_future *f, struct stream_future_message *out)
{
    struct stream_map_place at;
    return stream_future_seek(f, STREAM_ID_MIN, &at, out);
}

bool stream_future_seek(const struct stream_future *f, struct stream_id id,
                        struct stream_map_place *at, struct stream_future_message *out)
{
    if (!stream_map_seek(&f->messages, id, at))
        return false;
    read(stream_map_at(&f->messages, *at), out);
    return true;
}

bool stream_future_next(const struct stream_future *f, struct stream_map_place *at,
                        struct stream_future_message *out)
{
    if (!stream_map_next(&f->messages, at))
        return false;
    read(stream_map_at(&f->messages, *at), out);
    return true;
}

bool stream_future_last_of(const struct stream_future *f, uint64_t ms, uint64_t *seq)
{
    struct stream_map_place at;
    if (!stream_map_seek_back(&f->messages, (struct stream_id){ms, UINT64_MAX}, &at))
        return false;
    struct stream_id id = stream_map_at(&f->messages, at).id;
    *seq = id.seq;
    return id.ms == ms;
}

void stream_future_pairs(const struct stream_future_message *m, struct bytes *pairs)
{
    const unsigned char *p = m->at;
    for (size_t i = 0; i < (size_t)m->fields * 2; i++) {
        uint64_t n;
        p = get_varint(p, &n);
        pairs[i] = bytes_of(p, (size_t)n);
        p += n;
    }
}

void stream_future_free(struct stream_future *f)
{
    struct stream_map_place at;
    bool any = stream_map_seek(&f->messages, STREAM_ID_MIN, &at);
    for (; any; any = stream_map_next(&f->messages, &at))
        mem_free(memory_of(stream_map_at(&f->messages, at).word));
    stream_map_free(&f->messages);
    *f = (struct stream_future){0};
}

void stream_future_copy(struct stream_future *to, const struct stream_future *from)
{
    struct stream_map_place at;
    struct stream_future_message m;
    *to = (struct stream_future){0};
    bool any = stream_future_seek(from, STREAM_ID_MIN, &at, &m);
    for (; any; any = stream_future_next(from, &at, &m)) {
        struct bytes *pairs = mem_alloc((size_t)m.fields * 2 * sizeof(*pairs));
        stream_future_pairs(&m, pairs);
        stream_future_add(to, m.id, pairs, m.fields);
        mem_free(pairs);
    }
}

size_t stream_future_memory(const struct stream_future *f)
{
    return f->held + stream_map_memory(&f->messages);
}

bool stream_future_is_sound(const struct stream_future *f)
{
    struct stream_map_place at;
    struct stream_future_message m;
    uint64_t bytes = 0;
    size_t held = 0;
    bool any = stream_future_seek(f, STREAM_ID_MIN, &at, &m);
    for (; any; any = stream_future_next(f, &at, &m)) {
        struct bytes *pairs = mem_alloc((size_t)m.fields * 2 * sizeof(*pairs));
        stream_future_pairs(&m, pairs);
        uint64_t sum = bytes_total(pairs, (size_t)m.fields * 2);
        mem_free(pairs);
        if (sum != m.bytes)
            return false;
        bytes += sum;
        held += mem_block_size(memory_of(stream_map_at(&f->messages, at).word));
    }
    return bytes == f->bytes && held == f->held && stream_map_is_sound(&f->messages);
}
