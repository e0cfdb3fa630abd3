/* How the broker appends a message: to a stream that is made if it is missing, with an ID that "*"
 * gives. */
#ifndef BROKER_BROKER_APPEND_H
#define BROKER_BROKER_APPEND_H

#include "broker/broker_act.h"

/* A message as names and values in turn, copied: what it was read from may change. */
struct broker_message {
    struct bytes *pairs; /* 2 * fields of them; broker_append_read() makes room for more */
    size_t fields;
    char *memory;
};

/* Of the entry under an ID, with room for `more` pairs; false: it is gone. To be freed. */
bool broker_append_read(const struct stream *s, struct stream_id id, size_t more,
                        struct broker_message *out);
void broker_append_free(struct broker_message *m);
/* Whether a message can be appended: the key is absent, or holds a stream that has not given its
 * last ID. */
bool broker_append_may(const struct broker_group *x, struct bytes key);
/* Appends to a key for which broker_append_may() is true: with the effect and the event xadd;
 * readers are woken. */
void broker_append(const struct broker_group *x, struct bytes key, const struct broker_message *m);

#endif
