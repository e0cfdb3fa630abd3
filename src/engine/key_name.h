/* A key's name across databases: the number of the database, then the bytes of the key. Used by the
 * tables of waited-for and watched keys. */
#ifndef ENGINE_KEY_NAME_H
#define ENGINE_KEY_NAME_H

#include "base/buf.h"
#include "store/db.h"

/* Written to *to, whose old contents are discarded. */
static inline struct bytes key_name(struct buf *to, const struct db *db, struct bytes key)
{
    to->n = 0;
    buf_add(to, bytes_of(&db->id, sizeof(db->id)));
    buf_add(to, key);
    return buf_bytes(to);
}

/* The parts of a name. */
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
