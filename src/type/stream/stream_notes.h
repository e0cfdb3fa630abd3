/* Notes on pending entries without an owner: why they were returned, and whether they were to die
 * but cannot. Few entries have a note, so each is a node of a table by ID. Cost: O(1). */
#ifndef TYPE_STREAM_STREAM_NOTES_H
#define TYPE_STREAM_STREAM_NOTES_H

#include "ds/dict.h"
#include "type/stream/stream_id.h"

/* Zero-initialised is empty and valid. */
struct stream_notes {
    struct dict by_id;
    uint64_t blocked_count;
};

void stream_notes_free(struct stream_notes *n);
/* Copies the text; empty: removes the reason. */
void stream_notes_set_reason(struct stream_notes *n, struct stream_id id, struct bytes reason);
/* Empty: none. Valid until that note changes. */
struct bytes stream_notes_reason(const struct stream_notes *n, struct stream_id id);
void stream_notes_set_blocked(struct stream_notes *n, struct stream_id id);
bool stream_notes_is_blocked(const struct stream_notes *n, struct stream_id id);
/* Removes all notes of the entry. */
void stream_notes_forget(struct stream_notes *n, struct stream_id id);
void stream_notes_copy(struct stream_notes *to, const struct stream_notes *from);
size_t stream_notes_memory(const struct stream_notes *n);
/* Walks everything, for tests. */
bool stream_notes_is_sound(const struct stream_notes *n);

#endif
