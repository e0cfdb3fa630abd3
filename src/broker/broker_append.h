/* How the broker appends a message: to a stream that is made if it is missing, with an ID that "*"
 * gives. */
#ifndef BROKER_BROKER_APPEND_H
#define BROKER_BROKER_APPEND_H

#include "broker/broker_act.h"

/* A message as names and values in turn, copied: what it was read from may change. */
struct broker_message {
    struct bytes *pairs; /* 2 * fields, and room for as many more as were asked for */
    size_t fields;
    char *memory;
};

/* Of the entry under an ID, with room for `more` pairs; false: it is gone. To be freed. */
bool broker_append_read(const struct stream *s, struct stream_id id, size_t more,
                        struct broker_message *out);
void broker_append_free(struct broker_message *m);
/* Whether the key can take a message: it is a stream that has IDs left, or absent. */
bool broker_append_may(const struct broker_group *x, struct bytes key);
/* Appends, and says so: effect, event, readers. The key can take it. */
void broker_append(const struct broker_group *x, struct bytes key, const struct broker_message *m);

#endif
