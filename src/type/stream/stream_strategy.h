/* What becomes of references to entries that are deleted. */
#ifndef TYPE_STREAM_STREAM_STRATEGY_H
#define TYPE_STREAM_STREAM_STRATEGY_H

enum stream_strategy {
    STREAM_KEEP_REFERENCES, /* delete the entry, leave pending references */
    STREAM_DROP_REFERENCES, /* and take them out of every group */
    STREAM_ACKNOWLEDGED,    /* delete only what nobody needs any more */
};

#endif
