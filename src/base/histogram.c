#include "base/histogram.h"

uint64_t histogram_count(const uint64_t *counts)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < HISTOGRAM_CLASSES; i++)
        all += counts[i];
    return all;
}

double histogram_quantile(const uint64_t *counts, const uint64_t *before, double part)
{
    uint64_t sum = 0, all = histogram_count(counts) - (before ? histogram_count(before) : 0);
    for (unsigned i = 0; i < HISTOGRAM_CLASSES && all; i++) {
        sum += counts[i] - (before ? before[i] : 0);
        if (sum && (double)sum >= part * (double)all)
            return histogram_end(i);
    }
    return 0;
}

void histogram_cumulate(const uint64_t *counts, const double *limits, size_t n, uint64_t *out)
{
    uint64_t sum = 0;
    unsigned i = 0;
    for (size_t k = 0; k < n; k++) {
        for (; i < HISTOGRAM_CLASSES && histogram_end(i) <= limits[k]; i++)
            sum += counts[i];
        out[k] = sum;
    }
}
