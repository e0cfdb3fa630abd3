/* A policy as words: all rules, as in effects and files (XPOLICY SET key group ...). */
#ifndef TYPE_STREAM_STREAM_POLICY_WORDS_H
#define TYPE_STREAM_STREAM_POLICY_WORDS_H

#include "type/stream/stream_policy.h"

#define STREAM_POLICY_WORDS_MOST (32 + STREAM_POLICY_BACKOFFS_MOST)

/* Writes at most STREAM_POLICY_WORDS_MOST words and returns how many. They point into the policy
 * and into room, which is empty at first and freed by the caller. */
int stream_policy_words(const struct stream_policy *p, struct bytes *words, struct buf *room);

/* The policy that these words describe, owned by the caller. NULL: they are not valid. */
struct stream_policy *stream_policy_words_read(const struct bytes *words, int n);

#endif
