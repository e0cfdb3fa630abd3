/* Fault injection for io/file.c, compiled only with MILLRACE_FAULTS (the sanitized build). The
 * environment variable MILLRACE_FAULT names a file with a struct fault_page that a test creates,
 * and changes while the server runs; children share the page. */
#ifndef IO_FAULT_H
#define IO_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct fault_page {
    uint64_t calls;       /* so far, by all threads and children */
    uint64_t from, until; /* calls with from <= number < until fail */
    int64_t how;          /* an errno; FAULT_KILL; FAULT_SHORT */
    int64_t server;       /* process ID, set by the first call */
    char last[32];        /* the call that failed last */
};

enum { FAULT_KILL = -1, FAULT_SHORT = -2 }; /* SHORT: half is written, then ENOSPC */

#ifdef MILLRACE_FAULTS
/* True: the call must fail, errno is set. *n, unless NULL, is how much a write may write before it
 * fails. */
bool fault_strikes(const char *call, uint64_t *n);
#else
#define fault_strikes(call, n) false
#endif

#endif
