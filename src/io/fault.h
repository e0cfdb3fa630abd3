/* Makes calls of io/file.c fail, in builds with MILLRACE_FAULTS only (the sanitized one); otherwise
 * nothing of it is compiled. The environment's MILLRACE_FAULT names a file of struct fault_page
 * that a test has made and changes while the server runs; children count on the same page. */
#ifndef IO_FAULT_H
#define IO_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct fault_page {
    uint64_t calls;       /* made so far, by all threads and children */
    uint64_t from, until; /* the calls that fail: from <= number < until */
    int64_t how;          /* an errno; FAULT_KILL; FAULT_SHORT */
    int64_t server;       /* process ID, by the first call */
    char last[32];        /* the call that failed last */
};

enum { FAULT_KILL = -1, FAULT_SHORT = -2 }; /* the latter: half is written, then ENOSPC */

#ifdef MILLRACE_FAULTS
/* True: the call is not to be made, errno says why. n, when not NULL, is how much a write may write
 * before it fails; 0: nothing. */
bool fault_strikes(const char *call, uint64_t *n);
#else
#define fault_strikes(call, n) false
#endif

#endif
