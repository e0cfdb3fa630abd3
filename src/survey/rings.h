/* Histories of numbers: four rings of values over time for each number, 5 minutes by 2 seconds, an
 * hour by 10 seconds, a day by 5 minutes, a week by the hour. A value is stored as its logarithm in
 * two bytes, with an error below 0.1 %. The numbers of one history are written together.
 *
 * Times are of the steady clock. A value stands for the time since the previous one, unless that is
 * longer ago than RINGS_FILL_MS: then there is a gap. */
#ifndef SURVEY_RINGS_H
#define SURVEY_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rings_span { RINGS_MINUTES, RINGS_HOUR, RINGS_DAY, RINGS_WEEK, RINGS_SPANS };

#define RINGS_VALUES  966 /* of all four rings */
#define RINGS_MOST    360 /* of the longest ring */
#define RINGS_FILL_MS 16000
#define RINGS_GAP     UINT16_MAX

/* How values are combined. */
enum rings_kept { RINGS_MEAN, RINGS_LAST, RINGS_LARGEST };

struct rings {
    unsigned n;                 /* numbers */
    const enum rings_kept *how; /* of each number; borrowed */
    uint16_t *codes;            /* owned; RINGS_VALUES of each */
    int64_t slot;               /* the 2-second slot written last; -1: none */
};

/* 0 or more; a negative value counts as 0, NAN is a gap. */
uint16_t rings_code(double v);
/* NAN: a gap. */
double rings_value(uint16_t code);

void rings_init(struct rings *h, unsigned n, const enum rings_kept *how);
void rings_free(struct rings *h);
/* Writes all numbers. steady_ms is not before that of the last call. Costs some 10 ns a number,
 * plus skipped slots. */
void rings_put(struct rings *h, int64_t steady_ms, const double *values);
int64_t rings_step_ms(enum rings_span span);
unsigned rings_length(enum rings_span span);
/* Reads the rings_length() values of one number up to now, oldest first. Returns the start of the
 * first slot. */
int64_t rings_read(const struct rings *h, unsigned number, enum rings_span span, int64_t steady_ms,
                   uint16_t *out);
/* Parses "minutes", "hour", ... False: unknown. */
bool rings_find_span(const char *p, size_t n, enum rings_span *out);
/* The bytes of a history of n numbers. */
size_t rings_memory(unsigned n);

#endif
