/* Histograms with logarithmic classes: eight per octave, so that a class is at most an eighth wide
 * (sizes below 8 count as if they were 8 more). Counts are an array of HISTOGRAM_CLASSES, zeroed at
 * first and owned by the caller, who also chooses the unit. Counting costs a few instructions,
 * everything else a walk over the classes. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_STEPS   8 /* per octave */
#define HISTOGRAM_CLASSES (61 * HISTOGRAM_STEPS)

static inline unsigned histogram_class(uint64_t size)
{
    unsigned octave = 63 - (unsigned)__builtin_clzll(size | HISTOGRAM_STEPS);
    return (octave - 3) * HISTOGRAM_STEPS + (unsigned)(size >> (octave - 3)) % HISTOGRAM_STEPS;
}

/* The exclusive upper bound of a class. */
static inline double histogram_end(unsigned class)
{
    unsigned octave = class / HISTOGRAM_STEPS;
    return (double)(HISTOGRAM_STEPS + class % HISTOGRAM_STEPS + 1) *
           (double)((uint64_t)1 << octave);
}

uint64_t histogram_count(const uint64_t *counts);
/* The end of the class with this quantile (0 to 1); 0: there are none. before: an earlier copy of
 * the counts to subtract, or NULL. */
double histogram_quantile(const uint64_t *counts, const uint64_t *before, double part);
/* For each limit (ascending) the number in classes that end at or below it: sizes within an eighth
 * below a limit may count as above. */
void histogram_cumulate(const uint64_t *counts, const double *limits, size_t n, uint64_t *out);

#endif
