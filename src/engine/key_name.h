/* One name for a key in all databases: the database's number, then the key's bytes. What tables of
 * waited-for and watched keys are searched by. */
#ifndef ENGINE_KEY_NAME_H
#define ENGINE_KEY_NAME_H

#include "base/buf.h"
#include "store/db.h"

/* Lies in *to, whose old contents are gone. */
static inline struct bytes key_name(struct buf *to, const struct db *db, struct bytes key)
{
    to->n = 0;
    buf_add(to, bytes_of(&db->id, sizeof(db->id)));
    buf_add(to, key);
    return buf_bytes(to);
}

/* The two parts again. */
static inline int key_name_db(struct bytes name)
{
    int id;
    memcpy(&id, name.p, sizeof(id));
    return id;
}

static inline struct bytes key_name_key(struct bytes name)
{
    return bytes_of(name.p + sizeof(int), name.n - sizeof(int));
}

#endif
