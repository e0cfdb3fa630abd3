/* The reference's pages of numbers: the metrics for Prometheus, and the lines of INFO. */
#ifndef SERVER_REFERENCE_NUMBERS_H
#define SERVER_REFERENCE_NUMBERS_H

#include "base/buf.h"

void reference_numbers_metrics(struct buf *out);
void reference_numbers_info(struct buf *out);

#endif
