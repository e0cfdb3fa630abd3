/* Captures: publications that are appended to streams. What a stream captures is part of the stream
 * (type/stream/stream_captures.h), and broker_moments lists the streams that capture anything; this
 * module collects the publications of the running command and appends them. */
#ifndef BROKER_BROKER_CAPTURE_H
#define BROKER_BROKER_CAPTURE_H

#include "broker/broker_moments.h"

/* A publication (pubsub_capture); context is the engine. */
void broker_capture_publication(void *context, struct bytes channel, struct bytes message);
/* Appends the collected publications in order: effects XADD in the open group of the journal.
 * Called at the end of a command and of an act. */
void broker_capture_run(struct engine *e);
/* The same for publications outside of commands (keys that expired or were evicted), in a group of
 * its own; they wait while the server may not act. A phase of the turn. */
void broker_capture_turn(struct engine *e);
void broker_capture_free(struct broker *b);

#endif
