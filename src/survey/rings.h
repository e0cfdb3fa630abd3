/* What some numbers were: rings of values by time, four for each number: five minutes by 2 seconds,
 * an hour by 10, a day by 5 minutes, a week by the hour. A value has two bytes, which are its
 * logarithm: the error is below 0.1 %. Numbers of one history are written together.
 *
 * Times are those of the steady clock. A value stands for the time since the one before it, unless
 * that was longer ago than RINGS_FILL_MS: then there is a gap. */
#ifndef SURVEY_RINGS_H
#define SURVEY_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rings_span { RINGS_MINUTES, RINGS_HOUR, RINGS_DAY, RINGS_WEEK, RINGS_SPANS };

#define RINGS_VALUES  966 /* of all four rings */
#define RINGS_MOST    360 /* of the longest */
#define RINGS_FILL_MS 16000
#define RINGS_GAP     UINT16_MAX

/* What becomes of values when they are put together. */
enum rings_kept { RINGS_MEAN, RINGS_LAST, RINGS_LARGEST };

struct rings {
    unsigned n;                 /* numbers */
    const enum rings_kept *how; /* of each; borrowed */
    uint16_t *codes;            /* owned; RINGS_VALUES of each */
    int64_t slot;               /* of 2 seconds: the one that was written last; -1: none */
};

/* 0 or more; a negative value counts as 0, NAN is a gap. */
uint16_t rings_code(double v);
/* NAN: a gap. */
double rings_value(uint16_t code);

void rings_init(struct rings *h, unsigned n, const enum rings_kept *how);
void rings_free(struct rings *h);
/* All numbers at a moment, which is not before that of the last time. Costs some 10 ns a number,
 * and what was skipped. */
void rings_put(struct rings *h, int64_t steady_ms, const double *values);
int64_t rings_step_ms(enum rings_span span);
unsigned rings_length(enum rings_span span);
/* The values of one number, rings_length() of them, the oldest first, up to now. Returns when the
 * first of them began. */
int64_t rings_read(const struct rings *h, unsigned number, enum rings_span span, int64_t steady_ms,
                   uint16_t *out);
/* "minutes", "hour", ... False: it is none of them. */
bool rings_find_span(const char *p, size_t n, enum rings_span *out);
/* Bytes of a history of so many numbers. */
size_t rings_memory(unsigned n);

#endif
